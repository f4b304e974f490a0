//! A client's card, as it is asked for: on registration, in a booking of a new client, in a change.

use domain::{
    actor::Actor,
    client::{Card, CardWanted, Client, ClientCommand, Note},
    contact::{
        Birthday, Country, Email, FiscalCode, KindedPhone, Language, Phone, PhoneKind, Telegram,
    },
    id::{self, Id},
    sealed::Sealed,
    text::{FreeText, Origin, PersonName, Tag, TextError},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ConsentField;
use crate::{
    checks::{Checks, Patch, given, patch},
    command::{Asked, Deciding},
    problem::Problem,
    texts::Message,
};

/// The most phones or tags.
const MOST: usize = 50;

/// A client to be made known.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewClient {
    name: String,
    /// The phone to ring first; if absent, the first of `phones`. National numbers are of the business's country.
    phone: Option<String>,
    #[serde(default)]
    phones: Vec<KindedPhoneFields>,
    #[schema(format = "email")]
    email: Option<String>,
    /// With or without its `@`.
    telegram: Option<String>,
    /// `YYYY-MM-DD`, or `--MM-DD` where the year is not known.
    #[schema(pattern = r"^([0-9]{4}|-)-[0-9]{2}-[0-9]{2}$")]
    birthday: Option<String>,
    /// The language they are written to in (BCP 47).
    language: Option<String>,
    #[serde(default)]
    tags: Vec<String>,
    note: Option<String>,
    /// Where they came from, in the business's words.
    source: Option<String>,
    fiscal_code: Option<String>,
    #[serde(default)]
    consents: Vec<ConsentField>,
    /// What staff must see before they serve them.
    warning: Option<String>,
}

/// What is to change of a client; absent fields stay as they are, null takes away.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ClientChange {
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    name: Option<String>,
    #[serde(default, deserialize_with = "patch")]
    #[schema(value_type = Option<String>)]
    phone: Patch<String>,
    /// All of them.
    #[serde(default, deserialize_with = "patch")]
    #[schema(value_type = Option<Vec<KindedPhoneFields>>)]
    phones: Patch<Vec<KindedPhoneFields>>,
    #[serde(default, deserialize_with = "patch")]
    #[schema(value_type = Option<String>, format = "email")]
    email: Patch<String>,
    #[serde(default, deserialize_with = "patch")]
    #[schema(value_type = Option<String>)]
    telegram: Patch<String>,
    #[serde(default, deserialize_with = "patch")]
    /// `YYYY-MM-DD`, or `--MM-DD` where the year is not known.
    #[schema(value_type = Option<String>, pattern = r"^([0-9]{4}|-)-[0-9]{2}-[0-9]{2}$")]
    birthday: Patch<String>,
    #[serde(default, deserialize_with = "patch")]
    #[schema(value_type = Option<String>)]
    language: Patch<String>,
    #[serde(default, deserialize_with = "patch")]
    #[schema(value_type = Option<String>)]
    source: Patch<String>,
    #[serde(default, deserialize_with = "patch")]
    #[schema(value_type = Option<String>)]
    fiscal_code: Patch<String>,
    #[serde(default, deserialize_with = "patch")]
    #[schema(value_type = Option<String>)]
    warning: Patch<String>,
}

/// A phone and what it is.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = KindedPhone)]
pub(crate) struct KindedPhoneFields {
    kind: PhoneKindField,
    pub(super) number: String,
}

/// Where a phone rings.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = PhoneKind)]
enum PhoneKindField {
    Mobile,
    Home,
    Work,
    Other,
}

impl NewClient {
    pub(super) fn asked(
        &self,
        on: &Deciding<Client>,
        id: Id<Client>,
        note_id: Id<id::Note>,
        actor: &Actor,
    ) -> Result<Asked<Client>, Problem> {
        let country = on.known.settings()?.country;
        let mut checks = Checks::default();
        let commands = self.commands(&mut checks, "", id, note_id, actor, country, on.now);
        match commands {
            Some(commands) if checks.is_clean() => Ok(Asked::all(commands)),
            Some(_) | None => Err(checks.into()),
        }
    }

    /// The commands that make them known, in one append; what is at fault goes to `checks`, its fields below `at`
    /// (`client.` in a booking).
    #[expect(
        clippy::too_many_arguments,
        reason = "ids, actor and time come from the shell, each a value"
    )]
    pub(crate) fn commands(
        &self,
        checks: &mut Checks,
        at: &str,
        id: Id<Client>,
        note_id: Id<id::Note>,
        actor: &Actor,
        country: Country,
        now: Timestamp,
    ) -> Option<Vec<ClientCommand>> {
        let field = |name: &str| format!("{at}{name}");
        let name = checks.take(&field("name"), PersonName::parse(&self.name));
        let phones = phones(checks, &field("phones"), &self.phones, country);
        let phone = self
            .phone
            .as_deref()
            .and_then(|text| checks.phone(&field("phone"), text, country))
            .or_else(|| phones.first().map(|phone| phone.number.clone()));
        let email = checks.maybe(&field("email"), self.email.as_deref(), Email::parse);
        let telegram = self.telegram.as_deref();
        let telegram = checks.maybe(&field("telegram"), telegram, Telegram::parse);
        let birthday = checks.maybe(&field("birthday"), self.birthday.as_deref(), birthday);
        let language = checks.maybe(
            &field("language"),
            self.language.as_deref(),
            Language::parse,
        );
        let source = checks.maybe(&field("source"), self.source.as_deref(), origin);
        let fiscal = self.fiscal_code.as_deref();
        let fiscal_code = checks.maybe(&field("fiscal_code"), fiscal, FiscalCode::parse);
        let warning = checks.maybe(&field("warning"), self.warning.as_deref(), FreeText::parse);
        let note = checks.maybe(&field("note"), self.note.as_deref(), FreeText::parse);
        let tags = tags(checks, &field("tags"), &self.tags);
        let mut commands = vec![ClientCommand::Register(Box::new(Card {
            name: Sealed::open(id, name?),
            phone: phone.map(|phone| Sealed::open(id, phone)),
            phones: (!phones.is_empty()).then(|| Sealed::open(id, phones)),
            email: email.map(|email| Sealed::open(id, email)),
            telegram: telegram.map(|telegram| Sealed::open(id, telegram)),
            birthday: birthday.map(|birthday| Sealed::open(id, birthday)),
            language,
            source,
            fiscal_code: fiscal_code.map(|code| Sealed::open(id, code)),
            warning: warning.map(|warning| Sealed::open(id, warning)),
        }))];
        if !tags.is_empty() {
            commands.push(ClientCommand::SetTags(tags.into_iter().collect()));
        }
        if !self.consents.is_empty() {
            let to = self.consents.iter().map(|consent| (*consent).into());
            commands.push(ClientCommand::SetConsents {
                to: to.collect(),
                at: now,
            });
        }
        if let Some(text) = note {
            commands.push(ClientCommand::Note(Note {
                note_id,
                text: Sealed::open(id, text),
                at: now,
                by: actor.clone(),
            }));
        }
        Some(commands)
    }
}

impl ClientChange {
    pub(super) fn asked(
        &self,
        on: &Deciding<Client>,
        id: Id<Client>,
    ) -> Result<Asked<Client>, Problem> {
        let country = on.known.settings()?.country;
        on.state.known()?;
        let mut checks = Checks::default();
        let sealed = |value| Some(Sealed::open(id, value));
        let name = checks.maybe("name", self.name.as_deref(), PersonName::parse);
        let phones = match &self.phones {
            None => None,
            Some(None) => Some(None),
            Some(Some(fields)) => {
                let phones = phones(&mut checks, "phones", fields, country);
                Some((!phones.is_empty()).then(|| Sealed::open(id, phones)))
            }
        };
        let phone = checks.patch("phone", &self.phone, |text| {
            Phone::parse(text, Some(country))
        });
        let email = checks.patch("email", &self.email, |text| Email::parse(text));
        let telegram = checks.patch("telegram", &self.telegram, |text| Telegram::parse(text));
        let birthday = checks.patch("birthday", &self.birthday, |text| birthday(text));
        let language = checks.patch("language", &self.language, |text| Language::parse(text));
        let source = checks.patch("source", &self.source, |text| origin(text));
        let fiscal = checks.patch("fiscal_code", &self.fiscal_code, |text| {
            FiscalCode::parse(text)
        });
        let warning = checks.patch("warning", &self.warning, |text| FreeText::parse(text));
        checks.done()?;
        Ok(Asked::of(ClientCommand::ChangeContact(Box::new(
            CardWanted {
                name: name.and_then(sealed),
                phone: phone.map(|phone| phone.map(|phone| Sealed::open(id, phone))),
                phones,
                email: email.map(|email| email.map(|email| Sealed::open(id, email))),
                telegram: telegram.map(|name| name.map(|name| Sealed::open(id, name))),
                birthday: birthday.map(|day| day.map(|day| Sealed::open(id, day))),
                language,
                source,
                fiscal_code: fiscal.map(|code| code.map(|code| Sealed::open(id, code))),
                warning: warning.map(|text| text.map(|text| Sealed::open(id, text))),
            },
        ))))
    }
}

fn phones(
    checks: &mut Checks,
    field: &str,
    fields: &[KindedPhoneFields],
    country: Country,
) -> Vec<KindedPhone> {
    checks.at_most(field, fields, MOST);
    let phones = fields.iter().enumerate();
    phones
        .filter_map(|(n, phone)| {
            let number = checks.phone(&format!("{field}[{n}].number"), &phone.number, country)?;
            Some(KindedPhone {
                kind: phone.kind.into(),
                number,
            })
        })
        .collect()
}

/// Marks, each once.
pub(super) fn tags(checks: &mut Checks, field: &str, texts: &[String]) -> Vec<Tag> {
    checks.at_most(field, texts, MOST);
    let texts = texts.iter().enumerate();
    texts
        .filter_map(|(n, text)| checks.take(&format!("{field}[{n}]"), Tag::parse(text)))
        .collect()
}

fn birthday(text: &str) -> Result<Birthday, Message> {
    Birthday::parse(text).map_err(Into::into)
}

fn origin(text: &str) -> Result<Origin, Message> {
    Origin::parse(text).map_err(|error| match error {
        TextError::Form(_) => Message::new("violation-origin"),
        TextError::Empty | TextError::TooLong { .. } | TextError::Control => error.into(),
    })
}

impl From<&KindedPhone> for KindedPhoneFields {
    fn from(phone: &KindedPhone) -> Self {
        Self {
            kind: phone.kind.into(),
            number: phone.number.as_str().to_owned(),
        }
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

impl From<PhoneKind> for PhoneKindField {
    fn from(kind: PhoneKind) -> Self {
        match kind {
            PhoneKind::Mobile => Self::Mobile,
            PhoneKind::Home => Self::Home,
            PhoneKind::Work => Self::Work,
            PhoneKind::Other => Self::Other,
        }
    }
}
