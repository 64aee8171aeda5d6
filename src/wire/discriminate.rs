//! How the variants of a union are told apart.
//!
//! From what each branch requires, fixes and forbids, the fewest tests are chosen that separate
//! every pair. A pair that nothing separates makes the whole union a JSON value: guessing would
//! sooner or later take the wrong branch.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::model::{Kind, Model, Object, Shape, Test, TypeRef, Union};
use super::report::PassReport;

/// Chooses the tests of every union; one that can't be decided becomes an alias of any value.
pub fn discriminate(model: &mut Model, report: &mut PassReport) {
    let names: Vec<String> = model.keys().cloned().collect();
    for name in names {
        let Some(Shape::Union(union)) = model.get(&name).map(|definition| &definition.shape) else {
            continue;
        };
        let shape = match decide(union, model) {
            Ok(union) => {
                report.hit("union with named variants");
                Shape::Union(union)
            }
            Err(reason) => {
                report.kept_as_json.insert(name.clone(), reason);
                Shape::Alias(TypeRef::Anything)
            }
        };
        if let Some(definition) = model.get_mut(&name) {
            definition.shape = shape;
        }
    }
}

/// What is known of every value of a type.
#[derive(Clone, Debug, Default)]
struct Profile {
    kind: Option<Kind>,
    required: BTreeSet<String>,
    /// Required members with the only values they may have.
    says: BTreeMap<String, Vec<Value>>,
    /// Optional members with the only values they may have.
    holds: BTreeMap<String, Vec<Value>>,
    lacks: BTreeSet<String>,
    denies: Vec<(String, Value)>,
    /// All members that the schema names, required or not.
    known: BTreeSet<String>,
    /// All members that may be there, if others may not.
    closed: Option<BTreeSet<String>>,
}

fn profile(kind: &TypeRef, model: &Model, depth: usize) -> Profile {
    let of = |kind| Profile {
        kind: Some(kind),
        ..Profile::default()
    };
    match kind {
        TypeRef::Text => of(Kind::Text),
        TypeRef::Integer => of(Kind::Integer),
        TypeRef::Number => of(Kind::Number),
        TypeRef::Flag => of(Kind::Flag),
        TypeRef::List(_) => of(Kind::List),
        TypeRef::Map(_) | TypeRef::AnyObject => of(Kind::Object),
        TypeRef::Anything | TypeRef::Nullable(_) => Profile::default(),
        TypeRef::Named(_) if depth > 8 => Profile::default(),
        TypeRef::Named(name) => match model.get(name).map(|definition| &definition.shape) {
            Some(Shape::Object(object)) => of_object(object, model),
            Some(Shape::Choice(_)) => of(Kind::Text),
            Some(Shape::Union(union)) => common(union, model, depth),
            Some(Shape::Alias(kind)) => profile(kind, model, depth + 1),
            None => Profile::default(),
        },
    }
}

fn of_object(object: &Object, model: &Model) -> Profile {
    let mut profile = Profile {
        kind: Some(Kind::Object),
        ..Profile::default()
    };
    let mut known = BTreeSet::new();
    for (name, value) in &object.constants {
        known.insert(name.clone());
        profile.required.insert(name.clone());
        profile.says.insert(name.clone(), vec![value.clone()]);
    }
    for field in &object.fields {
        known.insert(field.name.clone());
        if field.required {
            profile.required.insert(field.name.clone());
            if let Some(values) = closed_values(&field.kind, model) {
                profile.says.insert(field.name.clone(), values);
            }
        } else if let Some(value) = &field.constant {
            profile
                .holds
                .insert(field.name.clone(), vec![value.clone()]);
        }
    }
    profile.lacks = object.lacks.iter().cloned().collect();
    profile.denies = object.denies.clone();
    profile.closed = object.closed.then(|| known.clone());
    profile.known = known;
    profile
}

/// The values of a closed enum.
fn closed_values(kind: &TypeRef, model: &Model) -> Option<Vec<Value>> {
    match &model.get(kind.named()?)?.shape {
        Shape::Choice(choice) if !choice.open && matches!(kind, TypeRef::Named(_)) => Some(
            choice
                .values
                .iter()
                .map(|value| Value::from(value.as_str()))
                .collect(),
        ),
        _ => None,
    }
}

/// What all variants of a union have in common.
fn common(union: &Union, model: &Model, depth: usize) -> Profile {
    let mut profiles = union
        .variants
        .iter()
        .map(|variant| profile(&variant.kind, model, depth + 1));
    let Some(mut all) = profiles.next() else {
        return Profile::default();
    };
    all.closed = None;
    for other in profiles {
        if all.kind != other.kind {
            return Profile::default();
        }
        all.required.retain(|name| other.required.contains(name));
        all.lacks.retain(|name| other.lacks.contains(name));
        all.denies.retain(|pair| other.denies.contains(pair));
        all.known.extend(other.known);
        all.holds.clear();
        all.says.retain(|name, values| match other.says.get(name) {
            Some(more) => {
                values.extend(
                    more.iter()
                        .filter(|value| !values.contains(value))
                        .cloned()
                        .collect::<Vec<_>>(),
                );
                true
            }
            None => false,
        });
    }
    all
}

fn decide(union: &Union, model: &Model) -> Result<Union, String> {
    let profiles: Vec<Profile> = union
        .variants
        .iter()
        .map(|variant| profile(&variant.kind, model, 0))
        .collect();
    let mut tests: Vec<Vec<Test>> = profiles
        .iter()
        .map(|profile| profile.kind.map(Test::Kind).into_iter().collect())
        .collect();
    // (a, b): a must be tried before b, since all that a tests, b lets through.
    let mut before: BTreeSet<(usize, usize)> = BTreeSet::new();
    for (a, one) in profiles.iter().enumerate() {
        for (b, other) in profiles.iter().enumerate().skip(a + 1) {
            let names = || format!("{} and {}", union.variants[a].name, union.variants[b].name);
            let (Some(_), Some(_)) = (one.kind, other.kind) else {
                return Err(format!(
                    "{} can't be told apart: one may be anything",
                    names()
                ));
            };
            let separation = separate(one, other).ok_or_else(|| {
                format!(
                    "{} can't be told apart: nothing that one requires tells it from the other",
                    names()
                )
            })?;
            for (at, chosen) in [(a, separation.one), (b, separation.other)] {
                for test in chosen {
                    if !tests[at].contains(&test) {
                        tests[at].push(test);
                    }
                }
            }
            match separation.first {
                Some(First::One) => before.insert((a, b)),
                Some(First::Other) => before.insert((b, a)),
                None => false,
            };
        }
    }
    let mut left: Vec<usize> = (0..profiles.len()).collect();
    let mut variants = Vec::new();
    while !left.is_empty() {
        let free = left
            .iter()
            .position(|at| !left.iter().any(|other| before.contains(&(*other, *at))));
        // A circle of precedence would mean equal tests, which `separate` refuses.
        let at = left.remove(free.unwrap_or(0));
        let mut variant = union.variants[at].clone();
        variant.tests = std::mem::take(&mut tests[at]);
        variants.push(variant);
    }
    Ok(Union { variants })
}

enum First {
    One,
    Other,
}

#[derive(Default)]
struct Separation {
    one: Vec<Test>,
    other: Vec<Test>,
    first: Option<First>,
}

/// The best way to tell two profiles apart.
fn separate(one: &Profile, other: &Profile) -> Option<Separation> {
    by_kind(one, other)
        .or_else(|| by_value(one, other))
        .or_else(|| by_optional_value(one, other))
        .or_else(|| by_optional_value(other, one).map(swapped))
        .or_else(
            || match (by_absence(one, other), by_absence(other, one).map(swapped)) {
                (Some(mut separation), Some(more)) => {
                    separation.one.extend(more.one);
                    separation.other.extend(more.other);
                    Some(separation)
                }
                (found, more) => found.or(more),
            },
        )
        .or_else(|| by_requirement(one, other))
}

fn swapped(separation: Separation) -> Separation {
    let first = separation.first.map(|first| match first {
        First::One => First::Other,
        First::Other => First::One,
    });
    Separation {
        one: separation.other,
        other: separation.one,
        first,
    }
}

fn by_kind(one: &Profile, other: &Profile) -> Option<Separation> {
    match (one.kind?, other.kind?) {
        (Kind::Integer, Kind::Number) => Some(Separation {
            first: Some(First::One),
            ..Separation::default()
        }),
        (Kind::Number, Kind::Integer) => Some(Separation {
            first: Some(First::Other),
            ..Separation::default()
        }),
        (one, other) => (one != other).then(Separation::default),
    }
}

/// A member that both require, with different values; the one with the fewest values.
fn by_value(one: &Profile, other: &Profile) -> Option<Separation> {
    let disjoint = |(name, mine): (&String, &Vec<Value>)| {
        let theirs = other.says.get(name)?;
        let apart = !mine.iter().any(|value| theirs.contains(value));
        apart.then(|| {
            (
                mine.len() + theirs.len(),
                name.clone(),
                mine.clone(),
                theirs.clone(),
            )
        })
    };
    let (_, name, mine, theirs) = one
        .says
        .iter()
        .filter_map(disjoint)
        .min_by_key(|found| found.0)?;
    Some(Separation {
        one: vec![Test::Says(name.clone(), mine)],
        other: vec![Test::Says(name, theirs)],
        first: None,
    })
}

/// A member that one requires and that the other, if it has it, gives other values.
fn by_optional_value(one: &Profile, other: &Profile) -> Option<Separation> {
    let disjoint = |(name, mine): (&String, &Vec<Value>)| {
        let theirs = other.holds.get(name)?;
        let apart = !mine.iter().any(|value| theirs.contains(value));
        apart.then(|| Separation {
            one: vec![Test::Says(name.clone(), mine.clone())],
            other: vec![Test::Holds(name.clone(), theirs.clone())],
            first: None,
        })
    };
    one.says.iter().find_map(disjoint)
}

/// The test for a member that a profile requires: its value, if it can have only one.
fn presence(profile: &Profile, name: &str) -> Test {
    match profile.says.get(name) {
        Some(values) if values.len() == 1 => Test::Says(name.to_owned(), values.clone()),
        _ => Test::Has(name.to_owned()),
    }
}

/// A member, or the value of one, that one requires and the other must not have.
fn by_absence(one: &Profile, other: &Profile) -> Option<Separation> {
    let forbidden = |name: &&String| {
        other.lacks.contains(*name)
            || other
                .closed
                .as_ref()
                .is_some_and(|known| !known.contains(*name))
    };
    let denied = |(name, value): &&(String, Value)| {
        one.says
            .get(name)
            .is_some_and(|values| values.as_slice() == std::slice::from_ref(value))
    };
    if let Some(name) = one.required.iter().find(forbidden) {
        return Some(Separation {
            one: vec![presence(one, name)],
            other: vec![Test::Lacks(name.clone())],
            first: None,
        });
    }
    let (name, value) = other.denies.iter().find(denied)?;
    Some(Separation {
        one: vec![Test::Says(name.clone(), vec![value.clone()])],
        other: vec![Test::Denies(name.clone(), vec![value.clone()])],
        first: None,
    })
}

/// A member that one requires and the other does not, best one that the other does not even know.
/// A profile that has such a member comes before one that has none.
fn by_requirement(one: &Profile, other: &Profile) -> Option<Separation> {
    let own = |one: &Profile, other: &Profile| -> (Option<Test>, bool) {
        let unknown = one.required.difference(&other.known).next();
        let name = unknown.or_else(|| one.required.difference(&other.required).next());
        (name.map(|name| presence(one, name)), unknown.is_some())
    };
    let ((mine, my_own), (theirs, their_own)) = (own(one, other), own(other, one));
    let first = match (&mine, &theirs) {
        (None, None) => return None,
        (Some(_), None) => Some(First::One),
        (None, Some(_)) => Some(First::Other),
        (Some(_), Some(_)) if my_own && !their_own => Some(First::One),
        (Some(_), Some(_)) if their_own && !my_own => Some(First::Other),
        (Some(_), Some(_)) => None,
    };
    Some(Separation {
        one: mine.into_iter().collect(),
        other: theirs.into_iter().collect(),
        first,
    })
}
