//! Nearest words and lists of words for messages.

/// The candidate that a mistyped word most likely meant, if one is near enough.
///
/// Case, `_` against `-` and spaces never count as a difference, since those are the slips that
/// people make with wire names. Beyond that a word has to share most of its letters.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let plain = fold(word);
    candidates
        .into_iter()
        .map(|candidate| {
            (
                strsim::damerau_levenshtein(&plain, &fold(candidate)),
                candidate,
            )
        })
        .filter(|(distance, candidate)| *distance * 3 <= candidate.chars().count().max(3))
        // Of two that are equally near, a slip of one letter for another is likelier.
        .min_by_key(|(distance, candidate)| {
            (
                *distance,
                candidate.chars().count().abs_diff(word.chars().count()),
            )
        })
        .map(|(_, candidate)| candidate)
}

/// `did you mean `x`?`, when something is near enough.
pub fn did_you_mean<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    nearest(word, candidates).map(|near| format!("did you mean `{near}`?"))
}

/// `` `a`, `b` and `c` ``.
pub fn list<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let quoted: Vec<String> = words.into_iter().map(|word| format!("`{word}`")).collect();
    match quoted.as_slice() {
        [] => "nothing".to_owned(),
        [only] => only.clone(),
        [rest @ .., last] => format!("{} and {last}", rest.join(", ")),
    }
}

fn fold(word: &str) -> String {
    // A kilobyte of garbage has no nearest word, and the distance is quadratic.
    word.chars()
        .take(64)
        .flat_map(char::to_lowercase)
        .map(|letter| {
            if letter == '_' || letter == ' ' {
                '-'
            } else {
                letter
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_words_are_found_and_far_ones_are_not() {
        let words = ["sales-guaranteed", "sales-non-guaranteed", "sales-social"];
        assert_eq!(
            nearest("sales_non_guaranteed", words),
            Some("sales-non-guaranteed")
        );
        assert_eq!(nearest("Sales Social", words), Some("sales-social"));
        assert_eq!(nearest("sales-garanteed", words), Some("sales-guaranteed"));
        assert_eq!(nearest("banana", words), None);
        assert_eq!(nearest("cmp", ["cpm", "cpc"]), Some("cpm"));
        assert_eq!(nearest("cpcw", ["cpm", "cpc", "cpcv"]), Some("cpcv"));
        assert_eq!(nearest("x", ["cpm", "cpc"]), None);
    }

    #[test]
    fn lists_read_like_sentences() {
        assert_eq!(list(["a"]), "`a`");
        assert_eq!(list(["a", "b"]), "`a` and `b`");
        assert_eq!(list(["a", "b", "c"]), "`a`, `b` and `c`");
    }
}
