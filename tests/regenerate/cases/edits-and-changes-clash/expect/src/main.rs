fn main() {
<<<<<<< yours
    let server = Kevel::new();
||||||| as generated before
    let server = Simulated::new();
=======
    let server = Simulated::default();
>>>>>>> as generated now
    serve(server);
}
