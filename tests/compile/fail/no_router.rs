//! The runtime speaks JSON; the router is what turns it into the types that a platform takes.

use adcp_seller::Seller;

struct Desk;

fn main() {
    let _ = Seller::new(&wire::SPEC, &wire::PROFILE, Desk);
}
