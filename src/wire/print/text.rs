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

/// Prose as a doc comment, wrapped.
pub fn doc(indent: usize, text: &str) -> String {
    let pad = " ".repeat(indent);
    let mut lines = String::new();
    for paragraph in text.split('\n') {
        let mut line = String::new();
        for word in paragraph.split_whitespace() {
            if !line.is_empty() && indent + 4 + line.chars().count() + word.chars().count() > WIDTH
            {
                lines.push_str(&format!("{pad}/// {line}\n"));
                line.clear();
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        let line = if line.is_empty() {
            format!("{pad}///\n")
        } else {
            format!("{pad}/// {line}\n")
        };
        lines.push_str(&line);
    }
    lines
}
