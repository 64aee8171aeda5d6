//! How far the client may go.

/// Which addresses may be reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reach {
    /// Public ones only.
    #[default]
    Public,
    /// This machine's own as well, for sandboxes. They may be spoken to without TLS.
    AndLoopback,
}
