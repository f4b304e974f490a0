//! The way of a file from who writes it to who downloads it: a few pieces at a time, so that it is written no faster
//! than it is taken.

use std::{future::Future, io, time::Duration};

use axum::body::{Body, Bytes};
use futures::{StreamExt as _, stream};
use tokio::{
    runtime::Handle,
    sync::mpsc::{self, Sender},
    time::timeout,
};
use tracing::Instrument as _;

use crate::problem::Problem;

/// So many pieces wait to be taken.
const PIECES: usize = 4;
/// How long an answer waits for its file to begin; a file that takes longer begins later than its answer. Less than
/// proxies commonly wait.
const BEGINS_WITHIN: Duration = Duration::from_secs(20);
/// Who takes no piece for so long is taken for gone: what is being read for them is let go.
const TAKEN_WITHIN: Duration = Duration::from_secs(60);
/// How much a spreadsheet is written at a time.
const PIECE: usize = 64 << 10;

/// What comes along the way.
enum Piece {
    Bytes(Bytes),
    /// That was all of it. Nothing else makes a file whole.
    End,
    Broken(Problem),
}

/// Where a file is written to.
#[derive(Clone)]
pub(super) struct Outflow {
    pieces: Sender<Piece>,
}

impl Outflow {
    /// Hands on some bytes, as soon as there is room for them.
    pub(super) async fn send(&self, bytes: Vec<u8>) -> Result<(), Problem> {
        if bytes.is_empty() {
            return Ok(());
        }
        let sent = self.pieces.send(Piece::Bytes(bytes.into()));
        match timeout(TAKEN_WITHIN, sent).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(Problem::internal("whoever downloads it is gone")),
            Err(late) => Err(Problem::internal(late)),
        }
    }

    /// To be written to from a thread that may wait.
    pub(super) fn on_a_thread(self) -> Thread {
        Thread {
            out: self,
            gathered: Vec::with_capacity(PIECE),
        }
    }
}

/// An [`Outflow`] as a writer. To be used where the runtime can be waited for, not in it.
pub(super) struct Thread {
    out: Outflow,
    gathered: Vec<u8>,
}

impl io::Write for Thread {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.gathered.extend_from_slice(bytes);
        if self.gathered.len() >= PIECE {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let gathered = std::mem::replace(&mut self.gathered, Vec::with_capacity(PIECE));
        Handle::current()
            .block_on(self.out.send(gathered))
            .map_err(io::Error::other)
    }
}

/// The body of an answer that `write` writes. What goes wrong before the first piece is the error; later, and where
/// `write` just ends, the body ends in one, and with it the connection: a client sees that it has not got all.
pub(super) async fn body<Writing>(
    name: &'static str,
    write: impl FnOnce(Outflow) -> Writing,
) -> Result<Body, Problem>
where
    Writing: Future<Output = Result<(), Problem>> + Send + 'static,
{
    let (pieces, mut taken) = mpsc::channel(PIECES);
    let writing = write(Outflow {
        pieces: pieces.clone(),
    });
    let writing = async move {
        // Who hangs up ends what is being done for them, wherever it stands.
        let last = tokio::select! {
            written = writing => written.map_or_else(Piece::Broken, |()| Piece::End),
            () = pieces.closed() => return,
        };
        if let Piece::Broken(problem) = &last {
            tracing::warn!(file = name, error = %problem, "a file could not be finished");
        }
        // Nobody listens any more: nobody need be told.
        let _ = timeout(TAKEN_WITHIN, pieces.send(last)).await;
    };
    tokio::spawn(writing.in_current_span());
    let first = match timeout(BEGINS_WITHIN, taken.recv()).await {
        Ok(Some(Piece::Broken(problem))) => return Err(problem),
        Ok(None) => return Err(unfinished()),
        Ok(first) => first,
        Err(_late) => None,
    };
    let bytes = stream::unfold(Some((first, taken)), |way| async move {
        let (first, mut taken) = way?;
        let piece = match first {
            Some(first) => Some(first),
            None => taken.recv().await,
        };
        match piece {
            Some(Piece::Bytes(bytes)) => Some((Ok(bytes), Some((None, taken)))),
            Some(Piece::End) => None,
            Some(Piece::Broken(problem)) => Some((Err(problem), None)),
            None => Some((Err(unfinished()), None)),
        }
    });
    // Who compresses it asks once more when it is over.
    Ok(Body::from_stream(bytes.fuse()))
}

/// Its writer was lost.
fn unfinished() -> Problem {
    Problem::internal("a file was left unfinished")
}
