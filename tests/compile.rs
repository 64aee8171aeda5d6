//! What the compiler says to an adopter: code that must compile and run, and code that must not,
//! with the message that explains why.
//!
//! The cases are compiled against the wire crate of `generated-example/`, as a seller's own code
//! is. `TRYBUILD=overwrite cargo test --test compile` rewrites the expected messages; they are
//! those of the stable compiler, and a new release may word them differently.

#[test]
fn adopters_code_compiles_or_the_compiler_says_what_is_wrong() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/compile/pass/*.rs");
    cases.compile_fail("tests/compile/fail/*.rs");
}
