//! Text for people on a terminal: tables, instants, and nothing that could control it.
//!
//! Much of what operators read was written by buyers.

use anstyle::{Reset, Style};
use serde_json::Value;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::clock::Timestamp;

/// Between columns.
const GAP: usize = 2;
/// What the last column keeps however narrow the terminal is.
const NARROWEST: usize = 16;

/// Text that can't control a terminal: escape sequences, line breaks and the like are shown as
/// what they are.
pub(super) fn harmless(text: &str) -> String {
    let bidirectional =
        |character| matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() || bidirectional(character) {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    shown
}

/// What is said about one thing: a name and a value in each line.
pub(super) fn lines(lines: &[(&str, String)]) -> String {
    lines
        .iter()
        .map(|(name, value)| format!("{name:<14}{}\n", harmless(value)))
        .collect()
}

/// A JSON document under its name.
pub(super) fn document(name: &str, value: &Value) -> String {
    let value = serde_json::to_string_pretty(value).unwrap_or_default();
    // JSON escapes what controls a terminal, but for the newlines of its own.
    let indented = value.lines().map(|line| format!("  {}\n", harmless(line)));
    format!("{name}\n{}", indented.collect::<String>())
}

/// An instant to the second, in UTC.
pub(super) fn second(at: Timestamp) -> String {
    at.format("%Y-%m-%d %H:%M:%SZ").to_string()
}

/// An instant to the minute, in UTC.
pub(super) fn minute(at: Timestamp) -> String {
    at.format("%Y-%m-%d %H:%MZ").to_string()
}

/// Columns as wide as what is in them. The last one is cut where the line would not fit.
pub(super) fn table<const N: usize>(
    head: [&str; N],
    rows: Vec<[String; N]>,
    width: Option<usize>,
) -> String {
    let rows: Vec<[String; N]> = rows
        .into_iter()
        .map(|row| row.map(|cell| harmless(&cell)))
        .collect();
    let mut widths = head.map(str::len);
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.width());
        }
    }
    let before: usize = widths.iter().take(N - 1).map(|width| width + GAP).sum();
    if let (Some(all), Some(last)) = (width, widths.last_mut()) {
        *last = (*last).min(all.saturating_sub(before).max(NARROWEST));
    }
    let line = |cells: [&str; N]| {
        let mut line = String::new();
        for (cell, width) in cells.into_iter().zip(widths) {
            let cell = cut(cell, width);
            line.push_str(&cell);
            line.push_str(&" ".repeat(width - cell.width() + GAP));
        }
        line.trim_end().to_owned()
    };
    let bold = Style::new().bold();
    let mut text = format!("{bold}{}{Reset}\n", line(head));
    for row in &rows {
        text.push_str(&line(row.each_ref().map(String::as_str)));
        text.push('\n');
    }
    text
}

/// As much of a text as fits.
fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut short = String::new();
    let mut used = 1;
    for character in text.chars() {
        used += character.width().unwrap_or(0);
        if used > width {
            break;
        }
        short.push(character);
    }
    short.push('…');
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_line_up_and_fit() {
        let rows = vec![
            ["a".to_owned(), "日本".to_owned(), "x".repeat(40)],
            ["longer".to_owned(), String::new(), "short".to_owned()],
        ];
        let text = table(["ONE", "TWO", "THREE"], rows, Some(32));
        let plain = anstream::adapter::strip_str(&text).to_string();
        assert_eq!(
            plain,
            format!(
                "ONE     TWO   THREE\na       日本  {}…\nlonger        short\n",
                "x".repeat(17)
            )
        );
        for line in plain.lines() {
            assert!(line.width() <= 32, "{line}");
        }
    }

    #[test]
    fn nothing_controls_the_terminal() {
        let shown = harmless("a\u{1b}[2Jb\r\nc\u{202e}d\u{9b}é");
        assert_eq!(shown, "a\\u{1b}[2Jb\\r\\nc\\u{202e}d\\u{9b}é");
    }
}
