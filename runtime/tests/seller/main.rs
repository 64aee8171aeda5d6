//! A seller as buyers meet it: over HTTP, with the line's real schemas.

mod support;
mod market;

mod bad_input;
mod auth;
mod idempotency;
mod mcp;
mod a2a;
mod catalog;
mod ops_products;
mod proposals_discovery;
mod ops_accounts;
mod ops_media_buys;
mod proposals_buying;
mod recipes;
mod ops_creatives;
mod ops_delivery;
mod ops_lists;
mod ops_controller;
mod signatures;
mod status;
mod ledger;
mod operator;
mod tasks;
mod webhooks;
