//! What is true of a client whom a filter holds: over `c`, their row, and the measures of those conditions that it does
//! not answer.

use domain::{
    booking::Status,
    client::Consent,
    segment::{
        Amount, By, Condition, Consents, Filter, Instants, Languages, LeadTime, OnlineShare,
        Period, Range, Spent, SpentBound, Tags, Tally,
    },
};
use jiff_sqlx::ToSqlx as _;
use sqlx::{Postgres, QueryBuilder};
use uuid::Uuid;

use super::{members::Asked, starts};

type Query<'a> = QueryBuilder<'a, Postgres>;

/// A day of any year, as it is kept.
pub(super) fn day_of_year(month: i8, day: i8) -> i16 {
    i16::from(month) * 100 + i16::from(day)
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
            C::Bookings(bookings) => match starts::of(bookings) {
                Some(columns) => self.tally(&columns, bookings.count, bookings.period),
                None => self.between(&counted, "", bookings.count, i64::from),
            },
            C::Cancellations(tally) => self.stand(Status::Cancelled, tally),
            C::NoShows(tally) => self.stand(Status::NoShow, tally),
            C::Moves(tally) => self.tally(&[starts::MOVED], tally.count, tally.period),
            C::LateCancellations(late) => self.between(&counted, "", late.count, i64::from),
            C::OnlineShare(share) => self.online_share(share),
            C::LeadTime(lead) => self.lead_time(lead),
            C::Spent(spent) => self.spent(spent),
            C::AverageReceipt(receipt) => match receipt.period {
                None => {
                    self.query.push("c.receipts > 0 and ");
                    let range = receipt.amount;
                    self.between("c.spent", " * c.receipts", range, Amount::get);
                }
                Some(period) => self.average_receipt(receipt.amount, period),
            },
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
                let ahead = Instants {
                    from: Some(self.asked.now),
                    before: None,
                };
                let booked = [Status::Requested, Status::Confirmed].map(starts::that_are);
                starts::count(self.query, &booked, ahead);
                self.query
                    .push(" = 0 and c.visits > 2 and (extract(epoch from ")
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
            C::Lapsed(lapsed) => {
                // Some before the period, none in it.
                let period = lapsed.period.instants(&self.asked.zone, self.asked.now);
                self.query
                    .push(format_args!("c.{}[1] < ", starts::STANDING))
                    .push_bind(period.from.map(|at| at.to_sqlx()))
                    .push(" and ");
                starts::count(self.query, &[starts::STANDING], period);
                self.query.push(" = 0");
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

    /// So many bookings stand so.
    fn stand(&mut self, status: Status, tally: &Tally) {
        self.tally(&[starts::that_are(status)], tally.count, tally.period);
    }

    /// So many starts of these columns lie in a period.
    fn tally(&mut self, columns: &[&str], range: Range<u32>, period: Option<Period>) {
        let period = starts::instants(period, self.asked);
        self.query.push("true");
        for (bound, compared) in bounds(range) {
            self.query.push(" and ");
            starts::count(self.query, columns, period);
            self.query
                .push(format_args!(" {compared} "))
                .push_bind(i64::from(bound));
        }
    }

    /// Online ones, in percent of all; of nobody who has none.
    fn online_share(&mut self, share: &OnlineShare) {
        let all = [starts::STANDING, starts::that_are(Status::Cancelled)];
        let period = starts::instants(share.period, self.asked);
        starts::count(self.query, &all, period);
        self.query.push(" > 0");
        for (bound, compared) in bounds(share.percent.range()) {
            self.query.push(" and 100 * ");
            starts::count(self.query, &[starts::ONLINE], period);
            self.query
                .push(format_args!(" {compared} "))
                .push_bind(i64::from(bound))
                .push(" * ");
            starts::count(self.query, &all, period);
        }
    }

    /// On average, over all of a period; of nobody who has none.
    fn lead_time(&mut self, lead: &LeadTime) {
        let period = starts::instants(lead.period, self.asked);
        starts::count(self.query, &[starts::LED], period);
        self.query.push(" > 0");
        for (bound, compared) in bounds(lead.hours.range()) {
            self.query.push(" and ");
            starts::lead(self.query, period);
            self.query
                .push(format_args!(" {compared} 3600::numeric * "))
                .push_bind(i64::from(bound))
                .push(" * ");
            starts::count(self.query, &[starts::LED], period);
        }
    }

    /// What was paid in a period by the number of its receipts; of nobody who has none.
    fn average_receipt(&mut self, range: Range<Amount>, period: Period) {
        let m = self.measure.clone();
        let period = period.instants(&self.asked.zone, self.asked.now);
        let receipts = |query: &mut Query<'_>| {
            query.push(format_args!(
                "case when c.split then coalesce({m}.receipts, 0) else "
            ));
            starts::count(query, &[starts::RECEIPTS], period);
            query.push(" end");
        };
        receipts(self.query);
        self.query.push(" > 0");
        for (bound, compared) in bounds(range) {
            self.query.push(" and ");
            starts::paid(self.query, "c", period);
            self.query
                .push(format_args!(" {compared} "))
                .push_bind(bound.get())
                .push(" * (");
            receipts(self.query);
            self.query.push(")");
        }
    }

    fn spent(&mut self, spent: &Spent) {
        let m = self.measure.clone();
        let period = starts::instants(spent.period, self.asked);
        match spent.amount {
            SpentBound::Amount(range) if for_anything(spent) => {
                self.query.push("true");
                for (bound, compared) in bounds(range) {
                    self.query.push(" and ");
                    starts::paid(self.query, "c", period);
                    self.query
                        .push(format_args!(" {compared} "))
                        .push_bind(bound.get());
                }
            }
            SpentBound::Amount(range) => {
                let amount = format!("coalesce({m}.amount, 0)");
                self.between(&amount, "", range, Amount::get);
            }
            // The least amount of those who are in stands in a measure of one row.
            SpentBound::Top { .. } if for_anything(spent) => {
                starts::paid(self.query, "c", period);
                self.query
                    .push(format_args!(" >= (select amount from {m}_least)"));
            }
            SpentBound::Top { .. } => {
                self.query
                    .push(format_args!("{m}.amount >= (select amount from {m}_least)"));
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
        for (bound, compared) in bounds(range) {
            self.query
                .push(format_args!(" and {what} {compared} "))
                .push_bind(number(bound))
                .push(times);
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

/// What is spent for anything stands in the client's row, for any period.
pub(super) fn for_anything(spent: &Spent) -> bool {
    spent.service_ids.is_empty() && spent.staff_ids.is_empty()
}

fn bounds<T: Copy + PartialOrd>(range: Range<T>) -> impl Iterator<Item = (T, &'static str)> {
    let bounds = [(range.least(), ">="), (range.most(), "<=")].into_iter();
    bounds.filter_map(|(bound, compared)| Some((bound?, compared)))
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
