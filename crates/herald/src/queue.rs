//! Which businesses are to be looked at, in the order of their calling.

use std::collections::{HashSet, VecDeque};

use ledger::BusinessId;

#[derive(Default)]
pub(crate) struct Queue {
    waiting: VecDeque<BusinessId>,
    is_waiting: HashSet<BusinessId>,
}

impl Queue {
    pub(crate) fn call(&mut self, businesses: impl IntoIterator<Item = BusinessId>) {
        for business in businesses {
            if self.is_waiting.insert(business) {
                self.waiting.push_back(business);
            }
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    pub(crate) fn take(&mut self, most: usize) -> Vec<BusinessId> {
        let most = most.min(self.waiting.len());
        let taken: Vec<_> = self.waiting.drain(..most).collect();
        for business in &taken {
            self.is_waiting.remove(business);
        }
        taken
    }
}
