//! The members that every `submitted` answer has, whatever it waits for.

use serde_json::{Map, Value};

use super::Call;
use super::request::Fill;
use crate::tasks;

/// What a buyer whose answer is not ready does.
const POLL: &str = "ask tasks/get with the task_id for the outcome";

/// The status, the task and the message of an operation that goes on as a task. `waits_for` tells
/// what the buyer waits for; where it is the message of the task itself, it ends with what the buyer
/// does already.
pub(super) fn body(call: &Call<'_>, operation_id: &str, waits_for: &str) -> Map<String, Value> {
    let mut body = Map::new();
    body.put("status", "submitted");
    body.put("task_id", tasks::id_of(operation_id));
    body.put("message", message(waits_for));
    if call.services.sandbox {
        body.put("sandbox", true);
    }
    body
}

fn message(waits_for: &str) -> String {
    let waits_for = waits_for
        .trim_end_matches(POLL)
        .trim_end_matches(['.', ';', ' ']);
    let room = tasks::LONGEST_MESSAGE - POLL.len() - 2;
    let waits_for: String = waits_for.chars().take(room).collect();
    format!("{waits_for}; {POLL}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_to_do_is_said_once_however_often_it_is_answered() {
        let once = message("the desk is looking.");
        assert_eq!(once, format!("the desk is looking; {POLL}"));
        assert_eq!(message(&once), once);
        let long = message(&"x".repeat(10_000));
        assert_eq!(long.chars().count(), tasks::LONGEST_MESSAGE);
        assert_eq!(message(&long), long);
    }
}
