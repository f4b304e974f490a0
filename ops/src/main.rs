//! Running Daybook: the command `daybook`. A subcommand a file; here they are chosen, and their failures told.

mod api_key_create;
mod asyncapi;
mod books;
mod business_create;
mod database;
mod demo;
mod demo_command;
mod doctor;
mod failure;
mod import;
mod import_history;
mod interrupt;
mod log_tail;
mod logging;
mod messaging;
mod migrate;
mod output;
mod progress;
mod rebuild;
mod schema;
mod serve;
mod service;
mod settings;
mod slots;
mod user_remove_second_factor;

use std::process::ExitCode;

use clap::{ArgMatches, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::{
    failure::Remedy,
    output::{NobodyReads, Output},
    settings::Settings,
};

/// Daybook: a booking service whose only truth is an append-only ledger.
#[derive(Debug, Parser)]
#[command(
    name = "daybook",
    version,
    max_term_width = 120,
    infer_long_args = false
)]
struct Daybook {
    /// Print nothing on stdout but JSON.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Serve(serve::Arguments),
    Demo(demo_command::Arguments),
    Migrate(migrate::Arguments),
    /// Businesses.
    #[command(subcommand)]
    Business(Business),
    /// Users.
    #[command(subcommand)]
    User(User),
    /// API keys.
    #[command(subcommand)]
    ApiKey(ApiKey),
    ImportHistory(import_history::Arguments),
    Rebuild(rebuild::Arguments),
    /// The ledger.
    #[command(subcommand)]
    Log(Log),
    Slots(slots::Arguments),
    Doctor(doctor::Arguments),
    #[command(hide = true)]
    Asyncapi(asyncapi::Arguments),
}

#[derive(Debug, Subcommand)]
enum Business {
    Create(business_create::Arguments),
}

#[derive(Debug, Subcommand)]
enum User {
    RemoveSecondFactor(user_remove_second_factor::Arguments),
}

#[derive(Debug, Subcommand)]
enum ApiKey {
    Create(api_key_create::Arguments),
}

#[derive(Debug, Subcommand)]
enum Log {
    Tail(log_tail::Arguments),
}

fn main() -> ExitCode {
    // Two TLS providers could end up in one program; with none chosen the first connection would panic. An error
    // here only says that one is chosen already.
    let _ = rustls::crypto::ring::default_provider().install_default();

    let matches = settings::declare(Daybook::command()).get_matches();
    let daybook = Daybook::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    match run(daybook, &matches) {
        Ok(code) => code,
        Err(error) if error.is::<NobodyReads>() => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}", failure::tell(&error));
            failure::exit_code(&error)
        }
    }
}

fn run(daybook: Daybook, matches: &ArgMatches) -> anyhow::Result<ExitCode> {
    let settings = Settings::read(matches)?;
    let serving = matches!(daybook.command, Command::Serve(_) | Command::Demo(_));
    logging::start(&settings.logging, serving);
    let mut output = Output::new(daybook.json);
    if let Command::Slots(arguments) = &daybook.command {
        slots::run(arguments, &mut output)?;
        return Ok(ExitCode::SUCCESS);
    }
    if let Command::Asyncapi(_) = &daybook.command {
        asyncapi::run(&mut output)?;
        return Ok(ExitCode::SUCCESS);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .remedy(
            "the runtime could not be started",
            "see the limits of this process",
        )?;
    runtime.block_on(dispatch(daybook.command, &settings, &mut output))
}

async fn dispatch(
    command: Command,
    settings: &Settings,
    output: &mut Output,
) -> anyhow::Result<ExitCode> {
    match command {
        Command::Serve(_) => serve::run(settings, output).await?,
        Command::Demo(arguments) => demo_command::run(&arguments, settings, output).await?,
        Command::Migrate(_) => migrate::run(settings, output).await?,
        Command::Business(Business::Create(arguments)) => {
            business_create::run(arguments, settings, output).await?;
        }
        Command::User(User::RemoveSecondFactor(arguments)) => {
            user_remove_second_factor::run(&arguments, settings, output).await?;
        }
        Command::ApiKey(ApiKey::Create(arguments)) => {
            api_key_create::run(&arguments, settings, output).await?;
        }
        Command::ImportHistory(arguments) => {
            import_history::run(&arguments, settings, output).await?;
        }
        Command::Rebuild(arguments) => rebuild::run(&arguments, settings, output).await?,
        Command::Log(Log::Tail(arguments)) => log_tail::run(&arguments, settings, output).await?,
        Command::Slots(arguments) => slots::run(&arguments, output)?,
        Command::Asyncapi(_) => asyncapi::run(output)?,
        Command::Doctor(_) => return doctor::run(settings, output).await,
    }
    Ok(ExitCode::SUCCESS)
}
