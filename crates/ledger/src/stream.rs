//! One thing's history, folded: read through postgres-es's repository, as its framework would.

use cqrs_es::Aggregate;
use cqrs_es::persist::{PersistedEventRepository as _, PersistenceError, SerializedEvent};
use postgres_es::PostgresEventRepository;
use serde_json::Value;
use uuid::Uuid;

use crate::event::COLUMNS;
use crate::{BusinessId, Ledger, ReadError, Recorded, StreamId, Version};

/// A thing as its history makes it.
#[derive(Clone, Debug)]
pub struct Loaded<A> {
    /// Its state; the default where it does not exist.
    pub state: A,
    /// The version of its stream; [`Version::NEW`] where it does not exist.
    pub version: Version,
}

/// Why a stream could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The database did not answer, or not with events.
    #[error("the stream could not be read")]
    Store(#[from] PersistenceError),
    /// An event is not one that this program knows.
    #[error(
        "version {version} of {stream}, a {event_type} {event_version}, could not be understood"
    )]
    Unknown {
        /// Which stream.
        stream: StreamId,
        /// Which of its events.
        version: Version,
        /// What it says it is.
        event_type: String,
        /// In which format.
        event_version: String,
        /// What was wrong with it.
        #[source]
        error: serde_json::Error,
    },
}

impl Ledger {
    /// Loads and folds a stream. One of another business is as if it did not exist.
    ///
    /// # Errors
    /// When the database does not answer or an event cannot be understood.
    pub async fn load<A: Aggregate>(
        &self,
        business: BusinessId,
        id: Uuid,
    ) -> Result<Loaded<A>, LoadError> {
        fold(id, self.serialized::<A>(business, id).await?)
    }

    /// The events of a stream as postgres-es reads them, upcast, in order: for those who open sealed payloads
    /// before they fold. A stream of another business is as if it did not exist.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn serialized<A: Aggregate>(
        &self,
        business: BusinessId,
        id: Uuid,
    ) -> Result<Vec<SerializedEvent>, PersistenceError> {
        let ours = Value::from(business.to_string());
        let events = PostgresEventRepository::new(self.pool().clone())
            .get_events::<A>(&id.to_string())
            .await?;
        let events = events
            .into_iter()
            .filter(|event| event.metadata["business_id"] == ours);
        Ok(self.current(events))
    }

    /// These events in the formats of today.
    pub(crate) fn current(
        &self,
        events: impl IntoIterator<Item = SerializedEvent>,
    ) -> Vec<SerializedEvent> {
        let mut events: Vec<_> = events.into_iter().collect();
        for upcaster in self.upcasters() {
            events = events
                .into_iter()
                .map(|event| {
                    if upcaster.can_upcast(&event.event_type, &event.event_version) {
                        upcaster.upcast(event)
                    } else {
                        event
                    }
                })
                .collect();
        }
        events
    }

    /// A stream's events with their envelopes, in order. None: it does not exist in this business.
    ///
    /// # Errors
    /// When the database does not answer or an upcaster fails.
    pub async fn events_of(
        &self,
        business: BusinessId,
        stream: &StreamId,
    ) -> Result<Vec<Recorded>, ReadError> {
        let rows: Vec<Recorded> = sqlx::query_as(&format!(
            "select {COLUMNS} from events
             where aggregate_id = $1 and aggregate_type = $2 and business_id = $3
             order by sequence"
        ))
        .bind(stream.id.to_string())
        .bind(&*stream.kind)
        .bind(business.0)
        .fetch_all(self.pool())
        .await?;
        self.up_to_date(rows)
    }
}

/// A thing as its events, in their order, make it.
pub(crate) fn fold<A: Aggregate>(
    id: Uuid,
    events: Vec<SerializedEvent>,
) -> Result<Loaded<A>, LoadError> {
    let mut state = A::default();
    let mut version = Version::NEW;
    for event in events {
        version = version_of(&event);
        let payload = event.payload;
        state.apply(
            serde_json::from_value(payload).map_err(|error| LoadError::Unknown {
                stream: StreamId::new(A::TYPE, id),
                version,
                event_type: event.event_type,
                event_version: event.event_version,
                error,
            })?,
        );
    }
    Ok(Loaded { state, version })
}

fn version_of(event: &SerializedEvent) -> Version {
    // The table's check keeps it positive, its type within i64.
    Version(i64::try_from(event.sequence).unwrap_or(i64::MAX))
}
