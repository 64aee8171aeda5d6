//! Access tokens of OAuth 2.0: who issued one, whether it is good here, and what it allows.
//!
//! A token is a JWT (RFC 9068) signed by a key that its issuer publishes (RFC 7517, RFC 8414). It is
//! judged against the clock of the seller, never the machine's, so that a sandbox with a clock of
//! its own is of one mind. A sandbox also has an authorization server, small and real: its tokens
//! go the same way as everybody's.
//!
//! The crate `jsonwebtoken` is not used. Without a crypto stack of its own, which would be the
//! second in this process, it leaves signatures to a provider that is set for the whole process; it
//! reads the time from the system; and what an issuer's keys may do it does not say. What would
//! remain of it is splitting a string at its dots.

mod flaw;
mod jws;
mod keys;
mod claims;
mod scopes;
mod published;
mod remembered;
mod verifier;
mod server;

pub(crate) use jws::present;
pub(crate) use scopes::Scopes;
pub(crate) use server::{AuthorizationServer, Grant, TOKEN_LIFETIME};
pub(crate) use verifier::{PREFIX, Place, Subject, Unverified, Verifier};
