//! A history of another system, to be brought in: bookings of last year, what became of them, what was paid.

use std::fmt::Write as _;

use anyhow::Context as _;
use jiff::{ToSpan as _, civil::date};

const STAFF: usize = 6;
const CLIENTS: usize = 700;
const SERVICES: usize = 8;
/// Half an hour each, from nine on.
const A_DAY: usize = 16;

/// So many lines of NDJSON.
pub(crate) fn lines(many: usize) -> anyhow::Result<String> {
    let mut text = String::new();
    let mut written = 0;
    for number in 0.. {
        let (staff, turn) = (number % STAFF, number / STAFF);
        let day = date(2020, 1, 7) + i64::try_from(turn / A_DAY)?.days();
        let start = day.at(9, 0, 0, 0) + i64::try_from(turn % A_DAY * 30)?.minutes();
        let (end, booked) = (start + 30.minutes(), start - 72.hours());
        let (client, service) = (number * 7 % CLIENTS, number % SERVICES);
        let mut line = |text: &mut String, at: jiff::civil::DateTime, rest: &str| {
            if written < many {
                written += 1;
                writeln!(text, r#"{{"at":"{at}","booking_ref":"B{number}",{rest}}}"#)?;
            }
            anyhow::Ok(())
        };
        line(
            &mut text,
            booked,
            &format!(
                r#""kind":"booked","client_ref":"C{client}","client":{{"name":"Client {client}","phone":"+48600{client:06}"}},"staff_ref":"S{staff}","staff_name":"Staff {staff}","service":"V{service}","service_name":"Service {service}","start":"{start}","duration_min":30,"amount":120"#
            ),
        )?;
        match number % 10 {
            0 => line(
                &mut text,
                booked + 1.hour(),
                r#""kind":"cancelled","note":"ill""#,
            )?,
            1 => line(&mut text, end, r#""kind":"no_show""#)?,
            _ => {
                line(&mut text, end, r#""kind":"completed""#)?;
                line(
                    &mut text,
                    end,
                    r#""kind":"paid","amount":120,"method":"card""#,
                )?;
            }
        }
        if written == many {
            break;
        }
    }
    Some(text).context("no lines")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_lines_as_asked_for() -> anyhow::Result<()> {
        let text = lines(1_000)?;
        assert_eq!(text.lines().count(), 1_000);
        assert!(
            text.lines()
                .all(|line| line.starts_with('{') && line.ends_with('}'))
        );
        Ok(())
    }
}
