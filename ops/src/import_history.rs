//! `daybook import-history`: brings in what happened in another system (API §6).

use std::{fs::File, io::BufReader, path::PathBuf};

use indicatif::ProgressBar;

use crate::{
    books::Books,
    failure::{Remedy, because, failure},
    import::history::{self, ImportError, Progress, Report},
    interrupt::Interrupts,
    output::Output,
    progress,
    settings::Settings,
};

/// Lines that were skipped are listed up to here; all of them with --json.
const LISTED: usize = 20;

/// Brings in history from another system: one event a line, NDJSON.
///
/// The same file again changes nothing, a longer one brings in what is new; a run that was stopped goes on where it was.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Slug of the business.
    #[arg(long, value_name = "SLUG")]
    business: String,
    /// The file: a JSON object a line.
    file: PathBuf,
}

pub(crate) async fn run(
    arguments: &Arguments,
    settings: &Settings,
    output: &mut Output,
) -> anyhow::Result<()> {
    let file = File::open(&arguments.file).remedy(
        format!("{} could not be read", arguments.file.display()),
        "name a file of NDJSON, a line for each event",
    )?;
    let mut interrupts = Interrupts::listen()?;
    let books = Books::open(settings).await?;
    let imported = tokio::select! {
        imported = import(&books, &arguments.business, BufReader::new(file)) => imported,
        _ = interrupts.next() => Err(failure(
            "the import was stopped",
            "run it again: it goes on from there",
        )),
    };
    books.close().await;
    tell(&imported?, output)
}

async fn import(books: &Books, slug: &str, file: BufReader<File>) -> anyhow::Result<Report> {
    let business = books.business(slug).await?;
    let into = history::Books {
        ledger: books.ledger.clone(),
        vault: books.vault.clone(),
    };
    let mut bar = Bar(progress::bar("importing", "lines"));
    let report = history::run(&into, business, file, &mut bar).await;
    bar.0.finish_and_clear();
    report.map_err(|error| {
        let remedy = match &error {
            ImportError::NotOpened => "open the business first: daybook business create",
            ImportError::File(_) => "see that the file is whole, and UTF-8",
            ImportError::AnotherRun | ImportError::TooBusy => "run it again in a while",
            ImportError::Read(_)
            | ImportError::Load(_)
            | ImportError::Seal(_)
            | ImportError::Event(_)
            | ImportError::Append(_)
            | ImportError::Made(_) => {
                "see the causes told here, and run it again: it goes on from there"
            }
        };
        because(
            error,
            "the import stopped; what was brought in before stays",
            remedy,
        )
    })
}

struct Bar(ProgressBar);

impl Progress for Bar {
    fn begin(&mut self, lines: u64) {
        self.0.set_length(lines);
    }

    fn reached(&mut self, lines: u64) {
        self.0.set_position(lines);
    }

    fn remark(&mut self, line: u64, text: &str) {
        // Above the bar where there is one.
        self.0.suspend(|| eprintln!("line {line}: {text}"));
    }
}

fn tell(report: &Report, output: &mut Output) -> anyhow::Result<()> {
    if output.json_only() {
        return output.json(report);
    }
    let Report {
        lines,
        imported,
        skipped,
        already_there,
        bookings,
        clients,
        staff,
        services,
        by_status,
        overlaps,
        paid,
    } = report;
    output.say(format!(
        "{lines} lines: {imported} brought in, {already_there} there already, {} skipped.",
        skipped.len()
    ))?;
    for skip in skipped.iter().take(LISTED) {
        output.say(format!("  line {}: {}", skip.line, skip.reason))?;
    }
    if skipped.len() > LISTED {
        output.say(format!(
            "  … and {} more; --json tells all",
            skipped.len() - LISTED
        ))?;
    }
    output.say(format!(
        "The file amounts to {bookings} bookings of {clients} clients, {staff} staff members and {services} services:"
    ))?;
    output.say(format!(
        "  {} requested, {} confirmed, {} completed, {} no-shows, {} cancelled",
        by_status.requested,
        by_status.confirmed,
        by_status.completed,
        by_status.no_show,
        by_status.cancelled
    ))?;
    output.say(format!("  {overlaps} overlap another one; {paid} was paid"))
}
