//! Resolvers that say what a test wants, and count how often they are asked.

use std::collections::VecDeque;
use std::future;
use std::io;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use adcp_seller::outbound::{Addresses, Lookup};

/// Answers in turn; the last one is repeated. An empty list stands for a name without addresses.
#[derive(Clone)]
pub(crate) struct Names {
    answers: Arc<Mutex<VecDeque<Vec<IpAddr>>>>,
    asked: Arc<AtomicUsize>,
}

impl Names {
    pub(crate) fn always(answer: Vec<IpAddr>) -> Self {
        Self::in_turn([answer])
    }

    pub(crate) fn in_turn(answers: impl IntoIterator<Item = Vec<IpAddr>>) -> Self {
        Names {
            answers: Arc::new(Mutex::new(answers.into_iter().collect())),
            asked: Arc::default(),
        }
    }

    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

impl Lookup for Names {
    fn lookup(&self, _: &str) -> Addresses {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let mut answers = self.answers.lock().expect("no test panicked here");
        let answer = match answers.len() {
            1 => answers[0].clone(),
            _ => answers.pop_front().expect("an answer"),
        };
        Box::pin(future::ready(match answer.is_empty() {
            true => Err(io::Error::other("no such name")),
            false => Ok(answer),
        }))
    }
}

/// Never answers for names that start with `slow`, and says `answer` for all others.
pub(crate) struct Sluggish {
    pub(crate) answer: Vec<IpAddr>,
}

impl Lookup for Sluggish {
    fn lookup(&self, name: &str) -> Addresses {
        match name.starts_with("slow") {
            true => Box::pin(future::pending()),
            false => Box::pin(future::ready(Ok(self.answer.clone()))),
        }
    }
}

/// Knows one address for each name `<number>.buyer.example`.
pub(crate) struct Numbered(pub(crate) Vec<IpAddr>);

impl Lookup for Numbered {
    fn lookup(&self, name: &str) -> Addresses {
        let number = name.split('.').next().and_then(|label| label.parse().ok());
        let found = number.and_then(|number: usize| self.0.get(number).copied());
        let found = found.ok_or_else(|| io::Error::other("no such name"));
        Box::pin(future::ready(found.map(|address| vec![address])))
    }
}

pub(crate) fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address")
}
