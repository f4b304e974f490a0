//! A row that tells of a service.

use domain::{
    money::Money,
    service::{LONGEST_MIN, ServiceState},
    text::{Color, Description, Label},
    time::Minutes,
};
use projections::folding::fold;
use serde::Serialize;
use sheets::Row;
use utoipa::ToSchema;

use super::{
    fields::Field,
    headers,
    mapping::{Defaults, Ranges},
    prepared::{Drafted, House, Read, Reader},
    values::{self, LengthUnit},
};
use crate::{checks::Checks, problem::Violation, texts::Message};

/// How long services take of which no column tells.
pub(super) const USUAL_LENGTH_MIN: i64 = 60;

/// What a row tells of a service.
#[derive(Debug, Clone)]
pub(crate) struct ServiceDraft {
    pub(crate) name: Label,
    pub(crate) duration: Minutes,
    pub(crate) price: Money,
    pub(crate) description: Option<Description>,
    pub(crate) color: Option<Color>,
    pub(crate) state: Option<ServiceState>,
}

/// What services have whose rows say nothing else.
#[derive(Debug, Clone, Default)]
pub(super) struct ServiceDefaults {
    duration: Option<Minutes>,
    price: Option<Money>,
}

/// What a row tells of a service, as it will be taken.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ImportedService)]
pub(crate) struct ServiceValues {
    name: String,
    duration_min: u32,
    price: String,
    description: Option<String>,
    color: Option<String>,
    /// `active` or `disabled`, where a column tells.
    state: Option<&'static str>,
}

impl ServiceDraft {
    pub(crate) fn values(&self) -> ServiceValues {
        ServiceValues {
            name: self.name.to_string(),
            duration_min: self.duration.get(),
            price: self.price.to_string(),
            description: self.description.as_ref().map(ToString::to_string),
            color: self.color.as_ref().map(|color| color.as_str().to_owned()),
            state: self.state.map(|state| match state {
                ServiceState::Active => "active",
                ServiceState::Internal => "internal",
                ServiceState::Disabled => "disabled",
            }),
        }
    }

    /// As names are compared.
    pub(crate) fn folded_name(&self) -> String {
        fold(self.name.as_str())
    }
}

pub(super) fn defaults(defaults: &Defaults, house: &House, checks: &mut Checks) -> ServiceDefaults {
    let at = |name: &str| format!("mapping.defaults.{name}");
    let duration = defaults
        .duration_min
        .map(|asked| checks.within(&at("duration_min"), asked, 1, LONGEST_MIN));
    let price = defaults.price.as_deref();
    let price = price.and_then(|text| checks.price(&at("price"), text, house.currency));
    ServiceDefaults {
        duration: duration.map(Minutes::new),
        price,
    }
}

/// Reads a row.
pub(super) fn read(
    reader: &Reader<'_>,
    defaults: &ServiceDefaults,
    row: &Row,
) -> Drafted<ServiceDraft> {
    let mut faults = vec![];
    let read = match reader.passed(row) {
        Some(passed) => {
            faults.push(passed);
            Read::Passed
        }
        None => {
            reader.faults_of_cells(row, &mut faults);
            match draft(reader, defaults, row, &mut faults) {
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

fn draft(
    reader: &Reader<'_>,
    defaults: &ServiceDefaults,
    row: &Row,
    faults: &mut Vec<Violation>,
) -> Option<ServiceDraft> {
    let mut fault =
        |field: Field, message: Message| faults.push(Violation::new(field.word(), message));
    let lowest = reader.mapping.ranges == Ranges::Lowest;

    let text = reader.text(row, Field::Name);
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let name = if text.is_empty() {
        fault(Field::Name, Message::new("violation-missing"));
        None
    } else {
        Label::parse(&text)
            .map_err(|error| fault(Field::Name, error.into()))
            .ok()
    };

    let unit = reader
        .columns(Field::DurationMin)
        .next()
        .map_or(LengthUnit::Minutes, |column| unit_of(&reader.names[column]));
    let duration = match values::length(&reader.text(row, Field::DurationMin), unit, lowest) {
        Ok(Some(minutes)) => {
            let minutes = u32::try_from(minutes)
                .ok()
                .filter(|m| (1..=LONGEST_MIN).contains(m));
            if minutes.is_none() {
                let range = Message::new("violation-out-of-range")
                    .with_number("least", 1)
                    .with_number("most", LONGEST_MIN);
                fault(Field::DurationMin, range);
            }
            minutes.map(Minutes::new)
        }
        Ok(None) => {
            if defaults.duration.is_none() {
                fault(Field::DurationMin, Message::new("violation-missing"));
            }
            defaults.duration
        }
        Err(message) => {
            fault(Field::DurationMin, message);
            None
        }
    };

    let price = match values::amount(
        &reader.text(row, Field::Price),
        reader.house.currency,
        lowest,
    ) {
        Ok(None) => {
            if defaults.price.is_none() {
                fault(Field::Price, Message::new("violation-missing"));
            }
            defaults.price
        }
        Ok(price) => price,
        Err(message) => {
            fault(Field::Price, message);
            None
        }
    };

    let mut words = reader.texts(row, Field::Category);
    words.extend(reader.texts(row, Field::Description));
    words.retain(|text| !values::is_nothing(text));
    let description = if words.is_empty() {
        None
    } else {
        Description::parse(&words.join("\n"))
            .map_err(|error| fault(Field::Description, error.into()))
            .ok()
    };
    let color = values::color(&reader.text(row, Field::Color)).unwrap_or_else(|message| {
        fault(Field::Color, message);
        None
    });
    let active = values::yes_or_no(&reader.text(row, Field::Active)).unwrap_or_else(|message| {
        fault(Field::Active, message);
        None
    });
    Some(ServiceDraft {
        description,
        color,
        state: active.map(|active| {
            if active {
                ServiceState::Active
            } else {
                ServiceState::Disabled
            }
        }),
        name: name?,
        duration: duration?,
        price: price?,
    })
}

/// What a bare number in a column of this name counts.
fn unit_of(header: &str) -> LengthUnit {
    const HOURS: [&str; 9] = [
        "h",
        "hours",
        "hour",
        "godz",
        "godziny",
        "heures",
        "ore",
        "timmar",
        "годин",
    ];
    let plain = headers::plain(header);
    if plain.split(' ').any(|word| HOURS.contains(&word)) {
        LengthUnit::Hours
    } else {
        LengthUnit::Minutes
    }
}
