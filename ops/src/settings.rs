//! Settings: flags, then the environment, then `daybook.toml`. Each concern has a small struct of its own beside the
//! code that it is for; here is how they are said, found and read. Nothing reads the environment later.

mod declared;
mod file;
mod said;

use std::path::PathBuf;

use clap::{ArgMatches, Command};

use self::file::File;
use crate::{books, database, failure::Misused, logging, messaging, serve};

pub(crate) use declared::Setting;
pub(crate) use said::Said as Reading;

/// Folder of everything that is kept: private servers, the master key. Default `./data`.
pub(crate) const DATA_DIR: Setting = Setting {
    value: Some("FOLDER"),
    default: Some("./data"),
    ..Setting::new(
        "data_dir",
        "DAYBOOK_DATA_DIR",
        "Folder of all that is kept here: the private servers' data, the master key. Run by root, it must be open to the user postgres (say /var/lib/daybook)",
    )
};

/// The file of settings. Default: `daybook.toml` in the data dir, else in the current folder.
const CONFIG: Setting = Setting {
    value: Some("FILE"),
    default: Some("daybook.toml in the data dir, else in the current folder"),
    in_file: false,
    ..Setting::new(
        "config",
        "DAYBOOK_CONFIG",
        "File of settings, TOML: each setting under its name, with _ for -",
    )
};

/// Taken by every command.
const EVERYWHERE: &[&[&Setting]] = &[
    &[&DATA_DIR, &CONFIG],
    database::Settings::ALL,
    messaging::Settings::ALL,
    books::Settings::ALL,
    logging::Settings::ALL,
];

/// Taken by the commands that serve.
const SERVING: &[&[&Setting]] = &[serve::Settings::ALL, serve::door::ALL, serve::visitors::ALL];

/// All that a process was told.
#[derive(Debug)]
pub(crate) struct Settings {
    /// Absolute.
    pub(crate) data_dir: PathBuf,
    pub(crate) database: database::Settings,
    pub(crate) messaging: messaging::Settings,
    pub(crate) books: books::Settings,
    pub(crate) logging: logging::Settings,
    pub(crate) serve: serve::Settings,
}

/// Gives the commands their flags, and `--help` the list of all settings.
pub(crate) fn declare(mut command: Command) -> Command {
    for setting in EVERYWHERE.iter().copied().flatten() {
        if let Some(flag) = setting.flag() {
            command = command.arg(flag.global(true));
        }
    }
    for serving in ["serve", "demo"] {
        command = command.mut_subcommand(serving, |mut subcommand| {
            for setting in SERVING.iter().copied().flatten() {
                subcommand = subcommand.args(setting.flag());
            }
            subcommand
        });
    }
    command.after_long_help(declared::listed(
        EVERYWHERE.iter().copied().flatten(),
        SERVING.iter().copied().flatten(),
    ))
}

impl Settings {
    /// Reads all of them.
    ///
    /// # Errors
    /// With all mistakes together.
    pub(crate) fn read(matches: &ArgMatches) -> Result<Self, Misused> {
        let variable = |name: &str| std::env::var(name).ok();
        Self::read_from(matches, &variable)
    }

    fn read_from(
        matches: &ArgMatches,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, Misused> {
        let mut matches = matches;
        // Flags of the whole command are known to each subcommand; flags of a subcommand only there.
        while let Some((_, inner)) = matches.subcommand() {
            matches = inner;
        }
        let mut said = Reading::new(matches, variable);
        let file = File::find(
            said.text(&CONFIG).map(|found| found.text),
            &said
                .text(&DATA_DIR)
                .map(|found| found.text)
                .unwrap_or_default(),
        );
        let known = EVERYWHERE.iter().chain(SERVING).copied().flatten();
        said.add_file(file, known);

        let settings = (
            said.data_dir(&DATA_DIR),
            database::Settings::read(&mut said),
            messaging::Settings::read(&mut said),
            books::Settings::read(&mut said),
            logging::Settings::read(&mut said),
            serve::Settings::read(&mut said),
        );
        said.check()?;
        let (
            Some(data_dir),
            Some(database),
            Some(messaging),
            Some(books),
            Some(logging),
            Some(serve),
        ) = settings
        else {
            // What is missing has left a mistake behind, which was told above.
            return Err(Misused("a setting is missing".to_owned()));
        };
        Ok(Self {
            data_dir,
            database,
            messaging,
            books,
            logging,
            serve,
        })
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::Daybook;

    fn read(line: &[&str], variables: &[(&str, &str)]) -> Result<Settings, Misused> {
        let matches = declare(Daybook::command()).get_matches_from([&["daybook"], line].concat());
        Settings::read_from(&matches, &|name| {
            let said = variables.iter().find(|(variable, _)| *variable == name)?;
            Some(said.1.to_owned())
        })
    }

    fn port(settings: &Settings) -> u16 {
        settings.serve.listen.0.port()
    }

    fn folder_with(file: &str) -> (tempfile::TempDir, String) {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("daybook.toml"), file).unwrap();
        let path = dir.path().to_str().unwrap().to_owned();
        (dir, path)
    }

    #[test]
    fn a_flag_goes_before_a_variable_and_a_variable_before_the_file() {
        let (_dir, dir) = folder_with("listen = \"127.0.0.1:1\"\ngrace_s = 7\nroles = [\"api\"]");
        let variables = [("DAYBOOK_LISTEN", "127.0.0.1:2"), ("DAYBOOK_GRACE_S", "")];
        let all = read(
            &["serve", "--data-dir", &dir, "--listen", "127.0.0.1:3"],
            &variables,
        )
        .unwrap();
        assert_eq!(port(&all), 3);
        let two = read(&["serve", "--data-dir", &dir], &variables).unwrap();
        assert_eq!(port(&two), 2);
        let one = read(&["serve", "--data-dir", &dir], &[]).unwrap();
        assert_eq!(port(&one), 1);
        // A variable that is empty says nothing.
        assert_eq!(two.serve.grace_s.get(), 7);
        assert!(!one.serve.roles.projector);
        let none = read(&["serve", "--data-dir", "/nowhere"], &[]).unwrap();
        assert_eq!(port(&none), 8080);
        assert!(none.serve.roles.api && none.serve.roles.projector && !none.serve.no_migrate);
    }

    #[test]
    fn all_mistakes_are_told_together() {
        let (_dir, dir) =
            folder_with("listne = \"x\"\nno_migrate = \"perhaps\"\nmaster_key = \"00\"");
        let variables = [
            ("DAYBOOK_DATA_DIR", dir.as_str()),
            ("DAYBOOK_LOG_FORMAT", "xml"),
            ("DAYBOOK_MASTER_KEY", "not-a-key"),
        ];
        let told = read(&["serve", "--roles", "api,cook"], &variables)
            .unwrap_err()
            .to_string();
        for mistake in [
            "listne in ",
            "master_key in ",
            "no_migrate in ",
            "DAYBOOK_LOG_FORMAT is \"xml\": must be text or json",
            "--roles is \"api,cook\"",
            "DAYBOOK_MASTER_KEY: ",
        ] {
            assert!(told.contains(mistake), "{mistake} is not in {told}");
        }
        assert!(!told.contains("not-a-key"), "a secret was told");
    }

    #[test]
    fn a_file_that_is_named_must_be_there() {
        let told = read(&["migrate", "--config", "/nowhere/daybook.toml"], &[]).unwrap_err();
        assert!(told.to_string().contains("is not there"), "{told}");
    }

    #[test]
    fn a_data_dir_said_in_a_file_lies_beside_the_file() {
        let (dir, _) = folder_with("data_dir = \"books\"");
        let file = dir.path().join("daybook.toml");
        let settings = read(&["migrate", "--config", file.to_str().unwrap()], &[]).unwrap();
        assert_eq!(settings.data_dir, dir.path().join("books"));
    }

    #[test]
    fn help_lists_every_setting() {
        let mut command = declare(Daybook::command());
        let help = command.render_long_help().to_string();
        for setting in EVERYWHERE.iter().chain(SERVING).copied().flatten() {
            assert!(
                help.contains(setting.variable),
                "{} is not in --help",
                setting.variable
            );
        }
    }

    #[test]
    fn the_command_line_is_consistent() {
        declare(Daybook::command()).debug_assert();
    }
}
