//! Which businesses are to be looked at, in the order of their calling; each in one worker's hand at a time.

use std::{
    collections::{HashSet, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
};

use ledger::BusinessId;
use tokio::sync::Notify;

#[derive(Default)]
pub(crate) struct Queue {
    state: Mutex<State>,
    called: Notify,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<BusinessId>,
    is_waiting: HashSet<BusinessId>,
    in_hand: HashSet<BusinessId>,
    /// Called while in hand: what they were taken for may be more by now.
    again: HashSet<BusinessId>,
}

impl Queue {
    pub(crate) fn call(&self, businesses: impl IntoIterator<Item = BusinessId>) {
        let mut state = self.state();
        for business in businesses {
            if state.in_hand.contains(&business) {
                state.again.insert(business);
            } else if state.is_waiting.insert(business) {
                state.waiting.push_back(business);
            }
        }
        if !state.waiting.is_empty() {
            self.called.notify_one();
        }
    }

    /// Waits for businesses, and takes up to `most`. Safe to cancel.
    pub(crate) async fn take(&self, most: usize) -> Vec<BusinessId> {
        loop {
            if let Some(taken) = self.try_take(most) {
                return taken;
            }
            self.called.notified().await;
        }
    }

    fn try_take(&self, most: usize) -> Option<Vec<BusinessId>> {
        let mut state = self.state();
        if state.waiting.is_empty() {
            return None;
        }
        let most = most.min(state.waiting.len());
        let taken: Vec<_> = state.waiting.drain(..most).collect();
        for business in &taken {
            state.is_waiting.remove(business);
            state.in_hand.insert(*business);
        }
        if !state.waiting.is_empty() {
            self.called.notify_one();
        }
        Some(taken)
    }

    /// Lays taken businesses down again. Those called meanwhile wait anew.
    pub(crate) fn lay_down(&self, taken: &[BusinessId]) {
        let mut again = vec![];
        {
            let mut state = self.state();
            for business in taken {
                state.in_hand.remove(business);
                if state.again.remove(business) {
                    again.push(*business);
                }
            }
        }
        self.call(again);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn business(n: u128) -> BusinessId {
        BusinessId(Uuid::from_u128(n))
    }

    #[tokio::test]
    async fn a_business_called_while_in_hand_waits_anew_once_it_is_laid_down() {
        let queue = Queue::default();
        queue.call([business(1), business(1), business(2)]);
        let taken = queue.take(9).await;
        assert_eq!(taken, [business(1), business(2)]);
        queue.call([business(1)]);
        assert_eq!(queue.try_take(9), None);
        queue.lay_down(&taken);
        assert_eq!(queue.try_take(9), Some(vec![business(1)]));
    }

    #[tokio::test]
    async fn two_workers_take_different_businesses() {
        let queue = Queue::default();
        queue.call((1..=3).map(business));
        let (one, two) = tokio::join!(queue.take(2), queue.take(2));
        assert_eq!((one.len(), two.len()), (2, 1));
    }
}
