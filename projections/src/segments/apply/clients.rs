//! How clients' events become rows.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    client::{Card, ClientEvent, ContactChanged, Preferences, Sale},
    contact::{Birthday, Language},
    id::Id,
    sealed::Sealed,
    text::{FreeText, Origin, PersonName},
};
use jiff::Timestamp;
use serde::Serialize;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::{
    super::predicates::{consent_word, day_of_year},
    Facts, Payment,
};
use crate::{
    ApplyError, Projected,
    folding::fold,
    projected::as_kept,
    rows::{self, Key, touched},
};

/// The last letter there is: who has no name any more stands after all who have.
const NAMELESS: &str = "\u{10ffff}";

/// The clients that a batch tells of.
pub(super) struct Clients {
    rows: BTreeMap<Key, Row>,
    new: BTreeSet<Key>,
    gone: BTreeSet<Key>,
}

/// A row of `segment_client`, but for its totals.
#[derive(Debug, FromRow, Serialize)]
struct Row {
    business_id: Uuid,
    client_id: Uuid,
    sort_name: String,
    #[sqlx(try_from = "jiff_sqlx::Timestamp")]
    registered_at: Timestamp,
    source: Option<String>,
    language: Option<String>,
    birthday: Option<i16>,
    tags: Vec<String>,
    consents: Vec<String>,
    said_services: Vec<Uuid>,
    said_staff: Vec<Uuid>,
    warning: String,
}

impl Clients {
    pub(super) async fn load(
        db: &mut PgConnection,
        batch: &[Projected],
    ) -> Result<Self, sqlx::Error> {
        let rows: Vec<Row> = rows::load(
            db,
            "select c.business_id, c.client_id, c.sort_name, c.registered_at, c.source, c.language, c.birthday, c.tags,
                    c.consents, c.said_services, c.said_staff, c.warning
               from unnest($1::uuid[], $2::uuid[]) as t (business_id, client_id)
               join segment_client c using (business_id, client_id)",
            touched(batch, Projected::of_client),
        )
        .await?;
        let rows = rows.into_iter();
        Ok(Self {
            rows: rows
                .map(|row| ((row.business_id, row.client_id), row))
                .collect(),
            new: BTreeSet::new(),
            gone: BTreeSet::new(),
        })
    }

    /// Those who were not there before.
    pub(super) fn newly_known(&self) -> impl Iterator<Item = Key> + '_ {
        self.new.difference(&self.gone).copied()
    }

    pub(super) fn take(
        &mut self,
        projected: &Projected,
        key: Key,
        event: &ClientEvent,
        facts: &mut Facts,
    ) {
        use ClientEvent as E;
        if let E::Registered(card) = event {
            self.rows
                .entry(key)
                .or_insert_with(|| Row::of(key, projected.occurred_at, card));
            self.new.insert(key);
            return;
        }
        // A history that does not begin with `registered` is not a client's, here as in the domain.
        let Some(row) = self.rows.get_mut(&key) else {
            return;
        };
        match event {
            // Only the first one makes a client.
            E::Registered(_) => {}
            E::ContactChanged(changed) => row.follow(changed),
            E::PreferencesChanged { to, .. } => row.prefer(to),
            E::Tagged { tag } => put_in(&mut row.tags, tag.as_str()),
            E::Untagged { tag } => row.tags.retain(|kept| kept != tag.as_str()),
            E::Noted(note) => facts.wrote(projected, key.1, None, Some(&note.text)),
            E::ConsentGiven { consent, .. } => put_in(&mut row.consents, &consent_word(consent)),
            E::ConsentWithdrawn { consent, .. } => {
                let consent = consent_word(consent);
                row.consents.retain(|kept| *kept != consent);
            }
            E::SoldWithoutBooking(sale) => {
                facts.payments.push(payment(projected, key, sale));
                facts.sold.push(key);
            }
            E::Retracted {} | E::Merged { .. } => {
                self.gone.insert(key);
            }
            // What they bring along, events of its own tell.
            E::TookIn(_) | E::Blocked { .. } | E::Unblocked {} => {}
        }
    }

    pub(super) async fn store(mut self, db: &mut PgConnection) -> Result<(), ApplyError> {
        self.rows.retain(|key, _| !self.gone.contains(key));
        let rows: Vec<_> = self.rows.values().collect();
        rows::store(
            db,
            "insert into segment_client (business_id, client_id, sort_name, registered_at, source, language, birthday,
                                         tags, consents, said_services, said_staff, warning)
             select business_id, client_id, sort_name, registered_at, source, language, birthday, tags, consents,
                    said_services, said_staff, warning
               from json_to_recordset($1::json)
                 as r (business_id uuid, client_id uuid, sort_name text, registered_at timestamptz, source text,
                       language text, birthday smallint, tags text[], consents text[], said_services uuid[],
                       said_staff uuid[], warning text)
                 on conflict (business_id, client_id) do update
                set (sort_name, source, language, birthday, tags, consents, said_services, said_staff, warning)
                  = (excluded.sort_name, excluded.source, excluded.language, excluded.birthday, excluded.tags,
                     excluded.consents, excluded.said_services, excluded.said_staff, excluded.warning)",
            &rows,
        )
        .await?;
        if self.gone.is_empty() {
            return Ok(());
        }
        let (businesses, ids): (Vec<Uuid>, Vec<Uuid>) = self.gone.into_iter().unzip();
        sqlx::query(
            "delete from segment_client c using unnest($1::uuid[], $2::uuid[]) as t (business_id, client_id)
              where c.business_id = t.business_id and c.client_id = t.client_id",
        )
        .bind(businesses)
        .bind(ids)
        .execute(db)
        .await?;
        Ok(())
    }
}

impl Row {
    fn of((business_id, client_id): Key, at: Timestamp, card: &Card) -> Self {
        Self {
            business_id,
            client_id,
            sort_name: sort_name(&card.name),
            registered_at: as_kept(at),
            source: source(card.source.as_ref()),
            language: language(card.language.as_ref()),
            birthday: birthday(card.birthday.as_ref()),
            tags: vec![],
            consents: vec![],
            said_services: vec![],
            said_staff: vec![],
            warning: warning(card.warning.as_ref()),
        }
    }

    fn follow(&mut self, changed: &ContactChanged) {
        let ContactChanged {
            name,
            phone: _,
            phones: _,
            email: _,
            telegram: _,
            birthday: born,
            language: speaks,
            source: from,
            fiscal_code: _,
            warning: warns,
        } = changed;
        if let Some(name) = name {
            self.sort_name = sort_name(&name.to);
        }
        if let Some(born) = born {
            self.birthday = birthday(born.to.as_ref());
        }
        if let Some(speaks) = speaks {
            self.language = language(speaks.to.as_ref());
        }
        if let Some(from) = from {
            self.source = source(from.to.as_ref());
        }
        if let Some(warns) = warns {
            self.warning = warning(warns.to.as_ref());
        }
    }

    fn prefer(&mut self, to: &Preferences) {
        self.said_services = to.service_ids.iter().map(|id| id.uuid()).collect();
        self.said_staff = to.staff_ids.iter().map(|id| id.uuid()).collect();
    }
}

fn sort_name(name: &Sealed<PersonName>) -> String {
    name.value()
        .map_or_else(|| NAMELESS.to_owned(), |name| fold(name.as_str()))
}

fn source(source: Option<&Origin>) -> Option<String> {
    source.map(|source| source.as_str().to_owned())
}

fn language(language: Option<&Language>) -> Option<String> {
    language.map(|language| language.as_str().to_ascii_lowercase())
}

fn birthday(birthday: Option<&Sealed<Birthday>>) -> Option<i16> {
    let (month, day) = birthday?.value()?.month_and_day();
    Some(day_of_year(month, day))
}

fn warning(warning: Option<&Sealed<FreeText>>) -> String {
    let text = warning.and_then(Sealed::value);
    text.map(|text| fold(text.as_str())).unwrap_or_default()
}

/// Kept in order: the same set is the same row.
fn put_in(set: &mut Vec<String>, word: &str) {
    if let Err(place) = set.binary_search_by(|kept| kept.as_str().cmp(word)) {
        set.insert(place, word.to_owned());
    }
}

fn payment(projected: &Projected, (business_id, client_id): Key, sale: &Sale) -> Payment {
    let position = projected.position.0;
    Payment {
        business_id,
        position,
        client_id,
        at: as_kept(sale.at),
        amount: sale.amount.amount(),
        // Its own; a payment's id is only as unique as whoever brought it in made it.
        receipt: Uuid::from_u64_pair(0, position.unsigned_abs()),
        booking_id: None,
        service_id: sale.service_id.map(Id::uuid),
        staff_id: sale.staff_id.map(Id::uuid),
    }
}
