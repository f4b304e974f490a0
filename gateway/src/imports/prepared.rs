//! A file and its mapping, worked out: what was read, which columns there are, and what stands in each row.

use domain::{contact::Country, money::Currency};
use jiff::civil::Date;
use sheets::{Fault, Form, Limits, Remark, Row, Wanted};

use super::{
    clients::{self, ClientDraft},
    fields::{Field, Kind},
    headers::{self, Named},
    mapping::{Defaults, MappedColumn, Mapping, Reading},
    services::{self, ServiceDraft},
    values::{DateOrder, looks_like_day, looks_like_phone, order_of},
};
use crate::{
    checks::Checks,
    problem::{Code, Problem, Violation},
    texts::Message,
};

/// Of the house, what rows are read by.
#[derive(Debug, Clone, Copy)]
pub(crate) struct House {
    /// Whose national numbers phones are.
    pub(crate) country: Country,
    /// What prices are in.
    pub(crate) currency: Currency,
    /// The day in the house's zone.
    pub(crate) today: Date,
}

/// A file and its mapping, worked out.
pub(crate) struct Prepared {
    pub(crate) form: Form,
    pub(crate) remarks: Vec<Remark>,
    /// The number of the row that names the columns.
    pub(crate) header_row: Option<u32>,
    pub(crate) columns: Vec<Column>,
    pub(crate) suggested: Mapping,
    pub(crate) rows: Drafts,
}

/// A column of the file.
pub(crate) struct Column {
    /// What the file calls it; empty where it does not.
    pub(crate) name: String,
    /// Its first few cells with anything in them.
    pub(crate) samples: Vec<String>,
    /// What it holds, by the mapping.
    pub(crate) field: Option<Field>,
}

/// What stands in the rows, in their order.
pub(crate) enum Drafts {
    Clients(Vec<Drafted<ClientDraft>>),
    Services(Vec<Drafted<ServiceDraft>>),
}

/// What stands in one row.
#[derive(Debug, Clone)]
pub(crate) struct Drafted<D> {
    /// The row as a spreadsheet numbers it.
    pub(crate) number: u32,
    pub(crate) read: Read<D>,
    /// What could not be read, or must be told.
    pub(crate) faults: Vec<Violation>,
}

/// Whether a row is one.
#[derive(Debug, Clone)]
pub(crate) enum Read<D> {
    /// It tells this.
    Draft(Box<D>),
    /// It is no client or service: a total, the header again.
    Passed,
    /// What it must tell is missing or cannot be read.
    Failed,
}

impl Drafts {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Clients(rows) => rows.len(),
            Self::Services(rows) => rows.len(),
        }
    }
}

/// The refusal of a file, under the field `file`.
pub(crate) fn refusal(fault: &Fault) -> Problem {
    let most = |most: usize| i64::try_from(most).unwrap_or(i64::MAX);
    let (code, field, message) = match fault {
        Fault::Empty => (Code::Invalid, "file", Message::new("violation-file-empty")),
        Fault::OtherKind(kind) => (
            Code::UnsupportedMediaType,
            "file",
            Message::new("violation-file-kind").with("kind", kind),
        ),
        Fault::Encrypted => (
            Code::Invalid,
            "file",
            Message::new("violation-file-protected"),
        ),
        Fault::Broken => (Code::Invalid, "file", Message::new("violation-file-broken")),
        Fault::Inflates { .. } => (
            Code::TooLarge,
            "file",
            Message::new("violation-file-inflates"),
        ),
        Fault::TooManyRows { most: rows } => (
            Code::Invalid,
            "file",
            Message::new("violation-file-rows").with_number("max", most(*rows)),
        ),
        Fault::TooManyColumns { most: columns } => (
            Code::Invalid,
            "file",
            Message::new("violation-file-columns").with_number("max", most(*columns)),
        ),
        Fault::CellTooLong { most: letters } => (
            Code::Invalid,
            "file",
            Message::new("violation-file-cell").with_number("max", most(*letters)),
        ),
        Fault::TooManyCells { most: cells } => (
            Code::Invalid,
            "file",
            Message::new("violation-file-cells").with_number("max", most(*cells)),
        ),
        Fault::NoSuchEncoding => (
            Code::Invalid,
            "mapping.reading.encoding",
            Message::new("violation-encoding"),
        ),
        Fault::NoSuchDelimiter => (
            Code::Invalid,
            "mapping.reading.delimiter",
            Message::new("violation-delimiter"),
        ),
        Fault::NoSuchSheet => (
            Code::Invalid,
            "mapping.reading.sheet",
            Message::new("violation-sheet"),
        ),
    };
    Problem::new(code).violations(vec![Violation::new(field, message)])
}

/// Works a file out.
///
/// # Errors
/// 413, 415 or 422 when it cannot be read, 422 when the mapping does not fit it.
pub(crate) fn prepare(
    bytes: &[u8],
    kind: Kind,
    mapping: &Mapping,
    house: &House,
) -> Result<Prepared, Problem> {
    let wanted = wanted(&mapping.reading, house)?;
    let table =
        sheets::read(bytes, &wanted, &Limits::default()).map_err(|fault| refusal(&fault))?;
    let header = match mapping.reading.header_row {
        Some(0) => None,
        Some(number) => {
            let at = table.rows.iter().position(|row| row.number == number);
            Some(at.ok_or_else(|| {
                Problem::field(
                    "mapping.reading.header_row",
                    Message::new("violation-header-row"),
                )
            })?)
        }
        None => sheets::header(&table.rows, |word| {
            headers::named(kind, word) != Named::Unknown
        }),
    };
    let (names, rows) = match header {
        Some(at) => (Some(&table.rows[at]), &table.rows[at + 1..]),
        None => (None, &table.rows[..]),
    };
    if rows.is_empty() {
        let message = Message::new("violation-file-header-only");
        return Err(Problem::field("file", message));
    }
    let name = |column: usize| names.map_or_else(String::new, |row| row.cell(column).meant());
    let suggested_fields = suggest(kind, names, rows, table.width, house);
    let suggested = suggestion(kind, &suggested_fields, mapping.reading.clone());
    let mut checks = Checks::default();
    let fields = mapping.fields(kind, &suggested_fields, &mut checks);
    let reader = Reader {
        house: *house,
        mapping,
        names: (0..table.width).map(name).collect(),
        orders: orders(&fields, rows, mapping, house),
        fields,
        header: names,
    };
    let drafts = match kind {
        Kind::Clients => {
            let defaults = clients::defaults(&mapping.defaults, &mut checks);
            checks.done()?;
            Drafts::Clients(
                rows.iter()
                    .map(|row| clients::read(&reader, &defaults, row))
                    .collect(),
            )
        }
        Kind::Services => {
            let defaults = services::defaults(&mapping.defaults, house, &mut checks);
            checks.done()?;
            Drafts::Services(
                rows.iter()
                    .map(|row| services::read(&reader, &defaults, row))
                    .collect(),
            )
        }
    };
    let columns = (0..table.width).map(|column| Column {
        name: name(column),
        samples: samples(rows, column),
        field: reader.fields[column],
    });
    Ok(Prepared {
        columns: columns.collect(),
        header_row: names.map(|row| row.number),
        suggested,
        rows: drafts,
        form: table.form,
        remarks: table.remarks,
    })
}

fn wanted(reading: &Reading, house: &House) -> Result<Wanted, Problem> {
    let delimiter = match reading.delimiter.as_deref() {
        None => None,
        Some("\\t" | "tab") => Some('\t'),
        Some(text) => {
            let mut letters = text.chars();
            match (letters.next(), letters.next()) {
                (Some(letter), None) => Some(letter),
                _ => return Err(refusal(&Fault::NoSuchDelimiter)),
            }
        }
    };
    Ok(Wanted {
        encoding: reading.encoding.clone(),
        delimiter,
        sheet: reading.sheet.clone(),
        country: Some(house.country.as_str().to_owned()),
    })
}

fn samples(rows: &[Row], column: usize) -> Vec<String> {
    /// Enough to recognise a cell by.
    const LETTERS: usize = 100;
    let cells = rows.iter().take(200).map(|row| row.cell(column).meant());
    let cells = cells.filter(|text| !text.is_empty()).take(3);
    cells
        .map(|text| text.chars().take(LETTERS).collect())
        .collect()
}

/// By what rows are read.
pub(super) struct Reader<'f> {
    pub(super) house: House,
    pub(super) mapping: &'f Mapping,
    /// What the columns are called.
    pub(super) names: Vec<String>,
    pub(super) fields: Vec<Option<Field>>,
    /// In which order each column's days are written.
    orders: Vec<DateOrder>,
    header: Option<&'f Row>,
}

impl Reader<'_> {
    /// The columns that hold this, from the left.
    pub(super) fn columns(&self, field: Field) -> impl Iterator<Item = usize> {
        let fields = self.fields.iter().enumerate();
        fields
            .filter(move |(_, held)| **held == Some(field))
            .map(|(column, _)| column)
    }

    /// What stands in a row under a field, of the first of its columns that has anything.
    pub(super) fn text(&self, row: &Row, field: Field) -> String {
        let cells = self.columns(field).map(|column| row.cell(column).meant());
        cells
            .into_iter()
            .find(|text| !text.is_empty())
            .unwrap_or_default()
    }

    /// The same of all its columns, those that have anything.
    pub(super) fn texts(&self, row: &Row, field: Field) -> Vec<String> {
        let cells = self.columns(field).map(|column| row.cell(column).meant());
        cells.filter(|text| !text.is_empty()).collect()
    }

    pub(super) fn order(&self, field: Field) -> DateOrder {
        let column = self.columns(field).next();
        column.map_or(DateOrder::Dmy, |column| self.orders[column])
    }

    /// Formulas and broken values among what is taken of a row.
    pub(super) fn faults_of_cells(&self, row: &Row, faults: &mut Vec<Violation>) {
        for (column, field) in self.fields.iter().enumerate() {
            let (Some(field), cell) = (field, row.cell(column)) else {
                continue;
            };
            if cell.formula {
                faults.push(Violation::new(
                    field.word(),
                    Message::new("violation-formula"),
                ));
            }
            let lost = cell.kind == sheets::Kind::LostDigits;
            if cell.kind == sheets::Kind::Error || (lost && *field != Field::Phone) {
                let message = Message::new("violation-destroyed-number");
                faults.push(Violation::new(field.word(), message));
            }
        }
    }

    /// The row is a total, or the header once more.
    pub(super) fn passed(&self, row: &Row) -> Option<Violation> {
        if self.header.is_some_and(|header| header.cells == row.cells) {
            return Some(Violation::new("", Message::new("violation-header-again")));
        }
        let first = row.cells.iter().find(|cell| !cell.is_blank())?;
        let named = row.cells.iter().filter(|cell| !cell.is_blank());
        // A person may be called Suma; a total has figures and nothing else beside it.
        let figures = named.skip(1).all(|cell| {
            let text = cell.meant();
            let plain = text.chars().filter(|c| c.is_alphabetic()).count() <= 3;
            plain && text.contains(|c: char| c.is_ascii_digit()) && !text.contains('@')
        });
        let is_total = headers::is_total(&first.text) && figures && row.cells.len() > 1;
        is_total.then(|| Violation::new("", Message::new("violation-totals")))
    }
}

fn orders(
    fields: &[Option<Field>],
    rows: &[Row],
    mapping: &Mapping,
    house: &House,
) -> Vec<DateOrder> {
    let usual = if house.country.as_str() == "US" {
        DateOrder::Mdy
    } else {
        DateOrder::Dmy
    };
    let order = |(column, field): (usize, &Option<Field>)| match (mapping.date_order, field) {
        (Some(order), _) => order,
        (None, Some(Field::Birthday | Field::CreatedAt)) => {
            let cells: Vec<_> = rows
                .iter()
                .map(|row| row.cell(column).text.as_str())
                .collect();
            order_of(cells.into_iter(), usual)
        }
        (None, _) => usual,
    };
    fields.iter().enumerate().map(order).collect()
}

/// What each column seems to hold: by its name, else by what stands in it.
fn suggest(
    kind: Kind,
    names: Option<&Row>,
    rows: &[Row],
    width: usize,
    house: &House,
) -> Vec<Option<Field>> {
    let mut fields: Vec<Option<Field>> = vec![None; width];
    let mut unknown = vec![];
    for column in 0..width {
        let name = names.map_or_else(String::new, |row| row.cell(column).meant());
        match headers::named(kind, &name) {
            Named::Field(field) => {
                let is_free = field.may_repeat() || !fields.contains(&Some(field));
                fields[column] = is_free.then_some(field);
            }
            Named::Other => {}
            Named::Unknown => unknown.push((column, name.is_empty())),
        }
    }
    for (column, nameless) in unknown {
        let looks = by_looks(kind, rows, column, nameless, house);
        fields[column] =
            looks.filter(|field| field.may_repeat() || !fields.contains(&Some(*field)));
    }
    settle_names(kind, &mut fields, rows);
    fields
}

fn by_looks(
    kind: Kind,
    rows: &[Row],
    column: usize,
    nameless: bool,
    house: &House,
) -> Option<Field> {
    let cells: Vec<_> = rows
        .iter()
        .take(200)
        .map(|row| row.cell(column))
        .filter(|cell| !cell.is_blank())
        .collect();
    let most = |looks: &dyn Fn(&sheets::Cell) -> bool| {
        let alike = cells.iter().filter(|cell| looks(cell)).count();
        !cells.is_empty() && alike * 10 >= cells.len() * 7
    };
    let is_day =
        |cell: &sheets::Cell| cell.kind == sheets::Kind::Date || looks_like_day(&cell.meant());
    match kind {
        Kind::Clients => {
            let email = |cell: &sheets::Cell| domain::contact::Email::parse(&cell.text).is_ok();
            if most(&email) {
                Some(Field::Email)
            } else if most(&|cell| looks_like_phone(&cell.meant(), house.country)) {
                Some(Field::Phone)
            } else if nameless && most(&is_day) {
                // Under a name that is not known it may be any day.
                Some(Field::Birthday)
            } else {
                None
            }
        }
        Kind::Services if nameless => {
            let time = |cell: &sheets::Cell| {
                cell.kind == sheets::Kind::Time
                    || (cell.text.contains(char::is_alphabetic)
                        && super::values::length(
                            &cell.meant(),
                            super::values::LengthUnit::Minutes,
                            true,
                        )
                        .is_ok())
            };
            let amount = |cell: &sheets::Cell| {
                super::values::amount(&cell.meant(), house.currency, true)
                    .is_ok_and(|money| money.is_some())
            };
            if most(&time) {
                Some(Field::DurationMin)
            } else if most(&amount) {
                Some(Field::Price)
            } else {
                None
            }
        }
        Kind::Services => None,
    }
}

/// One part of a name alone is the whole of it; where no column names what is brought in, the first of words does.
fn settle_names(kind: Kind, fields: &mut [Option<Field>], rows: &[Row]) {
    let has = |fields: &[Option<Field>], field| fields.contains(&Some(field));
    let rename = |fields: &mut [Option<Field>], from, to| {
        if let Some(field) = fields.iter_mut().find(|field| **field == Some(from)) {
            *field = Some(to);
        }
    };
    if has(fields, Field::Name) {
        return;
    }
    match kind {
        Kind::Clients => match (
            has(fields, Field::GivenName),
            has(fields, Field::FamilyName),
        ) {
            (true, true) => return,
            (true, false) => return rename(fields, Field::GivenName, Field::Name),
            (false, true) => return rename(fields, Field::FamilyName, Field::Name),
            (false, false) => {}
        },
        Kind::Services if has(fields, Field::Description) => {
            return rename(fields, Field::Description, Field::Name);
        }
        Kind::Services => {}
    }
    let words = |column: usize| {
        let cells: Vec<_> = rows
            .iter()
            .take(50)
            .map(|row| row.cell(column).meant())
            .filter(|text| !text.is_empty())
            .collect();
        let letters = |text: &String| {
            let letters = text.chars().filter(|c| c.is_alphabetic()).count();
            letters >= 2 && letters * 2 > text.chars().count()
        };
        !cells.is_empty()
            && cells.iter().filter(|text| letters(text)).count() * 10 >= cells.len() * 7
    };
    let first = (0..fields.len()).find(|column| fields[*column].is_none() && words(*column));
    if let Some(column) = first {
        fields[column] = Some(Field::Name);
    }
}

fn suggestion(kind: Kind, fields: &[Option<Field>], reading: Reading) -> Mapping {
    let columns = fields.iter().enumerate();
    let lacks = |field| kind == Kind::Services && !fields.contains(&Some(field));
    Mapping {
        columns: Some(
            columns
                .map(|(column, field)| MappedColumn {
                    column,
                    field: *field,
                })
                .collect(),
        ),
        // A price list without lengths or prices comes in all the same, with these to be looked at.
        defaults: Defaults {
            duration_min: lacks(Field::DurationMin).then_some(services::USUAL_LENGTH_MIN),
            price: lacks(Field::Price).then(|| "0".to_owned()),
            ..Defaults::default()
        },
        reading,
        ..Mapping::default()
    }
}
