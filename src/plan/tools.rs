//! Which tools a seller offers, and which protocols it claims: derived, never declared.

use std::collections::BTreeSet;

use super::LineFacts;

/// What a media buy seller offers beyond what its specialism's storyboards call.
///
/// The baseline storyboards of the `media-buy` protocol and the universal ones call these on
/// every such seller (compliance cache, `protocols/media-buy` and `universal`), and a buyer can't
/// work without them: no way to see its own accounts, creatives or the formats to build for.
const MEDIA_BUY_BASELINE: &[&str] = &[
    "create_media_buy",
    "get_media_buy_delivery",
    "get_media_buys",
    "get_products",
    "list_accounts",
    "list_creative_formats",
    "list_creatives",
    "sync_accounts",
    "sync_creatives",
    "update_media_buy",
];

/// What every agent offers: its capabilities, the sandbox that the runner steers, and a look at the
/// tasks that any call may become. The sandbox's tool answers in sandbox mode only.
const UNIVERSAL: &[&str] = &[
    "comply_test_controller",
    "get_adcp_capabilities",
    "tasks/get",
    "tasks/list",
];

/// What lines from 3.1 on call the same look at tasks.
const TASKS_RENAMED: &[&str] = &["get_task_status", "list_tasks"];

/// The wire names of the tools of a seller that claims these specialisms, sorted.
///
/// A specialism's `exercised_tools` also name steps of the runner's own harness
/// (`expect_webhook`); only what the line knows as a tool is one.
pub fn derive(facts: &LineFacts, specialisms: &[String]) -> Vec<String> {
    let mut tools = expected(facts, specialisms);
    tools.extend(TASKS_RENAMED);
    for slug in specialisms {
        if let Some(specialism) = facts.specialisms.get(slug) {
            tools.extend(specialism.exercised.iter().map(String::as_str));
        }
    }
    tools.retain(|tool| facts.tools.contains(*tool));
    tools.into_iter().map(str::to_owned).collect()
}

/// The tools that such a seller should offer and that the line doesn't describe, sorted: a sign of
/// an older bundle.
pub fn lacking<'a>(facts: &'a LineFacts, specialisms: &'a [String]) -> Vec<&'a str> {
    let mut tools = expected(facts, specialisms);
    tools.retain(|tool| !facts.tools.contains(*tool));
    tools.into_iter().collect()
}

/// What is offered whatever the line says about the specialisms.
fn expected<'a>(facts: &'a LineFacts, specialisms: &[String]) -> BTreeSet<&'a str> {
    let mut tools: BTreeSet<&str> = UNIVERSAL.iter().copied().collect();
    if protocols(facts, specialisms)
        .iter()
        .any(|protocol| protocol == "media_buy")
    {
        tools.extend(MEDIA_BUY_BASELINE);
    }
    tools
}

/// The protocols that the specialisms belong to, as the wire spells them, sorted.
pub fn protocols(facts: &LineFacts, specialisms: &[String]) -> Vec<String> {
    let protocols: BTreeSet<String> = specialisms
        .iter()
        .filter_map(|slug| facts.specialisms.get(slug)?.protocol.clone())
        .collect();
    protocols.into_iter().collect()
}
