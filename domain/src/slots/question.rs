//! What the finder is asked: plain values, borrowed from whoever has them.

use jiff::{Timestamp, civil::Date};

use crate::{
    desk::Desk,
    hours::{SlotGrid, WorkingHours},
    id::Id,
    service::Timing,
    staff::Staff,
    time::{LocalSpan, Minutes, Span, Zone},
};

/// Which starts can be had, on which dates, for which services in a row, by whom and where.
#[derive(Clone, Debug)]
pub struct Question<'a> {
    /// The zone of the business: all hours, absences and dates are by its clocks.
    pub zone: &'a Zone,
    /// The first local date on which a start may lie.
    pub first: Date,
    /// The last one, inclusive. Before `first`: no start at all.
    pub last: Date,
    /// How far ahead a start must lie; `None` for the panel, which may also write down what was.
    pub notice: Option<Notice>,
    /// What bounds everyone.
    pub house: House<'a>,
    /// Everyone who is named in `steps`, each once.
    pub staff: Vec<StaffTime<'a>>,
    /// Every desk that is named in `steps`, each once.
    pub desks: Vec<DeskTime<'a>>,
    /// The services, each beginning where the one before ends; one that is not a visit has one.
    pub steps: Vec<Step>,
}

/// How far ahead a start must lie (rule 8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Now.
    pub now: Timestamp,
    /// A start this long after now is offered.
    pub min: Minutes,
}

/// The hours and closures of the whole house, which bound everyone's. They never move a grid.
#[derive(Clone, Copy, Debug, Default)]
pub struct House<'a> {
    /// Nothing is served outside them; `None`: each as their own hours say.
    pub hours: Option<&'a WorkingHours>,
    /// Nothing is served in them.
    pub closures: &'a [LocalSpan],
}

/// What the finder needs to know of a staff member's time.
#[derive(Clone, Debug)]
pub struct StaffTime<'a> {
    /// Who.
    pub id: Id<Staff>,
    /// What their starts are counted from.
    pub slot_grid: SlotGrid,
    /// From one start to the next. No time at all leaves one start at the beginning of each interval.
    pub slot_interval: Minutes,
    /// When they work; `None`: the hours of the house, and never if it has none either.
    pub hours: Option<&'a WorkingHours>,
    /// When they are away.
    pub absences: &'a [LocalSpan],
    /// What they are busy with, buffers included, in any order: all of it that overlaps the dates asked for, a day
    /// (and the longest buffer) before and after, and for [`Finder::check`](super::Finder::check) the whole of the
    /// start's date, since whoever has least of it is chosen first. Leave out the booking that is being moved.
    pub busy: Vec<Span>,
}

/// What the finder needs to know of a desk's time.
#[derive(Clone, Debug)]
pub struct DeskTime<'a> {
    /// Which.
    pub id: Id<Desk>,
    /// How many it serves at once. 0: nobody.
    pub capacity: u16,
    /// The staff member who alone works at it; `None`: everyone does.
    pub operator: Option<Id<Staff>>,
    /// When it may be used; `None`: always.
    pub hours: Option<&'a WorkingHours>,
    /// When it may not be used.
    pub holidays: &'a [LocalSpan],
    /// The seats that are taken, one span each, buffers included, as [`StaffTime::busy`].
    pub busy: Vec<Span>,
}

/// One service of the row.
#[derive(Clone, Debug)]
pub struct Step {
    /// Who may do it, and how long it takes them. One who was asked for, or several for "any".
    pub offers: Vec<Offer>,
    /// Where it may be done, the most welcome first; `None`: it needs no desk.
    pub desks: Option<Vec<Id<Desk>>>,
}

/// A staff member who may do a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Who.
    pub staff_id: Id<Staff>,
    /// How long it takes them, with buffers and processing time.
    pub timing: Timing,
}

/// What staff with the right may leave aside when they book. Taken time and absences are never left aside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Freedom {
    /// Outside the hours of staff member, desk and house, and on closures. There is no grid to be on there.
    pub outside_hours: bool,
    /// Off the grid.
    pub off_grid: bool,
}
