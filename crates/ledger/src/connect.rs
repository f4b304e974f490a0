//! How the service's connections are set up.

use sqlx::postgres::PgConnectOptions;

/// The role that the service works as: it may add events, never change them.
const ROLE: &str = "daybook_service";

/// Connections of the service: with its role and nothing more, with idle transactions timed out (an open one
/// holds back the clean-up of every table), and a dead peer noticed.
pub fn connect_options(options: PgConnectOptions) -> PgConnectOptions {
    options.options([
        ("role", ROLE),
        ("idle_in_transaction_session_timeout", "10s"),
        ("client_connection_check_interval", "2s"),
        ("tcp_keepalives_idle", "30"),
        ("jit", "off"), // short statements; compiling one costs more than running it
        ("timezone", "UTC"),
    ])
}
