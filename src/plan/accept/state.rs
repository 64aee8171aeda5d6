//! How the seller keeps things: accounts, store, retention.

use super::Check;
use super::span::counted;
use super::vocabulary::Vocabulary;
use crate::manifest::written::Text;
use crate::manifest::{Code, Diagnostic};
use crate::plan::support::{self, defaults};
use crate::plan::{AccountMode, Store, database, duration};

/// How long an answer to an idempotency key is kept, in seconds: what AdCP allows
/// (`get-adcp-capabilities-response.json`, `adcp.idempotency.replay_ttl_seconds`).
const RETENTION: std::ops::RangeInclusive<u64> = 3_600..=604_800;

impl Check {
    pub(super) fn accounts(&mut self, text: Option<&Text>) -> Option<AccountMode> {
        let Some(text) = text else {
            return Some(AccountMode::Explicit);
        };
        let modes = [
            AccountMode::Explicit,
            AccountMode::FromAuth,
            AccountMode::Singleton,
        ];
        if let Some(mode) = modes.into_iter().find(|mode| mode.word() == text.get_ref()) {
            return Some(mode);
        }
        let vocabulary = Vocabulary {
            subject: "an account mode",
            key: "accounts",
            required: false,
            generated: support::ACCOUNTS,
            known: support::ACCOUNTS.to_vec(),
        };
        self.report(vocabulary.refuse(text));
        None
    }

    pub(super) fn store(&mut self, text: Option<&Text>) -> Option<Store> {
        let Some(text) = text else {
            return Some(Store::Sqlite {
                path: defaults::DATABASE.to_owned(),
            });
        };
        let word = text.get_ref();
        let (kind, path) = match word.split_once(':') {
            Some((kind, path)) => (kind, Some(path)),
            None => (word.as_str(), None),
        };
        match (kind, path) {
            ("memory", None | Some("")) => {
                self.report(
                    Diagnostic::new(
                        Code::MemoryStore,
                        "the memory store is for development only",
                        text.span(),
                        "forgets every media buy when the seller stops",
                    )
                    .help("write `store = \"sqlite\"` before buyers depend on it"),
                );
                Some(Store::Memory)
            }
            ("sqlite", None) => Some(Store::Sqlite {
                path: defaults::DATABASE.to_owned(),
            }),
            ("sqlite", Some(path)) => match database::check(path) {
                Ok(()) => Some(Store::Sqlite {
                    path: path.to_owned(),
                }),
                Err(reason) => {
                    self.report(unusable_database(text, path, reason));
                    None
                }
            },
            _ => {
                let vocabulary = Vocabulary {
                    subject: "a store",
                    key: "store",
                    required: false,
                    generated: support::STORES,
                    known: support::KNOWN_STORES.to_vec(),
                };
                // `postgres://host/db` and `postgresql` mean the planned store.
                self.report(if kind.starts_with("postgres") {
                    vocabulary.not_generated("postgres", text)
                } else {
                    vocabulary.refuse(text)
                });
                None
            }
        }
    }

    pub(super) fn retention(&mut self, text: Option<&Text>) -> Option<u64> {
        let Some(text) = text else {
            return duration::seconds(defaults::RETENTION);
        };
        let word = text.get_ref();
        let seconds = self.seconds(text, "retention", defaults::RETENTION)?;
        if RETENTION.contains(&seconds) {
            return Some(seconds);
        }
        self.report(
            Diagnostic::new(
                Code::RetentionRange,
                format!("a retention of `{word}` is outside what AdCP allows"),
                text.span(),
                counted(seconds),
            )
            .note("allowed: from `1h` (3600 seconds) to `7d` (604800 seconds); recommended: `24h`")
            .help(if seconds < *RETENTION.start() {
                "write `retention = \"1h\"` or more"
            } else {
                "write `retention = \"7d\"` or less"
            }),
        );
        None
    }
}

fn unusable_database(text: &Text, path: &str, reason: database::Unusable) -> Diagnostic {
    let write = |store: &str| format!("write `store = \"{store}\"`");
    let file = format!("sqlite:{}", defaults::DATABASE);
    let (message, label, help) = match reason {
        database::Unusable::Empty => (
            "`sqlite:` needs the path of a file",
            "no usable path after the colon",
            format!("{}, or just `sqlite`", write(&file)),
        ),
        database::Unusable::InMemory => (
            "a SQLite database in memory is not offered",
            "would forget every media buy, like `memory`",
            format!("{} for development, or {}", write("memory"), write(&file)),
        ),
        database::Unusable::Options => (
            "options after the path of a database are not understood",
            "a path and nothing else",
            "remove the question mark and what follows it".to_owned(),
        ),
        database::Unusable::Folder => (
            "`sqlite:` needs the path of a file, not of a folder",
            "names a folder",
            write(&format!(
                "sqlite:{}/{}",
                path.trim_end_matches(['/', '\\']),
                defaults::DATABASE
            )),
        ),
        database::Unusable::Home => (
            "`~` means a home folder to a shell only",
            "a folder called `~` would be looked for",
            format!("write the whole path, or {}", write(&file)),
        ),
        database::Unusable::Letter => (
            "the path of the database has a quote or a control character in it",
            "ends up in environment files, where it would be misread",
            format!("rename the file, for example {}", write(&file)),
        ),
    };
    Diagnostic::new(Code::StorePath, message, text.span(), label).help(help)
}
