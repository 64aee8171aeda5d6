//! Structured fields (RFC 8941), as far as signatures need them, and read without mercy.
//!
//! Where the RFC lets a reader keep the last of two equal keys, both are refused here: two readers
//! that keep different ones would judge different signatures. The text of what was signed is kept
//! as it stood, since the signature is over that text and not over how we would write it.

use std::borrow::Cow;

use axum::http::HeaderMap;

use super::binary::{self, Alphabets};
use super::{LARGEST_HEADER, SIGNATURE_INPUT};

/// Why a header can't be read.
pub(super) type Malformed = Cow<'static, str>;

/// The most members of a dictionary, parameters of a member, and components of a signature.
const MOST_MEMBERS: usize = 8;
const MOST_PARAMETERS: usize = 16;
const MOST_COMPONENTS: usize = 32;

/// What one signature covers and says about itself: a member of `Signature-Input`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Input<'a> {
    /// The name that the member of `Signature` has as well.
    pub(super) label: &'a str,
    /// The covered components, in their order.
    pub(super) components: Vec<Component<'a>>,
    /// Parameters that the profile knows.
    pub(super) created: Option<i64>,
    pub(super) expires: Option<i64>,
    pub(super) nonce: Option<Cow<'a, str>>,
    pub(super) keyid: Option<Cow<'a, str>>,
    pub(super) alg: Option<Cow<'a, str>>,
    pub(super) tag: Option<Cow<'a, str>>,
    /// The list with its parameters, as it stood.
    pub(super) raw: &'a str,
}

/// One covered component.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Component<'a> {
    /// Its name, in lower case: `@method`, `content-type`.
    pub(super) name: Cow<'a, str>,
    /// Whether it has parameters, which this profile knows none of.
    pub(super) is_qualified: bool,
}

/// The value of a header whose lines make up one list; `None` when it isn't there.
pub(super) fn combined<'a>(
    headers: &'a HeaderMap,
    name: &str,
) -> Result<Option<Cow<'a, str>>, Malformed> {
    let mut lines = headers.get_all(name).iter();
    let Some(first) = lines.next() else {
        return Ok(None);
    };
    let mut value = Cow::Borrowed(visible(name, first.as_bytes())?);
    for line in lines {
        let value = value.to_mut();
        value.push_str(", ");
        value.push_str(visible(name, line.as_bytes())?);
        within_bounds(name, value.len())?;
    }
    Ok(Some(value))
}

/// The value of a header that may be there once; `None` when it isn't there.
pub(super) fn single<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>, Malformed> {
    let mut lines = headers.get_all(name).iter();
    let Some(line) = lines.next() else {
        return Ok(None);
    };
    if lines.next().is_some() {
        return Err(format!("{name} is there more than once").into());
    }
    visible(name, line.as_bytes()).map(Some)
}

/// One line of a header, without the white space around it.
fn visible<'a>(name: &str, line: &'a [u8]) -> Result<&'a str, Malformed> {
    within_bounds(name, line.len())?;
    std::str::from_utf8(line)
        .ok()
        .filter(|text| text.bytes().all(|byte| matches!(byte, b'\t' | b' '..=b'~')))
        .map(|text| text.trim_matches([' ', '\t']))
        .ok_or_else(|| format!("{name} holds characters other than visible ASCII").into())
}

fn within_bounds(name: &str, length: usize) -> Result<(), Malformed> {
    if length > LARGEST_HEADER {
        return Err(format!("{name} has more than {LARGEST_HEADER} bytes").into());
    }
    Ok(())
}

/// The members of a `Signature-Input`.
pub(super) fn inputs(text: &str) -> Result<Vec<Input<'_>>, Malformed> {
    let mut cursor = Cursor { text, at: 0 };
    cursor.dictionary(|cursor, label| {
        if !cursor.take(b'=') || cursor.peek() != Some(b'(') {
            return Err(format!("{SIGNATURE_INPUT}: {label} is not a list of components").into());
        }
        let start = cursor.at;
        let components = cursor.components()?;
        let mut input = Input {
            label,
            components,
            created: None,
            expires: None,
            nonce: None,
            keyid: None,
            alg: None,
            tag: None,
            raw: "",
        };
        cursor.parameters(|name, value| {
            match (name, value) {
                ("created", Item::Integer(value)) => input.created = Some(value),
                ("expires", Item::Integer(value)) => input.expires = Some(value),
                ("nonce", Item::String(value)) => input.nonce = Some(value),
                ("keyid", Item::String(value)) => input.keyid = Some(value),
                ("alg", Item::String(value)) => input.alg = Some(value),
                ("tag", Item::String(value)) => input.tag = Some(value),
                ("created" | "expires", _) => {
                    return Err(format!("the parameter {name} is not an integer").into());
                }
                ("nonce" | "keyid" | "alg" | "tag", _) => {
                    return Err(format!("the parameter {name} is not a quoted string").into());
                }
                _ => {}
            }
            Ok(())
        })?;
        input.raw = &cursor.text[start..cursor.at];
        Ok(input)
    })
}

/// The members of a dictionary of byte sequences: `Signature`, `Content-Digest`.
pub(super) fn byte_sequences(
    text: &str,
    alphabets: Alphabets,
) -> Result<Vec<(&str, Vec<u8>)>, Malformed> {
    let mut cursor = Cursor { text, at: 0 };
    cursor.dictionary(|cursor, name| {
        if !cursor.take(b'=') || cursor.peek() != Some(b':') {
            return Err(format!("{name} is not a byte sequence").into());
        }
        let token = cursor.byte_sequence()?;
        cursor.parameters(|_, _| Ok(()))?;
        Ok((name, binary::decode(token, alphabets)?))
    })
}

/// Whether a text has a comma outside of quoted strings: then it is a list and not one value.
pub(super) fn is_list(text: &str) -> bool {
    let mut quoted = false;
    let mut escaped = false;
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b',' if !quoted => return true,
            _ => {}
        }
    }
    false
}

/// A value of a parameter. What the profile has no use for is checked and forgotten.
enum Item<'a> {
    Integer(i64),
    String(Cow<'a, str>),
    Other,
}

/// A place in a text of ASCII.
struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> bool {
        let is_there = self.peek() == Some(byte);
        self.at += usize::from(is_there);
        is_there
    }

    fn take_while(&mut self, accept: impl Fn(u8) -> bool) -> &'a str {
        let start = self.at;
        while self.peek().is_some_and(&accept) {
            self.at += 1;
        }
        &self.text[start..self.at]
    }

    /// RFC 8941, 4.2.2, with unique keys and no empty member.
    fn dictionary<T>(
        &mut self,
        mut member: impl FnMut(&mut Self, &'a str) -> Result<T, Malformed>,
    ) -> Result<Vec<T>, Malformed> {
        let mut labels: Vec<&str> = Vec::new();
        let mut members = Vec::new();
        loop {
            let label = self.key()?;
            if labels.contains(&label) {
                return Err(format!("{label} is there twice").into());
            }
            if labels.len() == MOST_MEMBERS {
                return Err(format!("there are more than {MOST_MEMBERS} members").into());
            }
            labels.push(label);
            members.push(member(self, label)?);
            self.take_while(is_blank);
            if self.peek().is_none() {
                return Ok(members);
            }
            if !self.take(b',') {
                return Err(format!("something follows the member {label}").into());
            }
            self.take_while(is_blank);
        }
    }

    /// The components between parentheses (RFC 8941, 4.2.1.2).
    fn components(&mut self) -> Result<Vec<Component<'a>>, Malformed> {
        let mut components: Vec<Component<'a>> = Vec::new();
        if !self.take(b'(') {
            return Err("a list of components does not begin".into());
        }
        loop {
            let spaces = self.take_while(|byte| byte == b' ');
            if self.take(b')') {
                return Ok(components);
            }
            if spaces.is_empty() && !components.is_empty() {
                return Err("components are not separated, or their list has no end".into());
            }
            if self.peek() != Some(b'"') {
                return Err("a component is not a quoted string".into());
            }
            let name = self.string()?;
            if name.is_empty() || name.bytes().any(|byte| byte.is_ascii_uppercase()) {
                return Err(format!("{name:?} is not the name of a component").into());
            }
            if components.len() == MOST_COMPONENTS {
                return Err(format!("there are more than {MOST_COMPONENTS} components").into());
            }
            let mut is_qualified = false;
            self.parameters(|_, _| {
                is_qualified = true;
                Ok(())
            })?;
            let component = Component { name, is_qualified };
            // RFC 9421, section 2: an identifier occurs once.
            if components.contains(&component) {
                return Err(format!("the component {} is there twice", component.name).into());
            }
            components.push(component);
        }
    }

    /// Parameters of a member or a component (RFC 8941, 4.2.3.2), with unique keys.
    fn parameters(
        &mut self,
        mut each: impl FnMut(&'a str, Item<'a>) -> Result<(), Malformed>,
    ) -> Result<(), Malformed> {
        let mut names: Vec<&str> = Vec::new();
        while self.take(b';') {
            self.take_while(|byte| byte == b' ');
            let name = self.key()?;
            if names.contains(&name) {
                return Err(format!("the parameter {name} is there twice").into());
            }
            if names.len() == MOST_PARAMETERS {
                return Err(format!("there are more than {MOST_PARAMETERS} parameters").into());
            }
            names.push(name);
            let value = if self.take(b'=') {
                self.item()?
            } else {
                Item::Other
            };
            each(name, value)?;
        }
        Ok(())
    }

    fn key(&mut self) -> Result<&'a str, Malformed> {
        let key = self.take_while(|byte| {
            byte.is_ascii_lowercase()
                || byte.is_ascii_digit()
                || matches!(byte, b'_' | b'-' | b'.' | b'*')
        });
        match key.as_bytes().first() {
            Some(b'a'..=b'z' | b'*') => Ok(key),
            _ => Err("a key is missing or is not in lower case".into()),
        }
    }

    fn item(&mut self) -> Result<Item<'a>, Malformed> {
        match self.peek() {
            Some(b'"') => Ok(Item::String(self.string()?)),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b':') => {
                self.byte_sequence()?;
                Ok(Item::Other)
            }
            Some(b'?') => {
                self.at += 1;
                if self.take(b'0') || self.take(b'1') {
                    Ok(Item::Other)
                } else {
                    Err("a boolean is neither ?0 nor ?1".into())
                }
            }
            Some(byte) if byte.is_ascii_alphabetic() || byte == b'*' => {
                self.take_while(is_token);
                Ok(Item::Other)
            }
            _ => Err("a parameter has no value".into()),
        }
    }

    /// RFC 8941, 4.2.4: at most 15 digits, or 12 and three after the point.
    fn number(&mut self) -> Result<Item<'a>, Malformed> {
        let start = self.at;
        self.take(b'-');
        let digits = self.take_while(|byte| byte.is_ascii_digit());
        if self.take(b'.') {
            let fraction = self.take_while(|byte| byte.is_ascii_digit());
            return if (1..=12).contains(&digits.len()) && (1..=3).contains(&fraction.len()) {
                Ok(Item::Other)
            } else {
                Err("a number is not one".into())
            };
        }
        if !(1..=15).contains(&digits.len()) {
            return Err("a number is not one, or too long".into());
        }
        self.text[start..self.at]
            .parse()
            .map(Item::Integer)
            .map_err(|_| "a number is not one".into())
    }

    fn string(&mut self) -> Result<Cow<'a, str>, Malformed> {
        self.take(b'"');
        let start = self.at;
        let plain = self.take_while(|byte| byte != b'"' && byte != b'\\' && is_printable(byte));
        if self.take(b'"') {
            return Ok(Cow::Borrowed(plain));
        }
        let mut value = self.text[start..self.at].to_owned();
        loop {
            if self.take(b'"') {
                return Ok(Cow::Owned(value));
            }
            let is_escaped = self.take(b'\\');
            match self.peek() {
                Some(byte @ (b'"' | b'\\')) if is_escaped => value.push(char::from(byte)),
                Some(byte) if !is_escaped && is_printable(byte) => value.push(char::from(byte)),
                _ => return Err("a string has no end, or escapes what it must not".into()),
            }
            self.at += 1;
        }
    }

    /// The token between colons.
    fn byte_sequence(&mut self) -> Result<&'a str, Malformed> {
        self.take(b':');
        let token = self.take_while(|byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'-' | b'_')
        });
        if !self.take(b':') {
            return Err("a byte sequence has no end, or holds other characters".into());
        }
        Ok(token)
    }
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

fn is_printable(byte: u8) -> bool {
    matches!(byte, b' '..=b'~')
}

/// RFC 8941, 3.3.4.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~:/".contains(&byte)
}
