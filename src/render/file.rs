//! What rendering hands to the workspace: a list of files with their zones, nothing more.

use serde::Serialize;

/// Who owns an emitted file. A path belongs to exactly one zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Zone {
    /// The tool writes it, always whole; a hand edit stops a run.
    Generated,
    /// The tool writes it once, then the adopter owns it; a run merges three ways.
    Seeded,
}

impl Zone {
    /// The word used in folder names, in the lock and in messages.
    pub fn word(self) -> &'static str {
        match self {
            Zone::Generated => "generated",
            Zone::Seeded => "seeded",
        }
    }

    /// The zone that [`Zone::word`] names.
    pub fn from_word(word: &str) -> Option<Zone> {
        [Zone::Generated, Zone::Seeded]
            .into_iter()
            .find(|zone| zone.word() == word)
    }
}

/// One emitted file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenderedFile {
    /// Separated by `/`, below the seller's folder; checked by the workspace before it is used.
    pub path: String,
    /// Who owns the file.
    pub zone: Zone,
    /// UTF-8 with line feeds only.
    pub contents: String,
    /// Whether a newly written file gets the executable bit.
    pub executable: bool,
}
