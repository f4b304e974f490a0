//! What exporters and spreadsheets of our six languages write.

use encoding_rs::{Encoding, UTF_8, WINDOWS_1250, WINDOWS_1251, WINDOWS_1252};
use rust_xlsxwriter::{ExcelDateTime, Format, Formula, Workbook};
use sheets::{Form, Kind, Limits, Remark, Wanted, header, read};

use crate::{table, texts};

/// A few rows of each language, with its country and the encoding of its spreadsheets.
const LISTS: [(&str, &str, &Encoding, [[&str; 3]; 4]); 6] = [
    (
        "en",
        "GB",
        WINDOWS_1252,
        [
            ["First name", "Surname", "Phone"],
            ["Zoë", "O’Neil", "07400 123456"],
            ["Renée", "Brontë", "07400 123457"],
            ["Chloé", "Naïve", "07400 123458"],
        ],
    ),
    (
        "pl",
        "PL",
        WINDOWS_1250,
        [
            ["Imię", "Nazwisko", "Telefon"],
            ["Łukasz", "Zając", "600 100 200"],
            ["Żaneta", "Stępień", "600 100 201"],
            ["Józef", "Źrebiec", "600 100 202"],
        ],
    ),
    (
        "fr",
        "FR",
        WINDOWS_1252,
        [
            ["Prénom", "Nom", "Téléphone"],
            ["Jérôme", "Garçon", "06 12 34 56 78"],
            ["Zoé", "Bœuf", "06 12 34 56 79"],
            ["Hélène", "Lefèvre", "06 12 34 56 70"],
        ],
    ),
    (
        "uk",
        "UA",
        WINDOWS_1251,
        [
            ["Прізвище", "Ім'я", "Телефон"],
            ["Шевченко", "Олена", "067 123 45 67"],
            ["Їжакевич", "Єва", "067 123 45 68"],
            ["Ґалаґан", "Ігор", "067 123 45 69"],
        ],
    ),
    (
        "sv",
        "SE",
        WINDOWS_1252,
        [
            ["Förnamn", "Efternamn", "Telefonnummer"],
            ["Åsa", "Öberg", "070-174 06 05"],
            ["Märta", "Sjögren", "070-174 06 06"],
            ["Björn", "Ångström", "070-174 06 07"],
        ],
    ),
    (
        "it",
        "IT",
        WINDOWS_1252,
        [
            ["Nome", "Cognome", "Città"],
            ["Niccolò", "Calabrò", "Forlì"],
            ["Noè", "Nardò", "Cefalù"],
            ["Zoè", "Salò", "Cantù"],
        ],
    ),
];

fn line(cells: &[&str], delimiter: char) -> String {
    cells.join(&delimiter.to_string())
}

fn encoded(text: &str, encoding: &str) -> Vec<u8> {
    let wide = |mark: bool, bytes: fn(u16) -> [u8; 2]| {
        let mark = if mark { "\u{feff}" } else { "" };
        format!("{mark}{text}")
            .encode_utf16()
            .flat_map(bytes)
            .collect()
    };
    match encoding {
        "utf-8 with its mark" => format!("\u{feff}{text}").into_bytes(),
        "utf-16le with its mark" => wide(true, u16::to_le_bytes),
        "utf-16be with its mark" => wide(true, u16::to_be_bytes),
        "utf-16le" => wide(false, u16::to_le_bytes),
        "utf-16be" => wide(false, u16::to_be_bytes),
        label => {
            let (bytes, _, lost) = Encoding::for_label(label.as_bytes()).unwrap().encode(text);
            assert!(!lost, "{label} cannot write {text}");
            bytes.into_owned()
        }
    }
}

#[test]
fn every_encoding_delimiter_and_language_is_found_out() {
    for (language, country, legacy, rows) in &LISTS {
        for delimiter in [';', ',', '\t', '|'] {
            for end in ["\n", "\r\n", "\r"] {
                let text: String = rows.iter().map(|row| line(row, delimiter) + end).collect();
                let wides = [
                    "utf-16le with its mark",
                    "utf-16be with its mark",
                    "utf-16le",
                    "utf-16be",
                ];
                for encoding in [UTF_8.name(), "utf-8 with its mark", legacy.name()]
                    .into_iter()
                    .chain(wides)
                {
                    let wanted = Wanted {
                        country: Some((*country).to_owned()),
                        ..Wanted::default()
                    };
                    let read =
                        read(&encoded(&text, encoding), &wanted, &Limits::default()).unwrap();
                    let at = format!(
                        "{language}, {encoding}, {delimiter:?}, {end:?}: {:?}",
                        read.form
                    );
                    assert_eq!(texts(&read), rows.map(|row| row.to_vec()), "{at}");
                    let numbers: Vec<_> = read.rows.iter().map(|row| row.number).collect();
                    assert_eq!(numbers, [1, 2, 3, 4], "{at}");
                    assert!(
                        matches!(read.form, Form::Csv { delimiter: found, .. } if found == delimiter),
                        "{at}"
                    );
                }
            }
        }
    }
}

#[test]
fn a_wrong_guess_is_put_right() {
    let bytes = encoded("Imię;Nazwisko\nŁukasz;Zając", "windows-1250");
    let wanted = Wanted {
        encoding: Some("cp1252".into()),
        delimiter: Some(','),
        ..Wanted::default()
    };
    let wrong = read(&bytes, &wanted, &Limits::default()).unwrap();
    assert_eq!(texts(&wrong), [["Imiê;Nazwisko"], ["£ukasz;Zaj¹c"]]);
    let wanted = Wanted {
        encoding: Some("CP1250".into()),
        delimiter: Some(';'),
        ..Wanted::default()
    };
    let right = read(&bytes, &wanted, &Limits::default()).unwrap();
    assert_eq!(texts(&right), [["Imię", "Nazwisko"], ["Łukasz", "Zając"]]);
}

#[test]
fn the_line_that_says_the_delimiter_is_obeyed_and_is_no_row() {
    for end in ["\n", "\r\n", "\r"] {
        let read = table(format!("sep=|{end}a;b|c,d{end}1|2{end}").as_bytes());
        assert_eq!(texts(&read), [["a;b", "c,d"], ["1", "2"]]);
        assert_eq!(read.rows[0].number, 2);
    }
}

#[test]
fn rows_are_numbered_as_a_spreadsheet_does() {
    let read = table(b"name;note\n\nAda;\"two\nlines\"\n;\nBob;x\n");
    let numbers: Vec<_> = read.rows.iter().map(|row| row.number).collect();
    assert_eq!(numbers, [1, 3, 5]);
    assert_eq!(read.rows[1].cell(1).text, "two\nlines");
    assert_eq!(read.rows[1].cell(7).text, "");
}

#[test]
fn a_comma_in_amounts_divides_no_cells() {
    let read = table("name;paid\nAda;1 000,50\nBob;7,00\nEve;\n".as_bytes());
    assert_eq!(
        texts(&read),
        [
            vec!["name", "paid"],
            vec!["Ada", "1 000,50"],
            vec!["Bob", "7,00"],
            vec!["Eve"]
        ]
    );
}

#[test]
fn a_quotation_mark_that_is_never_closed_swallows_nothing() {
    let rows: String = (0..500)
        .map(|n| format!("Ada {n};6001002{n:02}\n"))
        .collect();
    let read = table(format!("name;phone\n\"Zed;600\n{rows}").as_bytes());
    assert_eq!(read.rows.len(), 502);
    assert_eq!(read.remarks, [Remark::OpenQuote]);
}

#[test]
fn guards_are_taken_off_and_formulas_told() {
    let read = table("a;b;c;d\n=\"0600\";'0600;=1+1;'t Hart\n".as_bytes());
    let row = &read.rows[1];
    assert_eq!(
        (row.cell(0).meant(), row.cell(0).formula),
        ("0600".to_owned(), false)
    );
    assert_eq!(row.cell(1).meant(), "0600");
    assert_eq!(
        (row.cell(2).meant(), row.cell(2).formula),
        ("=1+1".to_owned(), true)
    );
    assert_eq!(row.cell(3).meant(), "'t Hart");
}

#[test]
fn the_header_is_found_below_titles() {
    let known = |word: &str| ["Imię", "Telefon", "E-mail"].contains(&word);
    let rows = |text: &str| table(text.as_bytes()).rows;
    let titled = rows(
        "Lista klientów;;\nstan na 2026-11-23;;\n\nImię;Telefon;E-mail\nAda;600;a@b.pl\nBob;601;b@b.pl\n",
    );
    assert_eq!(header(&titled, known), Some(2));
    assert_eq!(
        header(&rows("x;y\nAda;600100200\nBob;600100201\n"), |_| false),
        Some(0)
    );
    assert_eq!(
        header(&rows("Ada;600100200\nBob;600100201\n"), |_| false),
        None
    );
    assert_eq!(header(&rows("Telefon\n600100200\n"), known), Some(0));
}

#[test]
fn no_row_is_lost_above_one_that_names_more_columns() {
    let known = |word: &str| ["Imię", "Telefon", "E-mail"].contains(&word);
    let rows = |text: &str| table(text.as_bytes()).rows;
    let list = rows("Imię;Telefon;Uwagi\nAda;600;\nBob;601;\nImię;Telefon;E-mail\n");
    assert_eq!(header(&list, known), Some(0));
    // Of two that stand together, the fuller one.
    let two = rows("Imię;Telefon;\nImię;Telefon;E-mail\nAda;600;a@b.pl\n");
    assert_eq!(header(&two, known), Some(1));
}

#[test]
fn a_workbook_says_what_its_cells_are() {
    let mut book = Workbook::new();
    book.add_worksheet()
        .set_name("Cover")
        .unwrap()
        .write(0, 0, "Clients")
        .unwrap();
    book.add_worksheet()
        .set_name("Hidden")
        .unwrap()
        .write(0, 0, "x")
        .unwrap()
        .write(1, 0, "x")
        .unwrap()
        .set_hidden(true);
    let sheet = book.add_worksheet().set_name("List").unwrap();
    let date = Format::new().set_num_format("dd.mm.yyyy");
    let time = Format::new().set_num_format("h:mm");
    sheet.write(2, 1, "Name").unwrap();
    sheet.write(4, 1, "Ada").unwrap();
    sheet.write(4, 2, 48_600_100_200.0).unwrap();
    sheet.write(4, 3, 120.1 + 0.2).unwrap();
    sheet
        .write_with_format(
            4,
            4,
            ExcelDateTime::parse_from_str("1957-06-12").unwrap(),
            &date,
        )
        .unwrap();
    sheet.write_with_format(4, 5, 0.0625, &time).unwrap();
    sheet.write(4, 6, true).unwrap();
    sheet
        .write(4, 7, Formula::new("=1+1").set_result("2"))
        .unwrap();
    sheet.write(4, 8, 1_234_567_890_123_456_789.0).unwrap();
    let read = table(&book.save_to_buffer().unwrap());
    let sheets = vec!["Cover".to_owned(), "List".to_owned()];
    assert_eq!(
        read.form,
        Form::Xlsx {
            sheet: "List".to_owned(),
            sheets
        }
    );
    assert_eq!(read.rows[0].number, 3);
    let row = &read.rows[1];
    assert_eq!(row.number, 5);
    let told: Vec<_> = row
        .cells
        .iter()
        .map(|cell| (cell.text.as_str(), cell.kind, cell.formula))
        .collect();
    assert_eq!(
        told,
        [
            ("", Kind::Text, false),
            ("Ada", Kind::Text, false),
            ("48600100200", Kind::Number, false),
            ("120.3", Kind::Number, false),
            ("1957-06-12", Kind::Date, false),
            ("1:30", Kind::Time, false),
            ("true", Kind::Bool, false),
            ("2", Kind::Number, true),
            ("1234567890123456768", Kind::LostDigits, false),
        ]
    );
}

#[test]
fn one_slip_does_not_turn_a_whole_file_into_another_encoding() {
    let mut file = "Imię;Nazwisko\nŻaneta;Żółć\nŁucja;Gęś\nBożena;Świć\n"
        .as_bytes()
        .to_vec();
    file.extend(b"Jan;Ko\xffs\n");
    let read = table(&file);
    assert!(matches!(&read.form, Form::Csv { encoding, .. } if encoding == "utf-8"));
    assert_eq!(texts(&read)[1], ["Żaneta", "Żółć"]);
    assert_eq!(read.remarks, [Remark::StrangeLetters]);
}
