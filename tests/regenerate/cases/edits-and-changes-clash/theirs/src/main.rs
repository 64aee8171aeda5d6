fn main() {
    let server = Simulated::default();
    serve(server);
}
