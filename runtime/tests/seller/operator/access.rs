//! Who is let in, and how little a stranger learns.

use super::*;

/// Places at which something is, and at which nothing is.
const PLACES: [(&str, &str); 8] = [
    ("GET", "/tasks"),
    ("GET", "/tasks/task_0"),
    ("POST", "/tasks/task_0/approve"),
    ("POST", "/tasks/task_0/reject"),
    ("GET", "/audit"),
    ("DELETE", "/tasks"),
    ("GET", "/nothing"),
    ("OPTIONS", "/tasks"),
];

#[tokio::test]
async fn strangers_learn_nothing_else_than_that_they_are_strangers() {
    let office = office().await;
    let mut answers = Vec::new();
    for (method, path) in PLACES {
        for (headers, challenge) in [
            (&[][..], "Bearer realm=\"operators\""),
            (
                &[("authorization", "Bearer no-operator-s")],
                "Bearer realm=\"operators\", error=\"invalid_token\"",
            ),
            (
                &[("authorization", "Basic b3BlcmF0b3I=")],
                "Bearer realm=\"operators\", error=\"invalid_token\"",
            ),
            (
                &[("origin", "https://evil.example")],
                "Bearer realm=\"operators\"",
            ),
        ] {
            let response = office.operators.send(method, path, headers, b"{").await;
            assert_problem(&response, 401, "unauthorized");
            assert_eq!(
                response.header("www-authenticate"),
                Some(challenge),
                "{method} {path}"
            );
            answers.push(response.text());
        }
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "every place answers the same");
}

#[tokio::test]
async fn buyers_and_operators_have_nothing_in_common() {
    let office = office().await;
    for token in [TOKEN, OTHER_TOKEN] {
        for (method, path) in PLACES {
            let response = office.send(token, method, path, b"").await;
            assert_problem(&response, 401, "unauthorized");
        }
    }
    let list = rpc("tools/list", json!({})).to_string();
    for token in [OPERATOR_TOKEN, VIEWER_TOKEN] {
        let response = office.buyers.post(token, list.as_bytes()).await;
        assert_eq!(response.status, 401, "{}", response.text());
    }
    // Neither listener has the other's paths, even for its own people.
    let authorization = format!("Bearer {TOKEN}");
    let headers = [("authorization", authorization.as_str())];
    let at_buyers = office.buyers.send("GET", "/tasks", &headers, b"").await;
    assert_eq!(at_buyers.status, 404);
    let at_operators = office.send(OPERATOR_TOKEN, "POST", "/mcp", b"{}").await;
    assert_problem(&at_operators, 404, "nothing-here");
}

#[tokio::test]
async fn anybody_may_ask_whether_it_is_alive() {
    let office = office().await;
    let response = office.operators.send("GET", "/healthz", &[], b"").await;
    assert_eq!((response.status, response.text().as_str()), (200, "ok\n"));
}

#[tokio::test]
async fn web_pages_are_kept_out() {
    let office = office().await;
    let authorization = format!("Bearer {OPERATOR_TOKEN}");
    let own = office
        .running
        .operator_url()
        .expect("an address")
        .to_owned();
    for (origin, allowed) in [
        (own.as_str(), true),
        ("https://evil.example", false),
        ("http://localhost:3000", false),
        ("null", false),
    ] {
        let headers = [
            ("authorization", authorization.as_str()),
            ("origin", origin),
        ];
        let response = office.operators.send("GET", "/tasks", &headers, b"").await;
        if allowed {
            assert_eq!(response.status, 200, "{origin}: {}", response.text());
        } else {
            assert_problem(&response, 403, "foreign-page");
        }
        let cors = response
            .headers
            .iter()
            .find(|(name, _)| name.starts_with("access-control-"));
        assert_eq!(cors, None, "no page is told that it may read the answer");
    }
}

#[tokio::test]
async fn a_path_takes_its_methods_and_names_them() {
    let office = office().await;
    for (method, path, allow) in [
        ("DELETE", "/tasks", "GET,HEAD"),
        ("POST", "/audit", "GET,HEAD"),
        ("GET", "/tasks/task_0/approve", "POST"),
        ("PUT", "/tasks/task_0/reject", "POST"),
    ] {
        let response = office.send(OPERATOR_TOKEN, method, path, b"").await;
        assert_problem(&response, 405, "wrong-method");
        assert_eq!(response.header("allow"), Some(allow), "{method} {path}");
    }
}

#[tokio::test]
async fn an_operator_s_log_lines_can_be_found_by_the_answer() {
    let office = office().await;
    let response = office.send(OPERATOR_TOKEN, "GET", "/tasks", b"").await;
    let first = response.header("x-request-id").map(str::to_owned);
    let again = office.send(OPERATOR_TOKEN, "GET", "/tasks", b"").await;
    assert!(first.is_some());
    assert_ne!(first.as_deref(), again.header("x-request-id"));
}
