//! Arguments of `keys`.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};

use crate::keys;

/// Arguments of `keys`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  adcp-scaffold keys new
  adcp-scaffold keys show webhook-key.json")]
pub struct KeysArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: KeysCommand,
}

/// What to do with keys.
#[derive(Debug, Subcommand)]
pub enum KeysCommand {
    /// Make a key that signs, and write it to a file of its own
    New(KeysNewArgs),
    /// Print what others may see of a key
    #[command(after_help = "\
Examples:
  adcp-scaffold keys show webhook-key.json
  adcp-scaffold keys show request-key.json --jwks > acme.jwks.json")]
    Show(KeysShowArgs),
}

/// Arguments of `keys new`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  adcp-scaffold keys new
  adcp-scaffold keys new --algorithm ecdsa-p256 --kid acme-2026-q4 --out acme-2026-q4-key.json
  adcp-scaffold keys new --purpose request --out request-key.json

The private key is written for its owner alone and never printed; the public one is printed.
A seller's .gitignore and .dockerignore leave out what ends in `-key.json`.")]
pub struct KeysNewArgs {
    /// Which kind of key
    #[arg(long, value_enum, default_value_t = KeyAlgorithm::Ed25519, hide_possible_values = true)]
    #[arg(value_name = "ed25519|ecdsa-p256")]
    pub algorithm: KeyAlgorithm,

    /// The file to write; it must not be there yet
    #[arg(long, value_name = "FILE", default_value = "webhook-key.json")]
    pub out: PathBuf,

    /// What the key is called in signatures [default: its thumbprint, RFC 7638]
    #[arg(long, value_name = "ID")]
    pub kid: Option<String>,

    /// What it signs
    #[arg(long, value_enum, default_value_t = KeyPurpose::Webhook, hide_possible_values = true)]
    #[arg(value_name = "webhook|request")]
    pub purpose: KeyPurpose,

    /// The AdCP line whose word for the purpose is written [default: that of ./seller.toml, else 3.0]
    #[arg(long, value_name = "LINE")]
    pub adcp: Option<String>,
}

/// Arguments of `keys show`.
#[derive(Debug, clap::Args)]
pub struct KeysShowArgs {
    /// The file with the private key
    pub file: PathBuf,

    /// Print it as a set of keys, as counterparties and `jwks` in a file of signers take it
    #[arg(long)]
    pub jwks: bool,
}

/// Kinds of keys, as they are typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum KeyAlgorithm {
    /// EdDSA with Ed25519.
    #[value(name = "ed25519")]
    Ed25519,
    /// ECDSA with P-256 and SHA-256.
    #[value(name = "ecdsa-p256")]
    EcdsaP256,
}

impl From<KeyAlgorithm> for keys::Algorithm {
    fn from(typed: KeyAlgorithm) -> Self {
        match typed {
            KeyAlgorithm::Ed25519 => Self::Ed25519,
            KeyAlgorithm::EcdsaP256 => Self::EcdsaP256,
        }
    }
}

/// What a key signs, as it is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum KeyPurpose {
    /// A seller's webhooks.
    Webhook,
    /// A buyer's requests.
    Request,
}
