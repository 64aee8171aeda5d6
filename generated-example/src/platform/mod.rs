//! What this seller does itself, one file for each family of specialisms.

mod sales;

pub use sales::SalesDesk;
