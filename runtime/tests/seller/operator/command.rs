//! `seller tasks …`, run in process against a seller's operator API.

use std::io::Write;
use std::sync::Mutex;

use adcp_seller::platform::Outcome;
use adcp_seller::serve::Console;
use adcp_seller::serve::tasks::run_words;

use super::*;

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

/// Exit code, standard output, standard error.
type Ended = (u8, String, String);

async fn run(token: Option<&str>, words: &[&str]) -> Ended {
    let (out, err) = (Paper::default(), Paper::default());
    let mut console = Console {
        out: Box::new(out.clone()),
        err: Box::new(err.clone()),
        width: Some(140),
    };
    let code = run_words("press-desk", words, token.map(str::to_owned), &mut console).await;
    (code, out.text(), err.text())
}

impl Office {
    async fn tasks(&self, token: &str, words: &[&str]) -> Ended {
        let url = self.running.operator_url().expect("operators are served");
        run(Some(token), &[words, &["--operator-url", url]].concat()).await
    }
}

#[tokio::test]
async fn what_waits_is_listed_with_the_next_step() {
    let office = office().await;
    let (code, out, err) = office.tasks(OPERATOR_TOKEN, &["list"]).await;
    assert_eq!((code, out.as_str()), (0, ""));
    assert!(err.contains("press-desk tasks list --all"), "{err}");
    let id = office.submit().await;
    let (code, out, err) = office.tasks(OPERATOR_TOKEN, &["list"]).await;
    assert_eq!(code, 0, "{err}");
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(lines.len(), 2, "{out}");
    assert!(lines[0].starts_with("TASK "), "{out}");
    assert!(lines[1].starts_with(&id), "{out}");
    for said in [
        "waits: create_media_buy",
        "2026-03-10 13:00Z",
        "first",
        "banner 5000",
    ] {
        assert!(lines[1].contains(said), "{said}: {out}");
    }
    assert!(
        lines.iter().all(|line| line.chars().count() <= 140),
        "{out}"
    );
    assert!(err.contains("press-desk tasks approve TASK"), "{err}");
    let (code, out, err) = office.tasks(VIEWER_TOKEN, &["list", "--json"]).await;
    assert_eq!((code, err.as_str()), (0, ""));
    let list: Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(list["tasks"][0]["task_id"], json!(id));
}

#[tokio::test]
async fn a_task_is_shown_whole() {
    let office = office().await;
    let id = office.submit().await;
    let (code, out, err) = office.tasks(VIEWER_TOKEN, &["show", &id]).await;
    assert_eq!(code, 0, "{err}");
    for said in [
        id.as_str(),
        "waits: create_media_buy",
        "first",
        "\"nova.example\"",
        "(removed)",
    ] {
        assert!(out.contains(said), "{said}: {out}");
    }
    assert!(!out.contains(SECRET), "{out}");
    assert!(
        err.contains(&format!("tasks reject {id} --reason")),
        "{err}"
    );
    let (code, out, _) = office.tasks(VIEWER_TOKEN, &["show", &id, "--json"]).await;
    let task: Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(
        (code, &task),
        (0, &office.get(&format!("/tasks/{id}")).await)
    );
}

#[tokio::test]
async fn what_a_proposal_is_made_of_is_shown() {
    let office = office_of(&FINALIZED).await;
    let brief = json!({ "buying_mode": "brief", "brief": "news", "account": account("nova") });
    office.call("get_products", brief).await;
    let finalize = json!({
        "buying_mode": "refine",
        "account": account("nova"),
        "refine": [{ "scope": "proposal", "proposal_id": "plan", "action": "finalize" }],
    });
    let answer = office.call("get_products", finalize).await;
    let id = answer["task_id"].as_str().expect("a task");
    let (code, out, err) = office.tasks(VIEWER_TOKEN, &["show", id]).await;
    assert_eq!(code, 0, "{err}");
    for said in [
        "proposal      Banners and video (plan); finalizing",
        "60 % banner (",
        " at fixed: pricing_model cpm, currency USD, fixed_price ",
        "40 % video (",
    ] {
        assert!(out.contains(said), "{said}: {out}");
    }
}

#[tokio::test]
async fn decisions_are_made_and_audited() {
    let office = office().await;
    let (yes, no) = (office.submit().await, office.submit().await);
    let (code, out, err) = office
        .tasks(OPERATOR_TOKEN, &["approve", &yes, "--note", "as agreed"])
        .await;
    assert_eq!(code, 0, "{err}");
    assert!(
        out.contains(&format!("{yes}: approved by approver")),
        "{out}"
    );
    let (code, out, err) = office
        .tasks(OPERATOR_TOKEN, &["reject", &no, "--reason", "sold out"])
        .await;
    assert_eq!(code, 0, "{err}");
    assert!(
        out.contains("rejected by approver") && out.contains("(sold out)"),
        "{out}"
    );
    let (code, out, _) = office.tasks(OPERATOR_TOKEN, &["audit"]).await;
    assert_eq!(code, 0);
    assert_eq!(out.lines().count(), 3, "{out}");
    assert!(
        out.contains("as agreed") && out.contains("sold out"),
        "{out}"
    );
    let (code, out, _) = office.tasks(OPERATOR_TOKEN, &["audit", "--json"]).await;
    let audit: Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(
        (code, audit["entries"].as_array().map(Vec::len)),
        (0, Some(2))
    );
    let (_, out, _) = office.tasks(VIEWER_TOKEN, &["audit", &no]).await;
    assert!(out.contains(&no) && !out.contains(&yes), "{out}");
    let (_, out, _) = office.tasks(OPERATOR_TOKEN, &["list", "--all"]).await;
    assert!(out.contains(&yes) && out.contains(&no), "{out}");
    office.once(&yes, "completed").await;
}

#[tokio::test]
async fn a_task_that_waits_for_nobody_is_refused_in_this_programs_words() {
    let office = office_of(&NO_APPROVAL).await;
    office.planner.on_booking(|context, _| {
        Ok(Outcome::HandedOff(
            context.hand_off("the ad server takes its time"),
        ))
    });
    let id = office.submit().await;
    let (code, _, err) = office.tasks(OPERATOR_TOKEN, &["approve", &id]).await;
    assert_eq!(code, 1);
    assert!(
        err.contains("`press-desk tasks list` shows what waits"),
        "{err}"
    );
}

#[tokio::test]
async fn lists_go_on_beyond_one_page() {
    let office = office().await;
    for _ in 0..101 {
        office.submit().await;
    }
    let (code, out, err) = office.tasks(VIEWER_TOKEN, &["list", "--json"]).await;
    assert_eq!((code, err.as_str()), (0, ""));
    let list: Value = serde_json::from_str(&out).expect("JSON");
    let ids: std::collections::BTreeSet<&str> = list["tasks"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|task| task["task_id"].as_str())
        .collect();
    assert_eq!((ids.len(), &list["cursor"]), (101, &Value::Null));
}

#[tokio::test]
async fn refusals_end_with_one_and_say_what_to_do() {
    let office = office().await;
    let id = office.submit().await;
    let unknown = "task_000000000000000000000000";
    for (token, words, said) in [
        (VIEWER_TOKEN, &["approve", &id][..], "viewer may not decide"),
        (
            OPERATOR_TOKEN,
            &["show", unknown],
            "no task of that id; `press-desk tasks list --all` shows every task",
        ),
        (OPERATOR_TOKEN, &["approve", unknown], "no task of that id"),
    ] {
        let (code, out, err) = office.tasks(token, words).await;
        assert_eq!((code, out.as_str()), (1, ""), "{words:?}: {err}");
        assert!(err.starts_with("error: ") && err.contains(said), "{err}");
    }
    office
        .tasks(OPERATOR_TOKEN, &["reject", &id, "--reason", "no"])
        .await;
    let (code, _, err) = office.tasks(OPERATOR_TOKEN, &["approve", &id]).await;
    assert_eq!(code, 1);
    assert!(
        err.contains("was rejected by approver at 2026-03-10T12:00:00Z"),
        "{err}"
    );
    let (code, out, _) = office
        .tasks(OPERATOR_TOKEN, &["approve", &id, "--json"])
        .await;
    let problem: Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(
        (code, &problem["type"]),
        (1, &json!("urn:adcp-seller:already-decided"))
    );
}

#[tokio::test]
async fn what_is_asked_wrongly_ends_with_two_and_a_remedy() {
    let office = office().await;
    let id = office.submit().await;
    let long = "x".repeat(2001);
    for (token, words, said) in [
        (OPERATOR_TOKEN, &["reject", &id][..], "--reason"),
        (
            OPERATOR_TOKEN,
            &["reject", &id, "--reason", ""],
            "the reason is empty",
        ),
        (
            OPERATOR_TOKEN,
            &["reject", &id, "--reason", &long],
            "longer than 2000",
        ),
        (
            OPERATOR_TOKEN,
            &["approve", "../audit"],
            "`tasks list` shows them",
        ),
        (OPERATOR_TOKEN, &["approve"], "TASK"),
        (OPERATOR_TOKEN, &["burn", &id], "unrecognized subcommand"),
        (TOKEN, &["list"], "a valid operator token is needed"),
    ] {
        let (code, out, err) = office.tasks(token, words).await;
        assert_eq!((code, out.as_str()), (2, ""), "{words:?}: {err}");
        assert!(err.contains(said), "{words:?}: {err}");
    }
    let buyers = format!("http://{}", office.buyers.address());
    let closed = {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        format!("http://{}", listener.local_addr().expect("an address"))
    };
    for (token, url, said) in [
        (Some(OPERATOR_TOKEN), buyers.as_str(), "is no operator API"),
        (Some(OPERATOR_TOKEN), &closed, "is the seller running"),
        (Some(OPERATOR_TOKEN), "https://ads.example", "open a tunnel"),
        (Some(OPERATOR_TOKEN), "3002", "write --operator-url"),
        (None, &closed, "set SELLER_OPERATOR_TOKEN"),
    ] {
        let (code, out, err) = run(token, &["list", "--operator-url", url]).await;
        assert_eq!((code, out.as_str()), (2, ""), "{url}: {err}");
        assert!(err.contains(said), "{url}: {err}");
    }
}

#[tokio::test]
async fn help_shows_how() {
    let (code, out, _) = run(None, &["--help"]).await;
    assert_eq!(code, 0);
    for said in [
        "list",
        "show",
        "approve",
        "reject",
        "audit",
        "SELLER_OPERATOR_TOKEN",
        "Exit codes",
    ] {
        assert!(out.contains(said), "{said}: {out}");
    }
}
