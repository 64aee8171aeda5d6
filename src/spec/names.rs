//! What a schema is called as a type.
//!
//! By default the file's stem in UpperCamelCase, plus the last steps of the pointer for a schema
//! inside a file. Where that collides, or reads badly, the checked-in `schemas/names.toml` decides;
//! a user's own lines may add a `names.toml` in their data folder. A collision that neither
//! settles is an error: two schemas must never silently become one type.

use std::collections::BTreeMap;

use heck::ToUpperCamelCase;
use serde::Deserialize;

use super::SpecError;
use super::reference::Place;

/// The map that is built into the tool.
const EMBEDDED: &str = include_str!("../../schemas/names.toml");

/// Names chosen by people, for one AdCP line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// Type names by place, `file` or `file#pointer`.
    pub files: BTreeMap<String, String>,
    /// Type names of schemas without a name of their own, by the name derived from where they stand.
    pub inline: BTreeMap<String, String>,
    /// Variant names of unions, in the order of the schema's branches, by the union's type name.
    pub variants: BTreeMap<String, Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(flatten)]
    all: Section,
    #[serde(default)]
    lines: BTreeMap<String, Section>,
}

#[derive(Default, Deserialize)]
struct Section {
    #[serde(default)]
    files: BTreeMap<String, String>,
    #[serde(default)]
    inline: BTreeMap<String, String>,
    #[serde(default)]
    variants: BTreeMap<String, Vec<String>>,
}

impl Names {
    /// The names for a line: the embedded map, then a user's own on top.
    ///
    /// # Errors
    /// When a map is no valid TOML of this form, or names something that is no type name.
    pub fn for_line(line: &str, own: Option<&str>) -> Result<Self, SpecError> {
        let mut names = Self::default();
        for text in std::iter::once(EMBEDDED).chain(own) {
            let mut file: File = toml::from_str(text).map_err(|error| SpecError::Names {
                reason: error.to_string(),
            })?;
            names.add(file.all);
            names.add(file.lines.remove(line).unwrap_or_default());
        }
        let types = names.files.values().chain(names.inline.values());
        for name in types.chain(names.variants.values().flatten()) {
            if name.to_upper_camel_case() != *name
                || !name.starts_with(|c: char| c.is_ascii_uppercase())
            {
                let reason = format!("`{name}` is no UpperCamelCase type name");
                return Err(SpecError::Names { reason });
            }
        }
        Ok(names)
    }

    fn add(&mut self, section: Section) {
        self.files.extend(section.files);
        self.inline.extend(section.inline);
        self.variants.extend(section.variants);
    }

    /// The name of the schema at `place`.
    pub fn of(&self, place: &Place) -> String {
        let (file, pointer) = place;
        if let Some(name) = self.files.get(&spelled(place)) {
            return name.clone();
        }
        if pointer.is_empty() {
            let stem = file
                .rsplit('/')
                .next()
                .unwrap_or(file)
                .trim_end_matches(".json");
            return camel(stem);
        }
        let base = self.of(&(file.clone(), String::new()));
        let steps = pointer
            .split('/')
            .filter(|step| !step.is_empty() && !is_keyword(step));
        steps.fold(base, |name, step| name + &camel(step))
    }
}

/// A place as the map and the reports write it.
pub fn spelled((file, pointer): &Place) -> String {
    if pointer.is_empty() {
        file.clone()
    } else {
        format!("{file}#{pointer}")
    }
}

/// UpperCamelCase that is always an identifier.
pub fn camel(text: &str) -> String {
    let name = text.to_upper_camel_case();
    if name.starts_with(|first: char| first.is_ascii_digit()) {
        format!("N{name}")
    } else {
        name
    }
}

/// Steps of a pointer that say nothing about the schema.
fn is_keyword(step: &str) -> bool {
    matches!(
        step,
        "properties" | "definitions" | "$defs" | "items" | "oneOf" | "anyOf" | "allOf"
    )
}

/// Gives every place its name.
///
/// # Errors
/// When two places would get the same name: the second one is reported.
pub fn assign<'a>(
    places: impl IntoIterator<Item = &'a Place>,
    names: &Names,
) -> Result<BTreeMap<Place, String>, SpecError> {
    let mut by_place = BTreeMap::new();
    let mut taken: BTreeMap<String, &Place> = BTreeMap::new();
    for place in places {
        let name = names.of(place);
        if let Some(first) = taken.insert(name.clone(), place) {
            return Err(SpecError::Collision {
                name,
                first: spelled(first),
                second: spelled(place),
            });
        }
        by_place.insert(place.clone(), name);
    }
    Ok(by_place)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn place(file: &str, pointer: &str) -> Place {
        (file.to_owned(), pointer.to_owned())
    }

    #[test]
    fn names_come_from_the_place_unless_the_map_says_otherwise() {
        let names = Names::for_line("9.9", Some("[files]\n\"a/x-y.json\" = \"Other\"\n")).unwrap();
        assert_eq!(names.of(&place("core/media-buy.json", "")), "MediaBuy");
        assert_eq!(
            names.of(&place("core/format.json", "/$defs/baseGroup")),
            "FormatBaseGroup"
        );
        assert_eq!(names.of(&place("a/x-y.json", "/$defs/z")), "OtherZ");
    }

    #[test]
    fn a_collision_names_both_schemas_and_the_remedy() {
        let places = [place("a/x.json", ""), place("b/x.json", "")];
        let refused = assign(&places, &Names::default()).unwrap_err().to_string();
        assert_eq!(
            refused,
            "a/x.json and b/x.json would both be named `X`; name one of them in names.toml: \
             under [files] add \"b/x.json\" = \"…\""
        );
    }

    #[test]
    fn a_name_that_is_no_type_name_is_refused() {
        let refused = Names::for_line("9.9", Some("[inline]\nA = \"not a name\"\n")).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "names.toml: `not a name` is no UpperCamelCase type name"
        );
    }
}
