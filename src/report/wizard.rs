//! The few questions that `new` asks on a terminal: four, each with a default.
//!
//! Answers are judged by the same rules as a manifest's lines; a name is checked while it is
//! typed, since everything else is picked from what is generated.

use std::io;

use crate::manifest::Answers;
use crate::plan::name;
use crate::plan::support::{self, defaults};

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
    cliclack::outro("that is all")?;
    Ok(Answers {
        name: Some(name),
        adcp: Some(adcp),
        specialisms,
        pricing_models: pricing,
        store: Some(store.to_owned()),
        ..Answers::default()
    })
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
