//! `daybook api-key create`: issues a key for a program.

use domain::{actor::Role, id::Id, text::Label};
use gateway::access::{NewKey, issue_api_key};
use serde::Serialize;
use uuid::Uuid;

use crate::{
    books::Books,
    business_create,
    failure::{Misused, failure},
    output::Output,
    settings::Settings,
};

/// Issues an API key, and prints {"id","api_key"}. The key is shown this once.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Slug of the business.
    #[arg(long, value_name = "SLUG")]
    business: String,
    /// What it may do: owner, admin, manager or staff (see docs/rights.md).
    #[arg(long)]
    role: String,
    /// Id of the staff member on whose behalf it acts; of a key with the role staff, these bookings alone are its.
    #[arg(long, value_name = "ID")]
    staff: Option<Uuid>,
    /// What it is for, to tell it from others.
    #[arg(long, default_value = "made by daybook api-key create")]
    name: String,
}

pub(crate) async fn run(
    arguments: &Arguments,
    settings: &Settings,
    output: &mut Output,
) -> anyhow::Result<()> {
    let new = NewKey {
        name: Label::parse(&arguments.name).map_err(|error| Misused(format!("--name: {error}")))?,
        role: role(&arguments.role)?,
        staff_id: arguments.staff.map(Id::new),
        expires_at: None,
        scopes: None,
    };
    let books = Books::open(settings).await?;
    let issued = issue(&books, &arguments.business, new).await;
    books.close().await;
    let (id, api_key) = issued?;
    output.json(&Issued { id, api_key })
}

/// What is printed, in this order.
#[derive(Serialize)]
struct Issued {
    id: Uuid,
    api_key: String,
}

async fn issue(books: &Books, slug: &str, new: NewKey) -> anyhow::Result<(Uuid, String)> {
    let business = books.business(slug).await?;
    let app = books.app();
    if let Some(staff) = new.staff_id {
        let known = app.catalogue_now(business).await?;
        if !known.catalogue.staff.contains_key(&staff) {
            return Err(failure(
                format!("there is no staff member {} in this business", staff.uuid()),
                "see GET /api/v1/staff for their ids",
            ));
        }
    }
    issue_api_key(&app, business, new)
        .await
        .map_err(business_create::told)
}

fn role(word: &str) -> Result<Role, Misused> {
    let role = serde_json::from_value(word.into());
    role.map_err(|_| {
        Misused(format!(
            "--role is {word:?}: must be owner, admin, manager or staff"
        ))
    })
}
