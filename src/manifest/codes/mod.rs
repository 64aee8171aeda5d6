//! Every finding about a manifest, in one table: code, title, explanation, examples.
//!
//! Codes are stable: a code is never reused for something else, and a retired one stays retired.
//! The examples are whole manifests; a test runs each through the same checks as a user's.

mod table;

pub use table::CODES;

/// Whether a finding stops the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The manifest can't be used.
    Error,
    /// It can, and its owner should know.
    Warning,
}

/// What `adcp-scaffold explain CODE` prints.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// Which one it is.
    pub code: Code,
    /// The code as printed: `M0007`.
    pub id: &'static str,
    /// Whether it stops the work.
    pub severity: Severity,
    /// A few words.
    pub title: &'static str,
    /// Some sentences: why the rule exists.
    pub explanation: &'static str,
    /// A manifest that breaks the rule; `None` when it takes more than a text to show it.
    pub wrong: Option<&'static str>,
    /// A manifest that keeps it.
    pub right: &'static str,
}

/// The rules that a manifest can break, in the order of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// `M0001`: not valid TOML.
    Syntax,
    /// `M0002`: not UTF-8 text.
    NotUtf8,
    /// `M0003`: manifest too large.
    TooLarge,
    /// `M0004`: unknown key.
    UnknownKey,
    /// `M0005`: wrong type of value.
    WrongType,
    /// `M0006`: missing key.
    MissingKey,
    /// `M0007`: unknown word.
    UnknownWord,
    /// `M0008`: not generated yet.
    NotGenerated,
    /// `M0009`: the same word twice.
    Duplicate,
    /// `M0010`: empty list.
    EmptyList,
    /// `M0011`: not a usable name.
    Name,
    /// `M0012`: name already taken.
    ReservedName,
    /// `M0013`: not a usable URL.
    Url,
    /// `M0014`: URL with a path.
    UrlPath,
    /// `M0015`: plain http outside this machine.
    PlainHttp,
    /// `M0016`: unknown AdCP line.
    UnknownLine,
    /// `M0017`: auction price on guaranteed products.
    AuctionOnGuaranteed,
    /// `M0018`: one account for several tenants.
    SingletonWithTenants,
    /// `M0019`: not a span of time.
    Duration,
    /// `M0020`: retention outside what AdCP allows.
    RetentionRange,
    /// `M0021`: contradictory origin of the runtime.
    RuntimeOrigins,
    /// `M0022`: unusable origin of the runtime.
    RuntimeValue,
    /// `M0023`: unusable path of the database.
    StorePath,
    /// `M0024`: memory store is for development.
    MemoryStore,
    /// `M0025`: tools that the AdCP line lacks.
    LineLacksTools,
    /// `M0026`: no runtime crate there.
    RuntimeAbsent,
    /// `M0027`: less than the storyboards of proposals ask for.
    ProposalStoryboards,
    /// `M0028`: approval of what never happens.
    NeedsFinalize,
    /// `M0029`: span of time out of bounds.
    SpanRange,
    /// `M0030`: span of time that nothing uses.
    SpanUnused,
    /// `M0031`: finalized proposals in memory.
    FinalizeInMemory,
    /// `M0032`: no recipe, or two of them.
    RecipeOrigins,
    /// `M0033`: not a usable kind of recipe.
    RecipeKind,
    /// `M0034`: unusable path of a recipe's schema.
    RecipePath,
    /// `M0035`: recipe's schema can't be read.
    RecipeFile,
    /// `M0036`: unusable schema of a recipe.
    RecipeSchema,
    /// `M0037`: grace that outlasts the hold.
    GraceOutlastsHold,
    /// `M0038`: recipes to be filled in by hand.
    RecipeSample,
    /// `M0039`: tool that the seller does not offer.
    ToolNotOffered,
    /// `M0040`: not a usable issuer.
    Issuer,
    /// `M0041`: not a usable audience.
    Audience,
    /// `M0042`: audience that nobody knows yet.
    AudienceUnknown,
    /// `M0043`: not a usable scope.
    Scope,
    /// `M0044`: not a size.
    Size,
    /// `M0045`: size out of bounds.
    SizeRange,
    /// `M0046`: number out of bounds.
    CountRange,
    /// `M0047`: signatures asked for and never verified.
    SigningOff,
    /// `M0048`: signature required and let pass at once.
    SignatureTwice,
    /// `M0049`: signature on what tells about signatures.
    SignedDiscovery,
    /// `M0050`: digest policy that the line has given up.
    DigestOfLine,
}

impl Code {
    /// Its row of the table.
    pub fn entry(self) -> &'static Entry {
        &CODES[self as usize]
    }

    /// The code as printed: `M0007`.
    pub fn id(self) -> &'static str {
        self.entry().id
    }
}

/// The row of a code as typed, in any case, with or without the leading `M` and zeros.
pub fn find(typed: &str) -> Option<&'static Entry> {
    let number = typed
        .trim()
        .trim_start_matches(['m', 'M'])
        .parse::<u16>()
        .ok()?;
    CODES
        .iter()
        .find(|entry| entry.id == format!("M{number:04}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_the_codes() {
        for (at, entry) in CODES.iter().enumerate() {
            assert_eq!(entry.code as usize, at, "{}", entry.id);
            assert_eq!(entry.id, format!("M{:04}", at + 1));
        }
    }

    #[test]
    fn codes_are_found_as_people_type_them() {
        for typed in ["M0007", "m0007", " m7 ", "7"] {
            assert_eq!(
                find(typed).map(|entry| entry.code),
                Some(Code::UnknownWord),
                "{typed}"
            );
        }
        assert!(find("M9999").is_none());
        assert!(find("seven").is_none());
    }
}
