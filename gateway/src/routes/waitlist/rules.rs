//! How the waitlist is to work.

use axum::extract::State;
use domain::{
    business::{Business, BusinessCommand},
    time::Minutes,
    waitlist::WaitlistRules,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    app::App,
    checks::Checks,
    command::{Answer, Ask, Asked, Call, Loaded, Target, View},
    problem::Problem,
};

/// The rules of the waitlist.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WaitlistRules)]
pub(crate) struct RulesView {
    /// Time that comes free is offered to those who wait, without anybody's doing.
    automatic: bool,
    /// How long an offered slot is held.
    offer_min: u32,
    /// How far ahead a slot must lie at the least to be offered.
    lead_min: u32,
}

impl View for RulesView {
    type Of = Business;
    const HOME: &'static str = "/api/v1/settings/waitlist";

    fn of(loaded: &Loaded<Business>, _: Uuid) -> Option<Self> {
        loaded.state.settings.as_ref()?;
        let WaitlistRules {
            automatic,
            offer_min,
            lead_min,
        } = loaded.state.waitlist;
        Some(Self {
            automatic,
            offer_min: offer_min.get(),
            lead_min: lead_min.get(),
        })
    }
}

/// Rules of the waitlist to be set.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = WaitlistRulesWanted)]
pub(super) struct RulesWanted {
    /// Offer time that comes free to those who wait.
    automatic: bool,
    /// How long an offered slot is held.
    #[schema(minimum = 1, maximum = 2880)]
    offer_min: i64,
    /// How far ahead a slot must lie at the least to be offered.
    #[schema(minimum = 0, maximum = 43200)]
    lead_min: i64,
}

impl RulesWanted {
    fn rules(&self) -> Result<WaitlistRules, Problem> {
        let mut checks = Checks::default();
        let offer = checks.within("offer_min", self.offer_min, 1, 2_880);
        let lead = checks.within("lead_min", self.lead_min, 0, 43_200);
        checks.done()?;
        Ok(WaitlistRules {
            automatic: self.automatic,
            offer_min: Minutes::new(offer),
            lead_min: Minutes::new(lead),
        })
    }
}

/// The rules of the waitlist.
#[utoipa::path(get, path = "/settings/waitlist", tag = "settings",
    responses((status = 200, body = RulesView)))]
pub(super) async fn show(State(app): State<App>, ask: Ask) -> Result<Answer<RulesView>, Problem> {
    let business = ask.caller.business();
    app.show(business, business.0, business.0).await
}

/// Sets the rules of the waitlist.
#[utoipa::path(put, path = "/settings/waitlist", tag = "settings", request_body = RulesWanted,
    responses((status = 200, body = RulesView)))]
pub(super) async fn set(
    State(app): State<App>,
    call: Call<RulesWanted>,
) -> Result<Answer<RulesView>, Problem> {
    let business = call.caller.business();
    let done = app
        .send::<Business>(&call, Target::at(business.0), |_| {
            let rules = call.body.rules()?;
            Ok(Asked::of(BusinessCommand::SetWaitlistRules(rules)))
        })
        .await?;
    app.answer(business, &done).await
}
