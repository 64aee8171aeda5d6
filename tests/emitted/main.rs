//! What the tool emits, taken at its word: it compiles, is clean, and passes the official
//! storyboards. In reading order: how a seller is made, what its code is like, what it can do.

mod seller;
mod code;
mod demands;
mod golden;
mod storyboards;
mod clients;
