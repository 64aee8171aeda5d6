//! A manifest from flags or from the wizard's answers: the canonical, commented `seller.toml`.
//!
//! Answers are words, unchecked: what is written from them is read back like any manifest, so
//! that a mistyped flag gets the same message as a mistyped line.

use std::fmt::Write as _;

use toml_edit::Value;

use crate::plan::support::{PROPOSAL_SPECIALISM, defaults};

/// What was typed. What is `None` or empty is left to its default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answers {
    /// The seller's name.
    pub name: Option<String>,
    /// The AdCP line.
    pub adcp: Option<String>,
    /// The public URL.
    pub url: Option<String>,
    /// Transports.
    pub transports: Vec<String>,
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
    /// The issuer of access tokens.
    pub issuer: Option<String>,
    /// What access tokens have to be issued for.
    pub audience: Option<String>,
    /// Calls a minute.
    pub per_minute: Option<u32>,
    /// Calls at once.
    pub burst: Option<u32>,
    /// Whether signatures of requests are verified.
    pub verify: Option<bool>,
    /// The operations that have to be signed.
    pub signed: Vec<String>,
    /// How long a notification is tried.
    pub retry: Option<String>,
    /// Whether buyers may have a proposal changed.
    pub refine: Option<bool>,
    /// Whether a proposal has to be finalized before it can be bought.
    pub finalize: Option<bool>,
    /// How long a finalized proposal holds its inventory.
    pub hold: Option<String>,
    /// The operations that wait for a person.
    pub approvals: Vec<String>,
    /// The recipe that comes with the tool.
    pub recipe: Option<String>,
    /// The file of a recipe's schema, as the manifest is to name it.
    pub recipe_schema: Option<String>,
    /// The kind of that recipe; the seller's name when nothing else is said.
    pub recipe_kind: Option<String>,
    /// Who keeps recipes.
    pub recipe_owner: Option<String>,
    /// The origin of the runtime crate: keys and values of `[runtime]`.
    pub runtime: Vec<(&'static str, String)>,
}

impl Answers {
    /// The manifest. Every key of what was asked for is written out, defaults included, so that its
    /// owner sees what there is to change.
    pub fn to_toml(&self) -> String {
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
             # How they call: mcp, a2a.\n\
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
             # The largest request that is kept for that: 64KiB to 4MiB.\n\
             largest = {largest}\n\
             \n",
            schema = super::SCHEMA_PATH,
            name = or(&self.name, ""),
            adcp = or(&self.adcp, defaults::LINE),
            specialisms = list(self.specialisms()),
            transports = list(or_default(&self.transports, defaults::TRANSPORTS)),
            accounts = or(&self.accounts, defaults::ACCOUNTS),
            store = or(&self.store, defaults::STORE),
            models = list(or_default(&self.pricing_models, defaults::PRICING_MODELS)),
            auction = self
                .auction
                .unwrap_or_else(|| defaults::auction(self.specialisms())),
            retention = or(&self.retention, defaults::RETENTION),
            largest = text(defaults::LARGEST),
        );
        self.write_auth(&mut out);
        self.write_limits(&mut out);
        self.write_signing(&mut out);
        self.write_proposals(&mut out);
        self.write_approval(&mut out);
        self.write_recipe(&mut out);
        out.push_str("[runtime]\n");
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

    /// What the seller claims to do.
    fn specialisms(&self) -> impl Iterator<Item = &str> {
        or_default(&self.specialisms, defaults::SPECIALISMS)
    }

    /// `[auth]`, or how it would look.
    fn write_auth(&self, out: &mut String) {
        let about = "# Access tokens (OAuth 2.0), beside the API keys that buyers have anyway.\n";
        let Some(issuer) = &self.issuer else {
            let _ = write!(
                out,
                "{about}\
                 # [auth]\n\
                 # issuer = \"https://login.example.com\"\n\
                 \n"
            );
            return;
        };
        let _ = writeln!(out, "{about}[auth]\nissuer = {}", text(issuer));
        let audience = match &self.audience {
            Some(audience) => format!("audience = {}", text(audience)),
            None => "# audience = \"https://ads.example.com/mcp\"".to_owned(),
        };
        let _ = write!(
            out,
            "# What a token has to be issued for; the URL that buyers call, unless said otherwise.\n\
             {audience}\n\
             # Which tools each scope opens; without this table a token is good for all of them.\n\
             # [auth.scopes]\n\
             # \"adcp:read\" = [\"get_adcp_capabilities\", \"get_products\", \"get_media_buys\"]\n\
             \n"
        );
    }

    /// `[limits]`, or how it would look.
    fn write_limits(&self, out: &mut String) {
        let about = "# How much one buyer may call; without this table there is no limit.\n";
        let count = |count: Option<u32>, default: u32| count.unwrap_or(default);
        let table = [
            "[limits]".to_owned(),
            format!("per_minute = {}", count(self.per_minute, 600)),
            format!("burst = {}", count(self.burst, 60)),
        ];
        let said = self.per_minute.is_some() || self.burst.is_some();
        out.push_str(about);
        for line in table {
            let _ = writeln!(out, "{}{line}", if said { "" } else { "# " });
        }
        out.push('\n');
    }

    /// `[signing]` and `[webhooks]`.
    fn write_signing(&self, out: &mut String) {
        let _ = write!(
            out,
            "# Signatures on the requests of buyers (RFC 9421).\n\
             [signing]\n\
             verify = {verify}\n\
             # The operations that are refused without one.\n\
             required = {required}\n\
             \n\
             [webhooks]\n\
             # How long a notification is tried before it is set aside: 1h to 7d.\n\
             retry = {retry}\n\
             \n",
            verify = self.verify.unwrap_or(defaults::VERIFY),
            required = list(self.signed.iter().map(String::as_str)),
            retry = or(&self.retry, defaults::RETRY),
        );
    }

    /// `[proposals]`, where something was said about them or the seller promises them.
    fn write_proposals(&self, out: &mut String) {
        let said = self.refine.is_some() || self.finalize.is_some() || self.hold.is_some();
        if !said && !self.specialisms().any(|slug| slug == PROPOSAL_SPECIALISM) {
            return;
        }
        let finalize = self.finalize.unwrap_or(defaults::FINALIZE);
        let _ = write!(
            out,
            "[proposals]\n\
             # Whether buyers may have a proposal changed.\n\
             refine = {refine}\n\
             # Whether a proposal has to be finalized (a firm price, inventory held) before it is\n\
             # bought.\n\
             finalize = {finalize}\n",
            refine = self.refine.unwrap_or(defaults::REFINE),
        );
        // Without finalizing it means nothing, unless somebody asked for it and wants to be told.
        if finalize || self.hold.is_some() {
            let _ = write!(
                out,
                "# How long inventory is held when your code names no instant: 1m to 90d.\n\
                 hold = {hold}\n",
                hold = or(&self.hold, defaults::HOLD),
            );
        }
        out.push('\n');
    }

    /// `[approval]`, where something waits for a person.
    fn write_approval(&self, out: &mut String) {
        if self.approvals.is_empty() {
            return;
        }
        let _ = write!(
            out,
            "[approval]\n\
             # What waits for a person: finalize, create_media_buy.\n\
             operations = {operations}\n\
             # How long it waits before it is rejected: 1m to 30d.\n\
             within = {within}\n\
             \n",
            operations = list(self.approvals.iter().map(String::as_str)),
            within = text(defaults::WITHIN),
        );
    }

    /// `[recipe]`, where the seller has one.
    fn write_recipe(&self, out: &mut String) {
        if self.recipe.is_none() && self.recipe_schema.is_none() {
            return;
        }
        out.push_str(
            "# What this seller keeps about its products that buyers never see.\n[recipe]\n",
        );
        if let Some(preset) = &self.recipe {
            let _ = writeln!(out, "preset = {}", text(preset));
        }
        if let Some(schema) = &self.recipe_schema {
            let kind = self.recipe_kind.as_ref().or(self.name.as_ref());
            let _ = write!(
                out,
                "# Yours: change it as your ad server needs, then regenerate.\n\
                 schema = {schema}\n\
                 # What `recipe_kind` says in each of them.\n\
                 kind = {kind}\n",
                schema = text(schema),
                kind = text(kind.map_or("", String::as_str)),
            );
        }
        let _ = write!(
            out,
            "# framework: kept in catalogue, proposals and media buys; adopter: your code is asked.\n\
             owner = {owner}\n\
             \n",
            owner = or(&self.recipe_owner, defaults::RECIPE_OWNER),
        );
    }
}

/// What was answered, or else the default, as TOML.
fn or(answer: &Option<String>, default: &str) -> String {
    text(answer.as_deref().unwrap_or(default))
}

/// What was answered, or else the defaults.
fn or_default<'a>(
    answers: &'a [String],
    defaults: &'a [&'static str],
) -> impl Iterator<Item = &'a str> {
    let left_out = if answers.is_empty() { defaults } else { &[] };
    answers
        .iter()
        .map(String::as_str)
        .chain(left_out.iter().copied())
}

/// A TOML list of texts.
fn list<'a>(words: impl Iterator<Item = &'a str>) -> String {
    let quoted: Vec<String> = words.map(text).collect();
    format!("[{}]", quoted.join(", "))
}

/// A TOML text, quoted and escaped.
fn text(value: &str) -> String {
    Value::from(value).to_string()
}
