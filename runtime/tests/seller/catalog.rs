//! What a catalogue may say, and how it is told what is wrong with it.

use std::fs;

use adcp_seller::catalog::Catalog;
use adcp_seller::schema::Schemas;

use crate::market::AGENT_URL;
use crate::support::line;

const FORMATS: &str = "[[formats]]\nname = \"Banner\"\nformat_id = { id = \"banner\" }\n";

fn product(members: &str) -> String {
    format!(
        r#"[[products]]
product_id = "one"
name = "One"
description = "The one."
delivery_type = "non_guaranteed"
publisher_properties = [{{ publisher_domain = "press.example", selection_type = "all" }}]
{members}
[products.reporting_capabilities]
available_reporting_frequencies = ["daily"]
expected_delay_minutes = 60
timezone = "UTC"
supports_webhooks = false
available_metrics = ["impressions"]
date_range_support = "date_range"
"#
    )
}

fn sold(price: &str) -> String {
    product(&format!(
        "format_ids = [{{ id = \"banner\" }}]\npricing_options = [{{ pricing_option_id = \"p\", pricing_model = \"cpm\", currency = \"USD\", {price} }}]"
    ))
}

fn load(formats: &str, products: &str, extra: Option<&str>) -> Result<Catalog, String> {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("formats.toml"), formats).expect("a file");
    fs::write(folder.path().join("products.toml"), products).expect("a file");
    if let Some(extra) = extra {
        fs::write(folder.path().join("sandbox.toml"), extra).expect("a file");
    }
    let schemas = Schemas::new(line::spec()).expect("the line's schemas");
    let loaded = Catalog::load(folder.path(), AGENT_URL, &line::PROFILE, &schemas, true);
    let prefix = format!("{}/", folder.path().display());
    loaded.map_err(|error| error.to_string().replace(&prefix, ""))
}

#[test]
fn format_ids_without_an_agent_are_the_sellers_own() {
    let catalog = load(FORMATS, &sold("fixed_price = 5"), None).expect("a catalogue");
    let product = catalog.product("one").expect("a product");
    assert_eq!(product.format_ids[0].agent_url, AGENT_URL);
    assert!(catalog.format(&product.format_ids[0]).is_some());
    assert_eq!(
        product.raw,
        serde_json::to_vec(&product.value).expect("JSON")
    );
}

#[test]
fn a_sandbox_sells_more() {
    let more = sold("fixed_price = 5").replace("\"one\"", "\"two\"");
    let catalog = load(FORMATS, &sold("fixed_price = 5"), Some(&more)).expect("a catalogue");
    let ids: Vec<&str> = catalog
        .products()
        .iter()
        .map(|product| product.product_id.as_str())
        .collect();
    assert_eq!(ids, ["one", "two"]);
}

#[test]
fn faults_are_told_with_their_place() {
    let no_format = product(
        "format_ids = [{ id = \"poster\" }]\npricing_options = [{ pricing_option_id = \"p\", pricing_model = \"cpm\", currency = \"USD\", fixed_price = 1 }]",
    );
    let cases = [
        (
            sold("fixed_price = -5"),
            "products.toml: product one, /pricing_options/0/fixed_price: must be at least 0",
        ),
        (
            sold("fixed_price = 5, floor_price = 1"),
            "products.toml: product one, /pricing_options/0: fixed_price and floor_price exclude each other: the first is a price, the second the least bid in an auction; keep one",
        ),
        (
            sold("fixed_price = 5").replace("\"cpm\"", "\"cpc\""),
            "products.toml: product one, /pricing_options/0/pricing_model: the pricing model cpc is not among those that seller.toml declares (cpm); add it there, or price the product otherwise",
        ),
        (
            no_format,
            "products.toml: product one, /format_ids/0: the format poster is described nowhere; add it to formats.toml",
        ),
        (
            sold("fixed_price = 5").replace("description = \"The one.\"\n", ""),
            "products.toml: product one, /description: is required",
        ),
        (
            format!("{}{}", sold("fixed_price = 5"), sold("fixed_price = 5")),
            "product one: there are two of that id; rename or remove one",
        ),
        (
            "[[prodcuts]]\n".to_owned(),
            "products.toml: `prodcuts` is not known here; the file holds [[products]]",
        ),
        (
            "products = 1\n".to_owned(),
            "products.toml: `products` is an array of tables; begin each entry with [[products]]",
        ),
    ];
    for (products, expected) in cases {
        let message = load(FORMATS, &products, None).expect_err(expected);
        assert!(message.ends_with(expected), "{message}");
    }
    let syntax = load(FORMATS, "[[products]]\nname = \n", None).expect_err("not TOML");
    assert!(
        syntax.starts_with("products.toml: TOML parse error at line 2"),
        "{syntax}"
    );
}

#[test]
fn a_member_that_no_schema_names_is_refused_with_its_place() {
    let sold = sold("fixed_price = 5");
    let with =
        |member: &str| sold.replacen("name = \"One\"", &format!("name = \"One\"\n{member}"), 1);
    let cases = [
        (
            with("aproval = true"),
            "products.toml: product one, /aproval: AdCP knows no member `aproval` here, and buyers would see it; did you mean `approval`? Otherwise put it below `ext`, or remove it",
        ),
        (
            with("floor_secret = 3"),
            "products.toml: product one, /floor_secret: AdCP knows no member `floor_secret` here, and buyers would see it; put it below `ext`, or remove it",
        ),
        (
            sold.replace("fixed_price = 5", "fixed_price = 5, margin = 2"),
            "products.toml: product one, /pricing_options/0/margin: AdCP knows no member `margin` here, and buyers would see it; remove it",
        ),
    ];
    for (products, said) in cases {
        assert_eq!(load(FORMATS, &products, None).err().as_deref(), Some(said));
    }
    let formats = format!("{FORMATS}cost = 3\n");
    let said = load(&formats, &sold, None).expect_err("a stranger");
    assert!(
        said.starts_with("formats.toml: format banner, /cost: "),
        "{said}"
    );
    load(FORMATS, &with("ext = { floor_secret = 3 }"), None).expect("ext is for extensions");
}
