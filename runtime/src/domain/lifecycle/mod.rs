//! What may become what: the states of media buys, creatives and accounts, each as one table, and
//! what time and the buyer do to a media buy.
//!
//! The edges are those of the specification's lifecycle pages for line 3.x (media buy lifecycle,
//! creative library, accounts). Who may take an edge (buyer, seller, the passing of time, the test
//! controller) is decided where it is taken; that an edge exists is decided here only.

mod states;
mod buy;
