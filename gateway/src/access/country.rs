//! In which country a time zone lies.

use domain::{contact::Country, time::Zone};
use icu_time::zone::IanaParser;

/// The country of a zone, where it lies in one: its BCP 47 id (CLDR) begins with the country's code (`plwaw`, `usnyc`).
/// None for those that lie nowhere (`UTC`, `Etc/GMT+5`) and a few old ones that span countries (`CET`).
#[must_use]
pub fn country_of(zone: &Zone) -> Option<Country> {
    let id = IanaParser::new().parse(zone.name());
    let id = id.as_str();
    // Ids of no place are longer or shorter than UN/LOCODEs, which have five letters; the exceptions of these
    // (`utcw05`, `unk`, `gmt`) begin with no country.
    if id.starts_with("utc") || id.len() < 4 {
        return None;
    }
    Country::parse(id.get(..2)?).ok()
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZoneDatabase;

    use super::*;

    fn country(zone: &str) -> Option<String> {
        country_of(&Zone::named(zone).unwrap()).map(|country| country.as_str().to_owned())
    }

    #[test]
    fn zones_lie_in_their_countries() {
        for (zone, code) in [
            ("Europe/Warsaw", "PL"),
            ("Europe/Paris", "FR"),
            ("Europe/Kyiv", "UA"),
            ("Europe/Kiev", "UA"),
            ("Europe/Stockholm", "SE"),
            ("Europe/Rome", "IT"),
            ("Europe/London", "GB"),
            ("Europe/Amsterdam", "NL"),
            ("Europe/Copenhagen", "DK"),
            ("Europe/Vaduz", "LI"),
            ("America/New_York", "US"),
            ("America/Argentina/Buenos_Aires", "AR"),
            ("Asia/Kolkata", "IN"),
            ("Australia/Sydney", "AU"),
            ("Pacific/Auckland", "NZ"),
        ] {
            assert_eq!(country(zone).as_deref(), Some(code), "{zone}");
        }
    }

    #[test]
    fn zones_of_no_country_have_none() {
        for zone in ["UTC", "Etc/GMT+5", "Etc/GMT-14", "GMT"] {
            assert_eq!(country(zone), None, "{zone}");
        }
    }

    /// The claim on which all this rests, over all of the database: an id whose first letters are taken for a
    /// country is a UN/LOCODE (five letters), or one of the few that CLDR made for a place without one.
    #[test]
    fn no_id_is_mistaken_for_a_place() {
        for name in TimeZoneDatabase::bundled().available() {
            let Ok(zone) = Zone::named(name.as_str()) else {
                continue;
            };
            let Some(country) = country_of(&zone) else {
                continue;
            };
            let id = IanaParser::new().parse(zone.name());
            let id = id.as_str();
            assert!(id.len() >= 5, "{name} → {id} → {}", country.as_str());
        }
    }
}
