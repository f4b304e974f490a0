//! What is true of a client whom a filter holds: over `c`, their row, and the measures of its conditions.

use domain::{
    client::Consent,
    segment::{By, Condition, Consents, Filter, Languages, Period, Range, Spent, SpentBound, Tags},
};
use jiff_sqlx::ToSqlx as _;
use sqlx::{Postgres, QueryBuilder};
use uuid::Uuid;

use super::members::Asked;

type Query<'a> = QueryBuilder<'a, Postgres>;

/// A day of any year, as it is kept.
pub(super) fn day_of_year(month: i8, day: i8) -> i16 {
    i16::from(month) * 100 + i16::from(day)
}

/// What is spent over all time, for anything, stands in the client's row.
pub(super) fn over_all_time(spent: &Spent) -> bool {
    matches!(spent.amount, SpentBound::Amount(_))
        && spent.period.is_none()
        && spent.service_ids.is_empty()
        && spent.staff_ids.is_empty()
}

/// Writes a filter. `place` counts its conditions, in the order in which their measures were written.
pub(super) fn filter(query: &mut Query<'_>, asked: &Asked, of: &Filter, place: &mut usize) {
    let mut group = |query: &mut Query<'_>, parts: &[Filter], begin: &str, between: &str| {
        query.push(begin);
        for part in parts {
            query.push(between);
            filter(query, asked, part, place);
        }
        query.push(")");
    };
    match of {
        Filter::All(parts) => group(query, parts, "(true", " and "),
        Filter::Any(parts) => group(query, parts, "(false", " or "),
        Filter::Not(part) => {
            query.push("(not ");
            filter(query, asked, part, place);
            query.push(")");
        }
        Filter::Is(condition) => {
            // What is not known of somebody is not true of them, and so true of the contrary.
            query.push("coalesce(");
            Predicate {
                query: &mut *query,
                asked,
                measure: format!("m{place}"),
            }
            .of(condition);
            query.push(", false)");
            *place += 1;
        }
    }
}

struct Predicate<'q, 'a> {
    query: &'q mut Query<'a>,
    asked: &'q Asked,
    measure: String,
}

impl Predicate<'_, '_> {
    fn of(&mut self, condition: &Condition) {
        use Condition as C;
        let m = self.measure.clone();
        let counted = format!("coalesce({m}.n, 0)");
        match condition {
            C::Bookings(bookings) => self.between(&counted, "", bookings.count, i64::from),
            C::Cancellations(tally) | C::NoShows(tally) | C::Moves(tally) => {
                self.between(&counted, "", tally.count, i64::from);
            }
            C::LateCancellations(late) => self.between(&counted, "", late.count, i64::from),
            C::OnlineShare(share) => {
                let (online, all) = (format!("{m}.online * 100"), format!(" * {m}.n"));
                self.between(&online, &all, share.percent.range(), i64::from);
            }
            C::LeadTime(lead) => {
                let (seconds, all) = (format!("{m}.seconds"), format!(" * 3600 * {m}.n"));
                self.between(&seconds, &all, lead.hours.range(), i64::from);
            }
            C::Spent(spent) => match spent.amount {
                SpentBound::Amount(range) => {
                    let amount = match over_all_time(spent) {
                        true => "c.spent".to_owned(),
                        false => format!("coalesce({m}.amount, 0)"),
                    };
                    self.between(&amount, "", range, domain::segment::Amount::get);
                }
                SpentBound::Top { top_percent } => {
                    self.query
                        .push(format_args!("({m}.place - 1) * 100 < {m}.all_of_them * "))
                        .push_bind(i64::from(top_percent));
                }
            },
            C::AverageReceipt(receipt) => {
                let (amount, receipts) = match receipt.period {
                    None => ("c.spent".to_owned(), "c.receipts".to_owned()),
                    Some(_) => (format!("{m}.amount"), format!("{m}.receipts")),
                };
                self.query.push(format_args!("{receipts} > 0 and "));
                let all = format!(" * {receipts}");
                self.between(&amount, &all, receipt.amount, domain::segment::Amount::get);
            }
            C::Frequency(frequency) => {
                self.query.push("c.visits > 1 and ");
                self.between(
                    "extract(epoch from c.last_visit - c.first_visit)",
                    " * 86400 * (c.visits - 1)",
                    frequency.days.range(),
                    i64::from,
                );
            }
            C::IntervalOverdue(overdue) => {
                // Later than last visit + (last - first) / (visits - 1) + so many days, and not booked.
                self.query
                    .push(format_args!(
                        "{m}.client_id is null and c.visits > 2 and
                         (extract(epoch from "
                    ))
                    .push_bind(self.asked.now.to_sqlx())
                    .push(" - c.last_visit) - 86400 * ")
                    .push_bind(i64::from(overdue.by_days))
                    .push(") * (c.visits - 1) > extract(epoch from c.last_visit - c.first_visit)");
            }
            C::Absent(absent) => {
                let before = absent.before(&self.asked.zone, self.asked.now);
                self.query
                    .push("c.last_visit < ")
                    .push_bind(before.map(|at| at.to_sqlx()));
            }
            C::Lapsed(_) => {
                self.query.push(format_args!("{m}.lapsed"));
            }
            C::FirstVisit(when) => self.within("c.first_visit", when.period),
            C::LastVisit(when) => self.within("c.last_visit", when.period),
            C::Registered(when) => self.within("c.registered_at", when.period),
            C::PreferredService(preferred) => {
                let ids = preferred.service_ids.iter().map(|id| id.uuid()).collect();
                self.preferred("c.said_services", "c.came_services", preferred.by, ids);
            }
            C::PreferredStaff(preferred) => {
                let ids = preferred.staff_ids.iter().map(|id| id.uuid()).collect();
                self.preferred("c.said_staff", "c.came_staff", preferred.by, ids);
            }
            C::Source(sources) => {
                let sources = sources.sources.iter().map(|s| s.as_str().to_owned());
                let sources: Vec<String> = sources.collect();
                self.query
                    .push("c.source = any (")
                    .push_bind(sources)
                    .push(")");
            }
            C::Tags(tags) => self.tags(tags),
            C::Language(languages) => self.languages(languages),
            C::Birthday(birthday) => {
                let today = self.asked.zone.date_of(self.asked.now);
                let days = birthday.days(today).into_iter();
                let days: Vec<i16> = days.map(|(month, day)| day_of_year(month, day)).collect();
                self.query
                    .push("c.birthday = any (")
                    .push_bind(days)
                    .push(")");
            }
            C::Consent(consents) => self.consents(consents),
            C::Text(_) => {
                self.query.push(format_args!("{m}.client_id is not null"));
            }
        }
    }

    /// `what` lies between the bounds, each times `times`.
    fn between<T: Copy + PartialOrd, N>(
        &mut self,
        what: &str,
        times: &str,
        range: Range<T>,
        number: impl Fn(T) -> N,
    ) where
        N: sqlx::Type<Postgres> + Send + 'static,
        N: for<'e> sqlx::Encode<'e, Postgres>,
    {
        self.query.push("true");
        for (bound, compared) in [(range.least(), ">="), (range.most(), "<=")] {
            if let Some(bound) = bound {
                self.query
                    .push(format_args!(" and {what} {compared} "))
                    .push_bind(number(bound))
                    .push(times);
            }
        }
    }

    fn within(&mut self, column: &str, period: Period) {
        let instants = period.instants(&self.asked.zone, self.asked.now);
        self.query.push(column).push(" is not null");
        for (bound, compared) in [(instants.from, ">="), (instants.before, "<")] {
            if let Some(bound) = bound {
                self.query
                    .push(format_args!(" and {column} {compared} "))
                    .push_bind(bound.to_sqlx());
            }
        }
    }

    fn preferred(&mut self, said: &str, came: &str, by: By, ids: Vec<Uuid>) {
        let columns: &[&str] = match by {
            By::Said => &[said],
            By::Visits => &[came],
            By::Either => &[said, came],
        };
        self.query.push("(false");
        for column in columns {
            self.query
                .push(format_args!(" or {column} && "))
                .push_bind(ids.clone());
        }
        self.query.push(")");
    }

    fn tags(&mut self, tags: &Tags) {
        self.query.push("true");
        let mut some = |before: &'static str, tags: &[domain::text::Tag], after: &'static str| {
            if !tags.is_empty() {
                let tags: Vec<String> = tags.iter().map(|tag| tag.as_str().to_owned()).collect();
                self.query.push(before).push_bind(tags).push(after);
            }
        };
        some(" and c.tags && ", &tags.any_of, "");
        some(" and c.tags @> ", &tags.all_of, "");
        some(" and not (c.tags && ", &tags.none_of, ")");
    }

    fn languages(&mut self, languages: &Languages) {
        let languages = languages.languages.iter();
        let languages: Vec<String> = languages
            .map(|language| language.as_str().to_ascii_lowercase())
            .collect();
        self.query
            .push("(c.language = any (")
            .push_bind(languages.clone())
            .push(") or split_part(c.language, '-', 1) = any (")
            .push_bind(languages)
            .push("))");
    }

    fn consents(&mut self, consents: &Consents) {
        let words: Vec<String> = consents.consents.iter().map(consent_word).collect();
        match consents.given {
            true => self.query.push("c.consents @> ").push_bind(words),
            false => self
                .query
                .push("not (c.consents && ")
                .push_bind(words)
                .push(")"),
        };
    }
}

/// Its word in JSON.
pub(super) fn consent_word(consent: &Consent) -> String {
    match consent {
        Consent::DataProcessing => "data_processing",
        Consent::Reminders => "reminders",
        Consent::Marketing => "marketing",
        Consent::Photos => "photos",
    }
    .to_owned()
}
