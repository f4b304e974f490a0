//! The file as lines: each is read for itself, and one that cannot be read costs nothing but itself.

use std::{
    collections::BTreeSet,
    io::{self, BufRead},
};

use super::{Progress, Skipped, line::Line};

/// All that a file says.
#[derive(Debug, Default)]
pub(super) struct File {
    /// How many lines are not empty.
    pub(super) lines: u64,
    /// Those that can be read, in their order.
    pub(super) read: Vec<Line>,
    /// Those that cannot, and why.
    pub(super) skipped: Vec<Skipped>,
}

const BOM: &[u8] = b"\xef\xbb\xbf";

impl File {
    /// Reads to the end. Lines may end in CR LF, the file may begin with a byte order mark.
    pub(super) fn read(mut reader: impl BufRead, progress: &mut impl Progress) -> io::Result<Self> {
        let mut file = Self::default();
        let mut unknown = BTreeSet::new();
        let mut bytes = vec![];
        for number in 1.. {
            bytes.clear();
            if reader.read_until(b'\n', &mut bytes)? == 0 {
                break;
            }
            let content = match number {
                1 => bytes.strip_prefix(BOM).unwrap_or(&bytes),
                _ => &bytes,
            }
            .trim_ascii();
            if content.is_empty() {
                continue;
            }
            file.lines += 1;
            let line = str::from_utf8(content)
                .map_err(|error| format!("not UTF-8 text from byte {} on", error.valid_up_to() + 1))
                .and_then(|json| {
                    Line::read(number, json, |name| {
                        if unknown.insert(name.clone()) {
                            let name: String = name.chars().take(60).collect();
                            progress.remark(
                                number,
                                &format!("`{name}` means nothing here and is left out"),
                            );
                        }
                    })
                });
            match line {
                Ok(line) => file.read.push(line),
                Err(reason) => file.skipped.push(Skipped {
                    line: number,
                    reason,
                }),
            }
        }
        Ok(file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Remarks(Vec<(u64, String)>);
    impl Progress for Remarks {
        fn begin(&mut self, _: u64) {}
        fn reached(&mut self, _: u64) {}
        fn remark(&mut self, line: u64, text: &str) {
            self.0.push((line, text.to_owned()));
        }
    }

    #[test]
    fn a_bad_line_costs_nothing_but_itself() {
        let good = r#"{"at":"2026-05-01T09:00:00","kind":"paid","amount":1,"till":3}"#;
        let mut bytes = b"\xef\xbb\xbf".to_vec();
        bytes.extend(format!("{good}\r\n\r\n   \n{{\n").as_bytes());
        bytes.extend(b"{\"kind\":\"caf\xe9\"}\n");
        bytes.extend(good.as_bytes());
        let mut remarks = Remarks::default();
        let file = File::read(bytes.as_slice(), &mut remarks).unwrap();

        assert_eq!(file.lines, 4, "empty lines are none");
        assert_eq!(
            file.read.iter().map(|l| l.number).collect::<Vec<_>>(),
            [1, 6]
        );
        let skipped: Vec<_> = file
            .skipped
            .iter()
            .map(|s| (s.line, s.reason.as_str()))
            .collect();
        assert_eq!(
            skipped,
            [
                (4, "not JSON: it breaks off"),
                (5, "not UTF-8 text from byte 13 on")
            ]
        );
        assert_eq!(
            remarks.0,
            [(1, "`till` means nothing here and is left out".to_owned())],
            "once, not on each line"
        );
    }
}
