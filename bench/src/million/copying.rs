//! Rows as PostgreSQL's binary COPY takes them.

use jiff::Timestamp;
use uuid::Uuid;

const SIGNATURE: &[u8] = b"PGCOPY\n\xff\r\n\0";
/// PostgreSQL counts microseconds from 2000-01-01T00:00:00Z.
const EPOCH: i64 = 946_684_800_000_000;

/// Rows on their way, all of one shape.
pub(super) struct Rows {
    bytes: Vec<u8>,
    fields: i16,
}

impl Rows {
    pub(super) fn of(fields: i16) -> Self {
        let mut bytes = SIGNATURE.to_vec();
        // No flags, no extension of the header.
        bytes.extend_from_slice(&[0; 8]);
        Self { bytes, fields }
    }

    /// Begins the next row; its fields follow in their order.
    pub(super) fn row(&mut self) -> &mut Self {
        self.bytes.extend_from_slice(&self.fields.to_be_bytes());
        self
    }

    pub(super) fn text(&mut self, text: &str) -> &mut Self {
        self.field(text.as_bytes())
    }

    pub(super) fn uuid(&mut self, id: Uuid) -> &mut Self {
        self.field(id.as_bytes())
    }

    pub(super) fn number(&mut self, number: i64) -> &mut Self {
        self.field(&number.to_be_bytes())
    }

    pub(super) fn instant(&mut self, at: Timestamp) -> &mut Self {
        self.number(at.as_microsecond() - EPOCH)
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.field(bytes)
    }

    fn field(&mut self, bytes: &[u8]) -> &mut Self {
        // No field of ours comes near two gigabytes.
        let length = i32::try_from(bytes.len()).unwrap_or(i32::MAX);
        self.bytes.extend_from_slice(&length.to_be_bytes());
        self.bytes.extend_from_slice(bytes);
        self
    }

    /// All of it, with its end mark.
    pub(super) fn finish(mut self) -> Vec<u8> {
        self.bytes.extend_from_slice(&(-1_i16).to_be_bytes());
        self.bytes
    }
}
