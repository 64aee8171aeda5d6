//! The canonical form of any text: there is an answer, and a canonical URL stays as it is.
#![no_main]

use adcp_seller::signing::url::canonical;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(first) = canonical(text) else {
        return;
    };
    assert!(first.target_uri.is_ascii());
    assert!(first.path().starts_with('/'));
    assert!(!first.target_uri.contains('#'));
    let (_, rest) = first.target_uri.split_once("://").expect("a scheme");
    assert!(rest.starts_with(&first.authority));
    assert!(rest[first.authority.len()..].starts_with(first.path()));
    let query = |url: &str| {
        let url = url.split_once('#').map_or(url, |(url, _)| url).to_owned();
        url.split_once('?').map(|(_, query)| query.to_owned())
    };
    assert_eq!(query(&first.target_uri), query(text));
    assert_eq!(canonical(&first.target_uri), Ok(first));
});
