fn main() {
    let server = Simulated::new();
    serve(server);
}
