//! URLs that are malformed, ambiguous, or somebody else's.

use adcp_seller::signing::{Fault, Head, url};
use axum::http::HeaderValue;

use super::bad_input::{BODY, Request, head};
use super::ring::verify;

/// A message for one host is not one for its neighbour behind the same address.
#[test]
fn the_host_header_names_the_authority_of_the_url() {
    let malformed = |host: &str| {
        let mut request = Request::new();
        request
            .set("host", host)
            .is_refused(Fault::TargetUriMalformed, 10);
    };
    malformed("neighbour.example");
    malformed("seller.example:8443");
    malformed("seller.example@neighbour.example");
    malformed("seller.example/");
    malformed("::1");
    malformed("");
    malformed("b\u{fc}cher.example");
    let mut request = Request::new();
    let second = HeaderValue::from_static("neighbour.example");
    request.headers.append("host", second);
    request.is_refused(Fault::TargetUriMalformed, 10);
    let mut request = Request::new();
    request.set("host", "Seller.Example:443");
    let answer = verify(request.terms, head(&request.headers), BODY, &request.ring);
    answer.expect("the same host in another spelling");
}

#[test]
fn a_host_that_is_not_ascii_is_refused_and_not_converted() {
    let request = Request::new();
    let foreign = Head {
        url: "https://b\u{fc}cher.example/mcp",
        ..head(&request.headers)
    };
    request.is_refused_for(foreign, BODY, Fault::HeaderMalformed, 1);
}

#[test]
fn urls_of_which_two_readers_could_think_differently_are_refused() {
    let malformed = [
        "",
        "/mcp",
        "seller.example/mcp",
        "ftp://seller.example/",
        "https:/seller.example/",
        "https://seller.example:/x y",
        "https://seller.example:port/",
        "https://seller.example:65536/",
        "https://seller.example:+1/",
        "https://seller_example/",
        "https://-seller.example/",
        "https://sel%6cer.example/",
        "https://a@b@seller.example/",
        "https://[::1]x/",
        "https://[::1%25eth0]/",
        "https://[v1.x]/",
        "https://[]/",
        "https://./",
        "https://seller.example/\\mcp",
        "https://seller.example/%",
        "https://seller.example/%4",
        "https://seller.example/%+1",
        "https://seller.example/%\u{fc}",
        "https://seller.example/m\u{fc}p",
        "https://seller.example/?\u{fc}",
        "https://seller.example/\r\nhost:x",
        "https://seller.example/a/%2e%2E/b",
        "https://seller.example/a/.%2e",
        "https://seller.example/%2e/b",
        "https://xn--\u{fc}.example/",
        "https://\u{ad}/",
    ];
    for url in malformed {
        assert!(url::canonical(url).is_err(), "{url:?}");
    }
    let canonical = [
        ("http://seller.example:/", "http://seller.example/"),
        ("http://seller.example:443/", "http://seller.example:443/"),
        ("https://seller.example:0080", "https://seller.example:80/"),
        (
            "https://seller.example/../../a/..",
            "https://seller.example/",
        ),
        (
            "https://seller.example/a/..//b/.",
            "https://seller.example//b/",
        ),
        (
            "https://seller.example/?%2f%41#?",
            "https://seller.example/?%2f%41",
        ),
        ("https://seller.example#/x", "https://seller.example/"),
        ("https://192.0.2.1:8443/x", "https://192.0.2.1:8443/x"),
    ];
    for (url, expected) in canonical {
        let got = url::canonical(url).map(|url| url.target_uri);
        assert_eq!(got.as_deref(), Ok(expected), "{url}");
    }
}
