//! What a condition counts over bookings, payments or words, where the clients' own rows do not tell: a query of its own,
//! grouped by client, called `m` and the condition's number in the filter. Joined, not asked client by client: so no
//! filter is worse than one look at each table for each of its conditions.

use domain::{
    segment::{
        AverageReceipt, Bookings, Condition, Kind, LateCancellations, Period, Spent, SpentBound,
        Text,
    },
    time::Zone,
};
use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use sqlx::{Postgres, QueryBuilder};
use uuid::Uuid;

use super::{members::Asked, predicates::for_anything, starts};
use crate::folding::{contains, fold};

type Query<'a> = QueryBuilder<'a, Postgres>;

/// Writes all measures of a filter; the numbers of the conditions that have one to be joined.
pub(super) fn push(query: &mut Query<'_>, business: Uuid, asked: &Asked) -> Vec<usize> {
    let mut joined = vec![];
    let mut before = "with ";
    for (n, (_, condition)) in asked.filter.conditions().into_iter().enumerate() {
        if !has_one(condition) {
            continue;
        }
        query.push(format_args!("{before}m{n} as ("));
        let mut measure = Measure {
            query: &mut *query,
            business,
            asked,
        };
        measure.of(condition);
        query.push(") ");
        before = ", ";
        if let Condition::Spent(spent) = condition
            && let SpentBound::Top { top_percent } = spent.amount
        {
            least(query, n, top_percent);
            if for_anything(spent) {
                continue;
            }
        }
        joined.push(n);
    }
    joined
}

/// The least amount of those at the top: who ties with the last of them is among them.
fn least(query: &mut Query<'_>, n: usize, top_percent: u8) {
    query
        .push(format_args!(
            ", m{n}_least as (select amount from m{n} order by amount desc limit 1
                offset greatest(((select count(*) from m{n}) * "
        ))
        .push_bind(i64::from(top_percent))
        .push(" + 99) / 100 - 1, 0)) ");
}

/// Joins them to the clients.
pub(super) fn join(query: &mut Query<'_>, measures: &[usize]) {
    for n in measures {
        query.push(format_args!(
            " left join m{n} on m{n}.client_id = c.client_id"
        ));
    }
}

fn has_one(condition: &Condition) -> bool {
    use Condition as C;
    match condition {
        C::Bookings(bookings) => starts::of(bookings).is_none(),
        C::Spent(spent) => match spent.amount {
            SpentBound::Amount(_) => !for_anything(spent),
            SpentBound::Top { .. } => true,
        },
        C::AverageReceipt(receipt) => receipt.period.is_some(),
        C::LateCancellations(_) | C::Text(_) => true,
        C::Cancellations(_)
        | C::NoShows(_)
        | C::Moves(_)
        | C::OnlineShare(_)
        | C::LeadTime(_)
        | C::IntervalOverdue(_)
        | C::Lapsed(_)
        | C::Frequency(_)
        | C::Absent(_)
        | C::FirstVisit(_)
        | C::LastVisit(_)
        | C::PreferredService(_)
        | C::PreferredStaff(_)
        | C::Registered(_)
        | C::Source(_)
        | C::Tags(_)
        | C::Language(_)
        | C::Birthday(_)
        | C::Consent(_) => false,
    }
}

struct Measure<'q, 'a> {
    query: &'q mut Query<'a>,
    business: Uuid,
    asked: &'q Asked,
}

impl Measure<'_, '_> {
    fn of(&mut self, condition: &Condition) {
        use Condition as C;
        match condition {
            C::Bookings(bookings) => self.bookings(bookings),
            C::LateCancellations(late) => self.late_cancellations(late),
            C::Spent(spent) => self.spent(spent),
            C::AverageReceipt(AverageReceipt { amount: _, period }) => {
                self.receipts(*period);
            }
            C::Text(text) => self.text(text),
            // Over one client's row.
            C::Cancellations(_)
            | C::NoShows(_)
            | C::Moves(_)
            | C::OnlineShare(_)
            | C::LeadTime(_)
            | C::IntervalOverdue(_)
            | C::Lapsed(_)
            | C::Frequency(_)
            | C::Absent(_)
            | C::FirstVisit(_)
            | C::LastVisit(_)
            | C::PreferredService(_)
            | C::PreferredStaff(_)
            | C::Registered(_)
            | C::Source(_)
            | C::Tags(_)
            | C::Language(_)
            | C::Birthday(_)
            | C::Consent(_) => {}
        }
    }

    /// Of each client, over their bookings in a period.
    fn counted(&mut self, what: &str, period: Option<Period>) {
        self.query
            .push("select b.client_id, ")
            .push(what)
            .push(" from segment_booking b where b.business_id = ")
            .push_bind(self.business)
            .push(" and not b.deleted");
        self.within("b.starts", period);
    }

    fn within(&mut self, column: &str, period: Option<Period>) {
        let period = starts::instants(period, self.asked);
        for (bound, compared) in [(period.from, ">="), (period.before, "<")] {
            if let Some(bound) = bound {
                self.query
                    .push(format_args!(" and {column} {compared} "))
                    .push_bind(bound.to_sqlx());
            }
        }
    }

    fn bookings(&mut self, bookings: &Bookings) {
        self.counted("count(*) as n", bookings.period);
        self.kind(&bookings.kind);
        self.query.push(" group by b.client_id");
    }

    fn kind(&mut self, kind: &Kind) {
        let Kind {
            service_ids,
            staff_ids,
            statuses,
            sources,
            online,
            weekdays,
            hours,
        } = kind;
        self.any_of("b.service_id", service_ids.iter().map(|id| id.uuid()));
        self.any_of("b.staff_id", staff_ids.iter().map(|id| id.uuid()));
        if statuses.is_empty() {
            self.query.push(" and b.status <> 'cancelled'");
        }
        self.any_of("b.status", statuses.iter().map(|s| s.as_str().to_owned()));
        self.any_of("b.source", sources.iter().map(|s| s.as_str().to_owned()));
        if let Some(online) = online {
            self.query.push(" and b.online = ").push_bind(*online);
        }
        if !weekdays.is_empty() {
            let days: Vec<i32> = weekdays.iter().map(|day| day.number().into()).collect();
            // Not `extract`, whose numbers are of the slow kind.
            self.query.push(" and date_part('isodow', ");
            self.local_start();
            self.query
                .push(")::integer = any (")
                .push_bind(days)
                .push(")");
        }
        if let Some(hours) = hours {
            self.query
                .push(" and not b.hour_unknown and (date_part('hour', ");
            self.local_start();
            self.query.push(") * 60 + date_part('minute', ");
            self.local_start();
            self.query
                .push("))::integer between ")
                .push_bind(i32::from(hours.from.minutes()))
                .push(" and ")
                .push_bind(i32::from(hours.to.minutes()) - 1);
        }
    }

    /// By the zones that are built in: the database's own may be of another year.
    fn local_start(&mut self) {
        let (changes, offsets) = clocks(&self.asked.zone);
        self.query
            .push("b.starts at time zone 'UTC' + make_interval(secs => (")
            .push_bind(offsets)
            .push("::integer[])[width_bucket(b.starts, ")
            .push_bind(changes)
            .push("::timestamptz[]) + 1])");
    }

    fn any_of<T>(&mut self, column: &str, values: impl Iterator<Item = T>)
    where
        T: sqlx::Type<Postgres> + sqlx::postgres::PgHasArrayType + Send + 'static,
        T: for<'e> sqlx::Encode<'e, Postgres>,
    {
        let values: Vec<T> = values.collect();
        if !values.is_empty() {
            self.query
                .push(" and ")
                .push(column)
                .push(" = any (")
                .push_bind(values)
                .push(")");
        }
    }

    fn late_cancellations(&mut self, late: &LateCancellations) {
        self.counted("count(*) as n", late.period);
        self.query
            .push(" and b.status = 'cancelled' and b.cancelled_at > b.starts - make_interval(hours => ")
            .push_bind(i32::from(late.hours_before))
            .push(") group by b.client_id");
    }

    fn spent(&mut self, spent: &Spent) {
        match spent.amount {
            SpentBound::Amount(_) => self.paid(spent),
            SpentBound::Top { .. } if for_anything(spent) => {
                let period = starts::instants(spent.period, self.asked);
                self.query.push("select r.amount from (select ");
                starts::paid(self.query, "k", period);
                self.query
                    .push(" as amount from segment_client k where k.business_id = ")
                    .push_bind(self.business)
                    .push(") r where r.amount > 0");
            }
            SpentBound::Top { .. } => {
                self.query.push("select r.client_id, r.amount from (");
                self.paid(spent);
                self.query
                    .push(") r join segment_client k on k.business_id = ")
                    .push_bind(self.business)
                    .push(" and k.client_id = r.client_id where r.amount > 0");
            }
        }
    }

    /// For how many receipts those clients paid in a period who paid for one more than once: the bookings of a visit
    /// share one. For the others it is as many as payments, and stands in their row.
    fn receipts(&mut self, period: Option<Period>) {
        self.query.push(
            "select p.client_id, count(*) filter (where p.amount > 0) as receipts
               from (select y.client_id, y.receipt, sum(y.amount) as amount",
        );
        self.payments(period, &[], &[]);
        self.query
            .push(
                " and y.client_id in (select k.client_id from segment_client k where k.split and k.business_id = ",
            )
            .push_bind(self.business)
            .push(") group by y.client_id, y.receipt) p group by p.client_id");
    }

    /// What each client paid in a period, perhaps for some services, or for what some staff members did.
    fn paid(&mut self, spent: &Spent) {
        self.query
            .push("select y.client_id, sum(y.amount) as amount");
        self.payments(
            spent.period,
            &uuids(&spent.service_ids),
            &uuids(&spent.staff_ids),
        );
        self.query.push(" group by y.client_id");
    }

    /// What was paid for a deleted booking counts too. Only who asks for services or staff members needs the bookings
    /// themselves.
    fn payments(&mut self, period: Option<Period>, services: &[Uuid], staff: &[Uuid]) {
        self.query.push(" from segment_payment y");
        if !(services.is_empty() && staff.is_empty()) {
            self.query.push(
                " left join segment_booking b
                    on b.business_id = y.business_id and b.booking_id = y.booking_id",
            );
        }
        self.query
            .push(" where y.business_id = ")
            .push_bind(self.business);
        self.within("y.at", period);
        self.any_of(
            "coalesce(b.service_id, y.service_id)",
            services.iter().copied(),
        );
        self.any_of("coalesce(b.staff_id, y.staff_id)", staff.iter().copied());
    }

    /// Who has all of the words, each in something that was written.
    fn text(&mut self, text: &Text) {
        let words = fold(text.words.as_str());
        for (n, word) in words.split(' ').enumerate() {
            // Most clients have no warning, and no word is looked for in nothing.
            let warned = if word.is_empty() {
                ""
            } else {
                "k.warning <> '' and "
            };
            let word = contains(word);
            if n > 0 {
                self.query.push(" intersect ");
            }
            self.query
                .push(
                    "(select w.client_id
                        from segment_words w
                       where w.business_id = ",
                )
                .push_bind(self.business)
                .push(" and w.words like ")
                .push_bind(word.clone())
                // Deleted ones are few: they are taken out, not all others looked up.
                .push(
                    " and not exists (select from segment_booking b
                                       where b.deleted and b.booking_id = w.booking_id and b.business_id = ",
                )
                .push_bind(self.business)
                .push(") union select k.client_id from segment_client k where ")
                .push(warned)
                .push("k.business_id = ")
                .push_bind(self.business)
                .push(" and k.warning like ")
                .push_bind(word)
                .push(")");
        }
    }
}

/// When clocks change in a zone, and by how many seconds they differ from UTC before, between and after these changes.
fn clocks(zone: &Zone) -> (Vec<jiff_sqlx::Timestamp>, Vec<i32>) {
    // Nothing begins outside of these years: 1900 to 2199.
    let [begin, end] = [-2_208_988_800, 7_258_118_400]
        .map(|second| Timestamp::from_second(second).unwrap_or_default());
    let changes = zone.tz().following(begin);
    let changes: Vec<_> = changes
        .take_while(|change| change.timestamp() < end)
        .collect();
    let first = zone.tz().to_offset(begin).seconds();
    let offsets = changes.iter().map(|change| change.offset().seconds());
    (
        changes
            .iter()
            .map(|change| change.timestamp().to_sqlx())
            .collect(),
        std::iter::once(first).chain(offsets).collect(),
    )
}

fn uuids<T>(ids: &[domain::id::Id<T>]) -> Vec<Uuid> {
    ids.iter().map(|id| id.uuid()).collect()
}
