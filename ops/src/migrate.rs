//! `daybook migrate`: brings the database up to date.

use serde_json::json;

use crate::{database::Database, output::Output, schema, settings::Settings};

/// Brings the database up to date.
///
/// `daybook serve` does it too, unless --no-migrate. Processes that start together wait for each other.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {}

pub(crate) async fn run(settings: &Settings, output: &mut Output) -> anyhow::Result<()> {
    let database = Database::open(&settings.database, &settings.data_dir).await?;
    let applied = schema::migrate(&database).await;
    database.close().await;
    let applied = applied?;
    output.say(match applied.len() {
        0 => "The database was up to date.".to_owned(),
        1 => "1 migration was applied.".to_owned(),
        many => format!("{many} migrations were applied."),
    })?;
    output.json(&json!({ "applied": applied, "newest": schema::newest() }))
}
