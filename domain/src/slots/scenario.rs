//! `daybook slots`: a whole scenario as JSON, answered without a database (API §8): for support, for what-if, for
//! comparing. One staff member, one service, and the very finder that answers everyone else.

use jiff::{
    Timestamp,
    civil::{Date, DateTime},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use uuid::Uuid;

use super::{
    finder::{Candidate, Finder, from},
    line::{Stretch, timestamp},
    question::{House, Notice, Offer, Question, StaffTime, Step},
    wall,
};
use crate::{
    hours::{DayInterval, DayOverride, Processing, SlotGrid, WeeklyInterval, WorkingHours},
    id::Id,
    service::Timing,
    time::{LocalSpan, LocalTime, Minutes, Span, Zone, local_date, local_date_time},
};

/// The longest range of dates that is answered: a hundred years.
const MOST_DAYS: i64 = 36_600;
/// The most starts that are looked at; more than this is a slip of the pen, and would fill the memory.
const MOST_STARTS: i64 = 5_000_000;

/// One staff member's time, and one service to be fitted in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// The zone by which all local values are read.
    pub timezone: Zone,
    /// The first local date of a start.
    #[serde(with = "local_date")]
    pub date_from: Date,
    /// The last one, inclusive.
    #[serde(with = "local_date")]
    pub date_to: Date,
    /// How long the service takes.
    pub duration_min: Minutes,
    /// A wait in its middle in which the staff member is free.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub processing: Option<Processing>,
    /// From one start to the next.
    pub slot_interval_min: Minutes,
    /// What the starts are counted from; `interval` if it is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grid: Option<SlotGrid>,
    /// Kept free before the service.
    #[serde(default)]
    pub buffer_before_min: Minutes,
    /// Kept free after it.
    #[serde(default)]
    pub buffer_after_min: Minutes,
    /// How far ahead of `now` a start must lie.
    #[serde(default)]
    pub min_notice_min: Minutes,
    /// Now.
    pub now: Timestamp,
    /// The hours of every week.
    #[serde(default)]
    pub working_hours: Vec<WeeklyInterval>,
    /// Dates with hours of their own.
    #[serde(default)]
    pub date_overrides: Vec<DateHours>,
    /// When the staff member is away.
    #[serde(default)]
    pub absences: Vec<Away>,
    /// What they are busy with, buffers included.
    #[serde(default)]
    pub busy: Vec<Span>,
}

/// The hours of one date: pairs of from and to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DateHours {
    /// The date.
    #[serde(with = "local_date")]
    pub date: Date,
    /// Its intervals; none closes it.
    pub intervals: Vec<(LocalTime, LocalTime)>,
}

/// An absence. One that ends when or before it begins keeps nobody away.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Away {
    /// The first local moment of it.
    #[serde(with = "local_date_time")]
    pub from: DateTime,
    /// The first local moment after it.
    #[serde(with = "local_date_time")]
    pub to: DateTime,
}

/// What is printed for a scenario.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// Every start that is offered, in order.
    pub starts: Vec<Timestamp>,
    /// Every other start of the grid on these dates, if it was asked why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<Vec<Refused>>,
}

/// A start of the grid that is not offered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Refused {
    /// Which.
    pub start: Timestamp,
    /// All that stands in its way; never empty.
    pub why: Vec<Why>,
}

/// Why a start of the grid is not offered.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum Why {
    /// Too short notice (rule 8).
    Notice {
        /// The first start that is far enough ahead.
        earliest: Timestamp,
    },
    /// The service would end after its interval does (rule 6).
    Hours {
        /// When that ends.
        until: Timestamp,
    },
    /// It would run into an absence (rule 6).
    Absence(Away),
    /// It, or its buffers, would run into busy time (rules 7 and 9).
    Busy(Span),
}

/// A scenario that cannot be answered.
#[derive(Debug, thiserror::Error)]
#[error("{}{problem}", if field.is_empty() { String::new() } else { format!("{field}: ") })]
pub struct BadScenario {
    /// The field at fault; in an array, after the number of the scenario counted from 0: `[2].busy[0].end`.
    pub field: String,
    /// What is wrong with it.
    pub problem: Problem,
}

/// What is wrong with a scenario.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// No JSON, or not of this shape.
    #[error(transparent)]
    Json(serde_json::Error),
    /// Zero where something is counted in.
    #[error("must be at least 1 minute")]
    Zero,
    /// Processing that does not end within the service.
    #[error("the processing time must end within the {0} of the service")]
    ProcessingOutside(Minutes),
    /// More dates than are answered.
    #[error("must be at most {MOST_DAYS} days after date_from")]
    TooFar,
    /// More starts than are answered.
    #[error("the dates hold more than {MOST_STARTS} starts; ask for fewer, or for larger steps")]
    TooMany,
}

/// Answers one scenario, or an array of them: a line of JSON for each.
///
/// # Errors
/// When any of them cannot be answered; then none is.
pub fn answer(json: &str, explain: bool) -> Result<Vec<String>, BadScenario> {
    let scenarios: Vec<(String, Scenario)> = if json.trim_start().starts_with('[') {
        let all: Vec<Scenario> = read(json)?;
        all.into_iter()
            .enumerate()
            .map(|(n, scenario)| (format!("[{n}]."), scenario))
            .collect()
    } else {
        vec![(String::new(), read(json)?)]
    };
    let answer = |(of, scenario): (String, Scenario)| {
        let prepared = scenario.prepare().map_err(|bad| BadScenario {
            field: format!("{of}{}", bad.field),
            ..bad
        })?;
        let answer = if explain {
            prepared.explain()
        } else {
            Answer {
                starts: prepared.starts(),
                refused: None,
            }
        };
        serde_json::to_string(&answer).map_err(|error| BadScenario {
            field: of,
            problem: Problem::Json(error),
        })
    };
    scenarios.into_iter().map(answer).collect()
}

fn read<T: DeserializeOwned>(json: &str) -> Result<T, BadScenario> {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    let read = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let field = error.path().to_string();
        let field = if field == "." { String::new() } else { field };
        BadScenario {
            field,
            problem: Problem::Json(error.into_inner()),
        }
    })?;
    deserializer.end().map_err(|error| BadScenario {
        field: String::new(),
        problem: Problem::Json(error),
    })?;
    Ok(read)
}

impl Scenario {
    /// Every start that is offered, in order.
    ///
    /// # Errors
    /// When a field makes no sense or asks for too much.
    pub fn starts(&self) -> Result<Vec<Timestamp>, BadScenario> {
        Ok(self.prepare()?.starts())
    }

    /// The same, and why each other start of the grid is not offered.
    ///
    /// # Errors
    /// When a field makes no sense or asks for too much.
    pub fn explain(&self) -> Result<Answer, BadScenario> {
        Ok(self.prepare()?.explain())
    }

    fn prepare(&self) -> Result<Prepared<'_>, BadScenario> {
        let bad = |field: &str, problem| {
            Err(BadScenario {
                field: field.to_owned(),
                problem,
            })
        };
        if self.duration_min.is_zero() {
            return bad("duration_min", Problem::Zero);
        }
        if self.slot_interval_min.is_zero() {
            return bad("slot_interval_min", Problem::Zero);
        }
        if self
            .processing
            .is_some_and(|processing| !processing.fits(self.duration_min))
        {
            return bad("processing", Problem::ProcessingOutside(self.duration_min));
        }
        if self.date_to.duration_since(self.date_from).as_hours() / 24 > MOST_DAYS {
            return bad("date_to", Problem::TooFar);
        }
        let prepared = Prepared {
            scenario: self,
            finder: self.finder(),
        };
        if prepared.finder.most_starts(prepared.candidate()) > MOST_STARTS {
            return bad("date_to", Problem::TooMany);
        }
        Ok(prepared)
    }

    fn finder(&self) -> Finder {
        // There is one staff member, so that any id will do.
        let staff_id = Id::new(Uuid::nil());
        let hours = WorkingHours {
            weekly: self.working_hours.clone(),
            overrides: self
                .date_overrides
                .iter()
                .map(DateHours::to_override)
                .collect(),
        };
        let absences: Vec<_> = self
            .absences
            .iter()
            .filter_map(|away| LocalSpan::new(away.from, away.to).ok())
            .collect();
        let timing = Timing {
            duration_min: self.duration_min,
            buffer_before_min: self.buffer_before_min,
            buffer_after_min: self.buffer_after_min,
            processing: self.processing,
        };
        Finder::new(&Question {
            zone: &self.timezone,
            first: self.date_from,
            last: self.date_to,
            notice: Some(Notice {
                now: self.now,
                min: self.min_notice_min,
            }),
            house: House::default(),
            staff: vec![StaffTime {
                id: staff_id,
                slot_grid: self.grid.unwrap_or_default(),
                slot_interval: self.slot_interval_min,
                hours: Some(&hours),
                absences: &absences,
                busy: self.busy.clone(),
            }],
            desks: Vec::new(),
            steps: vec![Step {
                offers: vec![Offer { staff_id, timing }],
                desks: None,
            }],
        })
    }
}

impl DateHours {
    fn to_override(&self) -> DayOverride {
        let intervals = self
            .intervals
            .iter()
            .map(|&(from, to)| DayInterval { from, to })
            .collect();
        DayOverride {
            date: self.date,
            intervals,
        }
    }
}

/// A scenario that can be answered.
struct Prepared<'s> {
    scenario: &'s Scenario,
    finder: Finder,
}

impl Prepared<'_> {
    fn candidate(&self) -> &Candidate {
        &self.finder.needs[0].candidates[0]
    }

    fn starts(&self) -> Vec<Timestamp> {
        self.finder.slots().iter().map(super::Slot::start).collect()
    }

    fn explain(&self) -> Answer {
        let Scenario {
            buffer_before_min,
            buffer_after_min,
            ..
        } = *self.scenario;
        let candidate = self.candidate();
        let takes = candidate.takes(buffer_before_min, buffer_after_min);
        let body = Stretch::new(0, candidate.duration());
        let earliest = self.finder.earliest.unwrap_or(i64::MIN);
        // Each as it was given, not merged with its neighbours: people look for the booking in the way.
        let busy: Vec<_> = self
            .scenario
            .busy
            .iter()
            .filter_map(|busy| Some((Stretch::around(*busy)?, *busy)))
            .collect();
        let away = self.scenario.absences.iter().map(|away| {
            let readings = Stretch::new(wall::reading(away.from), wall::reading_end(away.to));
            (self.finder.wall.instants(readings), *away)
        });
        let away: Vec<_> = away.collect();
        let mut refused = Vec::new();
        self.finder.each_grid_start(candidate, |start, until| {
            let overlaps =
                |part: Stretch, other: Stretch| from(start, part).intersect(other).is_some();
            let mut why = Vec::new();
            if start < earliest {
                why.push(Why::Notice {
                    earliest: timestamp(earliest),
                });
            }
            if start + body.end > until {
                why.push(Why::Hours {
                    until: timestamp(until),
                });
            }
            let kept_away = away
                .iter()
                .filter(|(away, _)| away.iter().any(|away| overlaps(body, *away)));
            why.extend(kept_away.map(|(_, away)| Why::Absence(*away)));
            let in_the_way = busy
                .iter()
                .filter(|(busy, _)| takes.iter().any(|part| overlaps(*part, *busy)));
            why.extend(in_the_way.map(|(_, busy)| Why::Busy(*busy)));
            if !why.is_empty() {
                refused.push(Refused {
                    start: timestamp(start),
                    why,
                });
            }
        });
        Answer {
            starts: self.starts(),
            refused: Some(refused),
        }
    }
}
