//! What was said, by whichever means, and the mistakes in it.

use std::{
    collections::HashSet,
    fmt,
    path::{Path, PathBuf},
    str::FromStr,
};

use clap::ArgMatches;

use super::{declared::Setting, file::File};
use crate::failure::Misused;

/// Flags, environment and file, asked one setting at a time; mistakes are gathered.
pub(crate) struct Said<'a> {
    flags: &'a ArgMatches,
    variable: &'a dyn Fn(&str) -> Option<String>,
    file: Option<File>,
    mistakes: Vec<String>,
}

/// A value, and where it was said.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) text: String,
    place: Place,
}

#[derive(Debug)]
enum Place {
    Flag(String),
    Variable(&'static str),
    File(&'static str, PathBuf),
    Default(&'static str),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(flag) => write!(f, "--{flag}"),
            Self::Variable(variable) => f.write_str(variable),
            Self::File(name, file) => write!(f, "{name} in {}", file.display()),
            Self::Default(name) => write!(f, "the default of {name}"),
        }
    }
}

impl<'a> Said<'a> {
    pub(super) fn new(flags: &'a ArgMatches, variable: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self {
            flags,
            variable,
            file: None,
            mistakes: Vec::new(),
        }
    }

    /// From here on the file is asked too. What it says that nobody knows is a mistake: most often of spelling.
    pub(super) fn add_file(
        &mut self,
        file: Result<Option<File>, String>,
        known: impl Iterator<Item = &'static &'static Setting>,
    ) {
        match file {
            Ok(None) => {}
            Err(mistake) => self.mistakes.push(mistake),
            Ok(Some(file)) => {
                let known: HashSet<_> = known
                    .filter(|setting| setting.in_file)
                    .map(|setting| setting.name)
                    .collect();
                let unknown = file
                    .table
                    .keys()
                    .filter(|name| !known.contains(name.as_str()));
                let told =
                    unknown.map(|name| format!("{name} in {} is no setting", file.path.display()));
                self.mistakes.extend(told);
                self.file = Some(file);
            }
        }
    }

    /// What was said, as text; the default, where it can be said.
    pub(crate) fn text(&mut self, setting: &'static Setting) -> Option<Found> {
        let found = self.flag(setting).or_else(|| {
            let text = (self.variable)(setting.variable).filter(|text| !text.is_empty())?;
            Some(Found {
                text,
                place: Place::Variable(setting.variable),
            })
        });
        found.or_else(|| self.in_file(setting))
    }

    fn flag(&self, setting: &Setting) -> Option<Found> {
        let place = || Place::Flag(setting.name.replace('_', "-"));
        if setting.secret {
            return None;
        }
        // Not every command has every flag: then `try_` answers with an error.
        if setting.value.is_none() {
            let given = self.flags.try_get_one::<bool>(setting.name).ok()??;
            return given.then(|| Found {
                text: "true".to_owned(),
                place: place(),
            });
        }
        let text = self.flags.try_get_one::<String>(setting.name).ok()??;
        Some(Found {
            text: text.clone(),
            place: place(),
        })
    }

    fn in_file(&mut self, setting: &'static Setting) -> Option<Found> {
        let file = self.file.as_ref()?;
        match file.says(setting.name)? {
            Ok(text) => Some(Found {
                text,
                place: Place::File(setting.name, file.path.clone()),
            }),
            Err(mistake) => {
                self.mistakes.push(mistake);
                None
            }
        }
    }

    /// The value, read by its type; the default where nothing was said. None only with a mistake.
    pub(crate) fn value<T>(&mut self, setting: &'static Setting) -> Option<T>
    where
        T: FromStr,
        T::Err: fmt::Display,
    {
        let default = || {
            let text = setting.default?.to_owned();
            Some(Found {
                text,
                place: Place::Default(setting.name),
            })
        };
        let found = self.text(setting).or_else(default)?;
        self.parse(setting, found)
    }

    /// The value, if one was said. The outer one is none only with a mistake.
    #[expect(
        clippy::option_option,
        reason = "a mistake is another thing than silence"
    )]
    pub(crate) fn optional<T>(&mut self, setting: &'static Setting) -> Option<Option<T>>
    where
        T: FromStr,
        T::Err: fmt::Display,
    {
        match self.text(setting) {
            None => Some(None),
            Some(found) => self.parse(setting, found).map(Some),
        }
    }

    /// Whether the switch is on.
    pub(crate) fn switch(&mut self, setting: &'static Setting) -> Option<bool> {
        self.optional(setting).map(|on| on.unwrap_or(false))
    }

    /// What is said in one place does not fit what is said in another.
    pub(crate) fn mistake(&mut self, mistake: &str) {
        self.mistakes.push(mistake.to_owned());
    }

    fn parse<T>(&mut self, setting: &Setting, found: Found) -> Option<T>
    where
        T: FromStr,
        T::Err: fmt::Display,
    {
        match found.text.parse() {
            Ok(value) => Some(value),
            Err(error) => {
                // A secret's value must not end up in a log.
                let is = if setting.secret {
                    String::new()
                } else {
                    format!(" is {:?}", found.text)
                };
                self.mistakes.push(format!("{}{is}: {error}", found.place));
                None
            }
        }
    }

    /// The data dir, absolute. Said in a file, it lies beside that file.
    pub(super) fn data_dir(&mut self, setting: &'static Setting) -> Option<PathBuf> {
        let dir = match self.text(setting) {
            None => PathBuf::from(setting.default.unwrap_or(".")),
            Some(Found {
                text,
                place: Place::File(_, file),
            }) => file.parent().unwrap_or(Path::new("")).join(text),
            Some(Found { text, .. }) => PathBuf::from(text),
        };
        match std::path::absolute(&dir) {
            Ok(dir) => Some(dir),
            Err(error) => {
                self.mistakes.push(format!(
                    "the data dir {} makes no sense: {error}",
                    dir.display()
                ));
                None
            }
        }
    }

    /// All mistakes together, if there are any.
    pub(super) fn check(&mut self) -> Result<(), Misused> {
        match self.mistakes.as_slice() {
            [] => Ok(()),
            [one] => Err(Misused(one.clone())),
            many => Err(Misused(format!(
                "{} settings make no sense:\n  - {}",
                many.len(),
                many.join("\n  - ")
            ))),
        }
    }
}
