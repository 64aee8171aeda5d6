//! Reading a catalogue, and saying what is wrong with it.

use std::collections::HashSet;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Map, Value};

use super::private::{ENTRY_MEMBERS, Private, Reader};
use super::{
    Catalog, CatalogFormat, CatalogProduct, FORMAT, PRODUCT, own_format_ids, proposal, words,
};
use crate::profile::Profile;
use crate::schema::{Schemas, Violation};

/// A catalogue that can't be used.
#[derive(Debug)]
pub struct CatalogError {
    file: Option<PathBuf>,
    fault: Fault,
}

#[derive(Debug)]
enum Fault {
    Read(std::io::Error),
    Syntax(Box<toml::de::Error>),
    Shape(String),
    Entry {
        kind: &'static str,
        name: String,
        pointer: String,
        message: String,
    },
}

impl CatalogError {
    pub(super) fn entry(kind: &'static str, name: &str, pointer: String, message: String) -> Self {
        CatalogError {
            file: None,
            fault: Fault::Entry {
                kind,
                name: name.to_owned(),
                pointer,
                message,
            },
        }
    }

    pub(super) fn violations(kind: &'static str, name: &str, violations: &[Violation]) -> Self {
        let (pointer, message) = match violations.first() {
            Some(first) => (first.pointer.clone(), first.message.clone()),
            None => (String::new(), "breaks its schema".to_owned()),
        };
        CatalogError::entry(kind, name, pointer, message)
    }

    pub(super) fn duplicate(kind: &'static str, name: &str) -> Self {
        CatalogError::entry(
            kind,
            name,
            String::new(),
            "there are two of that id; rename or remove one".to_owned(),
        )
    }

    /// The same fault, seen from the entry that holds the value.
    pub(super) fn below(mut self, place: &str) -> Self {
        if let Fault::Entry { pointer, .. } = &mut self.fault {
            pointer.insert_str(0, place);
        }
        self
    }

    fn in_file(mut self, file: &Path) -> Self {
        self.file = Some(file.to_owned());
        self
    }

    /// The place within the entry, as an RFC 6901 pointer, where it is known.
    pub fn pointer(&self) -> Option<&str> {
        match &self.fault {
            Fault::Entry { pointer, .. } => Some(pointer),
            _ => None,
        }
    }

    /// What is wrong, without the place.
    pub fn message(&self) -> String {
        match &self.fault {
            Fault::Read(error) => error.to_string(),
            Fault::Syntax(error) => error.to_string(),
            Fault::Shape(message) | Fault::Entry { message, .. } => message.clone(),
        }
    }
}

impl fmt::Display for CatalogError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = &self.file {
            write!(f, "{}: ", file.display())?;
        }
        match &self.fault {
            Fault::Read(error) => write!(
                f,
                "can't be read: {error}; start the seller in its own folder, or name the catalogue's folder"
            ),
            Fault::Syntax(error) => write!(f, "{error}"),
            Fault::Shape(message) => f.write_str(message),
            Fault::Entry {
                kind,
                name,
                pointer,
                message,
            } if pointer.is_empty() => write!(f, "{kind} {name}: {message}"),
            Fault::Entry {
                kind,
                name,
                pointer,
                message,
            } => write!(f, "{kind} {name}, {pointer}: {message}"),
        }
    }
}

impl std::error::Error for CatalogError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.fault {
            Fault::Read(error) => Some(error),
            Fault::Syntax(error) => Some(error),
            _ => None,
        }
    }
}

impl Catalog {
    /// Reads `formats.toml` and `products.toml` in a folder, for a seller with proposals also
    /// `proposals.toml` and for a sandbox also `sandbox.toml`, where there is one.
    ///
    /// Each file holds arrays of tables, `[[formats]]`, `[[products]]` and `[[proposals]]`, whose
    /// members are those of `core/format.json`, `core/product.json` and `core/proposal.json`. A
    /// format id that names no agent is one of `agent_url`'s own, the URL at which buyers reach this
    /// seller. A product may also have `recipe`, how it is booked, and `approval`, whether a person
    /// has to agree to a buy of it; no buyer sees either. `sandbox.toml` may hold all of these,
    /// and `[[seeded]]`: what the seller keeps to itself about products that tests seed, each with
    /// `approval` and `recipe`, and with the `product_id` unless it is meant for all.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong, with file, entry and place: unreadable or malformed text, an
    /// entry that breaks its schema, an id used twice, a format of the seller's own that no file
    /// describes, a pricing model that the manifest does not name, a recipe that is missing, breaks
    /// its schema, promises what its product does not offer or is not for the catalogue to keep, a
    /// member that the line's schemas do not name and that is not below `ext`, or a proposal whose allocations name what is
    /// not on sale or don't add up.
    pub fn load(
        folder: &Path,
        agent_url: &str,
        profile: &Profile,
        schemas: &Schemas,
        sandbox: bool,
    ) -> Result<Self, CatalogError> {
        let mut files = vec![
            (folder.join("formats.toml"), &["formats"][..]),
            (folder.join("products.toml"), &["products"][..]),
        ];
        let planned = folder.join("proposals.toml");
        if profile.proposals.is_some() && planned.exists() {
            files.push((planned, &["proposals"]));
        }
        let extra = folder.join("sandbox.toml");
        if sandbox && extra.exists() {
            files.push((extra, &["formats", "products", "proposals", "seeded"]));
        }
        let private = Reader { profile, schemas };
        let (mut formats, mut products, mut origins) = (Vec::new(), Vec::new(), Vec::new());
        let (mut plans, mut seeded) = (Vec::new(), Vec::new());
        for (file, tables) in &files {
            for (table, mut entry) in entries(file, tables)? {
                let in_file = |error: CatalogError| error.in_file(file);
                match table {
                    "formats" => {
                        own_format_ids(&mut entry, agent_url);
                        let format = CatalogFormat::new(entry, schemas).map_err(in_file)?;
                        let id = &format.format_id.id;
                        words::check_members("format", id, (FORMAT, &[]), &format.value, schemas)
                            .map_err(in_file)?;
                        formats.push(Arc::new(format));
                    }
                    "proposals" => plans.push((file, entry)),
                    "seeded" => seeded.push(private.seeded(entry).map_err(in_file)?),
                    _ => {
                        let kept = private.take(&mut entry).map_err(in_file)?;
                        own_format_ids(&mut entry, agent_url);
                        let product = CatalogProduct::new(entry, schemas).map_err(in_file)?;
                        fits(&product, &kept, schemas).map_err(in_file)?;
                        priced_as_declared(&product, profile).map_err(in_file)?;
                        products.push(Arc::new(product.with_private(kept)));
                        origins.push(file);
                    }
                }
            }
        }
        let mut catalog =
            Catalog::new(agent_url, products, formats).map_err(|error| error.in_file(folder))?;
        catalog.knows_its_formats(&origins)?;
        if profile.proposals.is_some() {
            let mut ids = HashSet::new();
            let plans = plans.into_iter().map(|(file, plan)| {
                proposal::read(plan, &catalog, schemas, &mut ids)
                    .map_err(|error| error.in_file(file))
            });
            catalog.proposals = plans.collect::<Result<_, _>>()?;
        }
        catalog.seeded = seeded.into();
        Ok(catalog)
    }

    /// Every format of the seller's own that a product names is described. `origins` are the files
    /// that the products come from.
    fn knows_its_formats(&self, origins: &[&PathBuf]) -> Result<(), CatalogError> {
        for (product, file) in self.products().iter().zip(origins) {
            for (at, format_id) in product.format_ids.iter().enumerate() {
                if self.is_own(format_id) && self.format(format_id).is_none() {
                    let message = format!(
                        "the format {} is described nowhere; add it to formats.toml",
                        format_id.id
                    );
                    return Err(CatalogError::entry(
                        "product",
                        &product.product_id,
                        format!("/format_ids/{at}"),
                        message,
                    )
                    .in_file(file));
                }
            }
        }
        Ok(())
    }
}

/// A product says nothing that AdCP does not know, and its recipe nothing that it does not.
fn fits(product: &CatalogProduct, kept: &Private, schemas: &Schemas) -> Result<(), CatalogError> {
    let (id, value) = (&product.product_id, &product.value);
    words::check_members("product", id, (PRODUCT, &ENTRY_MEMBERS), value, schemas)?;
    match &kept.recipe {
        Some(recipe) => words::check_promises("product", id, recipe, Some(value), schemas),
        None => Ok(()),
    }
}

fn priced_as_declared(product: &CatalogProduct, profile: &Profile) -> Result<(), CatalogError> {
    for (at, option) in product.pricing_options.iter().enumerate() {
        if !profile
            .pricing_models
            .contains(&option.pricing_model.as_str())
        {
            let message = format!(
                "the pricing model {} is not among those that seller.toml declares ({}); add it there, or price the product otherwise",
                option.pricing_model,
                profile.pricing_models.join(", ")
            );
            return Err(CatalogError::entry(
                "product",
                &product.product_id,
                format!("/pricing_options/{at}/pricing_model"),
                message,
            ));
        }
    }
    Ok(())
}

/// The entries of a file, each with the table that it stands in.
fn entries(
    file: &Path,
    tables: &[&'static str],
) -> Result<Vec<(&'static str, Value)>, CatalogError> {
    let failed = |fault| CatalogError {
        file: Some(file.to_owned()),
        fault,
    };
    let text = std::fs::read_to_string(file).map_err(|error| failed(Fault::Read(error)))?;
    let mut content: toml::Table =
        toml::from_str(&text).map_err(|error| failed(Fault::Syntax(Box::new(error))))?;
    let mut found = Vec::new();
    for table in tables {
        match content.remove(*table) {
            None => {}
            Some(toml::Value::Array(entries)) => {
                found.extend(entries.into_iter().map(|entry| (*table, to_json(entry))))
            }
            Some(_) => {
                return Err(failed(Fault::Shape(format!(
                    "`{table}` is an array of tables; begin each entry with [[{table}]]"
                ))));
            }
        }
    }
    match content.keys().next() {
        Some(stranger) => {
            let known = tables
                .iter()
                .map(|table| format!("[[{table}]]"))
                .collect::<Vec<_>>()
                .join(" and ");
            Err(failed(Fault::Shape(format!(
                "`{stranger}` is not known here; the file holds {known}"
            ))))
        }
        None => Ok(found),
    }
}

/// TOML as JSON. A date or time becomes its text, as the wire carries it.
fn to_json(value: toml::Value) -> Value {
    match value {
        toml::Value::String(text) => Value::String(text),
        toml::Value::Integer(number) => Value::from(number),
        toml::Value::Float(number) => Value::from(number),
        toml::Value::Boolean(truth) => Value::Bool(truth),
        toml::Value::Datetime(at) => Value::String(at.to_string()),
        toml::Value::Array(items) => Value::Array(items.into_iter().map(to_json).collect()),
        toml::Value::Table(members) => Value::Object(
            members
                .into_iter()
                .map(|(name, member)| (name, to_json(member)))
                .collect::<Map<_, _>>(),
        ),
    }
}
