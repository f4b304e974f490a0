//! Logs, to stderr: a sentence with fields, as text or a JSON object a line. No personal data is ever logged.

use std::{
    io::{IsTerminal, stderr},
    str::FromStr,
};

use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt, util::SubscriberInitExt};

use crate::settings::{Reading, Setting};

const FORMAT: Setting = Setting {
    value: Some("FORMAT"),
    default: Some("text"),
    ..Setting::new(
        "log_format",
        "DAYBOOK_LOG_FORMAT",
        "How logs are written to stderr: text, or json (an object a line)",
    )
};

const LEVEL: Setting = Setting {
    value: Some("LEVEL"),
    default: Some("info for serve and demo, warn for all else"),
    ..Setting::new(
        "log_level",
        "DAYBOOK_LOG_LEVEL",
        "What is logged: error, warn, info, debug, trace or off; for single parts as info,ledger=debug",
    )
};

/// How logs are written, and which.
#[derive(Debug)]
pub(crate) struct Settings {
    /// Text for people, JSON for machines. Default: text.
    format: Format,
    /// A level, or a level for each part. Default: info for what serves; other commands speak by what they print.
    level: Option<Level>,
}

impl Settings {
    pub(crate) const ALL: &[&Setting] = &[&FORMAT, &LEVEL];

    pub(crate) fn read(said: &mut Reading<'_>) -> Option<Self> {
        let (format, level) = (said.value(&FORMAT), said.optional(&LEVEL));
        Some(Self {
            format: format?,
            level: level?,
        })
    }
}

#[derive(Debug, Clone, Copy)]
enum Format {
    Text,
    Json,
}

impl FromStr for Format {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err("must be text or json"),
        }
    }
}

#[derive(Debug)]
struct Level(EnvFilter);

impl FromStr for Level {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // A bare word that is no level would pass for the name of a part, and silence everything else.
        let level = text.split(',').next().unwrap_or_default();
        let known = level.parse::<tracing::level_filters::LevelFilter>().is_ok();
        if level.is_empty() || !(known || level.contains('=')) {
            return Err(format!(
                "{level:?} is none of error, warn, info, debug, trace, off"
            ));
        }
        let filter = EnvFilter::builder().parse(text);
        filter.map(Self).map_err(|error| error.to_string())
    }
}

/// Begins to log. Called once, first thing.
pub(crate) fn start(settings: &Settings, serving: bool) {
    // What the database remarks in passing ("exists already, skipping") concerns nobody.
    let usual = if serving {
        "info,sqlx::postgres::notice=warn"
    } else {
        "warn"
    };
    let default = || EnvFilter::new(usual);
    let filter = settings.level.as_ref().map(|level| level.0.clone());
    let registry = tracing_subscriber::registry().with(filter.unwrap_or_else(default));
    match settings.format {
        Format::Text => registry
            .with(
                fmt::layer()
                    .with_writer(stderr)
                    .with_ansi(stderr().is_terminal()),
            )
            .init(),
        Format::Json => registry
            .with(fmt::layer().json().flatten_event(true).with_writer(stderr))
            .init(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_is_a_word_or_a_list() {
        for right in ["info", "off", "debug,sqlx=warn", "ledger=trace"] {
            assert!(right.parse::<Level>().is_ok(), "{right}");
        }
        for wrong in ["loud", "", "info,ledger=loud"] {
            assert!(wrong.parse::<Level>().is_err(), "{wrong}");
        }
    }
}
