//! Lists, pages and single tasks, and requests that are not understood.

use super::*;
use crate::market::altered::catalogue;

#[tokio::test]
async fn a_task_is_shown_with_what_is_needed_to_decide() {
    let office = office().await;
    let id = office.submit().await;
    let task = office.get(&format!("/tasks/{id}")).await;
    assert_eq!(
        (
            &task["task_id"],
            &task["status"],
            &task["awaiting"],
            &task["operation"],
            &task["tool"],
            &task["principal"],
            &task["created_at"],
            &task["decide_until"],
        ),
        (
            &json!(id),
            &json!("submitted"),
            &json!(true),
            &json!("create_media_buy"),
            &json!("create_media_buy"),
            &json!("first"),
            &json!("2026-03-10T12:00:00Z"),
            &json!("2026-03-10T13:00:00Z"),
        )
    );
    assert!(task["account_id"].is_string(), "{task}");
    assert_eq!(
        task["summary"],
        json!({
            "packages": [{ "product_id": "banner", "pricing_option_id": "fixed", "budget": 5000.0 }],
            "start_time": "2026-04-01T00:00:00Z",
            "end_time": "2026-05-01T00:00:00Z",
        })
    );
    assert_eq!(
        task["request"]["brand"],
        json!({ "domain": "nova.example" })
    );
    assert!(task.get("decision").is_none(), "{task}");
}

#[tokio::test]
async fn nothing_shown_would_let_anybody_act_as_the_buyer() {
    let office = office().await;
    let id = office.submit().await;
    let decided = office
        .decide(OPERATOR_TOKEN, &id, "reject", json!({ "reason": "no" }))
        .await;
    let shown = [
        decided.text(),
        office.get("/tasks").await.to_string(),
        office.get(&format!("/tasks/{id}")).await.to_string(),
        office.get("/audit").await.to_string(),
    ];
    for text in shown {
        for secret in [SECRET, "order-number-", OPERATOR_TOKEN, TOKEN] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
    }
}

#[tokio::test]
async fn lists_are_filtered_and_paged() {
    let office = office().await;
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(office.submit().await);
        office.clock.advance(chrono::TimeDelta::seconds(1));
    }
    let rejected = office
        .decide(OPERATOR_TOKEN, &ids[1], "reject", json!({ "reason": "no" }))
        .await;
    assert_eq!(rejected.status, 200, "{}", rejected.text());
    let listed = |list: &Value| -> Vec<String> {
        let tasks = list["tasks"].as_array().expect("a list");
        assert!(tasks.iter().all(|task| task.get("request").is_none()));
        tasks
            .iter()
            .map(|task| task["task_id"].as_str().expect("an id").to_owned())
            .collect()
    };
    ids.reverse();
    assert_eq!(listed(&office.get("/tasks").await), ids);
    let (mut walked, mut path) = (Vec::new(), "/tasks?limit=2".to_owned());
    loop {
        let page = office.get(&path).await;
        walked.push(listed(&page));
        match page["cursor"].as_str() {
            Some(cursor) => path = format!("/tasks?limit=2&cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!(walked.iter().map(Vec::len).collect::<Vec<_>>(), [2, 2, 1]);
    assert_eq!(walked.concat(), ids);
    assert_eq!(
        listed(&office.get("/tasks?status=rejected").await),
        [ids[3].clone()]
    );
    assert_eq!(listed(&office.get("/tasks?awaiting=true").await).len(), 4);
    assert_eq!(
        listed(&office.get("/tasks?awaiting=true&status=rejected").await),
        Vec::<String>::new()
    );
}

#[tokio::test]
async fn a_query_is_understood_to_the_last_word() {
    let office = office().await;
    for _ in 0..2 {
        office.submit().await;
        office.clock.advance(chrono::TimeDelta::seconds(1));
    }
    let cursor = office.get("/tasks?limit=1").await["cursor"]
        .as_str()
        .expect("more follow")
        .to_owned();
    for (path, said) in [
        ("/tasks?state=submitted".to_owned(), "`state`"),
        ("/tasks?status=pending".to_owned(), "`pending` is no status"),
        ("/tasks?status=".to_owned(), "`` is no status"),
        ("/tasks?awaiting=maybe".to_owned(), "awaiting is `maybe`"),
        ("/tasks?limit=0".to_owned(), "limit is `0`"),
        ("/tasks?limit=101".to_owned(), "limit is `101`"),
        ("/tasks?limit=-1".to_owned(), "limit is `-1`"),
        ("/tasks?limit=1&limit=2".to_owned(), "`limit` twice"),
        ("/tasks?cursor=forged".to_owned(), "not issued"),
        (
            format!("/tasks?awaiting=true&cursor={cursor}"),
            "not issued",
        ),
        (format!("/audit?cursor={cursor}"), "not issued"),
        ("/audit?status=submitted".to_owned(), "`status`"),
        ("/tasks?task_id=x".to_owned(), "`task_id`"),
        (format!("/audit?task_id=x&cursor={cursor}"), "not issued"),
        ("/tasks?%FF=%00".to_owned(), "the query has"),
        (format!("/tasks?{}=1", "x".repeat(9000)), "the query has"),
    ] {
        let response = office.send(OPERATOR_TOKEN, "GET", &path, b"").await;
        let problem = assert_problem(&response, 400, "bad-request");
        let detail = problem["detail"].as_str().unwrap_or_default();
        assert!(detail.contains(said), "{path}: {problem}");
        assert!(detail.len() < 400, "what was sent is not echoed whole");
    }
}

#[tokio::test]
async fn the_audit_of_a_task_that_is_none_is_empty() {
    let office = office().await;
    for id in ["task_0".to_owned(), "%00".to_owned(), "x".repeat(10_000)] {
        let audit = office.get(&format!("/audit?task_id={id}")).await;
        assert_eq!(audit["entries"], json!([]));
    }
}

#[tokio::test]
async fn no_path_leads_anywhere_else() {
    let office = office().await;
    let real = office.submit().await;
    let ids = [
        "x".repeat(10_000),
        "%2F".to_owned(),
        "..%2F..%2Faudit".to_owned(),
        "%00".to_owned(),
        format!("{real}%00"),
        "%FF".to_owned(),
        "%20".to_owned(),
        format!("{real}%20"),
        real.to_uppercase(),
        "task_".to_owned() + &"0".repeat(24),
        "..".to_owned(),
        "%E2%80%AE".to_owned(),
    ];
    for id in ids {
        for (method, path, body) in [
            ("GET", format!("/tasks/{id}"), &b""[..]),
            ("POST", format!("/tasks/{id}/approve"), b"{}"),
            (
                "POST",
                format!("/tasks/{id}/reject"),
                b"{\"reason\":\"no\"}",
            ),
        ] {
            let response = office.send(OPERATOR_TOKEN, method, &path, body).await;
            assert_eq!(response.status, 404, "{path}: {}", response.text());
            assert_problem(
                &response,
                404,
                response.json()["type"]
                    .as_str()
                    .and_then(|kind| kind.strip_prefix("urn:adcp-seller:"))
                    .filter(|kind| ["unknown-task", "nothing-here"].contains(kind))
                    .expect("one of two reasons"),
            );
        }
    }
    let task = office.get(&format!("/tasks/{real}")).await;
    assert_eq!(task["awaiting"], true, "nothing of that decided anything");
}

#[tokio::test]
async fn the_longest_reason_is_what_the_buyer_reads() {
    let office = office().await;
    let id = office.submit().await;
    let reason = "ü".repeat(2000);
    let decided = office
        .decide(OPERATOR_TOKEN, &id, "reject", json!({ "reason": reason }))
        .await;
    assert_eq!(decided.status, 200, "{}", decided.text());
    let task = office.call("tasks/get", json!({ "task_id": id })).await;
    assert_eq!(task["error"]["message"], json!(reason));
}

#[tokio::test]
async fn a_list_is_as_long_as_its_tasks_are_many() {
    let office = office().await;
    let mut request = order(json!(vec![banner(500.0); 40]));
    request["idempotency_key"] = json!("an-order-of-many-packages");
    request["ext"] = json!({ "note": "x".repeat(100_000) });
    let answer = office.call("create_media_buy", request).await;
    assert_eq!(answer["status"], "submitted", "{answer}");
    let list = office.get("/tasks").await;
    assert!(list.to_string().len() < 5000, "{list}");
    let summary = &list["tasks"][0]["summary"];
    assert_eq!(
        (
            summary["packages"].as_array().expect("a list").len(),
            &summary["more_packages"]
        ),
        (10, &json!(30))
    );
}

#[tokio::test]
async fn a_proposal_is_shown_as_its_buyer_sees_it() {
    let catalog = catalogue(|product| {
        format!(
            "recipe = {{ recipe_kind = \"press\", line_item = \"secret-line-of-{product}\" }}\napproval = true\n"
        )
    });
    let office = office_with(
        line::spec_with_recipes(),
        &WITH_RECIPES,
        Some(catalog.path()),
    )
    .await;
    let brief = json!({ "buying_mode": "brief", "brief": "news", "account": account("nova") });
    office.call("get_products", brief).await;
    let finalize = json!({
        "buying_mode": "refine",
        "account": account("nova"),
        "refine": [{ "scope": "proposal", "proposal_id": "plan", "action": "finalize" }],
    });
    let answer = office.call("get_products", finalize).await;
    let id = answer["task_id"].as_str().expect("a task").to_owned();
    let task = office.get(&format!("/tasks/{id}")).await;
    let [proposal] = task["proposals"].as_array().expect("a list").as_slice() else {
        panic!("one proposal: {task}");
    };
    assert_eq!(
        (
            &proposal["proposal_id"],
            &proposal["name"],
            &proposal["state"]
        ),
        (
            &json!("plan"),
            &json!("Banners and video"),
            &json!("finalizing")
        )
    );
    let banners = &proposal["allocations"][0];
    assert_eq!(
        (
            &banners["product_id"],
            &banners["percentage"],
            &banners["pricing_option_id"]
        ),
        (&json!("banner"), &json!(60.0), &json!("fixed"))
    );
    assert!(banners["product"].is_string(), "{banners}");
    assert!(
        banners["price"]["fixed_price"].is_number() && banners["price"]["currency"] == "USD",
        "{banners}"
    );
    assert!(!task.to_string().contains("secret-line"), "{task}");

    office
        .decide(OPERATOR_TOKEN, &id, "approve", json!({}))
        .await;
    let done = office.once(&id, "completed").await;
    assert_eq!(done["proposals"][0]["state"], "committed");
    let mut buy = order(json!([]));
    buy.as_object_mut().expect("an object").remove("packages");
    buy["proposal_id"] = json!("plan");
    buy["total_budget"] = json!({ "amount": 5000.0, "currency": "USD" });
    buy["idempotency_key"] = json!("an-order-of-a-proposal");
    let answer = office.call("create_media_buy", buy).await;
    let id = answer["task_id"].as_str().expect("a task").to_owned();
    let task = office.get(&format!("/tasks/{id}")).await;
    let proposal = &task["proposals"][0];
    assert_eq!(
        (&proposal["state"], &proposal["total_budget"]["amount"]),
        (&json!("consuming"), &json!(5000.0))
    );
    assert!(proposal["expires_at"].is_string(), "{proposal}");
    assert!(!task.to_string().contains("secret-line"), "{task}");
}

#[tokio::test]
async fn bodies_are_small_json_objects() {
    let office = office().await;
    let id = office.submit().await;
    let reject = format!("/tasks/{id}/reject");
    let long = "x".repeat(2001);
    let large = format!("{{\"reason\":\"{}\"}}", "x".repeat(70_000));
    for (body, status, kind, said) in [
        (
            large.as_str(),
            413,
            "unread-body",
            "larger than 65536 bytes",
        ),
        ("reason=no", 400, "bad-request", "not JSON"),
        (
            "{\"reason\":\"a\",\"reason\":\"b\"}",
            400,
            "bad-request",
            "twice",
        ),
        (
            "{\"reason\":\"no\",\"by\":\"me\"}",
            400,
            "bad-request",
            "unknown field",
        ),
        ("{}", 400, "bad-request", "missing field"),
        ("[\"no\"]", 400, "bad-request", "no JSON object"),
        ("{\"reason\":\"  \"}", 400, "bad-request", "empty"),
        ("{\"reason\":7}", 400, "bad-request", "does not fit"),
        (
            "{\"reason\":\"a\\u001b[2J\"}",
            400,
            "bad-request",
            "control characters",
        ),
        (
            "{\"reason\":\"a\\u0000\"}",
            400,
            "bad-request",
            "control characters",
        ),
        (
            &format!("{{\"reason\":\"{long}\"}}"),
            400,
            "bad-request",
            "longer than 2000",
        ),
        ("\"no\"", 400, "bad-request", "no JSON object"),
    ] {
        let response = office
            .send(OPERATOR_TOKEN, "POST", &reject, body.as_bytes())
            .await;
        let problem = assert_problem(&response, status, kind);
        let detail = problem["detail"].as_str().unwrap_or_default();
        assert!(detail.contains(said), "{body}: {problem}");
    }
    let authorization = format!("Bearer {OPERATOR_TOKEN}");
    for content_type in ["text/plain", "application/json; charset=latin1"] {
        let headers = [
            ("authorization", authorization.as_str()),
            ("content-type", content_type),
        ];
        let response = office
            .operators
            .send("POST", &reject, &headers, b"{\"reason\":\"no\"}")
            .await;
        assert_problem(&response, 415, "unfit-content");
    }
    let nothing = office.send(OPERATOR_TOKEN, "POST", &reject, b"").await;
    assert_problem(&nothing, 415, "unfit-content");
    let task = office.get(&format!("/tasks/{id}")).await;
    assert_eq!(task["awaiting"], true, "nothing of that decided anything");
}
