//! Operators look at what is not delivered, and have it tried again.

use std::io::Write;
use std::sync::{Arc, Mutex};

use adcp_seller::serve::{Console, webhooks as command};
use adcp_seller::tasks;
use serde_json::{Value, json};

use super::receiver::{Receiver, Reply};
use super::{FREE, Post, VIEWER_TOKEN, post, tenant};
use crate::support::http::Response;
use crate::support::{OPERATOR_TOKEN, TOKEN};

/// A secret that a buyer sends along.
const SECRET: &str = "the-buyer-s-webhook-secret-0123456789";

impl Post {
    async fn ask(&self, token: &str, method: &str, path: &str) -> Response {
        let authorization = format!("Bearer {token}");
        self.operators
            .send(method, path, &[("authorization", &authorization)], b"")
            .await
    }

    async fn read(&self, path: &str) -> Value {
        let response = self.ask(OPERATOR_TOKEN, "GET", path).await;
        assert_eq!(response.status, 200, "{path}: {}", response.text());
        response.json()
    }

    /// A notification that was set aside, whose receiver takes it from now on: its id.
    async fn set_aside(&self, buyer: &Receiver) -> String {
        buyer.then([410, 410, 410].map(Reply::Status));
        let config = json!({
            "url": buyer.url(&format!("/{SECRET}?sig={SECRET}")),
            "token": SECRET,
            "authentication": { "schemes": ["Bearer"], "credentials": SECRET },
        });
        self.call("create_media_buy", self.order(config)).await;
        for count in 1..=2 {
            self.delivery_once(|delivery| delivery.tries.len() == count)
                .await;
            self.later();
        }
        self.dead().await.webhook_id
    }
}

#[tokio::test]
async fn what_was_set_aside_is_listed_shown_and_replayed_under_its_key() {
    let (post, buyer) = (post(&FREE).await, Receiver::well().await);
    let id = post.set_aside(&buyer).await;
    let list = post.read("/webhooks?standing=dead").await;
    let [listed] = list["webhooks"].as_array().expect("a list").as_slice() else {
        panic!("one: {list}");
    };
    assert_eq!(
        (
            &listed["webhook_id"],
            &listed["principal"],
            &listed["topic"],
            &listed["receiver"],
            &listed["attempts"],
        ),
        (
            &json!(id),
            &json!("first"),
            &json!("create_media_buy"),
            &json!(buyer.origin),
            &json!(3)
        )
    );
    let shown = post.read(&format!("/webhooks/{id}")).await;
    assert_eq!(shown["tries"].as_array().expect("attempts").len(), 3);
    assert_eq!(shown["proof"], "bearer");
    assert_eq!(shown["payload"]["task_type"], "create_media_buy");
    for text in [list.to_string(), shown.to_string()] {
        assert!(!text.contains(SECRET), "{text}");
    }
    let path = format!("/webhooks/{id}/replay");
    let replayed = post.ask(OPERATOR_TOKEN, "POST", &path).await;
    assert_eq!(replayed.status, 200, "{}", replayed.text());
    assert_eq!(replayed.json()["standing"], "waiting");
    let received = buyer.once(4).await;
    post.all_delivered().await;
    assert_eq!(received[3].body, received[0].body);
    assert_eq!(received[3].key(), id);
    let audit = tasks::audit(post.services(), &tenant(), None, None, 10)
        .await
        .expect("the audit");
    let [entry] = audit.entries.as_slice() else {
        panic!("one: {audit:?}");
    };
    assert_eq!(
        (
            entry.operator.as_str(),
            entry.action.as_str(),
            entry.webhook_id.as_deref()
        ),
        ("ada", "replay", Some(id.as_str()))
    );
}

#[tokio::test]
async fn whoever_only_looks_replays_nothing() {
    let (post, buyer) = (post(&FREE).await, Receiver::well().await);
    let id = post.set_aside(&buyer).await;
    let path = format!("/webhooks/{id}/replay");
    let shown = post
        .ask(VIEWER_TOKEN, "GET", &format!("/webhooks/{id}"))
        .await;
    assert_eq!(shown.status, 200);
    let refused = post.ask(VIEWER_TOKEN, "POST", &path).await;
    assert_eq!(refused.status, 403, "{}", refused.text());
    assert_eq!(refused.json()["type"], "urn:adcp-seller:no-right");
    for token in [TOKEN, "nobody-s-token"] {
        assert_eq!(post.ask(token, "POST", &path).await.status, 401);
    }
    assert_eq!(buyer.received().len(), 3);
}

#[tokio::test]
async fn what_can_t_be_replayed_is_said() {
    let (post, buyer) = (
        post(&FREE).await,
        Receiver::answering(Reply::Status(503)).await,
    );
    post.buy(&buyer.url("/")).await;
    let waiting = post.delivery_once(|delivery| delivery.attempts == 1).await;
    let path = format!("/webhooks/{}/replay", waiting.webhook_id);
    for (path, status, kind) in [
        (path.as_str(), 409, "nothing-to-replay"),
        ("/webhooks/unknown/replay", 404, "unknown-webhook"),
        ("/webhooks/%ff/replay", 404, "unknown-webhook"),
    ] {
        let refused = post.ask(OPERATOR_TOKEN, "POST", path).await;
        assert_eq!(refused.status, status, "{path}: {}", refused.text());
        assert_eq!(refused.json()["type"], format!("urn:adcp-seller:{kind}"));
    }
    for query in [
        "standing=delivered",
        "standing=dead&standing=dead",
        "status=failed",
    ] {
        let refused = post
            .ask(OPERATOR_TOKEN, "GET", &format!("/webhooks?{query}"))
            .await;
        assert_eq!(refused.status, 400, "{query}");
    }
}

/// A stream that can be read afterwards.
#[derive(Clone, Debug, Default)]
struct Paper(Arc<Mutex<Vec<u8>>>);

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("a lock").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Paper {
    fn text(&self) -> String {
        let bytes = self.0.lock().expect("a lock").clone();
        let text = String::from_utf8(bytes).expect("text");
        anstream::adapter::strip_str(&text).to_string()
    }
}

/// Runs `webhooks …`: exit code, standard output, standard error.
async fn run(post: &Post, token: &str, words: &[&str]) -> (u8, String, String) {
    let (out, err) = (Paper::default(), Paper::default());
    let mut console = Console {
        out: Box::new(out.clone()),
        err: Box::new(err.clone()),
        width: Some(160),
    };
    let url = post.running.operator_url().expect("operators are served");
    let words = [words, &["--operator-url", url]].concat();
    let token = Some(token.to_owned());
    let code = command::run_words("press-desk", &words, token, &mut console).await;
    (code, out.text(), err.text())
}

#[tokio::test]
async fn the_command_line_lists_shows_and_replays() {
    let (post, buyer) = (post(&FREE).await, Receiver::well().await);
    let (code, out, err) = run(&post, OPERATOR_TOKEN, &["list"]).await;
    assert_eq!((code, out.as_str()), (0, ""));
    assert!(err.contains("press-desk webhooks list --all"), "{err}");
    let id = post.set_aside(&buyer).await;
    let (code, out, err) = run(&post, OPERATOR_TOKEN, &["list"]).await;
    assert_eq!(code, 0, "{err}");
    assert!(
        out.lines().nth(1).is_some_and(|line| line.starts_with(&id)),
        "{out}"
    );
    assert!(err.contains("press-desk webhooks replay WEBHOOK"), "{err}");
    let (code, out, err) = run(&post, OPERATOR_TOKEN, &["show", &id]).await;
    assert_eq!(code, 0, "{err}");
    for said in [
        "dead",
        "refused 3 times in a row",
        "answered 410",
        "\"task_type\"",
    ] {
        assert!(out.contains(said), "{said}: {out}");
    }
    assert!(!out.contains(SECRET), "{out}");
    let (code, _, err) = run(&post, VIEWER_TOKEN, &["replay", &id]).await;
    assert_eq!(code, 1, "{err}");
    let (code, out, err) = run(&post, OPERATOR_TOKEN, &["replay", &id]).await;
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("is tried again"), "{out}");
    buyer.once(4).await;
    post.all_delivered().await;
    let (code, _, err) = run(&post, OPERATOR_TOKEN, &["show", &id]).await;
    assert_eq!(code, 1);
    assert!(err.contains("press-desk webhooks list --all"), "{err}");
    let (code, _, err) = run(&post, OPERATOR_TOKEN, &["replay", "../tasks"]).await;
    assert_eq!(code, 2, "{err}");
}
