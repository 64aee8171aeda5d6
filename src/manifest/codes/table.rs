//! The table itself.

use super::{Code, Entry, Severity};

/// Every rule, in the order of the codes.
pub static CODES: &[Entry] = &[
    Entry {
        code: Code::Syntax,
        id: "M0001",
        severity: Severity::Error,
        title: "not valid TOML",
        explanation: "The file does not follow TOML 1.0, so nothing in it can be judged. The message names what the
parser expected at the marked place; a quote or bracket that was never closed is often some lines
above it.",
        wrong: Some(r#"name = "acme-media
adcp = "3.0"
specialisms = ["sales-non-guaranteed"]
"#),
        right: r#"name = "acme-media"
adcp = "3.0"
specialisms = ["sales-non-guaranteed"]
"#,
    },
    Entry {
        code: Code::NotUtf8,
        id: "M0002",
        severity: Severity::Error,
        title: "not UTF-8 text",
        explanation: "A manifest is UTF-8. Editors on Windows sometimes save Latin-1 or UTF-16 instead. A byte order
mark and Windows line ends are fine.",
        wrong: None,
        right: r#"name = "acme-media"
adcp = "3.0"
specialisms = ["sales-non-guaranteed"]
"#,
    },
    Entry {
        code: Code::TooLarge,
        id: "M0003",
        severity: Severity::Error,
        title: "manifest too large",
        explanation: "A manifest has a few dozen lines; more than 256 KiB is some other file, and is refused before it
is parsed.",
        wrong: None,
        right: r#"name = "acme-media"
adcp = "3.0"
specialisms = ["sales-non-guaranteed"]
"#,
    },
    Entry {
        code: Code::UnknownKey,
        id: "M0004",
        severity: Severity::Error,
        title: "unknown key",
        explanation: "Keys that mean nothing are refused instead of ignored: a mistyped key that does nothing is found
in production. In TOML every key below a `[table]` line belongs to that table, so a key of the top
level has to stand above the first of them.",
        wrong: Some(r#"name = "acme-media"
adcp = "3.0"
specialisms = ["sales-non-guaranteed"]
shop = "sqlite"
"#),
        right: r#"name = "acme-media"
adcp = "3.0"
specialisms = ["sales-non-guaranteed"]
store = "sqlite"
"#,
    },
    Entry {
        code: Code::WrongType,
        id: "M0005",
        severity: Severity::Error,
        title: "wrong type of value",
        explanation: "The key is right and its value has another type: a number without quotes where a text is wanted,
a single text where a list is wanted. An AdCP line is a text, because `3.10` is not `3.1`.",
        wrong: Some(r#"name = "acme-media"
adcp = 3.0
specialisms = ["sales-non-guaranteed"]
"#),
        right: r#"name = "acme-media"
adcp = "3.0"
specialisms = ["sales-non-guaranteed"]
"#,
    },
    Entry {
        code: Code::MissingKey,
        id: "M0006",
        severity: Severity::Error,
        title: "missing key",
        explanation: "Three keys of the top level have no default, since nobody can guess them: `name`, `adcp` and
`specialisms`. Some tables say nothing without one of their keys: `[auth]` without `issuer`, `[approval]`
without `operations`, `[limits]` without a limit or with `burst` and no `per_minute`.",
        wrong: Some(r#"adcp = "3.0"
specialisms = ["sales-non-guaranteed"]
"#),
        right: r#"name = "acme-media"
adcp = "3.0"
specialisms = ["sales-non-guaranteed"]
"#,
    },
    Entry {
        code: Code::UnknownWord,
        id: "M0007",
        severity: Severity::Error,
        title: "unknown word",
        explanation: "The key takes words from a fixed list, and this is not one of them. Words of the spec are written
as the spec writes them: specialisms in kebab-case, pricing models in snake_case, both lower case.",
        wrong: Some(r#"name = "acme-media"
adcp = "3.0"
specialisms = ["sales-nonguaranteed"]
"#),
        right: r#"name = "acme-media"
adcp = "3.0"
specialisms = ["sales-non-guaranteed"]
"#,
    },
    Entry {
        code: Code::NotGenerated,
        id: "M0008",
        severity: Severity::Error,
        title: "not generated yet",
        explanation: "The word or key is right, the spec or the plan for this tool has it, and this version does not
generate it. It is refused instead of ignored, so that no seller claims what it cannot do. A
specialism is also a promise to pass its storyboards.",
        wrong: Some(r#"name = "acme-media"
adcp = "3.0"
specialisms = ["sales-non-guaranteed"]
store = "postgres"
"#),
        right: r#"name = "acme-media"
adcp = "3.0"
specialisms = ["sales-non-guaranteed"]
store = "sqlite"
"#,
    },
    Entry {
        code: Code::Duplicate,
        id: "M0009",
        severity: Severity::Error,
        title: "the same word twice",
        explanation: "A list of distinct words has one of them twice. It is harmless in most places and a sign that
something else was meant in the rest.",
        wrong: Some(r#"name = "acme-media"
adcp = "3.0"
specialisms = ["sales-non-guaranteed"]
transports = ["mcp", "mcp"]
"#),
        right: r#"name = "acme-media"
adcp = "3.0"
specialisms = ["sales-non-guaranteed"]
transports = ["mcp"]
"#,
    },
    Entry {
        code: Code::EmptyList,
        id: "M0010",
        severity: Severity::Error,
        title: "empty list",
        explanation: "The list needs at least one word. A seller without specialisms has no tools, one without
transports cannot be called, one without pricing models cannot sell. To take the default, leave the
key out.",
        wrong: Some(r#"name = "acme-media"
adcp = "3.0"
specialisms = []
"#),
        right: r#"name = "acme-media"
adcp = "3.0"
specialisms = ["sales-non-guaranteed"]
"#,
    },
    Entry {
        code: Code::Name,
        id: "M0011",
        severity: Severity::Error,
        title: "not a usable name",
        explanation: "The name becomes a Rust crate, a program, a folder and a container image. What all of them take is
lower-case letters, digits and single hyphens, starting with a letter, 64 letters at most.",
        wrong: Some(r#"name = "Acme Media"
adcp = "3.0"
specialisms = ["sales-non-guaranteed"]
"#),
        right: r#"name = "acme-media"
adcp = "3.0"
specialisms = ["sales-non-guaranteed"]
"#,
    },
    Entry {
        code: Code::ReservedName,
        id: "M0012",
        severity: Severity::Error,
        title: "name already taken",
        explanation: "The name is a keyword of Rust, or something that the generated workspace, Cargo or the operating
system already calls its own. A crate with it would not build.",
        wrong: Some(r#"name = "wire"
adcp = "3.0"
specialisms = ["sales-non-guaranteed"]
"#),
        right: r#"name = "acme-media"
adcp = "3.0"
specialisms = ["sales-non-guaranteed"]
"#,
    },
    Entry {
        code: Code::Url,
        id: "M0013",
        severity: Severity::Error,
        title: "not a usable URL",
        explanation: "The public URL is where buyers reach the seller: an absolute `https` URL without credentials. It is
published, so it must not carry secrets. Leave `url` out until the seller has a home.",
        wrong: Some(r#"name = "acme-media"
adcp = "3.0"
specialisms = ["sales-non-guaranteed"]
url = "ads.acme.example"
"#),
        right: r#"name = "acme-media"
adcp = "3.0"
specialisms = ["sales-non-guaranteed"]
url = "https://ads.acme.example"
"#,
    },
    Entry {
        code: Code::UrlPath,
        id: "M0014",
        severity: Severity::Error,
        title: "URL with a path",
        explanation: "The public URL is scheme, host and port only. Each transport adds its own path below it: MCP is at
`/mcp`, discovery documents are at well-known paths of the host.",
        wrong: Some(r#"name = "acme-media"
adcp = "3.0"
specialisms = ["sales-non-guaranteed"]
url = "https://ads.acme.example/mcp"
"#),
        right: r#"name = "acme-media"
adcp = "3.0"
specialisms = ["sales-non-guaranteed"]
url = "https://ads.acme.example"
"#,
    },
    Entry {
        code: Code::PlainHttp,
        id: "M0015",
        severity: Severity::Error,
        title: "plain http outside this machine",
        explanation: "Buyers authenticate with bearer tokens, and over plain `http` everybody on the way can read them.
Only the loopback host of a developer's own machine is exempt.",
        wrong: Some(r#"name = "acme-media"
adcp = "3.0"
specialisms = ["sales-non-guaranteed"]
url = "http://ads.acme.example"
"#),
        right: r#"name = "acme-media"
adcp = "3.0"
specialisms = ["sales-non-guaranteed"]
url = "http://127.0.0.1:3001"
"#,
    },
    Entry {
        code: Code::UnknownLine,
        id: "M0016",
        severity: Severity::Error,
        title: "unknown AdCP line",
        explanation: "`adcp` names a line of the protocol, major and minor: `3.0`. The exact version of its schemas comes
with the line. `adcp-scaffold spec list` shows the lines at hand, `adcp-scaffold spec add` adds one
from an official bundle.",
        wrong: Some(r#"name = "acme-media"
adcp = "3.0.6"
specialisms = ["sales-non-guaranteed"]
"#),
        right: r#"name = "acme-media"
adcp = "3.0"
specialisms = ["sales-non-guaranteed"]
"#,
    },
    Entry {
        code: Code::AuctionOnGuaranteed,
        id: "M0017",
        severity: Severity::Error,
        title: "auction price on guaranteed products",
        explanation: "A guarantee is a promise of delivery at a price that both sides know, so its pricing options carry
`fixed_price`. An auction has a `floor_price` and a price that emerges later. A seller whose
specialisms are all guaranteed has nothing to auction, and without `pricing.auction` nothing is.
`sales-proposal-mode` says how a sale is agreed, so it counts on neither side.",
        wrong: Some(r#"name = "acme-media"
adcp = "3.0"
specialisms = ["sales-guaranteed"]

[pricing]
auction = true
"#),
        right: r#"name = "acme-media"
adcp = "3.0"
specialisms = ["sales-non-guaranteed"]

[pricing]
auction = true
"#,
    },
    Entry {
        code: Code::SingletonWithTenants,
        id: "M0018",
        severity: Severity::Error,
        title: "one account for several tenants",
        explanation: r#"`accounts = "singleton"` gives everybody the same account. With several tenants in one process each
would see and change the others' media buys."#,
        wrong: Some(r#"name = "acme-media"
adcp = "3.0"
specialisms = ["sales-non-guaranteed"]
accounts = "singleton"

[tenants]
by = "host"
"#),
        right: r#"name = "acme-media"
adcp = "3.0"
specialisms = ["sales-non-guaranteed"]
accounts = "singleton"
"#,
    },
    Entry {
        code: Code::Duration,
        id: "M0019",
        severity: Severity::Error,
        title: "not a span of time",
        explanation: "A span of time is a whole number and a unit, without a space: `s` seconds, `m` minutes, `h` hours,
`d` days.",
        wrong: Some(r#"name = "acme-media"
adcp = "3.0"
specialisms = ["sales-non-guaranteed"]

[idempotency]
retention = "one day"
"#),
        right: r#"name = "acme-media"
adcp = "3.0"
specialisms = ["sales-non-guaranteed"]

[idempotency]
retention = "1d"
"#,
    },
    Entry {
        code: Code::RetentionRange,
        id: "M0020",
        severity: Severity::Error,
        title: "retention outside what AdCP allows",
        explanation: "A seller keeps the answer to an idempotency key so that a retry gets the same one. AdCP allows one
hour to seven days and recommends a day: shorter loses retries, longer makes buyers keep keys. The
bounds are those of `replay_ttl_seconds` in the capabilities.",
        wrong: Some(r#"name = "acme-media"
adcp = "3.0"
specialisms = ["sales-non-guaranteed"]

[idempotency]
retention = "30d"
"#),
        right: r#"name = "acme-media"
adcp = "3.0"
specialisms = ["sales-non-guaranteed"]

[idempotency]
retention = "7d"
"#,
    },
    Entry {
        code: Code::RuntimeOrigins,
        id: "M0021",
        severity: Severity::Error,
        title: "contradictory origin of the runtime",
        explanation: r#"The runtime crate comes from one place: `source = "vendored"` (a copy in the seller's folder), a
`path`, a published `version`, or a `git` repository with the `rev` to take from it. A repository
without a commit would give another crate tomorrow."#,
        wrong: Some(r#"name = "acme-media"
adcp = "3.0"
specialisms = ["sales-non-guaranteed"]

[runtime]
version = "0.1"
path = "../adcp-seller"
"#),
        right: r#"name = "acme-media"
adcp = "3.0"
specialisms = ["sales-non-guaranteed"]

[runtime]
path = "../adcp-seller"
"#,
    },
    Entry {
        code: Code::RuntimeValue,
        id: "M0022",
        severity: Severity::Error,
        title: "unusable origin of the runtime",
        explanation: "The origin has the right key and a value that Cargo could not use. It is refused here, with its
place, instead of by Cargo in a file that was generated from it.",
        wrong: Some(r#"name = "acme-media"
adcp = "3.0"
specialisms = ["sales-non-guaranteed"]

[runtime]
version = "latest"
"#),
        right: r#"name = "acme-media"
adcp = "3.0"
specialisms = ["sales-non-guaranteed"]

[runtime]
version = "0.1"
"#,
    },
    Entry {
        code: Code::StorePath,
        id: "M0023",
        severity: Severity::Error,
        title: "unusable path of the database",
        explanation: "`sqlite` alone keeps its database in `seller.db` in the working directory of the running seller.
After a colon it takes the path of another file: no folder, no options, no `~`, no quotes. The
seller makes a missing folder of a relative path when it starts; a folder of an absolute path has to
be there, since it may be a volume that is not mounted.",
        wrong: Some(r#"name = "acme-media"
adcp = "3.0"
specialisms = ["sales-non-guaranteed"]
store = "sqlite:"
"#),
        right: r#"name = "acme-media"
adcp = "3.0"
specialisms = ["sales-non-guaranteed"]
store = "sqlite:data/seller.db"
"#,
    },
    Entry {
        code: Code::MemoryStore,
        id: "M0024",
        severity: Severity::Warning,
        title: "memory store is for development",
        explanation: "The memory store forgets media buys, accounts and idempotency keys when the process ends. That is
pleasant in development and a breach of contract in production.",
        wrong: Some(r#"name = "acme-media"
adcp = "3.0"
specialisms = ["sales-non-guaranteed"]
store = "memory"
"#),
        right: r#"name = "acme-media"
adcp = "3.0"
specialisms = ["sales-non-guaranteed"]
store = "sqlite"
"#,
    },
    Entry {
        code: Code::LineLacksTools,
        id: "M0025",
        severity: Severity::Warning,
        title: "tools that the AdCP line lacks",
        explanation: "Every seller of a protocol offers some tools that the storyboards call, whatever its specialism.
The AdCP line at hand, one that was added from an older bundle, describes not all of them, so the
seller is generated without those and fails the storyboards that call them. `adcp-scaffold spec list`
shows which version is at hand; `spec add` of a newer bundle, or `spec remove` of your own one when
the line is built in, brings them back.",
        wrong: None,
        right: r#"name = "acme-media"
adcp = "3.0"
specialisms = ["sales-non-guaranteed"]
"#,
    },
    Entry {
        code: Code::RuntimeAbsent,
        id: "M0026",
        severity: Severity::Warning,
        title: "no runtime crate there",
        explanation: "`runtime.path` is relative to the seller's folder, and no `Cargo.toml` of the crate `adcp-seller` is
there. Cargo needs it to build the seller. It is a warning, because the crate may come later, or be
elsewhere on the machine that builds.",
        wrong: None,
        right: r#"name = "acme-media"
adcp = "3.0"
specialisms = ["sales-non-guaranteed"]

[runtime]
source = "vendored"
"#,
    },
    Entry {
        code: Code::ProposalStoryboards,
        id: "M0027",
        severity: Severity::Warning,
        title: "less than the storyboards of proposals ask for",
        explanation: "Whoever claims `sales-proposal-mode` is tested by its storyboards, and they refine a proposal and
finalize it. A seller without one of the two is generated, and fails those steps. Proposals do not
need the claim: `[proposals]` works with any sales specialism.",
        wrong: Some(r#"name = "acme-media"
adcp = "3.0"
specialisms = ["sales-proposal-mode"]

[proposals]
finalize = false
"#),
        right: r#"name = "acme-media"
adcp = "3.0"
specialisms = ["sales-non-guaranteed"]

[proposals]
finalize = false
"#,
    },
    Entry {
        code: Code::NeedsFinalize,
        id: "M0028",
        severity: Severity::Error,
        title: "approval of what never happens",
        explanation: "`approval.operations` names `finalize`, and the seller never finalizes a proposal: it makes none, or
`[proposals]` says `finalize = false`. Somebody would rely on being asked, and never be.",
        wrong: Some(r#"name = "acme-media"
adcp = "3.0"
specialisms = ["sales-non-guaranteed"]

[approval]
operations = ["finalize"]
"#),
        right: r#"name = "acme-media"
adcp = "3.0"
specialisms = ["sales-non-guaranteed"]

[proposals]
finalize = true

[approval]
operations = ["finalize"]
"#,
    },
    Entry {
        code: Code::SpanRange,
        id: "M0029",
        severity: Severity::Error,
        title: "span of time out of bounds",
        explanation: "A hold lasts from a minute to ninety days, a grace up to an hour, a decision from a minute to thirty
days; drafts and expired proposals are kept from a minute to a year; a notification is tried from an
hour to seven days. Grace is for calls on their way and clocks that differ; more time to decide is a
longer hold, which the buyer is told of.",
        wrong: Some(r#"name = "acme-media"
adcp = "3.0"
specialisms = ["sales-proposal-mode"]

[proposals]
grace = "2h"
"#),
        right: r#"name = "acme-media"
adcp = "3.0"
specialisms = ["sales-proposal-mode"]

[proposals]
hold = "48h"
grace = "30s"
"#,
    },
    Entry {
        code: Code::SpanUnused,
        id: "M0030",
        severity: Severity::Warning,
        title: "span of time that nothing uses",
        explanation: "`hold` and `expired` count from the moment at which a proposal is finalized. With `finalize = false`
that never happens, so whoever wrote them expects something that will not be. `grace` still counts: a
proposal that is bought as it is made may state when it expires.",
        wrong: Some(r#"name = "acme-media"
adcp = "3.0"
specialisms = ["sales-non-guaranteed"]

[proposals]
finalize = false
hold = "48h"
"#),
        right: r#"name = "acme-media"
adcp = "3.0"
specialisms = ["sales-non-guaranteed"]

[proposals]
finalize = false
drafts = "48h"
"#,
    },
    Entry {
        code: Code::FinalizeInMemory,
        id: "M0031",
        severity: Severity::Warning,
        title: "finalized proposals in memory",
        explanation: "A finalized proposal is a promise to hold inventory, and the memory store forgets it when the process
ends. The seller refuses to start that way, unless it is told that this is development: `--development`,
or SELLER_DEVELOPMENT in its environment.",
        wrong: Some(r#"name = "acme-media"
adcp = "3.0"
specialisms = ["sales-proposal-mode"]
store = "memory"
"#),
        right: r#"name = "acme-media"
adcp = "3.0"
specialisms = ["sales-proposal-mode"]
store = "sqlite"
"#,
    },
    Entry {
        code: Code::RecipeOrigins,
        id: "M0032",
        severity: Severity::Error,
        title: "no recipe, or two of them",
        explanation: "`[recipe]` takes one description: a `preset`, which comes with this tool and has its own kind, or a
`schema` of the adopter's with the `kind` that tells its recipes from others.",
        wrong: Some(r#"name = "acme-media"
adcp = "3.0"
specialisms = ["sales-non-guaranteed"]

[recipe]
preset = "gam"
kind = "acme"
"#),
        right: r#"name = "acme-media"
adcp = "3.0"
specialisms = ["sales-non-guaranteed"]

[recipe]
preset = "gam"
"#,
    },
    Entry {
        code: Code::RecipeKind,
        id: "M0033",
        severity: Severity::Error,
        title: "not a usable kind of recipe",
        explanation: "The kind stands in every recipe as `recipe_kind`, and a recipe of another kind is refused. It is a
word as the wire writes its own: lower-case letters, digits and single `_` or `-`, starting with a
letter, 64 letters at most.",
        wrong: Some(r#"name = "acme-media"
adcp = "3.0"
specialisms = ["sales-non-guaranteed"]

[recipe]
schema = "recipe.schema.json"
kind = "Acme Ads"
"#),
        right: r#"name = "acme-media"
adcp = "3.0"
specialisms = ["sales-non-guaranteed"]

[recipe]
schema = "recipe.schema.json"
kind = "acme"
"#,
    },
    Entry {
        code: Code::RecipePath,
        id: "M0034",
        severity: Severity::Error,
        title: "unusable path of a recipe's schema",
        explanation: "The schema is the adopter's file and is read on every `regenerate`, on every machine. So it is a
`.json` file below the folder of `seller.toml`, named with `/` and without `..`, and not in a folder
that this tool writes. `new --manifest` and `new --recipe-schema` copy it there.",
        wrong: Some(r#"name = "acme-media"
adcp = "3.0"
specialisms = ["sales-non-guaranteed"]

[recipe]
schema = "../recipe.schema.json"
kind = "acme"
"#),
        right: r#"name = "acme-media"
adcp = "3.0"
specialisms = ["sales-non-guaranteed"]

[recipe]
schema = "recipe.schema.json"
kind = "acme"
"#,
    },
    Entry {
        code: Code::RecipeFile,
        id: "M0035",
        severity: Severity::Error,
        title: "recipe's schema can't be read",
        explanation: "`recipe.schema` names a file that is not there, is no file, is not UTF-8 or has more than 256 KiB.
The path is relative to the folder of the manifest, not to where the command was typed.",
        wrong: Some(r#"name = "acme-media"
adcp = "3.0"
specialisms = ["sales-non-guaranteed"]

[recipe]
schema = "no-such-file.json"
kind = "acme"
"#),
        right: r#"name = "acme-media"
adcp = "3.0"
specialisms = ["sales-non-guaranteed"]

[recipe]
schema = "recipe.schema.json"
kind = "acme"
"#,
    },
    Entry {
        code: Code::RecipeSchema,
        id: "M0036",
        severity: Severity::Error,
        title: "unusable schema of a recipe",
        explanation: r#"A recipe is typed: each member has a type that Rust can name, so that an adapter can't be handed
something else. The file is a JSON Schema (draft-07 or 2020-12) of an object. The message points into
it with a JSON pointer.

Types are made of these keywords: type, enum, const, properties, required, items,
additionalProperties (false, or a schema: a map), patternProperties (one pattern: a map), oneOf and
anyOf of types that a constant tells apart, $ref to a definition of the same file below $defs or
definitions. These limit values and are checked, without being types: minimum, maximum,
exclusiveMinimum, exclusiveMaximum, multipleOf, minLength, maxLength, pattern, format, minItems,
maxItems, uniqueItems, contains, minProperties, maxProperties, propertyNames; and beside properties
not, if, then, else, dependencies, dependentRequired, dependentSchemas, and allOf, anyOf, oneOf of
those. Notes (title, description, $comment, default, examples, deprecated, readOnly, writeOnly,
x-...) may stand anywhere. No other keyword is allowed, among them unevaluatedProperties and
unevaluatedItems, prefixItems, $anchor and $dynamicRef.

Members that Rust would call the same (a-b and a_b), a schema that nothing can satisfy (a minimum
above the maximum, a member that requires itself for ever, a pricing model that the AdCP line does
not have), a member that stands twice and nesting beyond 64 levels are refused too."#,
        wrong: Some(r#"name = "acme-media"
adcp = "3.0"
specialisms = ["sales-non-guaranteed"]

[recipe]
# open.schema.json: {"type": "object", "properties": {"line_item": {}}}
schema = "open.schema.json"
kind = "acme"
"#),
        right: r#"name = "acme-media"
adcp = "3.0"
specialisms = ["sales-non-guaranteed"]

[recipe]
schema = "recipe.schema.json"
kind = "acme"
"#,
    },
    Entry {
        code: Code::GraceOutlastsHold,
        id: "M0037",
        severity: Severity::Warning,
        title: "grace that outlasts the hold",
        explanation: "Buyers are told until when inventory is held, and grace is for calls on their way at that moment. A
grace longer than the hold itself sells most proposals at a time for which nothing is held any more.",
        wrong: Some(r#"name = "acme-media"
adcp = "3.0"
specialisms = ["sales-proposal-mode"]

[proposals]
hold = "5m"
grace = "1h"
"#),
        right: r#"name = "acme-media"
adcp = "3.0"
specialisms = ["sales-proposal-mode"]

[proposals]
hold = "1h"
grace = "30s"
"#,
    },
    Entry {
        code: Code::RecipeSample,
        id: "M0038",
        severity: Severity::Warning,
        title: "recipes to be filled in by hand",
        explanation: "The products that a seller starts with need recipes, and of an own schema nothing is known but its
form, so the least is made up that it asks for. A pattern or a condition between members is not
understood; `default` and `examples` of the schema are taken. What was made up is in the catalogue
with a remark, and the seller does not start before somebody has filled it in.",
        wrong: Some(r#"name = "acme-media"
adcp = "3.0"
specialisms = ["sales-non-guaranteed"]

[recipe]
schema = "pattern.schema.json"
kind = "acme"
"#),
        right: r#"name = "acme-media"
adcp = "3.0"
specialisms = ["sales-non-guaranteed"]

[recipe]
schema = "recipe.schema.json"
kind = "acme"
"#,
    },
    Entry {
        code: Code::ToolNotOffered,
        id: "M0039",
        severity: Severity::Error,
        title: "tool that the seller does not offer",
        explanation: "A scope lets buyers call tools, and a signature is asked for on operations: both name what this
seller offers, which follows from its specialisms and stands in `wire/tools.json`. A name that means nothing is refused, because a misspelt one would lock buyers out of what it
should have opened, or leave open what it should have locked. What has to be signed is an operation
of AdCP, so a method of the transport, `tasks/get`, is none.",
        wrong: Some(r#"name = "acme-media"
adcp = "3.0"
url = "https://ads.acme.example"
specialisms = ["sales-non-guaranteed"]

[auth]
issuer = "https://login.acme.example"

[auth.scopes]
"adcp:read" = ["get_product"]
"#),
        right: r#"name = "acme-media"
adcp = "3.0"
url = "https://ads.acme.example"
specialisms = ["sales-non-guaranteed"]

[auth]
issuer = "https://login.acme.example"

[auth.scopes]
"adcp:read" = ["get_products"]
"#,
    },
    Entry {
        code: Code::Issuer,
        id: "M0040",
        severity: Severity::Error,
        title: "not a usable issuer",
        explanation: "The issuer names the authorization server whose access tokens the seller takes. It is an `https` URL
without query, fragment or credentials (RFC 8414, 2), and it is compared with the `iss` of each token
to the letter: a slash at the end counts. Its metadata tells where the keys are that tokens are
checked with, so over plain `http` anybody on the way could make tokens; only a server on the
developer's own machine is exempt.",
        wrong: Some(r#"name = "acme-media"
adcp = "3.0"
url = "https://ads.acme.example"
specialisms = ["sales-non-guaranteed"]

[auth]
issuer = "http://login.acme.example"
"#),
        right: r#"name = "acme-media"
adcp = "3.0"
url = "https://ads.acme.example"
specialisms = ["sales-non-guaranteed"]

[auth]
issuer = "https://login.acme.example"
"#,
    },
    Entry {
        code: Code::Audience,
        id: "M0041",
        severity: Severity::Error,
        title: "not a usable audience",
        explanation: "The audience says for whom a token was issued, so that one that a buyer was given for another service
is of no use here. It is a name without spaces, or a URI when it has a colon (RFC 7519, 2), without a
fragment (RFC 8707, 2), and it is compared to the letter.",
        wrong: Some(r#"name = "acme-media"
adcp = "3.0"
url = "https://ads.acme.example"
specialisms = ["sales-non-guaranteed"]

[auth]
issuer = "https://login.acme.example"
audience = "https://ads.acme.example/mcp#seller"
"#),
        right: r#"name = "acme-media"
adcp = "3.0"
url = "https://ads.acme.example"
specialisms = ["sales-non-guaranteed"]

[auth]
issuer = "https://login.acme.example"
audience = "https://ads.acme.example/mcp"
"#,
    },
    Entry {
        code: Code::AudienceUnknown,
        id: "M0042",
        severity: Severity::Warning,
        title: "audience that nobody knows yet",
        explanation: "Without `audience` a token has to be issued for the URL that buyers call, and without `url` the seller
knows no other than the address it listens on. Tokens for its public address would all be refused, so
say either before buyers depend on it.",
        wrong: Some(r#"name = "acme-media"
adcp = "3.0"
specialisms = ["sales-non-guaranteed"]

[auth]
issuer = "https://login.acme.example"
"#),
        right: r#"name = "acme-media"
adcp = "3.0"
url = "https://ads.acme.example"
specialisms = ["sales-non-guaranteed"]

[auth]
issuer = "https://login.acme.example"
"#,
    },
    Entry {
        code: Code::Scope,
        id: "M0043",
        severity: Severity::Error,
        title: "not a usable scope",
        explanation: "A scope is a word of visible ASCII without spaces, quotes and backslashes (RFC 6749, 3.3), since a
token lists its scopes with spaces between them. No token could ever hold another.",
        wrong: Some(r#"name = "acme-media"
adcp = "3.0"
url = "https://ads.acme.example"
specialisms = ["sales-non-guaranteed"]

[auth]
issuer = "https://login.acme.example"

[auth.scopes]
"adcp read" = ["get_products"]
"#),
        right: r#"name = "acme-media"
adcp = "3.0"
url = "https://ads.acme.example"
specialisms = ["sales-non-guaranteed"]

[auth]
issuer = "https://login.acme.example"

[auth.scopes]
"adcp:read" = ["get_products"]
"#,
    },
    Entry {
        code: Code::Size,
        id: "M0044",
        severity: Severity::Error,
        title: "not a size",
        explanation: "A size is a whole number and a unit, without a space: `KiB` for 1024 bytes, `MiB` for 1024 of those.
Other units are refused, because a `MB` means a million bytes to some and 1048576 to others.",
        wrong: Some(r#"name = "acme-media"
adcp = "3.0"
specialisms = ["sales-non-guaranteed"]

[idempotency]
largest = "1 MB"
"#),
        right: r#"name = "acme-media"
adcp = "3.0"
specialisms = ["sales-non-guaranteed"]

[idempotency]
largest = "1MiB"
"#,
    },
    Entry {
        code: Code::SizeRange,
        id: "M0045",
        severity: Severity::Error,
        title: "size out of bounds",
        explanation: "`idempotency.largest` bounds what a buyer can make the seller keep for each idempotency key. Below
64 KiB orders of many packages would be refused; above 4 MiB no request is read at all, so a larger
bound would promise nothing.",
        wrong: Some(r#"name = "acme-media"
adcp = "3.0"
specialisms = ["sales-non-guaranteed"]

[idempotency]
largest = "1KiB"
"#),
        right: r#"name = "acme-media"
adcp = "3.0"
specialisms = ["sales-non-guaranteed"]

[idempotency]
largest = "64KiB"
"#,
    },
    Entry {
        code: Code::CountRange,
        id: "M0046",
        severity: Severity::Error,
        title: "number out of bounds",
        explanation: "A limit of none locks every buyer out, and one of more than a million a minute limits nobody. What is
left out is not limited (calls), or as AdCP recommends (new idempotency keys).",
        wrong: Some(r#"name = "acme-media"
adcp = "3.0"
specialisms = ["sales-non-guaranteed"]

[limits]
per_minute = 0
"#),
        right: r#"name = "acme-media"
adcp = "3.0"
specialisms = ["sales-non-guaranteed"]

[limits]
per_minute = 600
"#,
    },
    Entry {
        code: Code::SigningOff,
        id: "M0047",
        severity: Severity::Error,
        title: "signatures asked for and never verified",
        explanation: "`verify = false` says that no signature is looked at. What is listed in `required` or `warn` would then
be let in unsigned, which is the opposite of what was written. `digest` says what a signature has to cover
and would say nothing.",
        wrong: Some(r#"name = "acme-media"
adcp = "3.0"
specialisms = ["sales-non-guaranteed"]

[signing]
verify = false
required = ["create_media_buy"]
"#),
        right: r#"name = "acme-media"
adcp = "3.0"
specialisms = ["sales-non-guaranteed"]

[signing]
verify = true
required = ["create_media_buy"]
"#,
    },
    Entry {
        code: Code::SignatureTwice,
        id: "M0048",
        severity: Severity::Error,
        title: "signature required and let pass at once",
        explanation: "An operation in `required` is refused without a good signature; one in `warn` is let in with a bad one,
which is logged. `warn` is where an operation stands until its buyers sign well; then it moves to
`required`. It can't be in both.",
        wrong: Some(r#"name = "acme-media"
adcp = "3.0"
specialisms = ["sales-non-guaranteed"]

[signing]
required = ["create_media_buy"]
warn = ["create_media_buy"]
"#),
        right: r#"name = "acme-media"
adcp = "3.0"
specialisms = ["sales-non-guaranteed"]

[signing]
required = ["create_media_buy"]
warn = ["update_media_buy"]
"#,
    },
    Entry {
        code: Code::SignedDiscovery,
        id: "M0049",
        severity: Severity::Error,
        title: "signature on what tells about signatures",
        explanation: "Buyers learn from `get_adcp_capabilities` which operations have to be signed, and how. If it needed a
signature itself, a buyer that has not called yet could never begin.",
        wrong: Some(r#"name = "acme-media"
adcp = "3.0"
specialisms = ["sales-non-guaranteed"]

[signing]
required = ["get_adcp_capabilities", "create_media_buy"]
"#),
        right: r#"name = "acme-media"
adcp = "3.0"
specialisms = ["sales-non-guaranteed"]

[signing]
required = ["create_media_buy"]
"#,
    },
    Entry {
        code: Code::DigestOfLine,
        id: "M0050",
        severity: Severity::Error,
        title: "digest policy that the line has given up",
        explanation: "A signature that does not cover the body proves who sent a request and not what it said. Lines up to
3.1 leave the choice to the seller; from 3.2 on every signature has to cover the body, and a seller
must not announce anything else. Without `digest` the seller does what its line asks for.",
        wrong: None,
        right: r#"name = "acme-media"
adcp = "3.0"
specialisms = ["sales-non-guaranteed"]

[signing]
digest = "required"
"#,
    },
];
