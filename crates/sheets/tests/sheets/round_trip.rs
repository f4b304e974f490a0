//! Whatever table is written, in whatever way, is read back the same.

use csv::{QuoteStyle, WriterBuilder};
use encoding_rs::Encoding;
use proptest::prelude::*;
use rust_xlsxwriter::Workbook;
use sheets::{Limits, Table, Wanted, read};

use crate::texts;

/// Rows of cells with something in each, so that none is left out; two columns at least.
fn rows(letters: &'static str) -> impl Strategy<Value = Vec<Vec<String>>> {
    let cell = proptest::string::string_regex(letters).unwrap().boxed();
    (2..6_usize).prop_flat_map(move |width| {
        let row = prop::collection::vec(cell.clone(), width);
        prop::collection::vec(row, 1..12)
    })
}

fn told(table: &Table) -> Vec<Vec<String>> {
    let rows = texts(table).into_iter();
    rows.map(|row| row.into_iter().map(str::to_owned).collect())
        .collect()
}

fn written(rows: &[Vec<String>], delimiter: u8, quotes: QuoteStyle) -> String {
    let mut writer = WriterBuilder::new()
        .delimiter(delimiter)
        .quote_style(quotes)
        .from_writer(vec![]);
    for row in rows {
        writer.write_record(row).unwrap();
    }
    String::from_utf8(writer.into_inner().unwrap()).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn text_of_any_encoding(
        rows in rows("[a-zA-ZąćęłńóśźżĄŁŚŻ \"'.,;|\t\n-]{0,12}[a-zA-Ząćęłńóśźż]"),
        delimiter in prop::sample::select(vec![b';', b',', b'\t', b'|']),
        label in prop::sample::select(vec!["utf-8", "windows-1250", "iso-8859-2"]),
        always in any::<bool>(),
    ) {
        let quotes = if always { QuoteStyle::Always } else { QuoteStyle::Necessary };
        let text = written(&rows, delimiter, quotes);
        let (bytes, _, lost) = Encoding::for_label(label.as_bytes()).unwrap().encode(&text);
        prop_assert!(!lost);
        let wanted = Wanted {
            encoding: Some(label.to_owned()),
            delimiter: Some(char::from(delimiter)),
            ..Wanted::default()
        };
        prop_assert_eq!(told(&read(&bytes, &wanted, &Limits::default()).unwrap()), rows.clone());
        // The delimiter is found out where no other could be meant.
        let plain = text.bytes().all(|b| b == delimiter || !b";,\t|".contains(&b));
        if plain {
            let wanted = Wanted { delimiter: None, ..wanted };
            prop_assert_eq!(told(&read(&bytes, &wanted, &Limits::default()).unwrap()), rows);
        }
    }

    #[test]
    fn workbooks(rows in rows("[a-zA-Ząćęłńóśźżøåîш☂ \"'=+@<>&;\n-]{0,12}[a-zA-Zż]")) {
        let mut book = Workbook::new();
        let sheet = book.add_worksheet();
        for (at, row) in (0..).zip(&rows) {
            for (column, cell) in (0..).zip(row) {
                sheet.write_string(at, column, cell).unwrap();
            }
        }
        let bytes = book.save_to_buffer().unwrap();
        // A sheet of one row is read as well as any.
        let table = read(&bytes, &Wanted::default(), &Limits::default()).unwrap();
        prop_assert_eq!(told(&table), rows);
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..400), zip in any::<bool>()) {
        let mut file = if zip { b"PK\x03\x04".to_vec() } else { vec![] };
        file.extend(bytes);
        drop(read(&file, &Wanted::default(), &Limits::default()));
    }
}
