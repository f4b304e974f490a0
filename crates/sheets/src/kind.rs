//! What a file is, by its first bytes: endings and declared types are what the sender's machine thinks.

use std::io::Cursor;

use zip::ZipArchive;

use crate::Fault;

/// What is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FileKind {
    Text,
    Xlsx,
}

/// Others by their beginnings, and what people call them.
const OTHERS: [(&[u8], &str); 12] = [
    (b"%PDF", "PDF"),
    (b"\x89PNG", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF8", "GIF"),
    (b"{\\rtf", "RTF"),
    (b"\x1f\x8b", "ZIP"),
    (b"7z\xbc\xaf", "ZIP"),
    (b"Rar!", "ZIP"),
    (b"BEGIN:VCARD", "vCard"),
    (b"BEGIN:VCALENDAR", "iCalendar"),
    (b"SQLite format 3", "SQLite"),
    (b"\x7fELF", "ELF"),
];

pub(crate) fn of(bytes: &[u8]) -> Result<FileKind, Fault> {
    if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06") {
        return in_zip(bytes);
    }
    if bytes.starts_with(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") {
        // Names in a compound file are UTF-16.
        let wide: Vec<u8> = "EncryptedPackage".bytes().flat_map(|b| [b, 0]).collect();
        let is_protected = bytes.windows(wide.len()).any(|window| window == wide);
        return Err(if is_protected {
            Fault::Encrypted
        } else {
            Fault::OtherKind("XLS")
        });
    }
    for (beginning, name) in OTHERS {
        if bytes.starts_with(beginning) {
            return Err(Fault::OtherKind(name));
        }
    }
    let head: String = bytes
        .iter()
        .take(512)
        .map(|b| b.to_ascii_lowercase() as char)
        .collect();
    let head = head.trim_start_matches("\u{ef}\u{bb}\u{bf}").trim_start();
    if ["<html", "<!doctype", "<?xml", "<table", "<head"]
        .iter()
        .any(|tag| head.starts_with(tag))
    {
        return Err(Fault::OtherKind("HTML/XML"));
    }
    Ok(FileKind::Text)
}

fn in_zip(bytes: &[u8]) -> Result<FileKind, Fault> {
    let archive = ZipArchive::new(Cursor::new(bytes)).map_err(|_| Fault::Broken)?;
    let has = |name: &str| {
        archive
            .file_names()
            .any(|other| other.is_ok_and(|other| other.eq_ignore_ascii_case(name)))
    };
    if has("xl/workbook.xml") {
        Ok(FileKind::Xlsx)
    } else if has("xl/workbook.bin") {
        Err(Fault::OtherKind("XLSB"))
    } else if has("content.xml") && has("mimetype") {
        Err(Fault::OtherKind("ODS"))
    } else if has("word/document.xml") {
        Err(Fault::OtherKind("DOCX"))
    } else {
        Err(Fault::OtherKind("ZIP"))
    }
}
