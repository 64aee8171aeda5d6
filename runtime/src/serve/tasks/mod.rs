//! `tasks`: what waits for people, and their word on it, from the command line.
//!
//! The commands talk to the operator API of a seller that serves; they never open its store. The
//! exit code is 0 when it was done, 1 when the seller refused (decided already, unknown, no right),
//! 2 when something was asked wrongly or nobody answered.

mod text;

use clap::{Args, Parser, Subcommand};
use serde_json::{Value, json};

use super::desk::{self, Desk, is_id, pages, pretty};
use super::print::Console;
use crate::operator::{AuditList, Client, ClientError, TaskList, TaskView};

/// The refusals (RFC 9457, `type`) whose remedies are calls of the API, which have commands here.
const UNKNOWN_TASK: &str = "urn:adcp-seller:unknown-task";
const NOTHING_TO_DECIDE: &str = "urn:adcp-seller:nothing-to-decide";

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
    #[command(flatten)]
    desk: Desk,
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

fn task_id(text: &str) -> Result<String, String> {
    if is_id(text) {
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
    match desk::read::<Alone>("tasks", words, console) {
        Ok(alone) => run(name, alone.tasks, token, console).await,
        Err(code) => code,
    }
}

/// Carries out a command. Returns the exit code.
pub(super) async fn run(
    name: &str,
    asked: TasksArgs,
    token: Option<String>,
    console: &mut Console,
) -> u8 {
    let desk = asked.desk.clone();
    let result = carry_out(name, asked, token, console).await;
    desk.end(result, |error| in_words(name, error), console)
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

async fn carry_out(
    name: &str,
    asked: TasksArgs,
    token: Option<String>,
    console: &mut Console,
) -> Result<(), ClientError> {
    let client = asked.desk.client(token.as_deref(), console)?;
    let json = asked.desk.json;
    match asked.command {
        Command::List { all } => list(name, &client, all, json, console).await?,
        Command::Show { id } => {
            let task: TaskView = client.get(&["tasks", &id], &[]).await?;
            if json {
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
            decide(name, &client, &id, "approve", &body, json, console).await?;
        }
        Command::Reject { id, reason } => {
            let body = json!({ "reason": reason });
            decide(name, &client, &id, "reject", &body, json, console).await?;
        }
        Command::Audit { id } => audit(&client, id.as_deref(), json, console).await?,
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
