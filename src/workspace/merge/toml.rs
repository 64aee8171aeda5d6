//! Three-way merge of TOML by key. What the adopter wrote keeps its comments, order and layout;
//! only a key that both sides changed differently is a clash. A clash is shown by merging three
//! times, once with each side's value, and giving the three texts to the line merge: they differ
//! in the clashing keys alone, so the markers enclose nothing else.

use std::collections::BTreeSet;

use toml_edit::{
    Array, ArrayOfTables, Decor, DocumentMut, Item, Key, RawString, Table, TableLike, Value,
};

use super::{Merged, by_line};

/// Whose value a clashing key gets in one of the three merges.
#[derive(Clone, Copy)]
enum Side {
    Base,
    Ours,
    Theirs,
}

/// `None` when one of the texts is no TOML or the result would not say what was merged; the
/// caller then merges by line.
pub(super) fn merge(base: &[u8], ours: &[u8], theirs: &[u8]) -> Option<Merged> {
    let [base, ours, theirs] = [base, ours, theirs].map(parse);
    let (base, ours, theirs) = (base?, ours?, theirs?);
    let taking = |side| {
        let mut merged = ours.clone();
        let mut merge = Merge { side, clashes: 0 };
        merge.tables(
            Some(base.as_table()),
            merged.as_table_mut(),
            theirs.as_table(),
        );
        let text = merged.to_string();
        // Positions of tables from two documents meet here; what is printed must mean what was merged.
        let printed: DocumentMut = text.parse().ok()?;
        same_tables(printed.as_table(), merged.as_table())
            .then_some((text.into_bytes(), merge.clashes))
    };
    let (text, clashes) = taking(Side::Ours)?;
    if clashes == 0 {
        return Some(Merged::Clean(text));
    }
    let (base, _) = taking(Side::Base)?;
    let (theirs, _) = taking(Side::Theirs)?;
    Some(by_line(&base, &text, &theirs))
}

fn parse(text: &[u8]) -> Option<DocumentMut> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

struct Merge {
    side: Side,
    clashes: usize,
}

impl Merge {
    /// Brings `ours` to the merge of the three tables.
    fn tables(
        &mut self,
        base: Option<&dyn TableLike>,
        ours: &mut dyn TableLike,
        theirs: &dyn TableLike,
    ) {
        let mut keys: Vec<String> = theirs.iter().map(|(key, _)| key.to_owned()).collect();
        let theirs_only: BTreeSet<String> = keys.iter().cloned().collect();
        keys.extend(
            base.into_iter()
                .flat_map(|base| base.iter().map(|(key, _)| key.to_owned()))
                .filter(|key| !theirs_only.contains(key)),
        );
        for key in keys {
            let from = base.and_then(|base| base.get_key_value(&key));
            self.entry(&key, from, ours, theirs.get_key_value(&key));
        }
    }

    fn entry(
        &mut self,
        key: &str,
        base: Option<(&Key, &Item)>,
        ours: &mut dyn TableLike,
        theirs: Option<(&Key, &Item)>,
    ) {
        if let (Some((mut our_key, our_item)), Some((their_key, their_item))) =
            (ours.get_key_value_mut(key), theirs)
        {
            if let Some((base_key, _)) = base {
                merge_decor(
                    base_key.leaf_decor(),
                    our_key.leaf_decor_mut(),
                    their_key.leaf_decor(),
                );
            }
            let base_item = base.map(|(_, item)| item);
            if self.both(base_item, our_item, their_item) {
                return;
            }
            let chosen = self.clash(base_item, Some(&our_item.clone()), Some(their_item));
            put(ours, their_key, chosen);
            return;
        }
        let ours_is = ours.get(key).cloned();
        let base_item = base.map(|(_, item)| item);
        match (base, &ours_is, theirs) {
            // One side removed it and the other left it alone, or both removed it.
            (Some((_, base)), None, Some((_, theirs))) if same(base, theirs) => {}
            (Some((_, base)), Some(ours_item), None) if same(base, ours_item) => {
                ours.remove(key);
            }
            // The template's new key.
            (None, None, Some((their_key, theirs))) => put(ours, their_key, Some(theirs.clone())),
            (_, Some(_), None) if base.is_none() => {}
            (_, None, None) => {}
            // One side removed what the other changed.
            (_, _, _) => {
                let chosen = self.clash(base_item, ours_is.as_ref(), theirs.map(|(_, item)| item));
                if let Some((key, _)) = theirs.or(base) {
                    put(ours, key, chosen);
                }
            }
        }
    }

    /// Merges an item that both sides have; `false` when the two sides clash.
    fn both(&mut self, base: Option<&Item>, ours: &mut Item, theirs: &Item) -> bool {
        if let (Some(our_table), Some(their_table)) =
            (ours.as_table_like_mut(), theirs.as_table_like())
        {
            let base_table = base.and_then(Item::as_table_like);
            let length = our_table.len();
            self.tables(base_table, our_table, their_table);
            if let Some(inline) = ours.as_inline_table_mut()
                && inline.len() != length
            {
                // The space before the brace belongs to the last entry, which is another one now.
                inline.fmt();
            }
            if let (Some(base), Item::Table(ours), Item::Table(theirs)) =
                (base.and_then(Item::as_table), ours, theirs)
            {
                merge_decor(base.decor(), ours.decor_mut(), theirs.decor());
            }
            return true;
        }
        if same(ours, theirs) || base.is_some_and(|base| same(base, theirs)) {
            return true;
        }
        if base.is_some_and(|base| same(base, ours)) {
            replace(base, ours, theirs);
            return true;
        }
        match (ours, theirs) {
            (Item::ArrayOfTables(ours), Item::ArrayOfTables(theirs)) => {
                self.records(base.and_then(Item::as_array_of_tables), ours, theirs)
            }
            (Item::Value(Value::Array(ours)), Item::Value(Value::Array(theirs))) => {
                merge_list(base.and_then(Item::as_array), ours, theirs)
            }
            _ => false,
        }
    }

    /// Merges `[[records]]` by the key that identifies each; `false` when there is no such key.
    fn records(
        &mut self,
        base: Option<&ArrayOfTables>,
        ours: &mut ArrayOfTables,
        theirs: &ArrayOfTables,
    ) -> bool {
        let none = ArrayOfTables::new();
        let base = base.unwrap_or(&none);
        let Some(name) = identity([base, ours, theirs]) else {
            return false;
        };
        for record in theirs.iter() {
            let id = text_at(record, &name);
            let base = find(base, &name, id);
            let at = ours.iter().position(|ours| text_at(ours, &name) == id);
            if let Some(ours) = at.and_then(|at| ours.get_mut(at)) {
                if let Some(base) = base {
                    merge_decor(base.decor(), ours.decor_mut(), record.decor());
                }
                self.tables(base.map(|base| base as &dyn TableLike), ours, record);
                continue;
            }
            match base {
                None => ours.push(unplaced(record.clone())),
                Some(base) if same_tables(base, record) => {}
                Some(base) => {
                    self.clashes += 1;
                    match self.side {
                        Side::Ours => {}
                        Side::Base => ours.push(unplaced(base.clone())),
                        Side::Theirs => ours.push(unplaced(record.clone())),
                    }
                }
            }
        }
        for record in base.iter() {
            let id = text_at(record, &name);
            if find(theirs, &name, id).is_some() {
                continue;
            }
            let Some(at) = ours.iter().position(|ours| text_at(ours, &name) == id) else {
                continue;
            };
            if ours.get(at).is_some_and(|ours| same_tables(ours, record)) {
                ours.remove(at);
                continue;
            }
            self.clashes += 1;
            match self.side {
                Side::Ours => {}
                Side::Base => {
                    let mut old = record.clone();
                    old.set_position(ours.get(at).and_then(Table::position));
                    ours.replace(at, old);
                }
                Side::Theirs => {
                    ours.remove(at);
                }
            }
        }
        true
    }

    fn clash(
        &mut self,
        base: Option<&Item>,
        ours: Option<&Item>,
        theirs: Option<&Item>,
    ) -> Option<Item> {
        self.clashes += 1;
        match self.side {
            Side::Base => base.cloned(),
            Side::Ours => ours.cloned(),
            Side::Theirs => theirs.cloned(),
        }
    }
}

/// Sets or removes an entry. A key that is new here comes with the comments above it.
fn put(table: &mut dyn TableLike, key: &Key, item: Option<Item>) {
    match item {
        None => {
            table.remove(key.get());
        }
        Some(item) => {
            let item = match item {
                Item::Table(inner) => Item::Table(unplaced(inner)),
                Item::ArrayOfTables(records) => {
                    Item::ArrayOfTables(records.into_iter().map(unplaced).collect())
                }
                other => other,
            };
            if table.contains_key(key.get()) {
                table.insert(key.get(), item);
            } else {
                table.entry_format(key).or_insert(item);
            }
        }
    }
}

/// Takes the new value and keeps the adopter's comment behind it.
fn replace(base: Option<&Item>, ours: &mut Item, theirs: &Item) {
    let decor = ours.as_value().map(|value| value.decor().clone());
    *ours = match theirs.clone() {
        Item::Table(table) => Item::Table(unplaced(table)),
        Item::ArrayOfTables(records) => {
            Item::ArrayOfTables(records.into_iter().map(unplaced).collect())
        }
        other => other,
    };
    if let (Some(decor), Some(base), Some(value)) =
        (decor, base.and_then(Item::as_value), ours.as_value_mut())
        && text_of(&decor) != text_of(base.decor())
    {
        *value.decor_mut() = decor;
    }
}

/// Lets a table be printed after its neighbour here instead of where its own document had it.
fn unplaced(mut table: Table) -> Table {
    table.set_position(None);
    for (_, item) in table.iter_mut() {
        match item {
            Item::Table(inner) => *inner = unplaced(std::mem::take(inner)),
            Item::ArrayOfTables(records) => {
                for record in records.iter_mut() {
                    *record = unplaced(std::mem::take(record));
                }
            }
            _ => {}
        }
    }
    table
}

/// Takes the template's comments where the adopter left the old ones alone.
fn merge_decor(base: &Decor, ours: &mut Decor, theirs: &Decor) {
    if text_of(base) == text_of(ours) {
        *ours = theirs.clone();
    }
}

fn text_of(decor: &Decor) -> (&str, &str) {
    (
        decor
            .prefix()
            .and_then(RawString::as_str)
            .unwrap_or_default(),
        decor
            .suffix()
            .and_then(RawString::as_str)
            .unwrap_or_default(),
    )
}

/// Merges two lists of plain values as sets: what either side added or removed is added or
/// removed. `false` when an element is itself a list or table, where that rule would guess.
fn merge_list(base: Option<&Array>, ours: &mut Array, theirs: &Array) -> bool {
    let none = Array::new();
    let base = base.unwrap_or(&none);
    let plain = |array: &Array| {
        array
            .iter()
            .all(|value| !value.is_array() && !value.is_inline_table())
    };
    if ![base, &*ours, theirs].into_iter().all(plain) {
        return false;
    }
    let has = |array: &Array, wanted: &Value| array.iter().any(|value| same_values(value, wanted));
    ours.retain(|value| !has(base, value) || has(theirs, value));
    for value in theirs.iter() {
        if !has(base, value) && !has(ours, value) {
            let decor = ours.iter().last().map(|last| last.decor().clone());
            let mut value = value.clone();
            match decor {
                // One value per line stays one value per line.
                Some(decor) => *value.decor_mut() = decor,
                None => value.decor_mut().clear(),
            }
            if ours.len() == 1 && text_of(value.decor()).0.is_empty() {
                value.decor_mut().set_prefix(" ");
            }
            ours.push_formatted(value);
        }
    }
    true
}

/// The key that identifies every record of all three lists: `id`, `name`, `path` or `…_id`, text,
/// and different in every record of a list.
fn identity(lists: [&ArrayOfTables; 3]) -> Option<String> {
    let first = lists.iter().find_map(|list| list.get(0))?;
    first
        .iter()
        .map(|(key, _)| key)
        .filter(|key| matches!(*key, "id" | "name" | "path") || key.ends_with("_id"))
        .find(|key| {
            lists.iter().all(|list| {
                let ids: BTreeSet<&str> = list
                    .iter()
                    .filter_map(|record| text_at(record, key))
                    .collect();
                ids.len() == list.len()
            })
        })
        .map(str::to_owned)
}

fn text_at<'a>(table: &'a Table, key: &str) -> Option<&'a str> {
    table.get(key).and_then(Item::as_str)
}

fn find<'a>(records: &'a ArrayOfTables, name: &str, id: Option<&str>) -> Option<&'a Table> {
    records.iter().find(|record| text_at(record, name) == id)
}

/// Whether two items mean the same, whatever their layout, order of keys and comments.
fn same(left: &Item, right: &Item) -> bool {
    if let (Some(left), Some(right)) = (left.as_table_like(), right.as_table_like()) {
        return same_tables(left, right);
    }
    match (left, right) {
        (Item::ArrayOfTables(left), Item::ArrayOfTables(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .zip(right.iter())
                    .all(|(left, right)| same_tables(left, right))
        }
        (Item::Value(left), Item::Value(right)) => same_values(left, right),
        (Item::None, Item::None) => true,
        _ => false,
    }
}

fn same_tables(left: &dyn TableLike, right: &dyn TableLike) -> bool {
    left.len() == right.len()
        && left
            .iter()
            .all(|(key, item)| right.get(key).is_some_and(|other| same(item, other)))
}

fn same_values(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::String(left), Value::String(right)) => left.value() == right.value(),
        (Value::Integer(left), Value::Integer(right)) => left.value() == right.value(),
        (Value::Float(left), Value::Float(right)) => {
            left.value().to_bits() == right.value().to_bits()
        }
        (Value::Boolean(left), Value::Boolean(right)) => left.value() == right.value(),
        (Value::Datetime(left), Value::Datetime(right)) => left.value() == right.value(),
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .zip(right.iter())
                    .all(|(left, right)| same_values(left, right))
        }
        (Value::InlineTable(left), Value::InlineTable(right)) => same_tables(left, right),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(base: &str, ours: &str, theirs: &str, expected: &str) {
        match merge(base.as_bytes(), ours.as_bytes(), theirs.as_bytes()).expect("mergeable") {
            Merged::Clean(text) => assert_eq!(String::from_utf8_lossy(&text), expected),
            Merged::Conflict(text) => {
                panic!("unexpected clash:\n{}", String::from_utf8_lossy(&text))
            }
        }
    }

    fn check_clash(base: &str, ours: &str, theirs: &str, expected: &str) {
        match merge(base.as_bytes(), ours.as_bytes(), theirs.as_bytes()).expect("mergeable") {
            Merged::Conflict(text) => assert_eq!(String::from_utf8_lossy(&text), expected),
            Merged::Clean(text) => panic!("expected a clash:\n{}", String::from_utf8_lossy(&text)),
        }
    }

    #[test]
    fn both_sides_may_add_a_dependency_at_the_same_line() {
        check(
            "[dependencies]\nserde = \"1\"\n",
            "[dependencies]\nserde = \"1\"\nsqlx = \"0.9\" # ours\n",
            "[dependencies]\nserde = \"1\"\ntokio = \"1\"\n\n[lints]\nx = 1\n",
            "[dependencies]\nserde = \"1\"\nsqlx = \"0.9\" # ours\ntokio = \"1\"\n\n[lints]\nx = 1\n",
        );
    }

    #[test]
    fn a_new_version_meets_a_new_feature_in_one_inline_table() {
        check(
            "[dependencies]\nserde = { version = \"1\", features = [\"derive\"] }\n",
            "[dependencies]\n# needed by us\nserde = { version = \"1\", features = [\"derive\", \"rc\"] }\n",
            "[dependencies]\nserde = { version = \"2\", features = [\"derive\", \"std\"] }\n",
            "[dependencies]\n# needed by us\nserde = { version = \"2\", features = [\"derive\", \"rc\", \"std\"] }\n",
        );
    }

    #[test]
    fn a_list_with_one_value_per_line_keeps_its_layout() {
        check(
            "a = [\n    \"x\",\n]\n",
            "a = [\n    \"x\",\n    \"mine\",\n]\n",
            "a = [\n    \"x\",\n    \"new\",\n]\n",
            "a = [\n    \"x\",\n    \"mine\",\n    \"new\",\n]\n",
        );
        check(
            "a = []\n",
            "a = [\"mine\"]\n",
            "a = [\"new\"]\n",
            "a = [\"mine\", \"new\"]\n",
        );
    }

    #[test]
    fn what_either_side_removed_is_removed() {
        check(
            "a = 1\nb = 2\nc = 3\nd = 4\n",
            "a = 1\nc = 3\nd = 5\n",
            "b = 2\nc = 3\nd = 4\n",
            "c = 3\nd = 5\n",
        );
    }

    #[test]
    fn comments_of_the_template_move_with_it_unless_the_adopter_rewrote_them() {
        check(
            "# old\na = 1\n# old\nb = 1 # one\n",
            "# old\na = 1\n# mine\nb = 1 # eins\nz = 0\n",
            "# new\na = 1\n# new\nb = 2 # two\n",
            "# new\na = 1\n# mine\nb = 2 # eins\nz = 0\n",
        );
    }

    #[test]
    fn records_are_matched_by_their_identity() {
        check(
            "[[product]]\nproduct_id = \"a\"\nprice = 1\n\n[[product]]\nproduct_id = \"b\"\nprice = 1\n",
            "[[product]]\nproduct_id = \"b\"\nprice = 9\n\n[[product]]\nproduct_id = \"mine\"\nprice = 3\n",
            "[[product]]\nproduct_id = \"a\"\nprice = 1\n\n[[product]]\nproduct_id = \"b\"\nprice = 1\nunit = \"cpm\"\n\n[[product]]\nproduct_id = \"c\"\nprice = 1\n",
            "[[product]]\nproduct_id = \"b\"\nprice = 9\nunit = \"cpm\"\n\n[[product]]\nproduct_id = \"mine\"\nprice = 3\n\n[[product]]\nproduct_id = \"c\"\nprice = 1\n",
        );
    }

    #[test]
    fn a_record_removed_here_and_changed_there_is_a_clash() {
        check_clash(
            "[[p]]\nid = \"a\"\nv = 1\n[[p]]\nid = \"b\"\nv = 1\n",
            "[[p]]\nid = \"a\"\nv = 1\n",
            "[[p]]\nid = \"a\"\nv = 1\n[[p]]\nid = \"b\"\nv = 2\n",
            "[[p]]\nid = \"a\"\nv = 1\n<<<<<<< yours\n||||||| as generated before\n[[p]]\nid = \"b\"\nv = 1\n=======\n[[p]]\nid = \"b\"\nv = 2\n>>>>>>> as generated now\n",
        );
    }

    #[test]
    fn only_the_clashing_key_is_marked() {
        check_clash(
            "[package]\nname = \"a\"\nversion = \"1\"\n",
            "[package]\nname = \"a\"\nversion = \"2\" # ours\nauthors = [\"me\"]\n",
            "[package]\nname = \"b\"\nversion = \"3\"\n",
            "[package]\nname = \"b\"\n<<<<<<< yours\nversion = \"2\" # ours\n||||||| as generated before\nversion = \"1\"\n=======\nversion = \"3\"\n>>>>>>> as generated now\nauthors = [\"me\"]\n",
        );
    }

    #[test]
    fn a_removed_key_that_the_template_changed_is_a_clash() {
        check_clash(
            "a = 1\nb = 1\n",
            "a = 1\n",
            "a = 1\nb = 2\n",
            "a = 1\n<<<<<<< yours\n||||||| as generated before\nb = 1\n=======\nb = 2\n>>>>>>> as generated now\n",
        );
    }

    #[test]
    fn new_sections_land_next_to_their_family_and_mean_the_same() {
        check(
            "[package]\nname = \"a\"\n\n[dependencies]\nx = \"1\"\n",
            "[package]\nname = \"a\"\n\n[dependencies]\nx = \"1\"\n\n[profile.release]\nlto = true\n",
            "[package]\nname = \"a\"\n\n[package.metadata.adcp]\ntool = \"1\"\n\n[dependencies]\nx = \"1\"\n",
            "[package]\nname = \"a\"\n\n[package.metadata.adcp]\ntool = \"1\"\n\n[dependencies]\nx = \"1\"\n\n[profile.release]\nlto = true\n",
        );
    }
}
