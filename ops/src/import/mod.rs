//! What was kept elsewhere, brought into the ledger.

pub(crate) mod history;
