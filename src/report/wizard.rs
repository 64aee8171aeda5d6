//! The few questions that `new` asks on a terminal, each with a default: pressing Enter all the way
//! gives the seller that `--yes` gives.
//!
//! Answers are judged by the same rules as a manifest's lines; a name is checked while it is
//! typed, since everything else is picked from what is generated.

use std::io;

use crate::manifest::Answers;
use crate::plan::name;
use crate::plan::support::{self, PROPOSAL_SPECIALISM, defaults};

/// Asks for a manifest. `suggested` is the name that the folder suggests; `lines` are the AdCP
/// lines at hand.
///
/// # Errors
/// The terminal can't be used, or the person pressed Ctrl-C or Esc (`Interrupted`).
pub fn ask(suggested: Option<String>, lines: &[String]) -> io::Result<Answers> {
    cliclack::intro("a new AdCP seller")?;
    let suggested = suggested.unwrap_or_else(|| "acme-media".to_owned());
    let name: String = cliclack::input("What is it called?")
        .default_input(&suggested)
        .placeholder(&suggested)
        .validate(|typed: &String| match name::check(typed) {
            Ok(()) => Ok(()),
            Err(_) => Err(name::suggest(typed).map_or_else(
                || "lower-case letters, digits and hyphens".to_owned(),
                |better| format!("not usable as a crate name; `{better}` is"),
            )),
        })
        .interact()?;
    let adcp = match lines {
        [] => defaults::LINE.to_owned(),
        [only] => only.clone(),
        several => {
            let mut question = cliclack::select("Which AdCP line?");
            for line in several {
                question = question.item(line.clone(), line, "");
            }
            question
                .initial_value(defaults::LINE.to_owned())
                .interact()?
        }
    };
    let specialisms = choose(
        "What does it do?",
        support::SPECIALISMS,
        defaults::SPECIALISMS,
    )?;
    let pricing = choose(
        "How are its products priced?",
        support::PRICING_MODELS,
        defaults::PRICING_MODELS,
    )?;
    let store = cliclack::select("Where does it keep its state?")
        .item("sqlite", "SQLite", "one file, for a single process")
        .item("memory", "memory", "forgets everything; development only")
        .interact()?;
    let proposals = proposals(&specialisms)?;
    let approvals = approvals(proposals)?;
    let recipe = recipe()?;
    cliclack::outro("that is all")?;
    Ok(Answers {
        name: Some(name),
        adcp: Some(adcp),
        specialisms,
        pricing_models: pricing,
        store: Some(store.to_owned()),
        finalize: match proposals {
            Proposals::None => None,
            Proposals::Bought => Some(false),
            Proposals::Finalized => Some(true),
        },
        approvals,
        recipe,
        ..Answers::default()
    })
}

/// How proposals are made.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Proposals {
    /// Not at all.
    None,
    /// Ready to be bought.
    Bought,
    /// To be finalized before they are bought.
    Finalized,
}

/// Asks what a specialism doesn't settle: the one of proposals is tested for finalizing them.
fn proposals(specialisms: &[String]) -> io::Result<Proposals> {
    if specialisms.iter().any(|slug| slug == PROPOSAL_SPECIALISM) {
        return Ok(Proposals::Finalized);
    }
    cliclack::select("Does it make proposals for a brief?")
        .item(Proposals::None, "no", "products only")
        .item(
            Proposals::Finalized,
            "yes, finalized",
            "held at a firm price before they are bought",
        )
        .item(Proposals::Bought, "yes, as they are", "nothing is held")
        .interact()
}

/// What waits for a person; nothing, unless it is picked.
fn approvals(proposals: Proposals) -> io::Result<Vec<String>> {
    let finalize = proposals == Proposals::Finalized;
    let mut prompt =
        cliclack::multiselect("What has to wait for a person to agree?").required(false);
    for operation in support::APPROVALS {
        if finalize || *operation != "finalize" {
            prompt = prompt.item((*operation).to_owned(), operation, "");
        }
    }
    prompt.interact()
}

/// What is known about products and kept from buyers.
fn recipe() -> io::Result<Option<String>> {
    let mut prompt = cliclack::select("Does the ad server need settings that buyers must not see?")
        .item(None, "no", "nothing, or you say later in `[recipe]`");
    for preset in support::RECIPE_PRESETS {
        prompt = prompt.item(Some((*preset).to_owned()), preset, "");
    }
    prompt.interact()
}

/// Several of a few words; the only one is not worth a question.
fn choose(question: &str, words: &[&str], initial: &[&str]) -> io::Result<Vec<String>> {
    if let [only] = words {
        return Ok(vec![(*only).to_owned()]);
    }
    let mut prompt = cliclack::multiselect(question)
        .initial_values(initial.iter().map(|word| (*word).to_owned()).collect());
    for word in words {
        prompt = prompt.item((*word).to_owned(), word, "");
    }
    prompt.interact()
}
