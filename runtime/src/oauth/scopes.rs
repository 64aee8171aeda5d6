//! From the scopes of a token to the tools that it opens, and back.

use crate::identity::Rights;

/// What each scope lets a caller do.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Scopes(&'static [(&'static str, &'static [&'static str])]);

impl Scopes {
    pub(crate) fn new(scopes: &'static [(&'static str, &'static [&'static str])]) -> Self {
        Scopes(scopes)
    }

    /// Whether scopes say nothing here, so that every good token opens everything.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Every scope, as the manifest lists them.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.0.iter().map(|(name, _)| *name)
    }

    /// What these scopes open.
    pub(crate) fn rights<'s>(&self, granted: impl Iterator<Item = &'s str>) -> Rights {
        if self.is_empty() {
            return Rights::Everything;
        }
        Rights::only(granted.flat_map(|granted| {
            self.0
                .iter()
                .filter(move |(name, _)| *name == granted)
                .flat_map(|(_, tools)| tools.iter().copied())
        }))
    }

    /// The scopes any of which would open a tool.
    pub(crate) fn opening(&self, tool: &str) -> Vec<&'static str> {
        self.0
            .iter()
            .filter(|(_, tools)| tools.contains(&tool))
            .map(|(name, _)| *name)
            .collect()
    }
}
