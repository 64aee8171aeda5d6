//! The market's catalogue with something added, in a folder of its own.

use tempfile::TempDir;

use super::Parts;
use crate::support::line;

/// The market's catalogue with lines of TOML added to each product.
pub(crate) fn catalogue(members: impl Fn(&str) -> String) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let market = Parts::of(&line::PROPOSALS).catalog;
    let products = std::fs::read_to_string(market.join("products.toml")).expect("products");
    let mut text = String::new();
    for line in products.lines() {
        text.push_str(line);
        text.push('\n');
        if let Some(name) = line.strip_prefix("product_id = ") {
            text.push_str(&members(name.trim_matches('"')));
        }
    }
    let own = folder.path();
    std::fs::write(own.join("products.toml"), text).expect("written");
    std::fs::copy(market.join("formats.toml"), own.join("formats.toml")).expect("copied");
    folder
}
