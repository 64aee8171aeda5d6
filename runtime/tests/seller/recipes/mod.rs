//! Recipes as buyers and adapters meet them: buyers never, adapters typed and in time.

mod press;
mod drafts;
mod leaks;
mod overlap;
mod source;
