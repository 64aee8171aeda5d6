//! What one signed call costs a seller, against the same call with a bearer token.
//!
//! `cargo bench --bench signed_calls` generates a seller, builds it for release and measures it;
//! `cargo bench --bench signed_calls -- FOLDER` takes one that is there, and with the path of its
//! program after the folder, that program. The figure is CPU time of
//! the server process for each request, from `/proc`. Every signed request has a nonce of its own
//! and is signed before the load begins; using the nonce up is a commit in the seller's SQLite
//! file, which a read with a token does not need, and is part of the figure.
#![allow(missing_docs)]

mod seller;

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use adcp_seller::clock::{Clock as _, SystemClock};
use adcp_seller::signing::{Edition, Head, SigningKey, Stamp, Usage, fresh_nonce, sign};
use axum::http::{HeaderMap, HeaderValue};
use seller::{CALL, Measured, Outcome, REVISION, Server, TOKEN, chosen, sandbox};

/// How often each kind of call has its turn, and how many calls that is.
const TURNS: usize = 5;
const CALLS: usize = 10_000;
/// The caller behind the token of a sandbox, who is also the one who signs.
const CALLER: &str = "sandbox";

fn main() -> Outcome {
    // Cargo adds --bench to what the user says.
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| argument != "--bench")
        .collect();
    measure(&chosen(&arguments)?)
}

/// A seller that takes the signatures of a key.
fn start(program: &Path, folder: &Path, scratch: &Path, key: &SigningKey) -> Outcome<Server> {
    let jwks = serde_json::json!({ "keys": [key.public_jwk(Usage::Request)] });
    std::fs::write(scratch.join("keys.json"), jwks.to_string())?;
    let signers = scratch.join("signers.toml");
    std::fs::write(
        &signers,
        format!("[[signer]]\nprincipal = \"{CALLER}\"\njwks = \"keys.json\"\n"),
    )?;
    let signers = signers.display().to_string();
    let more = ["--log", "warn", "--signers", &signers];
    sandbox(program, folder, &scratch.join("seller.db"), &more)
}

/// A script for `wrk` that sends each of these heads once.
fn script(scratch: &Path, name: &str, heads: &[String]) -> Outcome<PathBuf> {
    let list = scratch.join(format!("{name}.txt"));
    std::fs::write(&list, heads.join("\n"))?;
    let script = scratch.join(format!("{name}.lua"));
    let lua = format!(
        "local requests = {{}}\nfor line in io.lines('{}') do\n  local headers = {{}}\n  for name, value in line:gmatch('([^\\t]+)\\t([^\\t]+)') do headers[name] = value end\n  headers['Content-Type'] = 'application/json'\n  headers['Accept'] = 'application/json, text/event-stream'\n  headers['MCP-Protocol-Version'] = '{REVISION}'\n  requests[#requests + 1] = wrk.format('POST', '/mcp', headers, '{CALL}')\nend\nlocal at = 0\nrequest = function()\n  at = at + 1\n  if at > #requests then wrk.thread:stop() at = #requests end\n  return requests[at]\nend\n",
        list.display()
    );
    std::fs::write(&script, lua)?;
    Ok(script)
}

/// The heads of so many signed calls, each with a nonce of its own.
fn signed(server: &Server, key: &SigningKey, calls: usize) -> Outcome<Vec<String>> {
    let url = format!("http://{}/mcp", server.address);
    let mut headers = HeaderMap::new();
    headers.insert("content-type", HeaderValue::from_static("application/json"));
    let head = Head {
        method: "POST",
        url: &url,
        headers: &headers,
    };
    let now = SystemClock.now();
    (0..calls)
        .map(|_| {
            let stamp = Stamp::request(Edition::V3_0, true, now, fresh_nonce()?);
            let signed = sign(&stamp, key, head, CALL.as_bytes())?;
            let mut line = format!(
                "Signature-Input\t{}\tSignature\t{}",
                signed.signature_input, signed.signature
            );
            if let Some(digest) = signed.content_digest {
                write!(line, "\tContent-Digest\t{digest}")?;
            }
            Ok(line)
        })
        .collect()
}

/// CPU microseconds of the server for each call of a script, and calls a second.
fn load(server: &Server, script: &Path, calls: usize) -> Outcome<(f64, f64)> {
    let before = server.cpu()?;
    let output = Command::new("wrk")
        .args(["-t1", "-c16", "-d20s", "-s"])
        .arg(script)
        .arg(format!("http://{}/mcp", server.address))
        .output();
    let output = output.map_err(|error| {
        format!("wrk can't be run: {error}; install it, for example with apt-get install wrk")
    })?;
    let after = server.cpu()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let number = |line: &str| -> Outcome<f64> {
        Ok(line.split_whitespace().next().unwrap_or_default().parse()?)
    };
    let requests = number(
        text.lines()
            .find(|line| line.contains(" requests in "))
            .ok_or("wrk counted nothing")?,
    )?;
    let refused = text
        .lines()
        .find_map(|line| line.trim().strip_prefix("Non-2xx or 3xx responses:"))
        .map_or(Ok(0.0), |count| count.trim().parse::<f64>())?;
    // At the end some connections send the last request once more, which is refused then, and what
    // is under way when the script stops is not counted.
    if !output.status.success() || refused > 64.0 || requests + 64.0 < calls as f64 {
        return Err(format!("the load met errors:\n{text}").into());
    }
    let per_second = number(
        text.lines()
            .find_map(|line| line.strip_prefix("Requests/sec:"))
            .ok_or("wrk gave no rate")?,
    )?;
    let spent = (after.0 - before.0) + (after.1 - before.1);
    Ok((spent * 1e6 / requests, per_second))
}

fn measure(measured: &Measured) -> Outcome {
    let scratch = tempfile::tempdir()?;
    let key = SigningKey::generate()?;
    let mut server = start(&measured.program, &measured.folder, scratch.path(), &key)?;
    server.first_answer()?;
    let bearer = vec![format!("Authorization\tBearer {TOKEN}"); CALLS];
    let bearer = script(scratch.path(), "bearer", &bearer)?;
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "turn  bearer: us/call  calls/s    signed: us/call  calls/s    more"
    )?;
    let mut more = Vec::new();
    for turn in 1..=TURNS {
        let heads = signed(&server, &key, CALLS)?;
        let signed = script(scratch.path(), "signed", &heads)?;
        let (plain, plain_rate) = load(&server, &bearer, CALLS)?;
        let (proved, proved_rate) = load(&server, &signed, CALLS)?;
        writeln!(
            out,
            "{turn}  {plain:.1}  {plain_rate:.0}    {proved:.1}  {proved_rate:.0}    {:.1}",
            proved - plain
        )?;
        more.push(proved - plain);
    }
    more.sort_by(f64::total_cmp);
    let median = more.get(TURNS / 2).copied().unwrap_or_default();
    writeln!(
        out,
        "a signature costs {median:.1} us of CPU more, median of {TURNS}; memory after the load: {:.1} MB",
        server.memory("VmRSS")?
    )?;
    Ok(())
}
