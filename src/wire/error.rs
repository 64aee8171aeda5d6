//! Why types could not be made from a line's schemas.

/// What stands in the way of emitting wire types.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// The line has no such tool.
    #[error("AdCP {line} has no tool {tool}; its tools are: {known}")]
    UnknownTool {
        /// The line.
        line: String,
        /// The tool asked for.
        tool: String,
        /// All tools of the line.
        known: String,
    },
    /// A schema uses a form that the passes can't bring into the small dialect.
    #[error("{place}: {reason}; {remedy}")]
    Undigestible {
        /// File and JSON Pointer, or the derived name of a schema inside a file.
        place: String,
        /// What is in the way.
        reason: String,
        /// What to do.
        remedy: String,
    },
    /// Two types or variants would get the same name.
    #[error(
        "{first} and {second} would both be named `{name}`; name one of them in names.toml under [{section}]"
    )]
    Collision {
        /// The name.
        name: String,
        /// Where it is taken.
        first: String,
        /// Where it is wanted too.
        second: String,
        /// The section of the map that can settle it.
        section: &'static str,
    },
    /// Two values of an enum would be the same variant.
    #[error("{place}: {}; {}", values(.name, .first, .second), values_remedy(.first, .second))]
    Values {
        /// File and JSON Pointer of the enum.
        place: String,
        /// The variant.
        name: String,
        /// The value that has it.
        first: String,
        /// The value that would have it too.
        second: String,
    },
    /// typify could not digest what the passes produced.
    #[error(
        "the type resolver refused the schemas of AdCP {line}: {reason}; please report this line and bundle"
    )]
    Resolver {
        /// The line.
        line: String,
        /// What it said, or that it panicked.
        reason: String,
    },
    /// The JSON of schemas or tools could not be written.
    #[error("cannot write {file}: {source}")]
    Json {
        /// The file of the wire crate.
        file: &'static str,
        /// What serde_json said.
        source: serde_json::Error,
    },
}

/// What is wrong with two values of an enum.
pub(super) fn values(name: &str, first: &str, second: &str) -> String {
    if first == second {
        format!("the value {first:?} is listed twice")
    } else {
        format!("the values {first:?} and {second:?} would both be the variant {name}")
    }
}

/// What to do about it.
pub(super) fn values_remedy(first: &str, second: &str) -> &'static str {
    if first == second {
        "remove one"
    } else {
        "rename one of the two"
    }
}
