//! The chapters of the API, in the order in which somebody new reads them.

use utoipa::openapi::tag::{Tag, TagBuilder};

const CHAPTERS: &[(&str, &str)] = &[
    ("access", "Signing in, API keys, users and what they may."),
    (
        "business",
        "The business itself: its name, hours and closures.",
    ),
    (
        "settings",
        "What the business decides once for all bookings.",
    ),
    ("services", "What can be booked."),
    (
        "staff",
        "Who does it, when they work and when they are away.",
    ),
    (
        "desks",
        "Chairs, rooms and whatever else serves one client at a time, or a few.",
    ),
    ("classes", "Timetables, sessions and their seats."),
    (
        "clients",
        "Who books: contacts, tags, notes, consents, and what was sold to them.",
    ),
    ("availability", "When there is time."),
    ("bookings", "Booking, and the life of a booking."),
    (
        "visits",
        "Several services for one client in a row, as one.",
    ),
    ("waitlist", "Who waits for time that is taken."),
    (
        "segments",
        "Clients who have something in common, found anew each time.",
    ),
    (
        "calendar",
        "What happens when: days, weeks, months, the day monitor.",
    ),
    (
        "history",
        "Every booking that ever was, searched and exported.",
    ),
    ("search", "One box to search everything in."),
    ("log", "The ledger itself, for those who audit it."),
    ("changes", "Who changed what, when, from what to what."),
    ("payments", "The till."),
    ("reports", "Figures of a period."),
    ("imports", "Clients and services from files."),
    (
        "public",
        "The side of the visitors: without an account, within the booking policy.",
    ),
    (
        "pages",
        "What people open in a browser; each speaks to the API like any other program.",
    ),
    ("live", "What changes, as it changes."),
    ("webhooks", "Being told by a request of ours."),
    (
        "health",
        "Whether the service is well, and the API's description of itself.",
    ),
];

pub(super) fn chapters() -> Vec<Tag> {
    let chapters = CHAPTERS.iter();
    chapters
        .map(|(name, told)| {
            TagBuilder::new()
                .name(*name)
                .description(Some(*told))
                .build()
        })
        .collect()
}
