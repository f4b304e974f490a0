//! Sends one message to one address, and says what came of it.

use std::{error::Error as _, sync::Arc, time::Duration};

use jiff::Timestamp;
use reqwest::{
    Client, Response,
    header::{CONTENT_TYPE, RETRY_AFTER, USER_AGENT},
    redirect::Policy,
};
use tokio::time::{Instant, timeout};

use crate::{
    resolve::{Checked, LeadsInside, Lookup, Unknown},
    sign::{Secret, signature},
    target::{Allowed, Target},
};

/// What is sent: a CloudEvent in structured mode.
const CLOUD_EVENT: &str = "application/cloudevents+json";
/// So much of an answer is read, so that the connection can be used again; nobody looks at it.
const MOST_OF_ANSWER: usize = 64 * 1024;

/// How long things may take.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// From connecting to the end of the answer.
    pub answer: Duration,
    /// To connect, TLS and all.
    pub connect: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            answer: Duration::from_secs(10),
            connect: Duration::from_secs(5),
        }
    }
}

/// One message.
#[derive(Debug, Clone)]
pub struct Parcel {
    /// Its id: the same however often it is sent.
    pub id: String,
    /// Itself.
    pub body: Vec<u8>,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// What was answered, if anything was.
    pub status: Option<u16>,
    /// Why it did not get through; none: it did.
    pub fault: Option<Fault>,
    /// How long it took.
    pub took: Duration,
    /// How long the receiver asks us to wait.
    pub retry_after: Option<Duration>,
}

/// Why a message did not get through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The address is none, or none that is allowed any more.
    Target,
    /// The host's name has no address.
    Dns,
    /// The host's name leads into a private network.
    PrivateAddress,
    /// Nobody could be connected to, or not over TLS.
    Connect,
    /// It took too long.
    Timeout,
    /// The connection broke, or what came back was no HTTP.
    Broken,
    /// It was answered with another status than 2xx.
    Status,
}

impl Fault {
    /// Its word in JSON and SQL.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Target => "target",
            Self::Dns => "dns",
            Self::PrivateAddress => "private_address",
            Self::Connect => "connect",
            Self::Timeout => "timeout",
            Self::Broken => "broken",
            Self::Status => "status",
        }
    }
}

impl Sent {
    /// It was not even tried: the address will not do.
    #[must_use]
    pub const fn not() -> Self {
        Self {
            status: None,
            fault: Some(Fault::Target),
            took: Duration::ZERO,
            retry_after: None,
        }
    }

    /// It got through.
    #[must_use]
    pub const fn got_through(&self) -> bool {
        self.fault.is_none()
    }

    /// The receiver is gone for good.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        self.status == Some(410)
    }
}

/// Sends messages. Cheap to clone.
#[derive(Clone)]
pub struct Sender {
    client: Client,
    allowed: Allowed,
    limits: Limits,
}

impl Sender {
    /// Makes one that asks `lookup` for addresses.
    ///
    /// # Errors
    /// When there is no TLS to be had.
    pub fn new(
        allowed: Allowed,
        limits: Limits,
        lookup: Arc<dyn Lookup>,
    ) -> Result<Self, reqwest::Error> {
        let client = Client::builder()
            .dns_resolver(Arc::new(Checked { lookup, allowed }))
            // Where it leads was not checked.
            .redirect(Policy::none())
            // A proxy would look names up by itself.
            .no_proxy()
            .referer(false)
            .connect_timeout(limits.connect)
            .timeout(limits.answer)
            .pool_max_idle_per_host(2)
            .pool_idle_timeout(Duration::from_secs(60))
            .build()?;
        Ok(Self {
            client,
            allowed,
            limits,
        })
    }

    /// What webhooks may do.
    #[must_use]
    pub const fn allowed(&self) -> Allowed {
        self.allowed
    }

    /// Sends a message, signed with these secrets, to `url`.
    pub async fn send(&self, url: &str, parcel: Parcel, secrets: &[Secret]) -> Sent {
        // It may have been allowed when it was set up.
        let Ok(target) = Target::parse(url, self.allowed) else {
            return Sent::not();
        };
        let began = Instant::now();
        let at = Timestamp::now();
        let signed = signature(secrets, &parcel.id, at, &parcel.body);
        let request = self
            .client
            .post(target.url().clone())
            .header(CONTENT_TYPE, CLOUD_EVENT)
            .header(USER_AGENT, concat!("Daybook/", env!("CARGO_PKG_VERSION")))
            .header("webhook-id", parcel.id)
            .header("webhook-timestamp", at.as_second().to_string())
            .header("webhook-signature", signed)
            .body(parcel.body);
        let (status, fault, retry_after) = match request.send().await {
            Ok(answer) => {
                let status = answer.status();
                let retry_after = retry_after(&answer);
                // What it says besides is nobody's business.
                let left = self.limits.answer.saturating_sub(began.elapsed());
                let _ = timeout(left, read_out(answer)).await;
                let fault = (!status.is_success()).then_some(Fault::Status);
                (Some(status.as_u16()), fault, retry_after)
            }
            Err(error) => (None, Some(fault(&error)), None),
        };
        Sent {
            status,
            fault,
            took: began.elapsed(),
            retry_after,
        }
    }
}

async fn read_out(mut answer: Response) {
    let mut read = 0;
    while let Ok(Some(chunk)) = answer.chunk().await {
        read += chunk.len();
        if read > MOST_OF_ANSWER {
            return;
        }
    }
}

/// In seconds; dates are not taken.
fn retry_after(answer: &Response) -> Option<Duration> {
    let text = answer.headers().get(RETRY_AFTER)?.to_str().ok()?;
    Some(Duration::from_secs(text.trim().parse().ok()?))
}

fn fault(error: &reqwest::Error) -> Fault {
    let mut cause = error.source();
    while let Some(error) = cause {
        if error.is::<LeadsInside>() {
            return Fault::PrivateAddress;
        }
        if error.is::<Unknown>() {
            return Fault::Dns;
        }
        cause = error.source();
    }
    if error.is_timeout() {
        Fault::Timeout
    } else if error.is_connect() {
        Fault::Connect
    } else {
        Fault::Broken
    }
}
