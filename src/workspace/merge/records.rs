//! Lists of records, `[[products]]` as well as `pricing_options = [{ … }, { … }]`. Each record is
//! merged with the one that has the same id. The list itself is the adopter's: a record that the
//! adopter deleted stays deleted, one that the adopter edited stays when the template drops it, and
//! a list of which no record is left was replaced by the adopter's own and is not touched at all.

use std::borrow::Cow;
use std::collections::BTreeSet;

use toml_edit::{Array, ArrayOfTables, Decor, InlineTable, Item, Table, TableLike, Value};

use super::comments::{merge_decor, text_of};
use super::meaning::same_tables;
use super::toml::{Merge, unplaced};

/// A list of records in either spelling.
#[derive(Clone, Copy)]
pub(super) enum Records<'a> {
    Tables(&'a ArrayOfTables),
    Inline(&'a Array),
}

/// One record in either spelling.
#[derive(Clone, Copy)]
pub(super) enum Record<'a> {
    Table(&'a Table),
    Inline(&'a InlineTable),
}

impl<'a> Records<'a> {
    /// The item as records; `None` when anything in it is none. An empty list has no spelling of
    /// its own and counts as one.
    pub(super) fn of(item: &'a Item) -> Option<Self> {
        match item {
            Item::ArrayOfTables(tables) => Some(Self::Tables(tables)),
            Item::Value(Value::Array(array)) if array.iter().all(Value::is_inline_table) => {
                Some(Self::Inline(array))
            }
            _ => None,
        }
    }

    pub(super) fn len(self) -> usize {
        match self {
            Self::Tables(tables) => tables.len(),
            Self::Inline(array) => array.len(),
        }
    }

    pub(super) fn iter(self) -> impl Iterator<Item = Record<'a>> {
        let (tables, array) = match self {
            Self::Tables(tables) => (Some(tables), None),
            Self::Inline(array) => (None, Some(array)),
        };
        let tables = tables.into_iter().flat_map(ArrayOfTables::iter);
        let inline = array.into_iter().flat_map(Array::iter);
        tables.map(Record::Table).chain(
            inline
                .filter_map(Value::as_inline_table)
                .map(Record::Inline),
        )
    }

    fn position(self, key: &str, id: Option<&str>) -> Option<usize> {
        self.iter().position(|record| record.id(key) == id)
    }

    fn find(self, key: &str, id: Option<&str>) -> Option<Record<'a>> {
        self.iter().find(|record| record.id(key) == id)
    }

    fn ids(self, key: &str) -> Vec<&'a str> {
        self.iter().filter_map(|record| record.id(key)).collect()
    }
}

impl<'a> Record<'a> {
    pub(super) fn table(self) -> &'a dyn TableLike {
        match self {
            Self::Table(table) => table,
            Self::Inline(table) => table,
        }
    }

    /// The record as a section, laid out like one.
    fn section(self) -> Cow<'a, Table> {
        match self {
            Self::Table(table) => Cow::Borrowed(table),
            Self::Inline(inline) => {
                let mut table = inline.clone().into_table();
                table.fmt();
                Cow::Owned(table)
            }
        }
    }

    /// The record in one line, laid out like that.
    fn inline(self) -> Cow<'a, InlineTable> {
        match self {
            Self::Inline(inline) => Cow::Borrowed(inline),
            Self::Table(table) => {
                let mut inline = table.clone().into_inline_table();
                inline.fmt();
                Cow::Owned(inline)
            }
        }
    }

    /// The text under `key`, or the `id` of the table there: `format_id = { id = "…" }`.
    fn id(self, key: &str) -> Option<&'a str> {
        let item = self.table().get(key)?;
        item.as_str()
            .or_else(|| item.as_table_like()?.get("id")?.as_str())
    }
}

/// Merges `ours` record by record. `false` when one of the three is no list of records, when no key
/// tells the template's records apart, or when two of the adopter's have the same id.
pub(super) fn merge(
    merge: &mut Merge,
    base: Option<&Item>,
    ours: &mut Item,
    theirs: &Item,
) -> bool {
    let none = Item::Value(Value::Array(Array::new()));
    let (Some(base), Some(theirs)) = (Records::of(base.unwrap_or(&none)), Records::of(theirs))
    else {
        return false;
    };
    let (Some(key), Some(found)) = (identity(base, theirs), Records::of(ours)) else {
        return false;
    };
    let ids: Vec<&str> = found.ids(&key);
    if base.len() > 0 && !base.ids(&key).iter().any(|id| ids.contains(id)) {
        return true;
    }
    if ids.iter().collect::<BTreeSet<_>>().len() != ids.len() {
        return false;
    }
    for record in theirs.iter() {
        let id = record.id(&key);
        let before = base.find(&key, id);
        match (
            Records::of(ours).and_then(|ours| ours.position(&key, id)),
            before,
        ) {
            (Some(at), _) => one(merge, before, ours, at, record),
            (None, None) => push(ours, record),
            (None, Some(_)) => {}
        }
    }
    for record in base.iter() {
        let id = record.id(&key);
        if theirs.find(&key, id).is_some() {
            continue;
        }
        let untouched = Records::of(ours).and_then(|ours| {
            let at = ours.position(&key, id)?;
            let found = ours.iter().nth(at)?;
            same_tables(found.table(), record.table()).then_some(at)
        });
        if let Some(at) = untouched {
            remove(ours, at);
        }
    }
    true
}

/// The key that identifies every record of the template: `id` or `…_id`, else `name`, else `path`.
fn identity(base: Records<'_>, theirs: Records<'_>) -> Option<String> {
    let first = base.iter().chain(theirs.iter()).next()?;
    let rank = |key: &str| match key {
        "name" => Some(1),
        "path" => Some(2),
        key if key == "id" || key.ends_with("_id") => Some(0),
        _ => None,
    };
    let mut keys: Vec<(u8, &str)> = first
        .table()
        .iter()
        .filter_map(|(key, _)| Some((rank(key)?, key)))
        .collect();
    keys.sort_by_key(|(rank, _)| *rank);
    keys.into_iter()
        .map(|(_, key)| key)
        .find(|key| {
            [base, theirs]
                .into_iter()
                .all(|list| list.ids(key).into_iter().collect::<BTreeSet<_>>().len() == list.len())
        })
        .map(str::to_owned)
}

/// Merges the record at a place of `ours`, the others brought to the adopter's spelling first, so
/// that spaces around keys and values are compared with their like.
fn one(
    merge: &mut Merge,
    base: Option<Record<'_>>,
    ours: &mut Item,
    at: usize,
    theirs: Record<'_>,
) {
    match ours {
        Item::ArrayOfTables(tables) => {
            let Some(table) = tables.get_mut(at) else {
                return;
            };
            let (base, theirs) = (base.map(Record::section), theirs.section());
            if let Some(base) = &base {
                merge_decor(base.decor(), table.decor_mut(), theirs.decor());
            }
            let base = base.as_deref().map(|base| base as &dyn TableLike);
            merge.tables(base, table, theirs.as_ref());
        }
        Item::Value(Value::Array(array)) => {
            let Some(table) = array.get_mut(at).and_then(Value::as_inline_table_mut) else {
                return;
            };
            let (base, theirs) = (base.map(Record::inline), theirs.inline());
            if let Some(base) = &base {
                merge_decor(base.decor(), table.decor_mut(), theirs.decor());
            }
            let base = base.as_deref().map(|base| base as &dyn TableLike);
            merge.inline(base, table, theirs.as_ref());
        }
        _ => {}
    }
}

/// Adds a record of the template's in the adopter's spelling and layout.
fn push(ours: &mut Item, record: Record<'_>) {
    match ours {
        Item::ArrayOfTables(tables) => {
            let mut table = unplaced(record.section().into_owned());
            if table.decor().prefix().and_then(|prefix| prefix.as_str()) == Some("") {
                table.decor_mut().set_prefix("\n");
            }
            tables.push(table);
        }
        Item::Value(Value::Array(array)) => {
            let mut inline = record.inline().into_owned();
            let comes_with_comment = text_of(inline.decor()).0.contains('#');
            if let Some(last) = array.iter().last()
                && !comes_with_comment
            {
                let prefix = text_of(last.decor()).0;
                let prefix = match prefix.rfind('\n') {
                    Some(line) => &prefix[line..],
                    None => " ",
                };
                *inline.decor_mut() = Decor::new(prefix, "");
            }
            array.push_formatted(Value::InlineTable(inline));
        }
        _ => {}
    }
}

fn remove(ours: &mut Item, at: usize) {
    match ours {
        Item::ArrayOfTables(tables) => {
            tables.remove(at);
        }
        Item::Value(Value::Array(array)) => {
            let removed = array.remove(at);
            let (prefix, _) = text_of(removed.decor());
            if at == 0
                && let Some(first) = array.get_mut(0)
                && !text_of(first.decor()).0.contains('#')
            {
                // The first of a list has no space before it.
                first.decor_mut().set_prefix(prefix);
            }
        }
        _ => {}
    }
}
