//! The two algorithms of the profile and their names.

use ring::signature::{ECDSA_P256_SHA256_FIXED, ED25519, UnparsedPublicKey};

/// An algorithm that the profile allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// Ed25519 (RFC 8032).
    Ed25519,
    /// ECDSA on P-256 with SHA-256; signatures are `r || s`, 64 bytes (RFC 9421, 3.3.4).
    EcdsaP256,
}

impl Algorithm {
    /// The name in a signature's parameters (RFC 9421, 6.2.2).
    pub const fn name(self) -> &'static str {
        match self {
            Algorithm::Ed25519 => "ed25519",
            Algorithm::EcdsaP256 => "ecdsa-p256-sha256",
        }
    }

    /// The algorithm of that name in a signature's parameters.
    pub fn named(name: &str) -> Option<Self> {
        [Algorithm::Ed25519, Algorithm::EcdsaP256]
            .into_iter()
            .find(|algorithm| algorithm.name() == name)
    }

    /// The name in the member `alg` of a JWK (RFC 7518, RFC 8037).
    pub const fn jwk_name(self) -> &'static str {
        match self {
            Algorithm::Ed25519 => "EdDSA",
            Algorithm::EcdsaP256 => "ES256",
        }
    }

    /// The member `kty` of a JWK.
    pub(super) const fn key_type(self) -> &'static str {
        match self {
            Algorithm::Ed25519 => "OKP",
            Algorithm::EcdsaP256 => "EC",
        }
    }

    /// The member `crv` of a JWK.
    pub(super) const fn curve(self) -> &'static str {
        match self {
            Algorithm::Ed25519 => "Ed25519",
            Algorithm::EcdsaP256 => "P-256",
        }
    }

    /// Whether these are a signature of the message by the key.
    pub(super) fn verify(self, public: &[u8], message: &[u8], signature: &[u8]) -> bool {
        match self {
            Algorithm::Ed25519 => {
                UnparsedPublicKey::new(&ED25519, public).verify(message, signature)
            }
            Algorithm::EcdsaP256 => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, public).verify(message, signature)
            }
        }
        .is_ok()
    }
}
