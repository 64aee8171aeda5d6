//! A router needs somebody who serves buyers.

struct Nobody;

fn main() {
    let _ = wire::Router::new(Nobody);
}
