//! `tasks`: what waits for people, and their word on it, from the command line.
//!
//! The commands talk to the operator API of a seller that serves; they never open its store. The
//! exit code is 0 when it was done, 1 when the seller refused (decided already, unknown, no right),
//! 2 when something was asked wrongly or nobody answered.

mod text;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use clap::{Args, Parser, Subcommand};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::options::{OperatorAddr, operator_address};
use super::print::Console;
use crate::operator::{AuditList, Client, ClientError, TaskList, TaskView};

/// Where the operator API is when nothing else is said.
pub(super) const DEFAULT_URL: &str = "http://127.0.0.1:3002";

/// Done.
const DONE: u8 = 0;
/// The seller refused.
const REFUSED: u8 = 1;
/// Asked wrongly, or nobody answered.
const WRONG: u8 = 2;
/// The refusals (RFC 9457, `type`) whose remedies are calls of the API, which have commands here.
const UNKNOWN_TASK: &str = "urn:adcp-seller:unknown-task";
const NOTHING_TO_DECIDE: &str = "urn:adcp-seller:nothing-to-decide";
/// The most entries that are listed; beyond it the list says that there are more.
const MOST: usize = 1000;

/// Arguments of `tasks`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
The token comes from SELLER_OPERATOR_TOKEN, never from the command line, which others can see.

Examples:
  tasks list                                 what waits for a decision
  tasks show TASK                            everything about one task
  tasks approve TASK --note 'as agreed'      let it go on
  tasks reject TASK --reason 'sold out'      tell the buyer why not
  tasks audit                                who decided what, and when

Exit codes: 0 done, 1 refused by the seller, 2 asked wrongly or nobody answered")]
pub struct TasksArgs {
    #[command(subcommand)]
    command: Command,
    /// Where the operator API is. Default: where SELLER_OPERATOR_ADDR has it listen on this machine,
    /// else http://127.0.0.1:3002.
    #[arg(long, global = true, env = "SELLER_OPERATOR_URL", value_name = "URL")]
    operator_url: Option<String>,
    /// Print JSON for a machine.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Clone, Debug, Subcommand)]
enum Command {
    /// List the tasks that wait for a decision.
    List {
        /// List all tasks, whatever has become of them.
        #[arg(long)]
        all: bool,
    },
    /// Show everything about one task.
    Show {
        /// The id of the task.
        #[arg(value_name = "TASK", value_parser = task_id)]
        id: String,
    },
    /// Agree: the operation goes on.
    Approve {
        /// The id of the task.
        #[arg(value_name = "TASK", value_parser = task_id)]
        id: String,
        /// A note for the audit.
        #[arg(long, value_name = "TEXT")]
        note: Option<String>,
    },
    /// Decline: the operation ends, and the buyer reads the reason.
    Reject {
        /// The id of the task.
        #[arg(value_name = "TASK", value_parser = task_id)]
        id: String,
        /// Why, in at most 2000 characters.
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Show who decided what, and when.
    Audit {
        /// Only what was decided about this task.
        #[arg(value_name = "TASK", value_parser = task_id)]
        id: Option<String>,
    },
}

/// What stands in a path must not change its meaning.
fn task_id(text: &str) -> Result<String, String> {
    let fits = text
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
    if fits && !text.is_empty() && text.len() <= 128 {
        Ok(text.to_owned())
    } else {
        Err("this is no task's id; `tasks list` shows them".to_owned())
    }
}

/// The command line of `tasks` alone.
#[derive(Debug, Parser)]
#[command(name = "tasks")]
struct Alone {
    #[command(flatten)]
    tasks: TasksArgs,
}

/// Carries out a command line that begins after `tasks`, as the program `name` would. Returns the
/// exit code.
pub async fn run_words(
    name: &str,
    words: &[&str],
    token: Option<String>,
    console: &mut Console,
) -> u8 {
    match Alone::try_parse_from([&["tasks"], words].concat()) {
        Ok(alone) => run(name, alone.tasks, token, console).await,
        Err(error) if error.use_stderr() => {
            console.note(&error.to_string());
            WRONG
        }
        Err(help) => {
            console.say(&help.to_string());
            DONE
        }
    }
}

/// Carries out a command. Returns the exit code.
pub(super) async fn run(
    name: &str,
    asked: TasksArgs,
    token: Option<String>,
    console: &mut Console,
) -> u8 {
    let json = asked.json;
    match carry_out(name, asked, token, console).await {
        Ok(()) => DONE,
        Err(error) => {
            if let (true, ClientError::Refused(problem)) = (json, &error) {
                console.say(&pretty(problem));
            }
            console.note(&format!(
                "error: {}",
                text::harmless(&in_words(name, &error))
            ));
            exit_code(&error)
        }
    }
}

fn exit_code(error: &ClientError) -> u8 {
    match error {
        ClientError::Refused(problem) if matches!(problem.status, 403 | 404 | 409) => REFUSED,
        _ => WRONG,
    }
}

/// What went wrong, with remedies that are commands of this program where the operator API names its
/// own calls.
fn in_words(name: &str, error: &ClientError) -> String {
    match error {
        ClientError::Refused(problem) if problem.kind == UNKNOWN_TASK => {
            format!(
                "{}; `{name} tasks list --all` shows every task",
                problem.detail
            )
        }
        ClientError::Refused(problem) if problem.kind == NOTHING_TO_DECIDE => {
            format!("{}; `{name} tasks list` shows what waits", problem.detail)
        }
        other => other.to_string(),
    }
}

/// Where the operator API is when nobody says: where a seller with the same environment has it
/// listen. One that listens everywhere also listens here.
///
/// # Errors
/// What was set is no address, which no seller would start with either.
fn url_of(operator_addr: Option<&str>) -> Result<String, ClientError> {
    let Some(text) = operator_addr.filter(|text| !text.is_empty()) else {
        return Ok(DEFAULT_URL.to_owned());
    };
    let addr = operator_address(text).map_err(|reason| ClientError::Address {
        url: text.to_owned(),
        reason: format!("SELLER_OPERATOR_ADDR says so: {reason}"),
    })?;
    Ok(match addr {
        OperatorAddr::Off => DEFAULT_URL.to_owned(),
        OperatorAddr::At(mut addr) => {
            match addr.ip() {
                IpAddr::V4(ip) if ip.is_unspecified() => addr.set_ip(Ipv4Addr::LOCALHOST.into()),
                IpAddr::V6(ip) if ip.is_unspecified() => addr.set_ip(Ipv6Addr::LOCALHOST.into()),
                _ => {}
            }
            format!("http://{addr}")
        }
    })
}

async fn carry_out(
    name: &str,
    asked: TasksArgs,
    token: Option<String>,
    console: &mut Console,
) -> Result<(), ClientError> {
    let url = match asked.operator_url {
        Some(url) => url,
        None => url_of(std::env::var("SELLER_OPERATOR_ADDR").ok().as_deref())?,
    };
    let client = Client::new(&url, token.as_deref())?;
    if client.leaves_the_machine() {
        console.note("warning: your token leaves this machine in plain text; a tunnel such as `ssh -L 3002:127.0.0.1:3002 HOST` protects it");
    }
    match asked.command {
        Command::List { all } => list(name, &client, all, asked.json, console).await?,
        Command::Show { id } => {
            let task: TaskView = client.get(&["tasks", &id], &[]).await?;
            if asked.json {
                console.say(&pretty(&task));
            } else {
                console.say(&text::task(&task));
                if task.awaiting {
                    console.note(&text::how_to_decide(name, &id));
                }
            }
        }
        Command::Approve { id, note } => {
            let body = note.map_or_else(|| json!({}), |note| json!({ "note": note }));
            decide(name, &client, &id, "approve", &body, asked.json, console).await?;
        }
        Command::Reject { id, reason } => {
            let body = json!({ "reason": reason });
            decide(name, &client, &id, "reject", &body, asked.json, console).await?;
        }
        Command::Audit { id } => audit(&client, id.as_deref(), asked.json, console).await?,
    }
    Ok(())
}

async fn list(
    name: &str,
    client: &Client,
    all: bool,
    json: bool,
    console: &mut Console,
) -> Result<(), ClientError> {
    let mut found = TaskList {
        tasks: Vec::new(),
        cursor: None,
    };
    let asked = if all {
        None
    } else {
        Some(("awaiting", "true"))
    };
    found.cursor = pages(client, "tasks", asked, |page: TaskList| {
        found.tasks.extend(page.tasks);
        (found.tasks.len(), page.cursor)
    })
    .await?;
    if json {
        console.say(&pretty(&found));
        return Ok(());
    }
    match (found.tasks.is_empty(), all) {
        (true, true) => console.note("there are no tasks"),
        (true, false) => console.note(&format!(
            "nothing waits for a decision; `{name} tasks list --all` shows every task"
        )),
        (false, _) => console.say(&text::tasks(&found.tasks, console.width)),
    }
    if found.cursor.is_some() {
        console.note("there are more than are shown");
    }
    if found.tasks.iter().any(|task| task.awaiting) {
        console.note(&text::how_to_decide(name, "TASK"));
    }
    Ok(())
}

async fn decide(
    name: &str,
    client: &Client,
    id: &str,
    word: &str,
    body: &Value,
    json: bool,
    console: &mut Console,
) -> Result<(), ClientError> {
    let task: TaskView = client.post(&["tasks", id, word], body).await?;
    if json {
        console.say(&pretty(&task));
    } else {
        console.say(&text::decided(&task));
        if word == "approve" {
            console.note(&format!("see what comes of it: {name} tasks show {id}"));
        }
    }
    Ok(())
}

async fn audit(
    client: &Client,
    task_id: Option<&str>,
    json: bool,
    console: &mut Console,
) -> Result<(), ClientError> {
    let mut found = AuditList {
        entries: Vec::new(),
        cursor: None,
    };
    let asked = task_id.map(|task_id| ("task_id", task_id));
    found.cursor = pages(client, "audit", asked, |page: AuditList| {
        found.entries.extend(page.entries);
        (found.entries.len(), page.cursor)
    })
    .await?;
    if json {
        console.say(&pretty(&found));
        return Ok(());
    }
    if found.entries.is_empty() {
        console.note("nothing has been decided yet");
    } else {
        console.say(&text::audit(&found.entries, console.width));
    }
    if found.cursor.is_some() {
        console.note("there are more than are shown");
    }
    Ok(())
}

/// Reads a list page by page until it ends or has [`MOST`] entries, and returns the cursor of what
/// was not read. `take` takes a page in, and says how many entries there are now and where the next
/// page begins.
async fn pages<P: DeserializeOwned>(
    client: &Client,
    path: &str,
    asked: Option<(&str, &str)>,
    mut take: impl FnMut(P) -> (usize, Option<String>),
) -> Result<Option<String>, ClientError> {
    let mut cursor: Option<String> = None;
    loop {
        let position = cursor.as_deref().map(|cursor| ("cursor", cursor));
        let query: Vec<(&str, &str)> = [("limit", "100")]
            .into_iter()
            .chain(asked)
            .chain(position)
            .collect();
        let (count, next) = take(client.get(&[path], &query).await?);
        if next.is_none() || count >= MOST {
            return Ok(next);
        }
        cursor = next;
    }
}

/// JSON for machines that people may read, too.
fn pretty(value: &impl serde::Serialize) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_operator_api_is_looked_for_where_it_listens() {
        for (addr, url) in [
            (None, DEFAULT_URL),
            (Some(""), DEFAULT_URL),
            (Some("off"), DEFAULT_URL),
            (Some("127.0.0.1:4002"), "http://127.0.0.1:4002"),
            (Some("10.0.0.7:3002"), "http://10.0.0.7:3002"),
            (Some("0.0.0.0:4002"), "http://127.0.0.1:4002"),
            (Some("[::]:4002"), "http://[::1]:4002"),
        ] {
            assert_eq!(url_of(addr).ok().as_deref(), Some(url), "{addr:?}");
        }
        let error = url_of(Some("4002")).expect_err("no address").to_string();
        assert!(error.contains("SELLER_OPERATOR_ADDR"), "{error}");
    }
}
