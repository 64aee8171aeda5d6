//! `tasks/get` and `tasks/list`.

use adcp_seller::error::Error;
use chrono::TimeDelta;
use serde_json::{Value, json};

use super::{FREE, Stage, WATCHED, stage, submitted};
use crate::support::OTHER_TOKEN;

#[tokio::test]
async fn a_task_is_its_callers_alone() {
    let stage = stage(&WATCHED).await;
    let task_id = stage.submit().await;
    for (token, asked) in [
        (OTHER_TOKEN, task_id.clone()),
        (crate::support::TOKEN, "task_unknown".to_owned()),
        (crate::support::TOKEN, "x".repeat(10_000)),
        (crate::support::TOKEN, String::new()),
    ] {
        let error = stage
            .send_as(token, "tasks/get", json!({ "task_id": asked }))
            .await
            .expect_err("there is no such task");
        assert_eq!(
            (&error["code"], &error["field"]),
            (&json!("REFERENCE_NOT_FOUND"), &json!("task_id")),
            "{error}"
        );
    }
    let listed = stage.call_as(OTHER_TOKEN, "tasks/list", json!({})).await;
    assert_eq!(listed["tasks"], json!([]));
    assert_eq!(
        stage.call("tasks/list", json!({})).await["tasks"][0]["task_id"],
        json!(task_id)
    );
}

#[tokio::test]
async fn the_tools_answer_to_names_without_a_slash() {
    let stage = stage(&WATCHED).await;
    let task_id = stage.submit().await;
    let task = stage.call("tasks_get", json!({ "task_id": task_id })).await;
    assert_eq!(task["status"], "submitted");
    let listed = stage.call("tasks_list", json!({})).await;
    assert_eq!(listed["query_summary"]["total_matching"], 1);
}

#[tokio::test]
async fn history_is_the_request_and_the_answer_without_secrets() {
    let stage = stage(&WATCHED).await;
    let mut order = stage.order();
    let secret = "s".repeat(32);
    order["context"] = json!({ "trace": "abc" });
    order["push_notification_config"] = json!({
        "url": format!("https://buyer.example/{secret}?sig={secret}"),
        "token": secret,
        "authentication": { "schemes": ["Bearer"], "credentials": secret },
    });
    order["ext"] = json!({ "reporting": { "api_key": secret } });
    let task_id = submitted(&stage.call("create_media_buy", order.clone()).await);
    let asked = json!({ "task_id": task_id, "include_history": true });
    let task = stage.call("tasks/get", asked.clone()).await;
    assert_eq!(task["has_webhook"], true);
    let history = task["history"].as_array().expect("a history");
    assert_eq!(history.len(), 1);
    assert_eq!(
        (&history[0]["type"], &history[0]["data"]["packages"]),
        (&json!("request"), &order["packages"])
    );
    assert!(
        !task.to_string().contains(&secret) && !task.to_string().contains("trace"),
        "{task}"
    );
    assert_eq!(
        history[0]["data"]["push_notification_config"]["url"],
        "https://buyer.example"
    );
    let listed = stage
        .call("tasks/list", json!({ "include_history": true }))
        .await;
    assert_eq!(listed["tasks"][0]["history"], task["history"]);
    // Nor can it be guessed.
    let asked_for_it = json!({ "filters": { "context_contains": &secret[..8] } });
    let listed = stage.call("tasks/list", asked_for_it).await;
    assert_eq!(listed["tasks"], json!([]));

    stage.decide(&task_id, true).await.expect("decided");
    stage.task_once(&task_id, "completed").await;
    let task = stage.call("tasks/get", asked).await;
    assert_eq!(
        (
            &task["history"][1]["type"],
            &task["history"][1]["data"]["media_buy_id"]
        ),
        (&json!("response"), &task["result"]["media_buy_id"])
    );
    let short = stage
        .call(
            "tasks/get",
            json!({ "task_id": task_id, "include_result": false }),
        )
        .await;
    assert!(short.get("result").is_none() && short.get("history").is_none());
}

/// Five tasks, a minute apart: rejected, completed, and three that wait.
async fn five() -> (Stage, Vec<String>) {
    let stage = stage(&WATCHED).await;
    let mut task_ids = Vec::new();
    for at in 0..5 {
        let mut order = stage.order();
        order["po_number"] = json!(format!("po-{at}"));
        if at == 4 {
            order["push_notification_config"] = json!({
                "url": "https://buyer.example/hook",
                "authentication": { "schemes": ["Bearer"], "credentials": "s".repeat(32) },
            });
        }
        task_ids.push(submitted(&stage.call("create_media_buy", order).await));
        stage.clock.advance(TimeDelta::minutes(1));
    }
    stage.decide(&task_ids[0], false).await.expect("decided");
    stage.decide(&task_ids[1], true).await.expect("decided");
    stage.task_once(&task_ids[1], "completed").await;
    (stage, task_ids)
}

async fn ids(stage: &Stage, request: Value) -> Vec<String> {
    let listed = stage.call("tasks/list", request).await;
    let ids = listed["tasks"].as_array().expect("a list").iter();
    ids.map(|task| task["task_id"].as_str().expect("an id").to_owned())
        .collect()
}

#[tokio::test]
async fn a_list_holds_what_its_filters_let_through() {
    let (stage, task_ids) = five().await;
    let buy = stage.task(&task_ids[1]).await["result"]["media_buy_id"].clone();
    let cases = [
        (json!({}), vec![4, 3, 2, 1, 0]),
        (json!({ "status": "rejected" }), vec![0]),
        (json!({ "statuses": ["rejected", "completed"] }), vec![1, 0]),
        (
            json!({ "status": "completed", "statuses": ["rejected"] }),
            vec![],
        ),
        (
            json!({ "task_type": "create_media_buy" }),
            vec![4, 3, 2, 1, 0],
        ),
        (json!({ "task_types": ["sync_creatives"] }), vec![]),
        (json!({ "protocol": "media-buy" }), vec![4, 3, 2, 1, 0]),
        (json!({ "protocols": ["signals", "creative"] }), vec![]),
        (
            json!({ "created_after": "2026-03-10T12:02:00Z" }),
            vec![4, 3],
        ),
        (json!({ "created_before": "2026-03-10T12:01:00Z" }), vec![0]),
        (
            json!({ "updated_after": "2026-03-10T12:04:30Z" }),
            vec![1, 0],
        ),
        (
            json!({ "updated_before": "2026-03-10T12:04:00Z" }),
            vec![3, 2],
        ),
        (
            json!({ "task_ids": [task_ids[2], "task_unknown"] }),
            vec![2],
        ),
        (json!({ "context_contains": "po-3" }), vec![3]),
        (json!({ "context_contains": buy }), vec![1]),
        (json!({ "context_contains": "ssss" }), vec![]),
        (json!({ "has_webhook": true }), vec![4]),
        (json!({ "has_webhook": false }), vec![3, 2, 1, 0]),
    ];
    for (filters, expected) in cases {
        let expected: Vec<String> = expected
            .iter()
            .map(|at: &usize| task_ids[*at].clone())
            .collect();
        assert_eq!(
            ids(&stage, json!({ "filters": filters })).await,
            expected,
            "{filters}"
        );
    }
    let listed = stage
        .call(
            "tasks/list",
            json!({ "filters": { "has_webhook": false }, "pagination": { "max_results": 2 } }),
        )
        .await;
    assert_eq!(
        listed["query_summary"],
        json!({
            "total_matching": 4,
            "returned": 2,
            "domain_breakdown": { "media-buy": 4 },
            "status_breakdown": { "completed": 1, "rejected": 1, "submitted": 2 },
            "filters_applied": ["has_webhook"],
            "sort_applied": { "field": "created_at", "direction": "desc" },
        })
    );
    assert_eq!(listed["tasks"][0]["domain"], "media-buy");
}

#[tokio::test]
async fn pages_follow_each_other_in_every_order() {
    let (stage, task_ids) = five().await;
    for field in [
        "created_at",
        "updated_at",
        "status",
        "task_type",
        "protocol",
    ] {
        for direction in ["asc", "desc"] {
            let sort = json!({ "field": field, "direction": direction });
            let whole = ids(&stage, json!({ "sort": sort })).await;
            let mut paged = Vec::new();
            let mut pagination = json!({ "max_results": 2 });
            loop {
                let request = json!({ "sort": sort, "pagination": pagination });
                let page = stage.call("tasks/list", request).await;
                for task in page["tasks"].as_array().expect("a list") {
                    paged.push(task["task_id"].as_str().expect("an id").to_owned());
                }
                match page["pagination"].get("cursor") {
                    Some(cursor) => pagination["cursor"] = cursor.clone(),
                    None => break,
                }
            }
            assert_eq!(paged, whole, "{sort}");
            assert_eq!(whole.len(), task_ids.len());
        }
    }
    let by_status = json!({ "sort": { "field": "status", "direction": "asc" } });
    assert_eq!(
        ids(&stage, by_status).await[..2],
        [task_ids[1].clone(), task_ids[0].clone()]
    );
    // A cursor of one caller is no cursor of another's list.
    let page = stage
        .call("tasks/list", json!({ "pagination": { "max_results": 2 } }))
        .await;
    let cursor = &page["pagination"]["cursor"];
    let error = stage
        .send_as(
            OTHER_TOKEN,
            "tasks/list",
            json!({ "pagination": { "max_results": 2, "cursor": cursor } }),
        )
        .await
        .expect_err("a foreign cursor");
    assert_eq!(error["field"], "pagination.cursor");
}

#[tokio::test]
async fn a_seller_without_tasks_lists_none() {
    let stage = stage(&FREE).await;
    let listed = stage
        .call("tasks/list", json!({ "include_history": true }))
        .await;
    assert_eq!(
        (&listed["tasks"], &listed["pagination"]["has_more"]),
        (&json!([]), &json!(false))
    );
    let error = stage
        .error("tasks/list", json!({ "filters": { "status": "lost" } }))
        .await;
    assert_eq!(
        (&error["code"], &error["field"]),
        (&json!("INVALID_REQUEST"), &json!("filters.status"))
    );
}

#[tokio::test]
async fn tasks_of_a_tool_are_found_by_the_name_that_their_answer_has() {
    let stage = stage(&WATCHED).await;
    let draft = stage.draft().await;
    let answer = stage.call("get_products", super::finalize(&draft)).await;
    let task_id = answer["task_id"].as_str().expect("a task").to_owned();
    assert_eq!(stage.task(&task_id).await["task_type"], "get_products");
    for filters in [
        json!({ "task_type": "get_products" }),
        json!({ "task_types": ["create_media_buy", "get_products"] }),
    ] {
        assert_eq!(
            ids(&stage, json!({ "filters": filters })).await,
            std::slice::from_ref(&task_id),
            "{filters}"
        );
    }
    let error = stage
        .error("tasks/list", json!({ "filters": { "task_type": "paint" } }))
        .await;
    assert_eq!(error["field"], "filters.task_type");
}

#[tokio::test]
async fn what_was_refused_is_told_with_its_recovery_and_stands_in_the_history() {
    let stage = stage(&WATCHED).await;
    let rejected = stage.submit().await;
    stage.decide(&rejected, false).await.expect("decided");
    let failed = stage.submit().await;
    stage.planner.on_booking(|_, _| {
        Err(Error::new("BUDGET_TOO_LOW", "too little for this line item").at("packages[0].budget"))
    });
    stage.decide(&failed, true).await.expect("decided");
    stage.task_once(&failed, "failed").await;
    for (task_id, code, recovery) in [
        (rejected, "APPROVAL_REJECTED", "terminal"),
        (failed, "BUDGET_TOO_LOW", "correctable"),
    ] {
        let asked = json!({ "task_id": task_id, "include_history": true });
        let task = stage.call("tasks/get", asked).await;
        let error = &task["error"];
        assert_eq!(
            (&error["code"], &error["recovery"]),
            (&json!(code), &json!(recovery)),
            "{task}"
        );
        let history = task["history"].as_array().expect("a history");
        assert_eq!(
            history.iter().map(|said| &said["type"]).collect::<Vec<_>>(),
            ["request", "response"]
        );
        assert_eq!(history[1]["data"], json!({ "errors": [error] }));
        assert_eq!(history[1]["timestamp"], task["completed_at"]);
    }
}
