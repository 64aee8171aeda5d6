//! Who the seller is: AdCP line, name, public address.

use super::Check;
use crate::manifest::written::Text;
use crate::manifest::{Code, Diagnostic, words};
use crate::plan::{LineFacts, Lines, address, name, support};
use crate::spec::store::is_line;

impl Check {
    pub(super) fn line(&mut self, adcp: Option<&Text>, lines: &dyn Lines) -> Option<LineFacts> {
        let names = lines.names();
        // Without a line the newest one stands in, so that other words can be judged: the
        // manifest is refused anyway. What is written like a line may well have other words.
        let stand_in = || lines.facts(names.last()?);
        let Some(adcp) = adcp else {
            return stand_in();
        };
        let word = adcp.get_ref();
        let well_formed = is_line(word);
        // Only what is written like a line is looked up: lines are folders on a disk.
        if well_formed && let Some(facts) = lines.facts(word) {
            return Some(facts);
        }
        let numbers: Vec<&str> = word.trim_start_matches('v').split('.').collect();
        let line = numbers
            .iter()
            .take(2)
            .copied()
            .collect::<Vec<_>>()
            .join(".");
        let (message, label, help) = if names.contains(&line) {
            (
                format!("AdCP line `{word}` is not known"),
                "a line is major and minor only".to_owned(),
                format!("write `adcp = \"{line}\"`"),
            )
        } else if support::PUBLISHED_LINES.contains(&line.as_str()) {
            (
                format!("AdCP line `{line}` is not built in"),
                "known, and not at hand here".to_owned(),
                format!(
                    "add it with `adcp-scaffold spec add PATH`: PATH is the folder of AdCP {line} \
                     schemas in the package `adcp` of PyPI, or the protocol's own .tgz"
                ),
            )
        } else {
            // Another line is another protocol, not a misspelling: nearness says something only
            // about what is not written like one.
            let near = (!well_formed)
                .then(|| words::did_you_mean(word, names.iter().map(String::as_str)))
                .flatten();
            (
                format!("AdCP line `{word}` is not known"),
                near.unwrap_or_else(|| match well_formed {
                    true => "no such line here".to_owned(),
                    false => "a line is major and minor, such as `3.0`".to_owned(),
                }),
                match names.last() {
                    Some(newest) if !well_formed => format!("for example `adcp = \"{newest}\"`"),
                    _ => {
                        "add an official bundle of it with `adcp-scaffold spec add PATH`".to_owned()
                    }
                },
            )
        };
        self.report(
            Diagnostic::new(Code::UnknownLine, message, adcp.span(), label)
                .note(format!(
                    "lines at hand: {}",
                    words::list(names.iter().map(String::as_str))
                ))
                .help(help),
        );
        if well_formed { None } else { stand_in() }
    }

    pub(super) fn name(&mut self, text: Option<&Text>) -> Option<String> {
        let text = text?;
        let word = text.get_ref();
        let Err(reason) = name::check(word) else {
            return Some(word.clone());
        };
        let (code, message, label) = match reason {
            name::Unusable::Empty => (
                Code::Name,
                "the name is empty".to_owned(),
                "needs a name".to_owned(),
            ),
            name::Unusable::Form => (
                Code::Name,
                format!("`{word}` can't be the name of a seller"),
                "lower-case letters, digits and single hyphens, starting with a letter".to_owned(),
            ),
            name::Unusable::Length => (
                Code::Name,
                format!(
                    "the name has {} letters, more than {}",
                    word.len(),
                    name::MAX_LENGTH
                ),
                "too long".to_owned(),
            ),
            name::Unusable::Keyword => (
                Code::ReservedName,
                format!("`{word}` is a keyword of Rust"),
                "can't be a crate".to_owned(),
            ),
            name::Unusable::Reserved(by) => (
                Code::ReservedName,
                format!("the name `{word}` is taken"),
                by.to_owned(),
            ),
        };
        let suggestion = name::suggest(word).unwrap_or_else(|| "acme-media".to_owned());
        self.report(
            Diagnostic::new(code, message, text.span(), label)
                .note("the name becomes a crate, a program and a folder")
                .help(format!("for example `name = \"{suggestion}\"`")),
        );
        None
    }

    pub(super) fn url(&mut self, text: Option<&Text>) -> Option<String> {
        let text = text?;
        let word = text.get_ref();
        let reason = match address::check(word) {
            Ok(origin) => return Some(origin),
            Err(reason) => reason,
        };
        let at = text.span();
        self.report(match reason {
            address::Unusable::Malformed(detail) => {
                Diagnostic::new(Code::Url, format!("`{word}` is not a URL"), at, detail)
                    .help("write scheme and host: `url = \"https://ads.acme.example\"`")
            }
            address::Unusable::Scheme(scheme) => Diagnostic::new(
                Code::Url,
                format!("`{scheme}` is not a scheme that buyers call"),
                at,
                "expected `https`",
            )
            .help("write scheme and host: `url = \"https://ads.acme.example\"`"),
            address::Unusable::Credentials => Diagnostic::new(
                Code::Url,
                "the URL carries a user name or password",
                at,
                "would be published with the capabilities",
            )
            .help("remove everything up to and including `@`"),
            address::Unusable::Host(host) => Diagnostic::new(
                Code::Url,
                format!("`{host}` is not the name of a host"),
                at,
                "expected letters, digits and hyphens between single dots",
            )
            .help("write scheme and host: `url = \"https://ads.acme.example\"`"),
            address::Unusable::MoreThanOrigin(origin) => Diagnostic::new(
                Code::UrlPath,
                "the URL goes on after the host",
                at,
                "expected scheme and host only",
            )
            .note("each transport adds its own path: buyers call `/mcp` below it")
            .help(format!("write `url = \"{origin}\"`")),
            address::Unusable::PlainHttp(origin) => Diagnostic::new(
                Code::PlainHttp,
                "plain `http` is for this machine only",
                at,
                "bearer tokens would travel in the clear",
            )
            .help(format!("write `url = \"{origin}\"`")),
        });
        None
    }
}
