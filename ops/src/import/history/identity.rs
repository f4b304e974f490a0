//! What makes a line the same line when its file comes again: what happened, not how it is written.

use std::collections::HashMap;

use uuid::Uuid;
use vault::Vault;

use super::{line::Line, moment::Moment};

/// The kinds of names under which the ledger keeps what was brought in.
pub(super) const LINE: &str = "import.line";
pub(super) const BOOKING: &str = "import.booking";
pub(super) const CLIENT: &str = "import.client";
pub(super) const STAFF: &str = "import.staff";
pub(super) const SERVICE: &str = "import.service";

/// Names lines and refs. A keyed hash: refs of other systems are often phone numbers, and a line's own
/// meaning is no business of whoever reads the table of names.
pub(super) struct Naming<'a> {
    pub(super) vault: &'a Vault,
    pub(super) business: Uuid,
}

impl Naming<'_> {
    /// The name of a ref. Half of the hash is plenty against chance, and halves the index.
    pub(super) fn of(&self, kind: &str, bytes: &[u8]) -> String {
        let hash = self.vault.keyed_hash(self.business, kind, bytes);
        Uuid::from_bytes(first_half(hash)).simple().to_string()
    }

    /// A name for each line, in their order. Lines that say the very same are told apart by how many of them
    /// came before: two equal payments are two payments, and stay two when the file comes again.
    pub(super) fn of_lines<'l>(&self, lines: impl Iterator<Item = &'l Line>) -> Vec<String> {
        let mut seen: HashMap<String, u32> = HashMap::new();
        let mut bytes = vec![];
        lines
            .map(|line| {
                bytes.clear();
                write_meaning(line, &mut bytes);
                let name = self.of(LINE, &bytes);
                let before = seen.entry(name.clone()).or_default();
                *before += 1;
                match *before {
                    1 => name,
                    nth => format!("{name}-{nth}"),
                }
            })
            .collect()
    }
}

fn first_half(hash: [u8; 32]) -> [u8; 16] {
    let mut half = [0; 16];
    half.copy_from_slice(&hash[..16]);
    half
}

/// Every field with its length, absent ones too, so that no two meanings have the same bytes. What is told of
/// people beside their refs is left out: who moves house has not been booked again.
fn write_meaning(line: &Line, to: &mut Vec<u8>) {
    let mut put = |value: Option<&[u8]>| match value {
        None => to.push(0),
        Some(value) => {
            to.push(1);
            to.extend((value.len() as u64).to_be_bytes());
            to.extend(value);
        }
    };
    let text = |value: &Option<String>| value.as_ref().map(|v| v.clone().into_bytes());
    let moment = |value: Option<Moment>| {
        value.map(|moment| {
            match moment {
                Moment::Instant(instant) => format!("i{instant}"),
                Moment::Local(local) => format!("l{local}"),
                Moment::Day(day) => format!("d{day}"),
            }
            .into_bytes()
        })
    };
    put(Some(line.kind.as_str().as_bytes()));
    put(moment(Some(line.at)).as_deref());
    put(text(&line.booking_ref).as_deref());
    put(text(&line.client_ref).as_deref());
    put(text(&line.staff_ref).as_deref());
    put(text(&line.service).as_deref());
    put(moment(line.start).as_deref());
    put(moment(line.to_start).as_deref());
    let minutes = line.duration_min.map(|m| m.get().to_be_bytes());
    put(minutes.as_ref().map(<[u8; 4]>::as_slice));
    let amount = line.amount.map(|a| a.normalize().to_string().into_bytes());
    put(amount.as_deref());
    put(line.method.as_ref().map(|m| m.as_str().as_bytes()));
    put(line.note.as_ref().map(|n| n.as_str().as_bytes()));
    put(line.text.as_ref().map(|t| t.as_str().as_bytes()));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meaning(json: &str) -> Vec<u8> {
        let mut bytes = vec![];
        write_meaning(&Line::read(1, json, |_| {}).unwrap(), &mut bytes);
        bytes
    }

    const PAID: &str = r#"{"at":"2026-05-01T09:00:00","kind":"paid","booking_ref":"B","amount":56.0,"note":"cash"}"#;

    #[test]
    fn is_what_happened_not_how_it_is_written() {
        for same in [
            r#"{ "note": "cash ", "amount": 56, "kind": "paid", "at": "2026-05-01 09:00", "booking_ref": "B", "start": null }"#,
            r#"{"at":"2026-05-01T09:00:00","kind":"paid","booking_ref":"B","amount":"56.00","note":"cash","staff_name":"Eva","client":{}}"#,
            r#"{"at":"2026-05-01T09:00:00","kind":"paid","booking_ref":"B","amount":5.6e1,"note":"c\u0061sh","odd":1}"#,
        ] {
            assert_eq!(meaning(same), meaning(PAID), "{same}");
        }
    }

    #[test]
    fn differs_with_every_field() {
        for other in [
            PAID.replace("09:00:00", "09:00:01"),
            PAID.replace("09:00:00", "09:00:00Z"),
            PAID.replace("T09:00:00", ""),
            PAID.replace("paid", "booked")
                .replace('}', r#","start":"2026-05-01"}"#),
            PAID.replace("\"B\"", "\"C\""),
            PAID.replace("booking_ref", "client_ref"),
            PAID.replace("booking_ref", "staff_ref"),
            PAID.replace("booking_ref", "service"),
            PAID.replace("56.0", "56.01"),
            PAID.replace("56.0", "-56.0"),
            PAID.replace("cash", "Cash"),
            PAID.replace('}', r#","start":"2026-05-01"}"#),
            PAID.replace('}', r#","to_start":"2026-05-01"}"#),
            PAID.replace('}', r#","duration_min":0}"#),
            PAID.replace('}', r#","method":"card"}"#),
            PAID.replace('}', r#","text":"cash"}"#),
        ] {
            assert_ne!(meaning(&other), meaning(PAID), "{other}");
        }
    }
}
