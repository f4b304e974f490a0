//! What the whole file tells, gathered before any of it is replayed: names that only a later line gives, the
//! usual length and price of a service, which bookings waited to be confirmed.

use std::collections::{HashMap, HashSet, hash_map::Entry};

use domain::time::Minutes;
use rust_decimal::Decimal;

use super::line::{Contact, Kind, Line};

/// What the file tells beside what happened. Refs lead to it.
#[derive(Debug, Default)]
pub(super) struct Survey<'f> {
    contacts: HashMap<&'f str, Contact>,
    staff_names: HashMap<&'f str, &'f str>,
    service_names: HashMap<&'f str, &'f str>,
    usual: HashMap<&'f str, Usual>,
    waited: HashSet<&'f str>,
}

/// What the first booking that tells it says of a service.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Usual {
    pub(super) length: Option<Minutes>,
    pub(super) price: Option<Decimal>,
}

impl<'f> Survey<'f> {
    pub(super) fn of(lines: &'f [Line]) -> Self {
        let mut survey = Self::default();
        // Bookings whose first step after being made has not come yet.
        let mut fresh = HashSet::new();
        for line in lines {
            survey.take_in_names(line);
            if let (Kind::Booked, Some(service)) = (line.kind, &line.service) {
                let usual = survey.usual.entry(service).or_default();
                let length = line.duration_min.filter(|length| !length.is_zero());
                usual.length = usual.length.or(length);
                usual.price = usual
                    .price
                    .or(line.amount.filter(|price| !price.is_sign_negative()));
            }
            let Some(booking) = line.booking_ref.as_deref() else {
                continue;
            };
            match line.kind {
                Kind::Booked => {
                    fresh.insert(booking);
                }
                Kind::Confirmed if fresh.remove(booking) => {
                    survey.waited.insert(booking);
                }
                Kind::Confirmed | Kind::Cancelled | Kind::Completed | Kind::NoShow => {
                    fresh.remove(booking);
                }
                Kind::Rescheduled | Kind::Paid | Kind::Commented => {}
            }
        }
        survey
    }

    fn take_in_names(&mut self, line: &'f Line) {
        if let (Some(client), Some(contact)) = (&line.client_ref, &line.told.client) {
            match self.contacts.entry(client) {
                Entry::Vacant(entry) => {
                    entry.insert(contact.clone());
                }
                Entry::Occupied(mut entry) => entry.get_mut().fill_from(contact),
            }
        }
        if let (Some(staff), Some(name)) = (&line.staff_ref, &line.told.staff_name) {
            self.staff_names.entry(staff).or_insert(name);
        }
        if let (Some(service), Some(name)) = (&line.service, &line.told.service_name) {
            self.service_names.entry(service).or_insert(name);
        }
    }

    /// What is told of a client; each value as the first line that has it gives it.
    pub(super) fn contact(&self, client: &str) -> Option<&Contact> {
        self.contacts.get(client)
    }

    /// A staff member's name; their ref where no line gives one.
    pub(super) fn staff_name<'a>(&'a self, staff: &'a str) -> &'a str {
        self.staff_names.get(staff).copied().unwrap_or(staff)
    }

    /// A service's name; its ref where no line gives one.
    pub(super) fn service_name<'a>(&'a self, service: &'a str) -> &'a str {
        self.service_names.get(service).copied().unwrap_or(service)
    }

    pub(super) fn usual(&self, service: &str) -> Usual {
        self.usual.get(service).copied().unwrap_or_default()
    }

    /// Whether the first thing that became of the booking is that it was confirmed: so it began requested.
    pub(super) fn waited(&self, booking: &str) -> bool {
        self.waited.contains(booking)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(json: &[&str]) -> Vec<Line> {
        json.iter()
            .zip(1..)
            .map(|(json, n)| Line::read(n, json, |_| {}).unwrap())
            .collect()
    }

    #[test]
    fn names_may_come_later_than_refs_and_the_first_one_counts() {
        let lines = lines(&[
            r#"{"at":"2026-05-01","kind":"paid","amount":1,"client_ref":"C1","staff_ref":"S1","service":"CUT"}"#,
            r#"{"at":"2026-05-02","kind":"paid","amount":1,"client_ref":"C1","client":{"name":"Ada"},"staff_ref":"S1","staff_name":"Eva"}"#,
            r#"{"at":"2026-05-03","kind":"paid","amount":1,"client_ref":"C1","client":{"name":"Ada L.","phone":"600100200"},"service":"CUT","service_name":"Cut"}"#,
        ]);
        let survey = Survey::of(&lines);
        let ada = survey.contact("C1").unwrap();
        assert_eq!(
            (ada.name.as_deref(), ada.phone.as_deref()),
            (Some("Ada"), Some("600100200"))
        );
        assert_eq!(
            (survey.staff_name("S1"), survey.staff_name("S2")),
            ("Eva", "S2")
        );
        assert_eq!(
            (survey.service_name("CUT"), survey.service_name("DYE")),
            ("Cut", "DYE")
        );
    }

    #[test]
    fn a_booking_waited_if_confirming_it_is_the_first_step_taken() {
        let lines = lines(&[
            r#"{"at":"2026-05-01","kind":"confirmed","booking_ref":"C"}"#,
            r#"{"at":"2026-05-01","kind":"booked","booking_ref":"A","start":"2026-06-01"}"#,
            r#"{"at":"2026-05-01","kind":"booked","booking_ref":"B","start":"2026-06-01"}"#,
            r#"{"at":"2026-05-01","kind":"booked","booking_ref":"C","start":"2026-06-01"}"#,
            r#"{"at":"2026-05-01","kind":"rescheduled","booking_ref":"A","to_start":"2026-06-02"}"#,
            r#"{"at":"2026-05-02","kind":"confirmed","booking_ref":"A"}"#,
            r#"{"at":"2026-05-02","kind":"completed","booking_ref":"B"}"#,
            r#"{"at":"2026-05-02","kind":"confirmed","booking_ref":"B"}"#,
        ]);
        let survey = Survey::of(&lines);
        assert_eq!(
            ["A", "B", "C"].map(|b| survey.waited(b)),
            [true, false, false]
        );
    }

    #[test]
    fn the_first_booking_that_tells_a_length_or_price_gives_the_usual_one() {
        let lines = lines(&[
            r#"{"at":"2026-05-01","kind":"paid","amount":99,"service":"CUT","duration_min":5}"#,
            r#"{"at":"2026-05-01","kind":"booked","booking_ref":"A","start":"2026-06-01","service":"CUT","duration_min":0,"amount":-5}"#,
            r#"{"at":"2026-05-01","kind":"booked","booking_ref":"B","start":"2026-06-01","service":"CUT","duration_min":40}"#,
            r#"{"at":"2026-05-01","kind":"booked","booking_ref":"C","start":"2026-06-01","service":"CUT","duration_min":50,"amount":30}"#,
        ]);
        let survey = Survey::of(&lines);
        let usual = survey.usual("CUT");
        assert_eq!(
            (usual.length, usual.price),
            (Some(Minutes::new(40)), Some(Decimal::from(30)))
        );
        assert!(survey.usual("DYE").length.is_none());
    }
}
