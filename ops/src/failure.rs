//! How a command fails: what went wrong, why, and what to do about it.

use std::process::ExitCode;

/// What went wrong, and what to do about it. The why is the chain of causes below it.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub(crate) struct Failure {
    what: String,
    remedy: String,
}

/// The command was asked for in a way that makes no sense: exit code 2, as for an unknown flag.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Misused(pub(crate) String);

/// A failure that has no cause below it.
pub(crate) fn failure(what: impl Into<String>, remedy: impl Into<String>) -> anyhow::Error {
    anyhow::Error::new(Failure {
        what: what.into(),
        remedy: remedy.into(),
    })
}

/// A failure that comes of another error.
pub(crate) fn because(
    cause: impl Into<anyhow::Error>,
    what: impl Into<String>,
    remedy: impl Into<String>,
) -> anyhow::Error {
    cause.into().context(Failure {
        what: what.into(),
        remedy: remedy.into(),
    })
}

/// Says of an error what it stopped, and what to do.
pub(crate) trait Remedy<T> {
    /// `what` reads as a sentence of its own; `remedy` tells the reader what to do.
    fn remedy(self, what: impl Into<String>, remedy: impl Into<String>) -> anyhow::Result<T>;
}

impl<T, E: Into<anyhow::Error>> Remedy<T> for Result<T, E> {
    fn remedy(self, what: impl Into<String>, remedy: impl Into<String>) -> anyhow::Result<T> {
        self.map_err(|error| because(error, what, remedy))
    }
}

/// The error as the person at the terminal reads it.
pub(crate) fn tell(error: &anyhow::Error) -> String {
    let mut told = format!("daybook: {error}");
    for cause in causes(error) {
        told += &format!("\n  why: {cause}");
    }
    if let Some(remedy) = remedy_of(error) {
        told += &format!("\n  do:  {remedy}");
    }
    told
}

/// The error without what to do about it.
pub(crate) fn in_one_line(error: &anyhow::Error) -> String {
    causes(error).fold(error.to_string(), |told, cause| told + ": " + &cause)
}

/// What to do about it, if that is known.
pub(crate) fn remedy_of(error: &anyhow::Error) -> Option<&str> {
    let failure = error.downcast_ref::<Failure>()?;
    Some(&failure.remedy)
}

/// What is below it. Some errors repeat their source in their own words: that is told once.
fn causes(error: &anyhow::Error) -> impl Iterator<Item = String> {
    let mut before = error.to_string();
    error
        .chain()
        .skip(1)
        .map(ToString::to_string)
        .filter(move |cause| {
            let new = !before.contains(cause.as_str());
            before.clone_from(cause);
            new
        })
}

/// 2 for a command that was misused, 1 for all else.
pub(crate) fn exit_code(error: &anyhow::Error) -> ExitCode {
    if error.is::<Misused>() {
        ExitCode::from(2)
    } else {
        ExitCode::FAILURE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_tells_what_why_and_what_to_do() {
        let error = Err::<(), _>(std::io::Error::other("connection refused"))
            .remedy("the database could not be reached", "start it")
            .unwrap_err();
        assert_eq!(
            tell(&error),
            "daybook: the database could not be reached\n  why: connection refused\n  do:  start it"
        );
    }

    #[test]
    fn a_cause_that_repeats_another_is_told_once() {
        let error = anyhow::anyhow!("disk full").context("could not write: disk full");
        assert_eq!(tell(&error), "daybook: could not write: disk full");
    }
}
