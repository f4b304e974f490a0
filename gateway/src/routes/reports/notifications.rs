//! What was told to clients, over what, and what became of it.

use axum::{extract::State, response::Response};
use domain::notification::Channel;
use projections::reports::notifications::{self, Counts};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    ReportQuery,
    report::{Group, Report, Whole},
};
use crate::{
    app::App,
    command::Ask,
    problem::Problem,
    sheet::{Column, Table},
};

/// The messages of a period, over each channel and over all.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = NotificationsReport)]
struct NotificationsView {
    #[serde(flatten)]
    whole: CountsView,
    channels: Vec<ChannelView>,
    /// Where `group_by` was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    groups: Option<Vec<Group<CountsView>>>,
}

/// The messages over one channel.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ChannelReport)]
struct ChannelView {
    /// `email`, `sms` or `telegram`.
    channel: &'static str,
    #[serde(flatten)]
    whole: CountsView,
    /// Where `group_by` was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    groups: Option<Vec<Group<CountsView>>>,
    #[serde(skip)]
    told: Vec<Group<CountsView>>,
}

/// How many messages came how far.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[schema(as = MessageCounts)]
pub(super) struct CountsView {
    /// All of them.
    messages: i64,
    /// That wait.
    scheduled: i64,
    /// That a channel took, whatever became of them then.
    sent: i64,
    /// That arrived, as far as the channel says.
    delivered: i64,
    /// That were given up.
    failed: i64,
    /// That were not sent, and will not be.
    suppressed: i64,
}

impl From<&Counts> for CountsView {
    fn from(counts: &Counts) -> Self {
        Self {
            messages: counts.messages,
            scheduled: counts.scheduled,
            sent: counts.sent,
            delivered: counts.delivered,
            failed: counts.failed,
            suppressed: counts.suppressed,
        }
    }
}

impl CountsView {
    pub(super) fn cells(&self) -> [String; 6] {
        [
            self.messages,
            self.scheduled,
            self.sent,
            self.delivered,
            self.failed,
            self.suppressed,
        ]
        .map(|count| count.to_string())
    }
}

impl Report for Group<NotificationsView> {
    const TABLE: &'static Table = &Table {
        name: "notifications",
        columns: &[
            ("from", Column::Date),
            ("to", Column::Date),
            ("channel", Column::Text),
            ("messages", Column::Count),
            ("scheduled", Column::Count),
            ("sent", Column::Count),
            ("delivered", Column::Count),
            ("failed", Column::Count),
            ("suppressed", Column::Count),
        ],
    };
}

impl Whole for Group<NotificationsView> {
    /// Of each channel, in each group if there are any.
    fn rows(&self) -> Vec<Vec<String>> {
        let each = self.figures.channels.iter().flat_map(|view| {
            view.told.iter().map(|part| {
                let cells = [
                    part.from.to_string(),
                    part.to.to_string(),
                    view.channel.to_owned(),
                ];
                cells.into_iter().chain(part.figures.cells()).collect()
            })
        });
        each.collect()
    }
}

/// The messages that were due in the period, over each channel, and how far they came.
#[utoipa::path(get, path = "/reports/notifications", tag = "reports", params(ReportQuery),
    responses((status = 200, description = "The messages, and what became of them.", content(
        (Group<NotificationsView> = "application/json"),
        (String = "text/csv"),
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ))))]
pub(super) async fn notifications(
    State(app): State<App>,
    ask: Ask<ReportQuery>,
) -> Result<Response, Problem> {
    let question = app.report::<Group<NotificationsView>>(&ask).await?;
    let found = notifications::find(app.pool(), &question.asked).await?;
    let channel = |(channel, told): &(Channel, projections::reports::Told<Counts>)| {
        let whole = CountsView::from(&told.whole);
        let groups = question.groups(told.groups.iter().map(CountsView::from));
        ChannelView {
            channel: channel.as_str(),
            told: groups
                .clone()
                .unwrap_or_else(|| vec![question.whole(whole)]),
            whole,
            groups,
        }
    };
    let report = question.whole(NotificationsView {
        whole: CountsView::from(&found.all.whole),
        channels: found.channels.iter().map(channel).collect(),
        groups: question.groups(found.all.groups.iter().map(CountsView::from)),
    });
    question.answer(report).await
}
