//! What reports reckon with.

use axum::extract::State;
use domain::{
    business::{Business, BusinessCommand},
    money::{Currency, Money},
    reporting::ReportRules,
    time::Minutes,
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

/// What reports reckon with.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReportRules)]
pub(super) struct RulesView {
    /// How long it takes to book somebody in by phone or at the desk.
    minutes_per_phone_booking: u32,
    /// What an hour of whoever does that costs; null: not told, and so is nothing that rests on it.
    #[schema(example = "48.00")]
    cost_per_hour: Option<String>,
    /// Within how many days somebody must come, or be booked, again to count as one who does.
    return_within_days: u16,
    /// For how many days after a campaign what clients book is put down to it.
    campaign_effect_days: u16,
}

impl View for RulesView {
    type Of = Business;
    const HOME: &'static str = "/api/v1/settings/reports";

    fn of(loaded: &Loaded<Business>, _: Uuid) -> Option<Self> {
        loaded.state.settings.as_ref()?;
        let ReportRules {
            minutes_per_phone_booking,
            cost_per_hour,
            return_within_days,
            campaign_effect_days,
        } = loaded.state.reports;
        Some(Self {
            minutes_per_phone_booking: minutes_per_phone_booking.get(),
            cost_per_hour: cost_per_hour.as_ref().map(Money::to_string),
            return_within_days,
            campaign_effect_days,
        })
    }
}

/// What reports are to reckon with. What is left out is as in a new house.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReportRulesWanted)]
pub(super) struct RulesWanted {
    /// How long it takes to book somebody in by phone or at the desk; 5, if it is left out.
    #[schema(minimum = 0, maximum = 240)]
    minutes_per_phone_booking: Option<i64>,
    /// What an hour of whoever does that costs.
    #[schema(example = "48.00")]
    cost_per_hour: Option<String>,
    /// Within how many days somebody must come, or be booked, again to count as one who does; 90, if it is left out.
    #[schema(minimum = 1, maximum = 730)]
    return_within_days: Option<i64>,
    /// For how many days after a campaign what clients book is put down to it; 30, if it is left out.
    #[schema(minimum = 1, maximum = 365)]
    campaign_effect_days: Option<i64>,
}

impl RulesWanted {
    fn rules(&self, currency: Currency) -> Result<ReportRules, Problem> {
        let mut checks = Checks::default();
        let new = ReportRules::default();
        let minutes = self.minutes_per_phone_booking.map(|asked| {
            let minutes = checks.within("minutes_per_phone_booking", asked, 0, 240);
            Minutes::new(minutes)
        });
        let days = self.return_within_days.map(|asked| {
            let days = checks.within("return_within_days", asked, 1, 730);
            u16::try_from(days).unwrap_or(new.return_within_days)
        });
        let effect = self.campaign_effect_days.map(|asked| {
            let days = checks.within("campaign_effect_days", asked, 1, 365);
            u16::try_from(days).unwrap_or(new.campaign_effect_days)
        });
        let cost = self.cost_per_hour.as_deref();
        let cost = cost.and_then(|cost| checks.price("cost_per_hour", cost, currency));
        checks.done()?;
        Ok(ReportRules {
            minutes_per_phone_booking: minutes.unwrap_or(new.minutes_per_phone_booking),
            cost_per_hour: cost,
            return_within_days: days.unwrap_or(new.return_within_days),
            campaign_effect_days: effect.unwrap_or(new.campaign_effect_days),
        })
    }
}

/// What reports reckon with.
#[utoipa::path(get, path = "/settings/reports", tag = "settings",
    responses((status = 200, body = RulesView)))]
pub(super) async fn show(State(app): State<App>, ask: Ask) -> Result<Answer<RulesView>, Problem> {
    let business = ask.caller.business();
    app.show(business, business.0, business.0).await
}

/// Sets what reports reckon with.
#[utoipa::path(put, path = "/settings/reports", tag = "settings", request_body = RulesWanted,
    responses((status = 200, body = RulesView)))]
pub(super) async fn set(
    State(app): State<App>,
    call: Call<RulesWanted>,
) -> Result<Answer<RulesView>, Problem> {
    let business = call.caller.business();
    let currency = app.catalogue(business).await?.settings()?.currency;
    let done = app
        .send::<Business>(&call, Target::at(business.0), |_| {
            let rules = call.body.rules(currency)?;
            Ok(Asked::of(BusinessCommand::SetReportRules(rules)))
        })
        .await?;
    app.answer(business, &done).await
}
