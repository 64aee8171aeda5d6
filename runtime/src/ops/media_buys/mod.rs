//! Media buys: `create_media_buy`, `update_media_buy`, `get_media_buys`.
//!
//! The order in which a request is judged: the proposal that it buys, its own dates, then package by
//! package product, price, money, flight, terms, targeting and creatives, then what the recipes allow;
//! then a proposal is reserved; then the adapter books or changes, unless a person has to agree first;
//! then everything is written together. The ids of a buy and its packages follow from the operation, so that a retry
//! after a crash books the same buy.

mod flight;
mod package;
mod terms;
mod targeting;
mod wanted;
mod accept;
mod approval;
mod order;
mod forced;
mod create;
mod changes;
mod update;
mod permitted;
mod keywords;
mod read;
mod wire;

pub(super) use create::{create, take_references};
pub(super) use package::{PACKAGE_KEPT, priced};
pub(super) use read::{get, scopes, selected};
pub(super) use update::update;
pub(super) use wire::{cancellation, standing};
