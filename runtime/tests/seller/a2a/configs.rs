//! Push notification configurations.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{BOTH, WATCHED, Wire, agent};
use crate::support::OTHER_TOKEN;

const SECRET: &str = "a-secret-of-more-than-thirty-two-characters";

/// A configuration, as a message or a method carries it.
fn config(wire: Wire, id: &str) -> Value {
    let mut config =
        json!({ "id": id, "url": "https://buyer.example/hook", "token": "find-me-again" });
    config["authentication"] = match wire {
        Wire::Older => json!({ "schemes": ["HMAC-SHA256"], "credentials": SECRET }),
        Wire::Newer => json!({ "scheme": "HMAC-SHA256", "credentials": SECRET }),
    };
    config
}

/// The parameters of set.
fn set(wire: Wire, task_id: &str, config: Value) -> Value {
    match wire {
        Wire::Older => json!({ "taskId": task_id, "pushNotificationConfig": config }),
        Wire::Newer => {
            let mut params = config;
            params["taskId"] = json!(task_id);
            params
        }
    }
}

/// The parameters of get and delete.
fn named(wire: Wire, task_id: &str, id: &str) -> Value {
    match wire {
        Wire::Older => json!({ "id": task_id, "pushNotificationConfigId": id }),
        Wire::Newer => json!({ "taskId": task_id, "id": id }),
    }
}

fn method(wire: Wire, verb: &str) -> String {
    match (wire, verb) {
        (Wire::Older, verb) => format!("tasks/pushNotificationConfig/{verb}"),
        (Wire::Newer, "set") => "CreateTaskPushNotificationConfig".to_owned(),
        (Wire::Newer, "get") => "GetTaskPushNotificationConfig".to_owned(),
        (Wire::Newer, "list") => "ListTaskPushNotificationConfigs".to_owned(),
        (Wire::Newer, _) => "DeleteTaskPushNotificationConfig".to_owned(),
    }
}

/// The names of the configurations of a list.
fn ids(wire: Wire, list: &Value) -> Vec<String> {
    let configs = match wire {
        Wire::Older => list,
        Wire::Newer => &list["configs"],
    };
    let configs = configs.as_array().expect("a list");
    let id = |config: &Value| match wire {
        Wire::Older => config["pushNotificationConfig"]["id"].clone(),
        Wire::Newer => config["id"].clone(),
    };
    configs
        .iter()
        .map(|config| id(config).as_str().expect("an id").to_owned())
        .collect()
}

#[tokio::test]
async fn configurations_are_set_read_and_deleted_and_their_secrets_stay_inside() {
    let agent = agent(&WATCHED).await;
    for wire in BOTH {
        let task = agent.submit(wire).await;
        let list = match wire {
            Wire::Older => json!({ "id": task }),
            Wire::Newer => json!({ "taskId": task }),
        };
        for id in ["one", "two", "one"] {
            let answer = agent
                .ask(
                    wire,
                    &method(wire, "set"),
                    set(wire, &task, config(wire, id)),
                )
                .await;
            assert!(!answer.to_string().contains(SECRET), "{answer}");
        }
        let all = agent.ask(wire, &method(wire, "list"), list.clone()).await;
        assert_eq!(
            ids(wire, &all),
            ["two", "one"],
            "a name is one configuration"
        );
        let one = agent
            .ask(wire, &method(wire, "get"), named(wire, &task, "one"))
            .await;
        let text = one.to_string();
        assert!(text.contains("https://buyer.example/hook") && text.contains("HMAC-SHA256"));
        assert!(
            !text.contains(SECRET) && !text.contains("find-me-again"),
            "{text}"
        );

        let deleted = agent
            .ask(wire, &method(wire, "delete"), named(wire, &task, "one"))
            .await;
        assert_eq!(deleted.is_null(), wire == Wire::Older);
        agent
            .ask(wire, &method(wire, "delete"), named(wire, &task, "one"))
            .await;
        let all = agent.ask(wire, &method(wire, "list"), list).await;
        assert_eq!(ids(wire, &all), ["two"]);
        let error = agent
            .fault(wire, &method(wire, "get"), named(wire, &task, "one"))
            .await;
        assert_eq!(error["code"], -32001);

        for verb in ["set", "get", "delete"] {
            let params = match verb {
                "set" => set(wire, &task, config(wire, "x")),
                _ => named(wire, &task, "two"),
            };
            let answer = agent
                .ask_as(OTHER_TOKEN, wire, &method(wire, verb), params)
                .await;
            assert_eq!(
                answer["error"]["code"], -32001,
                "somebody else's task: {verb}"
            );
        }
    }
}

#[tokio::test]
async fn a_task_has_so_many_receivers_and_an_ended_one_takes_none() {
    let agent = agent(&WATCHED).await;
    for wire in BOTH {
        let task = agent.submit(wire).await;
        for at in 0..8 {
            let params = set(wire, &task, config(wire, &format!("config-{at}")));
            agent.ask(wire, &method(wire, "set"), params).await;
        }
        let params = set(wire, &task, config(wire, "one-too-many"));
        let error = agent
            .fault(wire, &method(wire, "set"), params.clone())
            .await;
        assert_eq!(error["code"], -32004);
        agent.decide(&task, false).await;
        let error = agent.fault(wire, &method(wire, "set"), params).await;
        assert_eq!(error["code"], -32004, "it is over");

        let call = agent.send(wire, "get_adcp_capabilities", json!({})).await;
        let id = call["id"].as_str().expect("an id");
        let params = set(wire, id, config(wire, "late"));
        let error = agent.fault(wire, &method(wire, "set"), params).await;
        assert_eq!(error["code"], -32004, "a call that is over");
    }
}

#[tokio::test]
async fn a_message_registers_its_receiver_with_the_task_that_goes_on() {
    let agent = agent(&WATCHED).await;
    for wire in BOTH {
        let name = match wire {
            Wire::Older => "pushNotificationConfig",
            Wire::Newer => "taskPushNotificationConfig",
        };
        let send = wire.method("message/send", "SendMessage");
        let mut params = wire.call("create_media_buy", agent.order());
        params["configuration"] = json!({ name: config(wire, "mine") });
        let answer = agent.ask(wire, send, params.clone()).await;
        let task = super::payload(&wire.task(&answer))["task_id"].clone();
        let task = task.as_str().expect("a task");
        let one = agent
            .ask(wire, &method(wire, "get"), named(wire, task, "mine"))
            .await;
        assert!(one.to_string().contains("https://buyer.example/hook"));
        assert!(!agent.running.url().is_empty());

        for wrong in [
            json!({ "url": "" }),
            json!({ "url": 7 }),
            json!({}),
            json!("https://buyer.example/hook"),
            json!({ "url": "https://buyer.example", "authentication": { "schemes": ["Basic"], "scheme": "Basic", "credentials": SECRET } }),
            json!({ "url": "https://buyer.example", "authentication": { "schemes": ["Bearer"], "scheme": "Bearer" } }),
            json!({ "url": format!("https://buyer.example/{}", "x".repeat(5000)) }),
        ] {
            params["configuration"] = json!({ name: wrong });
            let error = agent.fault(wire, send, params.clone()).await;
            assert_eq!(error["code"], -32602, "{wrong}");
        }
    }
}

#[tokio::test]
async fn a_configuration_waits_for_whoever_is_at_work_and_loses_no_answer() {
    let agent = agent(&WATCHED).await;
    for (turn, wire) in BOTH.into_iter().enumerate() {
        let task = agent.submit(wire).await;
        let before = config(wire, "before");
        agent
            .ask(wire, &method(wire, "set"), set(wire, &task, before))
            .await;
        agent.planner.takes(Duration::from_millis(800));
        let began = Instant::now();
        agent.decide(&task, true).await;
        while agent.planner.asked().len() <= turn {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        // The ad server is being asked. Neither change may get in between.
        let params = set(wire, &task, config(wire, "meanwhile"));
        let (register, delete) = (method(wire, "set"), method(wire, "delete"));
        let (set, _) = tokio::join!(
            agent.fault(wire, &register, params),
            agent.ask(wire, &delete, named(wire, &task, "before")),
        );
        assert_eq!(set["code"], -32004, "it was over by then: {set}");
        let ended = agent.task(wire, &task).await;
        assert_eq!(ended["status"]["state"], wire.state("completed"), "{ended}");
        assert!(began.elapsed() < Duration::from_secs(20), "at the first go");
        assert_eq!(agent.planner.asked().len(), turn + 1, "asked once");
    }
}
