//! Personal data under one key per person: seals values on their way into the ledger and opens them on their way out.
