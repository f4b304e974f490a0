//! What a handler leaves unread of a body is read out before its answer goes back.
//!
//! Who is not known, or asks for what is not there, is answered before the body has come. Left alone, the connection
//! would be closed then: under a sender who is still writing, who never hears the answer, or under the next request.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::{
    Error,
    body::{Body, BodyDataStream, Bytes, HttpBody as _},
    extract::Request,
    http::header::EXPECT,
    middleware::Next,
    response::Response,
};
use futures::{Stream, StreamExt as _};
use tokio::{sync::oneshot, time::timeout};

/// How much is read and thrown away at most.
const MOST: usize = 32 << 20;
/// For how long.
const PATIENCE: Duration = Duration::from_secs(30);

/// The layer.
pub(crate) async fn read_out(request: Request, next: Next) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    let waits = request.headers().contains_key(EXPECT);
    let (back, mut rest) = oneshot::channel();
    let request = request.map(|body| {
        Body::from_stream(Lent {
            arriving: Some(body.into_data_stream()),
            begun: false,
            back: Some(back),
        })
    });
    let response = next.run(request).await;
    if let Ok((arriving, begun)) = rest.try_recv()
        // Who waits to be told to go on is not told to.
        && (begun || !waits)
    {
        drain(arriving).await;
    }
    response
}

async fn drain(mut arriving: BodyDataStream) {
    let draining = async {
        let mut drained = 0;
        while let Some(Ok(chunk)) = arriving.next().await {
            drained += chunk.len();
            if drained > MOST {
                break;
            }
        }
    };
    if timeout(PATIENCE, draining).await.is_err() {
        tracing::debug!("a body that nobody reads did not end");
    }
}

/// A body that comes back, unless it was read to its end.
struct Lent {
    arriving: Option<BodyDataStream>,
    begun: bool,
    back: Option<oneshot::Sender<(BodyDataStream, bool)>>,
}

impl Stream for Lent {
    type Item = Result<Bytes, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.begun = true;
        let Some(arriving) = &mut self.arriving else {
            return Poll::Ready(None);
        };
        let next = ready!(arriving.poll_next_unpin(context));
        if !matches!(next, Some(Ok(_))) {
            self.arriving = None;
        }
        Poll::Ready(next)
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let (Some(arriving), Some(back)) = (self.arriving.take(), self.back.take()) {
            // Nobody waits for it any more: then the connection is gone.
            drop(back.send((arriving, self.begun)));
        }
    }
}
