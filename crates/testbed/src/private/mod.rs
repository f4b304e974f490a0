//! Servers that belong to one folder and to whoever has joined them (docs/adr/0004).
//!
//! Beside a server's data lies a *run folder* with a named pipe, the `door`, which everyone who uses the server holds
//! open for writing. A small shell script, the *keeper*, reads the other end. The kernel closes a dead process's end of
//! a pipe however the process died, so when the keeper reads the end of the file, nobody is left, and it stops the
//! server. Nothing is polled, and no process has to live to the end for the server to be stopped.

mod account;
mod binaries;
mod keeper;
mod nats;
mod postgres;
mod run_dir;
mod settings;

pub use account::AccountError;
pub use binaries::{Binaries, BinariesError};
pub use keeper::KeeperError;
pub use nats::{Nats, NatsError};
pub use postgres::{Postgres, PostgresError};
pub use run_dir::RunDirError;
pub use settings::{Durability, Settings};

pub(crate) use postgres::quoted;

/// What all who share a throw-away server have to agree on.
pub(crate) const WAY_OF_THROWN_AWAY: &str = concat!(
    include_str!("keeper.sh"),
    include_str!("postgres-thrown-away.conf")
);

/// Makes a folder of ours under a name that others could have taken first, in a place that is open to all.
pub(crate) fn own_dir(path: &std::path::Path) -> Result<(), RunDirError> {
    // Others may look, and the user who runs the server for root has to pass through.
    run_dir::private_dir(path, 0o755, &account::Account::own())
}
