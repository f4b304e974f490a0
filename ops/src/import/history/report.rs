//! What a run did, and what the file amounts to.

use std::collections::{HashMap, HashSet};

use domain::{
    booking::{Booking, Status},
    money::{Currency, decimals},
};
use rust_decimal::Decimal;
use serde::Serialize;

use super::{
    amount,
    line::{Kind, Line},
};

/// What a run did with each line, and what the file amounts to in the business: lines brought in now and before,
/// those skipped left out. So a second run tells the same, with nothing imported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Report {
    /// How many lines of the file are not empty. Each is imported, already there or skipped.
    pub(crate) lines: u64,
    /// Brought in by this run.
    pub(crate) imported: u64,
    /// Could not be read, or made no sense in its booking's life.
    pub(crate) skipped: Vec<Skipped>,
    /// Brought in before, or telling what was so before.
    pub(crate) already_there: u64,
    /// Bookings of the file.
    pub(crate) bookings: u64,
    /// Clients of the file.
    pub(crate) clients: u64,
    /// Staff members of the file.
    pub(crate) staff: u64,
    /// Services of the file.
    pub(crate) services: u64,
    /// Where its bookings stand.
    pub(crate) by_status: ByStatus,
    /// How many of its bookings overlap another one that was there before them.
    pub(crate) overlaps: u64,
    /// All that was paid, negative amounts taken off, with the currency's decimals.
    pub(crate) paid: String,
}

/// A line that was not brought in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Skipped {
    /// Where it stands in the file, from 1, empty lines counted.
    pub(crate) line: u64,
    /// Why, in people's words.
    pub(crate) reason: String,
}

/// How many bookings stand where.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(crate) struct ByStatus {
    pub(crate) requested: u64,
    pub(crate) confirmed: u64,
    pub(crate) completed: u64,
    pub(crate) no_show: u64,
    pub(crate) cancelled: u64,
}

/// What the lines that count tell, while they are counted.
#[derive(Debug, Default)]
pub(super) struct Figures<'f> {
    bookings: HashMap<&'f str, &'f Line>,
    clients: HashSet<&'f str>,
    staff: HashSet<&'f str>,
    services: HashSet<&'f str>,
    paid: Decimal,
}

impl<'f> Figures<'f> {
    /// A line that was brought in, now or before.
    pub(super) fn count(&mut self, line: &'f Line, currency: Currency) {
        if let Some(booking) = &line.booking_ref {
            self.bookings.entry(booking).or_insert(line);
        }
        self.clients.extend(line.client_ref.as_deref());
        self.staff.extend(line.staff_ref.as_deref());
        self.services.extend(line.service.as_deref());
        if let (Kind::Paid, Some(paid)) = (line.kind, line.amount) {
            self.paid += amount::money(paid, currency).map_or(paid, |money| money.amount());
        }
    }

    /// The report; `stands` tells how the booking of a line stands.
    pub(super) fn report<'b>(
        self,
        done: Done,
        currency: Currency,
        stands: impl Fn(&Line) -> Option<&'b Booking>,
    ) -> Report {
        let mut by_status = ByStatus::default();
        let mut overlaps = 0;
        for line in self.bookings.values() {
            let Some(held) = stands(line).and_then(|booking| booking.held().ok()) else {
                continue;
            };
            overlaps += u64::from(held.overlaps());
            *match held.status {
                Status::Requested => &mut by_status.requested,
                Status::Confirmed => &mut by_status.confirmed,
                Status::Completed => &mut by_status.completed,
                Status::NoShow => &mut by_status.no_show,
                Status::Cancelled => &mut by_status.cancelled,
            } += 1;
        }
        let mut paid = self.paid;
        paid.rescale(decimals(currency));
        if paid.is_zero() {
            paid.set_sign_positive(true);
        }
        let mut skipped = done.skipped;
        skipped.sort_by_key(|skipped| skipped.line);
        Report {
            lines: done.lines,
            imported: done.imported,
            skipped,
            already_there: done.already_there,
            bookings: self.bookings.len() as u64,
            clients: self.clients.len() as u64,
            staff: self.staff.len() as u64,
            services: self.services.len() as u64,
            by_status,
            overlaps,
            paid: paid.to_string(),
        }
    }
}

/// What a run did with each line.
#[derive(Debug, Default)]
pub(super) struct Done {
    pub(super) lines: u64,
    pub(super) imported: u64,
    pub(super) already_there: u64,
    pub(super) skipped: Vec<Skipped>,
}
