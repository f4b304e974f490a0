//! Requests over connections that are kept open, as many at a time as there are clients, and what they took.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use futures::future::try_join_all;
use http_body_util::{BodyExt as _, Full};
use hyper::{
    Method, Request, Response, StatusCode,
    body::{Bytes, Incoming},
    client::conn::http1::{SendRequest, handshake},
    header::{AUTHORIZATION, CONTENT_TYPE, HOST},
};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

/// One request to be made.
pub(crate) struct Shot {
    pub(crate) method: Method,
    pub(crate) path: String,
    /// The API key.
    pub(crate) key: String,
    pub(crate) body: String,
    /// Anything else ends the benchmark: what is refused is not fast, it is wrong.
    pub(crate) wanted: StatusCode,
}

/// What a client's requests took.
#[derive(Debug, Default)]
pub(crate) struct Took {
    pub(crate) each: Vec<Duration>,
    pub(crate) whole: Duration,
}

impl Took {
    pub(crate) fn per_second(&self) -> f64 {
        count(self.each.len()) / self.whole.as_secs_f64().max(f64::EPSILON)
    }

    /// In milliseconds; `share` in hundredths.
    pub(crate) fn percentile(&self, share: usize) -> Option<f64> {
        let mut sorted = self.each.clone();
        sorted.sort_unstable();
        let at = (sorted.len() * share / 100).min(sorted.len().saturating_sub(1));
        Some(sorted.get(at)?.as_secs_f64() * 1e3)
    }
}

/// A count as a figure.
pub(crate) fn count(number: usize) -> f64 {
    u32::try_from(number).map_or(f64::INFINITY, f64::from)
}

/// A connection.
pub(crate) struct Line {
    sender: SendRequest<Full<Bytes>>,
    host: String,
}

impl Line {
    /// `address`: host and port.
    pub(crate) async fn open(address: &str) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        // Ends with the sender; what went wrong is told by the request.
        tokio::spawn(connection);
        Ok(Self {
            sender,
            host: address.to_owned(),
        })
    }

    pub(crate) async fn send(&mut self, shot: Shot) -> anyhow::Result<Bytes> {
        let (method, path, wanted) = (shot.method.clone(), shot.path.clone(), shot.wanted);
        let (status, body) = self.answer(shot).await?;
        if status != wanted {
            let said = String::from_utf8_lossy(&body);
            bail!("{method} {path}: {status}: {said}");
        }
        Ok(body)
    }

    /// What is answered, whatever it is.
    pub(crate) async fn answer(&mut self, shot: Shot) -> anyhow::Result<(StatusCode, Bytes)> {
        let answer = self.ask_for(shot).await?;
        let status = answer.status();
        Ok((status, answer.into_body().collect().await?.to_bytes()))
    }

    /// How long an answer is, which is kept nowhere: bytes, and ends of lines among them.
    pub(crate) async fn measure(&mut self, shot: Shot) -> anyhow::Result<(usize, usize)> {
        let (path, wanted) = (shot.path.clone(), shot.wanted);
        let answer = self.ask_for(shot).await?;
        let status = answer.status();
        if status != wanted {
            bail!("{path}: {status}");
        }
        let mut body = answer.into_body();
        let (mut bytes, mut lines) = (0, 0);
        while let Some(frame) = body.frame().await {
            if let Ok(data) = frame?.into_data() {
                bytes += data.len();
                lines += data.iter().filter(|byte| **byte == b'\n').count();
            }
        }
        Ok((bytes, lines))
    }

    async fn ask_for(&mut self, shot: Shot) -> anyhow::Result<Response<Incoming>> {
        let request = Request::builder()
            .method(&shot.method)
            .uri(&shot.path)
            .header(HOST, &self.host)
            .header(AUTHORIZATION, format!("Bearer {}", shot.key))
            .header(CONTENT_TYPE, "application/json")
            .body(Full::from(shot.body))?;
        self.sender.ready().await?;
        Ok(self.sender.send_request(request).await?)
    }

    pub(crate) async fn ask(&mut self, shot: Shot) -> anyhow::Result<Value> {
        let body = self.send(shot).await?;
        serde_json::from_slice(&body).context("an answer that is no JSON")
    }
}

/// So many clients ask one after another, each for itself, for so long.
pub(crate) async fn load(
    address: &str,
    clients: usize,
    length: Duration,
    shot: impl Fn() -> anyhow::Result<Shot> + Sync,
) -> anyhow::Result<Took> {
    let lines = try_join_all((0..clients).map(|_| Line::open(address))).await?;
    let over = AtomicBool::new(false);
    let begun = Instant::now();
    let (shot, over) = (&shot, &over);
    let clients = lines.into_iter().map(|mut line| async move {
        let mut each = Vec::new();
        while !over.load(Ordering::Relaxed) {
            let begun = Instant::now();
            line.send(shot()?).await?;
            each.push(begun.elapsed());
        }
        anyhow::Ok(each)
    });
    let clock = async {
        tokio::time::sleep(length).await;
        over.store(true, Ordering::Relaxed);
        anyhow::Ok(())
    };
    let (each, ()) = tokio::try_join!(try_join_all(clients), clock)?;
    Ok(Took {
        whole: begun.elapsed(),
        each: each.into_iter().flatten().collect(),
    })
}

/// Does all of these, some at a time: for setting a scene.
pub(crate) async fn all(address: &str, shots: Vec<Shot>) -> anyhow::Result<()> {
    const AT_A_TIME: usize = 16;
    let mut hands: Vec<Vec<Shot>> = (0..AT_A_TIME).map(|_| Vec::new()).collect();
    for (number, shot) in shots.into_iter().enumerate() {
        if let Some(hand) = hands.get_mut(number % AT_A_TIME) {
            hand.push(shot);
        }
    }
    let hands = hands.into_iter().map(|shots| async move {
        let mut line = Line::open(address).await?;
        for shot in shots {
            line.send(shot).await?;
        }
        anyhow::Ok(())
    });
    try_join_all(hands).await.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_what_was_taken() {
        let took = Took {
            each: (1..=200).rev().map(Duration::from_millis).collect(),
            whole: Duration::from_secs(2),
        };
        assert_eq!(took.percentile(50).map(f64::round), Some(101.0));
        assert_eq!(took.percentile(99).map(f64::round), Some(199.0));
        assert!((took.per_second() - 100.0).abs() < 1e-9);
        assert_eq!(Took::default().percentile(50), None);
    }
}
