//! The append-only event ledger on postgres-es's table: append, claims, names, reading by position, checkpoints.
