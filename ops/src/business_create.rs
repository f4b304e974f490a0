//! `daybook business create`: opens a business, with its owner and a first API key.

use std::fmt::Display;

use domain::{
    business::Business,
    contact::{Country, Email},
    id::Id,
    money::Currency,
    text::{Label, Slug},
    time::Zone,
};
use gateway::access::{AccountError, NewBusiness, create_business};
use secrecy::SecretString;
use serde::Serialize;
use uuid::Uuid;

use crate::{
    books::Books,
    failure::{Misused, because, failure},
    output::Output,
    settings::Settings,
};

/// Opens a business, and prints {"business_id","slug","owner_id","api_key"}; the key has the owner's role.
///
/// The key is shown this once; `daybook api-key create` issues more.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// What it is called.
    #[arg(long)]
    name: String,
    /// Its name in addresses: a-z, 0-9 and hyphens; unique.
    #[arg(long)]
    slug: String,
    /// Its IANA time zone, such as Europe/Warsaw.
    #[arg(long, value_name = "ZONE")]
    time_zone: String,
    /// What it charges in, ISO 4217, such as PLN.
    #[arg(long, value_name = "CODE")]
    currency: String,
    /// Its country, ISO 3166, such as PL: settles national phone numbers. Default: that of the time zone.
    #[arg(long, value_name = "CODE")]
    country: Option<String>,
    /// The address with which its owner signs in.
    #[arg(long, value_name = "ADDRESS")]
    owner_email: String,
    /// Its owner's password; better said in the environment, for all can read command lines.
    #[arg(
        long,
        value_name = "PASSWORD",
        env = "DAYBOOK_OWNER_PASSWORD",
        hide_env_values = true
    )]
    owner_password: SecretString,
}

pub(crate) async fn run(
    arguments: Arguments,
    settings: &Settings,
    output: &mut Output,
) -> anyhow::Result<()> {
    let new = read(arguments)?;
    let books = Books::open(settings).await?;
    let opened = create_business(&books.app(), new).await;
    books.close().await;
    let opened = opened.map_err(told)?;
    output.json(&Opened {
        business_id: opened.business_id,
        slug: opened.slug,
        owner_id: opened.owner_id,
        api_key: opened.api_key,
    })
}

/// What is printed, in this order.
#[derive(Serialize)]
struct Opened {
    business_id: Id<Business>,
    slug: Slug,
    owner_id: Uuid,
    api_key: String,
}

/// Turns the arguments into the domain's types; all mistakes are told together.
fn read(arguments: Arguments) -> Result<NewBusiness, Misused> {
    let mut mistakes = Vec::new();
    let name = take("name", Label::parse(&arguments.name), &mut mistakes);
    let slug = take("slug", Slug::parse(&arguments.slug), &mut mistakes);
    let time_zone = take(
        "time-zone",
        Zone::named(&arguments.time_zone),
        &mut mistakes,
    );
    let currency = Currency::from_code(&arguments.currency).ok_or("is no code of ISO 4217");
    let currency = take("currency", currency, &mut mistakes);
    let country = arguments.country.as_deref().map(Country::parse).transpose();
    let country = take("country", country, &mut mistakes);
    let owner_email = take(
        "owner-email",
        Email::parse(&arguments.owner_email),
        &mut mistakes,
    );
    match (name, slug, time_zone, currency, country, owner_email) {
        (
            Some(name),
            Some(slug),
            Some(time_zone),
            Some(currency),
            Some(country),
            Some(owner_email),
        ) => Ok(NewBusiness {
            name,
            slug,
            time_zone,
            currency,
            country,
            owner_email,
            owner_password: arguments.owner_password,
        }),
        _ => Err(Misused(mistakes.join("\n  "))),
    }
}

fn take<T>(flag: &str, read: Result<T, impl Display>, mistakes: &mut Vec<String>) -> Option<T> {
    read.map_err(|error| mistakes.push(format!("--{flag}: {error}")))
        .ok()
}

/// In the terms of the command.
pub(crate) fn told(error: AccountError) -> anyhow::Error {
    let what = error.to_string();
    match error {
        AccountError::SlugTaken(_) => failure(what, "choose another --slug"),
        AccountError::WhichCountry(_) => Misused(format!("{what} (--country)")).into(),
        AccountError::PasswordTooShort => Misused(what).into(),
        AccountError::NotFound => failure(what, "see that the business was opened"),
        AccountError::Problem(problem) => because(
            problem,
            "it could not be recorded",
            "see the causes told here, and run it again",
        ),
    }
}
