//! Three-way merge of one seeded file: stored base, the adopter's text, the new render. TOML is
//! merged by key, because everybody adds a dependency next to the line where the template adds
//! one; all other text by line. Nothing here reads or writes.

mod toml;
mod records;
mod comments;
mod meaning;

use std::path::Path;

use diffy::{IncompleteHunkStyle, MergeOptions};

use super::text::{with_line_ends_of, with_line_feeds};

/// What became of a merge.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Merged {
    /// Both sides' changes fit.
    Clean(Vec<u8>),
    /// They do not fit everywhere; the text holds diff3 markers where they clash.
    Conflict(Vec<u8>),
}

/// Merges what `ours` and `theirs` each changed in `base`. The result has the line ends of `ours`.
pub(super) fn merge(path: &str, base: &[u8], ours: &[u8], theirs: &[u8]) -> Merged {
    let text = with_line_feeds(ours);
    let by_key = (Path::new(path)
        .extension()
        .is_some_and(|ending| ending == "toml"))
    .then(|| toml::merge(base, &text, theirs))
    .flatten();
    match by_key.unwrap_or_else(|| by_line(base, &text, theirs)) {
        Merged::Clean(merged) => Merged::Clean(with_line_ends_of(ours, merged)),
        Merged::Conflict(merged) => Merged::Conflict(with_line_ends_of(ours, merged)),
    }
}

/// Merges line by line. Works on bytes, so that one line of Latin-1 in an adopter's file does no harm.
fn by_line(base: &[u8], ours: &[u8], theirs: &[u8]) -> Merged {
    let mut options = MergeOptions::new();
    options.set_incomplete_hunk_style(IncompleteHunkStyle::Git);
    match options.merge_bytes(base, ours, theirs) {
        Ok(merged) => Merged::Clean(merged),
        Err(marked) => Merged::Conflict(with_our_labels(&marked)),
    }
}

/// Says on the markers whose text is whose; diffy's own words name no tool.
fn with_our_labels(marked: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(marked.len() + 64);
    for line in marked.split_inclusive(|byte| *byte == b'\n') {
        text.extend_from_slice(match line {
            b"<<<<<<< ours\n" => b"<<<<<<< yours\n",
            b"||||||| original\n" => b"||||||| as generated before\n",
            b">>>>>>> theirs\n" => b">>>>>>> as generated now\n",
            other => other,
        });
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::text::conflict_line;

    #[test]
    fn both_sides_changes_are_kept_by_line() {
        let merged = merge(
            "a.rs",
            b"1\n2\n3\n4\n5\n",
            b"0\n1\n2\n3\n4\n5\n",
            b"1\n2\n3\n4\nfive\n",
        );
        assert_eq!(merged, Merged::Clean(b"0\n1\n2\n3\n4\nfive\n".to_vec()));
    }

    #[test]
    fn a_clash_is_marked_with_all_three_texts() {
        let Merged::Conflict(text) = merge("a.rs", b"a\nb\nc\n", b"a\nmine\nc\n", b"a\nnew\nc\n")
        else {
            panic!("must clash");
        };
        let expected = "a\n<<<<<<< yours\nmine\n||||||| as generated before\nb\n=======\nnew\n>>>>>>> as generated now\nc\n";
        assert_eq!(String::from_utf8_lossy(&text), expected);
        assert_eq!(conflict_line(&text), Some(2));
    }

    #[test]
    fn a_last_line_without_line_end_still_gets_markers_of_their_own() {
        let Merged::Conflict(text) = merge("a.rs", b"a", b"mine", b"new") else {
            panic!("must clash");
        };
        assert_eq!(conflict_line(&text), Some(1));
    }

    #[test]
    fn carriage_returns_and_foreign_encodings_survive() {
        let merged = merge(
            "a.txt",
            b"1\n2\n3\n4\n",
            b"\xe9\r\n1\r\n2\r\n3\r\n4\r\n",
            b"1\n2\n3\nfour\n",
        );
        assert_eq!(
            merged,
            Merged::Clean(b"\xe9\r\n1\r\n2\r\n3\r\nfour\r\n".to_vec())
        );
    }

    #[test]
    fn toml_that_does_not_parse_is_merged_by_line() {
        let merged = merge(
            "a.toml",
            b"a = 1\nb\nc = 1\n",
            b"a = 2\nb\nc = 1\n",
            b"a = 1\nb\nc = 2\n",
        );
        assert_eq!(merged, Merged::Clean(b"a = 2\nb\nc = 2\n".to_vec()));
    }
}
