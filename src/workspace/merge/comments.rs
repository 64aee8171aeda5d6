//! The comments and blank lines around what is merged by key. They are merged line by line; where
//! both sides rewrote the same lines the adopter's stay, because a comment is no reason for markers.

use toml_edit::{Decor, RawString};

use super::{Merged, by_line};

/// Cuts a document behind the comment at its head: the lines up to the last blank one before the
/// first key or section. It belongs to the file and not to the entry below, which may be removed.
pub(super) fn split_head(text: &str) -> (&str, &str) {
    let mut head = 0;
    let mut seen = 0;
    for line in text.split_inclusive('\n') {
        let words = line.trim();
        if !words.is_empty() && !words.starts_with('#') {
            return text.split_at(head);
        }
        seen += line.len();
        if words.is_empty() {
            head = seen;
        }
    }
    (text, "")
}

/// Merges three texts of comments.
pub(super) fn merge_text(base: &str, ours: &str, theirs: &str) -> String {
    if base == ours {
        return theirs.to_owned();
    }
    match by_line(base.as_bytes(), ours.as_bytes(), theirs.as_bytes()) {
        // Lines of text, put together anew, are text.
        Merged::Clean(merged) => String::from_utf8(merged).unwrap_or_else(|_| ours.to_owned()),
        Merged::Conflict(_) => ours.to_owned(),
    }
}

/// Brings what stands around an entry of the adopter's to the merge of the three.
pub(super) fn merge_decor(base: &Decor, ours: &mut Decor, theirs: &Decor) {
    if text_of(base) == text_of(theirs) {
        return;
    }
    if text_of(base) == text_of(ours) {
        *ours = theirs.clone();
        return;
    }
    let (base, theirs) = (text_of(base), text_of(theirs));
    let (prefix, suffix) = text_of(ours);
    let prefix = merge_text(base.0, prefix, theirs.0);
    let suffix = merge_text(base.1, suffix, theirs.1);
    *ours = Decor::new(prefix, suffix);
}

/// What stands before and behind an entry.
pub(super) fn text_of(decor: &Decor) -> (&str, &str) {
    (raw(decor.prefix()), raw(decor.suffix()))
}

fn raw(text: Option<&RawString>) -> &str {
    text.and_then(RawString::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_head_ends_at_the_last_blank_line_before_the_first_entry() {
        assert_eq!(
            split_head("# a\n\n# b\nx = 1\n"),
            ("# a\n\n", "# b\nx = 1\n")
        );
        assert_eq!(
            split_head("# a\nx = 1\n\ny = 1\n"),
            ("", "# a\nx = 1\n\ny = 1\n")
        );
        assert_eq!(split_head("# a\n"), ("# a\n", ""));
        assert_eq!(split_head(""), ("", ""));
    }

    #[test]
    fn lines_of_both_sides_are_kept_and_the_adopters_win_a_clash() {
        assert_eq!(
            merge_text(
                "# a\n# b\n# c\n",
                "# mine\n# a\n# b\n# c\n",
                "# a\n# b\n# new\n"
            ),
            "# mine\n# a\n# b\n# new\n"
        );
        assert_eq!(merge_text("# a\n", "# mine\n", "# new\n"), "# mine\n");
    }
}
