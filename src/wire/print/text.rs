//! Small rules of rustfmt's layout.

/// rustfmt's default `max_width`.
pub const WIDTH: usize = 100;

/// A string literal.
pub fn quoted(text: &str) -> String {
    format!("{text:?}")
}

/// `head kind,` on one line if it fits; else the type on the next line, one step further in; and
/// if that is too long as well, with its generic arguments on lines of their own.
pub fn item(indent: usize, head: &str, kind: &str, end: &str) -> String {
    let pad = " ".repeat(indent);
    let fits = |text: &str| text.chars().count() <= WIDTH;
    let line = format!("{pad}{head} {kind}{end}");
    if fits(&line) {
        return line + "\n";
    }
    let below = format!("{pad}    {kind}{end}");
    if fits(&below) {
        return format!("{pad}{head}\n{below}\n");
    }
    format!("{pad}{head} {}{end}\n", broken(kind, indent))
}

/// A generic type with its arguments below it; as many levels as it takes.
fn broken(kind: &str, indent: usize) -> String {
    let Some((outer, inner)) = kind.strip_suffix('>').and_then(|kind| kind.split_once('<')) else {
        return kind.to_owned();
    };
    let pad = " ".repeat(indent);
    let line = format!("{pad}    {inner},");
    let inner = if line.chars().count() <= WIDTH {
        inner.to_owned()
    } else {
        broken(inner, indent + 4)
    };
    format!("{outer}<\n{pad}    {inner},\n{pad}>")
}

/// Prose as a doc comment, wrapped; nothing where there are no words.
///
/// The words are those of a schema, which is no Markdown: what would be a heading, a list, a link or
/// code to rustdoc stands as it was written.
pub fn doc(indent: usize, text: &str) -> String {
    let pad = " ".repeat(indent);
    let mut lines: Vec<String> = Vec::new();
    for paragraph in text.trim().split('\n') {
        let mut line = String::new();
        for word in paragraph.split_whitespace().map(plain) {
            if !line.is_empty() && indent + 4 + line.chars().count() + word.chars().count() > WIDTH
            {
                lines.push(std::mem::take(&mut line));
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(&word);
        }
        lines.push(line);
    }
    if lines.iter().all(String::is_empty) {
        return String::new();
    }
    let line = |line: &String| match line.as_str() {
        "" => format!("{pad}///\n"),
        line => format!("{pad}/// {}\n", begun(line)),
    };
    lines.iter().map(line).collect()
}

/// A place in a schema as code in a doc comment.
pub fn code(place: &str) -> String {
    let shown: String = place
        .chars()
        .map(|letter| match letter {
            '`' => '\'',
            letter if is_unseen(letter) => ' ',
            letter => letter,
        })
        .collect();
    format!("`{}`", shown.trim())
}

/// A word without a meaning in Markdown.
fn plain(word: &str) -> String {
    let word: String = word.chars().filter(|letter| !is_unseen(*letter)).collect();
    // rustdoc wants a bare address to be a link or code.
    if let Some(at) = word.find("http://").or_else(|| word.find("https://"))
        && !word.contains('`')
    {
        let (before, address) = word.split_at(at);
        let end = address
            .trim_end_matches(|last: char| !last.is_alphanumeric() && last != '/')
            .len();
        let (address, after) = address.split_at(end);
        return format!("{}`{address}`{}", escaped(before), escaped(after));
    }
    escaped(&word)
}

fn escaped(word: &str) -> String {
    let letters: Vec<char> = word.chars().collect();
    let mut text = String::new();
    for (at, letter) in letters.iter().enumerate() {
        let is_letter = |at: Option<usize>| {
            at.and_then(|at| letters.get(at))
                .is_some_and(|letter| letter.is_alphanumeric())
        };
        let means = match letter {
            '\\' | '`' | '*' | '[' | ']' | '<' | '>' | '~' | '|' => true,
            // Inside a word it is a letter.
            '_' => !(is_letter(at.checked_sub(1)) && is_letter(Some(at + 1))),
            '&' => at + 1 < letters.len(),
            _ => false,
        };
        if means {
            text.push('\\');
        }
        text.push(*letter);
    }
    text
}

/// A line whose first word does not begin a heading or a list.
fn begun(line: &str) -> String {
    let digits = line.len()
        - line
            .trim_start_matches(|first: char| first.is_ascii_digit())
            .len();
    match line[digits..].chars().next() {
        Some('.' | ')') if digits > 0 => format!("{}\\{}", &line[..digits], &line[digits..]),
        Some('#' | '-' | '+' | '=') if digits == 0 => format!("\\{line}"),
        _ => line.to_owned(),
    }
}

/// Letters that are not seen, among them those that turn the direction of text, which rustc refuses
/// in comments.
fn is_unseen(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_means_something_in_markdown_stands_as_it_was_written() {
        for (said, shown) in [
            ("a geo_countries list", "/// a geo_countries list\n"),
            ("", ""),
            (" \n \t\n", ""),
            ("# Heading", "/// \\# Heading\n"),
            ("- one\n- two", "/// \\- one\n/// \\- two\n"),
            ("12. twelve", "/// 12\\. twelve\n"),
            ("12 of 3.5", "/// 12 of 3.5\n"),
            ("===\n---", "/// \\===\n/// \\---\n"),
            (
                "```rust\nfn x()\n```",
                "/// \\`\\`\\`rust\n/// fn x()\n/// \\`\\`\\`\n",
            ),
            ("    indented\n\n\tmore", "/// indented\n///\n/// more\n"),
            (
                "see [link](x) and [y]",
                "/// see \\[link\\](x) and \\[y\\]\n",
            ),
            (
                "Vec<T> & _all_ *x* &amp;",
                "/// Vec\\<T\\> & \\_all\\_ \\*x\\* \\&amp;\n",
            ),
            (
                "(https://a.example/b_c).",
                "/// (`https://a.example/b_c`).\n",
            ),
            ("turned\u{202E}round\u{0}", "/// turnedround\n"),
            ("a\r\nb", "/// a\n/// b\n"),
        ] {
            assert_eq!(doc(0, said), shown, "{said:?}");
        }
        assert_eq!(
            code("recipe#/properties/a`b\nc"),
            "`recipe#/properties/a'b c`"
        );
    }
}
