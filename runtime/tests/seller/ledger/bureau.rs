//! A seller's ad server that outlives its processes: a file beside the store, in which every
//! booking and every hold is a line. What two processes do, or one that is killed, is counted there.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use adcp_seller::domain::{Booking, Finalized, MediaBuy, ToFinalize};
use adcp_seller::platform::{Answer, Context, Outcome, Platform, Products};
use serde_json::{Value, json};

use crate::support::planner::{offer, plan};

/// Proposals whose name begins so are finalized and booked as tasks.
pub(super) const AS_TASKS: &str = "slow";

/// The adapter of that ad server. Like a real one it knows an order by the operation id.
#[derive(Clone, Debug)]
pub(super) struct Bureau {
    book: PathBuf,
    pause: Duration,
}

/// What reached the ad server: operation ids by proposal.
#[derive(Debug, Default)]
pub(super) struct Book {
    pub(super) holds: BTreeMap<String, BTreeSet<String>>,
    pub(super) orders: BTreeMap<String, BTreeSet<String>>,
    /// How often each operation arrived.
    pub(super) arrivals: BTreeMap<String, usize>,
}

impl Bureau {
    /// The bureau whose book lies beside a store's file. It takes `pause` over everything.
    pub(super) fn beside(store: &Path, pause: Duration) -> Self {
        Bureau {
            book: store.with_extension("book"),
            pause,
        }
    }

    /// What has reached it so far, from whichever process.
    pub(super) fn read(&self) -> Book {
        let mut book = Book::default();
        for line in fs::read_to_string(&self.book).unwrap_or_default().lines() {
            let mut words = line.split(' ').map(str::to_owned);
            let (Some(what), Some(operation), Some(proposal)) =
                (words.next(), words.next(), words.next())
            else {
                panic!("a line of the book is torn: {line:?}");
            };
            let side = match what.as_str() {
                "hold" => &mut book.holds,
                "order" => &mut book.orders,
                _ => panic!("a line of the book is torn: {line:?}"),
            };
            side.entry(proposal).or_default().insert(operation.clone());
            *book.arrivals.entry(operation).or_default() += 1;
        }
        book
    }

    /// One line, in one write, so that neither another process nor a kill can tear it.
    fn write(&self, what: &str, operation_id: &str, proposal_id: &str) {
        OpenOptions::new()
            .create(true)
            .append(true)
            .open(&self.book)
            .and_then(|mut book| {
                book.write_all(format!("{what} {operation_id} {proposal_id}\n").as_bytes())
            })
            .expect("the book can be written");
    }

    /// Does a piece of work: at once, or, for what is slow, in two turns of a task.
    async fn work<T>(
        &self,
        context: &Context,
        what: &str,
        proposal_id: &str,
        done: T,
    ) -> Outcome<T> {
        let begun = context
            .work
            .as_ref()
            .is_some_and(|work| work.state.is_some());
        if !begun {
            self.write(what, &context.operation_id, proposal_id);
        }
        tokio::time::sleep(self.pause).await;
        if proposal_id.starts_with(AS_TASKS) && !begun {
            return context
                .hand_off("the ad server is at it")
                .again_in(Duration::from_secs(1))
                .state(json!({ "begun": true }))
                .into();
        }
        Outcome::Done(done)
    }
}

impl Platform for Bureau {
    /// Offers one proposal, which is called as the brief says.
    fn get_products<'a>(
        &'a self,
        context: &'a Context,
        request: Value,
    ) -> Answer<'a, Outcome<Products>> {
        Box::pin(async move {
            let name = request["brief"].as_str().unwrap_or_default();
            Ok(Outcome::Done(offer(
                context,
                &request,
                vec![plan(name, 60.0)],
            )))
        })
    }

    fn finalize<'a>(
        &'a self,
        context: &'a Context,
        draft: ToFinalize,
    ) -> Answer<'a, Outcome<Finalized>> {
        Box::pin(async move {
            let proposal_id = draft.proposal["proposal_id"]
                .as_str()
                .unwrap_or_default()
                .to_owned();
            let firm = Finalized::new(draft.proposal, draft.hold_until);
            Ok(self.work(context, "hold", &proposal_id, firm).await)
        })
    }

    fn create_media_buy<'a>(
        &'a self,
        context: &'a Context,
        _request: Value,
        buy: &'a MediaBuy,
    ) -> Answer<'a, Outcome<Booking>> {
        Box::pin(async move {
            let proposal_id = buy.proposal_id.clone().unwrap_or_default();
            Ok(self
                .work(context, "order", &proposal_id, Booking::default())
                .await)
        })
    }
}
