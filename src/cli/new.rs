//! Arguments of `new`.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;

use crate::manifest::Answers;
use crate::plan::support;

const EXAMPLES: &str = "\
Examples:
  adcp-scaffold new acme-media
  adcp-scaffold new acme-media --yes
  adcp-scaffold new acme-media --manifest seller.toml
  adcp-scaffold new acme-media --pricing cpm --pricing cpc --no-auction --store sqlite:acme.db
  adcp-scaffold new acme-media --yes --runtime-path ../adcp-seller

Without flags and without a manifest it asks, on a terminal.";

/// Arguments of `new`.
#[derive(Debug, Default, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct NewArgs {
    /// The folder to write; it is created, and has to be empty if it exists
    pub dir: PathBuf,

    /// Take this manifest
    #[arg(long, value_name = "FILE", conflicts_with_all = ["name", "adcp", "url", "specialism",
        "pricing", "auction", "no_auction", "accounts", "store", "retention", "runtime_path",
        "runtime_version", "runtime_git"])]
    pub manifest: Option<PathBuf>,

    /// The seller's name [default: the folder's name]
    #[arg(long)]
    pub name: Option<String>,

    /// The AdCP line, such as 3.0
    #[arg(long, value_name = "LINE")]
    pub adcp: Option<String>,

    /// Where buyers will reach it: scheme and host
    #[arg(long)]
    pub url: Option<String>,

    /// A specialism; may be repeated
    #[arg(long, value_name = "SLUG")]
    pub specialism: Vec<String>,

    /// A pricing model; may be repeated
    #[arg(long, value_name = "MODEL")]
    pub pricing: Vec<String>,

    /// Products may carry floor prices (the default)
    #[arg(long, conflicts_with = "no_auction")]
    pub auction: bool,

    /// Products carry fixed prices only
    #[arg(long)]
    pub no_auction: bool,

    /// How a call names its account
    #[arg(long, value_name = "MODE", value_parser = PossibleValuesParser::new(support::ACCOUNTS))]
    pub accounts: Option<String>,

    /// Where state is kept: sqlite, sqlite:PATH or memory
    #[arg(long, value_name = "STORE")]
    pub store: Option<String>,

    /// How long a retry gets the first answer: 1h to 7d
    #[arg(long, value_name = "SPAN")]
    pub retention: Option<String>,

    /// Take the runtime crate from this folder, relative to DIR, instead of a copy
    #[arg(long, value_name = "PATH", group = "runtime")]
    pub runtime_path: Option<String>,

    /// Take this published version of the runtime crate
    #[arg(long, value_name = "VERSION", group = "runtime")]
    pub runtime_version: Option<String>,

    /// Take the runtime crate from this git repository
    #[arg(long, value_name = "URL", group = "runtime", requires = "runtime_rev")]
    pub runtime_git: Option<String>,

    /// The commit to take from it
    #[arg(long, value_name = "COMMIT", requires = "runtime_git")]
    pub runtime_rev: Option<String>,

    /// Take the default of everything that is not given; never ask
    #[arg(short, long)]
    pub yes: bool,
}

impl NewArgs {
    /// What the flags say, unless no flag says anything.
    pub fn answers(&self) -> Option<Answers> {
        let auction = match (self.auction, self.no_auction) {
            (true, _) => Some(true),
            (_, true) => Some(false),
            _ => None,
        };
        let runtime = [
            ("path", &self.runtime_path),
            ("version", &self.runtime_version),
            ("git", &self.runtime_git),
            ("rev", &self.runtime_rev),
        ];
        let answers = Answers {
            name: self.name.clone(),
            adcp: self.adcp.clone(),
            url: self.url.clone(),
            specialisms: self.specialism.clone(),
            pricing_models: self.pricing.clone(),
            auction,
            accounts: self.accounts.clone(),
            store: self.store.clone(),
            retention: self.retention.clone(),
            runtime: runtime
                .into_iter()
                .filter_map(|(key, value)| Some((key, value.clone()?)))
                .collect(),
        };
        (self.yes || answers != Answers::default()).then_some(answers)
    }

    /// The name that the folder suggests.
    pub fn suggested_name(&self) -> Option<String> {
        let folder = match self.dir.file_name() {
            Some(folder) => folder.to_owned(),
            // `.` and `..` have no name of their own.
            None => std::fs::canonicalize(&self.dir)
                .ok()?
                .file_name()?
                .to_owned(),
        };
        crate::plan::name::suggest(folder.to_str()?)
    }
}
