//! A manifest from flags or from the wizard's answers: the canonical, commented `seller.toml`.
//!
//! Answers are words, unchecked: what is written from them is read back like any manifest, so
//! that a mistyped flag gets the same message as a mistyped line.

use std::fmt::Write as _;

use toml_edit::Value;

use crate::plan::support::defaults;

/// What was typed. What is `None` or empty is left to its default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answers {
    /// The seller's name.
    pub name: Option<String>,
    /// The AdCP line.
    pub adcp: Option<String>,
    /// The public URL.
    pub url: Option<String>,
    /// Specialism slugs.
    pub specialisms: Vec<String>,
    /// Pricing models.
    pub pricing_models: Vec<String>,
    /// Whether products may be sold by auction.
    pub auction: Option<bool>,
    /// The account mode.
    pub accounts: Option<String>,
    /// The store.
    pub store: Option<String>,
    /// How long answers to idempotency keys are kept.
    pub retention: Option<String>,
    /// The origin of the runtime crate: keys and values of `[runtime]`.
    pub runtime: Vec<(&'static str, String)>,
}

impl Answers {
    /// The manifest. Every key is written out, defaults included, so that its owner sees what
    /// there is to change.
    pub fn to_toml(&self) -> String {
        let or =
            |answer: &Option<String>, default: &str| text(answer.as_deref().unwrap_or(default));
        let list = |answers: &[String], defaults: &[&str]| -> String {
            let defaults = defaults.iter().map(|word| (*word).to_owned());
            let words: Vec<String> = if answers.is_empty() {
                defaults.collect()
            } else {
                answers.to_vec()
            };
            let quoted: Vec<String> = words.iter().map(|word| text(word)).collect();
            format!("[{}]", quoted.join(", "))
        };
        let url = match &self.url {
            Some(url) => format!("url = {}", text(url)),
            None => "# url = \"https://ads.example.com\"".to_owned(),
        };
        let mut out = format!(
            "#:schema ./{schema}\n\
             # This seller, as `adcp-scaffold` generates it. After a change run\n\
             # `adcp-scaffold regenerate`; your own edits elsewhere are kept.\n\
             \n\
             # The crate is called the same.\n\
             name = {name}\n\
             # The AdCP line: major and minor.\n\
             adcp = {adcp}\n\
             # Where buyers reach the seller: scheme and host.\n\
             {url}\n\
             transports = {transports}\n\
             # What the seller claims to do, in the spec's own words.\n\
             specialisms = {specialisms}\n\
             # explicit: buyers name an account they synced; from_auth: the credential is the\n\
             # account; singleton: one account for everybody.\n\
             accounts = {accounts}\n\
             # sqlite, sqlite:PATH, or memory (development only).\n\
             store = {store}\n\
             \n\
             [pricing]\n\
             models = {models}\n\
             # Whether products may carry a floor price instead of a fixed one.\n\
             auction = {auction}\n\
             \n\
             [idempotency]\n\
             # How long a retry gets the first answer: 1h to 7d.\n\
             retention = {retention}\n\
             \n\
             [runtime]\n",
            schema = super::SCHEMA_PATH,
            name = or(&self.name, ""),
            adcp = or(&self.adcp, defaults::LINE),
            specialisms = list(&self.specialisms, defaults::SPECIALISMS),
            transports = list(&[], defaults::TRANSPORTS),
            accounts = or(&self.accounts, defaults::ACCOUNTS),
            store = or(&self.store, defaults::STORE),
            models = list(&self.pricing_models, defaults::PRICING_MODELS),
            auction = self.auction.unwrap_or(defaults::AUCTION),
            retention = or(&self.retention, defaults::RETENTION),
        );
        if self.runtime.is_empty() {
            out.push_str(
                "# A copy of the runtime crate in `runtime/`, so that nothing needs publishing.\n",
            );
            out.push_str("source = \"vendored\"\n");
        }
        for (key, value) in &self.runtime {
            // Writing to a `String` can't fail.
            let _ = writeln!(out, "{key} = {}", text(value));
        }
        out
    }
}

/// A TOML text, quoted and escaped.
fn text(value: &str) -> String {
    Value::from(value).to_string()
}
