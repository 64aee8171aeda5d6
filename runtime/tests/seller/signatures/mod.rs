//! Signed requests: who is let in by a signature, and what turns one away.

mod pen;
mod shop;
mod bureau;

mod refusals;
mod replay;
mod published_keys;
mod demanded;
mod calls;
mod documents;
mod load;
