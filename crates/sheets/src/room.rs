//! How much of a table fits: memory is held to what is taken, whatever a file makes of its bytes.

use crate::{Fault, Limits};

/// What is left for cells.
pub(crate) struct Room<'l> {
    limits: &'l Limits,
    cells: usize,
    text: usize,
}

impl<'l> Room<'l> {
    pub(crate) const fn of(limits: &'l Limits) -> Self {
        Self {
            limits,
            cells: limits.cells,
            text: limits.text,
        }
    }

    /// Whether a cell may hold so much.
    pub(crate) fn holds(&self, cell: &str) -> Result<(), Fault> {
        let most = self.limits.cell;
        // Letters are counted only where there may be too many: each has a byte at least.
        if cell.len() > most && cell.chars().count() > most {
            return Err(Fault::CellTooLong { most });
        }
        Ok(())
    }

    /// Takes so many cells with so many bytes in them.
    pub(crate) fn take(&mut self, cells: usize, text: usize) -> Result<(), Fault> {
        let most = self.limits.cells;
        self.cells = self
            .cells
            .checked_sub(cells)
            .ok_or(Fault::TooManyCells { most })?;
        let most = self.limits.inflated;
        self.text = self
            .text
            .checked_sub(text)
            .ok_or(Fault::Inflates { most })?;
        Ok(())
    }
}
