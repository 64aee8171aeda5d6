//! How proposals are made and what waits for a person.

use super::Check;
use super::span::Span;
use super::vocabulary::Vocabulary;
use crate::manifest::written::{Approval, Manifest, Proposals, Text};
use crate::manifest::{Code, Diagnostic};
use crate::plan::proposals::{GRACE, HOLD, KEPT, WITHIN};
use crate::plan::support::{self, PROPOSAL_SPECIALISM, defaults};
use crate::plan::{ApprovalPlan, ProposalsPlan, Store, duration};

/// The span for which a finalized proposal is held.
const HOLD_SPAN: Span = Span {
    key: "hold",
    purpose: "for a hold",
    default: defaults::HOLD,
    bounds: HOLD,
    reason: None,
};

/// The span for which a proposal is still taken after its expiry.
const GRACE_SPAN: Span = Span {
    key: "grace",
    purpose: "for a grace",
    default: defaults::GRACE,
    bounds: GRACE,
    reason: Some("grace is for calls on their way; for more time write a longer `hold`"),
};

/// The span for which drafts are kept.
const DRAFTS_SPAN: Span = Span {
    key: "drafts",
    purpose: "to keep drafts",
    default: defaults::DRAFTS,
    bounds: KEPT,
    reason: None,
};

/// The span for which expired proposals are kept.
const EXPIRED_SPAN: Span = Span {
    key: "expired",
    purpose: "to keep expired proposals",
    default: defaults::EXPIRED,
    bounds: KEPT,
    reason: None,
};

/// The span for which an operation waits.
const WITHIN_SPAN: Span = Span {
    key: "within",
    purpose: "for a decision",
    default: defaults::WITHIN,
    bounds: WITHIN,
    reason: None,
};

impl Check {
    /// How proposals are made. The outer `None` says that something is wrong with it.
    pub(super) fn proposals(&mut self, manifest: &Manifest) -> Option<Option<ProposalsPlan>> {
        let promised = manifest.specialisms.as_ref().and_then(|specialisms| {
            specialisms
                .get_ref()
                .iter()
                .find(|slug| slug.get_ref() == PROPOSAL_SPECIALISM)
        });
        let nothing = Proposals::default();
        let written = match (&manifest.proposals, promised) {
            (Some(written), _) => written,
            (None, Some(_)) => &nothing,
            (None, None) => return Some(None),
        };
        if let Some(slug) = promised {
            self.promises_less(written, slug);
        }
        let truth = |written: &Option<toml::Spanned<bool>>, default: bool| {
            written
                .as_ref()
                .map_or(default, |written| *written.get_ref())
        };
        let finalize = truth(&written.finalize, defaults::FINALIZE);
        if !finalize {
            self.counts_from_finalizing("hold", written.hold.as_ref());
            self.counts_from_finalizing("expired", written.expired.as_ref());
        }
        let hold = self.span(written.hold.as_ref(), &HOLD_SPAN);
        let grace = self.span(written.grace.as_ref(), &GRACE_SPAN);
        let drafts = self.span(written.drafts.as_ref(), &DRAFTS_SPAN);
        let expired = self.span(written.expired.as_ref(), &EXPIRED_SPAN);
        if let (true, Some(hold), Some(grace), Some(text)) =
            (finalize, hold, grace, written.grace.as_ref())
            && grace > hold
        {
            self.outlasts_the_hold(text, written.hold.as_ref(), hold);
        }
        Some(Some(ProposalsPlan {
            refine: truth(&written.refine, defaults::REFINE),
            finalize,
            hold_seconds: hold?,
            grace_seconds: grace?,
            draft_ttl_seconds: drafts?,
            expired_ttl_seconds: expired?,
        }))
    }

    /// Says where a seller of proposals promises less than it will be tested for.
    fn promises_less(&mut self, written: &Proposals, slug: &Text) {
        for (key, truth) in [("refine", &written.refine), ("finalize", &written.finalize)] {
            if let Some(truth) = truth
                && !truth.get_ref()
            {
                self.report(
                    Diagnostic::new(
                        Code::ProposalStoryboards,
                        format!("the storyboards of `{PROPOSAL_SPECIALISM}` {key} proposals"),
                        truth.span(),
                        "the seller is generated without, and they will fail",
                    )
                    .related(slug.span(), "claimed here")
                    .help(format!(
                        "remove `{key}`, or don't claim `{PROPOSAL_SPECIALISM}`: \
                         `[proposals]` works without it"
                    )),
                );
            }
        }
    }

    /// Says that a span has nothing to count from.
    fn counts_from_finalizing(&mut self, key: &str, written: Option<&Text>) {
        if let Some(written) = written {
            self.report(
                Diagnostic::new(
                    Code::SpanUnused,
                    format!("`{key}` counts from finalizing, and nothing is finalized"),
                    written.span(),
                    "means nothing with `finalize = false`",
                )
                .help(format!("remove `{key}`, or write `finalize = true`")),
            );
        }
    }

    /// Says that a proposal is taken for longer after its expiry than before it.
    fn outlasts_the_hold(&mut self, grace: &Text, written: Option<&Text>, hold: u64) {
        let mut diagnostic = Diagnostic::new(
            Code::GraceOutlastsHold,
            format!(
                "`grace` of {} outlasts the hold of {}",
                grace.get_ref(),
                duration::text(hold)
            ),
            grace.span(),
            "buyers are told of the hold alone",
        );
        if let Some(written) = written {
            diagnostic = diagnostic.related(written.span(), "inventory is held for so long");
        }
        self.report(diagnostic.help("write a longer `hold`, or a `grace` of seconds"));
    }

    /// What waits for a person. `proposals` is how they are made, where that is known.
    pub(super) fn approval(
        &mut self,
        manifest: &Manifest,
        proposals: Option<Option<ProposalsPlan>>,
    ) -> Option<ApprovalPlan> {
        let Some(written) = &manifest.approval else {
            return Some(ApprovalPlan::NONE);
        };
        let within = self.span(written.within.as_ref(), &WITHIN_SPAN);
        let vocabulary = Vocabulary {
            subject: "an operation that can wait for approval",
            key: "approval.operations",
            required: true,
            generated: support::APPROVALS,
            known: support::APPROVALS.to_vec(),
        };
        self.never_finalized(written, manifest, proposals);
        let operations = self.list(written.operations.as_ref()?, &vocabulary)?;
        let waits = |operation: &str| operations.iter().any(|word| word == operation);
        Some(ApprovalPlan {
            finalize: waits("finalize"),
            create_media_buy: waits("create_media_buy"),
            within_seconds: within?,
        })
    }

    /// Refuses approval of finalizing by a seller that never finalizes.
    fn never_finalized(
        &mut self,
        written: &Approval,
        manifest: &Manifest,
        proposals: Option<Option<ProposalsPlan>>,
    ) {
        let word = written.operations.as_ref().and_then(|operations| {
            operations
                .get_ref()
                .iter()
                .find(|operation| operation.get_ref() == "finalize")
        });
        let (Some(word), Some(proposals)) = (word, proposals) else {
            return;
        };
        let (message, help) = match proposals {
            Some(ProposalsPlan { finalize: true, .. }) => return,
            Some(_) => (
                "approval of `finalize`, and proposals that are never finalized",
                "write `finalize = true` in `[proposals]`, or take `finalize` out of `operations`",
            ),
            None => (
                "approval of `finalize`, and no proposals",
                "add a table `[proposals]`, or take `finalize` out of `operations`",
            ),
        };
        let diagnostic = Diagnostic::new(
            Code::NeedsFinalize,
            message,
            word.span(),
            "nobody will ever be asked",
        );
        let denied = manifest
            .proposals
            .as_ref()
            .and_then(|proposals| proposals.finalize.as_ref());
        self.report(
            match denied {
                Some(denied) => diagnostic.related(denied.span(), "never finalized"),
                None => diagnostic,
            }
            .help(help),
        );
    }

    /// Says that finalized proposals in memory take a flag to start.
    pub(super) fn finalize_in_memory(
        &mut self,
        text: Option<&Text>,
        store: &Store,
        proposals: Option<ProposalsPlan>,
    ) {
        if let (Some(text), Store::Memory, Some(ProposalsPlan { finalize: true, .. })) =
            (text, store, proposals)
        {
            self.report(
                Diagnostic::new(
                    Code::FinalizeInMemory,
                    "finalized proposals in memory: the seller starts with `--development` only",
                    text.span(),
                    "forgets what it has promised to hold",
                )
                .help("write `store = \"sqlite\"`, or start it with `--development`"),
            );
        }
    }
}
