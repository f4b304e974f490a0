//! Each screen's question, asked over HTTP of a business with a million bookings: alone, and among other businesses.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use hyper::{Method, StatusCode};
use jiff::{Timestamp, ToSpan as _, civil::Date};
use rand::{SeedableRng as _, rngs::StdRng};
use sqlx::PgPool;
use uuid::Uuid;

use super::{Made, people::pick};
use crate::line::{Line, Shot, Took};

/// Asked before anything is timed.
const WARMING: usize = 3;
/// How many questions of a kind there are; then they come again.
const KINDS: usize = 64;
const REPORTS: [&str; 14] = [
    "summary",
    "revenue",
    "pending",
    "staff-load",
    "peak-hours",
    "services",
    "clients",
    "staff",
    "retention",
    "returning",
    "trends",
    "campaigns",
    "notifications",
    "time-saved",
];

/// A screen, and how long its question may take.
pub(super) struct Screen {
    pub(super) what: String,
    /// Milliseconds at p99.
    pub(super) aim: f64,
    asked: Vec<Asked>,
}

struct Asked {
    method: Method,
    path: String,
    body: String,
}

/// What a screen's question took.
pub(super) enum Answered {
    In(Took),
    /// There is no such route (yet).
    Absent,
    /// What was answered instead.
    Refused(StatusCode, String),
}

/// What there is to be asked for.
struct Sample {
    today: Date,
    head: i64,
    staff: Vec<Uuid>,
    services: Vec<Uuid>,
    clients: Vec<(Uuid, String, String)>,
    bookings: Vec<(Uuid, String)>,
    actors: Vec<Uuid>,
    rng: StdRng,
}

impl Sample {
    async fn of(db: &PgPool, business: Uuid) -> anyhow::Result<Self> {
        // As many as there are questions, and no two runs ask for the same.
        let clients = sqlx::query_as(
            "select client_id, name, words from client where business_id = $1 and name is not null
              order by random() limit 64",
        );
        let bookings = sqlx::query_as(
            "select booking_id, reference from calendar_booking where business_id = $1 order by random() limit 64",
        );
        let ids = |query: &'static str| {
            sqlx::query_scalar::<_, Uuid>(query)
                .bind(business)
                .fetch_all(db)
        };
        Ok(Self {
            today: Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date(),
            head: sqlx::query_scalar("select position from ledger_head where business_id = $1")
                .bind(business)
                .fetch_one(db)
                .await?,
            staff: ids("select staff_id from timetable_staff where business_id = $1").await?,
            services: ids("select service_id from timetable_service where business_id = $1")
                .await?,
            actors: ids(
                "select distinct actor_id from (select actor_id from change where business_id = $1
                  and actor_kind = 'user' order by position desc limit 100) c",
            )
            .await?,
            clients: clients.bind(business).fetch_all(db).await?,
            bookings: bookings.bind(business).fetch_all(db).await?,
            rng: StdRng::seed_from_u64(11),
        })
    }

    fn staff(&mut self) -> Uuid {
        pick(&self.staff, &mut self.rng)
    }

    fn service(&mut self) -> Uuid {
        pick(&self.services, &mut self.rng)
    }

    fn client(&mut self) -> (Uuid, String, String) {
        let place: Vec<usize> = (0..self.clients.len()).collect();
        self.clients[pick(&place, &mut self.rng)].clone()
    }

    fn booking(&mut self) -> (Uuid, String) {
        let place: Vec<usize> = (0..self.bookings.len()).collect();
        self.bookings[pick(&place, &mut self.rng)].clone()
    }

    /// A family name, or what it ends with.
    fn name(&mut self) -> String {
        let name = self.client().1;
        encoded(name.rsplit(' ').next().unwrap_or(&name))
    }

    /// So many days that end within the last year.
    fn days(&mut self, many: i64) -> String {
        let back: Vec<i64> = (1..300).collect();
        let to = self.today - pick(&back, &mut self.rng).days();
        format!("from={}&to={to}", to - (many - 1).days())
    }

    fn day(&mut self) -> Date {
        let back: Vec<i64> = (-20..300).collect();
        self.today - pick(&back, &mut self.rng).days()
    }

    fn position(&mut self) -> i64 {
        let shares: Vec<i64> = (20..99).collect();
        self.head * pick(&shares, &mut self.rng) / 100
    }
}

/// Every screen there is, with questions of its own.
pub(super) async fn screens(db: &PgPool, business: Uuid) -> anyhow::Result<Vec<Screen>> {
    let mut sample = Sample::of(db, business).await?;
    let mut screens = of_history(&mut sample);
    screens.extend(of_people(&mut sample));
    screens.extend(of_calendar(&mut sample));
    screens.extend(of_changes(&mut sample));
    screens.extend(of_segments(&mut sample));
    screens.extend(of_reports(&mut sample));
    Ok(screens)
}

fn get(what: &str, aim: f64, mut path: impl FnMut() -> String) -> Screen {
    let asked = (0..KINDS).map(|_| Asked {
        method: Method::GET,
        path: format!("/api/v1{}", path()),
        body: String::new(),
    });
    Screen {
        what: what.to_owned(),
        aim,
        asked: asked.collect(),
    }
}

fn of_history(sample: &mut Sample) -> Vec<Screen> {
    let words = [
        "window",
        "voucher",
        "amoniak",
        "brushing",
        "знижку",
        "fönstret",
    ];
    let details = ["voucher", "photo", "foto", "zniżce", "знижку"];
    let statuses = ["completed", "cancelled", "no_show"];
    vec![
        get("history, newest first", 50.0, || "/history".to_owned()),
        get(
            "history: staff, status, two words, of a quarter",
            50.0,
            || {
                let (staff, days) = (sample.staff(), sample.days(90));
                let detail = encoded(pick(&details, &mut sample.rng));
                format!("/history?staff_id={staff}&{days}&status=completed&q=window%20{detail}")
            },
        ),
        get("history: name, service, status and a word", 50.0, || {
            let (name, service) = (sample.name(), sample.service());
            let status = pick(&statuses, &mut sample.rng);
            let word = encoded(pick(&words, &mut sample.rng));
            format!("/history?client={name}&service_id={service}&status={status}&q={word}")
        }),
        get("history: a common word, all years", 50.0, || {
            format!("/history?q={}", encoded(pick(&words, &mut sample.rng)))
        }),
        get("history: a rare word, all years", 50.0, || {
            let shades: Vec<u32> = (100..9_999).collect();
            let shade = pick(&shades, &mut sample.rng);
            format!("/history?q={}.{:02}", shade / 100, shade % 100)
        }),
        get("history: a name among the words", 50.0, || {
            format!("/history?q={}", sample.name())
        }),
        get("history: a reference", 50.0, || {
            format!("/history?q={}", sample.booking().1)
        }),
        get("history: of one client", 50.0, || {
            format!("/history?client_id={}", sample.client().0)
        }),
        get("history: dearest first, of a year", 50.0, || {
            format!("/history?{}&sort=-price", sample.days(365))
        }),
        get("history: a month, counted", 50.0, || {
            format!("/history?{}&count=true", sample.days(30))
        }),
    ]
}

fn of_people(sample: &mut Sample) -> Vec<Screen> {
    vec![
        get("client card", 50.0, || {
            format!("/clients/{}/card", sample.client().0)
        }),
        get("client card as of a position", 50.0, || {
            let (client, position) = (sample.client().0, sample.position());
            format!("/clients/{client}/card?as_of={position}")
        }),
        get("clients by name", 50.0, || {
            format!("/clients?q={}", sample.name())
        }),
        get("clients by a misspelt name", 50.0, || {
            let mut letters: Vec<char> = sample.client().1.to_lowercase().chars().collect();
            let middle = letters.len() / 2;
            letters.remove(middle);
            format!(
                "/clients?q={}",
                encoded(&letters.into_iter().collect::<String>())
            )
        }),
        get("clients by the end of a phone", 50.0, || {
            let words = sample.client().2;
            let phone = words
                .lines()
                .find(|line| line.bytes().all(|b| b.is_ascii_digit()));
            let phone = phone.unwrap_or("600100200");
            format!("/clients?q={}", &phone[phone.len().saturating_sub(6)..])
        }),
        get("a booking", 50.0, || {
            format!("/bookings/{}", sample.booking().0)
        }),
        get("payments of a month", 50.0, || {
            format!("/payments?{}", sample.days(30))
        }),
    ]
}

fn of_calendar(sample: &mut Sample) -> Vec<Screen> {
    vec![
        get("calendar, a day", 50.0, || {
            format!("/calendar?from={}&view=day", sample.day())
        }),
        get("calendar, a week", 50.0, || {
            format!("/calendar?from={}&view=week", sample.day())
        }),
        get("calendar, a week of one staff member", 50.0, || {
            let (day, staff) = (sample.day(), sample.staff());
            format!("/calendar?from={day}&view=week&staff_id={staff}")
        }),
        get("calendar, a month", 50.0, || {
            format!("/calendar?from={}&view=month", sample.day())
        }),
        get("calendar, a month of one staff member", 50.0, || {
            let (day, staff) = (sample.day(), sample.staff());
            format!("/calendar?from={day}&view=month&staff_id={staff}")
        }),
        get("calendar, a day as of a position", 200.0, || {
            let (day, position) = (sample.day(), sample.position());
            format!("/calendar?from={day}&view=day&as_of={position}")
        }),
        get("front-desk monitor", 50.0, || {
            format!("/calendar/monitor?date={}", sample.day())
        }),
        get("availability of a week, any staff member", 50.0, || {
            let (today, service) = (sample.today, sample.service());
            format!(
                "/availability?service_id={service}&from={today}&to={}",
                today + 6.days()
            )
        }),
        get("next free", 50.0, || {
            format!("/availability/next?service_id={}&limit=3", sample.service())
        }),
    ]
}

fn of_changes(sample: &mut Sample) -> Vec<Screen> {
    vec![
        get("changes, newest first", 50.0, || "/changes".to_owned()),
        get("changes of a week by one person", 50.0, || {
            let (days, actor) = (sample.days(7), pick(&sample.actors, &mut sample.rng));
            format!("/changes?{days}&actor_id={actor}")
        }),
        get("changes: cancellations of a month", 50.0, || {
            format!("/changes?{}&action=booking.cancelled", sample.days(30))
        }),
        get("changes of a booking", 50.0, || {
            format!("/bookings/{}/changes", sample.booking().0)
        }),
    ]
}

fn of_segments(sample: &mut Sample) -> Vec<Screen> {
    let mut preview = |what: &str, filter: &dyn Fn(&mut Sample) -> String| Screen {
        what: format!("segment counted: {what}"),
        aim: 200.0,
        asked: (0..KINDS)
            .map(|_| Asked {
                method: Method::POST,
                path: "/api/v1/segments/preview".to_owned(),
                body: format!(r#"{{"filter":{}}}"#, filter(sample)),
            })
            .collect(),
    };
    vec![
        preview("three bookings ever, absent for 60 days", &|_| {
            r#"{"all":[{"field":"bookings","at_least":3},{"field":"absent","days":60}]}"#.to_owned()
        }),
        preview("spent over 2,000, average receipt over 100", &|_| {
            r#"{"all":[{"field":"spent","at_least":"2000.00"},{"field":"average_receipt","at_least":"100.00"}]}"#
                .to_owned()
        }),
        preview("a service within a year", &|sample: &mut Sample| {
            let (service, today) = (sample.service(), sample.today);
            let (from, to) = (today - 365.days(), today);
            format!(
                r#"{{"all":[{{"field":"bookings","at_least":1,"service_ids":["{service}"],"from":"{from}","to":"{to}"}}]}}"#
            )
        }),
        preview("words in what was written", &|_| {
            r#"{"all":[{"field":"text","words":"voucher"}]}"#.to_owned()
        }),
    ]
}

fn of_reports(sample: &mut Sample) -> Vec<Screen> {
    let year = |sample: &mut Sample| sample.days(365);
    let mut screens: Vec<Screen> = REPORTS
        .iter()
        .map(|name| {
            get(&format!("report {name} of a year"), 300.0, || {
                format!("/reports/{name}?{}", year(sample))
            })
        })
        .collect();
    screens.push(get("report summary of a year, by month", 300.0, || {
        format!("/reports/summary?{}&group_by=month", year(sample))
    }));
    screens.push(get(
        "report revenue of a year of one staff member, by week",
        300.0,
        || {
            let (days, staff) = (year(sample), sample.staff());
            format!("/reports/revenue?{days}&staff_id={staff}&group_by=week")
        },
    ));
    screens
}

impl Screen {
    /// Asks one question after another for so long.
    pub(super) async fn ask(
        &self,
        address: &str,
        of: &Made,
        length: Duration,
    ) -> anyhow::Result<Answered> {
        let mut line = Line::open(address).await?;
        let mut took = Took::default();
        let (mut warming, mut shown) = (WARMING, false);
        let mut begun = Instant::now();
        for asked in self.asked.iter().cycle() {
            let shot = Shot {
                method: asked.method.clone(),
                path: asked.path.clone(),
                key: of.api_key.clone(),
                body: asked.body.clone(),
                wanted: StatusCode::OK,
            };
            let sent = Instant::now();
            let (status, body) = line.answer(shot).await?;
            let waited = sent.elapsed();
            match status {
                StatusCode::OK => shown = true,
                // At that moment of the past it was not there yet, which is an answer.
                StatusCode::NOT_FOUND if asked.path.contains("as_of") => {}
                StatusCode::NOT_FOUND if !shown => return Ok(Answered::Absent),
                other => {
                    let said = String::from_utf8_lossy(&body).into_owned();
                    return Ok(Answered::Refused(other, format!("{}: {said}", asked.path)));
                }
            }
            if warming > 0 {
                warming -= 1;
                begun = Instant::now();
                continue;
            }
            took.each.push(waited);
            if begun.elapsed() >= length {
                break;
            }
        }
        took.whole = begun.elapsed();
        Ok(Answered::In(took))
    }

    /// Asks its first question, for who looks at plans.
    pub(super) async fn ask_once(&self, address: &str, of: &Made) -> anyhow::Result<()> {
        let asked = self.asked.first().context("a screen that asks nothing")?;
        let shot = Shot {
            method: asked.method.clone(),
            path: asked.path.clone(),
            key: of.api_key.clone(),
            body: asked.body.clone(),
            wanted: StatusCode::OK,
        };
        Line::open(address).await?.answer(shot).await?;
        Ok(())
    }
}

/// As a query takes it.
fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::encoded;

    #[test]
    fn a_name_goes_into_a_query() {
        assert_eq!(encoded("Łęcka-Żak o'x"), "%C5%81%C4%99cka-%C5%BBak%20o%27x");
    }
}
