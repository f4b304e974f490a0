//! The words that bookings are asked for by: looked up among the clients first, so that it is known how many they mean.

use std::collections::BTreeSet;

use domain::booking::Status;
use sqlx::{PgPool, Postgres, QueryBuilder};
use uuid::Uuid;

use super::{
    asked::{Asked, asked},
    filter::{Filter, is_one_of},
    front::{self, Front},
    misspelt::close,
};
use crate::{
    Scope,
    folding::{Term, holds, terms},
};

/// Of more clients than these, whoever has a word is asked booking by booking.
const MOST_CLIENTS: i64 = if cfg!(test) { 6 } else { 4_000 };
/// Of more bookings than these, whether a word stands in one is asked of each in its turn.
const MOST_BOOKINGS: i64 = if cfg!(test) { 6 } else { 1_000 };
/// A word that is not rare takes longer to be looked for than it is worth.
const PATIENCE: &str = "60ms";
/// The bookings of so many clients are few: they are looked up, and then sorted.
const FEW_CLIENTS: usize = if cfg!(test) { 2 } else { 400 };
/// Of so many clients, those at the front of a list are found soonest among all of theirs, which an index tells.
const FEW_FOR_INDEX: usize = if cfg!(test) { 4 } else { 1_500 };
/// Of so few bookings, each is asked for all words. In tests all of these are so few that every way is gone.
const FEW_BOOKINGS: i64 = if cfg!(test) { 6 } else { 3_000 };

/// The words of a filter.
#[derive(Debug, Clone, Default)]
pub(super) struct Words {
    /// Whom all words of `client` mean; none: nothing is asked.
    client: Option<Whom>,
    /// The words of `q`, each in its client or in the booking itself.
    q: Vec<Word>,
    /// Without the words of `q` the filter lets few bookings through.
    few_without: bool,
}

#[derive(Debug, Clone)]
struct Word {
    asked: Asked,
    whom: Whom,
    own: Own,
}

/// Which clients.
#[derive(Debug, Clone)]
enum Whom {
    These(Vec<Uuid>),
    /// Too many to name: all who hold these.
    All(Vec<Term>),
}

/// Which bookings hold a word themselves.
#[derive(Debug, Clone)]
enum Own {
    These(Vec<Uuid>),
    /// Too many to name.
    Many,
}

impl Words {
    /// Looks the words of a filter up.
    pub(super) async fn look_up(
        db: &PgPool,
        scope: &Scope,
        filter: &Filter,
    ) -> Result<Self, sqlx::Error> {
        let client = distinct(terms(filter.client.as_deref().unwrap_or_default()));
        let client = match client.as_slice() {
            [] => None,
            client => Some(Whom::with(db, scope, client).await?),
        };
        let all = asked(filter.q.as_deref().unwrap_or_default());
        let few = !all.is_empty() && lets_few_through(db, scope, filter, client.as_ref()).await?;
        let mut q: Vec<Word> = vec![];
        for asked in all {
            if q.iter().all(|word| word.asked != asked) {
                let whom = Whom::with(db, scope, std::slice::from_ref(&asked.term)).await?;
                let own = match whom {
                    Whom::These(_) if !few => Own::with(db, scope, &asked.term).await?,
                    // So many are found soon, and so few looked through, whichever way.
                    Whom::These(_) | Whom::All(_) => Own::Many,
                };
                q.push(Word { asked, whom, own });
            }
        }
        Ok(Self {
            client,
            q,
            few_without: few,
        })
    }

    /// The same words, and of each also whom it would mean but for a slip in the spelling. None: nobody besides.
    pub(super) async fn or_misspelt(
        mut self,
        db: &PgPool,
        scope: &Scope,
        filter: &Filter,
    ) -> Result<Option<Self>, sqlx::Error> {
        let mut more = false;
        // Where somebody is called so, it is not misspelt.
        if let Some(whom) = self.client.as_mut().filter(|whom| whom.is_nobody()) {
            let terms = distinct(terms(filter.client.as_deref().unwrap_or_default()));
            // Each word may be somebody's whom the others do not mean.
            let mut all: Option<BTreeSet<Uuid>> = None;
            for term in &terms {
                let close = close(db, scope, term, None).await?;
                all = Some(match all {
                    None => close,
                    Some(all) => &all & &close,
                });
            }
            more |= whom.takes_in(all.unwrap_or_default());
        }
        // Nobody else can be meant by a word than whose bookings are let through.
        let among = match (filter.client_id, &self.client) {
            (Some(id), _) => Some(vec![id.uuid()]),
            (None, Some(Whom::These(these))) => Some(these.clone()),
            (None, None) if self.few_without => Some(clients_let_through(db, scope, filter).await?),
            (None, Some(Whom::All(_)) | None) => None,
        };
        for word in &mut self.q {
            let close = close(db, scope, &word.asked.term, among.as_deref()).await?;
            more |= word.whom.takes_in(close);
        }
        Ok(more.then_some(self))
    }

    /// Whether anything is asked.
    pub(super) fn is_empty(&self) -> bool {
        self.client.is_none() && self.q.is_empty()
    }

    /// Among which bookings alone they can be found, where these are few: those of clients who have all words, and those
    /// that hold one themselves.
    fn few(&self, front: Option<&Front>) -> Option<Few> {
        if let Some(Whom::These(clients)) = &self.client {
            let few = Few {
                clients: clients.clone(),
                bookings: vec![],
                front: front.filter(|_| self.q.is_empty()).copied(),
            };
            if few.is_few() {
                return Some(few);
            }
        }
        let (mut clients, mut bookings): (Option<BTreeSet<Uuid>>, _) = (None, vec![]);
        let mut all = self.client.is_none();
        for word in &self.q {
            // A word that may mean a status is had by too many.
            let (Whom::These(these), Own::These(own), []) =
                (&word.whom, &word.own, word.asked.statuses.as_slice())
            else {
                all = false;
                continue;
            };
            bookings.extend(own.iter().copied());
            let these = these.iter().copied().collect();
            clients = Some(match clients {
                None => these,
                Some(clients) => &clients & &these,
            });
        }
        let few = Few {
            clients: clients?.into_iter().collect(),
            bookings,
            front: front.filter(|_| all).copied(),
        };
        few.is_few().then_some(few)
    }

    /// The conditions, over `history_booking b`; of those at the front of a list alone, where nothing else is asked.
    pub(super) fn narrow(
        &self,
        query: &mut QueryBuilder<'_, Postgres>,
        scope: &Scope,
        filter: &Filter,
        front: Option<&Front>,
    ) {
        if let Some(few) = self.few(front) {
            // The array makes PostgreSQL look these up first, and nothing else.
            query.push(" and b.booking_id = any(array(");
            front::of_clients(query, scope, filter, few.clients, few.front.as_ref());
            query
                .push(" union all select unnest(")
                .push_bind(few.bookings)
                .push("::uuid[])))");
        }
        if let Some(whom) = &self.client {
            whom.is(query.push(" and "), scope);
        }
        for word in &self.q {
            word.narrow(query.push(" and ("), scope);
            query.push(")");
        }
    }
}

/// Bookings among which alone words can be found.
struct Few {
    /// Those of these clients …
    clients: Vec<Uuid>,
    /// … and these.
    bookings: Vec<Uuid>,
    /// Of those of the clients, which all hold what is asked for, these alone.
    front: Option<Front>,
}

impl Few {
    fn is_few(&self) -> bool {
        let most = match self.front {
            Some(_) => FEW_FOR_INDEX,
            None => FEW_CLIENTS,
        };
        self.clients.len() <= most
    }
}

/// Whether a filter lets few bookings through without its words, by what a single index tells of it.
async fn lets_few_through(
    db: &PgPool,
    scope: &Scope,
    filter: &Filter,
    client: Option<&Whom>,
) -> Result<bool, sqlx::Error> {
    let mut query = QueryBuilder::new(
        "select count(*) from (select from history_booking b where b.business_id = ",
    );
    query.push_bind(scope.business().0);
    let clients = match (filter.client_id, client) {
        (Some(id), _) => Some(vec![id.uuid()]),
        (None, Some(Whom::These(these))) => Some(these.clone()),
        (None, Some(Whom::All(_)) | None) => None,
    };
    if let Some(clients) = clients {
        query
            .push(" and b.client_id = any(")
            .push_bind(clients)
            .push(")");
        filter.narrow_by_clients(&mut query);
    } else {
        if let Some(staff) = scope.staff().or(filter.staff_id) {
            query.push(" and b.staff_id = ").push_bind(staff.uuid());
        }
        filter.narrow_by_start(&mut query);
    }
    query
        .push(" limit ")
        .push_bind(FEW_BOOKINGS + 1)
        .push(") b");
    let count = query.build_query_scalar().persistent(false);
    let count: i64 = count.fetch_one(db).await?;
    Ok(count <= FEW_BOOKINGS)
}

/// Whose bookings a filter lets through without its words.
async fn clients_let_through(
    db: &PgPool,
    scope: &Scope,
    filter: &Filter,
) -> Result<Vec<Uuid>, sqlx::Error> {
    let mut query = QueryBuilder::new("select distinct b.client_id from history_booking b");
    filter.narrow(&mut query, scope, &Words::default(), None);
    query.push(" and b.client_id is not null");
    let clients = query.build_query_scalar().persistent(false);
    clients.fetch_all(db).await
}

impl Word {
    fn narrow(&self, query: &mut QueryBuilder<'_, Postgres>, scope: &Scope) {
        self.whom.is(query, scope);
        match &self.own {
            Own::These(bookings) if bookings.is_empty() => {}
            Own::These(bookings) => {
                query
                    .push(" or b.booking_id = any(")
                    .push_bind(bookings.clone())
                    .push(")");
            }
            Own::Many => stands(query.push(" or "), &self.asked.term),
        }
        let statuses: &[Status] = &self.asked.statuses;
        if !statuses.is_empty() {
            is_one_of(query.push(" or "), statuses);
        }
    }
}

impl Whom {
    /// The clients who have all of these.
    async fn with(db: &PgPool, scope: &Scope, terms: &[Term]) -> Result<Self, sqlx::Error> {
        let mut query = QueryBuilder::new("select c.client_id from history_client c");
        query
            .push(" where c.business_id = ")
            .push_bind(scope.business().0);
        hold(&mut query, scope, terms);
        query.push(" limit ").push_bind(MOST_CLIENTS + 1);
        let found = query.build_query_scalar().persistent(false);
        let these: Vec<Uuid> = found.fetch_all(db).await?;
        let few = i64::try_from(these.len()).is_ok_and(|number| number <= MOST_CLIENTS);
        Ok(if few {
            Self::These(these)
        } else {
            Self::All(terms.to_vec())
        })
    }

    /// Whether no client is meant.
    fn is_nobody(&self) -> bool {
        matches!(self, Self::These(these) if these.is_empty())
    }

    /// Whether anybody comes in who was not meant already.
    fn takes_in(&mut self, more: BTreeSet<Uuid>) -> bool {
        match self {
            Self::These(these) => {
                let before = these.len();
                let mut all: BTreeSet<Uuid> = these.drain(..).collect();
                all.extend(more);
                these.extend(all);
                these.len() > before
            }
            Self::All(_) => false,
        }
    }

    /// That the client of a booking `b` is one of them.
    fn is(&self, query: &mut QueryBuilder<'_, Postgres>, scope: &Scope) {
        match self {
            Self::These(these) => {
                query
                    .push("b.client_id = any(")
                    .push_bind(these.clone())
                    .push(")");
            }
            Self::All(terms) => {
                query
                    .push("exists (select from history_client c where c.business_id = ")
                    .push_bind(scope.business().0)
                    .push(" and c.client_id = b.client_id");
                hold(query, scope, terms);
                // Booking by booking: all who hold it are too many to be looked up first.
                query.push(" offset 0)");
            }
        }
    }
}

impl Own {
    /// The bookings that hold a word themselves.
    async fn with(db: &PgPool, scope: &Scope, term: &Term) -> Result<Self, sqlx::Error> {
        let mut query = QueryBuilder::new("select b.booking_id from history_booking b");
        query
            .push(" where b.business_id = ")
            .push_bind(scope.business().0)
            .push(" and ");
        stands(&mut query, term);
        query.push(" limit ").push_bind(MOST_BOOKINGS + 1);
        let mut transaction = db.begin().await?;
        // By the index of words alone: how rare a word is, the planner learns too late.
        sqlx::query(
            "select set_config('enable_seqscan', 'off', true), set_config('enable_indexscan', 'off', true),
                    set_config('statement_timeout', $1, true)",
        )
        .bind(PATIENCE)
        .execute(&mut *transaction)
        .await?;
        let found = query.build_query_scalar().persistent(false);
        let these: Vec<Uuid> = match found.fetch_all(&mut *transaction).await {
            Ok(these) => these,
            Err(error) if took_too_long(&error) => return Ok(Self::Many),
            Err(error) => return Err(error),
        };
        transaction.commit().await?;
        let few = i64::try_from(these.len()).is_ok_and(|number| number <= MOST_BOOKINGS);
        Ok(if few { Self::These(these) } else { Self::Many })
    }
}

fn took_too_long(error: &sqlx::Error) -> bool {
    const QUERY_CANCELED: &str = "57014";
    let code = error.as_database_error().and_then(|error| error.code());
    code.is_some_and(|code| code == QUERY_CANCELED)
}

/// That a word stands in a booking `b` itself: in its reference or a comment, in any of its forms.
fn stands(query: &mut QueryBuilder<'_, Postgres>, term: &Term) {
    query.push("(false");
    for pattern in term.patterns_in_many() {
        query.push(" or b.words like ").push_bind(pattern);
    }
    match term {
        Term::Word { typed, folded } => {
            query
                .push(" or b.forms @@ history_form_asked(")
                .push_bind(typed.clone())
                .push(", ")
                .push_bind(folded.clone())
                .push(")");
        }
        // A number has no forms.
        Term::Number { .. } => {}
    }
    query.push(")");
}

/// That a client `c` holds all of these.
fn hold(query: &mut QueryBuilder<'_, Postgres>, scope: &Scope, terms: &[Term]) {
    for term in terms {
        query.push(" and (false");
        for pattern in term.patterns() {
            holds(query.push(" or "), scope, pattern);
        }
        query.push(")");
    }
}

fn distinct(terms: Vec<Term>) -> Vec<Term> {
    let mut distinct = vec![];
    for term in terms {
        if !distinct.contains(&term) {
            distinct.push(term);
        }
    }
    distinct
}
