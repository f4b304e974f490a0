//! Reading a filter from JSON: every fault is told, each at its place, with what there would have been.

use serde_json::{Map, Value};
use thiserror::Error;

use super::{
    filter::{Condition, Filter},
    parameters::Parameters,
};
use crate::{contact::ContactError, text::TextError};

/// So many levels of `all`, `any` and `not` may lie in each other.
pub const MOST_LEVELS: usize = 8;
/// So many conditions may stand in a filter.
pub const MOST_CONDITIONS: usize = 50;
/// So many ids, tags or words may stand in a list.
pub const MOST_ITEMS: usize = 100;

/// A place in a filter, and what is wrong there.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{path}: {fault}")]
pub struct BadFilter {
    /// `filter.all[2].within_days`.
    pub path: String,
    /// What is wrong.
    pub fault: FilterFault,
}

/// What can be wrong with a filter.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FilterFault {
    /// It must be there.
    #[error("is missing")]
    Missing,
    /// It must be something else.
    #[error("must be {0}")]
    WrongType(&'static str),
    /// There is nothing of this name.
    #[error("is not known; there is: {there_is}")]
    Unknown {
        /// What there is.
        there_is: String,
    },
    /// Exactly one of several must be there.
    #[error("takes exactly one of: {of}")]
    OneOf {
        /// Which.
        of: String,
    },
    /// A number outside of its range.
    #[error("must lie between {least} and {most}")]
    OutOfRange {
        /// The least.
        least: u32,
        /// The most.
        most: u32,
    },
    /// An upper bound below the lower one, or a last date before the first.
    #[error("must not be below {least}")]
    Below {
        /// The lower bound.
        least: String,
    },
    /// An interval of hours that ends before it begins.
    #[error("must come after {from}")]
    NotAfter {
        /// Where it begins.
        from: String,
    },
    /// Nothing in it.
    #[error("must not be empty")]
    Empty,
    /// More than may stand there.
    #[error("takes at most {0}")]
    TooMany(usize),
    /// Groups in groups in groups.
    #[error("lies more than {0} levels deep")]
    TooDeep(usize),
    /// No date.
    #[error("is no date")]
    Date,
    /// No amount of money, or one below zero.
    #[error("is no amount")]
    Amount,
    /// No id.
    #[error("is no id")]
    Id,
    /// No text that may stand there.
    #[error(transparent)]
    Text(#[from] TextError),
    /// No language.
    #[error(transparent)]
    Contact(#[from] ContactError),
}

/// The groups that a filter is made of.
const GROUPS: [&str; 3] = ["all", "any", "not"];

impl Filter {
    /// Reads a filter; places are told from `filter` on.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn read(json: &Value) -> Result<Self, Vec<BadFilter>> {
        let mut reader = Reader::default();
        let filter = reader.filter(json, "filter", 1);
        if reader.conditions > MOST_CONDITIONS {
            reader
                .faults
                .tell("filter", FilterFault::TooMany(MOST_CONDITIONS));
        }
        match filter {
            Some(filter) if reader.faults.0.is_empty() => Ok(filter),
            Some(_) | None => Err(reader.faults.0),
        }
    }
}

/// What is wrong so far.
#[derive(Default)]
pub(super) struct Faults(Vec<BadFilter>);

impl Faults {
    pub(super) fn tell(&mut self, path: impl Into<String>, fault: FilterFault) {
        let path = path.into();
        self.0.push(BadFilter { path, fault });
    }
}

#[derive(Default)]
struct Reader {
    faults: Faults,
    conditions: usize,
}

impl Reader {
    fn filter(&mut self, json: &Value, path: &str, level: usize) -> Option<Filter> {
        if level > MOST_LEVELS {
            self.faults.tell(path, FilterFault::TooDeep(MOST_LEVELS));
            return None;
        }
        let Some(members) = json.as_object() else {
            self.faults.tell(path, FilterFault::WrongType("an object"));
            return None;
        };
        if members.contains_key("field") {
            // Whoever sends thousands is told once that they are too many.
            self.conditions += 1;
            if self.conditions > MOST_CONDITIONS {
                return None;
            }
            return self.condition(members, path).map(Filter::Is);
        }
        self.group(members, path, level)
    }

    fn group(&mut self, members: &Map<String, Value>, path: &str, level: usize) -> Option<Filter> {
        let there_is = || format!("{}, field", GROUPS.join(", "));
        let mut groups = members.iter();
        let (Some((name, inner)), None) = (groups.next(), groups.next()) else {
            let of = there_is();
            self.faults.tell(path, FilterFault::OneOf { of });
            return None;
        };
        let place = format!("{path}.{name}");
        match name.as_str() {
            "all" => self.parts(inner, &place, level).map(Filter::All),
            "any" => {
                let parts = self.parts(inner, &place, level)?;
                if parts.is_empty() && inner.as_array().is_some_and(Vec::is_empty) {
                    self.faults.tell(place, FilterFault::Empty);
                }
                Some(Filter::Any(parts))
            }
            "not" => {
                let part = self.filter(inner, &place, level + 1)?;
                Some(Filter::Not(Box::new(part)))
            }
            _ => {
                let there_is = there_is();
                self.faults.tell(place, FilterFault::Unknown { there_is });
                None
            }
        }
    }

    fn parts(&mut self, json: &Value, path: &str, level: usize) -> Option<Vec<Filter>> {
        let Some(parts) = json.as_array() else {
            self.faults.tell(path, FilterFault::WrongType("a list"));
            return None;
        };
        let mut read = vec![];
        for (n, part) in parts.iter().enumerate() {
            if self.conditions > MOST_CONDITIONS || n > MOST_CONDITIONS {
                self.conditions = MOST_CONDITIONS + 1;
                break;
            }
            read.extend(self.filter(part, &format!("{path}[{n}]"), level + 1));
        }
        Some(read)
    }

    fn condition(&mut self, members: &Map<String, Value>, path: &str) -> Option<Condition> {
        let mut parameters = Parameters::of(members, path, &mut self.faults);
        let field = parameters.field()?;
        let condition = parameters.condition(field);
        parameters.nothing_else();
        condition
    }
}
