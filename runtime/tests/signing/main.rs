//! HTTP message signatures: the official vectors of every line, and what the vectors leave out.

mod ring;
mod vectors;
mod signer;
mod keys;
mod bad_input;
mod bad_headers;
mod bad_urls;
mod properties;
