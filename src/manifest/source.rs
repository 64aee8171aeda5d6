//! The manifest's text and where it came from.
//!
//! Bytes become text here and nowhere else: size limit, encoding, byte order mark.

use std::path::Path;

use super::{Code, Diagnostic, Rejected};

/// The largest manifest that is read, in bytes. A hundred times what any seller needs, and small
/// enough that a wrong file (an archive, a database) is refused at once.
pub const MAX_BYTES: usize = 256 * 1024;

/// The text of a manifest, without a byte order mark, and the name it goes by in messages.
#[derive(Clone, Debug)]
pub struct Source {
    name: String,
    text: String,
}

impl Source {
    /// Text that is known to be text: what the tool itself wrote from flags or answers.
    pub fn from_text(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            text: text.into(),
        }
    }

    /// The bytes of a file, as text.
    ///
    /// # Errors
    /// `M0002` when they are not UTF-8, `M0003` when there are more than [`MAX_BYTES`].
    pub fn from_bytes(name: impl Into<String>, bytes: &[u8]) -> Result<Self, Rejected> {
        let name = name.into();
        if bytes.len() > MAX_BYTES {
            let message = format!(
                "the manifest has {} bytes, more than the {MAX_BYTES} that are read",
                bytes.len()
            );
            let diagnostic = Diagnostic::without_span(Code::TooLarge, message)
                .help("point at the seller's `seller.toml`; a manifest has a few dozen lines");
            return Err(Rejected::new(Self::from_text(name, ""), vec![diagnostic]));
        }
        // Editors on Windows write a byte order mark; it means nothing and shifts every span.
        let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
        match std::str::from_utf8(bytes) {
            Ok(text) => Ok(Self::from_text(name, text)),
            Err(error) => Err(not_utf8(name, bytes, error.valid_up_to())),
        }
    }

    /// The file at `path`, as text. It goes by the path as given.
    ///
    /// # Errors
    /// [`ReadError::Io`] when it can't be read, [`ReadError::Rejected`] as [`Source::from_bytes`].
    pub fn from_file(path: &Path) -> Result<Self, ReadError> {
        use std::io::Read as _;
        let name = path.display().to_string();
        let failed = |source| ReadError::Io {
            path: name.clone(),
            source,
        };
        let file = std::fs::File::open(path).map_err(failed)?;
        let mut bytes = Vec::new();
        // One byte over the limit is enough to know that it is over; never read a whole disk.
        file.take(MAX_BYTES as u64 + 1)
            .read_to_end(&mut bytes)
            .map_err(failed)?;
        Self::from_bytes(name.clone(), &bytes).map_err(ReadError::Rejected)
    }

    /// What messages call it: a path, or `<command line>`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The text, without a byte order mark.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Line and column of a byte offset, both from 1, columns in characters.
    pub fn position(&self, offset: usize) -> (usize, usize) {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        let before = &self.text[..offset];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        (
            before.matches('\n').count() + 1,
            before[line_start..].chars().count() + 1,
        )
    }
}

/// Why a manifest could not be taken from a file.
#[derive(Debug)]
pub enum ReadError {
    /// The file can't be read.
    Io {
        /// The path as given.
        path: String,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// It was read, and is not a manifest.
    Rejected(Rejected),
}

/// Shows the text with the bad bytes replaced, pointing at the first of them.
fn not_utf8(name: String, bytes: &[u8], valid_up_to: usize) -> Rejected {
    let shown = Source::from_text(name, String::from_utf8_lossy(bytes));
    let bad = bytes.get(valid_up_to).copied().unwrap_or_default();
    // The replacement character takes three bytes; everything before it is unchanged.
    let diagnostic = Diagnostic::new(
        Code::NotUtf8,
        format!("the manifest is not UTF-8 text: byte 0x{bad:02X} at offset {valid_up_to}"),
        valid_up_to..valid_up_to + '\u{FFFD}'.len_utf8(),
        "not UTF-8 from here on",
    )
    .help("save the file as UTF-8");
    Rejected::new(shown, vec![diagnostic])
}
