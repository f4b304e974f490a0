//! `daybook doctor`: looks at everything that the service leans on, and says what to do. Changes nothing.

mod checkup;
mod database;
mod herald;
mod ledger;
mod machine;
mod nats;
mod read_models;
mod webhooks;

use std::process::ExitCode;

use jiff::Timestamp;

use self::checkup::{Checkup, State};
use crate::{database::Database, messaging::Messaging, output::Output, settings::Settings};

/// Checks database, NATS, clock, disk, keys and versions, and says what to do.
///
/// Joins the private servers of the data dir, or starts them for as long as it looks. Exits with 1 if something fails.
/// With --json, database_url (of the schema's owner) and nats_url hold their passwords.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {}

pub(crate) async fn run(settings: &Settings, output: &mut Output) -> anyhow::Result<ExitCode> {
    let mut checkup = Checkup::new();
    machine::look(settings, &mut checkup);

    let opened = Database::open(&settings.database, &settings.data_dir).await;
    let database = match opened {
        Ok(database) => {
            database::look(settings, &database, &mut checkup).await;
            Some(database)
        }
        Err(error) => {
            checkup.failed("database", &error);
            None
        }
    };
    checkup.database_url = database.as_ref().map(|database| database.url().to_owned());

    let messaging = nats::look(settings, &mut checkup).await;
    checkup.nats_url = messaging
        .as_ref()
        .and_then(Messaging::url)
        .map(str::to_owned);

    if let Some(messaging) = messaging {
        messaging.close().await;
    }
    if let Some(database) = database {
        database.close().await;
    }
    tell(&checkup, output)?;
    Ok(match checkup.state() {
        State::Ok | State::Warn => ExitCode::SUCCESS,
        State::Fail => ExitCode::FAILURE,
    })
}

fn tell(checkup: &Checkup, output: &mut Output) -> anyhow::Result<()> {
    if output.json_only() {
        return output.json(checkup);
    }
    output.say(format!(
        "daybook {} at {:.0}",
        env!("CARGO_PKG_VERSION"),
        Timestamp::now()
    ))?;
    for check in checkup.checks() {
        output.say(format!(
            "{:<5} {:<12} {}",
            check.state.word(),
            check.name,
            check.found
        ))?;
        if let Some(remedy) = &check.remedy {
            output.say(format!("                   → {remedy}"))?;
        }
    }
    output.say(match checkup.state() {
        State::Ok => "All is well.",
        State::Warn => "It works; see the warnings.",
        State::Fail => "Something is wrong; see what fails.",
    })
}
