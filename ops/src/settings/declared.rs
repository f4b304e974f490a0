//! A setting as it is declared: where it can be said, and what it means.

use clap::{Arg, ArgAction};

/// The heading of settings in `--help`.
const HEADING: &str = "Settings";

/// One setting. Its flag is its name with hyphens.
#[derive(Debug)]
pub(crate) struct Setting {
    /// Its name in `daybook.toml`.
    pub(crate) name: &'static str,
    /// Its environment variable.
    pub(crate) variable: &'static str,
    /// What it is for, with its unit.
    pub(crate) help: &'static str,
    /// What stands for its value in help; none: it is a switch, off by default.
    pub(crate) value: Option<&'static str>,
    /// What holds where nothing is said, as it would be said, or in words.
    pub(crate) default: Option<&'static str>,
    /// It has no flag: everybody on the machine can read command lines.
    pub(crate) secret: bool,
    /// It can be said in the file.
    pub(crate) in_file: bool,
}

impl Setting {
    /// A switch, for everyone to see, also in the file.
    pub(crate) const fn new(
        name: &'static str,
        variable: &'static str,
        help: &'static str,
    ) -> Self {
        Self {
            name,
            variable,
            help,
            value: None,
            default: None,
            secret: false,
            in_file: true,
        }
    }

    /// Its flag, if it has one.
    pub(super) fn flag(&self) -> Option<Arg> {
        if self.secret {
            return None;
        }
        let arg = Arg::new(self.name)
            .long(self.long())
            .help(self.told())
            .help_heading(HEADING);
        Some(match self.value {
            Some(value) => arg.value_name(value),
            None => arg.action(ArgAction::SetTrue),
        })
    }

    /// Clap wants names that live for ever; there are a dozen of them, made once.
    fn long(&self) -> &'static str {
        self.name.replace('_', "-").leak()
    }

    fn told(&self) -> String {
        let default = match self.default {
            Some(default) => format!(" [default: {default}]"),
            None => String::new(),
        };
        format!("{} [env: {}]{default}", self.help, self.variable)
    }
}

/// What `--help` says below the flags: settings that have none, and those of single commands.
pub(super) fn listed(
    everywhere: impl Iterator<Item = &'static &'static Setting>,
    serving: impl Iterator<Item = &'static &'static Setting>,
) -> String {
    let mut text = "A setting is looked for in its flag, then in its environment variable, then in daybook.toml under its name.\n\n\
         Settings without a flag:"
        .to_owned();
    for setting in everywhere.filter(|setting| setting.secret) {
        text += &format!(
            "\n  {} ({})\n          {}",
            setting.variable,
            setting.name,
            setting.told()
        );
    }
    text += "\n\nSettings of `serve` and `demo`:";
    for setting in serving {
        let flag = setting.long();
        let value = setting
            .value
            .map(|value| format!(" <{value}>"))
            .unwrap_or_default();
        text += &format!("\n  --{flag}{value}\n          {}", setting.told());
    }
    text + "\n\nExit codes: 0 it is done, 1 it failed (or a check did), 2 the command or a setting makes no sense."
}
