//! The stream: made if it is absent, never changed; asked what it holds; published to.

use std::{collections::VecDeque, future::IntoFuture, time::Duration};

use async_nats::{
    Client, HeaderMap,
    jetstream::{
        Context, ErrorCode,
        context::{GetStreamErrorKind, PublishError, PublishErrorKind, RequestErrorKind},
        message::{PublishMessage, StreamMessage},
        publish::PublishAck,
        stream::{
            Config, LastRawMessageErrorKind, RawMessageError, RetentionPolicy, StorageType,
            Stream as Handle,
        },
    },
};
use futures::{StreamExt, TryStreamExt, stream};
use ledger::{BusinessId, EventId, Position};

use crate::{
    Connection, Fault, Message, STREAM, SUBJECTS,
    books::{Known, Published},
    connection::jetstream_of,
};

/// For so long the server knows ids of messages again. We do not lean on it: it is what keeps out what a lost
/// connection sends late.
const DUPLICATE_WINDOW: Duration = Duration::from_secs(120);
/// Questions to the server at a time.
const AT_ONCE: usize = 64;
/// What headers, subject and protocol may take of a message's size.
const ENVELOPE: usize = 2_048;

/// The stream, open.
pub(crate) struct Stream {
    jetstream: Context,
    handle: Handle,
    connection: Connection,
    window: usize,
}

/// Where the stream begins and ends.
#[derive(Debug, Clone)]
pub(crate) struct Ends {
    /// When it was made.
    pub(crate) created: String,
    /// Its last message.
    pub(crate) last: u64,
    /// How many there are.
    pub(crate) messages: u64,
}

/// A message that can be sent: it fits.
pub(crate) struct Sendable {
    published: Published,
    subject: String,
    headers: HeaderMap,
    body: Vec<u8>,
}

/// What became of messages: those that are in the stream, and why it stopped.
pub(crate) struct Sent {
    pub(crate) published: Vec<Published>,
    pub(crate) fault: Option<Fault>,
}

impl Stream {
    /// Opens the stream; makes it if it is absent.
    pub(crate) async fn open(
        connection: &Connection,
        replicas: usize,
        window: usize,
    ) -> Result<Self, Fault> {
        let jetstream = connection.jetstream();
        let handle = match jetstream.get_stream(STREAM).await {
            Ok(handle) => handle,
            Err(error) => match error.kind() {
                GetStreamErrorKind::JetStream(error)
                    if error.error_code() == ErrorCode::STREAM_NOT_FOUND =>
                {
                    let made = jetstream.create_stream(config(replicas)).await;
                    let made = made.map_err(|error| Fault::Unfit(chain(&error)))?;
                    tracing::info!(
                        stream = STREAM,
                        subjects = SUBJECTS,
                        replicas,
                        "made the stream"
                    );
                    made
                }
                GetStreamErrorKind::JetStream(error) => {
                    return Err(Fault::Unfit(error.to_string()));
                }
                GetStreamErrorKind::EmptyName
                | GetStreamErrorKind::Request
                | GetStreamErrorKind::InvalidStreamName => return Err(Fault::Away(chain(&error))),
            },
        };
        if let Some(unfit) = differences(&handle.cached_info().config).unfit.first() {
            return Err(Fault::Unfit(unfit.to_string()));
        }
        Ok(Self {
            jetstream,
            handle,
            connection: connection.clone(),
            window: window.max(1),
        })
    }

    /// Where it begins and ends.
    pub(crate) async fn ends(&self) -> Result<Ends, Fault> {
        let info = self.handle.get_info().await;
        let info = info.map_err(|error| match error.kind() {
            // JetStream itself says so: there is no such stream any more.
            RequestErrorKind::Other => Fault::OutOfStep(chain(&error)),
            RequestErrorKind::NoResponders
            | RequestErrorKind::TimedOut
            | RequestErrorKind::InvalidSubject => Fault::Away(chain(&error)),
        })?;
        Ok(Ends {
            created: info.created.to_string(),
            last: info.state.last_sequence,
            messages: info.state.messages,
        })
    }

    /// The id of the message at `sequence`, if there is one and it has one.
    pub(crate) async fn message_id(&self, sequence: u64) -> Result<Option<String>, Fault> {
        let message = found(self.handle.get_raw_message(sequence).await)?;
        Ok(message.and_then(|message| header(&message, "Nats-Msg-Id")))
    }

    /// The events in these messages, in their order; what is none of ours is passed over.
    pub(crate) async fn read(
        &self,
        sequences: std::ops::RangeInclusive<u64>,
    ) -> Result<Vec<Published>, Fault> {
        let messages: Vec<Option<StreamMessage>> = stream::iter(sequences)
            .map(|sequence| {
                let handle = self.handle.clone();
                async move { found(handle.get_raw_message(sequence).await) }
            })
            .buffered(AT_ONCE)
            .try_collect()
            .await?;
        Ok(messages.iter().flatten().filter_map(event).collect())
    }

    /// The last event of each of these businesses; none where the stream holds nothing of it.
    pub(crate) async fn last_of(
        &self,
        businesses: Vec<BusinessId>,
    ) -> Result<Vec<(BusinessId, Option<Published>)>, Fault> {
        stream::iter(businesses)
            .map(|business| {
                let handle = self.handle.clone();
                async move {
                    let all = format!("daybook.{business}.>");
                    let last = handle.get_last_raw_message_by_subject(&all).await;
                    Ok((business, found(last)?.as_ref().and_then(event)))
                }
            })
            .buffered(AT_ONCE)
            .try_collect()
            .await
    }

    /// The largest message that is taken: by the server, and by a stream that somebody else set up.
    fn largest(&self) -> usize {
        let of_stream = self.handle.cached_info().config.max_message_size;
        // -1 (and 0): any.
        let of_stream = usize::try_from(of_stream).ok().filter(|most| *most > 0);
        let of_server = self.connection.max_payload();
        of_stream.map_or(of_server, |most| most.min(of_server))
    }

    /// Makes a message ready to be sent; none if it is larger than is taken.
    pub(crate) fn ready(&self, message: &Message) -> Option<Sendable> {
        let body = message.data().to_string().into_bytes();
        if body.len() + ENVELOPE > self.largest() {
            return None;
        }
        let mut headers = HeaderMap::new();
        for (name, value) in message.attributes() {
            headers.insert(format!("ce-{name}"), value);
        }
        headers.insert("Content-Type", "application/json");
        Some(Sendable {
            published: Published {
                business: message.business,
                position: message.position,
                event_id: message.event_id,
                sequence: 0,
            },
            subject: message.subject(),
            headers,
            body,
        })
    }

    /// Publishes in order: the first to follow message `last`, each other the one before it, by number and by id. (By
    /// number alone, somebody else's message could stand in for one of ours that was refused.) Stops at the first that
    /// is not acknowledged; what comes after it is refused by the server, because it follows nothing.
    pub(crate) async fn publish(&self, messages: Vec<Sendable>, last: u64) -> Sent {
        let mut sent = Sent {
            published: Vec::with_capacity(messages.len()),
            fault: None,
        };
        let mut in_hand = VecDeque::with_capacity(self.window);
        let mut messages = messages.into_iter();
        let (mut expected, mut before) = (last, None);
        loop {
            while in_hand.len() < self.window
                && let Some(message) = messages.next()
            {
                let Sendable {
                    published,
                    subject,
                    headers,
                    body,
                } = message;
                let id = published.event_id.to_string();
                let mut publish = PublishMessage::build()
                    .payload(body.into())
                    .headers(headers)
                    .message_id(&id)
                    .expected_stream(STREAM)
                    .expected_last_sequence(expected);
                // A server that was started again may not know the last id of before.
                if let Some(before) = before.replace(id) {
                    publish = publish.expected_last_message_id(before);
                }
                match self.jetstream.send_publish(subject, publish).await {
                    Ok(ack) => in_hand.push_back((published, ack)),
                    Err(error) => {
                        sent.fault = Some(fault(&error));
                        // Those in hand may have come through: they are waited for below.
                        messages = Vec::new().into_iter();
                    }
                }
                expected += 1;
            }
            let Some((mut published, ack)) = in_hand.pop_front() else {
                return sent;
            };
            let ack = tokio::select! {
                biased;
                ack = ack.into_future() => ack.map_err(|error| fault(&error)),
                () = self.connection.is_lost() => Err(Fault::Away("the connection was lost".to_owned())),
            };
            let follows = last + sent.published.len() as u64 + 1;
            match ack {
                Ok(PublishAck { sequence, .. }) => {
                    published.sequence = sequence;
                    sent.published.push(published);
                    if sequence != follows {
                        // It was there already, from a connection that had been given up.
                        sent.fault = Some(Fault::OutOfStep(format!(
                            "message {sequence} was there already"
                        )));
                        return sent;
                    }
                }
                Err(fault) => {
                    sent.fault.get_or_insert(fault);
                    return sent;
                }
            }
        }
    }
}

/// What the stream is made with.
fn config(replicas: usize) -> Config {
    Config {
        name: STREAM.to_owned(),
        description: Some("Every event of every business that Daybook keeps".to_owned()),
        subjects: vec![SUBJECTS.to_owned()],
        storage: StorageType::File,
        num_replicas: replicas,
        retention: RetentionPolicy::Limits,
        // No limits: a new subscriber begins with the first event.
        max_bytes: -1,
        max_messages: -1,
        max_messages_per_subject: -1,
        max_message_size: -1,
        max_consumers: -1,
        duplicate_window: DUPLICATE_WINDOW,
        allow_direct: true,
        ..Config::default()
    }
}

/// In what a stream that somebody else set up is not as Daybook makes it. Nothing of it is changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Differences {
    /// For these nothing can be published.
    pub unfit: Vec<Difference>,
    /// These weaken what is promised to subscribers.
    pub weaker: Vec<Difference>,
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Difference {
    /// It does not keep all subjects.
    #[error("it does not keep the subjects {SUBJECTS}")]
    Subjects,
    /// It never says that it has got a message.
    #[error("it does not acknowledge (no_ack)")]
    NoAck,
    /// It is sealed.
    #[error("it is sealed")]
    Sealed,
    /// It copies another stream.
    #[error("it mirrors another stream")]
    Mirror,
    /// It is kept in memory.
    #[error("it is kept in memory: a restart of NATS loses it, and all is published again")]
    Memory,
    /// Messages go before they are old.
    #[error("it has limits ({0}): a new subscriber does not begin with the first event")]
    Limits(&'static str),
    /// It takes no large messages.
    #[error(
        "it takes no message above {0} bytes (max_msg_size): a business with a larger event is published no further"
    )]
    Size(i32),
    /// Messages go once they are read.
    #[error(
        "messages go once they are read (retention): a new subscriber does not begin with the first event"
    )]
    Retention,
}

/// In what a stream's settings are not as Daybook would make them.
#[must_use]
pub fn differences(config: &Config) -> Differences {
    let mut found = Differences::default();
    let unfit = [
        (
            !config
                .subjects
                .iter()
                .any(|one| one == SUBJECTS || one == ">"),
            Difference::Subjects,
        ),
        (config.no_ack, Difference::NoAck),
        (config.sealed, Difference::Sealed),
        (config.mirror.is_some(), Difference::Mirror),
    ];
    found.unfit = unfit.into_iter().filter_map(when).collect();
    let weaker = [
        (config.storage == StorageType::Memory, Difference::Memory),
        (config.max_bytes > 0, Difference::Limits("max_bytes")),
        (config.max_messages > 0, Difference::Limits("max_msgs")),
        (
            config.max_messages_per_subject > 0,
            Difference::Limits("max_msgs_per_subject"),
        ),
        (!config.max_age.is_zero(), Difference::Limits("max_age")),
        (
            config.max_message_size > 0,
            Difference::Size(config.max_message_size),
        ),
        (
            config.retention != RetentionPolicy::Limits,
            Difference::Retention,
        ),
    ];
    found.weaker = weaker.into_iter().filter_map(when).collect();
    found
}

fn when((holds, difference): (bool, Difference)) -> Option<Difference> {
    holds.then_some(difference)
}

/// In what the stream is not as Daybook would make it; none if there is no stream yet. For whoever only looks.
///
/// # Errors
/// When NATS does not answer, or keeps no streams.
pub async fn look(client: Client) -> Result<Option<Differences>, Fault> {
    match jetstream_of(client).get_stream(STREAM).await {
        Ok(handle) => Ok(Some(differences(&handle.cached_info().config))),
        Err(error) => match error.kind() {
            GetStreamErrorKind::JetStream(error)
                if error.error_code() == ErrorCode::STREAM_NOT_FOUND =>
            {
                Ok(None)
            }
            GetStreamErrorKind::JetStream(error) => Err(Fault::Unfit(error.to_string())),
            GetStreamErrorKind::EmptyName
            | GetStreamErrorKind::Request
            | GetStreamErrorKind::InvalidStreamName => Err(Fault::Away(chain(&error))),
        },
    }
}

impl Sent {
    /// How the stream ends with these, if it went on after `before`.
    pub(crate) fn ends(&self, before: &Known) -> Known {
        let furthest = self.published.iter().max_by_key(|one| one.sequence);
        match furthest.filter(|one| one.sequence > before.sequence) {
            Some(last) => Known {
                created: before.created.clone(),
                sequence: last.sequence,
                message_id: Some(last.event_id.to_string()),
            },
            None => before.clone(),
        }
    }
}

fn found(asked: Result<StreamMessage, RawMessageError>) -> Result<Option<StreamMessage>, Fault> {
    match asked {
        Ok(message) => Ok(Some(message)),
        Err(error) => match error.kind() {
            LastRawMessageErrorKind::NoMessageFound => Ok(None),
            LastRawMessageErrorKind::InvalidSubject
            | LastRawMessageErrorKind::JetStream(_)
            | LastRawMessageErrorKind::Other => Err(Fault::Away(chain(&error))),
        },
    }
}

fn header(message: &StreamMessage, name: &str) -> Option<String> {
    message
        .headers
        .get(name)
        .map(|value| value.as_str().to_owned())
}

/// The event that a message tells, if it is one of ours.
fn event(message: &StreamMessage) -> Option<Published> {
    let business = message.subject.split('.').nth(1)?;
    Some(Published {
        business: BusinessId(business.parse().ok()?),
        position: Position(header(message, "ce-daybookposition")?.parse().ok()?),
        event_id: EventId(header(message, "ce-id")?.parse().ok()?),
        sequence: message.sequence,
    })
}

fn fault(error: &PublishError) -> Fault {
    match error.kind() {
        PublishErrorKind::WrongLastSequence | PublishErrorKind::WrongLastMessageId => {
            Fault::OutOfStep(chain(error))
        }
        // Deleted: looked for anew, and made.
        PublishErrorKind::StreamNotFound => Fault::OutOfStep(chain(error)),
        PublishErrorKind::TimedOut | PublishErrorKind::BrokenPipe => Fault::Away(chain(error)),
        PublishErrorKind::MaxAckPending
        | PublishErrorKind::MaxPayloadExceeded
        | PublishErrorKind::Other => Fault::Unfit(chain(error)),
    }
}

/// The error and its causes, in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut told = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        // async-nats tells its causes already.
        if !told.contains(&text) {
            told = format!("{told}: {text}");
        }
        cause = error.source();
    }
    told
}
