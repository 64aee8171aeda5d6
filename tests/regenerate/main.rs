//! Regenerating a seller that its adopter has edited: what happens to every kind of file, and what
//! is left when a run breaks.

#![allow(clippy::unwrap_used)]

mod tree;
mod cases;
mod faults;
mod upkeep;
