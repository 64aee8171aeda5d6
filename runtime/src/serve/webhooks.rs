//! `webhooks`: notifications to buyers that are not delivered, from the command line.

use clap::{Args, Parser, Subcommand};
use serde_json::json;

use super::desk::{self, Desk, is_id, pages, pretty};
use super::print::Console;
use super::text::{document, harmless, lines, minute, second, table};
use crate::operator::{Client, ClientError, WebhookList, WebhookView};
use crate::webhooks::Standing;

/// The refusals (RFC 9457, `type`) whose remedies are calls of the API, which have commands here.
const UNKNOWN: &str = "urn:adcp-seller:unknown-webhook";
const NOTHING_TO_REPLAY: &str = "urn:adcp-seller:nothing-to-replay";

/// Arguments of `webhooks`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
The token comes from SELLER_OPERATOR_TOKEN, never from the command line, which others can see.

Examples:
  webhooks list               what was set aside
  webhooks list --all         what waits as well
  webhooks show WEBHOOK       everything about one notification, and how its delivery went
  webhooks replay WEBHOOK     have it tried again, the same bytes under the same key
  tasks audit                 who had what tried again

Exit codes: 0 done, 1 refused by the seller, 2 asked wrongly or nobody answered")]
pub struct WebhooksArgs {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    desk: Desk,
}

#[derive(Clone, Debug, Subcommand)]
enum Command {
    /// List the notifications that were set aside.
    List {
        /// List those that are yet to be delivered, too.
        #[arg(long)]
        all: bool,
    },
    /// Show everything about one notification.
    Show {
        /// The id of the notification.
        #[arg(value_name = "WEBHOOK", value_parser = webhook_id)]
        id: String,
    },
    /// Have a notification that was set aside tried again.
    Replay {
        /// The id of the notification.
        #[arg(value_name = "WEBHOOK", value_parser = webhook_id)]
        id: String,
    },
}

fn webhook_id(text: &str) -> Result<String, String> {
    if is_id(text) {
        Ok(text.to_owned())
    } else {
        Err("this is no notification's id; `webhooks list` shows them".to_owned())
    }
}

/// The command line of `webhooks` alone.
#[derive(Debug, Parser)]
#[command(name = "webhooks")]
struct Alone {
    #[command(flatten)]
    webhooks: WebhooksArgs,
}

/// Carries out a command line that begins after `webhooks`, as the program `name` would. Returns the
/// exit code.
pub async fn run_words(
    name: &str,
    words: &[&str],
    token: Option<String>,
    console: &mut Console,
) -> u8 {
    match desk::read::<Alone>("webhooks", words, console) {
        Ok(alone) => run(name, alone.webhooks, token, console).await,
        Err(code) => code,
    }
}

/// Carries out a command. Returns the exit code.
pub(super) async fn run(
    name: &str,
    asked: WebhooksArgs,
    token: Option<String>,
    console: &mut Console,
) -> u8 {
    let desk = asked.desk.clone();
    let result = carry_out(name, asked, token, console).await;
    desk.end(result, |error| in_words(name, error), console)
}

fn in_words(name: &str, error: &ClientError) -> String {
    match error {
        ClientError::Refused(problem) if problem.kind == UNKNOWN => format!(
            "{}; `{name} webhooks list --all` shows those that are not",
            problem.detail
        ),
        ClientError::Refused(problem) if problem.kind == NOTHING_TO_REPLAY => format!(
            "{}; `{name} webhooks list` shows what was set aside",
            problem.detail
        ),
        other => other.to_string(),
    }
}

async fn carry_out(
    name: &str,
    asked: WebhooksArgs,
    token: Option<String>,
    console: &mut Console,
) -> Result<(), ClientError> {
    let client = asked.desk.client(token.as_deref(), console)?;
    let json = asked.desk.json;
    match asked.command {
        Command::List { all } => list(name, &client, all, json, console).await?,
        Command::Show { id } => {
            let webhook: WebhookView = client.get(&["webhooks", &id], &[]).await?;
            if json {
                console.say(&pretty(&webhook));
            } else {
                console.say(&whole(&webhook));
                if webhook.delivery.standing == Standing::Dead {
                    console.note(&how_to_replay(name, &id));
                }
            }
        }
        Command::Replay { id } => {
            let path = ["webhooks", &id, "replay"];
            let webhook: WebhookView = client.post(&path, &json!({})).await?;
            if json {
                console.say(&pretty(&webhook));
            } else {
                console.say(&format!("{}: is tried again", harmless(&id)));
                console.note(&format!(
                    "see how it goes: {name} webhooks show {id}; what is delivered is no longer there"
                ));
            }
        }
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
    let mut found = WebhookList {
        webhooks: Vec::new(),
        cursor: None,
    };
    let asked = (!all).then_some(("standing", "dead"));
    found.cursor = pages(client, "webhooks", asked, |page: WebhookList| {
        found.webhooks.extend(page.webhooks);
        (found.webhooks.len(), page.cursor)
    })
    .await?;
    if json {
        console.say(&pretty(&found));
        return Ok(());
    }
    match (found.webhooks.is_empty(), all) {
        (true, true) => console.note("every notification was delivered"),
        (true, false) => console.note(&format!(
            "nothing was set aside; `{name} webhooks list --all` shows what is yet to be delivered"
        )),
        (false, _) => console.say(&overview(&found.webhooks, console.width)),
    }
    if found.cursor.is_some() {
        console.note("there are more than are shown");
    }
    let is_dead = |webhook: &WebhookView| webhook.delivery.standing == Standing::Dead;
    if found.webhooks.iter().any(is_dead) {
        console.note(&how_to_replay(name, "WEBHOOK"));
    }
    Ok(())
}

/// What to do next.
fn how_to_replay(name: &str, id: &str) -> String {
    format!("\ntry again with\n  {name} webhooks show {id}\n  {name} webhooks replay {id}")
}

/// A table of notifications.
fn overview(webhooks: &[WebhookView], width: Option<usize>) -> String {
    let rows = webhooks
        .iter()
        .map(|WebhookView { delivery, .. }| {
            [
                delivery.webhook_id.clone(),
                delivery.standing.as_str().to_owned(),
                minute(delivery.created_at),
                delivery.principal.0.clone(),
                delivery.topic.clone(),
                delivery.receiver.clone(),
                delivery.reason.clone().unwrap_or_default(),
            ]
        })
        .collect();
    let head = [
        "WEBHOOK", "STANDING", "WHEN", "BUYER", "ABOUT", "RECEIVER", "REASON",
    ];
    table(head, rows, width)
}

/// Everything about a notification.
fn whole(webhook: &WebhookView) -> String {
    let delivery = &webhook.delivery;
    let is_dead = delivery.standing == Standing::Dead;
    let status = delivery.status.map(|status| status.as_str().to_owned());
    let said = [
        ("webhook", Some(delivery.webhook_id.clone())),
        ("standing", Some(delivery.standing.as_str().to_owned())),
        ("about", Some(delivery.topic.clone())),
        ("task", delivery.task_id.clone()),
        ("status", status),
        ("buyer", Some(delivery.principal.0.clone())),
        ("receiver", Some(delivery.receiver.clone())),
        ("proof", webhook.proof.clone()),
        ("created", Some(second(delivery.created_at))),
        ("attempts", Some(delivery.attempts.to_string())),
        ("next", (!is_dead).then(|| second(delivery.due))),
        ("tried until", (!is_dead).then(|| second(delivery.until))),
        ("reason", delivery.reason.clone()),
        ("kept until", is_dead.then(|| second(delivery.due))),
    ];
    let mut told: Vec<(&str, String)> = said
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect();
    told.extend(
        delivery
            .tries
            .iter()
            .map(|tried| ("try", format!("{} {}", second(tried.at), tried.outcome))),
    );
    let mut text = lines(&told);
    if let Some(payload) = &webhook.payload {
        text.push_str(&document("payload", payload));
    }
    text
}
