//! What a buyer's plain words want done to a plan.
//!
//! A handful of patterns, each clause on its own. What fits none of them is left to a person, never
//! guessed at.

/// One thing to do to a plan. Names are the buyer's words for products; shares are in hundredths of
/// a per cent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// These get so much of the budget.
    Set { what: String, share: u32 },
    /// So many points go from these to those.
    Take {
        share: u32,
        from: String,
        to: String,
    },
    /// These get so many points more, or fewer.
    Change { what: String, by: i64 },
    /// More for these, or less, without a number.
    Some { what: String, more: bool },
    /// These are left out, and what they had goes to those, or to all others.
    Drop { what: String, to: Option<String> },
    /// Everybody gets the same.
    Even,
    /// The budget as a whole grows or shrinks by so much.
    Total { by: i64 },
}

/// A clause, and what it wants; `None` when that is not plain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wish {
    pub(super) words: String,
    pub(super) step: Option<Step>,
}

/// So many clauses are read.
const MOST: usize = 20;

const DROP: [&str; 6] = ["drop", "remove", "exclude", "omit", "without", "skip"];
const MOVE: [&str; 12] = [
    "shift",
    "move",
    "reallocate",
    "redistribute",
    "allocate",
    "put",
    "set",
    "give",
    "make",
    "spend",
    "bring",
    "assign",
];
const MORE: [&str; 5] = ["increase", "raise", "grow", "boost", "more"];
const LESS: [&str; 6] = ["decrease", "reduce", "cut", "lower", "shrink", "less"];
const SPLIT: [&str; 5] = ["split", "spread", "balance", "distribute", "divide"];
const EVENLY: [&str; 3] = ["evenly", "equally", "even"];
const TOWARDS: [&str; 7] = ["to", "toward", "towards", "into", "on", "for", "in"];
/// Words that name the budget rather than a product.
const TOTAL: [&str; 4] = ["total", "overall", "whole", "everything"];
/// Words that say nothing about which product is meant.
const FILLERS: [&str; 26] = [
    "the",
    "a",
    "an",
    "of",
    "that",
    "this",
    "these",
    "those",
    "our",
    "my",
    "your",
    "it",
    "its",
    "product",
    "products",
    "budget",
    "spend",
    "share",
    "allocation",
    "allocations",
    "money",
    "inventory",
    "all",
    "please",
    "by",
    "with",
];

/// Reads a wish, clause by clause.
pub(super) fn read(ask: &str) -> Vec<Wish> {
    let mut wishes: Vec<Wish> = Vec::new();
    for clause in clauses(ask) {
        let step = step(&clause);
        // "Drop A and redistribute that budget to B" is one thing to do.
        if clause
            .first()
            .is_some_and(|word| word == "redistribute" || word == "give" || word == "move")
            && let Some(Step::Some { what, more: true }) = &step
            && let Some(Wish {
                step: Some(Step::Drop { to: to @ None, .. }),
                words,
            }) = wishes.last_mut()
        {
            *to = Some(what.clone());
            words.push(' ');
            words.push_str(&clause.join(" "));
            continue;
        }
        wishes.push(Wish {
            words: clause.join(" "),
            step,
        });
    }
    wishes.truncate(MOST);
    wishes
}

/// The clauses of a text, as lower-case words. A sentence or a line ends one; so does a comma or an
/// `and` behind which something new is said.
fn clauses(ask: &str) -> Vec<Vec<String>> {
    ask.lines().flat_map(clauses_of_line).collect()
}

fn clauses_of_line(line: &str) -> Vec<Vec<String>> {
    let begins = |word: &str| is_verb(word) || percent(word).is_some();
    let mut clauses: Vec<Vec<String>> = vec![Vec::new()];
    let mut ended = false;
    let mut words = line.split_whitespace().peekable();
    while let Some(raw) = words.next() {
        let word = bare(raw);
        let next = words.peek().map(|next| bare(next));
        let goes_on = next
            .as_deref()
            .is_some_and(|next| begins(next) || next == "then");
        let joins = matches!(word.as_str(), "and" | "then" | "but" | "while");
        if joins && goes_on {
            ended = true;
        } else if let ("percent" | "pct", Some(number)) = (
            word.as_str(),
            clauses.last_mut().and_then(|clause| clause.last_mut()),
        ) {
            number.push('%');
        } else if !word.is_empty() {
            if std::mem::take(&mut ended) {
                clauses.push(Vec::new());
            }
            if let Some(clause) = clauses.last_mut() {
                clause.push(word);
            }
        }
        ended |= raw.ends_with(['.', ';', '!', '?']) || (raw.ends_with(',') && goes_on);
    }
    clauses.retain(|clause| !clause.is_empty());
    clauses
}

/// A word without what surrounds it, in lower case.
fn bare(raw: &str) -> String {
    raw.trim_matches(|letter: char| !letter.is_alphanumeric() && letter != '%')
        .to_lowercase()
}

fn is_verb(word: &str) -> bool {
    [&DROP[..], &MOVE, &MORE, &LESS, &SPLIT]
        .iter()
        .any(|verbs| verbs.contains(&word))
}

/// A number of per cent, in hundredths: `12.5%`. None beyond the whole.
fn percent(word: &str) -> Option<u32> {
    let number: f64 = word.strip_suffix('%')?.parse().ok()?;
    (0.0..=100.0)
        .contains(&number)
        .then(|| (number * 100.0).round() as u32)
}

fn step(clause: &[String]) -> Option<Step> {
    if clause
        .iter()
        .any(|word| word.contains('%') && percent(word).is_none())
    {
        return None;
    }
    let verb_at = clause.iter().position(|word| is_verb(word));
    // "60% video" needs no verb.
    let Some(verb_at) = verb_at.filter(|at| *at <= 4) else {
        let share = percent(clause.first()?)?;
        return Some(Step::Set {
            what: name(&clause[1..])?,
            share,
        });
    };
    let verb = clause[verb_at].as_str();
    let rest = &clause[verb_at + 1..];
    let spoken = |words: &[&str]| rest.iter().position(|word| words.contains(&word.as_str()));
    let share = rest
        .iter()
        .enumerate()
        .find_map(|(at, word)| Some((at, percent(word)?)));
    if rest.iter().any(|word| EVENLY.contains(&word.as_str())) {
        return Some(Step::Even);
    }
    if DROP.contains(&verb) {
        let to = rest.iter().position(|word| word == "for");
        let what = name(&rest[..to.unwrap_or(rest.len())])?;
        return Some(Step::Drop { what, to: None });
    }
    if MORE.contains(&verb) || LESS.contains(&verb) {
        return change(rest, share, MORE.contains(&verb));
    }
    let (from, to) = (spoken(&["from"]), spoken(&TOWARDS));
    match (share, from, to) {
        (Some((_, share)), Some(from), Some(to)) => {
            let end = |start: usize, other: usize| if other > start { other } else { rest.len() };
            Some(Step::Take {
                share,
                from: name(&rest[from + 1..end(from, to)])?,
                to: name(&rest[to + 1..end(to, from)])?,
            })
        }
        (Some((at, share)), None, Some(to)) if at > to => Some(Step::Set {
            what: name(&rest[..to])?,
            share,
        }),
        (Some((_, share)), None, Some(to)) => Some(Step::Set {
            what: name(&rest[to + 1..])?,
            share,
        }),
        (Some((at, share)), None, None) => {
            let others: Vec<String> = [&rest[..at], &rest[at + 1..]].concat();
            Some(Step::Set {
                what: name(&others)?,
                share,
            })
        }
        (None, None, Some(to)) => Some(Step::Some {
            what: name(&rest[to + 1..])?,
            more: true,
        }),
        _ => None,
    }
}

/// "Increase A by N%", "reduce total by N%", "raise A to N%", "more A".
fn change(rest: &[String], share: Option<(usize, u32)>, more: bool) -> Option<Step> {
    let Some((at, share)) = share else {
        return Some(Step::Some {
            what: name(rest)?,
            more,
        });
    };
    let before = &rest[..at];
    if before.last().is_some_and(|word| word == "to") {
        return Some(Step::Set {
            what: name(&before[..before.len() - 1])?,
            share,
        });
    }
    let by = if more {
        i64::from(share)
    } else {
        -i64::from(share)
    };
    let others: Vec<String> = [before, &rest[at + 1..]].concat();
    match name(&others) {
        Some(what) if !TOTAL.contains(&what.as_str()) => Some(Step::Change { what, by }),
        _ => Some(Step::Total { by }),
    }
}

/// The words that name a product; `None` when there are none.
fn name(words: &[String]) -> Option<String> {
    let telling: Vec<&str> = words
        .iter()
        .map(String::as_str)
        .filter(|word| !FILLERS.contains(word) && !MORE.contains(word) && percent(word).is_none())
        .collect();
    (!telling.is_empty()).then(|| telling.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(ask: &str) -> Vec<Option<Step>> {
        read(ask).into_iter().map(|wish| wish.step).collect()
    }

    fn set(what: &str, share: u32) -> Option<Step> {
        let what = what.to_owned();
        Some(Step::Set { what, share })
    }

    fn some(what: &str, more: bool) -> Option<Step> {
        let what = what.to_owned();
        Some(Step::Some { what, more })
    }

    #[test]
    fn shares_are_read_in_many_words() {
        for ask in [
            "Shift 60% of budget to CTV.",
            "please set CTV to 60%",
            "60% CTV",
            "60 percent CTV",
            "give CTV 60%",
            "Increase the CTV share to 60%!",
            "Could you allocate 60% of the total spend for CTV?",
        ] {
            assert_eq!(steps(ask), [set("ctv", 6000)], "{ask}");
        }
        assert_eq!(
            steps("12.5% video, 40% display and 47.5% connected TV"),
            [
                set("video", 1250),
                set("display", 4000),
                set("connected tv", 4750)
            ]
        );
    }

    #[test]
    fn what_is_dropped_may_go_somewhere() {
        let drop = |to: Option<&str>| {
            Some(Step::Drop {
                what: "display".to_owned(),
                to: to.map(str::to_owned),
            })
        };
        assert_eq!(
            steps("Drop the display product and redistribute that budget to video."),
            [drop(Some("video"))]
        );
        assert_eq!(steps("Remove display"), [drop(None)]);
        assert_eq!(
            steps("drop display\n60% video"),
            [drop(None), set("video", 6000)]
        );
    }

    #[test]
    fn points_and_totals_are_told_apart() {
        assert_eq!(
            steps("reduce total by 10%"),
            [Some(Step::Total { by: -1000 })]
        );
        assert_eq!(
            steps("Increase the budget by 5%"),
            [Some(Step::Total { by: 500 })]
        );
        assert_eq!(
            steps("cut display by 10%"),
            [Some(Step::Change {
                what: "display".to_owned(),
                by: -1000
            })]
        );
        assert_eq!(
            steps("move 20% from display to video"),
            [Some(Step::Take {
                share: 2000,
                from: "display".to_owned(),
                to: "video".to_owned()
            })]
        );
        assert_eq!(
            steps("shift more budget toward video"),
            [some("video", true)]
        );
        assert_eq!(steps("less display"), [some("display", false)]);
        assert_eq!(steps("split the budget evenly"), [Some(Step::Even)]);
    }

    #[test]
    fn what_is_not_plain_is_left_alone() {
        for ask in [
            "All products must support frequency capping at 3 per day.",
            "shift 160% to video",
            "set it to -5%",
            "drop the",
            "NaN% video",
            "?!,",
        ] {
            assert!(steps(ask).iter().all(Option::is_none), "{ask}");
        }
        assert_eq!(
            read(&"drop a1, ".repeat(500)).len(),
            MOST,
            "no ask is read without end"
        );
    }
}
