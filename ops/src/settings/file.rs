//! `daybook.toml`: a flat table, a setting to a line.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

const NAME: &str = "daybook.toml";

/// The file of settings, read.
#[derive(Debug)]
pub(super) struct File {
    pub(super) path: PathBuf,
    pub(super) table: toml::Table,
}

impl File {
    /// The file that was named, else the one in the data dir, else the one in the current folder. None is no mistake,
    /// unless it was named.
    pub(super) fn find(named: Option<String>, data_dir: &str) -> Result<Option<Self>, String> {
        if let Some(named) = named {
            let path = PathBuf::from(named);
            return match Self::read(&path)? {
                Some(file) => Ok(Some(file)),
                None => Err(format!(
                    "{} (the file of settings) is not there",
                    path.display()
                )),
            };
        }
        match Self::read(&Path::new(data_dir).join(NAME))? {
            Some(file) => Ok(Some(file)),
            None => Self::read(Path::new(NAME)),
        }
    }

    fn read(path: &Path) -> Result<Option<Self>, String> {
        let text = match fs::read_to_string(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(format!("{} cannot be read: {error}", path.display())),
            Ok(text) => text,
        };
        let table = text
            .parse()
            .map_err(|error: toml::de::Error| format!("{} is not TOML: {error}", path.display()))?;
        Ok(Some(Self {
            path: path.to_owned(),
            table,
        }))
    }

    /// What the file says under this name, as it would be said in a flag.
    pub(super) fn says(&self, name: &str) -> Option<Result<String, String>> {
        let said = match self.table.get(name)? {
            toml::Value::String(text) => Ok(text.clone()),
            toml::Value::Integer(number) => Ok(number.to_string()),
            toml::Value::Boolean(yes) => Ok(yes.to_string()),
            toml::Value::Array(items) => items
                .iter()
                .map(|item| item.as_str().map(str::to_owned))
                .collect::<Option<Vec<_>>>()
                .map(|items| items.join(","))
                .ok_or("must hold texts only"),
            toml::Value::Float(_) | toml::Value::Datetime(_) | toml::Value::Table(_) => {
                Err("must be a text, a whole number, true or false")
            }
        };
        Some(said.map_err(|problem| format!("{name} in {} {problem}", self.path.display())))
    }
}
