//! How much of one receiver, and of one buyer, a process has in hand at once.
//!
//! What is in hand holds a place among those of the process. Without a bound for each receiver, one
//! that hangs would take all of them; without one for each buyer, so would a buyer with many names
//! for receivers that hang.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::identity::Principal;

/// So many notifications to one receiver: a few under way and a few that follow on them.
const OF_RECEIVER: usize = 16;
/// So many of one buyer.
const OF_BUYER: usize = 64;

/// Whose notifications are in hand.
#[derive(Clone, Debug, Default)]
pub(super) struct Crowd(Arc<Mutex<HashMap<Whose, usize>>>);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Whose {
    Receiver(String),
    Buyer(Principal),
}

/// A notification in hand, until this is dropped.
#[derive(Debug)]
pub(super) struct Seat {
    crowd: Crowd,
    taken: [Whose; 2],
}

impl Crowd {
    /// Takes a notification in hand; `None` when there are enough like it.
    pub(super) fn seat(&self, receiver: &str, buyer: &Principal) -> Option<Seat> {
        let taken = [
            Whose::Receiver(receiver.to_owned()),
            Whose::Buyer(buyer.clone()),
        ];
        let mut counts = self.counts();
        let full = |whose: &Whose, most| counts.get(whose).is_some_and(|count| *count >= most);
        if full(&taken[0], OF_RECEIVER) || full(&taken[1], OF_BUYER) {
            return None;
        }
        for whose in &taken {
            *counts.entry(whose.clone()).or_default() += 1;
        }
        drop(counts);
        Some(Seat {
            crowd: self.clone(),
            taken,
        })
    }

    fn counts(&self) -> MutexGuard<'_, HashMap<Whose, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut counts = self.crowd.counts();
        for whose in &self.taken {
            if let Some(count) = counts.get_mut(whose) {
                *count -= 1;
                if *count == 0 {
                    counts.remove(whose);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_a_receiver_nor_a_buyer_takes_everything() {
        let crowd = Crowd::default();
        let (one, other) = (Principal("one".into()), Principal("other".into()));
        let hanging: Vec<Seat> = (0..OF_RECEIVER)
            .map(|_| crowd.seat("https://a.example", &one).expect("room"))
            .collect();
        assert!(crowd.seat("https://a.example", &other).is_none());
        let many: Vec<Seat> = (0..OF_BUYER - OF_RECEIVER)
            .map(|n| {
                crowd
                    .seat(&format!("https://b{n}.example"), &one)
                    .expect("room")
            })
            .collect();
        assert!(crowd.seat("https://c.example", &one).is_none());
        assert!(crowd.seat("https://c.example", &other).is_some());
        drop((hanging, many));
        assert!(crowd.counts().is_empty(), "nothing is remembered");
    }
}
