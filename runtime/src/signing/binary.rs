//! Byte sequences in headers, in the two alphabets that are in use.
//!
//! The profile up to 3.1 writes Base64url without padding where RFC 8941 has Base64, and reads
//! both. A token that mixes them could mean different bytes to different readers, so it is refused.

use base64::Engine;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::general_purpose::{STANDARD as PADDED, URL_SAFE_NO_PAD};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

const EITHER_PADDING: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const PLAIN: GeneralPurpose = GeneralPurpose::new(&STANDARD, EITHER_PADDING);
const URL: GeneralPurpose = GeneralPurpose::new(&URL_SAFE, EITHER_PADDING);

/// Which tokens are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Alphabets {
    /// Base64url or Base64, but one of them.
    Either,
    /// Base64 with its padding.
    Plain,
}

/// The bytes of a token. Bits that belong to no byte have to be zero, so that bytes have one
/// spelling in each alphabet.
pub(super) fn decode(token: &str, alphabets: Alphabets) -> Result<Vec<u8>, &'static str> {
    let plain = token.contains(['+', '/', '=']);
    let url = token.contains(['-', '_']);
    let read = match alphabets {
        Alphabets::Plain => PADDED.decode(token),
        Alphabets::Either if plain && url => {
            return Err("a byte sequence mixes Base64 and Base64url");
        }
        Alphabets::Either if plain => PLAIN.decode(token),
        Alphabets::Either => URL.decode(token),
    };
    read.map_err(|_| "a byte sequence is not in Base64")
}

/// The bytes of a Base64url token without padding: nonces, members of a JWK.
pub(super) fn decode_url(token: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(token).ok()
}

/// Bytes as Base64url without padding.
pub(super) fn encode_url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Bytes as a token.
pub(super) fn encode(bytes: &[u8], alphabets: Alphabets) -> String {
    match alphabets {
        Alphabets::Either => encode_url(bytes),
        Alphabets::Plain => PADDED.encode(bytes),
    }
}
