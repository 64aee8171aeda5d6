//! Where the command line prints: standard output for what was asked, standard error for the rest.

use std::io::{self, Write};

/// The two streams, and how much fits into a line.
pub struct Console {
    /// What was asked for.
    pub out: Box<dyn Write + Send>,
    /// What went wrong, and hints.
    pub err: Box<dyn Write + Send>,
    /// Columns of the terminal; `None` when nobody counts them.
    pub width: Option<usize>,
}

impl Console {
    /// The streams of this process. Styles reach terminals only, and none where `NO_COLOR` is set.
    pub fn of_process() -> Self {
        Console {
            out: Box::new(anstream::AutoStream::auto(io::stdout())),
            err: Box::new(anstream::AutoStream::auto(io::stderr())),
            width: terminal_size::terminal_size().map(|(width, _)| usize::from(width.0)),
        }
    }

    /// Says what was asked for. A reader that has gone away is no fault.
    pub(super) fn say(&mut self, text: &str) {
        let _ = writeln!(self.out, "{}", text.trim_end()).and_then(|()| self.out.flush());
    }

    /// Says something beside it.
    pub(super) fn note(&mut self, text: &str) {
        let _ = writeln!(self.err, "{}", text.trim_end()).and_then(|()| self.err.flush());
    }
}

impl std::fmt::Debug for Console {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Console")
            .field("width", &self.width)
            .finish_non_exhaustive()
    }
}
