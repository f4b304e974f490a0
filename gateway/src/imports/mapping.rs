//! Which column holds what, and what is to be done where the file does not say.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    fields::{Field, Kind},
    values::DateOrder,
};
use crate::{checks::Checks, texts::Message};

/// Which column holds what, and what is to be done where the file does not say.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ImportMapping)]
pub(crate) struct Mapping {
    /// What the columns hold. Those that are not named are not taken. Absent: as suggested.
    #[serde(default)]
    pub(crate) columns: Option<Vec<MappedColumn>>,
    /// What becomes of a row whose client (by phone, then e-mail) or service (by name) is known already, or stands in
    /// an earlier row.
    #[serde(default)]
    pub(crate) duplicates: Duplicates,
    /// What becomes of a price or length that is a range (`120–150`, `from 120`).
    #[serde(default)]
    pub(crate) ranges: Ranges,
    /// In which order days are written where that is not plain. Absent: as the column tells.
    #[serde(default)]
    pub(crate) date_order: Option<DateOrder>,
    #[serde(default)]
    pub(crate) defaults: Defaults,
    #[serde(default)]
    pub(crate) reading: Reading,
}

/// What one column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ImportMappedColumn)]
pub(crate) struct MappedColumn {
    /// Its `index` in `columns`.
    #[schema(minimum = 0)]
    pub(crate) column: usize,
    /// Null: it is not taken.
    pub(crate) field: Option<Field>,
}

/// What becomes of a row whose client or service is there already.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ImportDuplicates)]
pub(crate) enum Duplicates {
    /// Nothing.
    #[default]
    Skip,
    /// What the row tells is taken over.
    Update,
    /// It becomes another one all the same.
    Create,
}

/// What becomes of a range.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ImportRanges)]
pub(crate) enum Ranges {
    /// It is told, and not taken.
    #[default]
    Refuse,
    /// Its lower end is taken.
    Lowest,
}

/// What rows have that say nothing else.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ImportDefaults)]
pub(crate) struct Defaults {
    /// How long services take.
    #[serde(default)]
    pub(crate) duration_min: Option<i64>,
    /// What they cost.
    #[serde(default)]
    pub(crate) price: Option<String>,
    /// In which language clients are written to.
    #[serde(default)]
    pub(crate) language: Option<String>,
    /// Where they came from.
    #[serde(default)]
    pub(crate) source: Option<String>,
    /// Marks that all clients of the file get.
    #[serde(default)]
    pub(crate) tags: Vec<String>,
}

/// How the file is read, where the guess was wrong.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ImportReading)]
pub(crate) struct Reading {
    /// Of CSV: `utf-8`, `windows-1250`, `cp1251`, ….
    #[serde(default)]
    pub(crate) encoding: Option<String>,
    /// Of CSV: what stands between two cells.
    #[serde(default)]
    pub(crate) delimiter: Option<String>,
    /// Of XLSX.
    #[serde(default)]
    pub(crate) sheet: Option<String>,
    /// The number of the row that names the columns; 0: none does.
    #[serde(default)]
    pub(crate) header_row: Option<u32>,
}

impl Mapping {
    /// Which fields the columns hold, by column; faults are told below `mapping.`.
    pub(crate) fn fields(
        &self,
        kind: Kind,
        suggested: &[Option<Field>],
        checks: &mut Checks,
    ) -> Vec<Option<Field>> {
        let Some(columns) = &self.columns else {
            return suggested.to_vec();
        };
        let mut fields = vec![None; suggested.len()];
        let mut seen: Vec<Field> = vec![];
        let mut taken = vec![false; suggested.len()];
        for (at, mapped) in columns.iter().enumerate() {
            let place = |name: &str| format!("mapping.columns[{at}].{name}");
            let Some(field) = fields.get_mut(mapped.column) else {
                checks.fault(place("column"), Message::new("violation-column"));
                continue;
            };
            if std::mem::replace(&mut taken[mapped.column], true) {
                checks.fault(place("column"), Message::new("violation-twice"));
            }
            let Some(wanted) = mapped.field else { continue };
            if !wanted.is_of(kind) {
                checks.fault(place("field"), Message::new("violation-unknown-field"));
            } else if seen.contains(&wanted) && !wanted.may_repeat() {
                checks.fault(place("field"), Message::new("violation-twice"));
            }
            seen.push(wanted);
            *field = Some(wanted);
        }
        fields
    }
}
