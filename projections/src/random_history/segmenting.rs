//! Which clients are looked at together.

use domain::{
    id::Id,
    sealed::Sealed,
    segment::{Filter, Saying, Segment, SegmentCommand},
};
use serde_json::json;
use uuid::Uuid;

use super::RandomHistory;

impl RandomHistory {
    pub(super) fn segment_goes_on(&mut self) {
        let known = self.chance.key(self.segments.keys());
        match known {
            Some(id) if !self.chance.one_in(3) => {
                let command = match self.chance.below(4) {
                    0 => SegmentCommand::Drop,
                    1 => SegmentCommand::Change {
                        name: Some(self.label()),
                        filter: None,
                    },
                    _ => SegmentCommand::Change {
                        name: self.chance.one_in(2).then(|| self.label()),
                        filter: Some(Box::new(self.filter(id))),
                    },
                };
                self.ask_segment(id, command);
            }
            Some(_) | None => {
                let id = self.chance.uuid();
                let saying = Saying {
                    name: self.label(),
                    filter: self.filter(id),
                };
                self.ask_segment(id, SegmentCommand::Save(Box::new(saying)));
            }
        }
    }

    fn filter(&mut self, of: Uuid) -> Sealed<Filter> {
        let days = self.chance.below(90) + 1;
        let filter = json!({"all": [
            {"field": "absent", "days": days},
            {"not": {"field": "text", "words": self.chance.sentence()}},
        ]});
        let filter = Filter::read(&filter).expect("a filter");
        Sealed::open(Id::<Segment>::new(of), filter)
    }
}
