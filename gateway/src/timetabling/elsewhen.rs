//! Dates that cannot be had, and when the class could be held instead.

use domain::{planning::Wish, session::Setting};
use ledger::BusinessId;
use serde_json::json;
use uuid::Uuid;

use super::TakenDate;
use crate::{
    app::App,
    catalogue::Known,
    problem::{Code, Problem},
    texts::Message,
    timekeeping::{NEXT_FREE, SlotView},
};

/// So many starts are looked at: a session takes the whole desk, of which a booking needs one place.
const LOOKED_AT: usize = 50;

impl App {
    /// 409: these dates are not free. With them the next times that the first of them could have; the claims of
    /// `besides` do not stand in its way.
    pub(crate) async fn dates_taken(
        &self,
        business: BusinessId,
        known: &Known,
        taken: &[TakenDate],
        besides: &[Uuid],
    ) -> Problem {
        let free = match taken.first() {
            Some(first) => self
                .other_times(business, known, &first.setting, besides)
                .await
                // The refusal stands without them.
                .unwrap_or_default(),
            None => vec![],
        };
        let count = i64::try_from(taken.len()).unwrap_or(i64::MAX);
        Problem::new(Code::SlotTaken)
            .detail(Message::new("detail-dates-taken").with_number("count", count))
            .with("taken", json!(taken))
            .with("next_free", json!(free))
    }

    async fn other_times(
        &self,
        business: BusinessId,
        known: &Known,
        wanted: &Setting,
        besides: &[Uuid],
    ) -> Result<Vec<SlotView>, Problem> {
        let wish = Wish {
            service_id: wanted.service_id,
            staff_id: Some(wanted.staff_id),
            desk_id: wanted.desk_id,
            duration_min: Some(wanted.timing.duration_min),
            price: None,
        };
        let inquiry = self.inquire(business, known, &[wish], false)?;
        let slots = inquiry
            .beside(besides)
            .next_slots(wanted.start, LOOKED_AT)
            .await?;
        let served = slots.iter().filter_map(|slot| slot.services.first());
        let settings: Vec<_> = served
            .map(|served| Setting {
                start: served.start,
                ..wanted.clone()
            })
            .collect();
        let all: Vec<_> = settings.iter().collect();
        let ground = self.ground(business, known, &all, besides).await?;
        let free = settings
            .iter()
            .filter(|setting| ground.in_the_way(setting).is_none());
        Ok(free.take(NEXT_FREE).map(SlotView::of_setting).collect())
    }
}
