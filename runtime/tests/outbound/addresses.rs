//! The table of addresses: as hosts of URLs and as answers of a resolver.

use std::net::IpAddr;

use adcp_seller::outbound::{Block, Client, Failed, Limits, Reach, Refused, Rule};

use crate::names::Numbered;

fn table() -> impl Iterator<Item = (IpAddr, &'static str)> {
    include_str!("data/addresses.txt")
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| {
            let (address, verdict) = line.split_once(' ').expect("an address and its verdict");
            let address = address.parse().expect("an address");
            (address, verdict.trim())
        })
}

fn verdict(refused: Refused) -> String {
    match refused.rule {
        Rule::Address { block, .. } => format!("{block:?}"),
        rule => format!("{rule:?}"),
    }
}

fn literal(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => format!("https://{address}/"),
        IpAddr::V6(address) => format!("https://[{address}]/"),
    }
}

#[test]
fn a_host_that_is_an_address_is_judged_by_the_table() {
    let client = Client::new(Reach::Public, Limits::default()).expect("a client");
    let mut rows = 0;
    for (address, expected) in table() {
        let found = client
            .judge(&literal(address))
            .map_or_else(verdict, |_| "public".to_owned());
        assert_eq!(found, expected, "{address}");
        rows += 1;
    }
    assert!(rows >= 60, "the table has only {rows} rows");
}

#[tokio::test]
async fn an_address_that_a_resolver_names_is_judged_by_the_same_table() {
    let rows: Vec<_> = table()
        .filter(|(_, expected)| *expected != "public")
        .collect();
    let addresses = rows.iter().map(|(address, _)| *address).collect();
    let client = Client::builder(Reach::Public)
        .lookup(Numbered(addresses))
        .build()
        .expect("a client");
    for (number, (address, expected)) in rows.into_iter().enumerate() {
        let url = format!("https://{number}.buyer.example/");
        let failed = client.get_json(&url, 1024).await;
        let Err(Failed::Refused(refused)) = failed else {
            panic!("{address} is not refused: {failed:?}");
        };
        assert_eq!(verdict(refused), expected, "{address}");
    }
}

#[test]
fn a_sandbox_reaches_this_machine_and_nothing_else_besides_the_public() {
    let client = Client::new(Reach::AndLoopback, Limits::default()).expect("a client");
    for (address, expected) in table() {
        let allowed = matches!(expected, "public" | "Loopback");
        let found = client.judge(&literal(address));
        assert_eq!(found.is_ok(), allowed, "{address}: {found:?}");
    }
}

#[test]
fn a_refusal_says_which_address_is_what() {
    let client = Client::new(Reach::Public, Limits::default()).expect("a client");
    let refused = client
        .judge("https://0xa9fea9fe/latest")
        .expect_err("the metadata service");
    let address = "169.254.169.254".parse().expect("an address");
    let block = Block::LinkLocal;
    assert_eq!(refused.rule, Rule::Address { address, block });
    assert_eq!(
        refused.to_string(),
        "the address may not be reached: 169.254.169.254 is on the local link"
    );
}
