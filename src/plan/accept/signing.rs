//! Signatures on requests, and how long notifications are tried.

use super::Check;
use super::span::Span;
use super::tools::{List, Offer};
use super::vocabulary::Vocabulary;
use crate::manifest::written::{Manifest, Signing, Text, Texts};
use crate::manifest::{Code, Diagnostic};
use crate::plan::signing::RETRY;
use crate::plan::support::{self, defaults};
use crate::plan::{DigestPolicy, LineFacts, SigningPlan, WebhooksPlan};

/// The operation by which buyers learn what has to be signed.
const DISCOVERY: &str = "get_adcp_capabilities";

impl Check {
    /// Signatures on requests. `offer` is what buyers can call, where that is known.
    pub(super) fn signing(
        &mut self,
        manifest: &Manifest,
        facts: Option<&LineFacts>,
        offer: Option<&Offer<'_>>,
    ) -> Option<SigningPlan> {
        let nothing = Signing::default();
        let written = manifest.signing.as_ref().unwrap_or(&nothing);
        let verify = written
            .verify
            .as_ref()
            .map_or(defaults::VERIFY, |written| *written.get_ref());
        if !verify {
            self.never_verified(written);
        }
        let before = self.diagnostics.len();
        let required = self.operations(written.required.as_ref(), "signing.required", offer);
        let warn = self.operations(written.warn.as_ref(), "signing.warn", offer);
        self.signed_discovery(written.required.as_ref());
        self.required_and_let_pass(written);
        let digest = self.digest(written.digest.as_ref(), facts);
        if self.diagnostics.len() > before {
            return None;
        }
        Some(SigningPlan {
            verify,
            digest: digest?,
            required,
            warn,
        })
    }

    fn operations(
        &mut self,
        texts: Option<&Texts>,
        key: &'static str,
        offer: Option<&Offer<'_>>,
    ) -> Vec<String> {
        let list = List {
            key,
            empty: None,
            operations: true,
        };
        texts.map_or_else(Vec::new, |texts| self.list_of_tools(texts, &list, offer))
    }

    /// Refuses what only a verified signature could do.
    fn never_verified(&mut self, written: &Signing) {
        let asked = [("required", &written.required), ("warn", &written.warn)]
            .into_iter()
            .filter_map(|(key, texts)| Some((key, texts.as_ref()?)))
            .find(|(_, texts)| !texts.get_ref().is_empty());
        let asked = asked.map(|(key, texts)| (key, texts.span()));
        let digest = written.digest.as_ref().map(|text| ("digest", text.span()));
        let (Some((key, span)), Some(verify)) = (asked.or(digest), &written.verify) else {
            return;
        };
        self.report(
            Diagnostic::new(
                Code::SigningOff,
                format!("`{key}` asks something of signatures that are never verified"),
                span,
                "nothing looks at them",
            )
            .related(verify.span(), "turned off here")
            .help(format!("write `verify = true`, or remove `{key}`")),
        );
    }

    /// Refuses a signature for the call by which a buyer finds out that it needs one.
    fn signed_discovery(&mut self, required: Option<&Texts>) {
        let mut texts = required.into_iter().flat_map(|texts| texts.get_ref());
        if let Some(text) = texts.find(|text| text.get_ref() == DISCOVERY) {
            self.report(
                Diagnostic::new(
                    Code::SignedDiscovery,
                    format!("`{DISCOVERY}` can't require a signature"),
                    text.span(),
                    "buyers learn from it what they have to sign",
                )
                .help(format!("take `{DISCOVERY}` out of `required`")),
            );
        }
    }

    /// Refuses an operation that is refused without a signature, and let in with a bad one.
    fn required_and_let_pass(&mut self, written: &Signing) {
        let (Some(required), Some(warn)) = (&written.required, &written.warn) else {
            return;
        };
        for text in warn.get_ref() {
            let mut others = required.get_ref().iter();
            if let Some(other) = others.find(|other| other.get_ref() == text.get_ref()) {
                self.report(
                    Diagnostic::new(
                        Code::SignatureTwice,
                        format!("`{}` is in `required` and in `warn`", text.get_ref()),
                        text.span(),
                        "let in with a bad signature",
                    )
                    .related(other.span(), "refused without a good one")
                    .help("remove one of the two"),
                );
            }
        }
    }

    /// Whether signatures cover the body; by default what the line asks for.
    fn digest(&mut self, text: Option<&Text>, facts: Option<&LineFacts>) -> Option<DigestPolicy> {
        let facts = facts?;
        let Some(text) = text else {
            return Some(if facts.digest_is_required {
                DigestPolicy::Required
            } else {
                DigestPolicy::Either
            });
        };
        let policy = DigestPolicy::ALL
            .into_iter()
            .find(|policy| policy.word() == text.get_ref());
        match policy {
            Some(DigestPolicy::Required) => policy,
            Some(_) if facts.digest_is_required => {
                self.report(
                    Diagnostic::new(
                        Code::DigestOfLine,
                        format!(
                            "`digest = \"{}\"` is not allowed in AdCP {}",
                            text.get_ref(),
                            facts.line
                        ),
                        text.span(),
                        "a body that is not signed can be changed on the way",
                    )
                    .help("write `digest = \"required\"`, or remove it"),
                );
                None
            }
            Some(_) => policy,
            None => {
                let vocabulary = Vocabulary {
                    subject: "a policy for the digest of the body",
                    key: "signing.digest",
                    required: false,
                    generated: support::DIGESTS,
                    known: support::DIGESTS.to_vec(),
                };
                self.report(vocabulary.refuse(text));
                None
            }
        }
    }

    /// How buyers are told of what happens.
    pub(super) fn webhooks(
        &mut self,
        manifest: &Manifest,
        facts: Option<&LineFacts>,
    ) -> Option<WebhooksPlan> {
        let written = manifest.webhooks.as_ref();
        let of_line = facts.and_then(|facts| facts.retry.clone());
        let span = Span {
            key: "retry",
            purpose: "to try a notification",
            default: defaults::RETRY,
            reason: of_line
                .is_some()
                .then_some("this AdCP line sets bounds of its own"),
            bounds: of_line.map_or(RETRY, |line| {
                *RETRY.start().max(line.start())..=*RETRY.end().min(line.end())
            }),
        };
        let retry = self.span(written.and_then(|table| table.retry.as_ref()), &span)?;
        Some(WebhooksPlan {
            retry_seconds: retry,
        })
    }
}
