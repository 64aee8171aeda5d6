//! A seller as buyers meet it: over HTTP, with the line's real schemas.

mod support;

mod bad_input;
mod idempotency;
mod mcp;
