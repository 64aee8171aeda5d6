fn main() {
    let runr = Simulated::new();
    run(runr);
}
