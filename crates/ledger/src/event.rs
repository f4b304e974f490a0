//! An event as it was recorded, with its envelope.

use cqrs_es::persist::{EventUpcaster, SerializedEvent};
use jiff::Timestamp;
use serde_json::Value;
use serde_json::value::RawValue;
use sqlx::postgres::PgRow;
use sqlx::types::Json;
use sqlx::{FromRow, Row as _};
use uuid::Uuid;

use crate::{BusinessId, EventId, Metadata, Position, ReadError, StreamId, Version};

/// One event of a ledger.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// Whose ledger.
    pub business: BusinessId,
    /// Its place in that ledger.
    pub position: Position,
    /// Its own id.
    pub event_id: EventId,
    /// The stream it was written to.
    pub stream: StreamId,
    /// Its place in that stream.
    pub version: Version,
    /// Its name.
    pub event_type: String,
    /// The version of its payload's format, after upcasting.
    pub event_version: String,
    /// The event: the bytes as they were written, unless an upcaster brought them up to date.
    pub payload: Box<RawValue>,
    /// Who, through which door, on whose command.
    pub metadata: Metadata,
    /// When it was recorded; never runs backwards within a ledger.
    pub recorded_at: Timestamp,
    /// When it happened, where that was earlier.
    pub occurred_at: Option<Timestamp>,
}

/// The columns that [`Recorded`] is read from, for any `select` on `events`.
pub(crate) const COLUMNS: &str = "aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata, \
     business_id, position, event_id, recorded_at, occurred_at";

impl FromRow<'_, PgRow> for Recorded {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        let id: &str = row.try_get(1)?;
        let Json(payload) = row.try_get::<Json<Box<RawValue>>, _>(5)?;
        let Json(metadata) = row.try_get(6)?;
        Ok(Self {
            stream: StreamId::new(
                row.try_get::<String, _>(0)?,
                id.parse::<Uuid>()
                    .map_err(|error| sqlx::Error::Decode(error.into()))?,
            ),
            version: Version(row.try_get(2)?),
            event_type: row.try_get(3)?,
            event_version: row.try_get(4)?,
            payload,
            metadata,
            business: BusinessId(row.try_get(7)?),
            position: Position(row.try_get(8)?),
            event_id: EventId(row.try_get(9)?),
            recorded_at: row.try_get::<jiff_sqlx::Timestamp, _>(10)?.to_jiff(),
            occurred_at: row
                .try_get::<Option<jiff_sqlx::Timestamp>, _>(11)?
                .map(jiff_sqlx::Timestamp::to_jiff),
        })
    }
}

impl Recorded {
    /// Brings an old format up to date. An event that no upcaster claims keeps its bytes.
    pub(crate) fn upcast(
        mut self,
        upcasters: &[Box<dyn EventUpcaster>],
    ) -> Result<Self, ReadError> {
        for upcaster in upcasters {
            if !upcaster.can_upcast(&self.event_type, &self.event_version) {
                continue;
            }
            let broken = |error| ReadError::Upcast {
                position: self.position,
                error,
            };
            let payload: Value = serde_json::from_str(self.payload.get()).map_err(broken)?;
            let new = upcaster.upcast(SerializedEvent::new(
                self.stream.id.to_string(),
                usize::try_from(self.version.0).unwrap_or_default(),
                self.stream.kind.to_string(),
                self.event_type.clone(),
                self.event_version.clone(),
                payload,
                serde_json::to_value(&self.metadata).map_err(broken)?,
            ));
            self.payload = serde_json::value::to_raw_value(&new.payload).map_err(broken)?;
            self.event_type = new.event_type;
            self.event_version = new.event_version;
        }
        Ok(self)
    }
}
