//! When resources are taken: what who looks for free time has to know, and no more.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use jiff_sqlx::ToSqlx as _;
use lru::LruCache;
use uuid::Uuid;

use crate::{BusinessId, Ledger, ReadError, Span};

/// Answers remembered.
const KEPT: usize = 64;
/// An answer with more times is not remembered.
const MOST_TIMES: usize = 20_000;
/// A shorter look is as cheap to take as to remember.
const LONG: SignedDuration = SignedDuration::from_hours(7 * 24);

/// The times for which one resource is taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Which resource.
    pub resource: Uuid,
    /// A time for each claim, in no particular order; several may overlap where there are several seats.
    pub times: Vec<Span>,
}

/// What was asked.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Question {
    business: BusinessId,
    resources: Vec<Uuid>,
    within: Span,
    besides: Vec<Uuid>,
}

/// A business's head row as it stands: every append rewrites it, whether it writes events or only takes time. (The
/// clock alone would not do: set back, it leaves `recorded_at` where it is.)
#[derive(Clone, Debug, PartialEq, Eq)]
struct Mark {
    written_by: String,
    recorded_at: Timestamp,
}

struct Answer {
    mark: Mark,
    /// When the first hold in it ends.
    until: Option<Timestamp>,
    taken: Arc<[Taken]>,
}

/// Long looks, remembered while nothing is appended to their business: the same month is looked at again and again.
pub(crate) struct Remembered(Mutex<LruCache<Question, Answer>>);

impl Default for Remembered {
    fn default() -> Self {
        let most = NonZeroUsize::new(KEPT).expect("not zero");
        Self(Mutex::new(LruCache::new(most)))
    }
}

impl Remembered {
    fn find(&self, question: &Question, mark: &Mark) -> Option<Arc<[Taken]>> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = kept.get(question)?;
        // By our clock a hold may end a little sooner or later than by the database's, which then only asks again.
        let ends = answer.until.is_some_and(|until| until <= Timestamp::now());
        (answer.mark == *mark && !ends).then(|| answer.taken.clone())
    }

    fn keep(&self, question: Question, answer: Answer) {
        let times: usize = answer.taken.iter().map(|taken| taken.times.len()).sum();
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if times <= MOST_TIMES {
            kept.put(question, answer);
        } else {
            kept.pop(&question);
        }
    }
}

type Row = (
    Uuid,
    Vec<jiff_sqlx::Timestamp>,
    Vec<Option<jiff_sqlx::Timestamp>>,
    Option<jiff_sqlx::Timestamp>,
);

impl Ledger {
    /// What is taken of these resources at some instant of `within`, holds whose time is up and the claims of
    /// `besides` apart. A resource of which nothing is taken is left out. Never behind what was appended before the
    /// call.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn taken(
        &self,
        business: BusinessId,
        resources: &[Uuid],
        within: Span,
        besides: &[Uuid],
    ) -> Result<Arc<[Taken]>, ReadError> {
        let question = Question {
            business,
            resources: resources.to_vec(),
            within,
            besides: besides.to_vec(),
        };
        let long = within
            .end
            .is_none_or(|end| end.duration_since(within.start) >= LONG);
        // Before the look itself: what is seen then is as it stood at the mark, or later, which the next mark tells.
        let mark = if long {
            self.mark(business).await?
        } else {
            None
        };
        if let Some(mark) = &mark
            && let Some(taken) = self.remembered().find(&question, mark)
        {
            return Ok(taken);
        }
        let (taken, until) = self.look(&question).await?;
        if let Some(mark) = mark {
            let taken = taken.clone();
            self.remembered()
                .keep(question, Answer { mark, until, taken });
        }
        Ok(taken)
    }

    async fn mark(&self, business: BusinessId) -> Result<Option<Mark>, ReadError> {
        let row: Option<(String, jiff_sqlx::Timestamp)> = sqlx::query_as(
            "select xmin::text, recorded_at from ledger_head where business_id = $1 and recorded_at > '-infinity'",
        )
        .bind(business.0)
        .fetch_optional(self.pool())
        .await?;
        Ok(row.map(|(written_by, recorded_at)| Mark {
            written_by,
            recorded_at: recorded_at.to_jiff(),
        }))
    }

    async fn look(
        &self,
        question: &Question,
    ) -> Result<(Arc<[Taken]>, Option<Timestamp>), ReadError> {
        // By resource, so that each is an index search of its own whatever the planner thinks of the business; as
        // arrays, for ten thousand rows cost several times as much on both sides.
        let rows: Vec<Row> = sqlx::query_as(
            "select r.resource_id, c.starts, c.ends, c.until
             from claimed_resource r
             cross join lateral (
                 select array_agg(lower(c.during)) as starts, array_agg(upper(c.during)) as ends,
                        min(c.hold_until) as until
                 from claim c
                 where c.business_id = $1 and c.resource = r.number and c.during && tstzrange($3, $4)
                   and c.owner_id <> all ($5)
                   and (c.hold_until is null or c.hold_until > clock_timestamp())
             ) c
             where r.business_id = $1 and r.resource_id = any ($2) and c.starts is not null",
        )
        .bind(question.business.0)
        .bind(&question.resources)
        .bind(question.within.start.to_sqlx())
        .bind(question.within.end.map(|end| end.to_sqlx()))
        .bind(&question.besides)
        .fetch_all(self.pool())
        .await?;

        let until = rows
            .iter()
            .filter_map(|row| row.3)
            .map(jiff_sqlx::Timestamp::to_jiff)
            .min();
        let taken = rows.into_iter().map(|(resource, starts, ends, _)| {
            let times = starts.into_iter().zip(ends).map(|(start, end)| Span {
                start: start.to_jiff(),
                end: end.map(jiff_sqlx::Timestamp::to_jiff),
            });
            Taken {
                resource,
                times: times.collect(),
            }
        });
        Ok((taken.collect(), until))
    }
}
