//! Nothing in the environment of the process changes where requests go.

use std::process::{Command, Stdio};

use adcp_seller::outbound::{Client, Limits, Reach};

use crate::receiver::{Receiver, says};

/// Run by itself below, in a process with proxies in its environment. A variable can't be set in
/// this one, since other tests read them at the same time.
#[tokio::test]
async fn requests_go_straight_to_the_receiver() {
    let receiver = Receiver::start(says("200 OK", "", "{}")).await;
    let client = Client::new(Reach::AndLoopback, Limits::default()).expect("a client");
    let answer = client.get_json(&receiver.url(), 1024).await;
    assert_eq!(answer.expect("an answer").status, 200);
    let [request] = &receiver.seen.requests()[..] else {
        panic!("not one request");
    };
    assert!(request.starts_with("GET /adcp HTTP/1.1\r\n"), "{request}");
}

#[tokio::test]
async fn proxies_of_the_environment_are_not_asked() {
    let proxy = Receiver::start(says("502 Bad Gateway", "", "")).await;
    let address = format!("http://127.0.0.1:{}", proxy.port());
    let mut child = Command::new(std::env::current_exe().expect("this test"));
    child
        .args([
            "--exact",
            "surroundings::requests_go_straight_to_the_receiver",
        ])
        .env_remove("NO_PROXY")
        .env_remove("no_proxy")
        .stdout(Stdio::piped());
    for variable in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"] {
        child.env(variable, &address);
        child.env(variable.to_lowercase(), &address);
    }
    let ended = tokio::task::spawn_blocking(move || child.output())
        .await
        .expect("no panic")
        .expect("the test runs");
    let said = String::from_utf8_lossy(&ended.stdout);
    assert!(ended.status.success(), "{said}");
    assert!(said.contains("1 passed"), "{said}");
    assert_eq!(proxy.seen.connections(), 0);
}
