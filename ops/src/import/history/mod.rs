//! `daybook import-history`: what happened in another system, line by line, made part of the ledger (API §6).
//!
//! The file's own story is told from its beginning ([`replay`]), the lines that the ledger does not have yet are
//! done there ([`writer`]), and each is remembered by name in the same append ([`identity`]): the same file
//! changes nothing, a longer one brings in what is new, and a run that was cut goes on where it stopped.
//!
//! For whoever uses it, the rules stand in `docs/guides/import-history.md`.

mod amount;
mod asked;
mod draft;
mod drafting;
mod fields;
mod file;
mod identity;
mod line;
mod making;
mod moment;
mod refs;
mod replay;
mod report;
mod spans;
mod survey;
mod writer;

#[cfg(test)]
mod specs;

use std::{collections::HashMap, io::BufRead};

use domain::{business::Business, id::Id, money::Currency, service::Service};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use jiff::Timestamp;
use ledger::{AppendError, BusinessId, Ledger, LoadError, ReadError};
use thiserror::Error;
use vault::{SealError, Vault};

pub(crate) use self::report::{Report, Skipped};
use self::{
    drafting::Outcome,
    file::File,
    identity::Naming,
    refs::Refs,
    replay::{Replay, Setting, Told},
    report::{Done, Figures},
    survey::Survey,
    writer::Writer,
};

/// Where history is brought into.
#[derive(Clone)]
pub(crate) struct Books {
    /// What is written to.
    pub(crate) ledger: Ledger,
    /// Seals what is personal.
    pub(crate) vault: Vault,
}

/// Who watches a run.
pub(crate) trait Progress {
    /// The file has so many lines.
    fn begin(&mut self, lines: u64);
    /// So many of them are done.
    fn reached(&mut self, lines: u64);
    /// Something on a line is odd, but nothing of it is skipped for that.
    fn remark(&mut self, line: u64, text: &str);
}

/// Nobody watches.
impl Progress for () {
    fn begin(&mut self, _: u64) {}
    fn reached(&mut self, _: u64) {}
    fn remark(&mut self, _: u64, _: &str) {}
}

/// Why a run stopped. What was brought in before stays, and the next run goes on from there.
#[derive(Debug, Error)]
pub(crate) enum ImportError {
    /// There is no such business.
    #[error("the business has not been opened")]
    NotOpened,
    /// The file cannot be read.
    #[error("the file could not be read")]
    File(#[from] std::io::Error),
    /// The ledger cannot be read.
    #[error("the ledger could not be read")]
    Read(#[from] ReadError),
    /// A stream cannot be loaded.
    #[error("the ledger could not be read")]
    Load(#[from] LoadError),
    /// What is personal could not be sealed.
    #[error("personal data could not be sealed")]
    Seal(#[from] SealError),
    /// An event could not be written as JSON.
    #[error("an event could not be written")]
    Event(#[from] serde_json::Error),
    /// The ledger took no append.
    #[error("the ledger did not take what was to be written")]
    Append(#[from] AppendError),
    /// What a ref stands for could not be made.
    #[error("a client, staff member or service could not be made: {0}")]
    Made(String),
    /// The same refs were made by another run at the same time.
    #[error("another import into this business is running; run this one again when it is done")]
    AnotherRun,
    /// Others kept writing to the same bookings.
    #[error("the same bookings were changed by others again and again; run this again")]
    TooBusy,
}

/// Brings a file into a business, and tells what it did.
///
/// # Errors
/// When the file or the database fails. What was brought in before stays.
pub(crate) async fn run(
    books: &Books,
    business: BusinessId,
    reader: impl BufRead,
    progress: &mut impl Progress,
) -> Result<Report, ImportError> {
    let opened = books.ledger.load::<Business>(business, business.0).await?;
    let settings = opened.state.settings.ok_or(ImportError::NotOpened)?;
    let file = File::read(reader, progress)?;
    progress.begin(file.lines);

    let naming = Naming {
        vault: &books.vault,
        business: business.0,
    };
    let names = naming.of_lines(file.read.iter());
    let there = refs::owners(&books.ledger, business, identity::LINE, &names).await?;
    let refs = Refs::of(&file.read, &naming, &books.ledger).await?;
    let offers = offers(books, business, &refs).await?;
    let survey = Survey::of(&file.read);
    let setting = Setting {
        settings: &settings,
        now: Timestamp::now(),
        survey: &survey,
        refs: &refs,
        offers: &offers,
    };

    let mut tally = Tally::new(settings.currency, &file);
    let mut replay = Replay::new(&setting);
    let mut writer = Writer::new(books, business, &setting);
    for (line, name) in file.read.iter().zip(&names) {
        match replay.tell(line, name, there.contains_key(name)) {
            Told::Step(step) => writer.take(*step),
            Told::There => {
                tally.figures.count(line, settings.currency);
                tally.done.already_there += 1;
            }
            Told::AlreadySo => tally.done.already_there += 1,
            Told::Refused(reason) => tally.skip(line.number, reason),
        }
        if writer.is_full() {
            tally.take(writer.write().await?);
            progress.reached(tally.lines_done());
        }
    }
    while !writer.is_empty() {
        tally.take(writer.write().await?);
        progress.reached(tally.lines_done());
    }
    progress.reached(file.lines);
    let Tally { figures, done, .. } = tally;
    Ok(figures.report(done, settings.currency, |line| {
        let id = refs.booking(line)?;
        // As the ledger has it where this run looked; else as the file tells it.
        writer.booking(id).or_else(|| replay.booking(id))
    }))
}

/// The price lists of services that the ledger has already.
async fn offers(
    books: &Books,
    business: BusinessId,
    refs: &Refs<'_>,
) -> Result<HashMap<Id<Service>, domain::service::Offer>, LoadError> {
    let known: Vec<_> = refs.known_services().collect();
    let loads = known.into_iter().map(async |id| {
        let loaded = books.ledger.load::<Service>(business, id).await?;
        Ok::<_, LoadError>(loaded.state.offer.map(|offer| (Id::new(id), offer)))
    });
    let loaded: Vec<_> = stream::iter(loads)
        .buffer_unordered(8)
        .try_collect()
        .await?;
    Ok(loaded.into_iter().flatten().collect())
}

/// What became of each line so far.
struct Tally<'f> {
    currency: Currency,
    figures: Figures<'f>,
    done: Done,
}

impl<'f> Tally<'f> {
    fn new(currency: Currency, file: &File) -> Self {
        Self {
            currency,
            figures: Figures::default(),
            done: Done {
                lines: file.lines,
                skipped: file.skipped.clone(),
                ..Done::default()
            },
        }
    }

    fn take(&mut self, outcomes: Vec<(replay::Step<'f>, Outcome)>) {
        for (step, outcome) in outcomes {
            match outcome {
                Outcome::Imported => {
                    self.figures.count(step.line, self.currency);
                    self.done.imported += 1;
                }
                Outcome::AlreadySo => {
                    self.figures.count(step.line, self.currency);
                    self.done.already_there += 1;
                }
                Outcome::Refused(reason) => self.skip(step.line.number, reason),
            }
        }
    }

    fn skip(&mut self, line: u64, reason: String) {
        self.done.skipped.push(Skipped { line, reason });
    }

    fn lines_done(&self) -> u64 {
        self.done.imported + self.done.already_there + self.done.skipped.len() as u64
    }
}
