//! The result: one table of medians and ratios.

use std::fmt::Write as _;

use crate::{line::Took, machine::Spent};

/// A line of the table, and what was measured for it, round by round.
#[derive(Debug, Default)]
pub(crate) struct Row {
    pub(crate) what: String,
    /// Clients at a time.
    pub(crate) clients: Option<usize>,
    /// What a thing is, if not one a second: `MB`.
    pub(crate) unit: &'static str,
    pub(crate) samples: Vec<Sample>,
}

/// One measurement.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Sample {
    /// How much of it: a second, unless the row has another unit.
    pub(crate) figure: Option<f64>,
    /// Of the bare database in the same round.
    pub(crate) of_bare: Option<f64>,
    /// Milliseconds.
    pub(crate) p50: Option<f64>,
    pub(crate) p99: Option<f64>,
    /// Milliseconds of processor time for each thing done.
    pub(crate) spent: Option<Spent>,
}

impl Sample {
    pub(crate) fn figure(figure: f64) -> Self {
        Self {
            figure: Some(figure),
            ..Self::default()
        }
    }

    pub(crate) fn of(took: &Took, spent: Spent) -> Self {
        Self {
            figure: Some(took.per_second()),
            p50: took.percentile(50),
            p99: took.percentile(99),
            spent: Some(spent.each(crate::line::count(took.each.len()))),
            of_bare: None,
        }
    }

    /// Of something that has no service in it.
    pub(crate) fn without_spent(self) -> Self {
        Self {
            spent: None,
            ..self
        }
    }
}

/// The median; of an even number, the upper one of the two in the middle.
pub(crate) fn median(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    let mut sorted: Vec<f64> = values.into_iter().collect();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied()
}

/// All rows as Markdown.
pub(crate) fn table(rows: &[Row]) -> String {
    let mut text = String::from(
        "| what | clients | a second | of the bare database | p50 ms | p99 ms | CPU ms each: service + PostgreSQL + load |\n\
         | --- | ---: | ---: | ---: | ---: | ---: | ---: |\n",
    );
    for row in rows {
        let of = |field: fn(&Sample) -> Option<f64>| median(row.samples.iter().filter_map(field));
        let clients = row.clients.map_or_else(String::new, |n| n.to_string());
        let figure = of(|sample| sample.figure).map_or_else(String::new, |figure| {
            let decimals = usize::from(figure < 100.0 && !row.unit.is_empty());
            format!("{} {}", thousands(figure, decimals), row.unit)
                .trim()
                .to_owned()
        });
        let ratio =
            of(|sample| sample.of_bare).map_or_else(String::new, |ratio| format!("{ratio:.2}"));
        let milliseconds =
            |found: Option<f64>| found.map_or_else(String::new, |ms| format!("{ms:.2}"));
        let p50 = milliseconds(of(|sample| sample.p50));
        let p99 = milliseconds(of(|sample| sample.p99));
        let spent = [
            of(|sample| Some(sample.spent?.service)),
            of(|sample| Some(sample.spent?.postgres)),
            of(|sample| Some(sample.spent?.load)),
        ];
        let spent = match spent {
            [Some(service), Some(postgres), Some(load)] => {
                format!("{service:.2} + {postgres:.2} + {load:.2}")
            }
            _ => String::new(),
        };
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "| {} | {clients} | {figure} | {ratio} | {p50} | {p99} | {spent} |",
            row.what
        );
    }
    text
}

fn thousands(figure: f64, decimals: usize) -> String {
    let plain = format!("{figure:.decimals$}");
    let (whole, rest) = plain.split_at(plain.find('.').unwrap_or(plain.len()));
    let mut text = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_told_by_its_medians() {
        let sample = |figure: f64, ratio: f64| Sample {
            figure: Some(figure),
            of_bare: Some(ratio),
            ..Sample::default()
        };
        let row = Row {
            what: "bookings".to_owned(),
            clients: Some(8),
            samples: vec![
                sample(9_000.0, 0.5),
                sample(12_345.6, 0.7),
                sample(20_000.0, 0.6),
            ],
            ..Row::default()
        };
        assert!(table(&[row]).ends_with("| bookings | 8 | 12,346 | 0.60 |  |  |  |\n"));
        assert_eq!(thousands(58.25, 1), "58.2");
        assert_eq!(thousands(999.6, 0), "1,000");
        assert_eq!(median([]), None);
    }
}
