//! Segments that are there from the beginning, to be looked at and copied.

use axum::http::HeaderMap;
use domain::segment::ReadyMade;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::schema::SegmentFilter;
use crate::{
    command::{Answer, Ask},
    page::{Page, PageQuery, page_of},
    problem::Problem,
    texts::{Message, Speech},
};

/// A segment that most businesses want.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReadyMadeSegment)]
pub(super) struct ReadyMadeView {
    /// `loyal`, `sleeping`, `new`, `at_risk`, `birthdays_this_month`, `big_spenders`.
    key: &'static str,
    /// In the language of `Accept-Language`.
    name: String,
    /// Whom it holds, in the language of `Accept-Language`.
    description: String,
    /// To be previewed, changed, and saved under a name.
    #[schema(value_type = SegmentFilter)]
    filter: Value,
}

/// Segments that most businesses want. None of them is saved: copy the filter, and change its numbers.
#[utoipa::path(get, path = "/segments/ready-made", tag = "segments", params(PageQuery),
    responses((status = 200, body = Page<ReadyMadeView>)))]
pub(super) async fn list(
    headers: HeaderMap,
    ask: Ask<PageQuery>,
) -> Result<Answer<Page<ReadyMadeView>>, Problem> {
    let speech = Speech::of(&headers);
    let items = (0_u8..).zip(ReadyMade::ALL).map(|(place, ready)| {
        let (name, description) = said(*ready);
        let view = ReadyMadeView {
            key: ready.word(),
            name: name.say(speech),
            description: description.say(speech),
            filter: ready.filter().to_json(),
        };
        (place, view)
    });
    Ok(Answer::ok(page_of(items, &ask.query, &ask.list())?))
}

fn said(ready: ReadyMade) -> (Message, Message) {
    let (name, description) = match ready {
        ReadyMade::Loyal => ("word-segment-loyal", "word-segment-loyal-told"),
        ReadyMade::Sleeping => ("word-segment-sleeping", "word-segment-sleeping-told"),
        ReadyMade::New => ("word-segment-new", "word-segment-new-told"),
        ReadyMade::AtRisk => ("word-segment-at-risk", "word-segment-at-risk-told"),
        ReadyMade::BirthdaysThisMonth => ("word-segment-birthdays", "word-segment-birthdays-told"),
        ReadyMade::BigSpenders => (
            "word-segment-big-spenders",
            "word-segment-big-spenders-told",
        ),
    };
    (Message::new(name), Message::new(description))
}
