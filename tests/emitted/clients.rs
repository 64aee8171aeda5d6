//! The official clients against an emitted seller: TypeScript and Python for MCP and for A2A, AdCP's
//! own for Python, the command line of the AdCP SDK over both.
//!
//! The clients are pinned in `tests/clients/` and installed on first use beside what these tests
//! compile. Needs Node.js with npm and Python with venv; without them it fails and says what to
//! install.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

use crate::seller::{Seller, said, target};

const TOKEN: &str = "the-token-of-the-clients";

#[test]
fn official_clients_list_the_tools_and_ask_for_products() {
    let runtime = Path::new(env!("CARGO_MANIFEST_DIR")).join("runtime");
    let manifest = format!(
        "name = \"client-desk\"\nadcp = \"3.0\"\nspecialisms = [\"sales-non-guaranteed\"]\nstore = \"sqlite\"\n\n[pricing]\nmodels = [\"cpm\"]\n\n[runtime]\npath = {:?}\n",
        runtime.to_str().expect("a path in UTF-8")
    );
    let seller = Seller::from_manifest("client-desk", &manifest);
    seller.cargo(&["build"]);
    let running = Running::start(&seller, "client-desk");
    let offer = Offer {
        tools: tools(&seller),
        products: products(&seller),
    };
    let node = install_node();
    over_mcp(&running, &node, &offer);
    over_a2a(&running, &node, &offer);
    for transport in ["mcp", "a2a"] {
        over_the_command_line(&running, &node, &offer, transport);
    }
}

/// What every client has to find.
struct Offer {
    tools: Vec<String>,
    products: Vec<String>,
}

impl Offer {
    fn is_seen_by(&self, client: &str, trace: &str, seen: &Value) {
        assert_eq!(names(&seen["tools"]), self.tools, "{client}");
        assert_eq!(names(&seen["products"]), self.products, "{client}");
        assert_eq!(seen["context"]["trace"], *trace, "{client}");
        assert_eq!(seen["refused"], true, "{client}: a wrong token was let in");
    }
}

/// The TypeScript client, and the Python client in both of its modes.
fn over_mcp(running: &Running, node: &Path, offer: &Offer) {
    let url = running.endpoint("mcp");
    let typescript = ask_node(node, "mcp.mjs", &url);
    offer.is_seen_by("TypeScript", "typescript", &typescript);
    assert_eq!(typescript["server"], "client-desk");
    let python = install_python("requirements.txt");
    let spoken = ["legacy", "auto"].map(|mode| {
        let seen = ask_python(&python, "mcp_client.py", &[&url, TOKEN, mode]);
        offer.is_seen_by(mode, "python", &seen);
        seen["protocol"]
            .as_str()
            .expect("a revision of MCP")
            .to_owned()
    });
    assert!(
        spoken[0] < spoken[1],
        "the client that may choose speaks {}, the older one {}",
        spoken[1],
        spoken[0]
    );
}

/// The TypeScript client, which speaks protocol 0.3, and the Python client, which speaks 1.0 and has
/// AdCP's own on top of it.
fn over_a2a(running: &Running, node: &Path, offer: &Offer) {
    let url = running.endpoint("a2a");
    let typescript = ask_node(node, "a2a.mjs", &url);
    offer.is_seen_by("TypeScript", "typescript", &typescript);
    assert_eq!(typescript["protocol"], "0.3.0");
    assert_eq!(
        typescript["unknown"], -32001,
        "a task that was never given out"
    );
    let python = install_python("requirements-a2a.txt");
    let python = ask_python(&python, "a2a_client.py", &[&url, TOKEN]);
    offer.is_seen_by("Python", "python", &python);
    for (client, seen, completed) in [
        ("TypeScript", &typescript, "completed"),
        ("Python", &python, "TASK_STATE_COMPLETED"),
    ] {
        assert_eq!(seen["server"], "client-desk", "{client}");
        assert_eq!(seen["state"], completed, "{client}");
        assert_eq!(seen["again"], completed, "{client}: the task, asked for");
        let streamed = seen["streamed"].as_array().map_or(0, Vec::len);
        assert!(streamed > 0, "{client}: nothing was streamed");
    }
    let adcp = &python["adcp"];
    assert_eq!(adcp["success"], true, "{adcp}");
    assert_eq!(names(&adcp["products"]), offer.products, "adcp for Python");
}

fn over_the_command_line(running: &Running, node: &Path, offer: &Offer, transport: &str) {
    let url = running.endpoint(transport);
    let adcp = |more: &[&str]| {
        let mut call = Command::new("npx");
        call.current_dir(node).args(["--no", "adcp", &url]);
        call.args(more).args(["--protocol", transport]);
        seen(call.args(["--auth", TOKEN, "--json", "--allow-http"]))
    };
    assert_eq!(
        members(&adcp(&[])["tools"], "name"),
        offer.tools,
        "adcp without a tool lists them over {transport}"
    );
    let answer = adcp(&["get_products", r#"{"buying_mode":"wholesale"}"#]);
    assert_eq!(
        members(&answer["data"]["products"], "product_id"),
        offer.products,
        "adcp get_products over {transport}"
    );
}

fn ask_node(folder: &Path, client: &str, url: &str) -> Value {
    seen(
        Command::new("node")
            .current_dir(folder)
            .args([client, url, TOKEN]),
    )
}

fn ask_python(python: &Path, client: &str, arguments: &[&str]) -> Value {
    let clients = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients");
    seen(
        Command::new(python)
            .arg(clients.join(client))
            .args(arguments),
    )
}

/// A seller that ends with this value.
struct Running {
    process: Child,
    url: String,
    _store: tempfile::TempDir,
}

impl Running {
    /// Starts the seller on a port of its own choice, which its banner tells.
    fn start(seller: &Seller, name: &str) -> Self {
        let store = tempfile::tempdir().expect("a folder");
        let mut process = Command::new(target().join("debug").join(name))
            .current_dir(seller.folder())
            .args(["--sandbox", "--addr", "127.0.0.1:0", "--store"])
            .arg(format!(
                "sqlite:{}",
                store.path().join("seller.db").display()
            ))
            .env("SELLER_TOKEN", TOKEN)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the seller was built");
        let mut banner = String::new();
        let stdout = process.stdout.take().expect("it is piped");
        BufReader::new(stdout)
            .read_line(&mut banner)
            .expect("the banner is text");
        let url = banner
            .split_whitespace()
            .find(|word| word.starts_with("http://"));
        let url = url
            .unwrap_or_else(|| panic!("no address in the banner {banner:?}"))
            .to_owned();
        Running {
            process,
            url,
            _store: store,
        }
    }

    /// Where a transport is: the banner names the first.
    fn endpoint(&self, transport: &str) -> String {
        let (root, _) = self.url.rsplit_once('/').expect("a path");
        format!("{root}/{transport}")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to end.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Installs the clients for Node.js as their lock file says and gives the folder.
fn install_node() -> PathBuf {
    let folder = target().join("clients-node");
    fs::create_dir_all(&folder).expect("the folder can be made");
    copy(&["mcp.mjs", "a2a.mjs"], &folder);
    if changed(&["package.json", "package-lock.json"], &folder) {
        copy(&["package.json", "package-lock.json"], &folder);
        run(Command::new("npm").current_dir(&folder).args([
            "ci",
            "--no-audit",
            "--no-fund",
            "--ignore-scripts",
        ]));
    }
    folder
}

/// Installs the clients for Python as these requirements say and gives the interpreter. The ones for
/// MCP and those for A2A want different versions of what both need.
fn install_python(requirements: &str) -> PathBuf {
    let name = requirements.trim_end_matches(".txt");
    let folder = target().join(format!("clients-python-{name}"));
    let python = folder.join("bin/python");
    if changed(&[requirements], &folder) {
        run(Command::new("python3")
            .args(["-m", "venv", "--clear"])
            .arg(&folder));
        let file = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/clients")
            .join(requirements);
        run(Command::new(&python)
            .args(["-m", "pip", "install", "--quiet", "--no-deps", "-r"])
            .arg(file));
        copy(&[requirements], &folder);
    }
    python
}

/// Whether what is installed in the folder is not what these files ask for.
fn changed(names: &[&str], folder: &Path) -> bool {
    let clients = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients");
    names
        .iter()
        .any(|name| fs::read(folder.join(name)).ok() != fs::read(clients.join(name)).ok())
}

fn copy(names: &[&str], folder: &Path) {
    let clients = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients");
    for name in names {
        fs::copy(clients.join(name), folder.join(name)).expect("the file can be copied");
    }
}

/// Runs a command that must succeed.
fn run(command: &mut Command) -> Output {
    let remedy = "install Node.js 20 or newer with npm, and Python 3.10 or newer with venv";
    let output = command
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|error| panic!("{command:?} can't be run: {error}; {remedy}"));
    assert!(
        output.status.success(),
        "{command:?} failed; if it is missing, {remedy}\n{}",
        said(&output)
    );
    output
}

/// The JSON that a client prints, taken from a file: Node.js programs that end by `process.exit`
/// lose what is still in a pipe.
fn seen(command: &mut Command) -> Value {
    let file = tempfile::NamedTempFile::new().expect("a file");
    let printed = file.reopen().expect("the file");
    let output = run(command.stdout(printed));
    let text = fs::read_to_string(file.path()).expect("text");
    serde_json::from_str(&text).unwrap_or_else(|error| {
        let said = said(&output);
        panic!("{command:?} printed no JSON: {error}\n{text}\n{said}")
    })
}

/// The names of the tools that the seller was generated with.
fn tools(seller: &Seller) -> Vec<String> {
    let list =
        fs::read(seller.folder().join("wire/tools.json")).expect("the wire crate has a tool list");
    members(&serde_json::from_slice(&list).expect("JSON"), "name")
}

/// The products that the seller's catalogue has in a sandbox, sorted.
fn products(seller: &Seller) -> Vec<String> {
    let mut ids = Vec::new();
    for name in ["products.toml", "sandbox.toml"] {
        let file = seller.folder().join("catalog").join(name);
        let file = fs::read_to_string(file).expect("the seller has a catalogue");
        let file: toml::Table = file.parse().expect("TOML");
        for product in file["products"].as_array().expect("a list") {
            ids.push(product["product_id"].as_str().expect("a string").to_owned());
        }
    }
    ids.sort();
    ids
}

/// One member of each object of a list, sorted.
fn members(list: &Value, name: &str) -> Vec<String> {
    let objects = list.as_array().expect("a list").iter();
    let mut found: Vec<String> = objects
        .map(|object| object[name].as_str().expect("a string").to_owned())
        .collect();
    found.sort();
    assert!(!found.is_empty());
    found
}

/// A list of strings, sorted.
fn names(list: &Value) -> Vec<String> {
    let mut found: Vec<String> = list
        .as_array()
        .expect("a list")
        .iter()
        .map(|name| name.as_str().expect("a string").to_owned())
        .collect();
    found.sort();
    found
}
