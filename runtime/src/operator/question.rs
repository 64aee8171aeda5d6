//! What an operator's request says beside its path: query and body, each checked to the last word.

use axum::extract::Request;
use axum::http::Uri;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use url::form_urlencoded;

use super::problem::Problem;
use crate::http::{self, body};
use crate::json;
use crate::tasks::{LONGEST_REASON, TaskStatus};
use crate::webhooks::Standing;

/// The largest body that is read from an operator, in bytes.
const LARGEST_BODY: usize = 64 * 1024;
/// So many entries a page has when the request does not say.
const DEFAULT_LIMIT: usize = 50;
/// So many it has at most.
const MOST: usize = 100;

/// Which page of a list is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Question {
    pub(super) status: Option<TaskStatus>,
    pub(super) awaiting: bool,
    pub(super) limit: usize,
    pub(super) task_id: Option<String>,
    pub(super) standing: Option<Standing>,
    pub(super) cursor: Option<String>,
}

impl Question {
    /// Reads a query, of which these names are allowed.
    pub(super) fn of(uri: &Uri, allowed: &[&str]) -> Result<Self, Problem> {
        let mut question = Question {
            limit: DEFAULT_LIMIT,
            ..Question::default()
        };
        let mut seen = Vec::new();
        for (name, value) in form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()) {
            if !allowed.contains(&name.as_ref()) {
                return Err(Problem::bad_request(
                    format!("the query has `{}`", shortened(&name)),
                    &format!("allowed are {}", allowed.join(", ")),
                ));
            }
            if seen.contains(&name) {
                return Err(Problem::bad_request(
                    format!("the query has `{name}` twice"),
                    "say it once",
                ));
            }
            match name.as_ref() {
                "status" => question.status = Some(status(&value)?),
                "awaiting" => question.awaiting = boolean(&value)?,
                "limit" => question.limit = limit(&value)?,
                "standing" => question.standing = Some(standing(&value)?),
                "task_id" => question.task_id = Some(value.into_owned()),
                _ => question.cursor = Some(value.into_owned()),
            }
            seen.push(name);
        }
        Ok(question)
    }
}

fn status(word: &str) -> Result<TaskStatus, Problem> {
    TaskStatus::deserialize(serde::de::value::StrDeserializer::<serde::de::value::Error>::new(
        word,
    ))
    .map_err(|_| {
        Problem::bad_request(
            format!("`{}` is no status", shortened(word)),
            "allowed are submitted, working, input-required, completed, failed, canceled, rejected",
        )
    })
}

fn standing(word: &str) -> Result<Standing, Problem> {
    match word {
        "waiting" => Ok(Standing::Waiting),
        "dead" => Ok(Standing::Dead),
        other => Err(Problem::bad_request(
            format!("standing is `{}`", shortened(other)),
            "allowed are waiting, dead",
        )),
    }
}

fn boolean(word: &str) -> Result<bool, Problem> {
    word.parse().map_err(|_| {
        Problem::bad_request(
            format!("awaiting is `{}`", shortened(word)),
            "write awaiting=true for what waits for a decision, or leave it out",
        )
    })
}

fn limit(word: &str) -> Result<usize, Problem> {
    word.parse()
        .ok()
        .filter(|limit| (1..=MOST).contains(limit))
        .ok_or_else(|| {
            Problem::bad_request(
                format!("limit is `{}`", shortened(word)),
                &format!("write a whole number from 1 to {MOST}"),
            )
        })
}

/// The body of an approval. It may be left out.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Approve {
    note: Option<String>,
}

/// The body of a rejection.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Reject {
    reason: String,
}

/// The body of what needs no word with it.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

/// Sees that a request says nothing: it has no body, or an empty object.
pub(super) async fn nothing(request: Request) -> Result<(), Problem> {
    let Nothing {} = read(request, Some(Nothing::default())).await?;
    Ok(())
}

/// The note that goes with an approval.
pub(super) async fn note(request: Request) -> Result<Option<String>, Problem> {
    let Approve { note } = read(request, Some(Approve::default())).await?;
    match note {
        Some(note) => Ok(Some(said("note", &note)?).filter(|note| !note.is_empty())),
        None => Ok(None),
    }
}

/// The reason of a rejection.
pub(super) async fn reason(request: Request) -> Result<String, Problem> {
    let Reject { reason } = read(request, None).await?;
    let reason = said("reason", &reason)?;
    if reason.is_empty() {
        return Err(Problem::bad_request(
            "the reason is empty",
            "say why; the buyer reads it",
        ));
    }
    Ok(reason)
}

fn said(what: &str, text: &str) -> Result<String, Problem> {
    let text = text.trim();
    if text.chars().count() > LONGEST_REASON {
        return Err(Problem::bad_request(
            format!("the {what} is longer than {LONGEST_REASON} characters"),
            "say it shorter",
        ));
    }
    if text
        .chars()
        .any(|character| character.is_control() && character != '\n')
    {
        return Err(Problem::bad_request(
            format!("the {what} has control characters"),
            "send plain text",
        ));
    }
    Ok(text.to_owned())
}

/// The body of a request. `empty` stands for no body at all, where that is allowed.
async fn read<B: DeserializeOwned>(request: Request, empty: Option<B>) -> Result<B, Problem> {
    let (parts, body) = request.into_parts();
    let bytes = body::read(&parts.headers, body, LARGEST_BODY).await?;
    if bytes.is_empty()
        && let Some(empty) = empty
    {
        return Ok(empty);
    }
    http::check_content(&parts.headers).map_err(Problem::unfit_content)?;
    understand(&bytes)
}

fn understand<B: DeserializeOwned>(bytes: &[u8]) -> Result<B, Problem> {
    const REMEDY: &str =
        "send {\"reason\": \"…\"} to reject; {} or {\"note\": \"…\"} to approve; {} to replay";
    let document = json::parse(bytes)
        .map_err(|error| Problem::bad_request(format!("the body is not JSON: {error}"), REMEDY))?;
    if let Some(defect) = document.defect {
        return Err(Problem::bad_request(
            format!("the body is not usable: {}", defect.kind),
            REMEDY,
        ));
    }
    // serde would take an array for a struct, member by member.
    if !document.value.is_object() {
        return Err(Problem::bad_request("the body is no JSON object", REMEDY));
    }
    B::deserialize(document.value).map_err(|error| {
        Problem::bad_request(
            format!("the body does not fit: {}", shortened(&error.to_string())),
            REMEDY,
        )
    })
}

/// As much of what was sent as fits into a message.
fn shortened(text: &str) -> String {
    const MOST: usize = 120;
    let mut short: String = text
        .chars()
        .take(MOST)
        .flat_map(char::escape_debug)
        .collect();
    if text.chars().nth(MOST).is_some() {
        short.push('…');
    }
    short
}
