//! What the seller keeps about its products that buyers never see: a preset, or a schema of its own.

use std::ops::Range;

use toml::Spanned;

use super::Check;
use super::vocabulary::Vocabulary;
use crate::manifest::companions::{Companions, MAX_BYTES, Unreadable};
use crate::manifest::written::{Recipe, Text};
use crate::manifest::{Code, Diagnostic, words};
use crate::plan::recipe::{self, MAX_KIND};
use crate::plan::support;
use crate::plan::{LineFacts, RecipeOwner, RecipePlan, RecipeSource};
use crate::wire::recipe::{RecipeError, RecipeSchema, from_schema, read};

impl Check {
    /// The recipe that a `[recipe]` table describes. The outer `None` says that something is wrong
    /// with it.
    pub(super) fn recipe(
        &mut self,
        written: Option<&Spanned<Recipe>>,
        facts: Option<&LineFacts>,
        companions: &dyn Companions,
    ) -> Option<Option<RecipePlan>> {
        let Some(table) = written else {
            return Some(None);
        };
        let written = table.get_ref();
        let owner = self.recipe_owner(written.owner.as_ref());
        let kind = written.kind.as_ref();
        let described = match (&written.preset, &written.schema) {
            (Some(preset), None) => self.preset(preset, kind),
            (None, Some(schema)) => {
                let known = self.own_recipe(schema, kind, companions);
                known.and_then(|(recipe, kind, source)| {
                    self.words(schema, &recipe, facts)?;
                    self.sample(schema, &recipe, owner);
                    Some((kind, source))
                })
            }
            (Some(preset), Some(schema)) => {
                self.report(
                    Diagnostic::new(
                        Code::RecipeOrigins,
                        "`recipe.schema` beside `preset`",
                        schema.span(),
                        "another recipe",
                    )
                    .related(preset.span(), "one recipe")
                    .help("keep one of the two: a seller has one kind of recipe"),
                );
                None
            }
            (None, None) => {
                self.report(
                    Diagnostic::new(
                        Code::RecipeOrigins,
                        "`[recipe]` describes no recipe",
                        table.span(),
                        "needs `preset`, or `schema` and `kind`",
                    )
                    .note(format!(
                        "presets: {}",
                        words::list(support::RECIPE_PRESETS.iter().copied())
                    ))
                    .help("for example `preset = \"gam\"`"),
                );
                None
            }
        };
        let (kind, source) = described?;
        Some(Some(RecipePlan {
            kind,
            source,
            owner: owner?,
        }))
    }

    fn recipe_owner(&mut self, text: Option<&Text>) -> Option<RecipeOwner> {
        let Some(text) = text else {
            return Some(RecipeOwner::Framework);
        };
        let owners = [RecipeOwner::Framework, RecipeOwner::Adopter];
        let owner = owners
            .into_iter()
            .find(|owner| owner.word() == text.get_ref());
        if owner.is_none() {
            let vocabulary = Vocabulary {
                subject: "an owner of recipes",
                key: "recipe.owner",
                required: false,
                generated: support::RECIPE_OWNERS,
                known: support::RECIPE_OWNERS.to_vec(),
            };
            self.report(vocabulary.refuse(text));
        }
        owner
    }

    /// A recipe that comes with the tool; its kind is its name.
    fn preset(&mut self, preset: &Text, kind: Option<&Text>) -> Option<(String, RecipeSource)> {
        if let Some(kind) = kind {
            self.report(
                Diagnostic::new(
                    Code::RecipeOrigins,
                    "`recipe.kind` beside `preset`",
                    kind.span(),
                    "a preset has a kind of its own",
                )
                .related(preset.span(), "its name is its kind")
                .help("remove `kind`, or write `schema` instead of `preset`"),
            );
        }
        let name = preset.get_ref();
        if !support::RECIPE_PRESETS.contains(&name.as_str()) {
            let vocabulary = Vocabulary {
                subject: "a preset of a recipe",
                key: "recipe.preset",
                required: false,
                generated: support::RECIPE_PRESETS,
                known: support::RECIPE_PRESETS.to_vec(),
            };
            self.report(
                vocabulary
                    .refuse(preset)
                    .help("for anything else use `schema` and `kind` instead of `preset`"),
            );
            return None;
        }
        kind.is_none()
            .then(|| (name.clone(), RecipeSource::Preset(name.clone())))
    }

    /// A recipe that the adopter describes.
    fn own_recipe(
        &mut self,
        schema: &Text,
        kind: Option<&Text>,
        companions: &dyn Companions,
    ) -> Option<(RecipeSchema, String, RecipeSource)> {
        let kind = match kind {
            Some(kind) => self.recipe_kind(kind),
            None => {
                self.report(
                    Diagnostic::new(
                        Code::RecipeOrigins,
                        "`recipe.schema` without `kind`",
                        schema.span(),
                        "a recipe of which kind?",
                    )
                    .note("`recipe_kind` says the same in every recipe, so that none is taken for another")
                    .help("add a line such as `kind = \"acme\"`"),
                );
                None
            }
        };
        let (recipe, source) = self.recipe_file(schema, kind.as_deref(), companions)?;
        Some((recipe?, kind?, source))
    }

    /// Whether the AdCP line has the words to which the schema limits an axis. What is limited to
    /// others could never be sold.
    fn words(
        &mut self,
        schema: &Text,
        recipe: &RecipeSchema,
        facts: Option<&LineFacts>,
    ) -> Option<()> {
        let facts = facts?;
        let axes = [
            ("pricing_models", "pricing model", &facts.pricing_models),
            ("delivery_types", "delivery type", &facts.delivery_types),
        ];
        let mut usable = Some(());
        for (axis, noun, known) in axes {
            let strange = recipe
                .words(axis)
                .into_iter()
                .find(|(_, word)| !known.is_empty() && !known.contains(word));
            if let Some((pointer, word)) = strange {
                let error = RecipeError {
                    pointer,
                    reason: format!("AdCP {} has no {noun} `{word}`", facts.line),
                    remedy: format!(
                        "use its words: {}",
                        words::list(known.iter().map(String::as_str))
                    ),
                };
                self.report(untyped(schema, &error));
                usable = None;
            }
        }
        usable
    }

    /// Whether the products that the seller starts with have a recipe that its schema takes.
    fn sample(&mut self, schema: &Text, recipe: &RecipeSchema, owner: Option<RecipeOwner>) {
        let Some((place, why)) = &recipe.sample().refused else {
            return;
        };
        let file = match owner {
            Some(RecipeOwner::Adopter) => "catalog/recipes.toml",
            Some(RecipeOwner::Framework) | None => "catalog/products.toml",
        };
        let place = match place.as_str() {
            "" => "the whole recipe".to_owned(),
            place => format!("`{place}`"),
        };
        self.report(
            Diagnostic::new(
                Code::RecipeSample,
                format!("no recipe could be made up that `{}` accepts", schema.get_ref()),
                schema.span(),
                format!("refuses {place} of what was made up"),
            )
            .note(format!("{place}: {why}"))
            .help(format!(
                "fill in `{file}` by hand before the seller starts; `examples` in the schema are taken"
            )),
        );
    }

    fn recipe_kind(&mut self, text: &Text) -> Option<String> {
        let word = text.get_ref();
        if support::RECIPE_PRESETS.contains(&word.as_str()) {
            self.report(
                Diagnostic::new(
                    Code::RecipeKind,
                    format!("`{word}` is the kind of a preset"),
                    text.span(),
                    "would be taken for the recipe that comes with the tool",
                )
                .note(format!(
                    "presets: {}",
                    words::list(support::RECIPE_PRESETS.iter().copied())
                ))
                .help(format!(
                    "choose another word, or write `preset = \"{word}\"` instead of `schema` and `kind`"
                )),
            );
            return None;
        }
        if recipe::is_kind(word) {
            return Some(word.clone());
        }
        self.report(
            Diagnostic::new(
                Code::RecipeKind,
                format!("`{word}` can't be a kind of recipe"),
                text.span(),
                "lower-case letters, digits and single `_` or `-`, starting with a letter",
            )
            .note(format!(
                "it stands in every recipe as `recipe_kind`, and has {MAX_KIND} letters at most"
            ))
            .help("for example `kind = \"acme\"`"),
        );
        None
    }

    /// The adopter's schema file, read and found usable; its types where there is a kind.
    fn recipe_file(
        &mut self,
        written: &Text,
        kind: Option<&str>,
        companions: &dyn Companions,
    ) -> Option<(Option<RecipeSchema>, RecipeSource)> {
        let path = written.get_ref();
        if let Err(reason) = recipe::check_path(path) {
            self.report(unusable_path(written, reason));
            return None;
        }
        let text = match companions.read(path) {
            Ok(text) => text,
            Err(reason) => {
                self.report(unreadable_schema(path, written.span(), &reason));
                return None;
            }
        };
        let schema = match read(&text) {
            Ok(schema) => schema,
            Err(error) => {
                let message = format!("`{path}` can't be read as JSON: {}", error.reason);
                self.report(refused(written, &error, message));
                return None;
            }
        };
        // Without a kind the manifest is refused anyway, and the schema may well name another.
        let recipe = match kind.map(|kind| from_schema(kind, &schema)).transpose() {
            Ok(recipe) => recipe,
            Err(error) => {
                self.report(untyped(written, &error));
                return None;
            }
        };
        let source = RecipeSource::File {
            path: path.clone(),
            text,
            schema,
        };
        Some((recipe, source))
    }
}

fn unusable_path(written: &Text, reason: recipe::Unusable) -> Diagnostic {
    let path = written.get_ref();
    let (message, label) = match reason {
        recipe::Unusable::Outside => (
            format!("`{path}` is not below the folder of the manifest"),
            "expected a path without `..`, relative to `seller.toml`".to_owned(),
        ),
        recipe::Unusable::Ending => (
            format!("`{path}` is not a JSON file"),
            "expected a name that ends in `.json`".to_owned(),
        ),
        recipe::Unusable::Taken(what) => (
            format!("`{path}` is in a folder that is taken"),
            what.to_owned(),
        ),
        recipe::Unusable::Form => (
            format!("`{path}` is not a path that means the same on every platform"),
            "expected plain names with `/` between them".to_owned(),
        ),
    };
    Diagnostic::new(Code::RecipePath, message, written.span(), label)
        .note("the schema belongs to the seller and is read on every `regenerate`")
        .help("put it beside the manifest, for example `schema = \"recipe.schema.json\"`")
}

/// A schema that gives no type, with the place inside it.
fn untyped(written: &Text, error: &RecipeError) -> Diagnostic {
    let message = format!("the recipe's schema can't become a type: {}", error.reason);
    refused(written, error, message)
}

/// The refusal of a schema, with the place inside it.
fn refused(written: &Text, error: &RecipeError, message: String) -> Diagnostic {
    let path = written.get_ref();
    let place = match error.pointer.as_str() {
        "" => format!("all of `{path}`"),
        pointer => format!("`{pointer}` in `{path}`"),
    };
    Diagnostic::new(Code::RecipeSchema, message, written.span(), place).help(error.remedy.as_str())
}

/// A schema's file that can't be read, whether a manifest or a flag names it at `span`.
pub fn unreadable_schema(path: &str, span: Range<usize>, reason: &Unreadable) -> Diagnostic {
    let (label, help) = match reason {
        Unreadable::Absent => (
            "no such file".to_owned(),
            "put it there: a manifest's path is relative to its folder, a flag's to the working one",
        ),
        Unreadable::Outside => (
            "a link that leads out of its folder".to_owned(),
            "copy the file there: on another machine the link would lead nowhere",
        ),
        Unreadable::NotFile => (
            "not a file".to_owned(),
            "name the JSON Schema of the recipe",
        ),
        Unreadable::TooLarge => (
            format!("more than the {MAX_BYTES} bytes that are read"),
            "name the JSON Schema of one recipe; it has a few dozen members",
        ),
        Unreadable::NotText => ("not UTF-8 text".to_owned(), "save the file as UTF-8"),
        Unreadable::Io(error) => (
            error.to_string(),
            "make the file readable for whoever runs this",
        ),
    };
    Diagnostic::new(
        Code::RecipeFile,
        format!("cannot read the recipe's schema `{path}`"),
        span,
        label,
    )
    .help(help)
}
