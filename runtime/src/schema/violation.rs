//! What is wrong with a value, said so that a buyer's engineer or agent can mend it.

use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind;
use serde_json::Value;

use crate::json;

/// One way in which a value breaks its schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Where, as an RFC 6901 pointer: `/packages/0/budget`. Empty for the whole value.
    pub pointer: String,
    /// The schema keyword that was broken: `minimum`.
    pub keyword: String,
    /// What is wrong there.
    pub message: String,
}

impl Violation {
    pub(super) fn unusable(definition: &str, reason: String) -> Self {
        Violation {
            pointer: String::new(),
            keyword: "$ref".to_owned(),
            message: format!("the definition `{definition}` can't be used: {reason}"),
        }
    }

    /// Where, in the notation of `core/error.json`, `field`: `packages[0].budget`. A missing
    /// member is named itself, not the object that lacks it.
    pub fn field(&self) -> String {
        json::field_at(&self.pointer)
    }
}

/// Violations for a log or an operator: each with its field, in a row.
pub(crate) fn in_a_row(violations: &[Violation]) -> String {
    let words = violations
        .iter()
        .map(|violation| format!("{}: {}", violation.field(), violation.message));
    words.collect::<Vec<_>>().join("; ")
}

/// The first of some violations, with its pointer.
pub(crate) fn first_of(violations: &[Violation]) -> String {
    violations.first().map_or_else(
        || "it breaks its schema".to_owned(),
        |first| format!("{}: {}", first.pointer, first.message),
    )
}

/// The violations behind one error of the validator. A union that nothing matched is reported by
/// what is wrong with the branch that came closest.
pub(super) fn explain(error: &ValidationError<'_>) -> Vec<Violation> {
    match error.kind() {
        ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context } => {
            match closest(context) {
                Some(branch) => branch.iter().flat_map(explain).collect(),
                None => vec![violation(
                    error,
                    "matches none of the forms that are allowed here".to_owned(),
                )],
            }
        }
        ValidationErrorKind::OneOfMultipleValid { .. } => {
            vec![violation(
                error,
                "matches more than one of the forms of which exactly one is allowed".to_owned(),
            )]
        }
        ValidationErrorKind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            let mut missing = violation(error, "is required".to_owned());
            missing.pointer = format!(
                "{}/{}",
                missing.pointer,
                name.replace('~', "~0").replace('/', "~1")
            );
            vec![missing]
        }
        kind => vec![violation(error, say(kind, error))],
    }
}

/// The branch that fails deepest in the value, and among those the one with the fewest faults: a
/// buyer who meant that branch is told about the field, not about the union. A branch that already
/// fails on its discriminating constant is the last choice.
fn closest<'a>(
    branches: &'a [Vec<ValidationError<'static>>],
) -> Option<&'a Vec<ValidationError<'static>>> {
    let rank = |branch: &Vec<ValidationError<'static>>| {
        let wrong_kind = branch.iter().any(|error| {
            matches!(
                error.kind(),
                ValidationErrorKind::Constant { .. } | ValidationErrorKind::Type { .. }
            )
        });
        let depth = branch
            .iter()
            .map(|error| error.instance_path().as_str().matches('/').count())
            .max()
            .unwrap_or(0);
        (wrong_kind, std::cmp::Reverse(depth), branch.len())
    };
    branches
        .iter()
        .filter(|branch| !branch.is_empty())
        .min_by_key(|branch| rank(branch))
}

fn violation(error: &ValidationError<'_>, message: String) -> Violation {
    Violation {
        pointer: error.instance_path().as_str().to_owned(),
        keyword: error.kind().keyword().to_owned(),
        message,
    }
}

fn say(kind: &ValidationErrorKind, error: &ValidationError<'_>) -> String {
    match kind {
        ValidationErrorKind::Minimum { limit } => format!("must be at least {limit}"),
        ValidationErrorKind::Maximum { limit } => format!("must be at most {limit}"),
        ValidationErrorKind::ExclusiveMinimum { limit } => format!("must be greater than {limit}"),
        ValidationErrorKind::ExclusiveMaximum { limit } => format!("must be less than {limit}"),
        ValidationErrorKind::MinLength { limit } => {
            format!("must be at least {limit} characters long")
        }
        ValidationErrorKind::MaxLength { limit } => {
            format!("must be at most {limit} characters long")
        }
        ValidationErrorKind::MinItems { limit } => format!("must have at least {limit} items"),
        ValidationErrorKind::MaxItems { limit } => format!("must have at most {limit} items"),
        ValidationErrorKind::UniqueItems => "must not contain the same item twice".to_owned(),
        ValidationErrorKind::Enum { options } => format!("must be one of {}", list(options)),
        ValidationErrorKind::Constant { expected_value } => format!("must be {expected_value}"),
        ValidationErrorKind::Pattern { pattern } => format!("must match the pattern {pattern}"),
        ValidationErrorKind::Format { format } => format!("is not a valid {format}"),
        ValidationErrorKind::AdditionalProperties { unexpected } => format!(
            "has members that are not allowed here: {}",
            unexpected.join(", ")
        ),
        ValidationErrorKind::Not { .. } => "combines members that exclude each other".to_owned(),
        ValidationErrorKind::FalseSchema => "is not allowed here".to_owned(),
        ValidationErrorKind::Type { .. } => {
            format!("has the wrong type: {}", error.masked_with("the value"))
        }
        _ => error.masked_with("the value").to_string(),
    }
}

fn list(options: &Value) -> String {
    let options: Vec<String> = options
        .as_array()
        .into_iter()
        .flatten()
        .map(Value::to_string)
        .collect();
    options.join(", ")
}
