//! Random sequences of what buyers, ad servers, people and time do, compared with a model after
//! every step, on memory and on SQLite.

mod run;
mod moves;

use std::sync::Arc;

use adcp_seller::store::SharedStore;
use adcp_seller::store::memory::MemoryStore;
use adcp_seller::store::sqlite::SqliteStore;
use proptest::prelude::*;

use super::process::rounds;
use super::unhurried::Unhurried;
use run::Run;

/// How many of the names are used at a time, so that they meet.
const NAMES: usize = 3;

/// How the ad server takes it.
#[derive(Clone, Copy, Debug, PartialEq)]
enum How {
    Done,
    Refused,
    /// Its answer is lost.
    Unknown,
    /// It goes on as a task.
    Later,
}

#[derive(Clone, Debug)]
enum Step {
    Brief {
        account: usize,
        name: usize,
        banner: u8,
    },
    Refine {
        account: usize,
        which: prop::sample::Index,
    },
    Finalize {
        account: usize,
        which: prop::sample::Index,
        how: How,
    },
    Accept {
        account: usize,
        which: prop::sample::Index,
        how: How,
    },
    /// An earlier accept, sent once more.
    Again {
        which: prop::sample::Index,
    },
    Decide {
        which: prop::sample::Index,
        approved: bool,
    },
    Wait {
        minutes: i64,
    },
}

fn how() -> impl Strategy<Value = How> {
    prop_oneof![4 => Just(How::Done), 1 => Just(How::Refused), 1 => Just(How::Unknown), 1 => Just(How::Later)]
}

/// Mostly the first account, so that its proposals get somewhere.
fn who() -> impl Strategy<Value = usize> {
    prop_oneof![6 => Just(0), 1 => Just(1_usize), 1 => Just(2_usize)]
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let which = any::<prop::sample::Index>;
    let step = prop_oneof![
        4 => (who(), 0..NAMES, prop::sample::select(vec![30_u8, 60, 90]))
            .prop_map(|(account, name, banner)| Step::Brief { account, name, banner }),
        2 => (who(), which()).prop_map(|(account, which)| Step::Refine { account, which }),
        6 => (who(), which(), how())
            .prop_map(|(account, which, how)| Step::Finalize { account, which, how }),
        6 => (who(), which(), how())
            .prop_map(|(account, which, how)| Step::Accept { account, which, how }),
        2 => which().prop_map(|which| Step::Again { which }),
        4 => (which(), prop::bool::weighted(0.7))
            .prop_map(|(which, approved)| Step::Decide { which, approved }),
        3 => prop::sample::select(vec![10_i64, 60, 700, 1439, 1441, 1442, 4321, 12_000])
            .prop_map(|minutes| Step::Wait { minutes }),
    ];
    prop::collection::vec(step, 1..40)
}

/// Runs sequences against new sellers. Time stands still and jumps whenever nothing is left to do.
fn compare(cases: usize, approval: bool, sqlite: bool) {
    let config = ProptestConfig {
        cases: u32::try_from(rounds("LEDGER_CASES", cases)).expect("a number"),
        max_shrink_iters: 60,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    proptest!(config, |(steps in steps())| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .expect("a runtime");
        runtime.block_on(async {
            let folder = tempfile::tempdir().expect("a folder");
            let store: SharedStore = if sqlite {
                let file = folder.path().join("seller.db");
                let store = SqliteStore::open(file).expect("the file opens");
                Arc::new(Unhurried(Arc::new(store)))
            } else {
                Arc::new(MemoryStore::new())
            };
            let mut run = Run::over(store, folder.path(), approval).await;
            for step in &steps {
                run.step(step).await;
            }
            run.wait(900).await;
            run.check();
        });
    });
}

#[test]
fn any_sequence_agrees_with_the_model_in_memory() {
    compare(40, false, false);
}

#[test]
fn any_sequence_agrees_with_the_model_on_sqlite() {
    compare(6, false, true);
}

#[test]
fn any_sequence_with_people_in_it_agrees_with_the_model_in_memory() {
    compare(40, true, false);
}

#[test]
fn any_sequence_with_people_in_it_agrees_with_the_model_on_sqlite() {
    compare(6, true, true);
}
