//! Tasks: calls that are over, and AdCP tasks under their own ids.

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::{BOTH, OPEN, WATCHED, Wire, agent, payload};
use crate::support::OTHER_TOKEN;

#[tokio::test]
async fn a_call_that_is_over_can_be_asked_for_for_a_while() {
    let agent = agent(&OPEN).await;
    for wire in BOTH {
        let task = agent
            .send(wire, "get_products", json!({ "buying_mode": "wholesale" }))
            .await;
        let id = task["id"].as_str().expect("an id");
        let again = agent.task(wire, id).await;
        assert_eq!(again, task, "the same task");
    }
    let task = agent
        .send(Wire::Newer, "get_products", json!({ "buying_mode": 7 }))
        .await;
    let id = task["id"].as_str().expect("an id");
    assert_eq!(
        agent.task(Wire::Newer, id).await["status"]["state"],
        "TASK_STATE_FAILED"
    );
    assert_eq!(
        agent.task(Wire::Older, id).await["status"]["state"],
        "completed"
    );

    let method = "GetTask";
    let other = agent
        .ask_as(OTHER_TOKEN, Wire::Newer, method, json!({ "id": id }))
        .await;
    assert_eq!(
        other["error"]["code"], -32001,
        "somebody else's call is unknown"
    );
    agent.clock.advance(TimeDelta::minutes(11));
    let error = agent.fault(Wire::Newer, method, json!({ "id": id })).await;
    assert_eq!(error["code"], -32001, "it is not kept any longer");
}

#[tokio::test]
async fn calls_are_kept_in_so_many_places_and_no_more() {
    let agent = agent(&OPEN).await;
    let first = agent
        .send(Wire::Older, "get_adcp_capabilities", json!({}))
        .await;
    for _ in 0..40 {
        agent
            .send(Wire::Older, "get_adcp_capabilities", json!({}))
            .await;
    }
    assert!(
        agent.store.count("a2a_call") <= 2 * 32,
        "32 for each of two callers"
    );
    let error = agent
        .fault(Wire::Older, "tasks/get", json!({ "id": first["id"] }))
        .await;
    assert_eq!(error["code"], -32001);
}

#[tokio::test]
async fn ids_that_were_never_given_out_are_unknown() {
    let agent = agent(&OPEN).await;
    for wire in BOTH {
        let long = "x".repeat(1000);
        for id in ["task_0", "call-0-0", "call-99-0", "../..", long.as_str()] {
            for (older, newer) in [("tasks/get", "GetTask"), ("tasks/cancel", "CancelTask")] {
                let error = agent
                    .fault(wire, wire.method(older, newer), json!({ "id": id }))
                    .await;
                assert_eq!(error["code"], -32001, "{id}");
            }
        }
        for id in [Value::Null, json!(7), json!(""), json!("x".repeat(2000))] {
            let method = wire.method("tasks/get", "GetTask");
            let error = agent.fault(wire, method, json!({ "id": id })).await;
            assert_eq!(error["code"], -32602, "{id}");
        }
    }
}

#[tokio::test]
async fn an_adcp_task_is_followed_under_its_own_id() {
    let agent = agent(&WATCHED).await;
    for wire in BOTH {
        let id = agent.submit(wire).await;
        let method = wire.method("tasks/get", "GetTask");
        let other = agent
            .ask_as(OTHER_TOKEN, wire, method, json!({ "id": id }))
            .await;
        assert_eq!(
            other["error"]["code"], -32001,
            "somebody else's task is unknown"
        );

        agent.decide(&id, true).await;
        let task = agent.task_once(wire, &id, "completed").await;
        assert_eq!(task["id"], json!(id));
        let result = payload(&task);
        assert!(result["media_buy_id"].is_string(), "{task}");
        let adcp = agent
            .call(wire, "tasks/get", json!({ "task_id": id }))
            .await;
        assert_eq!(adcp["result"], result, "as AdCP itself answers");
    }
    let id = agent.submit(Wire::Newer).await;
    agent.decide(&id, false).await;
    let task = agent.task_once(Wire::Newer, &id, "rejected").await;
    assert_eq!(
        payload(&task)["adcp_error"]["message"],
        "because of the season"
    );
}

#[tokio::test]
async fn what_waits_for_a_person_can_be_called_off_and_nothing_else() {
    let agent = agent(&WATCHED).await;
    for wire in BOTH {
        let cancel = wire.method("tasks/cancel", "CancelTask");
        let id = agent.submit(wire).await;
        let other = agent
            .ask_as(OTHER_TOKEN, wire, cancel, json!({ "id": id }))
            .await;
        assert_eq!(other["error"]["code"], -32001);
        let task = agent.ask(wire, cancel, json!({ "id": id })).await;
        assert_eq!(task["status"]["state"], wire.state("canceled"), "{task}");
        let adcp = agent
            .call(wire, "tasks/get", json!({ "task_id": id }))
            .await;
        assert_eq!(adcp["status"], "canceled", "{adcp}");
        let error = agent.fault(wire, cancel, json!({ "id": id })).await;
        assert_eq!(error["code"], -32002, "it is called off already");
        assert!(
            agent.planner.asked().is_empty(),
            "the ad server was never asked"
        );

        let over = agent.send(wire, "get_adcp_capabilities", json!({})).await;
        let error = agent.fault(wire, cancel, json!({ "id": over["id"] })).await;
        assert_eq!(error["code"], -32002, "a call that is over");
    }
    let id = agent.submit(Wire::Older).await;
    agent.decide(&id, true).await;
    agent.task_once(Wire::Older, &id, "completed").await;
    let error = agent
        .fault(Wire::Older, "tasks/cancel", json!({ "id": id }))
        .await;
    assert_eq!(error["code"], -32002, "it is done");
}

#[tokio::test]
async fn a_message_may_name_the_adcp_task_that_it_is_about() {
    let agent = agent(&WATCHED).await;
    for wire in BOTH {
        let method = wire.method("message/send", "SendMessage");
        let submitted = agent.send(wire, "create_media_buy", agent.order()).await;
        let id = payload(&submitted)["task_id"].clone();
        let mut params = wire.call("tasks/get", json!({ "task_id": id }));
        params["message"]["taskId"] = id;
        let task = wire.task(&agent.ask(wire, method, params.clone()).await);
        let told = &task["artifacts"][0];
        // The official client looks for what is told of a task in the first part only.
        assert_eq!(told["parts"][0]["data"]["status"], "submitted");
        assert!(
            told.get("metadata").is_none(),
            "the call itself goes on as no task"
        );
        assert_eq!(task["contextId"], submitted["contextId"]);

        params["message"]["taskId"] = submitted["id"].clone();
        assert_eq!(
            agent.fault(wire, method, params.clone()).await["code"],
            -32004
        );
        params["message"]["taskId"] = json!("task_0");
        assert_eq!(agent.fault(wire, method, params).await["code"], -32001);
    }
}

#[tokio::test]
async fn tasks_are_listed_page_by_page() {
    let agent = agent(&WATCHED).await;
    let wire = Wire::Newer;
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(agent.submit(wire).await);
        agent.clock.advance(TimeDelta::seconds(1));
    }
    let list = async |params: Value| agent.ask(wire, "ListTasks", params).await;
    let open = list(json!({ "status": "TASK_STATE_SUBMITTED", "pageSize": 2 })).await;
    assert_eq!(
        (&open["totalSize"], &open["pageSize"]),
        (&json!(3), &json!(2))
    );
    let listed = |page: &Value| -> Vec<String> {
        let tasks = page["tasks"].as_array().expect("tasks");
        tasks
            .iter()
            .map(|task| task["id"].as_str().expect("an id").to_owned())
            .collect()
    };
    assert_eq!(
        listed(&open),
        [ids[2].clone(), ids[1].clone()],
        "newest first"
    );
    let next = list(json!({ "status": "TASK_STATE_SUBMITTED", "pageSize": 2, "pageToken": open["nextPageToken"] })).await;
    assert_eq!(listed(&next), [ids[0].clone()]);
    assert_eq!(next["nextPageToken"], "");

    let context = agent.task(wire, &ids[0]).await["contextId"].clone();
    let of_context = list(json!({ "contextId": context, "includeArtifacts": true })).await;
    assert_eq!(
        of_context["totalSize"], 2,
        "the call and the task: {of_context}"
    );
    let with_artifacts = |page: &Value| {
        let tasks = page["tasks"].as_array().expect("tasks");
        tasks
            .iter()
            .filter(|task| task.get("artifacts").is_some())
            .count()
    };
    assert_eq!(
        with_artifacts(&of_context),
        1,
        "that of the call, which is over"
    );
    let without = list(json!({ "contextId": context })).await;
    assert_eq!(with_artifacts(&without), 0);
    let later = list(json!({ "statusTimestampAfter": "2030-01-01T00:00:00Z" })).await;
    assert_eq!(later["totalSize"], 0);
    let other = agent
        .ask_as(
            OTHER_TOKEN,
            wire,
            "ListTasks",
            json!({ "status": "TASK_STATE_SUBMITTED" }),
        )
        .await;
    assert_eq!(other["result"]["totalSize"], 0);

    for params in [
        json!({ "pageSize": 0 }),
        json!({ "pageSize": 101 }),
        json!({ "pageSize": 1.5 }),
        json!({ "pageToken": "made-up" }),
        json!({ "status": "submitted" }),
        json!({ "statusTimestampAfter": "yesterday" }),
    ] {
        assert_eq!(
            agent.fault(wire, "ListTasks", params.clone()).await["code"],
            -32602,
            "{params}"
        );
    }
}
