//! Files that nobody should send.

use std::io::{Cursor, Write as _};

use rust_xlsxwriter::Workbook;
use sheets::{Fault, Limits, Wanted, read};
use zip::{ZipWriter, write::SimpleFileOptions};

use crate::{fault, table, texts};

/// A workbook with one sheet of this XML.
fn workbook(sheet: &[u8], more: &[(&str, &[u8])]) -> Vec<u8> {
    with_links(sheet, br#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"#, more)
}

/// The same, whose parts refer to each other like this.
fn with_links(sheet: &[u8], links: &[u8], more: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(vec![]));
    let mut put = |name: &str, bytes: &[u8]| {
        zip.start_file(name, SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    };
    put(
        "[Content_Types].xml",
        br#"<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>"#,
    );
    put(
        "_rels/.rels",
        br#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#,
    );
    put("xl/workbook.xml", br#"<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="A" sheetId="1" r:id="r1"/></sheets></workbook>"#);
    put("xl/_rels/workbook.xml.rels", links);
    put("xl/worksheets/sheet1.xml", sheet);
    for (name, bytes) in more {
        put(name, bytes);
    }
    zip.finish().unwrap().into_inner()
}

fn sheet(rows: &str) -> Vec<u8> {
    format!(r#"<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><dimension ref="A1:XFD1048576"/><sheetData>{rows}</sheetData></worksheet>"#).into_bytes()
}

#[test]
fn a_sheet_that_claims_a_far_corner_takes_no_memory_for_what_lies_between() {
    let rows = r#"<row r="1"><c r="A1" t="inlineStr"><is><t>name</t></is></c></row><row r="1048576"><c r="A1048576"><v>7</v></c></row>"#;
    let read = table(&workbook(&sheet(rows), &[]));
    assert_eq!(texts(&read), [["name"], ["7"]]);
    assert_eq!(read.rows[1].number, 1_048_576);
}

#[test]
fn a_formula_is_never_run() {
    let rows = r#"<row r="1"><c r="A1"><f>HYPERLINK("http://evil.example")</f></c><c r="B1"><f t="shared" si="4000000000" ref="B1:B2">1+1</f><v>2</v></c></row>"#;
    let read = table(&workbook(&sheet(rows), &[]));
    let told: Vec<_> = read.rows[0]
        .cells
        .iter()
        .map(|cell| (cell.text.as_str(), cell.formula))
        .collect();
    assert_eq!(told, [("", true), ("2", true)]);
}

#[test]
fn a_bomb_is_weighed_before_it_goes_off() {
    let limits = Limits {
        inflated: 4 << 20,
        ..Limits::default()
    };
    let nothing = vec![b' '; 16 << 20];
    let bomb = workbook(&sheet(""), &[("xl/media/x.bin", &nothing)]);
    assert!(bomb.len() < 64 << 10);
    assert_eq!(
        read(&bomb, &Wanted::default(), &limits),
        Err(Fault::Inflates { most: 4 << 20 })
    );
    // One that lies about its size, in the part's own header and in the directory.
    let mut liar = bomb;
    let size = (16_u32 << 20).to_le_bytes();
    let places: Vec<_> = (0..liar.len() - 4)
        .filter(|at| liar[*at..at + 4] == size)
        .collect();
    assert!(!places.is_empty());
    for at in places {
        liar[at..at + 4].copy_from_slice(&9_u32.to_le_bytes());
    }
    let refused = read(&liar, &Wanted::default(), &limits).unwrap_err();
    assert!(
        matches!(refused, Fault::Inflates { .. } | Fault::Broken),
        "{refused:?}"
    );
    let parts: Vec<_> = (0..3_000).map(|n| format!("xl/{n}")).collect();
    let parts: Vec<_> = parts.iter().map(|name| (name.as_str(), &b""[..])).collect();
    assert!(matches!(
        fault(&workbook(&sheet(""), &parts)),
        Fault::Inflates { .. }
    ));
}

#[test]
fn too_wide_and_too_long_are_refused() {
    let wide = vec!["x"; 10_000].join(";");
    assert_eq!(
        fault(format!("{wide}\n{wide}\n").as_bytes()),
        Fault::TooManyColumns { most: 500 }
    );
    // Delimiters alone are no columns.
    assert_eq!(
        texts(&table(
            format!("a;b{}\n1;2\n", ";".repeat(10_000)).as_bytes()
        )),
        [["a", "b"], ["1", "2"]]
    );
    let long = "a;b\n".repeat(200_001);
    assert_eq!(fault(long.as_bytes()), Fault::TooManyRows { most: 200_000 });
    let mut book = Workbook::new();
    book.add_worksheet().write(0, 9_999, "x").unwrap();
    assert_eq!(
        fault(&book.save_to_buffer().unwrap()),
        Fault::TooManyColumns { most: 500 }
    );
}

#[test]
fn memory_is_held_to_what_is_taken_whatever_a_file_makes_of_its_bytes() {
    let limits = Limits {
        cells: 1_000,
        text: 10_000,
        ..Limits::default()
    };
    let refused = |file: &[u8]| read(file, &Wanted::default(), &limits).unwrap_err();
    // One cell a row, far out: all before it take room too.
    let far: String = (1..=10)
        .map(|row| format!(r#"<row r="{row}"><c r="GR{row}"><v>1</v></c></row>"#))
        .collect();
    assert_eq!(
        refused(&workbook(&sheet(&far), &[])),
        Fault::TooManyCells { most: 1_000 }
    );
    let many = "a;b;c\n".repeat(400);
    assert_eq!(
        refused(many.as_bytes()),
        Fault::TooManyCells { most: 1_000 }
    );
    // One long text that a hundred cells refer to.
    let words = format!(
        r#"<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>{}</t></si></sst>"#,
        "x".repeat(1_000)
    );
    let links = br#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="r2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings" Target="sharedStrings.xml"/></Relationships>"#;
    let cells: String = (1..=100)
        .map(|row| format!(r#"<row r="{row}"><c r="A{row}" t="s"><v>0</v></c></row>"#))
        .collect();
    let book = with_links(
        &sheet(&cells),
        links,
        &[("xl/sharedStrings.xml", words.as_bytes())],
    );
    assert!(read(&book, &Wanted::default(), &Limits::default()).is_ok());
    assert!(matches!(refused(&book), Fault::Inflates { .. }));
}

#[test]
fn other_kinds_of_files_are_called_by_their_names() {
    for (bytes, name) in [
        (&b"%PDF-1.7 \x00\xff"[..], "PDF"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "PNG"),
        (
            b"<html><table><tr><td>Name</td></tr></table></html>",
            "HTML",
        ),
        (b"\xef\xbb\xbf<?xml version=\"1.0\"?><Workbook/>", "XML"),
        (b"BEGIN:VCARD\nFN:Ada\nEND:VCARD\n", "vCard"),
        (b"\x00\x01\x02\x03\x04\x05\x06\x07\x08\x0e\x0f", "binary"),
    ] {
        let Fault::OtherKind(told) = fault(bytes) else {
            panic!("{name} was taken");
        };
        assert!(told.contains(name), "{told}");
    }
    let mut old = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec();
    assert!(matches!(fault(&old), Fault::OtherKind(told) if told.contains("XLS")));
    old.extend("EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes));
    assert_eq!(fault(&old), Fault::Encrypted);
    let zip = |name: &str| {
        let mut zip = ZipWriter::new(Cursor::new(vec![]));
        zip.start_file(name, SimpleFileOptions::default()).unwrap();
        zip.start_file("mimetype", SimpleFileOptions::default())
            .unwrap();
        zip.finish().unwrap().into_inner()
    };
    assert!(matches!(fault(&zip("content.xml")), Fault::OtherKind(told) if told.contains("ODS")));
    assert!(matches!(fault(&zip("other")), Fault::OtherKind(told) if told.contains("ZIP")));
    assert_eq!(fault(b"PK\x03\x04 and then nothing"), Fault::Broken);
    assert_eq!(
        fault(&workbook(b"<worksheet><sheetData><row><c><v>", &[])),
        Fault::Broken
    );
}

#[test]
fn nothing_is_told_as_nothing() {
    for empty in [
        &b""[..],
        b"\n\r\n  ",
        b";;;\n;;\n",
        b"\xef\xbb\xbf",
        b"sep=;\n",
    ] {
        assert_eq!(fault(empty), Fault::Empty, "{empty:?}");
    }
    assert_eq!(fault(&workbook(&sheet(""), &[])), Fault::Empty);
}

#[test]
fn odd_letters_stay_in_their_cells() {
    let read = table(b"name;phone\nA\x00da;600100200\nBob;600100201\n");
    assert_eq!(read.rows[1].cell(0).text, "A\u{0}da");
    let giant = "x".repeat(5 << 20);
    assert_eq!(
        fault(format!("a;b\n{giant};1\n").as_bytes()),
        Fault::CellTooLong { most: 32_767 }
    );
}

#[test]
fn wishes_that_cannot_be_are_refused() {
    let read = |wanted| read(b"a;b\n1;2\n", &wanted, &Limits::default()).unwrap_err();
    let encoding = Wanted {
        encoding: Some("klingon".into()),
        ..Wanted::default()
    };
    assert_eq!(read(encoding), Fault::NoSuchEncoding);
    for delimiter in ['"', '\n', 'x', 'ą'] {
        let wanted = Wanted {
            delimiter: Some(delimiter),
            ..Wanted::default()
        };
        assert_eq!(read(wanted), Fault::NoSuchDelimiter);
    }
    let mut book = Workbook::new();
    book.add_worksheet().write(0, 0, "x").unwrap();
    let wanted = Wanted {
        sheet: Some("Nope".into()),
        ..Wanted::default()
    };
    let bytes = book.save_to_buffer().unwrap();
    assert_eq!(
        sheets::read(&bytes, &wanted, &Limits::default()),
        Err(Fault::NoSuchSheet)
    );
}

#[test]
fn a_cell_has_at_most_as_many_letters_as_a_spreadsheet_takes() {
    let longest = "ł".repeat(32_767);
    let read = table(format!("name\n{longest}\n").as_bytes());
    assert_eq!(read.rows[1].cells[0].text, longest);
    let longer = format!("name\n{longest}ł\n");
    assert_eq!(
        fault(longer.as_bytes()),
        Fault::CellTooLong { most: 32_767 }
    );
    let rows =
        format!(r#"<row r="1"><c r="A1" t="inlineStr"><is><t>{longest}ł</t></is></c></row>"#);
    assert_eq!(
        fault(&workbook(&sheet(&rows), &[])),
        Fault::CellTooLong { most: 32_767 }
    );
}

#[test]
fn a_line_of_delimiters_alone_is_refused_before_it_is_cut() {
    let line = ";".repeat(50_001);
    assert_eq!(
        fault(format!("name;phone\n{line}\n").as_bytes()),
        Fault::TooManyColumns { most: 500 }
    );
    // A spreadsheet's empty columns behind the last one are no columns.
    let few = ";".repeat(2_000);
    assert_eq!(
        texts(&table(format!("name{few}\nAda{few}\n").as_bytes())),
        [["name"], ["Ada"]]
    );
}
