//! What the stream holds and what the database says of it, compared both ways, and the database corrected.
//!
//! The stream may hold more (acknowledged, then we died), less (NATS acknowledges before it syncs), or be another one
//! (deleted, restored). Whatever is not found in it is published again; nothing is skipped.

use std::collections::{BTreeMap, BTreeSet};

use ledger::BusinessId;

use crate::{
    Fault, STREAM,
    books::{Books, Correction, Known, Published},
    stream::{Ends, Stream},
};

/// So many messages are read one by one; where more are unknown, each business is asked for.
const TAIL: u64 = 10_000;

/// Compares, corrects the database, and says how the stream ends.
pub(crate) async fn compare(stream: &Stream, books: &mut Books) -> Result<Known, Fault> {
    let ends = stream.ends().await?;
    let known = books.known().await?;
    match how(stream, &ends, known.as_ref()).await? {
        How::Agree(known) => Ok(known),
        How::Ahead(known) => take_in(stream, books, &ends, &known).await,
        How::Behind(known) => {
            let lost = books.published_after(ends.last).await?;
            tracing::warn!(
                stream = STREAM,
                messages = known.sequence - ends.last,
                businesses = lost.len(),
                "the stream has lost its end; it is published again"
            );
            ask(stream, books, &ends, lost).await
        }
        How::Other => {
            let all = books.businesses().await?;
            if known.is_some() {
                tracing::warn!(
                    stream = STREAM,
                    messages = ends.messages,
                    "the stream is another one than was published to; what it does not hold is published, from the start if need be"
                );
            }
            ask(stream, books, &ends, all).await
        }
    }
}

enum How {
    Agree(Known),
    /// The stream holds more than is known.
    Ahead(Known),
    /// The stream holds less.
    Behind(Known),
    /// Nothing is known of this stream.
    Other,
}

async fn how(stream: &Stream, ends: &Ends, known: Option<&Known>) -> Result<How, Fault> {
    let Some(known) = known.filter(|known| known.created == ends.created) else {
        return Ok(How::Other);
    };
    let known = known.clone();
    if ends.last < known.sequence {
        return Ok(How::Behind(known));
    }
    if known.sequence > 0 {
        // Lost and then written by others? It can also have gone by the stream's own limits.
        let there = stream.message_id(known.sequence).await?;
        if there.is_some() && there != known.message_id {
            return Ok(How::Other);
        }
    }
    Ok(match ends.last - known.sequence {
        0 => How::Agree(known),
        1..=TAIL => How::Ahead(known),
        _ => How::Other,
    })
}

/// Takes note of the messages after those that are known.
async fn take_in(
    stream: &Stream,
    books: &mut Books,
    ends: &Ends,
    known: &Known,
) -> Result<Known, Fault> {
    let published = stream.read(known.sequence + 1..=ends.last).await?;
    let now = ending(stream, ends).await?;
    let held = books.held(&published).await?;
    let ours: BTreeSet<BusinessId> = books.businesses().await?.into_iter().collect();
    let (mut stand, mut forked) = (vec![], BTreeSet::new());
    for one in published {
        if held.contains(&one.event_id) {
            stand.push(one);
        } else if ours.contains(&one.business) {
            forked.insert(one.business);
        }
    }
    books.advance(&stand, &now).await?;
    if !forked.is_empty() {
        say_forked(&forked);
        let forked: Vec<_> = forked.into_iter().map(Correction::Forked).collect();
        books.correct(&forked, &now).await?;
    }
    Ok(now)
}

/// Asks the stream for the last event of each of these businesses.
async fn ask(
    stream: &Stream,
    books: &mut Books,
    ends: &Ends,
    businesses: Vec<BusinessId>,
) -> Result<Known, Fault> {
    let now = ending(stream, ends).await?;
    let last: BTreeMap<BusinessId, Option<Published>> = if ends.messages == 0 {
        businesses
            .into_iter()
            .map(|business| (business, None))
            .collect()
    } else {
        stream.last_of(businesses).await?.into_iter().collect()
    };
    let published: Vec<Published> = last.values().flatten().cloned().collect();
    let held = books.held(&published).await?;
    let mut forked = BTreeSet::new();
    let corrections: Vec<Correction> = last
        .into_iter()
        .map(|(business, last)| match last {
            None => Correction::Absent(business),
            Some(last) if held.contains(&last.event_id) => Correction::Stands(last),
            Some(_) => {
                forked.insert(business);
                Correction::Forked(business)
            }
        })
        .collect();
    if !forked.is_empty() {
        say_forked(&forked);
    }
    books.correct(&corrections, &now).await?;
    Ok(now)
}

async fn ending(stream: &Stream, ends: &Ends) -> Result<Known, Fault> {
    let message_id = match ends.last {
        0 => None,
        last => stream.message_id(last).await?,
    };
    Ok(Known {
        created: ends.created.clone(),
        sequence: ends.last,
        message_id,
    })
}

fn say_forked(businesses: &BTreeSet<BusinessId>) {
    let some: Vec<String> = businesses.iter().take(5).map(ToString::to_string).collect();
    tracing::error!(
        businesses = businesses.len(),
        some = some.join(", "),
        "the stream tells of events that the ledger does not hold: the database was set back. What is recorded now is \
         published after them; subscribers have to be told. Delete the stream to have it published anew"
    );
}
