//! An answer in a few words, for people: programs read the answer itself.

use serde_json::Value;

use super::Answer;

impl Answer {
    /// The tool and how many of the things it is about, or what was wrong.
    pub(crate) fn in_words(&self) -> String {
        let tool = self.tool.name;
        let success = match &self.result {
            Ok(success) => success,
            Err(error) => return error.message.clone(),
        };
        let replayed = if success.replayed {
            " (as answered before)"
        } else {
            ""
        };
        let list = success
            .body
            .unchecked()
            .keys()
            .find_map(|name| success.body.count(name).map(|count| (name, count)));
        let status = success.body.get("status").and_then(Value::as_str);
        match (status, list) {
            (Some(status), _) => format!("{tool}: {status}{replayed}"),
            (None, Some((name, count))) => {
                format!("{tool}: {count} {}{replayed}", name.replace('_', " "))
            }
            (None, None) => format!("{tool}: done{replayed}"),
        }
    }
}
