//! Generates complete AdCP seller agents in Rust from the AdCP schemas and one manifest.
//!
//! Modules are listed in the order in which the data passes them: what was typed, the manifest
//! as written, the plan that it means, the spec's schemas, wire types, keys that sign, rendered
//! files, the seller's folder, and what the user is told.

pub mod cli;
pub mod manifest;
pub mod plan;
pub mod spec;
pub mod wire;
pub mod keys;
pub mod render;
pub mod workspace;
pub mod verify;
pub mod report;
pub mod commands;
