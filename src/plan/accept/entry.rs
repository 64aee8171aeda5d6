//! How buyers come in: access tokens, limits, and the largest request.

use std::ops::RangeInclusive;

use url::Url;

use super::Check;
use super::tools::{List, Offer};
use crate::manifest::written::{Auth, Count, Limits, Manifest, Text};
use crate::manifest::{Code, Diagnostic};
use crate::plan::address::{self, Unusable};
use crate::plan::entry::{CALLS, LARGEST, burst, fresh_keys as fresh_keys_of};
use crate::plan::support::defaults;
use crate::plan::{EntryPlan, OAuthPlan, RatePlan, size};

impl Check {
    /// How buyers come in. `offer` is what they can call, where that is known.
    pub(super) fn entry(
        &mut self,
        manifest: &Manifest,
        offer: Option<&Offer<'_>>,
    ) -> Option<EntryPlan> {
        let oauth = match &manifest.auth {
            Some(auth) => self.oauth(auth, manifest.url.is_some(), offer).map(Some),
            None => Some(None),
        };
        let nothing = Limits::default();
        let limits = manifest.limits.as_ref().unwrap_or(&nothing);
        let rate = self.rate(limits);
        let fresh_keys = match &limits.fresh_keys {
            Some(count) => self.count(count, "fresh_keys", defaults::FRESH_KEYS),
            None => Some(defaults::FRESH_KEYS),
        };
        let idempotency = manifest.idempotency.as_ref();
        let largest = self.largest(idempotency.and_then(|table| table.largest.as_ref()));
        Some(EntryPlan {
            oauth: oauth?,
            rate: rate?,
            fresh_keys: fresh_keys.map(fresh_keys_of)?,
            largest_request: largest?,
        })
    }

    fn oauth(
        &mut self,
        auth: &Auth,
        has_url: bool,
        offer: Option<&Offer<'_>>,
    ) -> Option<OAuthPlan> {
        let issuer = auth.issuer.as_ref().and_then(|text| self.issuer(text));
        let audience = match &auth.audience {
            Some(text) => self.audience(text).map(Some),
            None => Some(None),
        };
        if let (Some(text), None, false) = (&auth.issuer, &auth.audience, has_url) {
            self.audience_is_unknown(text);
        }
        let scopes = self.scopes(auth, offer);
        Some(OAuthPlan {
            issuer: issuer?,
            audience: audience?,
            scopes: scopes?,
        })
    }

    /// An issuer identifier (RFC 8414, 2), kept to the letter since tokens are compared with it.
    fn issuer(&mut self, text: &Text) -> Option<String> {
        let word = text.get_ref();
        let (label, help) = match address::check_url(word) {
            _ if !word.bytes().all(|byte| byte.is_ascii_graphic()) => (
                "has a space or a letter in it that no URL has".to_owned(),
                "write it as your authorization server's metadata has it".to_owned(),
            ),
            Ok(url) if url.query().is_some() || url.fragment().is_some() => (
                "goes on with a query or a fragment".to_owned(),
                "remove everything from the `?` or `#` on".to_owned(),
            ),
            Ok(_) => return Some(word.clone()),
            Err(Unusable::Credentials) => (
                "carries a user name or password".to_owned(),
                "remove everything up to and including `@`".to_owned(),
            ),
            Err(Unusable::PlainHttp(secure)) => {
                let secure = match word.ends_with('/') {
                    true => secure.as_str(),
                    false => secure.trim_end_matches('/'),
                };
                (
                    "plain `http` is for this machine only: anybody on the way could sign tokens"
                        .to_owned(),
                    format!("write `issuer = \"{secure}\"`, if it is served there"),
                )
            }
            Err(reason) => (
                match reason {
                    Unusable::Malformed(detail) => detail,
                    Unusable::Host(host) => format!("`{host}` is not the name of a host"),
                    _ => "expected an `https` URL".to_owned(),
                },
                "for example `issuer = \"https://login.acme.example\"`".to_owned(),
            ),
        };
        self.report(
            Diagnostic::new(
                Code::Issuer,
                "this can't be the issuer of access tokens",
                text.span(),
                label,
            )
            .note("it has to be what the `iss` of a token says, to the letter")
            .help(help),
        );
        None
    }

    /// What tokens are issued for: a name, or a URI when it holds a colon (RFC 7519, 2), without a
    /// fragment (RFC 8707, 2).
    fn audience(&mut self, text: &Text) -> Option<String> {
        let word = text.get_ref();
        let fault = if word.is_empty() {
            "is empty".to_owned()
        } else if word
            .chars()
            .any(|letter| letter.is_whitespace() || letter.is_control())
        {
            "has a space or a control character in it".to_owned()
        } else if !word.contains(':') {
            return Some(word.clone());
        } else {
            match Url::parse(word) {
                Ok(url) if url.fragment().is_some() => "goes on with a fragment".to_owned(),
                Ok(_) => return Some(word.clone()),
                Err(error) => format!("with a colon it has to be a URI: {error}"),
            }
        };
        self.report(
            Diagnostic::new(
                Code::Audience,
                format!("`{word}` can't be the audience of access tokens"),
                text.span(),
                fault,
            )
            .note("it has to be what the `aud` of a token holds, to the letter")
            .help("for example `audience = \"https://ads.acme.example/mcp\"`"),
        );
        None
    }

    /// Says that nobody can know yet what a token has to be issued for.
    fn audience_is_unknown(&mut self, issuer: &Text) {
        self.report(
            Diagnostic::new(
                Code::AudienceUnknown,
                "access tokens, and neither `url` nor `audience`",
                issuer.span(),
                "what its tokens have to be issued for is not known",
            )
            .note("without both, only tokens for the address it listens on are taken")
            .help("write `url = \"https://…\"` at the top, or `audience = \"…\"` below `[auth]`"),
        );
    }

    /// What each scope lets a buyer call, sorted by scope.
    fn scopes(
        &mut self,
        auth: &Auth,
        offer: Option<&Offer<'_>>,
    ) -> Option<Vec<(String, Vec<String>)>> {
        let Some(scopes) = &auth.scopes else {
            return Some(Vec::new());
        };
        if scopes.get_ref().is_empty() {
            self.report(
                Diagnostic::new(
                    Code::EmptyList,
                    "`auth.scopes` is empty",
                    scopes.span(),
                    "needs at least one",
                )
                .help(
                    "add one, for example `\"adcp:read\" = [\"get_products\"]`, or remove the \
                     table: every token is then good for every tool",
                ),
            );
        }
        let before = self.diagnostics.len();
        let mut found = Vec::new();
        for (scope, tools) in scopes.get_ref() {
            self.scope(scope);
            let list = List {
                key: "auth.scopes",
                empty: Some("name a tool, or remove the scope"),
                operations: false,
            };
            let tools = self.list_of_tools(tools, &list, offer);
            found.push((scope.get_ref().clone(), tools));
        }
        (self.diagnostics.len() == before && !found.is_empty()).then_some(found)
    }

    /// One name of a scope (RFC 6749, 3.3).
    fn scope(&mut self, text: &Text) {
        let word = text.get_ref();
        let visible = |byte: u8| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\';
        if word.is_empty() || !word.bytes().all(visible) {
            self.report(
                Diagnostic::new(
                    Code::Scope,
                    format!("`{word}` can't be a scope"),
                    text.span(),
                    "expected visible ASCII without spaces, quotes and backslashes",
                )
                .help("for example `\"adcp:read\" = [\"get_products\"]`"),
            );
        }
    }

    /// How many calls one buyer may make. The outer `None` says that something is wrong with it.
    fn rate(&mut self, limits: &Limits) -> Option<Option<RatePlan>> {
        let at_once = match &limits.burst {
            Some(count) => self.count(count, "burst", 60).map(Some),
            None => Some(None),
        };
        let Some(per_minute) = &limits.per_minute else {
            if let Some(burst) = &limits.burst {
                self.report(
                    Diagnostic::new(
                        Code::MissingKey,
                        "`limits.per_minute` is missing",
                        burst.span(),
                        "says nothing without `per_minute`",
                    )
                    .help("add a line `per_minute = 600` below `[limits]`, or remove `burst`"),
                );
                return None;
            }
            return Some(None);
        };
        let (per_minute, at_once) = (self.count(per_minute, "per_minute", 600)?, at_once?);
        Some(Some(RatePlan {
            per_minute,
            burst: at_once.unwrap_or_else(|| burst(per_minute)),
        }))
    }

    /// How many there may be.
    fn count(&mut self, count: &Count, key: &str, example: u32) -> Option<u32> {
        let number = *count.get_ref();
        if CALLS.contains(&number) {
            return u32::try_from(number).ok();
        }
        let few = number < *CALLS.start();
        self.report(
            Diagnostic::new(
                Code::CountRange,
                format!("`{key}` is {number}"),
                count.span(),
                if few {
                    "nobody could call"
                } else {
                    "more than a limit has a use for"
                },
            )
            .note(allowed(&CALLS))
            .help(format!(
                "write `{key} = {example}`, or remove it for the default"
            )),
        );
        None
    }

    /// The largest request that is kept for replays, in bytes.
    fn largest(&mut self, text: Option<&Text>) -> Option<u64> {
        let Some(text) = text else {
            return size::bytes(defaults::LARGEST);
        };
        let word = text.get_ref();
        let (code, message, label) = match size::bytes(word) {
            Some(bytes) if LARGEST.contains(&bytes) => return Some(bytes),
            Some(bytes) => (
                Code::SizeRange,
                format!(
                    "`{word}` is too {} for the largest request",
                    if bytes < *LARGEST.start() {
                        "small"
                    } else {
                        "large"
                    }
                ),
                match bytes {
                    u64::MAX => "more bytes than can be counted".to_owned(),
                    bytes => format!("{bytes} bytes"),
                },
            ),
            None => (
                Code::Size,
                format!("`{word}` is not a size"),
                "expected a whole number and `KiB` or `MiB`".to_owned(),
            ),
        };
        self.report(
            Diagnostic::new(code, message, text.span(), label)
                .note(format!(
                    "allowed: from `{}` to `{}`; by default `{}`",
                    size::text(*LARGEST.start()),
                    size::text(*LARGEST.end()),
                    defaults::LARGEST
                ))
                .help(format!("for example `largest = \"{}\"`", defaults::LARGEST)),
        );
        None
    }
}

fn allowed(bounds: &RangeInclusive<i64>) -> String {
    format!("allowed: from {} to {}", bounds.start(), bounds.end())
}
