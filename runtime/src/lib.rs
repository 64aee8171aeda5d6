//! The framework on which generated AdCP seller agents run.
//!
//! A seller is three things: a [`spec::Spec`] (what one AdCP line says: tools, schemas, error
//! codes), a [`profile::Profile`] (what this seller's manifest says) and a
//! [`platform::Platform`] (what the adopter wrote). The first two come from the generated `wire`
//! crate, which also turns the adopter's typed traits into a `Platform`. This crate does
//! everything else, once, for every seller.
//!
//! Modules are listed in the order in which a call meets them.

pub mod seller;
pub mod serve;
pub mod logging;
pub mod http;
pub mod auth;
mod oauth;
pub mod mcp;
mod a2a;
mod plain;
pub(crate) mod jsonrpc;
mod operator;
pub mod json;
pub mod dispatch;
pub mod jcs;
pub mod schema;
pub mod ops;
pub mod tasks;
pub mod webhooks;
pub mod status;
pub mod outbound;
pub mod signing;
pub mod catalog;
pub mod cursor;
pub mod platform;
pub mod simulation;
pub mod domain;
pub mod store;
pub mod codec;
pub mod spec;
pub mod profile;
pub mod identity;
pub mod clock;
pub mod error;

pub use seller::Seller;
