//! The way of a command: a request becomes a [`Call`], a handler decides, the ledger appends, an [`Answer`] goes back.
//!
//! 1. [`Call`] (an extractor) knows who calls, reads the body strictly, and keeps what belongs to the command: its
//!    `Idempotency-Key`, `If-Match`, fingerprint and correlation id.
//! 2. [`App::send`] does one command on one stream: load, open, decide, seal, append, and all of it again when
//!    something moved on meanwhile. [`App::execute`] is the same for handlers that write several streams, take time
//!    or names: they make a [`Decision`] themselves.
//! 3. What comes back is [`Done`]: positions and versions, of this append or of the one that the same
//!    `Idempotency-Key` made before. The answer is rendered from the streams at those versions ([`View`]), the first
//!    time, on a replay, and for `GET` alike.

mod absent;
mod answer;
mod call;
mod decision;
mod form;
mod kind;
mod send;
mod strict;

pub use self::{
    answer::{Answer, View},
    call::{Ask, At, Call, Envelope, Nothing, RawCall},
    decision::{Decision, Outcome},
    kind::Kind,
    send::{Asked, Deciding, Done, Loaded, Target},
};
pub(crate) use self::{
    call::{read_body, wants},
    form::file_of,
};
