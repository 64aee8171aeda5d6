fn main() {
    let server = Simulated::new();
    run(server);
}
