//! The past: as it was recorded, or as it had happened.

use std::collections::BTreeMap;

use cqrs_es::Aggregate;
use jiff::Timestamp;
use ledger::{BusinessId, Position, Recorded, Version};
use serde_json::value::to_raw_value;
use uuid::Uuid;

use crate::{
    app::App,
    command::{Kind, Loaded},
    problem::Problem,
    texts::Message,
};

/// As of when something is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AsOf {
    /// As recorded by this position.
    Position(Position),
    /// As recorded by this instant.
    Recorded(Timestamp),
    /// As it had happened by this instant.
    Occurred(Timestamp),
}

impl AsOf {
    /// What the parameters `as_of` and `as_of_occurred` ask for; none: now.
    ///
    /// # Errors
    /// 422 when one cannot be read, or both are given.
    pub(crate) fn asked(
        as_of: Option<&str>,
        as_of_occurred: Option<&str>,
    ) -> Result<Option<Self>, Problem> {
        let instant = |field, text: &str| {
            text.parse::<Timestamp>()
                .map_err(|_| Problem::field(field, Message::new("violation-as-of")))
        };
        match (as_of, as_of_occurred) {
            (None, None) => Ok(None),
            (Some(text), None) if text.bytes().all(|b| b.is_ascii_digit()) => match text.parse() {
                Ok(position) => Ok(Some(Self::Position(Position(position)))),
                Err(_) => Err(Problem::field("as_of", Message::new("violation-as-of"))),
            },
            (Some(text), None) => instant("as_of", text).map(|at| Some(Self::Recorded(at))),
            (None, Some(text)) => {
                instant("as_of_occurred", text).map(|at| Some(Self::Occurred(at)))
            }
            (Some(_), Some(_)) => Err(Problem::field(
                "as_of_occurred",
                Message::new("violation-twice"),
            )),
        }
    }

    /// Whether an event was there by then.
    pub(crate) fn holds(self, event: &Recorded) -> bool {
        match self {
            Self::Position(position) => event.position <= position,
            Self::Recorded(at) => event.recorded_at <= at,
            Self::Occurred(at) => event.occurred_at.unwrap_or(event.recorded_at) <= at,
        }
    }
}

impl App {
    /// Up to where the ledger is read to see it as of then; none: to its end.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub(crate) async fn up_to(
        &self,
        business: BusinessId,
        as_of: AsOf,
    ) -> Result<Option<Position>, Problem> {
        Ok(match as_of {
            AsOf::Position(position) => Some(position),
            AsOf::Recorded(at) => Some(self.ledger().position_at(business, at).await?),
            // What happened earlier may have been recorded later.
            AsOf::Occurred(_) => None,
        })
    }

    /// A stream as it stood then, opened: the erased stay erased in every past.
    ///
    /// # Errors
    /// When it cannot be read or opened.
    pub(crate) async fn load_as_of<A: Kind>(
        &self,
        business: BusinessId,
        id: Uuid,
        as_of: AsOf,
    ) -> Result<Loaded<A>, Problem> {
        let mut all = self.load_all_as_of::<A>(business, &[id], as_of).await?;
        let loaded = all.remove(&id).unwrap_or_else(blank);
        self.opened(business, loaded).await
    }

    /// Many streams as they stood then, in one read; what is sealed in them stays so. Those that were not there yet are
    /// left out.
    ///
    /// # Errors
    /// When they cannot be read.
    pub(crate) async fn load_all_as_of<A: Aggregate>(
        &self,
        business: BusinessId,
        ids: &[Uuid],
        as_of: AsOf,
    ) -> Result<BTreeMap<Uuid, Loaded<A>>, Problem> {
        let up_to = self.up_to(business, as_of).await?;
        let ledger = self.ledger();
        let events = ledger.events_of_all(business, &[A::TYPE], ids, up_to);
        let mut all: BTreeMap<Uuid, Loaded<A>> = BTreeMap::new();
        for event in events.await?.iter().filter(|event| as_of.holds(event)) {
            let payload = serde_json::from_str(event.payload.get()).map_err(Problem::internal)?;
            let loaded = all.entry(event.stream.id).or_insert_with(blank);
            loaded.state.apply(payload);
            loaded.version = event.version;
        }
        Ok(all)
    }

    /// Many streams, opened: their keys are read at once.
    ///
    /// # Errors
    /// When they cannot be opened.
    pub(crate) async fn opened_all<A: Kind>(
        &self,
        business: BusinessId,
        mut all: BTreeMap<Uuid, Loaded<A>>,
    ) -> Result<BTreeMap<Uuid, Loaded<A>>, Problem> {
        let (mut ids, mut states) = (vec![], vec![]);
        for (id, loaded) in &all {
            let json = to_raw_value(&loaded.state).map_err(Problem::internal)?;
            if vault::holds_sealed(&json) {
                ids.push(*id);
                states.push(serde_json::from_str(json.get()).map_err(Problem::internal)?);
            }
        }
        self.vault().open(business.0, &mut states).await?;
        for (id, state) in ids.into_iter().zip(states) {
            if let Some(loaded) = all.get_mut(&id) {
                loaded.state = serde_json::from_value(state).map_err(Problem::internal)?;
            }
        }
        Ok(all)
    }
}

fn blank<A: Aggregate>() -> Loaded<A> {
    Loaded {
        state: A::default(),
        version: Version::NEW,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_a_position_and_all_else_an_instant() {
        assert_eq!(
            AsOf::asked(Some("17"), None).unwrap(),
            Some(AsOf::Position(Position(17)))
        );
        let noon: Timestamp = "2026-03-02T12:00:00Z".parse().unwrap();
        assert_eq!(
            AsOf::asked(Some("2026-03-02T13:00:00+01:00"), None).unwrap(),
            Some(AsOf::Recorded(noon))
        );
        assert_eq!(
            AsOf::asked(None, Some("2026-03-02T12:00:00Z")).unwrap(),
            Some(AsOf::Occurred(noon))
        );
        assert_eq!(AsOf::asked(None, None).unwrap(), None);
        for wrong in ["", "yesterday", "2026-03-02", "99999999999999999999"] {
            assert!(AsOf::asked(Some(wrong), None).is_err(), "{wrong:?}");
        }
        assert!(AsOf::asked(Some("1"), Some("2026-03-02T12:00:00Z")).is_err());
    }
}
