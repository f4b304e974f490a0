//! Reading whole ledgers fast, by binary COPY: for rebuilding read models.

use std::collections::VecDeque;

use futures::StreamExt as _;
use futures::stream::BoxStream;
use jiff::Timestamp;
use serde_json::value::RawValue;
use sqlx::postgres::{PgPoolCopyExt as _, PgPoolOptions};
use uuid::Uuid;

use crate::event::COLUMNS;
use crate::read::{ReadError, Start};
use crate::{BusinessId, EventId, Ledger, Position, Recorded, StreamId, Version};

/// Events handed over at a time.
const BATCH: usize = 2_000;
const SIGNATURE: &[u8] = b"PGCOPY\n\xff\r\n\0";
/// Signature, flags, length of the header's extension.
const HEADER: usize = SIGNATURE.len() + 8;
const FIELDS: i16 = 12;
/// Events come in the order of their index, in which they lie as well.
const BY_INDEX: [(&str, &str); 3] = [
    ("enable_seqscan", "off"),
    ("enable_bitmapscan", "off"),
    ("enable_sort", "off"),
];
/// PostgreSQL counts from 2000-01-01T00:00:00Z.
const EPOCH_SECONDS: i64 = 946_684_800;

impl Ledger {
    /// All events of all businesses, or of these after these positions, as one snapshot: business after business, each
    /// in the order of its positions. Has a connection of its own, beside the pool's, until it is read to its end or dropped.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn read_all(&self, starts: Option<&[Start]>) -> Result<BulkRead, ReadError> {
        // COPY takes no parameters; ids and numbers need no quoting beyond their own form.
        let wanted = match starts {
            None => format!("select {COLUMNS} from events order by business_id, position"),
            Some([]) => format!("select {COLUMNS} from events where false"),
            // A look into the index for each business, whatever the planner thinks of how many events follow. Its rows
            // come in order; how businesses follow each other does not matter.
            Some(starts) => {
                let starts: Vec<String> = starts
                    .iter()
                    .map(|start| format!("('{}'::uuid, {}::bigint)", start.business, start.after))
                    .collect();
                format!(
                    "select e.* from (values {}) as s (business, after)
                      cross join lateral (
                          select {COLUMNS} from events
                           where business_id = s.business and position > s.after
                           order by position) e",
                    starts.join(", ")
                )
            }
        };
        // A connection of its own, on which nothing is sorted: millions of rows would be, on disk.
        let options = self.pool().connect_options().as_ref().clone();
        let alone = PgPoolOptions::new()
            .max_connections(1)
            .connect_lazy_with(options.options(BY_INDEX));
        let bytes = alone
            .copy_out_raw(&format!("copy ({wanted}) to stdout (format binary)"))
            .await?;
        Ok(BulkRead {
            ledger: self.clone(),
            bytes: bytes.map(|chunk| chunk.map(|chunk| chunk.to_vec())).boxed(),
            buffer: Vec::new(),
            begun: false,
            ended: false,
            ready: VecDeque::new(),
        })
    }
}

/// A bulk read under way.
pub struct BulkRead {
    ledger: Ledger,
    bytes: BoxStream<'static, Result<Vec<u8>, sqlx::Error>>,
    buffer: Vec<u8>,
    begun: bool,
    ended: bool,
    ready: VecDeque<Recorded>,
}

impl BulkRead {
    /// The next events, a few thousand at a time; none at the end.
    ///
    /// # Errors
    /// When the connection is lost or an upcaster fails. A read that was cut never looks like its end.
    pub async fn next(&mut self) -> Result<Option<Vec<Recorded>>, ReadError> {
        while !self.ended && self.ready.len() < BATCH {
            match self.bytes.next().await {
                Some(chunk) => self.take_in(&chunk?)?,
                None => return Err(ReadError::Garbled("it ended before its end mark")),
            }
        }
        if self.ready.is_empty() {
            // Reading on to the stream's own end gives the connection back in order.
            while let Some(rest) = self.bytes.next().await {
                rest?;
            }
            return Ok(None);
        }
        let batch = self.ready.drain(..BATCH.min(self.ready.len())).collect();
        self.ledger.up_to_date(batch).map(Some)
    }

    fn take_in(&mut self, chunk: &[u8]) -> Result<(), ReadError> {
        self.buffer.extend_from_slice(chunk);
        let mut read = 0;
        if !self.begun {
            if self.buffer.len() < HEADER {
                return Ok(());
            }
            if !self.buffer.starts_with(SIGNATURE) {
                return Err(ReadError::Garbled("it does not begin like one"));
            }
            self.begun = true;
            read = HEADER;
        }
        while !self.ended {
            match tuple(&self.buffer[read..])? {
                Tuple::Event(event, length) => {
                    self.ready.push_back(*event);
                    read += length;
                }
                Tuple::End => self.ended = true,
                Tuple::Partial => break,
            }
        }
        self.buffer.drain(..read);
        Ok(())
    }
}

enum Tuple {
    Event(Box<Recorded>, usize),
    End,
    Partial,
}

/// The first tuple of these bytes.
fn tuple(bytes: &[u8]) -> Result<Tuple, ReadError> {
    let mut fields = Fields { bytes, at: 0 };
    match fields.number::<2>().map(i16::from_be_bytes) {
        None => return Ok(Tuple::Partial),
        Some(-1) => return Ok(Tuple::End),
        Some(FIELDS) => {}
        Some(_) => return Err(ReadError::Garbled("a row of another shape")),
    }
    let mut values = [None; FIELDS as usize];
    for value in &mut values {
        match fields.field()? {
            Some(field) => *value = field,
            None => return Ok(Tuple::Partial),
        }
    }
    let [
        kind,
        id,
        version,
        event_type,
        event_version,
        payload,
        metadata,
        business,
        position,
        event_id,
        recorded,
        occurred,
    ] = values;
    let event = Recorded {
        business: BusinessId(uuid(business)?),
        position: Position(number(position)?),
        event_id: EventId(uuid(event_id)?),
        stream: StreamId::new(
            text(kind)?.to_owned(),
            Uuid::try_parse(text(id)?).map_err(|_| ReadError::Garbled("a stream id"))?,
        ),
        version: Version(number(version)?),
        event_type: text(event_type)?.to_owned(),
        event_version: text(event_version)?.to_owned(),
        payload: RawValue::from_string(text(payload)?.to_owned())
            .map_err(|_| ReadError::Garbled("a payload"))?,
        metadata: serde_json::from_str(text(metadata)?)
            .map_err(|_| ReadError::Garbled("metadata"))?,
        recorded_at: instant(recorded)?,
        occurred_at: occurred.map(|at| instant(Some(at))).transpose()?,
    };
    Ok(Tuple::Event(Box::new(event), fields.at))
}

struct Fields<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Fields<'a> {
    fn number<const N: usize>(&mut self) -> Option<[u8; N]> {
        let number = self.bytes.get(self.at..)?.first_chunk::<N>()?;
        self.at += N;
        Some(*number)
    }

    /// None: not all here yet. `Some(None)`: null.
    fn field(&mut self) -> Result<Option<Option<&'a [u8]>>, ReadError> {
        let Some(length) = self.number::<4>().map(i32::from_be_bytes) else {
            return Ok(None);
        };
        if length == -1 {
            return Ok(Some(None));
        }
        let length = usize::try_from(length).map_err(|_| ReadError::Garbled("a field's length"))?;
        let Some(field) = self.bytes.get(self.at..self.at + length) else {
            return Ok(None);
        };
        self.at += length;
        Ok(Some(Some(field)))
    }
}

fn text(field: Option<&[u8]>) -> Result<&str, ReadError> {
    field
        .and_then(|bytes| str::from_utf8(bytes).ok())
        .ok_or(ReadError::Garbled("a text"))
}

fn uuid(field: Option<&[u8]>) -> Result<Uuid, ReadError> {
    field
        .and_then(|bytes| Uuid::from_slice(bytes).ok())
        .ok_or(ReadError::Garbled("an id"))
}

fn number(field: Option<&[u8]>) -> Result<i64, ReadError> {
    field
        .and_then(|bytes| bytes.try_into().ok())
        .map(i64::from_be_bytes)
        .ok_or(ReadError::Garbled("a number"))
}

fn instant(field: Option<&[u8]>) -> Result<Timestamp, ReadError> {
    let since_epoch = number(field)?;
    since_epoch
        .checked_add(EPOCH_SECONDS * 1_000_000)
        .and_then(|micros| Timestamp::from_microsecond(micros).ok())
        .ok_or(ReadError::Garbled("an instant"))
}
