//! From a message to a call: which skill, with which arguments, in which conversation.
//!
//! AdCP over A2A is one data part of `{skill, input}`; older clients say `parameters` for `input`.
//! Text beside it is for people and decides nothing. No sentence is ever understood: a message
//! without a data part is refused, and told what to send.
//!
//! What could be read in two ways is refused (two data parts, a part that is text and data, a member
//! that occurs twice, `Skill` beside `skill`), so that whoever checks a signature or a scope by the
//! skill and whoever carries the call out can't disagree about it.

use serde_json::{Map, Number, Value};

use super::fault::Fault;
use super::version::{Manner, Version};
use crate::json::{self, Defect, Segment};

/// How many parts a message may have.
const MOST_PARTS: usize = 16;
/// The longest id that a client may choose, in bytes. AdCP's client takes none that is longer.
const LONGEST_ID: usize = 256;
/// The largest integer that a double holds exactly (AdCP's profile of A2A, JSON numbers).
const LARGEST_INTEGER: f64 = 9_007_199_254_740_991.0;
/// What a message should have been.
const EXPECTED: &str =
    "send one data part {\"skill\": the name of a skill, \"input\": its arguments}";

/// What a message asks for.
#[derive(Debug)]
pub(super) struct Invocation {
    pub(super) skill: String,
    pub(super) arguments: Value,
    /// What the JSON reader refused, with its place in the arguments.
    pub(super) defect: Option<(Defect, Option<String>)>,
    /// The conversation, where the client has named one.
    pub(super) context_id: Option<String>,
    /// The task that the message goes on with, as the client has it.
    pub(super) task_id: Option<String>,
}

impl Invocation {
    /// Reads `params.message`.
    pub(super) fn of(
        manner: Manner,
        params: &mut Map<String, Value>,
        defect: Option<Defect>,
    ) -> Result<Self, Fault> {
        let Some(Value::Object(mut message)) = params.shift_remove("message") else {
            return Err(Fault::params("`params.message` must be an object"));
        };
        let role = match manner.version {
            Version::V03 => "user",
            Version::V10 => "ROLE_USER",
        };
        if message.get("role").and_then(Value::as_str) != Some(role) {
            return Err(Fault::params(format!(
                "`params.message.role` must be \"{role}\""
            )));
        }
        if id(&message, "messageId")?.is_none() {
            return Err(Fault::params("`params.message.messageId` is missing"));
        }
        let (context_id, task_id) = (id(&message, "contextId")?, id(&message, "taskId")?);
        let Some(Value::Array(parts)) = message.shift_remove("parts") else {
            return Err(Fault::params("`params.message.parts` must be an array"));
        };
        let (at, data) = the_data(manner, parts)?;
        let (skill, arguments, member) = read(manner, data)?;
        let defect = match defect {
            Some(defect) => Some(within(defect, at, member)?),
            None => None,
        };
        Ok(Invocation {
            skill,
            arguments: match manner.version {
                Version::V03 => arguments,
                Version::V10 => whole_numbers(arguments)?,
            },
            defect,
            context_id,
            task_id,
        })
    }
}

/// An id that a client has chosen; none where it is missing or empty.
fn id(message: &Map<String, Value>, name: &str) -> Result<Option<String>, Fault> {
    match message.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(id)) if id.is_empty() => Ok(None),
        Some(Value::String(id))
            if id.len() <= LONGEST_ID && id.bytes().all(|byte| (0x20..0x7f).contains(&byte)) =>
        {
            Ok(Some(id.clone()))
        }
        Some(_) => Err(Fault::params(format!(
            "`params.message.{name}` must be a string of at most {LONGEST_ID} printable ASCII characters"
        ))),
    }
}

/// What a part is.
enum Part {
    Text,
    Data(Value),
}

/// The only data part, and where it stands.
fn the_data(manner: Manner, parts: Vec<Value>) -> Result<(usize, Value), Fault> {
    if parts.is_empty() || parts.len() > MOST_PARTS {
        return Err(Fault::params(format!(
            "a message must have between 1 and {MOST_PARTS} parts"
        )));
    }
    let mut found = None;
    for (at, part) in parts.into_iter().enumerate() {
        let Value::Object(part) = part else {
            return Err(Fault::params(format!("part {at} must be an object")));
        };
        let part = match manner.version {
            Version::V03 => part_of_v03(at, part)?,
            Version::V10 => part_of_v10(at, part)?,
        };
        match part {
            Part::Text => {}
            Part::Data(data) if found.is_none() => found = Some((at, data)),
            Part::Data(_) => {
                return Err(Fault::params(format!(
                    "a message may have one data part, so that it is plain what is asked; {EXPECTED}"
                )));
            }
        }
    }
    found.ok_or_else(|| {
        Fault::content(format!(
            "this agent does not understand sentences: {EXPECTED}"
        ))
    })
}

fn part_of_v03(at: usize, mut part: Map<String, Value>) -> Result<Part, Fault> {
    let kind = part.shift_remove("kind");
    let (text, data) = (part.get("text").cloned(), part.shift_remove("data"));
    match (kind.as_ref().and_then(Value::as_str), text, data) {
        (Some("text"), Some(Value::String(_)), None) => Ok(Part::Text),
        (Some("data"), None, Some(data)) => Ok(Part::Data(data)),
        (Some("text" | "data"), ..) => Err(unlike(at)),
        (Some(other), ..) => Err(foreign(at, other)),
        (None, ..) => Err(Fault::params(format!("part {at} needs a `kind`"))),
    }
}

fn part_of_v10(at: usize, mut part: Map<String, Value>) -> Result<Part, Fault> {
    let contents = ["text", "data", "raw", "url"];
    let mut present = contents.into_iter().filter(|name| part.contains_key(*name));
    match (present.next(), present.next()) {
        (Some("text"), None) if part["text"].is_string() => Ok(Part::Text),
        (Some("data"), None) => Ok(Part::Data(part.shift_remove("data").unwrap_or_default())),
        (Some(other @ ("raw" | "url")), None) => Err(foreign(at, other)),
        (Some(_), _) => Err(unlike(at)),
        (None, _) => Err(foreign(at, "none of text, data, raw and url")),
    }
}

fn unlike(at: usize) -> Fault {
    Fault::params(format!(
        "part {at} must be what it says, and only that: text or data"
    ))
}

fn foreign(at: usize, what: &str) -> Fault {
    let what: String = what.chars().take(32).collect();
    Fault::content(format!(
        "part {at} is of a sort that this agent does not take ({what}): {EXPECTED}"
    ))
}

/// The skill and its arguments, with the name of the member that they were in.
fn read(manner: Manner, data: Value) -> Result<(String, Value, &'static str), Fault> {
    let Value::Object(mut data) = data else {
        return Err(Fault::params(format!(
            "the data must be an object: {EXPECTED}"
        )));
    };
    let ours = ["skill", "input", "parameters"];
    if let Some(name) = data
        .keys()
        .find(|name| !ours.contains(&name.as_str()) && ours.contains(&&*name.to_ascii_lowercase()))
    {
        return Err(Fault::params(format!(
            "`{name}` can be mistaken for `{}`, so it must not be there",
            name.to_ascii_lowercase()
        )));
    }
    let skill = match data.shift_remove("skill") {
        Some(Value::String(skill)) if !skill.is_empty() => skill,
        _ => {
            return Err(Fault::params(format!(
                "`skill` must be the name of a skill: {EXPECTED}"
            )));
        }
    };
    let (input, parameters) = (data.shift_remove("input"), data.shift_remove("parameters"));
    if manner.profile && (input.is_none() || parameters.is_some() || !data.is_empty()) {
        return Err(Fault::params(
            "with AdCP's profile the data has exactly the members `skill` and `input`",
        ));
    }
    let (arguments, member) = match (input, parameters) {
        (Some(_), Some(_)) => {
            return Err(Fault::params(
                "`input` and `parameters` mean the same, so only one may be there",
            ));
        }
        (Some(input), None) => (input, "input"),
        (None, Some(parameters)) => (parameters, "parameters"),
        (None, None) => (Value::Null, "input"),
    };
    match arguments {
        arguments @ Value::Object(_) => Ok((skill, arguments, member)),
        Value::Null if !manner.profile => Ok((skill, Value::Object(Map::new()), member)),
        _ => Err(Fault::params(format!("`{member}` must be an object"))),
    }
}

/// A defect within the arguments, which AdCP answers with the place. Elsewhere it leaves open what is
/// asked.
fn within(defect: Defect, at: usize, member: &str) -> Result<(Defect, Option<String>), Fault> {
    let arguments: Vec<Segment> = [
        Segment::Member("params".to_owned()),
        Segment::Member("message".to_owned()),
        Segment::Member("parts".to_owned()),
        Segment::Item(at),
        Segment::Member("data".to_owned()),
        Segment::Member(member.to_owned()),
    ]
    .into();
    match defect.path.strip_prefix(arguments.as_slice()) {
        Some(rest) if !rest.is_empty() => {
            let field = json::field(rest);
            Ok((defect, Some(field)))
        }
        _ => Err(ambiguous(&defect)),
    }
}

/// The refusal of a message that parsers would disagree about.
pub(super) fn ambiguous(defect: &Defect) -> Fault {
    let place = defect.field_below(&[]).unwrap_or_default();
    Fault::invalid_request(format!(
        "the message can't be read unambiguously at `{place}`: {}",
        defect.kind
    ))
}

/// Numbers as they were before Protocol Buffers made doubles of them: `3.0` is `3` again.
fn whole_numbers(value: Value) -> Result<Value, Fault> {
    Ok(match value {
        Value::Number(number) => Value::Number(whole(number)?),
        Value::Array(items) => Value::Array(
            items
                .into_iter()
                .map(whole_numbers)
                .collect::<Result<_, _>>()?,
        ),
        Value::Object(members) => Value::Object(
            members
                .into_iter()
                .map(|(name, value)| Ok((name, whole_numbers(value)?)))
                .collect::<Result<_, Fault>>()?,
        ),
        other => other,
    })
}

fn whole(number: Number) -> Result<Number, Fault> {
    match number.as_f64() {
        Some(double) if double.fract() == 0.0 => {
            if double.abs() > LARGEST_INTEGER {
                return Err(Fault::params(
                    "an integer beyond 2^53 does not come through A2A unchanged; send it as a string",
                ));
            }
            // In range, so the conversion is exact.
            Ok(Number::from(double as i64))
        }
        _ => Ok(number),
    }
}
