//! The guard around requests to addresses that buyers name: tables of addresses and URLs, resolvers
//! that lie, and receivers that misbehave. Everything stays on this machine.

mod addresses;
mod urls;
mod receiver;
mod names;
mod resolving;
mod tls;
mod answers;
mod surroundings;
