//! What a condition counts over bookings, payments or words: a query of its own, grouped by client, called `m` and the
//! condition's number in the filter. Joined, not asked client by client: so no filter is worse than one look at each
//! table for each of its conditions.

use domain::segment::{
    AverageReceipt, Bookings, Condition, IntervalOverdue, Kind, Lapsed, LateCancellations, Period,
    Spent, SpentBound, Text,
};
use jiff_sqlx::ToSqlx as _;
use sqlx::{Postgres, QueryBuilder};
use uuid::Uuid;

use super::{members::Asked, predicates::over_all_time};
use crate::folding::{contains, fold};

type Query<'a> = QueryBuilder<'a, Postgres>;

/// Writes all measures of a filter; the numbers of the conditions that have one.
pub(super) fn push(query: &mut Query<'_>, business: Uuid, asked: &Asked) -> Vec<usize> {
    let mut written = vec![];
    for (n, (_, condition)) in asked.filter.conditions().into_iter().enumerate() {
        if !has_one(condition) {
            continue;
        }
        query.push(if written.is_empty() { "with m" } else { ", m" });
        query.push(n).push(" as (");
        Measure {
            query: &mut *query,
            business,
            asked,
        }
        .of(condition);
        query.push(") ");
        written.push(n);
    }
    written
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
        C::Bookings(_)
        | C::Cancellations(_)
        | C::LateCancellations(_)
        | C::NoShows(_)
        | C::Moves(_)
        | C::OnlineShare(_)
        | C::LeadTime(_)
        | C::IntervalOverdue(_)
        | C::Lapsed(_)
        | C::Text(_) => true,
        C::Spent(spent) => !over_all_time(spent),
        C::AverageReceipt(receipt) => receipt.period.is_some(),
        C::Frequency(_)
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
            C::Cancellations(tally) => {
                self.counted("count(*) as n", tally.period);
                self.query
                    .push(" and b.status = 'cancelled' group by b.client_id");
            }
            C::NoShows(tally) => {
                self.counted("count(*) as n", tally.period);
                self.query
                    .push(" and b.status = 'no_show' group by b.client_id");
            }
            C::LateCancellations(late) => self.late_cancellations(late),
            C::Moves(tally) => {
                self.counted("sum(b.moves) as n", tally.period);
                self.query.push(" group by b.client_id");
            }
            C::OnlineShare(share) => {
                self.counted(
                    "count(*) filter (where b.online) as online, count(*) as n",
                    share.period,
                );
                self.query.push(" group by b.client_id");
            }
            C::LeadTime(lead) => {
                self.counted(
                    "sum(greatest(extract(epoch from b.starts - b.created_at), 0)) as seconds, count(*) as n",
                    lead.period,
                );
                self.query
                    .push(" and not b.hour_unknown group by b.client_id");
            }
            C::Spent(spent) => self.spent(spent),
            C::AverageReceipt(AverageReceipt { amount: _, period }) => {
                self.receipts(*period);
            }
            C::IntervalOverdue(IntervalOverdue { by_days: _ }) => self.booked_ahead(),
            C::Lapsed(lapsed) => self.lapsed(lapsed),
            C::Text(text) => self.text(text),
            // Over one client's row.
            C::Frequency(_)
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
        let Some(period) = period else { return };
        let instants = period.instants(&self.asked.zone, self.asked.now);
        if let Some(from) = instants.from {
            self.query
                .push(" and ")
                .push(column)
                .push(" >= ")
                .push_bind(from.to_sqlx());
        }
        if let Some(before) = instants.before {
            self.query
                .push(" and ")
                .push(column)
                .push(" < ")
                .push_bind(before.to_sqlx());
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
            self.query.push(" and extract(isodow from ");
            self.local_start();
            self.query
                .push(")::integer = any (")
                .push_bind(days)
                .push(")");
        }
        if let Some(hours) = hours {
            self.query
                .push(" and not b.hour_unknown and (extract(hour from ");
            self.local_start();
            self.query.push(") * 60 + extract(minute from ");
            self.local_start();
            self.query
                .push("))::integer between ")
                .push_bind(i32::from(hours.from.minutes()))
                .push(" and ")
                .push_bind(i32::from(hours.to.minutes()) - 1);
        }
    }

    fn local_start(&mut self) {
        self.query
            .push("b.starts at time zone ")
            .push_bind(self.asked.zone.name().to_owned());
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
            SpentBound::Top { .. } => {
                self.query.push(
                    "select r.client_id, rank() over (order by r.amount desc) as place, count(*) over () as all_of_them
                       from (",
                );
                if over_all_time_but_top(spent) {
                    self.query
                        .push("select client_id, spent as amount from segment_client where business_id = ")
                        .push_bind(self.business);
                } else {
                    self.paid(spent);
                }
                self.query
                    .push(") r join segment_client k on k.business_id = ")
                    .push_bind(self.business)
                    .push(" and k.client_id = r.client_id where r.amount > 0");
            }
        }
    }

    /// What each client paid in a period, and for how many receipts; the bookings of a visit share one.
    fn receipts(&mut self, period: Option<Period>) {
        self.query.push(
            "select p.client_id, sum(p.amount) as amount, count(*) filter (where p.amount > 0) as receipts
               from (select y.client_id, y.receipt, sum(y.amount) as amount",
        );
        self.payments(period, &[], &[]);
        self.query
            .push(" group by y.client_id, y.receipt) p group by p.client_id");
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

    /// What was paid for a deleted booking does not count. Those are few, and have an index: only who asks for services
    /// or staff members needs the bookings themselves.
    fn payments(&mut self, period: Option<Period>, services: &[Uuid], staff: &[Uuid]) {
        if services.is_empty() && staff.is_empty() {
            self.query
                .push(
                    " from segment_payment y
                      where not exists (select from segment_booking b
                                         where b.business_id = y.business_id and b.booking_id = y.booking_id
                                           and b.deleted)
                        and y.business_id = ",
                )
                .push_bind(self.business);
        } else {
            self.query
                .push(
                    " from segment_payment y
                      left join segment_booking b
                        on b.business_id = y.business_id and b.booking_id = y.booking_id
                     where coalesce(not b.deleted, true) and y.business_id = ",
                )
                .push_bind(self.business);
        }
        self.within("y.at", period);
        self.any_of(
            "coalesce(b.service_id, y.service_id)",
            services.iter().copied(),
        );
        self.any_of("coalesce(b.staff_id, y.staff_id)", staff.iter().copied());
    }

    fn booked_ahead(&mut self) {
        self.query
            .push("select b.client_id from segment_booking b where b.business_id = ")
            .push_bind(self.business)
            .push(" and not b.deleted and b.status in ('requested', 'confirmed') and b.starts >= ")
            .push_bind(self.asked.now.to_sqlx())
            .push(" group by b.client_id");
    }

    /// Some before the period, none in it.
    fn lapsed(&mut self, lapsed: &Lapsed) {
        let instants = lapsed.period.instants(&self.asked.zone, self.asked.now);
        let (from, before) = (
            instants.from.map(|at| at.to_sqlx()),
            instants.before.map(|at| at.to_sqlx()),
        );
        self.counted("true as lapsed", None);
        self.query
            .push(" and b.status <> 'cancelled' group by b.client_id having bool_or(b.starts < ")
            .push_bind(from)
            .push(") and not bool_or(b.starts >= ")
            .push_bind(from)
            .push(" and (")
            .push_bind(before)
            .push("::timestamptz is null or b.starts < ")
            .push_bind(before)
            .push("))");
    }

    /// Who has all of the words, each in something that was written.
    fn text(&mut self, text: &Text) {
        let words = fold(text.words.as_str());
        let words: Vec<String> = words.split(' ').map(contains).collect();
        for (n, word) in words.into_iter().enumerate() {
            if n > 0 {
                self.query.push(" intersect ");
            }
            self.query
                .push(
                    "(select w.client_id
                        from segment_words w
                        left join segment_booking b on b.business_id = w.business_id and b.booking_id = w.booking_id
                       where w.business_id = ",
                )
                .push_bind(self.business)
                .push(" and coalesce(not b.deleted, true) and w.words like ")
                .push_bind(word.clone())
                .push(" union select k.client_id from segment_client k where k.business_id = ")
                .push_bind(self.business)
                .push(" and k.warning like ")
                .push_bind(word)
                .push(")");
        }
    }
}

/// The order of all clients by what they spent, over all time and for anything.
fn over_all_time_but_top(spent: &Spent) -> bool {
    spent.period.is_none() && spent.service_ids.is_empty() && spent.staff_ids.is_empty()
}

fn uuids<T>(ids: &[domain::id::Id<T>]) -> Vec<Uuid> {
    ids.iter().map(|id| id.uuid()).collect()
}
