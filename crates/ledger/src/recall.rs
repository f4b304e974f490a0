//! What became of a command, by its key.

use serde_json::Value;
use sqlx::types::Json;

use crate::{Appended, BusinessId, Ledger, Position, ReadError, StreamId, Version};

/// An accepted command, remembered by its key for thirty days.
#[derive(Clone, Debug, PartialEq)]
pub struct Recalled {
    /// The keyed hash of what was asked.
    pub fingerprint: Vec<u8>,
    /// What became of it.
    pub appended: Appended,
}

impl Ledger {
    /// What became of the command with this key of this caller: for those who are about to answer a refusal of
    /// their own, which a repeated command must not hear.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn recall(
        &self,
        business: BusinessId,
        caller: &str,
        key: &str,
    ) -> Result<Option<Recalled>, ReadError> {
        type Row = (
            Vec<u8>,
            Json<Value>,
            Json<Vec<(StreamId, Version)>>,
            i64,
            i64,
        );
        let row: Option<Row> = sqlx::query_as(
            "select fingerprint, answer, versions, first_position, last_position
             from command_key
             where business_id = $1 and caller = $2 and key = $3",
        )
        .bind(business.0)
        .bind(caller)
        .bind(key)
        .fetch_optional(self.pool())
        .await?;
        Ok(row.map(
            |(fingerprint, Json(answer), Json(versions), first, last)| Recalled {
                fingerprint,
                appended: Appended {
                    first: Position(first),
                    last: Position(last),
                    versions,
                    answer,
                    replayed: true,
                    shown: Vec::new(),
                },
            },
        ))
    }
}
