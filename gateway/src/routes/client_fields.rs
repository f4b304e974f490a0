//! What is told of a client when they become known: by `POST /clients`, or with their first booking.

use domain::{
    client::{Card, Client},
    contact::{Email, FiscalCode, KindedPhone, Language, PhoneKind, Telegram},
    id::Id,
    sealed::Sealed,
    text::{FreeText, Origin, PersonName},
};
use jiff::civil::Date;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{catalogue::Known, checks::Checks, problem::Problem, texts::Message};

/// A client to become known.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClientFields {
    name: String,
    /// The phone to ring first; national numbers are of the business's country.
    phone: Option<String>,
    /// All their phones.
    phones: Option<Vec<PhoneFields>>,
    email: Option<String>,
    /// With or without its `@`.
    telegram: Option<String>,
    /// `YYYY-MM-DD`.
    #[schema(format = Date)]
    birthday: Option<String>,
    /// The language they are written to in (BCP 47).
    language: Option<String>,
    /// Where they came from, in the business's words.
    source: Option<String>,
    fiscal_code: Option<String>,
    /// What staff must see before they serve them.
    warning: Option<String>,
}

/// A phone and where it rings.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PhoneFields {
    kind: PhoneKindField,
    number: String,
}

#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum PhoneKindField {
    Mobile,
    Home,
    Work,
    Other,
}

impl ClientFields {
    /// The card of the client `id`, its personal fields to be sealed under their key. `at` goes before the names of
    /// fields at fault: `client.` where the fields stand inside of something.
    pub(crate) fn card(&self, at: &str, id: Id<Client>, known: &Known) -> Result<Card, Problem> {
        let country = known.settings()?.country;
        let mut checks = Checks::default();
        let field = |name: &str| format!("{at}{name}");
        let name = checks.take(&field("name"), PersonName::parse(&self.name));
        let phone = self
            .phone
            .as_deref()
            .and_then(|text| checks.phone(&field("phone"), text, country));
        let phones = self.phones.as_deref().map(|all| {
            checks.at_most(&field("phones"), all, 20);
            let read = all.iter().enumerate().filter_map(|(n, phone)| {
                let number = checks.phone(
                    &field(&format!("phones[{n}].number")),
                    &phone.number,
                    country,
                )?;
                Some(KindedPhone {
                    kind: phone.kind.into(),
                    number,
                })
            });
            read.collect::<Vec<_>>()
        });
        let sealed_phones = phones.filter(|phones| !phones.is_empty());
        let birthday = self.birthday.as_deref().and_then(|text| {
            let date = text
                .parse::<Date>()
                .map_err(|_| Message::new("violation-date"));
            checks.take(&field("birthday"), date)
        });
        let card = Card {
            // The main phone is the first of the list where none is named.
            phone: phone
                .or_else(|| sealed_phones.as_ref()?.first().map(|p| p.number.clone()))
                .map(|v| Sealed::open(id, v)),
            phones: sealed_phones.map(|v| Sealed::open(id, v)),
            email: checks
                .maybe(&field("email"), self.email.as_deref(), Email::parse)
                .map(|v| Sealed::open(id, v)),
            telegram: checks
                .maybe(
                    &field("telegram"),
                    self.telegram.as_deref(),
                    Telegram::parse,
                )
                .map(|v| Sealed::open(id, v)),
            birthday: birthday.map(|v| Sealed::open(id, v)),
            language: checks.maybe(
                &field("language"),
                self.language.as_deref(),
                Language::parse,
            ),
            source: checks.maybe(&field("source"), self.source.as_deref(), Origin::parse),
            fiscal_code: checks
                .maybe(
                    &field("fiscal_code"),
                    self.fiscal_code.as_deref(),
                    FiscalCode::parse,
                )
                .map(|v| Sealed::open(id, v)),
            warning: checks
                .maybe(&field("warning"), self.warning.as_deref(), FreeText::parse)
                .map(|v| Sealed::open(id, v)),
            name: match name {
                Some(name) => Sealed::open(id, name),
                None => return Err(checks.into()),
            },
        };
        checks.done()?;
        Ok(card)
    }
}

impl From<PhoneKindField> for PhoneKind {
    fn from(kind: PhoneKindField) -> Self {
        match kind {
            PhoneKindField::Mobile => Self::Mobile,
            PhoneKindField::Home => Self::Home,
            PhoneKindField::Work => Self::Work,
            PhoneKindField::Other => Self::Other,
        }
    }
}
