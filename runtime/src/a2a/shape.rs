//! Tasks, artifacts and events in the JSON of either version.
//!
//! Version 0.3 says by `kind` what an object is and has words in lower case; version 1.0 says it by
//! the member that holds the object, and its enums are in capitals. Here is the one place that knows.

use chrono::SecondsFormat;
use serde::Serialize;
use serde_json::value::RawValue;

use super::version::Version;
use crate::clock::Timestamp;
use crate::tasks::TaskStatus;

/// The name of an artifact that tells of a task.
pub(crate) const ABOUT_TASK: &str = "task";

/// A task of A2A.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Task<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    id: &'a str,
    #[serde(rename = "contextId")]
    context_id: &'a str,
    status: Status<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    artifacts: Option<[Artifact<'a>; 1]>,
}

/// Where a task stands.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Status<'a> {
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Message<'a>>,
    timestamp: String,
}

/// What the agent says about it.
#[derive(Clone, Debug, Serialize)]
struct Message<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    role: &'static str,
    #[serde(rename = "messageId")]
    message_id: String,
    #[serde(rename = "taskId")]
    task_id: &'a str,
    #[serde(rename = "contextId")]
    context_id: &'a str,
    parts: [Part<'a>; 1],
}

/// What came of a task.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Artifact<'a> {
    #[serde(rename = "artifactId")]
    id: &'static str,
    name: &'static str,
    parts: [Part<'a>; 2],
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Metadata<'a>>,
}

#[derive(Clone, Debug, Serialize)]
struct Metadata<'a> {
    adcp_task_id: &'a str,
}

#[derive(Clone, Debug, Default, Serialize)]
struct Part<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a RawValue>,
}

/// Something that is sent while a task goes on, or as its answer.
#[derive(Clone, Debug)]
pub(crate) enum Event<'a> {
    Task(Task<'a>),
    Status {
        of: Named<'a>,
        status: Status<'a>,
        /// Whether nothing follows. Version 1.0 has no word for it: the stream ends.
        last: bool,
    },
    Artifact {
        of: Named<'a>,
        artifact: Artifact<'a>,
    },
}

/// Which task of which conversation is meant.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Named<'a> {
    pub(crate) id: &'a str,
    pub(crate) context_id: &'a str,
}

/// The AdCP payload of an artifact, and what is said beside it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Payload<'a> {
    pub(crate) name: &'static str,
    pub(crate) data: &'a RawValue,
    pub(crate) text: &'a str,
    /// The AdCP task that goes on. Clients that follow one look for it in the first part.
    pub(crate) submitted: Option<&'a str>,
}

/// The word for where a task stands.
pub(crate) fn state(version: Version, status: TaskStatus) -> &'static str {
    match (version, status) {
        (Version::V03, status) => status.as_str(),
        (Version::V10, TaskStatus::Submitted) => "TASK_STATE_SUBMITTED",
        (Version::V10, TaskStatus::Working) => "TASK_STATE_WORKING",
        (Version::V10, TaskStatus::InputRequired) => "TASK_STATE_INPUT_REQUIRED",
        (Version::V10, TaskStatus::Completed) => "TASK_STATE_COMPLETED",
        (Version::V10, TaskStatus::Failed) => "TASK_STATE_FAILED",
        (Version::V10, TaskStatus::Canceled) => "TASK_STATE_CANCELED",
        (Version::V10, TaskStatus::Rejected) => "TASK_STATE_REJECTED",
    }
}

/// The standing that a word means in version 1.0.
pub(super) fn status_of(word: &str) -> Option<TaskStatus> {
    use TaskStatus::{Canceled, Completed, Failed, InputRequired, Rejected, Submitted, Working};
    [
        Submitted,
        Working,
        InputRequired,
        Completed,
        Failed,
        Canceled,
        Rejected,
    ]
    .into_iter()
    .find(|status| state(Version::V10, *status) == word)
}

/// `kind`, which only version 0.3 has.
fn kind(version: Version, kind: &'static str) -> Option<&'static str> {
    (version == Version::V03).then_some(kind)
}

/// An instant in UTC, to the millisecond (1.0, section 5.6.1).
pub(crate) fn instant(at: Timestamp) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

impl<'a> Status<'a> {
    pub(crate) fn new(version: Version, status: TaskStatus, at: Timestamp) -> Self {
        Status {
            state: state(version, status),
            message: None,
            timestamp: instant(at),
        }
    }

    /// The same, with a sentence about it.
    pub(crate) fn saying(
        self,
        version: Version,
        of: Named<'a>,
        at: Timestamp,
        text: Option<&'a str>,
    ) -> Self {
        let message = text.map(|text| Message {
            kind: kind(version, "message"),
            role: match version {
                Version::V03 => "agent",
                Version::V10 => "ROLE_AGENT",
            },
            // The same sentence has the same id whenever it is asked for.
            message_id: format!("{}-{}", of.id, at.timestamp_micros()),
            task_id: of.id,
            context_id: of.context_id,
            parts: [Part::text(version, text)],
        });
        Status { message, ..self }
    }
}

impl<'a> Part<'a> {
    fn text(version: Version, text: &'a str) -> Self {
        Part {
            kind: kind(version, "text"),
            text: Some(text),
            data: None,
        }
    }

    fn data(version: Version, data: &'a RawValue) -> Self {
        Part {
            kind: kind(version, "data"),
            text: None,
            data: Some(data),
        }
    }
}

impl<'a> Artifact<'a> {
    /// The artifact of a payload. `profile` is whether AdCP's profile applies, which keeps the AdCP
    /// task's id out of A2A's metadata.
    pub(crate) fn new(version: Version, payload: Payload<'a>, profile: bool) -> Self {
        let (text, data) = (
            Part::text(version, payload.text),
            Part::data(version, payload.data),
        );
        Artifact {
            id: "adcp-result",
            name: payload.name,
            // AdCP's client takes a `status` in a first data part for that of a task, and looks for a
            // task's nowhere else. But what a media buy calls `canceled` is none, so the text goes
            // first wherever no task is told of.
            parts: if payload.submitted.is_some() || payload.name == ABOUT_TASK {
                [data, text]
            } else {
                [text, data]
            },
            metadata: payload
                .submitted
                .filter(|_| !profile)
                .map(|adcp_task_id| Metadata { adcp_task_id }),
        }
    }
}

impl<'a> Task<'a> {
    pub(crate) fn new(
        version: Version,
        of: Named<'a>,
        status: Status<'a>,
        artifact: Option<Artifact<'a>>,
    ) -> Self {
        Task {
            kind: kind(version, "task"),
            id: of.id,
            context_id: of.context_id,
            status,
            artifacts: artifact.map(|artifact| [artifact]),
        }
    }
}

impl Event<'_> {
    /// The event as the result of a JSON-RPC message, or the body of a notification.
    ///
    /// # Errors
    ///
    /// None in practice: everything has string keys.
    pub(crate) fn write(&self, version: Version) -> serde_json::Result<String> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Update<'a> {
            #[serde(skip_serializing_if = "Option::is_none")]
            kind: Option<&'static str>,
            task_id: &'a str,
            context_id: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            status: Option<&'a Status<'a>>,
            #[serde(skip_serializing_if = "Option::is_none")]
            r#final: Option<bool>,
            #[serde(skip_serializing_if = "Option::is_none")]
            artifact: Option<&'a Artifact<'a>>,
            #[serde(skip_serializing_if = "Option::is_none")]
            last_chunk: Option<bool>,
        }
        let (name, bare) = match self {
            Event::Task(task) => ("task", serde_json::to_string(task)?),
            Event::Status { of, status, last } => {
                let update = Update {
                    kind: kind(version, "status-update"),
                    task_id: of.id,
                    context_id: of.context_id,
                    status: Some(status),
                    r#final: (version == Version::V03).then_some(*last),
                    artifact: None,
                    last_chunk: None,
                };
                ("statusUpdate", serde_json::to_string(&update)?)
            }
            Event::Artifact { of, artifact } => {
                let update = Update {
                    kind: kind(version, "artifact-update"),
                    task_id: of.id,
                    context_id: of.context_id,
                    status: None,
                    r#final: None,
                    artifact: Some(artifact),
                    last_chunk: Some(true),
                };
                ("artifactUpdate", serde_json::to_string(&update)?)
            }
        };
        Ok(match version {
            Version::V03 => bare,
            Version::V10 => format!("{{\"{name}\":{bare}}}"),
        })
    }
}
