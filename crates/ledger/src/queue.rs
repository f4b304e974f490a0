//! A busy business: its commands wait here, and go together.
//!
//! The first command of a quiet business goes straight. Those that come while it is under way would only wait
//! for the same row's lock, each on a connection of its own; here they wait in order and are appended as one
//! group when it is back.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use crate::append::MAX_EVENTS;
use crate::{Append, AppendError, Appended, BusinessId};

/// The most commands in one group: enough to share a commit, few enough to keep the lock short.
const MAX_GROUP: usize = 32;
/// The most commands of one business that may wait. Beyond, it is better to say so at once.
const MAX_WAITING: usize = 4_096;

/// A command whose caller awaits the answer.
pub(crate) struct Waiting {
    pub(crate) append: Append,
    pub(crate) answer: oneshot::Sender<Result<Appended, AppendError>>,
}

#[derive(Clone, Default)]
pub(crate) struct Queues(Arc<Mutex<HashMap<BusinessId, VecDeque<Waiting>>>>);

/// The right to append for one business, until dropped.
pub(crate) struct Turn {
    queues: Queues,
    business: BusinessId,
    over: bool,
}

impl Queues {
    /// Nobody is at it: the turn is the caller's, who must run it. Otherwise the command waits.
    pub(crate) fn enter(&self, waiting: Waiting) -> Option<(Turn, Waiting)> {
        let business = waiting.append.business;
        match self.lock().entry(business) {
            Entry::Vacant(entry) => {
                entry.insert(VecDeque::new());
                let queues = self.clone();
                let turn = Turn {
                    queues,
                    business,
                    over: false,
                };
                Some((turn, waiting))
            }
            Entry::Occupied(mut entry) => {
                if entry.get().len() < MAX_WAITING {
                    entry.get_mut().push_back(waiting);
                } else {
                    // Who no longer listens need not be told.
                    let _ = waiting.answer.send(Err(AppendError::Crowded));
                }
                None
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<BusinessId, VecDeque<Waiting>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Turn {
    /// Those who came meanwhile, in their order, as many as go together. None: the turn is over, and the
    /// next command finds the business quiet.
    pub(crate) fn next_group(&mut self) -> Option<Vec<Waiting>> {
        let mut queues = self.queues.lock();
        let queue = queues.get_mut(&self.business)?;
        let mut events = 0;
        let mut group = Vec::new();
        while let Some(waiting) = queue.front() {
            events += waiting.append.events();
            if group.len() == MAX_GROUP || (events > MAX_EVENTS && !group.is_empty()) {
                break;
            }
            group.extend(queue.pop_front());
        }
        if group.is_empty() {
            queues.remove(&self.business);
            self.over = true;
            return None;
        }
        Some(group)
    }
}

impl Drop for Turn {
    /// Cut short (a panic, a runtime that ends): those who wait learn from their closed channels that nobody
    /// will answer, and the next command finds the business quiet.
    fn drop(&mut self) {
        if !self.over {
            self.queues.lock().remove(&self.business);
        }
    }
}
