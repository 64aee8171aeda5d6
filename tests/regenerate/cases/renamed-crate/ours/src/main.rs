//! acme

use wire::SPEC;

fn main() {
    let server = Kevel::new();
    serve(server);
}
