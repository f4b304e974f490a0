//! A row that tells of a client.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    client::Consent,
    contact::{Birthday, Email, FiscalCode, KindedPhone, Language, Phone, PhoneKind, Telegram},
    text::{FreeText, Origin, PersonName, Tag},
};
use jiff::civil::Date;
use projections::folding::fold;
use serde::Serialize;
use sheets::Row;
use utoipa::ToSchema;

use super::{
    fields::Field,
    headers,
    mapping::Defaults,
    prepared::{Drafted, Read, Reader},
    values,
};
use crate::{checks::Checks, problem::Violation, texts::Message};

/// What a row tells of a client.
#[derive(Debug, Clone)]
pub(crate) struct ClientDraft {
    pub(crate) name: PersonName,
    /// The first is the main one.
    pub(crate) phones: Vec<KindedPhone>,
    pub(crate) email: Option<Email>,
    pub(crate) telegram: Option<Telegram>,
    pub(crate) birthday: Option<Birthday>,
    pub(crate) language: Option<Language>,
    pub(crate) source: Option<Origin>,
    pub(crate) fiscal_code: Option<FiscalCode>,
    pub(crate) warning: Option<FreeText>,
    pub(crate) note: Option<FreeText>,
    pub(crate) tags: BTreeSet<Tag>,
    pub(crate) consents: BTreeMap<Consent, bool>,
    /// When they first came.
    pub(crate) created: Option<Date>,
}

/// What clients have whose rows say nothing else.
#[derive(Debug, Clone, Default)]
pub(super) struct ClientDefaults {
    language: Option<Language>,
    source: Option<Origin>,
    tags: BTreeSet<Tag>,
}

/// What a row tells of a client, as it will be taken.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ImportedClient)]
pub(crate) struct ClientValues {
    name: String,
    /// The phone to ring first (E.164).
    phone: Option<String>,
    /// All of them.
    phones: Vec<String>,
    email: Option<String>,
    telegram: Option<String>,
    /// `YYYY-MM-DD`, or `--MM-DD`.
    birthday: Option<String>,
    language: Option<String>,
    source: Option<String>,
    fiscal_code: Option<String>,
    warning: Option<String>,
    note: Option<String>,
    tags: Vec<String>,
    /// What they agreed to.
    consents: Vec<String>,
    #[schema(value_type = Option<String>, format = Date)]
    created_at: Option<String>,
}

impl ClientDraft {
    pub(crate) fn values(&self) -> ClientValues {
        let given = self.consents.iter().filter(|(_, yes)| **yes);
        ClientValues {
            name: self.name.to_string(),
            phone: self.main_phone().map(|phone| phone.as_str().to_owned()),
            phones: self
                .phones
                .iter()
                .map(|phone| phone.number.as_str().to_owned())
                .collect(),
            email: self.email.as_ref().map(|email| email.as_str().to_owned()),
            telegram: self.telegram.as_ref().map(|name| name.as_str().to_owned()),
            birthday: self.birthday.map(|day| day.to_string()),
            language: self.language.as_ref().map(|tag| tag.as_str().to_owned()),
            source: self
                .source
                .as_ref()
                .map(|source| source.as_str().to_owned()),
            fiscal_code: self
                .fiscal_code
                .as_ref()
                .map(|code| code.as_str().to_owned()),
            warning: self.warning.as_ref().map(ToString::to_string),
            note: self.note.as_ref().map(ToString::to_string),
            tags: self
                .tags
                .iter()
                .map(|tag| tag.as_str().to_owned())
                .collect(),
            consents: given
                .map(|(consent, _)| word(*consent).to_owned())
                .collect(),
            created_at: self.created.map(|day| day.to_string()),
        }
    }

    pub(crate) fn main_phone(&self) -> Option<&Phone> {
        self.phones.first().map(|phone| &phone.number)
    }

    /// As names are compared.
    pub(crate) fn folded_name(&self) -> String {
        fold(self.name.as_str())
    }
}

const fn word(consent: Consent) -> &'static str {
    match consent {
        Consent::DataProcessing => "data_processing",
        Consent::Reminders => "reminders",
        Consent::Marketing => "marketing",
        Consent::Photos => "photos",
    }
}

pub(super) fn defaults(defaults: &Defaults, checks: &mut Checks) -> ClientDefaults {
    let at = |name: &str| format!("mapping.defaults.{name}");
    let language = defaults.language.as_deref();
    let source = defaults.source.as_deref();
    let tags = defaults.tags.iter().enumerate();
    ClientDefaults {
        language: checks.maybe(&at("language"), language, Language::parse),
        source: checks.maybe(&at("source"), source, Origin::parse),
        tags: tags
            .filter_map(|(n, tag)| checks.take(&at(&format!("tags[{n}]")), Tag::parse(tag)))
            .collect(),
    }
}

/// Reads a row.
pub(super) fn read(
    reader: &Reader<'_>,
    defaults: &ClientDefaults,
    row: &Row,
) -> Drafted<ClientDraft> {
    let mut faults = vec![];
    let passed = reader.passed(row);
    let read = match passed {
        Some(passed) => {
            faults.push(passed);
            Read::Passed
        }
        None => {
            reader.faults_of_cells(row, &mut faults);
            let mut cells = Cells {
                reader,
                row,
                faults: &mut faults,
            };
            match draft(&mut cells, defaults) {
                Some(draft) => Read::Draft(Box::new(draft)),
                None => Read::Failed,
            }
        }
    };
    Drafted {
        number: row.number,
        read,
        faults,
    }
}

/// A row's cells, and what is wrong with them.
struct Cells<'r> {
    reader: &'r Reader<'r>,
    row: &'r Row,
    faults: &'r mut Vec<Violation>,
}

impl Cells<'_> {
    fn fault(&mut self, field: Field, message: Message) {
        self.faults.push(Violation::new(field.word(), message));
    }

    fn text(&self, field: Field) -> Option<String> {
        let text = self.reader.text(self.row, field);
        (!values::is_nothing(&text)).then_some(text)
    }

    /// A value that a row can do without: what cannot be read is told.
    fn maybe<T, E: Into<Message>>(
        &mut self,
        field: Field,
        read: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let text = self.text(field)?;
        match read(&text) {
            Ok(value) => Some(value),
            Err(error) => {
                self.fault(field, error.into());
                None
            }
        }
    }

    /// As [`maybe`](Self::maybe), where the reader knows words that stand for nothing.
    fn perhaps<T>(
        &mut self,
        field: Field,
        read: impl FnOnce(&str) -> Result<Option<T>, Message>,
    ) -> Option<T> {
        let text = self.reader.text(self.row, field);
        read(&text).unwrap_or_else(|message| {
            self.fault(field, message);
            None
        })
    }

    /// All that stands under a field, a line for each column.
    fn words(&mut self, field: Field) -> Option<FreeText> {
        let texts = self.reader.texts(self.row, field);
        let texts: Vec<_> = texts
            .into_iter()
            .filter(|text| !values::is_nothing(text))
            .collect();
        if texts.is_empty() {
            return None;
        }
        match FreeText::parse(&texts.join("\n")) {
            Ok(text) => Some(text),
            Err(error) => {
                self.fault(field, error.into());
                None
            }
        }
    }
}

fn draft(cells: &mut Cells<'_>, defaults: &ClientDefaults) -> Option<ClientDraft> {
    let house = cells.reader.house;
    let name = name(cells);
    let phones = phones(cells);
    let email = email(cells);
    let order = cells.reader.order(Field::Birthday);
    let birthday = cells.perhaps(Field::Birthday, |text| {
        values::birthday(text, order, house.today)
    });
    let order = cells.reader.order(Field::CreatedAt);
    let created = cells.perhaps(Field::CreatedAt, |text| {
        values::day(text, order, house.today)
    });
    let mut tags = defaults.tags.clone();
    for text in cells.reader.texts(cells.row, Field::Tags) {
        let (found, fault) = values::tags(&text);
        tags.extend(found);
        if let Some(fault) = fault {
            cells.fault(Field::Tags, fault);
        }
    }
    let mut consents = BTreeMap::new();
    for (field, consent) in [
        (Field::ConsentDataProcessing, Consent::DataProcessing),
        (Field::ConsentReminders, Consent::Reminders),
        (Field::ConsentMarketing, Consent::Marketing),
        (Field::ConsentPhotos, Consent::Photos),
    ] {
        if let Some(yes) = cells.perhaps(field, values::yes_or_no) {
            consents.insert(consent, yes);
        }
    }
    let telegram = cells.maybe(Field::Telegram, |text| {
        Telegram::parse(text.trim_start_matches("https://t.me/"))
    });
    Some(ClientDraft {
        phones,
        email,
        telegram,
        birthday,
        language: cells
            .perhaps(Field::Language, values::language)
            .or_else(|| defaults.language.clone()),
        source: cells
            .maybe(Field::Source, |text| {
                Origin::parse(&text.replace(['/', ',', '(', ')'], " "))
            })
            .or_else(|| defaults.source.clone()),
        fiscal_code: cells.maybe(Field::FiscalCode, FiscalCode::parse),
        warning: cells.words(Field::Warning),
        note: cells.words(Field::Note),
        tags,
        consents,
        created,
        name: name?,
    })
}

/// The name, or its parts put together; a company's where nobody is named.
fn name(cells: &mut Cells<'_>) -> Option<PersonName> {
    let part = |field| {
        let text = cells.reader.text(cells.row, field);
        Some(text)
            .filter(|text| !values::is_no_name(text))
            .unwrap_or_default()
    };
    let (whole, family) = (part(Field::Name), part(Field::FamilyName));
    let given = match part(Field::GivenName) {
        given if given.is_empty() => whole.clone(),
        given => given,
    };
    let parts = [given, part(Field::MiddleName), family];
    let parts: Vec<_> = parts
        .iter()
        .map(|part| part.trim())
        .filter(|part| !part.is_empty())
        .collect();
    let has_parts = cells.reader.columns(Field::GivenName).next().is_some();
    let text = match (whole.is_empty(), has_parts) {
        // Both the whole and its parts: the whole is as it is to be read.
        (false, true) => whole,
        _ => parts.join(" "),
    };
    let text = if text.is_empty() {
        part(Field::Company)
    } else {
        text
    };
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.is_empty() {
        cells.fault(Field::Name, Message::new("violation-missing"));
        return None;
    }
    match PersonName::parse(&text) {
        Ok(name) => Some(name),
        Err(error) => {
            cells.fault(Field::Name, error.into());
            None
        }
    }
}

fn phones(cells: &mut Cells<'_>) -> Vec<KindedPhone> {
    let mut found: Vec<KindedPhone> = vec![];
    let columns: Vec<_> = cells.reader.columns(Field::Phone).collect();
    for column in columns {
        let cell = cells.row.cell(column);
        let text = cell.meant();
        let (phones, fault) = if cell.kind == sheets::Kind::LostDigits {
            (vec![], Some(Message::new("violation-destroyed-number")))
        } else {
            values::phones(&text, cells.reader.house.country)
        };
        if let Some(fault) = fault {
            cells.fault(Field::Phone, fault);
        }
        let kind = phone_kind(cells, column);
        for number in phones {
            if !found.iter().any(|other| other.number == number) {
                found.push(KindedPhone { kind, number });
            }
        }
    }
    found
}

/// Where a column's phones ring: by its name, or by the label that stands in the column before.
fn phone_kind(cells: &Cells<'_>, column: usize) -> PhoneKind {
    let names = &cells.reader.names;
    let label = column.checked_sub(1).filter(|before| {
        let name = headers::plain(&names[*before]);
        name.ends_with("label") || name.ends_with("type")
    });
    label
        .and_then(|before| headers::phone_kind(&cells.row.cell(before).text))
        .or_else(|| headers::phone_kind(&names[column]))
        .unwrap_or(if label.is_some() {
            PhoneKind::Other
        } else {
            PhoneKind::Mobile
        })
}

/// The first address. A client has one: of others it is told.
fn email(cells: &mut Cells<'_>) -> Option<Email> {
    let mut found: Option<Email> = None;
    for text in cells.reader.texts(cells.row, Field::Email) {
        if values::is_nothing(&text) {
            continue;
        }
        let separate = |c: char| matches!(c, ';' | ',' | '|') || c.is_whitespace();
        let parts = text
            .split(separate)
            .filter(|part| !part.is_empty() && *part != ":::");
        let mut unread = None;
        for part in parts {
            let part = part
                .trim_matches(|c| matches!(c, '<' | '>' | '"' | '\''))
                .trim_start_matches("mailto:");
            match Email::parse(part) {
                Ok(email) => match &found {
                    None => found = Some(email),
                    Some(first) if first.as_str().eq_ignore_ascii_case(email.as_str()) => {}
                    Some(_) => {
                        let one = Message::new("violation-too-many").with_number("max", 1);
                        cells.fault(Field::Email, one);
                    }
                },
                // Of "Ada Nowak <ada@example.org>" the words are no address.
                Err(_) if !part.contains('@') && text.contains('@') => {}
                Err(error) => unread = Some(error),
            }
        }
        // Told once of a cell, however many words stand in it.
        if let Some(error) = unread {
            cells.fault(Field::Email, error.into());
        }
    }
    found
}
