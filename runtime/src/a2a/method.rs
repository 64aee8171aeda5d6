//! The methods, by their names in either version.
//!
//! The names of the two versions have nothing in common, so one that is of the other version is told
//! apart from one that does not exist.

use super::fault::Fault;
use super::version::Version;

/// What a client asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    Send,
    Stream,
    Get,
    List,
    Cancel,
    Subscribe,
    SetConfig,
    GetConfig,
    ListConfigs,
    DeleteConfig,
    Card,
}

/// The methods, by their names in 0.3 and in 1.0.
const METHODS: [(Method, Option<&str>, &str); 11] = [
    (Method::Send, Some("message/send"), "SendMessage"),
    (
        Method::Stream,
        Some("message/stream"),
        "SendStreamingMessage",
    ),
    (Method::Get, Some("tasks/get"), "GetTask"),
    (Method::List, None, "ListTasks"),
    (Method::Cancel, Some("tasks/cancel"), "CancelTask"),
    (
        Method::Subscribe,
        Some("tasks/resubscribe"),
        "SubscribeToTask",
    ),
    (
        Method::SetConfig,
        Some("tasks/pushNotificationConfig/set"),
        "CreateTaskPushNotificationConfig",
    ),
    (
        Method::GetConfig,
        Some("tasks/pushNotificationConfig/get"),
        "GetTaskPushNotificationConfig",
    ),
    (
        Method::ListConfigs,
        Some("tasks/pushNotificationConfig/list"),
        "ListTaskPushNotificationConfigs",
    ),
    (
        Method::DeleteConfig,
        Some("tasks/pushNotificationConfig/delete"),
        "DeleteTaskPushNotificationConfig",
    ),
    (
        Method::Card,
        Some("agent/getAuthenticatedExtendedCard"),
        "GetExtendedAgentCard",
    ),
];

impl Method {
    pub(super) fn of(version: Version, name: &str) -> Result<Self, Fault> {
        let known = METHODS.into_iter().find_map(|(method, older, newer)| {
            if older == Some(name) {
                Some((method, Version::V03))
            } else {
                (newer == name).then_some((method, Version::V10))
            }
        });
        match known {
            Some((method, of)) if of == version => Ok(method),
            Some((_, Version::V10)) => Err(Fault::version(format!(
                "`{name}` is a method of A2A 1.0; send the header A2A-Version: 1.0"
            ))),
            Some((_, Version::V03)) => Err(Fault::no_method(format!(
                "`{name}` is a method of A2A 0.3; leave the header A2A-Version out"
            ))),
            None => {
                let name: String = name.chars().take(64).collect();
                Err(Fault::no_method(format!(
                    "this agent has no method `{name}`"
                )))
            }
        }
    }

    pub(super) fn streams(self) -> bool {
        matches!(self, Method::Stream | Method::Subscribe)
    }
}
