//! Publishing from one comparison to the next: finding who is behind, reading, sending, taking note.

use std::{collections::HashMap, time::Duration};

use futures::FutureExt;
use ledger::{BusinessId, Position, ReadError, Recorded, Start, Wakeup, Wakeups};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::{
    Fault, Message,
    books::{Books, Known},
    herald::Inner,
    queue::Queue,
    stream::{Sendable, Stream},
};

/// A business that could not be published is tried again after this.
const PARKED_FOR: Duration = Duration::from_secs(60);
/// The stream is looked at this often: an operator may have deleted it while nothing happened.
const LOOKS_EVERY: Duration = Duration::from_secs(5);

pub(crate) struct Round<'h> {
    herald: &'h Inner,
    stream: &'h Stream,
    known: Known,
    queue: Queue,
    /// Businesses that cannot be published at the moment, until when.
    parked: HashMap<BusinessId, Instant>,
    has_published: bool,
    look_at: Instant,
}

impl<'h> Round<'h> {
    pub(crate) fn new(herald: &'h Inner, stream: &'h Stream, known: Known) -> Self {
        Self {
            herald,
            stream,
            known,
            queue: Queue::default(),
            parked: HashMap::new(),
            has_published: false,
            look_at: Instant::now() + LOOKS_EVERY,
        }
    }

    /// Whether it got anywhere.
    pub(crate) fn has_published(&self) -> bool {
        self.has_published
    }

    /// Publishes until it is told to stop, or cannot.
    pub(crate) async fn run(
        &mut self,
        books: &mut Books,
        mut wakeups: Wakeups,
        stop: &CancellationToken,
    ) -> Result<(), Fault> {
        self.queue.call(books.behind().await?);
        loop {
            let mut look = false;
            if self.queue.is_empty() {
                tokio::select! {
                    biased;
                    () = stop.cancelled() => return Ok(()),
                    () = self.herald.connection.is_lost() => {
                        return Err(Fault::Away("the connection was lost".to_owned()));
                    }
                    wakeup = wakeups.next() => look = self.note(wakeup),
                }
            }
            if stop.is_cancelled() {
                return Ok(());
            }
            // Whoever else was heard of meanwhile goes along.
            while let Some(wakeup) = wakeups.next().now_or_never() {
                look |= self.note(wakeup);
            }
            if look {
                self.queue.call(books.behind().await?);
                self.look_at_stream().await?;
            }
            let businesses = self.take();
            if !businesses.is_empty() {
                self.publish(books, &businesses).await?;
            }
        }
    }

    /// Calls whom the hint names; says whether to look for everybody who is behind.
    fn note(&mut self, wakeup: Wakeup) -> bool {
        match wakeup {
            Wakeup::Moved(business, _) => {
                self.queue.call([business]);
                false
            }
            Wakeup::Look => true,
        }
    }

    /// Now and then, sees that the stream is still the one that is known, and ends where it is known to.
    async fn look_at_stream(&mut self) -> Result<(), Fault> {
        if Instant::now() < self.look_at {
            return Ok(());
        }
        self.look_at = Instant::now() + LOOKS_EVERY;
        let ends = self.stream.ends().await?;
        if (&ends.created, ends.last) == (&self.known.created, self.known.sequence) {
            return Ok(());
        }
        Err(Fault::OutOfStep(format!(
            "it ends with message {}, not {}",
            ends.last, self.known.sequence
        )))
    }

    /// Takes the next businesses, those that are parked apart.
    fn take(&mut self) -> Vec<BusinessId> {
        let now = Instant::now();
        self.parked.retain(|_, until| *until > now);
        let most = self.herald.settings.batch_businesses.max(1);
        let mut taken = self.queue.take(most);
        taken.retain(|business| !self.parked.contains_key(business));
        taken
    }

    /// Publishes the next events of these businesses, and takes note.
    async fn publish(&mut self, books: &mut Books, businesses: &[BusinessId]) -> Result<(), Fault> {
        let positions = books.positions(businesses).await?;
        let starts: Vec<Start> = businesses
            .iter()
            .map(|business| Start {
                business: *business,
                after: positions.get(business).copied().unwrap_or_default(),
            })
            .collect();
        let of_each = (self.herald.settings.batch_events / starts.len()).max(1);
        let events = self.read(&starts, of_each).await?;
        let messages = self.ready(&starts, of_each, &events);
        let sent = self.stream.publish(messages, self.known.sequence).await;
        if !sent.published.is_empty() {
            self.known = sent.ends(&self.known);
            books.advance(&sent.published, &self.known).await?;
            self.has_published = true;
            metrics::counter!("herald_published_total").increment(sent.published.len() as u64);
        }
        sent.fault.map_or(Ok(()), Err)
    }

    /// Reads the next events; where one cannot be read, its business alone is left out.
    async fn read(&mut self, starts: &[Start], of_each: usize) -> Result<Vec<Recorded>, Fault> {
        let ledger = &self.herald.ledger;
        match ledger.read_many(starts, of_each).await {
            Ok(events) => return Ok(events),
            Err(error @ (ReadError::Database(_) | ReadError::Garbled(_))) => {
                return Err(error.into());
            }
            Err(ReadError::Upcast { .. }) => {}
        }
        let mut events = vec![];
        for start in starts {
            match ledger.read(start.business, start.after, 1).await {
                Ok(read) => events.extend(read),
                Err(error @ (ReadError::Database(_) | ReadError::Garbled(_))) => {
                    return Err(error.into());
                }
                Err(error @ ReadError::Upcast { .. }) => {
                    self.park(start.business, &error.to_string());
                }
            }
        }
        // One at a time, until the culprit stands alone.
        self.queue.call(events.iter().map(|event| event.business));
        Ok(events)
    }

    /// The messages of these events, of each business up to the first that cannot be told. Nothing is skipped.
    fn ready(&mut self, starts: &[Start], of_each: usize, events: &[Recorded]) -> Vec<Sendable> {
        let mut messages = Vec::with_capacity(events.len());
        let after: HashMap<BusinessId, Position> = starts
            .iter()
            .map(|start| (start.business, start.after))
            .collect();
        for lane in events.chunk_by(|one, next| one.business == next.business) {
            let business = lane[0].business;
            let mut last = after.get(&business).copied().unwrap_or_default();
            for event in lane {
                match self.sendable(event, last) {
                    Ok(message) => messages.push(message),
                    Err(why) => {
                        self.park(business, &why);
                        break;
                    }
                }
                last = event.position;
            }
            if lane.len() == of_each {
                // There may be more: after everybody else.
                self.queue.call([business]);
            }
        }
        messages
    }

    /// The event's message, if it is the next one and can be told.
    fn sendable(&self, event: &Recorded, last: Position) -> Result<Sendable, String> {
        let next = last.0 + 1;
        if event.position.0 != next {
            return Err(format!("position {next} is missing from the ledger"));
        }
        let message = Message::of(event).map_err(|error| error.to_string())?;
        self.stream.ready(&message).ok_or_else(|| {
            format!("the event at position {next} is larger than NATS takes (max_payload, or max_msg_size of the stream)")
        })
    }

    /// Leaves a business alone for a while; the others go on.
    fn park(&mut self, business: BusinessId, why: &str) {
        self.parked.insert(business, Instant::now() + PARKED_FOR);
        tracing::error!(
            business.id = %business,
            error = why,
            "a business cannot be published any further; it is tried again in a minute"
        );
    }
}
