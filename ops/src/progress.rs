//! Progress bars, on stderr, where that is a terminal.

use indicatif::{ProgressBar, ProgressStyle};

/// A bar that counts `things`; its length is set when it is known.
pub(crate) fn bar(doing: &'static str, things: &str) -> ProgressBar {
    let template =
        format!("{{msg}} {{wide_bar}} {{human_pos}} of {{human_len}} {things}, {{eta}} left");
    let style =
        ProgressStyle::with_template(&template).unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::no_length()
        .with_style(style)
        .with_message(doing)
}
