//! What is asked of a webhook, read.

use domain::{
    id::Id,
    sealed::Sealed,
    text::{Label, WebAddress},
    webhook::{EventFilter, Wanted, Webhook, WebhookCommand},
};
use serde::Deserialize;
use utoipa::ToSchema;
use webhooks::Allowed;

use crate::{
    checks::{Checks, Patch, given, patch},
    problem::Problem,
};

/// A webhook to be set up.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewWebhook {
    /// What it is for.
    name: Option<String>,
    /// Where it is told: `https://…` on the public internet.
    #[schema(example = "https://hooks.example.org/daybook")]
    url: String,
    /// What it is told: events (`daybook.booking.placed`), all of a stream (`daybook.booking.*`). None: everything.
    #[serde(default)]
    event_types: Vec<String>,
}

/// What is to change of a webhook; absent fields stay as they are.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WebhookChange {
    #[serde(default, deserialize_with = "patch")]
    #[schema(value_type = Option<String>)]
    name: Patch<String>,
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    url: Option<String>,
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    event_types: Option<Vec<String>>,
    /// Whether it is told at all.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub(super) active: Option<bool>,
}

impl NewWebhook {
    pub(super) fn wanted(&self, id: Id<Webhook>, allowed: Allowed) -> Result<Wanted, Problem> {
        let mut checks = Checks::default();
        let name = checks.maybe("name", self.name.as_deref(), Label::parse);
        let url = address(&mut checks, &self.url, allowed);
        let event_types = filters(&mut checks, &self.event_types);
        let (Some(url), true) = (url, checks.is_clean()) else {
            return Err(checks.into());
        };
        Ok(Wanted {
            name,
            url: Sealed::open(id, url),
            event_types,
        })
    }
}

impl WebhookChange {
    /// Whether it is to be told elsewhere, or of other things.
    pub(super) const fn leads_elsewhere(&self) -> bool {
        self.url.is_some() || self.event_types.is_some()
    }

    pub(super) fn command(
        &self,
        id: Id<Webhook>,
        allowed: Allowed,
    ) -> Result<WebhookCommand, Problem> {
        let mut checks = Checks::default();
        let name = checks.patch("name", &self.name, |name| Label::parse(name));
        let url = self.url.as_deref();
        let url = url.and_then(|url| address(&mut checks, url, allowed));
        let event_types = self.event_types.as_deref();
        let event_types = event_types.map(|types| filters(&mut checks, types));
        checks.done()?;
        Ok(WebhookCommand::Change {
            name,
            url: url.map(|url| Sealed::open(id, url)),
            event_types,
        })
    }
}

fn address(checks: &mut Checks, text: &str, allowed: Allowed) -> Option<WebAddress> {
    let address = checks.take("url", WebAddress::parse(text))?;
    let target = webhooks::Target::parse(address.as_str(), allowed);
    checks.take("url", target).map(|_| address)
}

fn filters(checks: &mut Checks, texts: &[String]) -> Vec<EventFilter> {
    let filters = texts.iter().enumerate().filter_map(|(number, text)| {
        checks.take(&format!("event_types[{number}]"), EventFilter::parse(text))
    });
    filters.collect()
}
