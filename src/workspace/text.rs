//! Hashes, line ends and conflict markers: what the zones need to know about contents.

use std::borrow::Cow;
use std::fmt::Write as _;

use sha2::{Digest, Sha256};

/// SHA-256 of the bytes as 64 lower-case hexadecimal digits.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .fold(String::with_capacity(64), |mut hex, byte| {
            // Writing to a string cannot fail.
            let _ = write!(hex, "{byte:02x}");
            hex
        })
}

/// Whether every line ends in carriage return and line feed, as a checkout on Windows has it.
pub(super) fn uses_carriage_returns(bytes: &[u8]) -> bool {
    let mut lines = 0;
    for (at, byte) in bytes.iter().enumerate() {
        if *byte == b'\n' {
            if at == 0 || bytes[at - 1] != b'\r' {
                return false;
            }
            lines += 1;
        }
    }
    lines > 0
}

/// The text as the tool writes it: line feeds only. Mixed line ends are the adopter's own doing
/// and stay as they are.
pub(super) fn with_line_feeds(bytes: &[u8]) -> Cow<'_, [u8]> {
    if !uses_carriage_returns(bytes) {
        return Cow::Borrowed(bytes);
    }
    let mut plain = Vec::with_capacity(bytes.len());
    for (at, byte) in bytes.iter().enumerate() {
        if *byte != b'\r' || bytes.get(at + 1) != Some(&b'\n') {
            plain.push(*byte);
        }
    }
    Cow::Owned(plain)
}

/// `bytes`, which use line feeds, with the line ends of `like`.
pub(super) fn with_line_ends_of(like: &[u8], bytes: Vec<u8>) -> Vec<u8> {
    if !uses_carriage_returns(like) {
        return bytes;
    }
    let mut text = Vec::with_capacity(bytes.len() + bytes.len() / 20);
    for byte in bytes {
        if byte == b'\n' {
            text.push(b'\r');
        }
        text.push(byte);
    }
    text
}

/// The line, counted from 1, at which an unresolved conflict begins: an opening marker that is
/// followed by a separator and a closing marker. A lone `=======` is a heading in Markdown, so
/// only the whole sequence counts.
pub(super) fn conflict_line(bytes: &[u8]) -> Option<usize> {
    let mut opened = None;
    let mut separated = false;
    for (number, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.starts_with(b"<<<<<<< ") {
            opened = Some(number + 1);
            separated = false;
        } else if opened.is_some() && line == b"=======" {
            separated = true;
        } else if separated && line.starts_with(b">>>>>>> ") {
            return opened;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn carriage_returns_go_and_come_back() {
        let windows = b"a\r\nb\r\n".as_slice();
        assert_eq!(with_line_feeds(windows).as_ref(), b"a\nb\n");
        assert_eq!(
            with_line_ends_of(windows, b"a\nc\n".to_vec()),
            b"a\r\nc\r\n"
        );
        let mixed = b"a\r\nb\n".as_slice();
        assert_eq!(with_line_feeds(mixed).as_ref(), mixed);
    }

    #[test]
    fn only_a_whole_marker_sequence_is_a_conflict() {
        assert_eq!(conflict_line(b"Title\n=======\n>>>>>>> quoted\n"), None);
        assert_eq!(conflict_line(b"<<<<<<< only opened\n"), None);
        assert_eq!(
            conflict_line(b"a\n<<<<<<< HEAD\nb\n=======\nc\n>>>>>>> main\n"),
            Some(2)
        );
        assert_eq!(
            conflict_line(b"<<<<<<< x\r\nb\r\n=======\r\nc\r\n>>>>>>> y\r\n"),
            Some(1)
        );
    }

    #[test]
    fn hashes_are_the_published_ones() {
        // FIPS 180-2, the empty message.
        assert_eq!(
            sha256(b""),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
    }
}
