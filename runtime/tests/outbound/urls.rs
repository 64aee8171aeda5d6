//! The table of URLs.

use adcp_seller::outbound::{Client, Limits, Reach, Refused, Rule};

struct Row {
    url: String,
    live: &'static str,
    sandbox: &'static str,
}

fn table() -> impl Iterator<Item = Row> {
    include_str!("data/urls.txt")
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| {
            let (rest, sandbox) = line.rsplit_once(' ').expect("a verdict for a sandbox");
            let (url, live) = rest.trim_end().rsplit_once(' ').expect("a live verdict");
            Row {
                url: written_out(url.trim_end()),
                live,
                sandbox,
            }
        })
}

/// Replaces what the table abbreviates between angle brackets.
fn written_out(url: &str) -> String {
    let Some((before, rest)) = url.split_once('<') else {
        return url.to_owned();
    };
    let (inside, after) = rest.split_once('>').expect("a closing bracket");
    let meant = match inside.split_once(" x ") {
        Some((times, what)) => what.repeat(times.parse().expect("a number")),
        None => {
            let code = inside.strip_prefix("u+").expect("a code point");
            let code = u32::from_str_radix(code, 16).expect("a hexadecimal number");
            char::from_u32(code).expect("a character").to_string()
        }
    };
    format!("{before}{meant}{}", written_out(after))
}

fn verdict(refused: Refused) -> String {
    match refused.rule {
        Rule::Address { block, .. } => format!("Address:{block:?}"),
        Rule::Port(_) => "Port".to_owned(),
        rule => format!("{rule:?}"),
    }
}

#[test]
fn urls_are_judged_by_the_table() {
    let live = Client::new(Reach::Public, Limits::default()).expect("a client");
    let sandbox = Client::new(Reach::AndLoopback, Limits::default()).expect("a client");
    let mut wrong = Vec::new();
    let mut refused = 0;
    for row in table() {
        for (client, expected) in [(&live, row.live), (&sandbox, row.sandbox)] {
            let found = client
                .judge(&row.url)
                .map_or_else(verdict, |_| "ok".to_owned());
            if found != expected {
                wrong.push(format!("{:.80}: {found} instead of {expected}", row.url));
            }
        }
        refused += usize::from(row.live != "ok");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(refused >= 20, "the table has only {refused} tricks");
}

#[test]
fn a_target_is_counted_by_host_and_port_in_one_spelling() {
    let client = Client::new(Reach::AndLoopback, Limits::default()).expect("a client");
    let spellings = [
        ("https://HOOKS.buyer.example/a", "hooks.buyer.example:443"),
        (
            "https://hooks.buyer.example:00443",
            "hooks.buyer.example:443",
        ),
        ("https://bücher.example:8443/", "xn--bcher-kva.example:8443"),
        ("http://0x7f.1:81/", "127.0.0.1:81"),
        ("http://[0:0::1]:81/", "[::1]:81"),
    ];
    for (url, authority) in spellings {
        let target = client.judge(url).expect("a target");
        assert_eq!(target.authority(), authority);
    }
}

#[test]
fn a_target_is_sent_as_the_parser_writes_it() {
    let client = Client::new(Reach::Public, Limits::default()).expect("a client");
    let target = client
        .judge("https://Hooks.Buyer.example:443/a/../b?q=ä")
        .expect("a target");
    assert_eq!(target.as_str(), "https://hooks.buyer.example/b?q=%C3%A4");
}

#[test]
fn ports_are_any_unless_the_operator_lists_them() {
    let listed = Client::builder(Reach::Public)
        .limits(Limits {
            ports: vec![443, 8443],
            ..Limits::default()
        })
        .build()
        .expect("a client");
    assert!(listed.judge("https://hooks.buyer.example/").is_ok());
    assert!(listed.judge("https://hooks.buyer.example:8443/").is_ok());
    let refused = listed.judge("https://hooks.buyer.example:9443/");
    assert_eq!(refused.expect_err("another port").rule, Rule::Port(9443));
}

#[test]
fn what_is_logged_of_a_target_holds_nothing_secret() {
    let client = Client::new(Reach::Public, Limits::default()).expect("a client");
    let target = client
        .judge("https://hooks.buyer.example/t0ps3cret?key=t0ps3cret")
        .expect("a target");
    assert!(!format!("{target:?}").contains("t0ps3cret"));
}
