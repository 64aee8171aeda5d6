//! Page cursors that a buyer can neither read meaning into nor forge.
//!
//! A cursor is the position after which the next page starts, sealed with a key that only the
//! seller has. It carries no filter: the buyer repeats the request, and the purpose, which the
//! seal covers, keeps a cursor of one list from being used on another.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::error::{Error, Result};

/// Bytes of the seal that travel: 128 bits are beyond guessing.
const SEAL: usize = 16;

/// The key that seals cursors.
#[derive(Clone)]
pub struct CursorKey([u8; 32]);

impl CursorKey {
    /// A key from a secret that outlives the process, so that cursors do.
    pub fn new(secret: [u8; 32]) -> Self {
        CursorKey(secret)
    }

    /// The cursor that resumes after a position. `purpose` names the list and everything that
    /// must be the same on the next page, such as the scope.
    pub fn seal(&self, purpose: &str, position: &(String, String)) -> String {
        let (sort, id) = position;
        let mut bytes = vec![0; SEAL];
        bytes.extend_from_slice(&(sort.len() as u32).to_be_bytes());
        bytes.extend_from_slice(sort.as_bytes());
        bytes.extend_from_slice(id.as_bytes());
        let seal = self.mac(purpose, &bytes[SEAL..]).finalize().into_bytes();
        bytes[..SEAL].copy_from_slice(&seal[..SEAL]);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The position in a cursor.
    ///
    /// # Errors
    ///
    /// `INVALID_REQUEST` at `pagination.cursor` when this seller did not seal the cursor for this
    /// purpose.
    pub fn open(&self, purpose: &str, cursor: &str) -> Result<(String, String)> {
        self.try_open(purpose, cursor).ok_or_else(|| {
            Error::invalid_request("the cursor was not issued by this seller for this list")
                .at("pagination.cursor")
                .suggest("send the cursor of the previous page unchanged, or leave it out to start from the first page")
        })
    }

    fn try_open(&self, purpose: &str, cursor: &str) -> Option<(String, String)> {
        let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let (seal, sealed) = bytes.split_at_checked(SEAL)?;
        self.mac(purpose, sealed).verify_truncated_left(seal).ok()?;
        let (length, rest) = sealed.split_first_chunk::<4>()?;
        let (sort, id) = rest.split_at_checked(u32::from_be_bytes(*length) as usize)?;
        Some((
            String::from_utf8(sort.to_vec()).ok()?,
            String::from_utf8(id.to_vec()).ok()?,
        ))
    }

    fn mac(&self, purpose: &str, sealed: &[u8]) -> Hmac<Sha256> {
        // HMAC pads a short key with zeros to the block of 64 bytes (RFC 2104, section 2).
        let mut block = [0; 64];
        block[..self.0.len()].copy_from_slice(&self.0);
        let mut mac = Hmac::<Sha256>::new(&block.into());
        mac.update(&(purpose.len() as u64).to_be_bytes());
        mac.update(purpose.as_bytes());
        mac.update(sealed);
        mac
    }
}

impl std::fmt::Debug for CursorKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CursorKey(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sealed_opens_for_the_same_purpose_only() {
        let key = CursorKey::new([7; 32]);
        let position = ("2026-03-10".to_owned(), "mb_1".to_owned());
        let cursor = key.seal("media_buys/acct_1", &position);
        assert_eq!(
            key.open("media_buys/acct_1", &cursor)
                .expect("its own cursor"),
            position
        );
        for (key, purpose) in [
            (&key, "media_buys/acct_2"),
            (&CursorKey::new([8; 32]), "media_buys/acct_1"),
        ] {
            let error = key.open(purpose, &cursor).expect_err("a foreign cursor");
            assert_eq!(
                (error.code, error.field.as_deref()),
                ("INVALID_REQUEST", Some("pagination.cursor"))
            );
        }
    }

    #[test]
    fn no_changed_byte_goes_unnoticed() {
        let key = CursorKey::new([7; 32]);
        let sealed = URL_SAFE_NO_PAD
            .decode(key.seal("p", &("a".into(), "b".into())))
            .expect("base64");
        for at in 0..sealed.len() {
            let mut bytes = sealed.clone();
            bytes[at] ^= 1;
            assert!(
                key.open("p", &URL_SAFE_NO_PAD.encode(bytes)).is_err(),
                "byte {at}"
            );
        }
        for cursor in ["", "x", "AAAA", "not base64!"] {
            assert!(key.open("p", cursor).is_err(), "{cursor}");
        }
    }
}
