//! Holidays out of an iCalendar file (RFC 5545), as closures of a business.

use calcard::common::timezone::Tz;
use calcard::icalendar::{
    ICalendar, ICalendarComponent, ICalendarProperty, ICalendarStatus, ICalendarValue,
    dates::TimeOrDelta,
};
use domain::{
    text::Label,
    time::{LocalSpan, Zone},
};
use jiff::{Timestamp, ToSpan as _, civil::DateTime};

use crate::{
    problem::{Code, Problem},
    texts::Message,
};

/// The most closures that one calendar may make.
pub(super) const MOST: usize = 400;
/// Occurrences looked at: recurrences without an end are cut somewhere.
const LOOKED_AT: usize = 20_000;
/// So far ahead holidays are taken: as far as bookings may lie ahead at most.
const DAYS_AHEAD: i64 = 730;

/// An event of a calendar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Holiday {
    /// Its summary.
    pub(super) name: Option<Label>,
    /// When it is, in the business's zone.
    pub(super) span: LocalSpan,
}

/// The events that are not over and begin within two years, in order. Cancelled ones are left out.
pub(super) fn coming(bytes: &[u8], zone: &Zone, now: Timestamp) -> Result<Vec<Holiday>, Problem> {
    let text = str::from_utf8(bytes)
        .map_err(|_| Problem::new(Code::Malformed).detail(Message::new("detail-not-utf8")))?;
    let calendar = ICalendar::parse(text).map_err(|_| unreadable())?;
    let expanded = calendar.expand_dates(Tz::Floating, LOOKED_AT);
    let today = zone.local(now);
    let furthest = today.saturating_add(DAYS_AHEAD.days());
    let mut holidays = vec![];
    let mut readable = false;
    for event in expanded.events {
        let Some(component) = usize::try_from(event.comp_id)
            .ok()
            .and_then(|n| calendar.components.get(n))
        else {
            continue;
        };
        if is_cancelled(component) {
            continue;
        }
        let floating = event.start.timezone().is_floating();
        let local = |floating_seconds: i64, seconds: i64| -> Option<DateTime> {
            if floating {
                let instant = Timestamp::from_second(floating_seconds).ok()?;
                Some(Zone::utc().local(instant))
            } else {
                Some(zone.local(Timestamp::from_second(seconds).ok()?))
            }
        };
        let Some(start) = local(
            event.start.naive_local().and_utc().timestamp(),
            event.start.timestamp(),
        ) else {
            continue;
        };
        let end = match event.end {
            TimeOrDelta::Time(end) => {
                local(end.naive_local().and_utc().timestamp(), end.timestamp())
            }
            TimeOrDelta::Delta(length) => start.checked_add(length.num_seconds().seconds()).ok(),
        };
        let Some(end) = end else { continue };
        let span = if is_all_day(component) {
            // Some calendars end a day on itself, though the end is not part of it.
            let last = if end.date() > start.date() {
                end.date().yesterday().unwrap_or(start.date())
            } else {
                start.date()
            };
            LocalSpan::dates(start.date(), last)
        } else {
            LocalSpan::new(start, end)
        };
        let Ok(span) = span else { continue };
        readable = true;
        if span.to() > today && span.from() <= furthest {
            holidays.push(Holiday {
                name: summary(component),
                span,
            });
        }
    }
    if !readable {
        return Err(unreadable());
    }
    holidays.sort_by_key(|holiday| holiday.span);
    holidays.dedup();
    if holidays.len() > MOST {
        let most = i64::try_from(MOST).unwrap_or(i64::MAX);
        let message = Message::new("violation-too-many").with_number("max", most);
        return Err(Problem::field("", message));
    }
    Ok(holidays)
}

fn unreadable() -> Problem {
    Problem::field("", Message::new("violation-calendar"))
}

fn is_cancelled(component: &ICalendarComponent) -> bool {
    let status = component.property(&ICalendarProperty::Status);
    status.is_some_and(|status| {
        status
            .values
            .contains(&ICalendarValue::Status(ICalendarStatus::Cancelled))
    })
}

fn is_all_day(component: &ICalendarComponent) -> bool {
    let start = component.property(&ICalendarProperty::Dtstart);
    let start = start.and_then(|start| start.values.first());
    matches!(start, Some(ICalendarValue::PartialDateTime(at)) if !at.has_time())
}

fn summary(component: &ICalendarComponent) -> Option<Label> {
    let summary = component.property(&ICalendarProperty::Summary)?;
    let ICalendarValue::Text(text) = summary.values.first()? else {
        return None;
    };
    let plain: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(Label::MAX)
        .collect();
    Label::parse(&plain).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(events: &str) -> Result<Vec<String>, Code> {
        let text = format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{events}END:VCALENDAR\r\n");
        let zone = Zone::named("Europe/Warsaw").unwrap();
        let now = "2026-11-23T09:00:00Z".parse().unwrap();
        let holidays = coming(text.as_bytes(), &zone, now).map_err(|p| p.code())?;
        Ok(holidays
            .into_iter()
            .map(|Holiday { name, span }| {
                let name = name.map(|name| name.to_string()).unwrap_or_default();
                format!("{name} {}–{}", span.from(), span.to())
            })
            .collect())
    }

    fn event(lines: &str) -> String {
        format!("BEGIN:VEVENT\r\nUID:a\r\nSUMMARY:Day\r\n{lines}END:VEVENT\r\n")
    }

    #[test]
    fn a_day_is_a_day_whether_its_end_is_told_or_not() {
        let christmas = ["Day 2026-12-25T00:00:00–2026-12-26T00:00:00".to_owned()];
        for end in [
            "DTEND;VALUE=DATE:20261226\r\n",
            "DTEND;VALUE=DATE:20261225\r\n",
            "",
        ] {
            let lines = format!("DTSTART;VALUE=DATE:20261225\r\n{end}");
            assert_eq!(read(&event(&lines)).unwrap(), christmas, "{end}");
        }
    }

    #[test]
    fn a_yearly_holiday_closes_each_coming_year() {
        let lines =
            "DTSTART;VALUE=DATE:20001111\r\nDTEND;VALUE=DATE:20001112\r\nRRULE:FREQ=YEARLY\r\n";
        assert_eq!(
            read(&event(lines)).unwrap(),
            [
                "Day 2027-11-11T00:00:00–2027-11-12T00:00:00",
                "Day 2028-11-11T00:00:00–2028-11-12T00:00:00",
            ]
        );
    }

    #[test]
    fn instants_are_read_on_the_clocks_of_the_business() {
        let lines = "DTSTART:20261224T120000Z\r\nDTEND:20261224T230000Z\r\n";
        assert_eq!(
            read(&event(lines)).unwrap(),
            ["Day 2026-12-24T13:00:00–2026-12-25T00:00:00"]
        );
        let floating = "DTSTART:20261224T120000\r\nDURATION:PT2H\r\n";
        assert_eq!(
            read(&event(floating)).unwrap(),
            ["Day 2026-12-24T12:00:00–2026-12-24T14:00:00"]
        );
    }

    #[test]
    fn what_is_over_or_called_off_closes_nothing() {
        let over = "DTSTART;VALUE=DATE:20251225\r\nDTEND;VALUE=DATE:20251226\r\n";
        let off = "DTSTART;VALUE=DATE:20261225\r\nSTATUS:CANCELLED\r\n";
        assert_eq!(read(&event(over)).unwrap(), [""; 0]);
        assert_eq!(read(&event(off)), Err(Code::Invalid));
    }

    #[test]
    fn what_is_no_calendar_is_refused() {
        assert_eq!(read(""), Err(Code::Invalid));
        let zone = Zone::utc();
        for text in [&b"hello"[..], b"", b"\xff\xfe", b"BEGIN:VCALENDAR"] {
            assert!(coming(text, &zone, Timestamp::UNIX_EPOCH).is_err());
        }
    }
}
