//! What campaigns led to.

use axum::{extract::State, response::Response};
use jiff::Timestamp;
use projections::reports::campaigns::{self, Effect};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    ReportQuery,
    notifications::CountsView,
    report::{Group, Report, Whole},
};
use crate::{
    app::App,
    command::Ask,
    problem::Problem,
    sheet::{Column, Table},
};

/// The campaigns launched in a period, in the order in which they were.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = CampaignsReport)]
struct CampaignsView {
    campaigns: Vec<CampaignView>,
}

/// What one campaign led to.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = CampaignEffect)]
struct CampaignView {
    id: Uuid,
    name: String,
    /// `launched`, `finished` or `stopped`.
    stage: String,
    #[schema(value_type = String, format = DateTime)]
    launched_at: Timestamp,
    /// Clients whom its segment held then.
    audience: i64,
    #[serde(flatten)]
    counts: CountsView,
    /// Clients to whom one of its messages was sent, and did not fail.
    reached: i64,
    /// Bookings that those made within `campaign_effect_days` of the settings, but for cancelled ones.
    bookings: i64,
    /// Who of them made one.
    clients: i64,
    /// Paid for these bookings so far, less what was given back.
    revenue: String,
}

impl From<&Effect> for CampaignView {
    fn from(effect: &Effect) -> Self {
        Self {
            id: effect.campaign_id.uuid(),
            name: effect.name.clone(),
            stage: effect.stage.clone(),
            launched_at: effect.launched_at,
            audience: effect.audience,
            counts: CountsView::from(&effect.counts),
            reached: effect.reached,
            bookings: effect.bookings,
            clients: effect.clients,
            revenue: effect.revenue.to_string(),
        }
    }
}

impl Report for Group<CampaignsView> {
    const TABLE: &'static Table = &Table {
        name: "campaigns",
        columns: &[
            ("campaign_id", Column::Text),
            ("campaign", Column::Text),
            ("stage", Column::Text),
            ("launched_at", Column::DateTime),
            ("audience", Column::Number),
            ("messages", Column::Count),
            ("scheduled", Column::Count),
            ("sent", Column::Count),
            ("delivered", Column::Count),
            ("failed", Column::Count),
            ("suppressed", Column::Count),
            ("reached", Column::Number),
            ("bookings", Column::Number),
            ("clients", Column::Number),
            ("revenue", Column::Amount),
        ],
    };
}

impl Whole for Group<CampaignsView> {
    /// Of each campaign.
    fn rows(&self) -> Vec<Vec<String>> {
        let row = |campaign: &CampaignView| {
            let begins = [
                campaign.id.to_string(),
                campaign.name.clone(),
                campaign.stage.clone(),
                campaign.launched_at.to_string(),
                campaign.audience.to_string(),
            ];
            let ends = [
                campaign.reached.to_string(),
                campaign.bookings.to_string(),
                campaign.clients.to_string(),
                campaign.revenue.clone(),
            ];
            begins
                .into_iter()
                .chain(campaign.counts.cells())
                .chain(ends)
                .collect()
        };
        self.figures.campaigns.iter().map(row).collect()
    }
}

/// The campaigns launched in the period: how many messages came how far, and what the clients whom they reached booked
/// afterwards. It has no groups.
#[utoipa::path(get, path = "/reports/campaigns", tag = "reports", params(ReportQuery),
    responses((status = 200, description = "What they led to.", content(
        (Group<CampaignsView> = "application/json"),
        (String = "text/csv"),
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ))))]
pub(super) async fn campaigns(
    State(app): State<App>,
    ask: Ask<ReportQuery>,
) -> Result<Response, Problem> {
    let question = app.report::<Group<CampaignsView>>(&ask).await?;
    let within = question
        .known
        .catalogue
        .business
        .reports
        .campaign_effect_days;
    let found = campaigns::find(app.pool(), &question.asked, within).await?;
    let campaigns = found.iter().map(CampaignView::from).collect();
    question
        .answer(question.whole(CampaignsView { campaigns }))
        .await
}
