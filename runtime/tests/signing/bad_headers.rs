//! Headers that are malformed, ambiguous or too large.

use adcp_seller::profile::DigestPolicy;
use adcp_seller::signing::{Edition, Fault, Head, Terms, Usage, is_signed};
use axum::http::{HeaderMap, HeaderValue};

use super::bad_input::{BODY, Request, head};
use super::ring::{NOW, Ring, at, verify};

#[test]
fn half_a_signature_is_not_none() {
    for gone in ["signature", "signature-input"] {
        let mut request = Request::new();
        request.headers.remove(gone);
        assert!(is_signed(&request.headers));
        request.is_refused(Fault::HeaderMalformed, 1);
    }
    assert!(!is_signed(&HeaderMap::new()));
}

#[test]
fn ten_thousand_bytes_are_an_attack() {
    let padding = "a".repeat(10_000);
    for name in [
        "signature-input",
        "signature",
        "content-digest",
        "content-type",
    ] {
        let mut request = Request::new();
        let text = request.text(name);
        request.set(name, &format!("{text};x={padding}"));
        request.is_refused(Fault::HeaderMalformed, 1);
    }
    // Many short lines of the same header are as long together.
    let mut request = Request::new();
    for at in 0..400 {
        let line = format!("a{at}=(\"@method\")");
        let line = HeaderValue::from_str(&line).expect("a value");
        request.headers.append("signature-input", line);
    }
    request.is_refused(Fault::HeaderMalformed, 1);
    // Few bytes, but more members, parameters or components than anybody needs.
    let crowd = |item: fn(usize) -> String, separator: &str| {
        (0..40).map(item).collect::<Vec<_>>().join(separator)
    };
    let mut request = Request::new();
    let members = crowd(|at| format!("a{at}=()"), ", ");
    request
        .set("signature-input", &members)
        .is_refused(Fault::HeaderMalformed, 1);
    let parameters = crowd(|at| format!("a{at}=1"), ";");
    let input = format!("sig1=();{parameters}");
    request
        .set("signature-input", &input)
        .is_refused(Fault::HeaderMalformed, 1);
    let components = crowd(|at| format!("\"a{at}\""), " ");
    let input = format!("sig1=({components})");
    request
        .set("signature-input", &input)
        .is_refused(Fault::HeaderMalformed, 1);
    // A URL without end.
    let request = Request::new();
    let long = format!("https://seller.example/{padding}");
    let head = Head {
        url: &long,
        ..head(&request.headers)
    };
    request.is_refused_for(head, BODY, Fault::TargetUriMalformed, 10);
}

#[test]
fn ambiguous_headers_are_refused() {
    // The same label, parameter or component twice.
    let mut request = Request::new();
    let input = request.text("signature-input");
    request.set("signature-input", &format!("{input}, {input}"));
    request.is_refused(Fault::HeaderMalformed, 1);
    request.set(
        "signature-input",
        &format!("{input};nonce=\"AAAAAAAAAAAAAAAAAAAAAA\""),
    );
    request.is_refused(Fault::HeaderMalformed, 1);
    request.set(
        "signature-input",
        &input.replace("\"@method\"", "\"@method\" \"@method\""),
    );
    request.is_refused(Fault::HeaderMalformed, 1);
    // In two lines as in one.
    let mut request = Request::new();
    let line = HeaderValue::from_str(&request.text("signature")).expect("a value");
    request.headers.append("signature", line);
    request.is_refused(Fault::HeaderMalformed, 1);
    // A second value of what is one value.
    let mut request = Request::new();
    let second = HeaderValue::from_static("application/json");
    request.headers.append("content-type", second);
    request.is_refused(Fault::HeaderMalformed, 1);
    let mut request = Request::new();
    request.set("content-type", "application/json, application/json");
    request.is_refused(Fault::HeaderMalformed, 1);
    // A digest twice, or under two spellings.
    let mut request = Request::new();
    let digest = request.text("content-digest");
    request.set("content-digest", &format!("{digest}, {digest}"));
    request.is_refused(Fault::HeaderMalformed, 1);
    let upper = digest.replace("sha-256", "SHA-256");
    request.set("content-digest", &format!("{digest}, {upper}"));
    request.is_refused(Fault::HeaderMalformed, 1);
    // Several signatures, and none of the label that is verified.
    let mut request = Request::new();
    let input = request.text("signature-input");
    let others = [input.replace("sig1", "a"), input.replace("sig1", "b")].join(", ");
    request.set("signature-input", &others);
    request.is_refused(Fault::HeaderMalformed, 1);
}

#[test]
fn the_only_signature_may_have_any_label() {
    let mut request = Request::new();
    request
        .edit("signature-input", "sig1", "buyer.1")
        .edit("signature", "sig1", "buyer.1");
    verify(request.terms, head(&request.headers), BODY, &request.ring).expect("a good signature");
}

#[test]
fn texts_that_are_no_structured_fields_are_refused() {
    let inputs = [
        "",
        "sig1",
        "sig1=",
        "sig1=?1",
        "sig1=(",
        "sig1=(\"@method\"",
        "sig1=(@method)",
        "sig1=(\"@method\"\"@authority\")",
        "sig1=(\"@Method\")",
        "sig1=(\"\")",
        "sig1=(\"@method\");",
        "sig1=(\"@method\");created",
        "sig1=(\"@method\");created=",
        "sig1=(\"@method\");created=1.5",
        "sig1=(\"@method\");created=1776520800.",
        "sig1=(\"@method\");created=-",
        "sig1=(\"@method\");created=1234567890123456",
        "sig1=(\"@method\");created=\"1776520800\"",
        "sig1=(\"@method\");keyid=abc",
        "sig1=(\"@method\");keyid=:YWJj:",
        "sig1=(\"@method\");keyid=?1",
        "sig1=(\"@method\");keyid=\"abc",
        "sig1=(\"@method\");keyid=\"a\\bc\"",
        "sig1=(\"@method\");x=:YWJj",
        "sig1=(\"@method\");x=?2",
        "sig1=(\"@method\");X=1",
        "sig1=(\"@method\") x",
        "sig1=(\"@method\"),",
        "sig1=(\"@method\"),,sig2=()",
        ",sig1=(\"@method\")",
        "Sig1=(\"@method\")",
        "1=(\"@method\")",
        "sig1 =(\"@method\")",
        "sig1=(\"@method\")\u{fc}",
    ];
    for input in inputs {
        let mut request = Request::new();
        request.set("signature-input", input);
        request.is_refused(Fault::HeaderMalformed, 1);
    }
    let tokens = [
        "",
        "sig1",
        "sig1=AAAA",
        "sig1=:AAAA",
        "sig1=:AA AA:",
        "sig1=:AAAAA:",
        "sig1=:AB:",
        "sig1=:A+B-:",
        "sig1=:AA_=:",
        "sig1=\"AAAA\"",
        "sig2=:AAAA:",
        "sig1=:AAAA:, sig2=x",
    ];
    for token in tokens {
        let mut request = Request::new();
        request.set("signature", token);
        request.is_refused(Fault::HeaderMalformed, 1);
    }
}

#[test]
fn each_line_reads_its_own_alphabet() {
    let mut request = Request::new();
    let token = request.text("signature");
    // The same bytes in Base64: read up to 3.1.
    let plain = token.replace('-', "+").replace('_', "/");
    let plain = format!("{}==:", plain.strip_suffix(':').expect("a token"));
    request.set("signature", &plain);
    let answer = verify(request.terms, head(&request.headers), BODY, &request.ring);
    answer.expect("a good signature");
    // From 3.2 on that is the only form; the digest of this request is in the other one.
    request.ring = Ring::of([request.key.public_jwk(Usage::Request)]);
    request.terms = Terms::request(Edition::V3_2, DigestPolicy::Either, at(NOW));
    request.is_refused(Fault::HeaderMalformed, 1);
    // A digest of only one form is refused before the body is there.
    let mixed = "sha-256=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA+-_A=:";
    let mut request = Request::new();
    request
        .set("content-digest", mixed)
        .is_refused(Fault::HeaderMalformed, 1);
}
