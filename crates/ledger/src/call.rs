//! The one statement: lays the parts of a group's commands side by side in arrays, calls `ledger_append`, and
//! reads each command's outcome. The function itself stands in the migrations.

use jiff_sqlx::ToSqlx as _;
use serde_json::Value;
use sqlx::postgres::PgRow;
use sqlx::types::Json;
use sqlx::{PgConnection, Row as _};
use uuid::Uuid;

use crate::refused::GuardHitRow;
use crate::{
    Append, Appended, ClaimSet, Expected, Position, Refused, Shown, Span, StreamId, StreamWrite,
    Version,
};

type Instant = jiff_sqlx::Timestamp;

/// In the order of the function's parameters.
const CALL: &str = "select a.outcome, a.first_position, a.last_position, a.detail,
    e.kinds, e.ids, e.sequences, e.types, e.versions, e.payloads, k.ids as keys, k.wrapped
from ledger_append(
    $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23,
    $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40, $41, $42, $43)
    with ordinality as a (outcome, first_position, last_position, detail, ordinal)
-- What the answers will speak of, for all commands of the group on the first row.
left join lateral (
    select array_agg(e.aggregate_type) as kinds, array_agg(e.aggregate_id) as ids, array_agg(e.sequence) as sequences,
           array_agg(e.event_type) as types, array_agg(e.event_version) as versions, array_agg(e.payload::text) as payloads
    from (select * from events where aggregate_id = any ($44) and business_id = $1 order by aggregate_id, sequence) e
) e on a.ordinal = 1
left join lateral (
    select array_agg(k.key_id) as ids, array_agg(k.wrapped) as wrapped
    from person_key k
    where k.business_id = $1 and k.key_id = any ($45)
) k on a.ordinal = 1";

/// What became of one command of a group.
pub(crate) type Outcome = Result<Appended, Refused>;

/// Appends these commands of one business in their order, in one transaction.
pub(crate) async fn append(
    connection: &mut PgConnection,
    group: &[&Append],
) -> Result<Vec<Outcome>, sqlx::Error> {
    let Some(first) = group.first() else {
        return Ok(Vec::new());
    };
    let business = first.business;
    let mut parts = Parts::default();
    for append in group {
        parts.add(append)?;
    }
    let mut shows: Vec<Uuid> = group
        .iter()
        .flat_map(|append| &append.shows)
        .copied()
        .collect();
    shows.sort_unstable();
    shows.dedup();
    let rows = sqlx::query(CALL)
        .bind(business.0)
        .bind(parts.bounds)
        .bind(parts.callers)
        .bind(parts.keys)
        .bind(parts.fingerprints)
        .bind(parts.answers)
        .bind(parts.versions)
        .bind(parts.saw_catalogue)
        .bind(parts.moves_catalogue)
        .bind(parts.guards)
        .bind(parts.claims_meet)
        .bind(parts.stream_kinds)
        .bind(parts.stream_ids)
        .bind(parts.stream_expected)
        .bind(parts.event_kinds)
        .bind(parts.event_streams)
        .bind(parts.event_sequences)
        .bind(parts.event_types)
        .bind(parts.event_versions)
        .bind(parts.event_payloads)
        .bind(parts.event_metadata)
        .bind(parts.event_ids)
        .bind(parts.event_occurred)
        .bind(parts.owners)
        .bind(parts.claim_owners)
        .bind(parts.claim_ordinals)
        .bind(parts.claim_resources)
        .bind(parts.claim_capacities)
        .bind(parts.claim_starts)
        .bind(parts.claim_ends)
        .bind(parts.claim_body_starts)
        .bind(parts.claim_body_ends)
        .bind(parts.claim_may_overlap)
        .bind(parts.claim_holds)
        .bind(parts.released_kinds)
        .bind(parts.released_names)
        .bind(parts.released_owners)
        .bind(parts.name_kinds)
        .bind(parts.names)
        .bind(parts.name_owners)
        .bind(parts.made_keys)
        .bind(parts.made_wrapped)
        .bind(parts.used_keys)
        .bind(shows.iter().map(Uuid::to_string).collect::<Vec<_>>())
        .bind(shows)
        .fetch_all(connection)
        .await?;
    if rows.len() != group.len() {
        return Err(protocol(
            "the append answered for another number of commands",
        ));
    }
    let shown = match rows.first() {
        Some(row) => Shown::read(row)?,
        None => Vec::new(),
    };
    rows.iter()
        .zip(group)
        .map(|(row, append)| {
            let mut outcome = read_outcome(append, row)?;
            if let Ok(appended) = &mut outcome {
                let of_ours = shown
                    .iter()
                    .filter(|shown| append.shows.contains(&shown.id));
                appended.shown.extend(of_ours.cloned());
            }
            Ok(outcome)
        })
        .collect()
}

/// The arrays: everything of the first command, then everything of the second …
#[derive(Default)]
struct Parts<'a> {
    bounds: Vec<i32>,
    callers: Vec<&'a str>,
    keys: Vec<&'a str>,
    fingerprints: Vec<&'a [u8]>,
    answers: Vec<String>,
    versions: Vec<String>,
    saw_catalogue: Vec<Option<i64>>,
    moves_catalogue: Vec<bool>,
    guards: Vec<Option<String>>,
    claims_meet: Vec<bool>,
    stream_kinds: Vec<&'a str>,
    stream_ids: Vec<String>,
    stream_expected: Vec<Option<i64>>,
    event_kinds: Vec<&'a str>,
    event_streams: Vec<String>,
    event_sequences: Vec<i64>,
    event_types: Vec<&'a str>,
    event_versions: Vec<&'a str>,
    event_payloads: Vec<&'a str>,
    event_metadata: Vec<String>,
    event_ids: Vec<Uuid>,
    event_occurred: Vec<Option<Instant>>,
    owners: Vec<Uuid>,
    claim_owners: Vec<Uuid>,
    claim_ordinals: Vec<i16>,
    claim_resources: Vec<Uuid>,
    claim_capacities: Vec<i16>,
    claim_starts: Vec<Instant>,
    claim_ends: Vec<Option<Instant>>,
    claim_body_starts: Vec<Instant>,
    claim_body_ends: Vec<Option<Instant>>,
    claim_may_overlap: Vec<bool>,
    claim_holds: Vec<Option<Instant>>,
    released_kinds: Vec<&'a str>,
    released_names: Vec<&'a str>,
    released_owners: Vec<Uuid>,
    name_kinds: Vec<&'a str>,
    names: Vec<&'a str>,
    name_owners: Vec<Uuid>,
    made_keys: Vec<Uuid>,
    made_wrapped: Vec<&'a [u8]>,
    used_keys: Vec<Uuid>,
}

impl<'a> Parts<'a> {
    fn add(&mut self, append: &'a Append) -> Result<(), sqlx::Error> {
        let command = &append.command;
        self.callers.push(&command.caller);
        self.keys.push(&command.key);
        self.fingerprints.push(&command.fingerprint);
        self.answers.push(command.answer.to_string());
        self.versions.push(json(&versions(append))?);
        self.saw_catalogue
            .push(append.saw_catalogue.map(|position| position.0));
        self.moves_catalogue.push(append.moves_catalogue);
        self.guards.push(guards(append));
        for write in &append.streams {
            self.add_stream(append, write)?;
        }
        self.claims_meet.push(claims_meet(&append.claims));
        for set in &append.claims {
            self.add_claims(set)?;
        }
        for name in &append.released_names {
            self.released_kinds.push(name.kind);
            self.released_names.push(&name.name);
            self.released_owners.push(name.owner);
        }
        for name in &append.names {
            self.name_kinds.push(name.kind);
            self.names.push(&name.name);
            self.name_owners.push(name.owner);
        }
        for (key, wrapped) in &append.person_keys.made {
            self.made_keys.push(*key);
            self.made_wrapped.push(wrapped);
        }
        self.used_keys.extend(&append.person_keys.used);

        for end in [
            self.stream_ids.len(),
            self.event_ids.len(),
            self.owners.len(),
            self.claim_owners.len(),
            self.released_names.len(),
            self.names.len(),
            self.made_keys.len(),
            self.used_keys.len(),
        ] {
            self.bounds
                .push(i32::try_from(end).map_err(|_| protocol("the append is too large"))?);
        }
        Ok(())
    }

    fn add_stream(
        &mut self,
        append: &'a Append,
        write: &'a StreamWrite,
    ) -> Result<(), sqlx::Error> {
        let id = write.stream.id.to_string();
        let mut sequence = match write.expected {
            Expected::Version(version) => {
                self.stream_expected.push(Some(version.0));
                version.0
            }
            Expected::Exists => {
                self.stream_expected.push(None);
                0
            }
        };
        for event in &write.events {
            sequence += 1;
            self.event_kinds.push(&write.stream.kind);
            self.event_streams.push(id.clone());
            self.event_sequences.push(sequence);
            self.event_types.push(&event.event_type);
            self.event_versions.push(&event.event_version);
            self.event_payloads.push(event.payload.get());
            self.event_metadata.push(json(
                &append.command.metadata(append.business, event.event_id),
            )?);
            self.event_ids.push(event.event_id.0);
            self.event_occurred
                .push(event.occurred_at.map(|at| at.to_sqlx()));
        }
        self.stream_kinds.push(&write.stream.kind);
        self.stream_ids.push(id);
        Ok(())
    }

    fn add_claims(&mut self, set: &'a ClaimSet) -> Result<(), sqlx::Error> {
        self.owners.push(set.owner);
        for (ordinal, claim) in (0_i16..).zip(set.claims.iter().filter(|c| !c.during.is_empty())) {
            // The ledger sees the whole of what this owner does with the resource, gaps and all.
            let body = set
                .claims
                .iter()
                .filter(|other| other.resource == claim.resource && !other.during.is_empty())
                .fold(claim.body, |body, other| body.hull(&other.body));
            self.claim_owners.push(set.owner);
            self.claim_ordinals.push(ordinal);
            self.claim_resources.push(claim.resource);
            self.claim_capacities.push(
                i16::try_from(claim.capacity)
                    .map_err(|_| protocol("the capacity was not checked"))?,
            );
            self.claim_starts.push(claim.during.start.to_sqlx());
            self.claim_ends
                .push(claim.during.end.map(|end| end.to_sqlx()));
            self.claim_body_starts.push(body.start.to_sqlx());
            self.claim_body_ends
                .push(body.end.map(|end| end.max(body.start).to_sqlx()));
            self.claim_may_overlap.push(claim.overlaps);
            self.claim_holds
                .push(set.hold_until.map(|until| until.to_sqlx()));
        }
        Ok(())
    }
}

/// The versions of the streams that an append writes, once it has.
fn versions(append: &Append) -> Vec<(&StreamId, i64)> {
    append
        .streams
        .iter()
        .filter_map(|write| match write.expected {
            Expected::Version(version) => {
                let new = i64::try_from(write.events.len()).unwrap_or(i64::MAX);
                Some((&write.stream, version.0.saturating_add(new)))
            }
            Expected::Exists => None,
        })
        .collect()
}

/// Whether two claims of one append ask for the same resource at the same instant.
fn claims_meet(sets: &[ClaimSet]) -> bool {
    let mut claims: Vec<_> = sets
        .iter()
        .flat_map(|set| &set.claims)
        .filter(|claim| !claim.during.is_empty())
        .map(|claim| (claim.resource, claim.during))
        .collect();
    claims.sort_unstable();
    let mut furthest: Option<(Uuid, Span)> = None;
    for (resource, during) in claims {
        match &mut furthest {
            Some((other, reach)) if *other == resource => {
                if reach.meets(&during) {
                    return true;
                }
                *reach = during;
            }
            _ => furthest = Some((resource, during)),
        }
    }
    false
}

fn guards(append: &Append) -> Option<String> {
    if append.guards.is_empty() {
        return None;
    }
    let guards: Vec<Value> = append
        .guards
        .iter()
        .map(|guard| {
            let ranges: Vec<_> = guard
                .ranges
                .iter()
                .map(|range| (range.start, range.end.map(|end| end.max(range.start))))
                .collect();
            serde_json::json!({ "resources": guard.resources, "ranges": ranges })
        })
        .collect();
    Some(Value::from(guards).to_string())
}

fn read_outcome(append: &Append, row: &PgRow) -> Result<Outcome, sqlx::Error> {
    let outcome: &str = row.try_get("outcome")?;
    let (first, last) = (
        row.try_get("first_position")?,
        row.try_get("last_position")?,
    );
    let detail: Option<Json<Value>> = row.try_get("detail")?;
    let detail = detail.map_or(Value::Null, |Json(detail)| detail);
    if outcome == "appended" {
        return Ok(Ok(Appended {
            first: Position(first),
            last: Position(last),
            versions: versions(append)
                .into_iter()
                .map(|(stream, version)| (stream.clone(), Version(version)))
                .collect(),
            answer: append.command.answer.clone(),
            replayed: false,
            shown: Vec::new(),
        }));
    }
    if outcome == "replayed" {
        let (answer, versions): (Value, Vec<(StreamId, Version)>) =
            (part(&detail, "answer")?, part(&detail, "versions")?);
        return Ok(Ok(Appended {
            first: Position(first),
            last: Position(last),
            versions,
            answer,
            replayed: true,
            shown: Vec::new(),
        }));
    }
    read_refusal(append, outcome, &detail).map(Err)
}

fn read_refusal(append: &Append, outcome: &str, detail: &Value) -> Result<Refused, sqlx::Error> {
    Ok(match outcome {
        "moved_on" => {
            let write = nth(append.streams.iter(), detail, "stream")?;
            Refused::MovedOn {
                stream: write.stream.clone(),
                expected: match write.expected {
                    Expected::Version(version) => version,
                    Expected::Exists => Version::NEW,
                },
                actual: Some(part(detail, "actual")?),
            }
        }
        "no_such_stream" => Refused::NoSuchStream {
            stream: nth(append.streams.iter(), detail, "stream")?.stream.clone(),
        },
        "time_taken" => {
            let claims = append.claims.iter().flat_map(|set| {
                let claims = set.claims.iter().filter(|claim| !claim.during.is_empty());
                claims.map(|claim| (set.owner, claim))
            });
            let (owner, claim) = nth(claims, detail, "claim")?;
            Refused::TimeTaken {
                owner,
                resource: claim.resource,
                during: claim.during,
                by: part(detail, "by")?,
            }
        }
        "name_taken" => {
            let name = nth(append.names.iter(), detail, "name")?;
            Refused::NameTaken {
                kind: name.kind,
                name: name.name.clone(),
                by: Some(part(detail, "by")?),
            }
        }
        "key_reused" => Refused::KeyReused,
        "guarded" => Refused::Guarded {
            by: serde_json::from_value::<Vec<GuardHitRow>>(detail.clone())
                .map_err(|error| sqlx::Error::Decode(error.into()))?
                .into_iter()
                .map(Into::into)
                .collect(),
        },
        "catalogue_moved" => Refused::CatalogueMoved {
            now: part(detail, "now")?,
        },
        "person_key_gone" => Refused::PersonKeyGone {
            key: part(detail, "key")?,
        },
        "person_key_made" => Refused::PersonKeyMade {
            key: part(detail, "key")?,
        },
        _ => return Err(protocol("the append answered with a word of its own")),
    })
}

fn part<T: serde::de::DeserializeOwned>(detail: &Value, name: &str) -> Result<T, sqlx::Error> {
    serde_json::from_value(detail[name].clone()).map_err(|error| sqlx::Error::Decode(error.into()))
}

/// The database counts from one.
fn nth<T>(
    mut parts: impl Iterator<Item = T>,
    detail: &Value,
    name: &str,
) -> Result<T, sqlx::Error> {
    let at: usize = part(detail, name)?;
    parts
        .nth(at.saturating_sub(1))
        .ok_or_else(|| protocol("the append answered about a part that was not sent"))
}

fn json<T: serde::Serialize>(value: &T) -> Result<String, sqlx::Error> {
    serde_json::to_string(value).map_err(|error| sqlx::Error::Encode(error.into()))
}

fn protocol(message: &str) -> sqlx::Error {
    sqlx::Error::Protocol(message.to_owned())
}
