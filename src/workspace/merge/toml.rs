//! Three-way merge of TOML by key. What the adopter wrote keeps its comments, order and layout;
//! only a key that both sides changed differently is a clash. A clash is shown by merging three
//! times, once with each side's value, and giving the three texts to the line merge: they differ
//! in the clashing keys alone, so the markers enclose nothing else.

use std::collections::BTreeSet;

use toml_edit::{Array, DocumentMut, InlineTable, Item, Key, Table, TableLike, Value};

use super::comments::{merge_decor, merge_text, split_head, text_of};
use super::meaning::{same, same_tables, same_values};
use super::records::{self, Records};
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
    let (base_head, base) = parse(base)?;
    let (our_head, ours) = parse(ours)?;
    let (their_head, theirs) = parse(theirs)?;
    let head = merge_text(base_head, our_head, their_head);
    let trailing = merge_text(
        base.trailing().as_str().unwrap_or_default(),
        ours.trailing().as_str().unwrap_or_default(),
        theirs.trailing().as_str().unwrap_or_default(),
    );
    let taking = |side| {
        let mut merged = ours.clone();
        merged.set_trailing(trailing.as_str());
        let mut merge = Merge { side, clashes: 0 };
        merge.tables(
            Some(base.as_table()),
            merged.as_table_mut(),
            theirs.as_table(),
        );
        let text = merged.to_string();
        // Positions of tables from two documents meet here; what is printed must mean what was merged.
        let printed: DocumentMut = text.parse().ok()?;
        let body = if head.is_empty() {
            text.as_str()
        } else {
            // The head ends with a blank line, and the entry that came first may be gone.
            text.trim_start_matches('\n')
        };
        same_tables(printed.as_table(), merged.as_table())
            .then(|| (format!("{head}{body}").into_bytes(), merge.clashes))
    };
    let (text, clashes) = taking(Side::Ours)?;
    if clashes == 0 {
        return Some(Merged::Clean(text));
    }
    let (base, _) = taking(Side::Base)?;
    let (theirs, _) = taking(Side::Theirs)?;
    Some(by_line(&base, &text, &theirs))
}

/// The comment at the head of a document, and the document below it.
fn parse(text: &[u8]) -> Option<(&str, DocumentMut)> {
    let (head, body) = split_head(std::str::from_utf8(text).ok()?);
    Some((head, body.parse().ok()?))
}

/// One of the three merges of a document.
pub(super) struct Merge {
    side: Side,
    clashes: usize,
}

impl Merge {
    /// Brings `ours` to the merge of the three tables.
    pub(super) fn tables(
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
            // A deleted list of records stays deleted, as each of them would.
            (Some((_, base)), None, Some((_, theirs)))
                if Records::of(base).is_some() && Records::of(theirs).is_some() => {}
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

    /// Brings an inline table of `ours` to the merge of the three.
    pub(super) fn inline(
        &mut self,
        base: Option<&dyn TableLike>,
        ours: &mut InlineTable,
        theirs: &dyn TableLike,
    ) {
        let before = ours.to_string();
        self.tables(base, ours, theirs);
        let after = ours.to_string();
        if after != before && !after.contains('\n') {
            // The space before the brace belongs to the last entry, which may be another one now.
            ours.fmt();
        }
    }

    /// Merges an item that both sides have; `false` when the two sides clash.
    fn both(&mut self, base: Option<&Item>, ours: &mut Item, theirs: &Item) -> bool {
        if let (Some(Item::Value(base)), Item::Value(our_value), Item::Value(theirs)) =
            (base, &mut *ours, theirs)
        {
            // Comments inside a value and behind it count here as well.
            let (base, theirs_text) = (base.to_string(), theirs.to_string());
            if base == theirs_text {
                return true;
            }
            if base == our_value.to_string() {
                *our_value = theirs.clone();
                return true;
            }
        }
        if let Some(their_table) = theirs.as_table_like() {
            let base_table = base.and_then(Item::as_table_like);
            if let Some(our_table) = ours.as_inline_table_mut() {
                self.inline(base_table, our_table, their_table);
                return true;
            }
            if let Some(our_table) = ours.as_table_mut() {
                self.tables(base_table, our_table, their_table);
                if let (Some(base), Item::Table(theirs)) = (base.and_then(Item::as_table), theirs) {
                    merge_decor(base.decor(), our_table.decor_mut(), theirs.decor());
                }
                return true;
            }
        }
        if records::merge(self, base, ours, theirs) {
            return true;
        }
        if same(ours, theirs) || base.is_some_and(|base| same(base, theirs)) {
            keep_up_with_comments(base, ours, theirs);
            return true;
        }
        if base.is_some_and(|base| same(base, ours)) {
            replace(base, ours, theirs);
            return true;
        }
        match (ours, theirs) {
            (Item::Value(Value::Array(ours)), Item::Value(Value::Array(theirs))) => {
                merge_list(base.and_then(Item::as_array), ours, theirs)
            }
            _ => false,
        }
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
    keep_up_with_comments(base, ours, theirs);
    let decor = ours.as_value().map(|value| value.decor().clone());
    *ours = match theirs.clone() {
        Item::Table(table) => Item::Table(unplaced(table)),
        Item::ArrayOfTables(records) => {
            Item::ArrayOfTables(records.into_iter().map(unplaced).collect())
        }
        other => other,
    };
    if let (Some(decor), Some(value)) = (decor, ours.as_value_mut()) {
        *value.decor_mut() = decor;
    }
}

/// Merges what stands around a value.
fn keep_up_with_comments(base: Option<&Item>, ours: &mut Item, theirs: &Item) {
    if let (Some(base), Some(ours), Some(theirs)) = (
        base.and_then(Item::as_value),
        ours.as_value_mut(),
        theirs.as_value(),
    ) {
        merge_decor(base.decor(), ours.decor_mut(), theirs.decor());
    }
}

/// Lets a table be printed after its neighbour here instead of where its own document had it.
pub(super) fn unplaced(mut table: Table) -> Table {
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
    fn a_removed_record_stays_removed_and_an_edited_one_stays() {
        check(
            "[[p]]\nid = \"a\"\nv = 1\n[[p]]\nid = \"b\"\nv = 1\n[[p]]\nid = \"c\"\nv = 1\n",
            "[[p]]\nid = \"a\"\nv = 1\n[[p]]\nid = \"c\"\nv = 9\n",
            "[[p]]\nid = \"a\"\nv = 2\n[[p]]\nid = \"b\"\nv = 2\n",
            "[[p]]\nid = \"a\"\nv = 2\n[[p]]\nid = \"c\"\nv = 9\n",
        );
    }

    #[test]
    fn inline_records_are_matched_by_their_identity_and_keep_their_lines() {
        check(
            "o = [\n  { o_id = \"a\", v = 1 },\n  { o_id = \"b\", v = 1 },\n  { o_id = \"c\", v = 1 },\n]\n",
            "o = [\n  # ours\n  { o_id = \"a\", v = 9 },\n  { o_id = \"c\", v = 1, w = 1 },\n]\n",
            "o = [\n  { o_id = \"a\", v = 1, u = 1 },\n  { o_id = \"b\", v = 2 },\n  { o_id = \"d\", v = 1 },\n]\n",
            "o = [\n  # ours\n  { o_id = \"a\", v = 9, u = 1 },\n  { o_id = \"c\", v = 1, w = 1 },\n  { o_id = \"d\", v = 1 },\n]\n",
        );
        check(
            "o = [{ id = \"a\" }, { id = \"b\" }]\n",
            "o = [{ id = \"a\" }, { id = \"b\" }, { id = \"m\" }]\n",
            "o = [{ id = \"b\" }, { id = \"c\" }]\n",
            "o = [{ id = \"b\" }, { id = \"m\" }, { id = \"c\" }]\n",
        );
    }

    #[test]
    fn records_may_be_spelled_differently_on_the_two_sides() {
        check(
            "[[p]]\nid = \"a\"\no = [{ o_id = \"x\", v = 1 }]\n",
            "[[p]]\nid = \"a\"\n\n[[p.o]]\no_id = \"x\"\nv = 9 # ours\n",
            "[[p]]\nid = \"a\"\no = [{ o_id = \"x\", v = 1, w = 2 }, { o_id = \"y\", v = 2 }]\n",
            "[[p]]\nid = \"a\"\n\n[[p.o]]\no_id = \"x\"\nv = 9 # ours\nw = 2\n\n[[p.o]]\no_id = \"y\"\nv = 2\n",
        );
    }

    #[test]
    fn only_the_clashing_key_of_an_inline_record_is_marked() {
        check_clash(
            "o = [\n  { o_id = \"a\", v = 1 },\n  { o_id = \"b\", v = 1 },\n]\n",
            "o = [\n  { o_id = \"a\", v = 2 },\n  { o_id = \"b\", v = 1 },\n]\n",
            "o = [\n  { o_id = \"a\", v = 3 },\n  { o_id = \"b\", v = 4 },\n]\n",
            "o = [\n<<<<<<< yours\n  { o_id = \"a\", v = 2 },\n||||||| as generated before\n  { o_id = \"a\", v = 1 },\n=======\n  { o_id = \"a\", v = 3 },\n>>>>>>> as generated now\n  { o_id = \"b\", v = 4 },\n]\n",
        );
    }

    #[test]
    fn a_list_replaced_by_the_adopters_own_is_left_alone() {
        let base = "# shop\n\n[[p]]\nid = \"a\"\nv = 1\n";
        let theirs = "# shop\n\n[[p]]\nid = \"a\"\nv = 2\n\n[[p]]\nid = \"b\"\nv = 1\n";
        for ours in [
            "[[p]]\nid = \"mine\"\nv = 3\n",
            "[[p]]\nnumber = 1\n",
            "p = []\n",
            "# nothing for sale\n",
        ] {
            check(base, ours, theirs, ours);
        }
    }

    #[test]
    fn records_that_cannot_be_told_apart_are_a_clash() {
        check_clash(
            "o = [{ v = 1 }]\n",
            "o = [{ v = 2 }]\n",
            "o = [{ v = 3 }]\n",
            "<<<<<<< yours\no = [{ v = 2 }]\n||||||| as generated before\no = [{ v = 1 }]\n=======\no = [{ v = 3 }]\n>>>>>>> as generated now\n",
        );
    }

    #[test]
    fn comments_follow_the_template_where_nothing_else_changed() {
        check(
            "# shop of a\n\n[[p]]\nid = \"a\"\n\n# second\n[[p]]\nid = \"b\"\nv = 1 # one\n",
            "# shop of a\n# mine\n\n[[p]]\nid = \"a\"\n\n# second\n[[p]]\nid = \"b\"\nv = 1 # one\n# mine\n",
            "# shop of b\n\n[[p]]\nid = \"a\"\n\n# 2nd\n[[p]]\nid = \"b\"\nv = 1 # eins\n",
            "# shop of a\n# mine\n\n[[p]]\nid = \"a\"\n\n# 2nd\n[[p]]\nid = \"b\"\nv = 1 # eins\n# mine\n",
        );
    }

    #[test]
    fn the_head_of_a_file_outlives_its_first_record() {
        check(
            "# shop\n\n[[p]]\nid = \"a\"\n\n[[p]]\nid = \"b\"\n",
            "# shop, mine\n\n[[p]]\nid = \"a\"\n\n[[p]]\nid = \"b\"\nv = 1\n",
            "# shop\n\n[[p]]\nid = \"b\"\n",
            "# shop, mine\n\n[[p]]\nid = \"b\"\nv = 1\n",
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
