//! A router needs somebody who serves buyers, and somebody who makes proposals.

struct Nobody;

fn main() {
    let _ = wire::Router::new(Nobody, Nobody);
}
