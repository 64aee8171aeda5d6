//! Requests to addresses that a buyer has named: one client, behind one guard.

/// Which addresses may be reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reach {
    /// Public ones only.
    #[default]
    Public,
    /// This machine's own as well, for sandboxes.
    AndLoopback,
}
