//! acme

use wire::SPEC;

fn main() {
    let server = Simulated::new();
    serve(server);
}
