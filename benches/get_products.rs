//! What one `get_products` call costs a seller, against a bare axum handler that answers the same
//! bytes.
//!
//! `cargo bench --bench get_products` generates a seller, builds it for release and measures it;
//! `cargo bench --bench get_products -- FOLDER` takes one that is there, and with the path of its
//! program after the folder, that program. The figure is CPU time of
//! the server process (user and system, from `/proc`) for each request, because wall time on a
//! machine that also runs the load says more about the load. Both servers run at once and are
//! loaded by `wrk` in turns, so that what else the machine does hits both.
#![allow(missing_docs)]

mod seller;

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use seller::{
    CALL, Measured, Outcome, REVISION, Server, TOKEN, ask, chosen, free_address, sandbox,
};

/// How often each server has its turn.
const TURNS: usize = 5;

fn main() -> Outcome {
    // Cargo adds --bench to what the user says.
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| argument != "--bench")
        .collect();
    match arguments.as_slice() {
        [word, address, file] if word == "--bare" => bare(address.parse()?, std::fs::read(file)?),
        words => measure(&chosen(words)?),
    }
}

/// The other side of the comparison: reads the request's body, answers bytes, does nothing else.
fn bare(address: SocketAddr, answer: Vec<u8>) -> Outcome {
    let answer = bytes::Bytes::from(answer);
    let handler =
        move |_: bytes::Bytes| async move { ([("content-type", "application/json")], answer) };
    let router = axum::Router::new().route("/mcp", axum::routing::post(handler));
    tokio::runtime::Runtime::new()?.block_on(async {
        let listener = tokio::net::TcpListener::bind(address).await?;
        Ok(axum::serve(listener, router).await?)
    })
}

/// What one turn of load showed.
struct Turn {
    microseconds: f64,
    user: f64,
    system: f64,
    per_second: f64,
}

fn load(server: &Server, script: &Path) -> Outcome<Turn> {
    let before = server.cpu()?;
    let output = Command::new("wrk")
        .args(["-t1", "-c32", "-d4s", "-s"])
        .arg(script)
        .arg(format!("http://{}/mcp", server.address))
        .output();
    let output = output.map_err(|error| {
        format!("wrk can't be run: {error}; install it, for example with apt-get install wrk")
    })?;
    let after = server.cpu()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() || text.contains("Non-2xx") || text.contains("Socket errors") {
        return Err(format!("the load met errors:\n{text}").into());
    }
    let number = |line: &str| -> Outcome<f64> {
        Ok(line.split_whitespace().next().unwrap_or_default().parse()?)
    };
    let requests = number(
        text.lines()
            .find(|line| line.contains(" requests in "))
            .ok_or("wrk counted nothing")?,
    )?;
    let per_second = number(
        text.lines()
            .find_map(|line| line.strip_prefix("Requests/sec:"))
            .ok_or("wrk gave no rate")?,
    )?;
    let (user, system) = (
        (after.0 - before.0) * 1e6 / requests,
        (after.1 - before.1) * 1e6 / requests,
    );
    Ok(Turn {
        microseconds: user + system,
        user,
        system,
        per_second,
    })
}

fn measure(measured: &Measured) -> Outcome {
    let scratch = tempfile::tempdir()?;

    let began = Instant::now();
    let mut seller = sandbox(
        &measured.program,
        &measured.folder,
        &scratch.path().join("seller.db"),
        &[],
    )?;
    let answer = seller.first_answer()?;
    let started = began.elapsed();
    let at_rest = seller.memory("VmRSS")?;

    let body = scratch.path().join("answer.json");
    std::fs::write(&body, &answer)?;
    let address = free_address()?;
    let mut other = Command::new(std::env::current_exe()?);
    let mut bare = Server::start(
        other.arg("--bare").arg(address.to_string()).arg(&body),
        address,
    )?;
    if bare.first_answer()? != ask(seller.address)? {
        return Err("the two servers don't answer the same bytes".into());
    }

    let script = scratch.path().join("call.lua");
    let lua = format!(
        "wrk.method = 'POST'\nwrk.body = '{CALL}'\nwrk.headers['Authorization'] = 'Bearer {TOKEN}'\nwrk.headers['Content-Type'] = 'application/json'\nwrk.headers['Accept'] = 'application/json, text/event-stream'\nwrk.headers['MCP-Protocol-Version'] = '{REVISION}'\n"
    );
    std::fs::write(&script, lua)?;

    let mut ratios = Vec::new();
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "answer: {} bytes; from start to first answer: {:.0} ms; memory at rest: {at_rest:.1} MB",
        answer.len(),
        started.as_secs_f64() * 1000.0
    )?;
    writeln!(
        out,
        "turn  seller: us/call (user + system)  calls/s    bare: us/call (user + system)  calls/s    ratio"
    )?;
    for turn in 1..=TURNS {
        let (ours, theirs) = (load(&seller, &script)?, load(&bare, &script)?);
        let ratio = ours.microseconds / theirs.microseconds;
        let show = |turn: &Turn| {
            format!(
                "{:.1} ({:.1} + {:.1})  {:.0}",
                turn.microseconds, turn.user, turn.system, turn.per_second
            )
        };
        writeln!(
            out,
            "{turn}  {}    {}    {ratio:.2}",
            show(&ours),
            show(&theirs)
        )?;
        ratios.push(ratio);
    }
    ratios.sort_by(f64::total_cmp);
    let (least, most) = (
        ratios.first().copied().unwrap_or_default(),
        ratios.last().copied().unwrap_or_default(),
    );
    let median = ratios.get(TURNS / 2).copied().unwrap_or_default();
    writeln!(
        out,
        "ratio, median of {TURNS}: {median:.2} ({least:.2} to {most:.2}); memory after the load: {:.1} MB, bare {:.1} MB",
        seller.memory("VmRSS")?,
        bare.memory("VmRSS")?
    )?;
    Ok(())
}
