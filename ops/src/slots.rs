//! `daybook slots`: what the slot finder offers in a scenario (API §8). No database.

use std::{
    fs,
    io::{self, Read},
    path::PathBuf,
};

use domain::slots::scenario;

use crate::{
    failure::{Misused, Remedy},
    output::Output,
};

/// Prints the slots that the finder offers in a scenario.
///
/// Reads one scenario, or an array of them, as JSON, and prints one JSON line for each: {"starts": […]}.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The scenarios; stdin if it is not given, or -.
    file: Option<PathBuf>,
    /// Tell also why each other start of the grid is not offered.
    #[arg(long)]
    explain: bool,
}

pub(crate) fn run(arguments: &Arguments, output: &mut Output) -> anyhow::Result<()> {
    let json = match arguments
        .file
        .as_ref()
        .filter(|file| file.as_os_str() != "-")
    {
        Some(file) => fs::read_to_string(file).remedy(
            format!("{} could not be read", file.display()),
            "name a file of JSON in UTF-8",
        )?,
        None => {
            let mut text = String::new();
            io::stdin()
                .read_to_string(&mut text)
                .remedy("stdin could not be read", "give JSON in UTF-8")?;
            text
        }
    };
    let answers = scenario::answer(&json, arguments.explain)
        .map_err(|bad| Misused(format!("the scenario makes no sense: {bad}")))?;
    for line in answers {
        output.line(&line)?;
    }
    Ok(())
}
