//! What the seller logs, at its most talkative, as one test hears it.
//!
//! One subscriber listens to the whole process, and writes down only what is said on threads that
//! listen: a subscriber of one thread misses events that another thread came upon first.

use std::cell::RefCell;
use std::io;
use std::sync::Once;

use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::dynamic_filter_fn;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;

thread_local! {
    static HEARD: RefCell<Option<Vec<u8>>> = const { RefCell::new(None) };
}

/// Hears what is logged on the thread of its test, until it is dropped.
pub(crate) struct Ear(());

impl Ear {
    pub(crate) fn open() -> Self {
        static LISTENING: Once = Once::new();
        LISTENING.call_once(|| {
            let layer = tracing_subscriber::fmt::layer()
                .json()
                .with_writer(Here)
                .with_filter(dynamic_filter_fn(|_, _| {
                    HEARD.with_borrow(|heard| heard.is_some())
                }));
            let all = tracing_subscriber::registry().with(layer);
            tracing::subscriber::set_global_default(all).expect("nobody else listens");
        });
        HEARD.set(Some(Vec::new()));
        Ear(())
    }

    /// What was logged since this was last asked, one JSON object a line.
    pub(crate) fn take(&self) -> String {
        let heard = HEARD.replace(Some(Vec::new()));
        String::from_utf8(heard.expect("it listens")).expect("UTF-8")
    }
}

impl Drop for Ear {
    fn drop(&mut self) {
        HEARD.set(None);
    }
}

/// Writes to what the present thread hears.
struct Here;

impl io::Write for Here {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        HEARD.with_borrow_mut(|heard| heard.iter_mut().for_each(|heard| heard.extend(bytes)));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Here {
    type Writer = Here;

    fn make_writer(&self) -> Here {
        Here
    }
}
