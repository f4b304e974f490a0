//! `daybook user remove-second-factor`: lets somebody in again who has lost the authenticator and the codes.

use domain::contact::Email;
use gateway::access::{AccountError, remove_second_factor};
use serde::Serialize;

use crate::{
    books::Books,
    business_create,
    failure::{Misused, failure},
    output::Output,
    settings::Settings,
};

/// Lets a user sign in without a code who has lost their authenticator and recovery codes, and prints {"removed"}.
///
/// Whoever stands over them can do the same (DELETE /api/v1/users/{id}/totp); this is for the last owner.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Slug of the business.
    #[arg(long, value_name = "SLUG")]
    business: String,
    /// The address with which they sign in.
    #[arg(long, value_name = "ADDRESS")]
    email: String,
}

/// What is printed.
#[derive(Serialize)]
struct Done {
    /// False: none was asked for.
    removed: bool,
}

pub(crate) async fn run(
    arguments: &Arguments,
    settings: &Settings,
    output: &mut Output,
) -> anyhow::Result<()> {
    let email =
        Email::parse(&arguments.email).map_err(|error| Misused(format!("--email: {error}")))?;
    let books = Books::open(settings).await?;
    let removed = remove(&books, &arguments.business, &email).await;
    books.close().await;
    output.json(&Done { removed: removed? })
}

async fn remove(books: &Books, slug: &str, email: &Email) -> anyhow::Result<bool> {
    let business = books.business(slug).await?;
    let removed = remove_second_factor(&books.app(), business, email).await;
    removed.map_err(|error| match error {
        AccountError::NotFound => failure(
            "nobody in this business signs in with that address",
            "see GET /api/v1/users for their addresses",
        ),
        other @ (AccountError::SlugTaken(_)
        | AccountError::WhichCountry(_)
        | AccountError::PasswordTooShort
        | AccountError::Problem(_)) => business_create::told(other),
    })
}
