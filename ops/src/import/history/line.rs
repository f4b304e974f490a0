//! One line of the file: one thing that happened in the other system.

use domain::{
    service::LONGEST_MIN,
    text::{FreeText, Label},
    time::Minutes,
};
use rust_decimal::Decimal;
use strum::{EnumString, IntoStaticStr};

use super::{
    fields::{Fields, Reason},
    moment::Moment,
};

/// What can have happened, as the file says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub(super) enum Kind {
    Booked,
    Confirmed,
    Rescheduled,
    Cancelled,
    Completed,
    NoShow,
    Paid,
    Commented,
}

impl Kind {
    pub(super) fn as_str(self) -> &'static str {
        self.into()
    }
}

/// A line that can be read. Whether it makes sense in its booking's life is another question.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Line {
    /// Where it stands in the file, from 1, empty lines counted.
    pub(super) number: u64,
    pub(super) kind: Kind,
    pub(super) at: Moment,
    pub(super) booking_ref: Option<String>,
    pub(super) client_ref: Option<String>,
    pub(super) staff_ref: Option<String>,
    /// The service's ref.
    pub(super) service: Option<String>,
    pub(super) start: Option<Moment>,
    pub(super) to_start: Option<Moment>,
    pub(super) duration_min: Option<Minutes>,
    pub(super) amount: Option<Decimal>,
    pub(super) method: Option<Label>,
    pub(super) note: Option<FreeText>,
    pub(super) text: Option<FreeText>,
    /// What is told of the people and things behind the refs. No part of what happened.
    pub(super) told: Told,
}

/// What a line tells of its client, staff member and service beside their refs.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Told {
    pub(super) client: Option<Contact>,
    pub(super) staff_name: Option<String>,
    pub(super) service_name: Option<String>,
}

/// A client as the other system knew them, each value as it was written there.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Contact {
    pub(super) name: Option<String>,
    pub(super) phone: Option<String>,
    pub(super) email: Option<String>,
    pub(super) telegram: Option<String>,
    pub(super) birthday: Option<String>,
    pub(super) language: Option<String>,
    pub(super) source: Option<String>,
    pub(super) fiscal_code: Option<String>,
    pub(super) note: Option<FreeText>,
}

impl Line {
    /// Reads a line. `unknown` hears the names of fields that mean nothing here.
    pub(super) fn read(
        number: u64,
        json: &str,
        mut unknown: impl FnMut(String),
    ) -> Result<Self, Reason> {
        let mut fields = Fields::of_line(json)?;
        let missing = |name: &str| format!("`{name}` is missing");
        let kind = fields.text("kind")?.ok_or_else(|| missing("kind"))?;
        let kind: Kind = kind.parse().map_err(|_| {
            let kind: String = kind.chars().take(40).collect();
            format!(
                "`kind` {kind:?} is none of {}",
                Kind::ALL.map(Kind::as_str).join(", ")
            )
        })?;
        let client = match fields.object("client")? {
            Some(mut fields) => {
                let contact = Contact::read(&mut fields)?;
                fields.left_over().for_each(&mut unknown);
                Some(contact)
            }
            None => None,
        };
        let line = Self {
            number,
            kind,
            at: fields.moment("at")?.ok_or_else(|| missing("at"))?,
            booking_ref: fields.reference("booking_ref")?,
            client_ref: fields
                .reference("client_ref")?
                .or_else(|| client.as_ref().and_then(Contact::stand_in_ref)),
            staff_ref: fields.reference("staff_ref")?,
            service: fields.reference("service")?,
            start: fields.moment("start")?,
            to_start: fields.moment("to_start")?,
            duration_min: fields.minutes("duration_min")?,
            amount: fields.amount("amount")?,
            method: fields.label("method")?,
            note: fields.free_text("note")?,
            text: fields.free_text("text")?,
            told: Told {
                client,
                staff_name: fields.text("staff_name")?,
                service_name: fields.text("service_name")?,
            },
        };
        fields.left_over().for_each(unknown);
        line.check()
    }

    /// What each kind cannot do without.
    fn check(self) -> Result<Self, Reason> {
        let wanted = match self.kind {
            Kind::Paid => [(self.amount.is_some(), "amount"), (true, "")],
            Kind::Booked => [
                (self.booking_ref.is_some(), "booking_ref"),
                (self.start.is_some(), "start"),
            ],
            Kind::Rescheduled => [
                (self.booking_ref.is_some(), "booking_ref"),
                (self.to_start.is_some(), "to_start"),
            ],
            Kind::Commented => [
                (self.booking_ref.is_some(), "booking_ref"),
                (self.text.is_some(), "text"),
            ],
            Kind::Confirmed | Kind::Cancelled | Kind::Completed | Kind::NoShow => {
                [(self.booking_ref.is_some(), "booking_ref"), (true, "")]
            }
        };
        if let Some((_, name)) = wanted.into_iter().find(|(there, _)| !there) {
            return Err(format!("`{name}` is missing for `{}`", self.kind.as_str()));
        }
        match self.duration_min {
            Some(length) if length.get() > LONGEST_MIN => Err(format!(
                "`duration_min` {} is longer than 31 days",
                length.get()
            )),
            Some(_) | None => Ok(self),
        }
    }
}

impl Kind {
    const ALL: [Self; 8] = [
        Self::Booked,
        Self::Confirmed,
        Self::Rescheduled,
        Self::Cancelled,
        Self::Completed,
        Self::NoShow,
        Self::Paid,
        Self::Commented,
    ];
}

impl Contact {
    fn read(fields: &mut Fields<'_>) -> Result<Self, Reason> {
        Ok(Self {
            name: fields.text("name")?,
            phone: fields.reference("phone")?,
            email: fields.text("email")?,
            telegram: fields.text("telegram")?,
            birthday: fields.text("birthday")?,
            language: fields.text("language")?,
            source: fields.text("source")?,
            fiscal_code: fields.reference("fiscal_code")?,
            note: fields.free_text("note")?,
        })
    }

    /// Where the other system tells who a client is but gives them no ref: whoever has the same phone,
    /// else the same e-mail, else the same name, is the same client.
    fn stand_in_ref(&self) -> Option<String> {
        let by = |kind: &str, value: &Option<String>| {
            value
                .as_ref()
                .map(|value| format!("{kind}:{}", value.to_lowercase()))
        };
        by("phone", &self.phone)
            .or_else(|| by("email", &self.email))
            .or_else(|| by("name", &self.name))
    }

    /// Takes what another line tells and this one did not.
    pub(super) fn fill_from(&mut self, other: &Self) {
        let fill = |mine: &mut Option<String>, theirs: &Option<String>| {
            if mine.is_none() {
                mine.clone_from(theirs);
            }
        };
        fill(&mut self.name, &other.name);
        fill(&mut self.phone, &other.phone);
        fill(&mut self.email, &other.email);
        fill(&mut self.telegram, &other.telegram);
        fill(&mut self.birthday, &other.birthday);
        fill(&mut self.language, &other.language);
        fill(&mut self.source, &other.source);
        fill(&mut self.fiscal_code, &other.fiscal_code);
        if self.note.is_none() {
            self.note.clone_from(&other.note);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Line, Reason> {
        Line::read(1, json, |_| {})
    }

    fn refusal(json: &str) -> Reason {
        read(json).unwrap_err()
    }

    #[test]
    fn reads_a_booking() {
        let line = read(
            r#"{"at":"2026-05-01T09:00:00","kind":"booked","booking_ref":" B1 ","client_ref":338,"staff_ref":null,
                "service":"","start":"2026-05-04T09:30:00","duration_min":30.0,"amount":56.0,"note":"by phone\u0000"}"#,
        )
        .unwrap();
        assert_eq!(line.booking_ref.as_deref(), Some("B1"));
        assert_eq!(line.client_ref.as_deref(), Some("338"));
        assert_eq!((line.staff_ref, line.service), (None, None));
        assert_eq!(line.duration_min, Some(Minutes::new(30)));
        assert_eq!(line.note.unwrap().as_str(), "by phone");
    }

    #[test]
    fn says_what_is_wrong_in_peoples_words() {
        for (json, reason) in [
            ("{", "not JSON: it breaks off"),
            ("[]", "not a JSON object"),
            ("not json", "not JSON from column 2 on"),
            (r#"{"kind":"paid"} {}"#, "not JSON from column 17 on"),
            ("\"booked\"", "not a JSON object"),
            (r#"{"at":"2026-05-01T09:00:00"}"#, "`kind` is missing"),
            (r#"{"kind":null}"#, "`kind` is missing"),
            (
                r#"{"kind":"eaten","at":"2026-05-01"}"#,
                "`kind` \"eaten\" is none of booked, confirmed",
            ),
            (r#"{"kind":"paid","amount":1}"#, "`at` is missing"),
            (
                r#"{"kind":"paid","at":"2026-05-01T09:00:00"}"#,
                "`amount` is missing for `paid`",
            ),
            (
                r#"{"kind":"cancelled","at":"2026-05-01T09:00:00"}"#,
                "`booking_ref` is missing for `cancelled`",
            ),
            (
                r#"{"kind":"booked","at":"2026-05-01T09:00:00","booking_ref":"B"}"#,
                "`start` is missing",
            ),
            (
                r#"{"kind":"rescheduled","at":"2026-05-01T09:00:00","booking_ref":"B"}"#,
                "`to_start` is missing",
            ),
            (
                r#"{"kind":"commented","at":"2026-05-01T09:00:00","booking_ref":"B","text":" "}"#,
                "`text` is missing",
            ),
            (
                r#"{"kind":"paid","at":5,"amount":1}"#,
                "`at` must be a text",
            ),
            (
                r#"{"kind":"paid","at":"2026-02-30T09:00:00","amount":1}"#,
                "`at` \"2026-02-30T09:00:00\" is no date",
            ),
            (
                r#"{"kind":"paid","at":"2026-05-01T09:00:00","amount":"much"}"#,
                "`amount` must be a number",
            ),
            (
                r#"{"kind":"paid","at":"2026-05-01T09:00:00","amount":true}"#,
                "`amount` must be a number",
            ),
            (
                r#"{"kind":"paid","kind":"paid","at":"2026-05-01T09:00:00"}"#,
                "`kind` stands twice",
            ),
            (
                r#"{"kind":"paid","at":"2026-05-01T09:00:00","amount":1,"duration_min":-5}"#,
                "`duration_min` must be a whole",
            ),
            (
                r#"{"kind":"paid","at":"2026-05-01T09:00:00","amount":1,"duration_min":1.5}"#,
                "`duration_min` must be a whole",
            ),
            (
                r#"{"kind":"paid","at":"2026-05-01T09:00:00","amount":1,"duration_min":"30"}"#,
                "`duration_min` must be a whole",
            ),
            (
                r#"{"kind":"paid","at":"2026-05-01T09:00:00","amount":1,"duration_min":44641}"#,
                "longer than 31 days",
            ),
            (
                r#"{"kind":"paid","at":"2026-05-01T09:00:00","amount":1,"client":"Ada"}"#,
                "`client` must be an object",
            ),
            (
                r#"{"kind":"paid","at":"2026-05-01T09:00:00","amount":1,"client":{"name":5}}"#,
                "`client.name` must be a text",
            ),
            (
                r#"{"kind":"paid","at":"2026-05-01T09:00:00","amount":1,"note":["x"]}"#,
                "`note` must be a text",
            ),
        ] {
            let said = refusal(json);
            assert!(said.contains(reason), "{json}\n{said}");
        }
        let long = "x".repeat(10_001);
        let json = format!(r#"{{"kind":"paid","at":"2026-05-01","amount":1,"note":"{long}"}}"#);
        assert!(refusal(&json).contains("`note` must have at most 10000 characters"));
    }

    #[test]
    fn tells_fields_that_mean_nothing_and_reads_the_line() {
        let mut told = vec![];
        let json = r#"{"kind":"paid","at":"2026-05-01T09:00:00","amount":"1.50","till":7,"client":{"name":"Ada","shoe":40}}"#;
        let line = Line::read(1, json, |name| told.push(name)).unwrap();
        assert_eq!(told, ["client.shoe", "till"]);
        assert_eq!(
            line.client_ref.as_deref(),
            Some("name:ada"),
            "without a ref, its name stands in"
        );
    }
}
