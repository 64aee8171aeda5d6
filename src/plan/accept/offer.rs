//! What the seller does: transports, specialisms, pricing.

use super::Check;
use super::vocabulary::Vocabulary;
use crate::manifest::written::{Manifest, Text, Texts};
use crate::manifest::{Code, Diagnostic, words};
use crate::plan::support::{self, defaults};
use crate::plan::{LineFacts, Transport, tools};

impl Check {
    pub(super) fn transports(&mut self, texts: Option<&Texts>) -> Option<Vec<Transport>> {
        let Some(texts) = texts else {
            return Some(Transport::ALL.to_vec());
        };
        let vocabulary = Vocabulary {
            subject: "a transport",
            key: "transports",
            required: false,
            generated: support::TRANSPORTS,
            known: support::TRANSPORTS.to_vec(),
        };
        let words = self.list(texts, &vocabulary)?;
        words.iter().map(|word| Transport::of(word)).collect()
    }

    pub(super) fn specialisms(
        &mut self,
        texts: Option<&Texts>,
        facts: Option<&LineFacts>,
    ) -> Option<Vec<String>> {
        let (texts, facts) = (texts?, facts?);
        let subject = format!("a specialism of AdCP {}", facts.line);
        let vocabulary = Vocabulary {
            subject: &subject,
            key: "specialisms",
            required: true,
            generated: support::SPECIALISMS,
            known: facts.specialisms.keys().map(String::as_str).collect(),
        };
        self.list(texts, &vocabulary)
    }

    /// Says which tools the line lacks; the seller is generated without them.
    pub(super) fn tools(&mut self, adcp: Option<&Text>, facts: &LineFacts, specialisms: &[String]) {
        let lacking = tools::lacking(facts, specialisms);
        if let (Some(adcp), false) = (adcp, lacking.is_empty()) {
            self.report(
                Diagnostic::new(
                    Code::LineLacksTools,
                    format!(
                        "AdCP {} as it is at hand lacks {}",
                        facts.line,
                        words::list(lacking)
                    ),
                    adcp.span(),
                    "the seller is generated without, and storyboards will fail",
                )
                .help(format!(
                    "see `adcp-scaffold spec list`; add a newer bundle with `adcp-scaffold spec add \
                     PATH`, or go back to what is built in with `adcp-scaffold spec remove {}`",
                    facts.line
                )),
            );
        }
    }

    pub(super) fn pricing_models(
        &mut self,
        texts: Option<&Texts>,
        facts: Option<&LineFacts>,
    ) -> Option<Vec<String>> {
        let Some(texts) = texts else {
            return Some(owned(defaults::PRICING_MODELS));
        };
        let facts = facts?;
        let subject = format!("a pricing model of AdCP {}", facts.line);
        let vocabulary = Vocabulary {
            subject: &subject,
            key: "pricing.models",
            required: false,
            generated: support::PRICING_MODELS,
            known: facts.pricing_models.iter().map(String::as_str).collect(),
        };
        self.list(texts, &vocabulary)
    }

    pub(super) fn auction(&mut self, manifest: &Manifest) -> bool {
        let written = manifest
            .pricing
            .as_ref()
            .and_then(|pricing| pricing.auction.as_ref());
        let specialisms = manifest
            .specialisms
            .iter()
            .flat_map(|specialisms| specialisms.get_ref());
        let words = specialisms.clone().map(|slug| slug.get_ref().as_str());
        let auction = written.map_or_else(
            || defaults::auction(words.clone()),
            |written| *written.get_ref(),
        );
        let mut guaranteed = specialisms
            .filter(|slug| support::GUARANTEED_SPECIALISMS.contains(&slug.get_ref().as_str()));
        if let (Some(written), Some(first)) = (written, guaranteed.next())
            && auction
            && support::is_all_guaranteed(words)
        {
            self.report(
                Diagnostic::new(
                    Code::AuctionOnGuaranteed,
                    "an auction price on guaranteed products",
                    written.span(),
                    "a floor price is where bidding starts",
                )
                .related(
                    first.span(),
                    "every product of this specialism is guaranteed",
                )
                .note("a guarantee needs a price that is known before the buy: `fixed_price`")
                .help("write `auction = false`, or claim `sales-non-guaranteed` as well"),
            );
        }
        auction
    }
}

fn owned(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}
