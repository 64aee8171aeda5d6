//! Push notification configurations: where a client of A2A wants to be told how a task goes.
//!
//! A configuration is a subscription of the task that it belongs to and lies with it. So it is written
//! only while nobody is at work on the task: the answer of an adapter is committed over the revision
//! that was taken up, and must not be lost to a configuration. Secrets go in and never come out: what
//! is read back has neither token nor credentials.

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::Refusal;
use super::calls;
use super::fault::Fault;
use super::found;
use super::params;
use super::version::Version;
use crate::dispatch::{Caller, Patience};
use crate::http::Gate;
use crate::ops::records::Stored;
use crate::ops::{Services, work};
use crate::store::Batch;
use crate::tasks::{self, Task};
use crate::webhooks::{self, Authentication, Form, Scheme, Subscription};

/// How many receivers a task may have.
const MOST: usize = 8;
/// The longest address and the longest secret, in bytes.
const LONGEST: usize = 4096;
/// What a client is told when the task was not left alone for as long as it could wait.
const BUSY: &str = "the task is being worked on; send the request again";

/// The receiver that a configuration names. A name is made up where it has none.
pub(super) fn read(
    version: Version,
    config: &Map<String, Value>,
    context_id: Option<&str>,
) -> Result<Subscription, Fault> {
    let text = |name: &str| match config.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.is_empty() => Ok(None),
        Some(Value::String(text)) if text.len() <= LONGEST => Ok(Some(text.clone())),
        Some(_) => Err(Fault::params(format!(
            "`{name}` of a push notification configuration must be a string of at most {LONGEST} bytes"
        ))),
    };
    let url = text("url")?
        .ok_or_else(|| Fault::params("a push notification configuration needs a `url`"))?;
    let authentication = match config.get("authentication") {
        None | Some(Value::Null) => None,
        Some(Value::Object(authentication)) => authenticated(version, authentication)?,
        Some(_) => return Err(Fault::params("`authentication` must be an object")),
    };
    Ok(Subscription {
        url,
        token: text("token")?,
        operation_id: text("operation_id")?,
        authentication,
        form: match version {
            Version::V03 => Form::A2aV03,
            Version::V10 => Form::A2aV10,
        },
        id: Some(text("id")?.unwrap_or_else(|| Uuid::new_v4().to_string())),
        context_id: context_id.map(str::to_owned),
        task_id: None,
    })
}

/// How the sender proves itself. Version 0.3 names several schemes to choose from, version 1.0 one;
/// the names are those of HTTP, where case does not matter.
fn authenticated(
    version: Version,
    authentication: &Map<String, Value>,
) -> Result<Option<Authentication>, Fault> {
    let named: Vec<&str> = match version {
        Version::V03 => authentication
            .get("schemes")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect(),
        Version::V10 => authentication
            .get("scheme")
            .and_then(Value::as_str)
            .into_iter()
            .collect(),
    };
    if named.is_empty() {
        return Ok(None);
    }
    let scheme = named.iter().find_map(|name| {
        [
            ("bearer", Scheme::Bearer),
            ("hmac-sha256", Scheme::HmacSha256),
        ]
        .into_iter()
        .find_map(|(known, scheme)| name.eq_ignore_ascii_case(known).then_some(scheme))
    });
    let Some(scheme) = scheme else {
        return Err(Fault::params(
            "notifications are authenticated by the scheme Bearer or HMAC-SHA256, or signed (RFC 9421) where `authentication` is left out",
        ));
    };
    match authentication.get("credentials").and_then(Value::as_str) {
        Some(credentials) if !credentials.is_empty() && credentials.len() <= LONGEST => {
            Ok(Some(Authentication {
                scheme,
                credentials: credentials.to_owned(),
            }))
        }
        _ => Err(Fault::params(
            "`authentication.credentials` must be the shared secret",
        )),
    }
}

/// The configuration of the members in which a message carries it.
pub(super) fn of_message(
    version: Version,
    params: &Map<String, Value>,
    context_id: &str,
) -> Result<Option<Subscription>, Fault> {
    let name = match version {
        Version::V03 => "pushNotificationConfig",
        Version::V10 => "taskPushNotificationConfig",
    };
    let configuration = match params.get("configuration") {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Object(configuration)) => configuration,
        Some(_) => return Err(Fault::params("`params.configuration` must be an object")),
    };
    match configuration.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(config)) => read(version, config, Some(context_id)).map(Some),
        Some(_) => Err(Fault::params(format!(
            "`params.configuration.{name}` must be an object"
        ))),
    }
}

/// Whether the caller may register a receiver, by a method of this name.
pub(super) fn judge(
    gate: &Gate,
    caller: &Caller,
    method: &str,
    wanted: &Subscription,
) -> Result<(), Refusal> {
    if wanted.authentication.is_none() {
        return Ok(());
    }
    gate.permits_credentials(caller, method)
        .map_err(Refusal::Turned)
}

/// `tasks/pushNotificationConfig/set` and `CreateTaskPushNotificationConfig`.
pub(super) async fn set(
    services: &Services,
    gate: &Gate,
    caller: &Caller,
    version: Version,
    (method, params): (&str, &Map<String, Value>),
) -> Result<Value, Refusal> {
    let task_id = params::required(params, "taskId")?;
    let config = match version {
        Version::V03 => params
            .get("pushNotificationConfig")
            .and_then(Value::as_object)
            .ok_or_else(|| Fault::params("`params.pushNotificationConfig` must be an object"))?,
        Version::V10 => params,
    };
    let conversation = calls::conversation_of(services, caller, task_id).await?;
    let wanted = read(version, config, conversation.as_deref())?;
    judge(gate, caller, method, &wanted)?;
    let wanted = [wanted];
    webhooks::admit(services, (&caller.tenant, &caller.principal), &wanted).await?;
    let [wanted] = wanted;
    change(services, caller, task_id, |task| {
        if task.status.is_terminal() {
            return Err(Fault::unsupported(
                "the task is over, so there is nothing left to be told of",
            ));
        }
        forget(task, wanted.id.as_deref());
        if task.subscriptions.len() >= MOST {
            return Err(Fault::unsupported(format!(
                "a task has at most {MOST} push notification configurations; delete one"
            )));
        }
        task.subscriptions.push(wanted.clone());
        Ok(())
    })
    .await?;
    Ok(written(version, task_id, &wanted))
}

/// `tasks/pushNotificationConfig/get` and `GetTaskPushNotificationConfig`.
pub(super) async fn get(
    services: &Services,
    caller: &Caller,
    version: Version,
    params: &Map<String, Value>,
) -> Result<Value, Fault> {
    let (task_id, id) = named(version, params)?;
    let stored = open(services, caller, task_id).await?;
    // Version 0.3 once had one configuration and no name for it.
    let wanted = ours(&stored.value)
        .find(|known| id.is_none_or(|id| known.id.as_deref() == Some(id)))
        .ok_or_else(Fault::no_config)?;
    Ok(written(version, task_id, wanted))
}

/// `tasks/pushNotificationConfig/list` and `ListTaskPushNotificationConfigs`. There is one page.
pub(super) async fn list(
    services: &Services,
    caller: &Caller,
    version: Version,
    params: &Map<String, Value>,
) -> Result<Value, Fault> {
    let (task_id, _) = named(version, params)?;
    let stored = open(services, caller, task_id).await?;
    let configs: Vec<Value> = ours(&stored.value)
        .map(|known| written(version, task_id, known))
        .collect();
    Ok(match version {
        Version::V03 => Value::Array(configs),
        Version::V10 => json!({ "configs": configs, "nextPageToken": "" }),
    })
}

/// `tasks/pushNotificationConfig/delete` and `DeleteTaskPushNotificationConfig`. What is not there
/// needs no deleting.
pub(super) async fn delete(
    services: &Services,
    caller: &Caller,
    version: Version,
    params: &Map<String, Value>,
) -> Result<Value, Fault> {
    let (task_id, id) = named(version, params)?;
    let id = id.ok_or_else(|| {
        Fault::params(match version {
            Version::V03 => "`params.pushNotificationConfigId` is missing",
            Version::V10 => "`params.id` is missing",
        })
    })?;
    change(services, caller, task_id, |task| {
        forget(task, Some(id));
        Ok(())
    })
    .await?;
    Ok(match version {
        Version::V03 => Value::Null,
        Version::V10 => json!({}),
    })
}

/// Changes the receivers of a task, once nobody is at work on it.
///
/// # Errors
///
/// What the change says; when there is no such task; when somebody was at work on it for too long.
async fn change(
    services: &Services,
    caller: &Caller,
    task_id: &str,
    mut change: impl FnMut(&mut Task) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let mut patience = Patience::new();
    loop {
        let mut stored = open(services, caller, task_id).await?;
        let before = stored.value.subscriptions.clone();
        change(&mut stored.value)?;
        if stored.value.subscriptions == before {
            return Ok(());
        }
        if !stored.value.is_leased(services.clock.now()) && save(services, &stored).await? {
            return Ok(());
        }
        patience.wait(BUSY).await?;
    }
}

/// Removes the receiver of that name, if a client of A2A has registered it.
fn forget(task: &mut Task, id: Option<&str>) {
    task.subscriptions
        .retain(|known| known.form == Form::Adcp || known.id.as_deref() != id);
}

/// The task, and the configuration where one is named.
fn named(version: Version, params: &Map<String, Value>) -> Result<(&str, Option<&str>), Fault> {
    let (task, config) = match version {
        Version::V03 => ("id", "pushNotificationConfigId"),
        Version::V10 => ("taskId", "id"),
    };
    Ok((
        params::required(params, task)?,
        params::text(params, config)?,
    ))
}

/// The AdCP task of that id. A call that is over can't be told of any more.
async fn open(services: &Services, caller: &Caller, id: &str) -> Result<Stored<Task>, Fault> {
    if calls::find(services, caller, id).await?.is_some() {
        return Err(Fault::unsupported(
            "the call is over; what goes on has the id in `task_id` of its answer",
        ));
    }
    found::task(services, caller, id).await
}

/// The receivers that clients of A2A have registered.
fn ours(task: &Task) -> impl Iterator<Item = &Subscription> {
    task.subscriptions
        .iter()
        .filter(|known| known.form != Form::Adcp)
}

async fn save(services: &Services, stored: &Stored<Task>) -> Result<bool, Fault> {
    let mut batch = Batch::new();
    tasks::save(&mut batch, stored)?;
    Ok(work::commit(services, batch).await?)
}

/// A configuration without anything that is secret.
fn written(version: Version, task_id: &str, subscription: &Subscription) -> Value {
    let scheme =
        subscription
            .authentication
            .as_ref()
            .map(|authentication| match authentication.scheme {
                Scheme::Bearer => "Bearer",
                Scheme::HmacSha256 => "HMAC-SHA256",
            });
    let mut config = json!({ "id": subscription.id, "url": subscription.url });
    match version {
        Version::V03 => {
            if let Some(scheme) = scheme {
                config["authentication"] = json!({ "schemes": [scheme] });
            }
            json!({ "taskId": task_id, "pushNotificationConfig": config })
        }
        Version::V10 => {
            config["taskId"] = task_id.into();
            if let Some(scheme) = scheme {
                config["authentication"] = json!({ "scheme": scheme });
            }
            config
        }
    }
}
