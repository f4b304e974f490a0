//! IANA time zones, from the database that is built in.

use std::{fmt, str::FromStr};

use jiff::{
    Timestamp,
    civil::{Date, DateTime},
    tz::{AmbiguousOffset, TimeZone, TimeZoneDatabase},
};
use serde::{Deserialize, Serialize};

use super::Span;

/// An IANA time zone. In JSON its name (`"Europe/Warsaw"`), as the database spells it.
///
/// The database is the one compiled in, not the machine's: the same ledger must give the same days everywhere.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(try_from = "String", into = "String")]
pub struct Zone {
    tz: TimeZone,
    name: Box<str>,
}

/// A name that no time zone has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown time zone {0:?}; an IANA name such as \"Europe/Warsaw\" is wanted")]
pub struct UnknownZone(String);

impl Zone {
    /// Coordinated universal time.
    pub fn utc() -> Self {
        Self {
            tz: TimeZone::UTC,
            name: "UTC".into(),
        }
    }

    /// The zone of this name; case does not matter.
    ///
    /// # Errors
    /// When the built-in database has no such zone.
    pub fn named(name: &str) -> Result<Self, UnknownZone> {
        let unknown = || UnknownZone(name.to_owned());
        let tz = TimeZoneDatabase::bundled()
            .get(name)
            .map_err(|_| unknown())?;
        if tz.is_unknown() {
            return Err(unknown());
        }
        let name = tz.iana_name().ok_or_else(unknown)?.into();
        Ok(Self { tz, name })
    }

    /// The name in the database.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The zone as jiff knows it.
    pub fn tz(&self) -> &TimeZone {
        &self.tz
    }

    /// What clocks on the wall read at `instant`.
    pub fn local(&self, instant: Timestamp) -> DateTime {
        self.tz.to_datetime(instant)
    }

    /// The date on the wall at `instant`.
    pub fn date_of(&self, instant: Timestamp) -> Date {
        self.local(instant).date()
    }

    /// The instant that a person means by a wall-clock reading: the earlier one where clocks went back and it came
    /// twice, as much after the change as it would have been where clocks went forward and it never came.
    /// `None` at the edges of what can be written.
    pub fn instant(&self, local: DateTime) -> Option<Timestamp> {
        self.tz.to_timestamp(local).ok()
    }

    /// Whether clocks on the wall ever read `local`.
    pub fn shows(&self, local: DateTime) -> bool {
        !matches!(
            self.tz.to_ambiguous_timestamp(local).offset(),
            AmbiguousOffset::Gap { .. }
        )
    }

    /// From the first instant of the local date `first` to the last one of `last`; `None` when `last` is before
    /// `first`, or at the edges of what can be written. Of a date that the zone left out, no length.
    pub fn days(&self, first: Date, last: Date) -> Option<Span> {
        if last < first {
            return None;
        }
        let start = self.tz.to_zoned(first.into()).ok()?.timestamp();
        let end = self
            .tz
            .to_zoned(last.tomorrow().ok()?.into())
            .ok()?
            .timestamp();
        Span::new(start, end).ok()
    }
}

impl PartialEq for Zone {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Zone {}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl FromStr for Zone {
    type Err = UnknownZone;

    fn from_str(name: &str) -> Result<Self, UnknownZone> {
        Self::named(name)
    }
}

impl TryFrom<String> for Zone {
    type Error = UnknownZone;

    fn try_from(name: String) -> Result<Self, UnknownZone> {
        Self::named(&name)
    }
}

impl From<Zone> for String {
    fn from(zone: Zone) -> Self {
        zone.name.into()
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::{date, datetime};

    use super::*;

    #[test]
    fn is_its_iana_name_in_json() {
        let zone: Zone = serde_json::from_str("\"europe/warsaw\"").unwrap();
        assert_eq!(serde_json::to_string(&zone).unwrap(), "\"Europe/Warsaw\"");
    }

    #[test]
    fn an_unknown_name_is_refused_with_the_name() {
        for name in [
            "Mars/Olympus",
            "",
            "Etc/Unknown",
            "+02:00",
            "../etc/passwd",
            "CET-1CEST",
        ] {
            assert_eq!(Zone::named(name), Err(UnknownZone(name.to_owned())));
        }
    }

    #[test]
    fn the_day_clocks_go_forward_has_23_hours() {
        let warsaw = Zone::named("Europe/Warsaw").unwrap();
        let sunday = date(2026, 3, 29);
        assert_eq!(
            warsaw.days(sunday, sunday).unwrap().minutes().get(),
            23 * 60
        );
        assert!(!warsaw.shows(datetime(2026, 3, 29, 2, 30, 0, 0)));
        assert!(warsaw.shows(datetime(2026, 3, 29, 3, 0, 0, 0)));
    }

    #[test]
    fn a_date_that_a_zone_left_out_has_no_length() {
        let apia = Zone::named("Pacific/Apia").unwrap();
        let friday = date(2011, 12, 30);
        assert!(apia.days(friday, friday).unwrap().is_empty());
    }

    #[test]
    fn no_date_is_too_far_to_ask_for() {
        for zone in [Zone::named("Pacific/Kiritimati").unwrap(), Zone::utc()] {
            assert_eq!(zone.days(Date::MAX, Date::MAX), None);
            assert_eq!(zone.days(date(2026, 1, 2), date(2026, 1, 1)), None);
            let _ = (zone.instant(DateTime::MIN), zone.instant(DateTime::MAX));
            let _ = (zone.local(Timestamp::MIN), zone.local(Timestamp::MAX));
        }
    }
}
