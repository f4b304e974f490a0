//! The past: as it was recorded, or as it had happened.

use jiff::Timestamp;
use ledger::{BusinessId, Position, Recorded, StreamId, Version};
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
        let stream = StreamId::new(A::TYPE, id);
        let events = self.ledger().events_of(business, &stream).await?;
        let mut loaded = Loaded {
            state: A::default(),
            version: Version::NEW,
        };
        for event in events.iter().filter(|event| as_of.holds(event)) {
            let payload = serde_json::from_str(event.payload.get()).map_err(Problem::internal)?;
            loaded.state.apply(payload);
            loaded.version = event.version;
        }
        self.opened(business, loaded).await
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
