//! Being told to stop: SIGTERM, or Ctrl-C.

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::failure::Remedy;

/// Listens from now on; no signal between here and the first wait is lost.
#[derive(Debug)]
pub(crate) struct Interrupts {
    terminate: Signal,
    interrupt: Signal,
}

impl Interrupts {
    pub(crate) fn listen() -> anyhow::Result<Self> {
        let listen = |kind| {
            signal(kind).remedy(
                "signals cannot be listened to",
                "see the limits of this process",
            )
        };
        Ok(Self {
            terminate: listen(SignalKind::terminate())?,
            interrupt: listen(SignalKind::interrupt())?,
        })
    }

    /// Waits for the next one, and names it. Safe to cancel.
    pub(crate) async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}
