fn main() {
    let server = Kevel::new();
    serve(server);
}
