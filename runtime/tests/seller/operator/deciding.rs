//! A person's word: what it does, who may give it, and that it stands.

use adcp_seller::platform::Outcome;

use super::*;
use crate::market::account;

#[tokio::test]
async fn what_is_approved_goes_on_and_the_audit_says_who_agreed() {
    let office = office().await;
    let id = office.submit().await;
    assert!(office.planner.ad_server.orders().is_empty());
    let response = office
        .decide(
            OPERATOR_TOKEN,
            &id,
            "approve",
            json!({ "note": " as agreed " }),
        )
        .await;
    assert_eq!(response.status, 200, "{}", response.text());
    let task = response.json();
    assert_eq!(
        task["decision"],
        json!({ "approved": true, "operator": "approver", "at": "2026-03-10T12:00:00Z", "reason": "as agreed" })
    );
    assert_eq!(task["awaiting"], false);
    let task = office.once(&id, "completed").await;
    assert_eq!(task["decision"]["operator"], "approver");
    assert_eq!(office.planner.ad_server.orders().len(), 1);
    let audit = office.get("/audit").await;
    let entries = audit["entries"].as_array().expect("a list");
    assert_eq!(entries.len(), 1, "{audit}");
    let entry = &entries[0];
    assert_eq!(
        (
            &entry["operator"],
            &entry["action"],
            &entry["task_id"],
            &entry["at"],
            &entry["principal"],
            &entry["reason"],
        ),
        (
            &json!("approver"),
            &json!("approve"),
            &json!(id),
            &json!("2026-03-10T12:00:00Z"),
            &json!("first"),
            &json!("as agreed"),
        )
    );
}

#[tokio::test]
async fn an_approval_needs_no_words() {
    let office = office().await;
    let id = office.submit().await;
    let path = format!("/tasks/{id}/approve");
    let response = office.send(OPERATOR_TOKEN, "POST", &path, b"").await;
    assert_eq!(response.status, 200, "{}", response.text());
    assert!(response.json()["decision"].get("reason").is_none());
}

#[tokio::test]
async fn what_is_rejected_ends_and_nothing_is_booked() {
    let office = office().await;
    let id = office.submit().await;
    let response = office
        .decide(
            OPERATOR_TOKEN,
            &id,
            "reject",
            json!({ "reason": "sold out" }),
        )
        .await;
    assert_eq!(response.status, 200, "{}", response.text());
    let task = response.json();
    assert_eq!(
        (&task["status"], &task["decision"]["reason"]),
        (&json!("rejected"), &json!("sold out"))
    );
    assert_eq!(task["completed_at"], "2026-03-10T12:00:00Z");
    assert!(task["error"]["message"].is_string(), "{task}");
    assert_eq!(office.get("/tasks?awaiting=true").await["tasks"], json!([]));
    assert!(office.planner.ad_server.orders().is_empty());
    assert_eq!(office.get("/audit").await["entries"][0]["action"], "reject");
}

#[tokio::test]
async fn a_decision_stands() {
    let office = office().await;
    for (first, said) in [
        (("approve", json!({})), "approved"),
        (("reject", json!({ "reason": "no" })), "rejected"),
    ] {
        let id = office.submit().await;
        let decided = office.decide(OPERATOR_TOKEN, &id, first.0, first.1).await;
        assert_eq!(decided.status, 200, "{}", decided.text());
        for (word, body) in [
            ("approve", json!({})),
            ("reject", json!({ "reason": "on second thoughts" })),
        ] {
            let response = office.decide(OPERATOR_TOKEN, &id, word, body).await;
            let problem = assert_problem(&response, 409, "already-decided");
            assert_eq!(
                problem["detail"],
                format!("the task was {said} by approver at 2026-03-10T12:00:00Z")
            );
            assert_eq!(
                (
                    &problem["decision"]["approved"],
                    &problem["decision"]["operator"],
                    &problem["decision"]["at"]
                ),
                (
                    &json!(said == "approved"),
                    &json!("approver"),
                    &json!("2026-03-10T12:00:00Z")
                )
            );
        }
    }
    let audit = office.get("/audit").await;
    assert_eq!(audit["entries"].as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn nobody_decides_without_the_right() {
    let office = office().await;
    let id = office.submit().await;
    for (token, name) in [(VIEWER_TOKEN, "viewer"), (FINALIZER_TOKEN, "finalizer")] {
        for (word, body) in [
            ("approve", json!({})),
            ("reject", json!({ "reason": "no" })),
        ] {
            let response = office.decide(token, &id, word, body).await;
            let problem = assert_problem(&response, 403, "no-right");
            assert_eq!(
                problem["detail"],
                format!("{name} may not decide the operation create_media_buy")
            );
        }
        // Looking is for everybody.
        for path in [
            "/tasks".to_owned(),
            format!("/tasks/{id}"),
            "/audit".to_owned(),
        ] {
            assert_eq!(office.send(token, "GET", &path, b"").await.status, 200);
        }
    }
    let task = office.get(&format!("/tasks/{id}")).await;
    assert_eq!(task["awaiting"], true);
    assert_eq!(office.get("/audit").await["entries"], json!([]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_several_people_exactly_one_decides() {
    let office = Arc::new(office().await);
    for _ in 0..10 {
        let id = office.submit().await;
        let people = (0..8).map(|person| {
            let (office, id) = (Arc::clone(&office), id.clone());
            tokio::spawn(async move {
                let (word, body) = match person % 2 {
                    0 => ("approve", json!({ "note": format!("person {person}") })),
                    _ => ("reject", json!({ "reason": format!("person {person}") })),
                };
                (word, office.decide(OPERATOR_TOKEN, &id, word, body).await)
            })
        });
        let mut winner = None;
        let mut losers = Vec::new();
        for answer in futures_util::future::join_all(people).await {
            let (word, response) = answer.expect("an answer");
            match response.status {
                200 => assert_eq!(winner.replace(word), None, "a second decision was taken"),
                _ => losers.push(assert_problem(&response, 409, "already-decided")),
            }
        }
        let approved = json!(winner.expect("somebody decides") == "approve");
        assert_eq!(losers.len(), 7);
        for loser in losers {
            assert_eq!(loser["decision"]["approved"], approved, "{loser}");
        }
        let audit = office.get("/audit").await;
        let about = audit["entries"].as_array().expect("a list").iter();
        assert_eq!(
            about.filter(|entry| entry["task_id"] == json!(id)).count(),
            1
        );
    }
}

#[tokio::test]
async fn a_decision_that_comes_too_late_is_none() {
    let office = office().await;
    let id = office.submit().await;
    office.clock.advance(chrono::TimeDelta::seconds(3601));
    let response = office
        .decide(OPERATOR_TOKEN, &id, "approve", json!({}))
        .await;
    let problem = assert_problem(&response, 409, "already-decided");
    assert_eq!(
        (
            &problem["decision"]["operator"],
            &problem["decision"]["approved"]
        ),
        (&json!("nobody in time"), &json!(false))
    );
    let detail = problem["detail"].as_str().expect("a detail");
    assert!(
        detail.starts_with("the task was rejected, as nobody decided in time, at "),
        "{detail}"
    );
    let task = office.get(&format!("/tasks/{id}")).await;
    assert_eq!(task["status"], "rejected");
    assert!(office.planner.ad_server.orders().is_empty());
}

#[tokio::test]
async fn a_task_that_waits_for_nobody_can_t_be_decided() {
    let office = office_of(&NO_APPROVAL).await;
    office.planner.on_booking(|context, _| {
        Ok(Outcome::HandedOff(
            context.hand_off("the ad server takes its time"),
        ))
    });
    let id = office.submit().await;
    for (word, body) in [
        ("approve", json!({})),
        ("reject", json!({ "reason": "no" })),
    ] {
        let response = office.decide(OPERATOR_TOKEN, &id, word, body).await;
        assert_problem(&response, 409, "nothing-to-decide");
    }
}

#[tokio::test]
async fn a_finalize_waits_for_whoever_may_decide_it() {
    let office = office_of(&FINALIZED).await;
    let account = account("nova");
    let brief = json!({ "buying_mode": "brief", "brief": "banners and video", "account": account });
    let drafted = office.call("get_products", brief).await;
    let plan = &drafted["proposals"][0]["proposal_id"];
    let wish = json!({ "scope": "proposal", "proposal_id": plan, "action": "finalize" });
    let finalize = json!({ "buying_mode": "refine", "refine": [wish], "account": account });
    let answer = office.call("get_products", finalize).await;
    assert_eq!(answer["status"], "submitted", "{answer}");
    let id = answer["task_id"].as_str().expect("a task");
    let task = office.get(&format!("/tasks/{id}")).await;
    assert_eq!(
        (&task["operation"], &task["tool"]),
        (&json!("finalize"), &json!("get_products"))
    );
    assert_eq!(task["summary"], json!({ "proposal_ids": [plan] }));
    let viewer = office.decide(VIEWER_TOKEN, id, "approve", json!({})).await;
    assert_problem(&viewer, 403, "no-right");
    assert!(office.planner.finalized().is_empty());
    // Who agrees need not say anything.
    let path = format!("/tasks/{id}/approve");
    let decided = office.send(FINALIZER_TOKEN, "POST", &path, b"").await;
    assert_eq!(decided.status, 200, "{}", decided.text());
    office.once(id, "completed").await;
    assert_eq!(office.planner.finalized().len(), 1);
}
