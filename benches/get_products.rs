//! What one `get_products` call costs a seller, against a bare axum handler that answers the same
//! bytes.
//!
//! `cargo bench --bench get_products` generates a seller, builds it for release and measures it;
//! `cargo bench --bench get_products -- FOLDER` takes one that is there. The figure is CPU time of
//! the server process (user and system, from `/proc`) for each request, because wall time on a
//! machine that also runs the load says more about the load. Both servers run at once and are
//! loaded by `wrk` in turns, so that what else the machine does hits both.
#![allow(missing_docs)]

use std::error::Error;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// How often each server has its turn.
const TURNS: usize = 5;

/// Ticks of `/proc` in a second, which Linux has fixed for programs at 100.
const TICKS: f64 = 100.0;

/// The revision of MCP that today's clients agree on with `initialize` and then send along.
const REVISION: &str = "2025-11-25";

const TOKEN: &str = "a-token-for-measuring";
const CALL: &str = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"get_products","arguments":{"buying_mode":"wholesale"}}}"#;

fn main() -> Outcome {
    // Cargo adds --bench to what the user says.
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| argument != "--bench")
        .collect();
    match arguments
        .iter()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .as_slice()
    {
        ["--bare", address, file] => bare(address.parse()?, std::fs::read(file)?),
        [folder] => measure(Path::new(folder)),
        [] => {
            let folder = tempfile::tempdir()?;
            let seller = folder.path().join("measured");
            generate(&seller)?;
            measure(&seller)
        }
        _ => Err("say nothing, or the folder of a generated seller".into()),
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

fn generate(folder: &Path) -> Outcome {
    let mut new = Command::new(env!("CARGO_BIN_EXE_adcp-scaffold"));
    new.arg("new").arg(folder).args([
        "--name",
        "measured",
        "--specialism",
        "sales-non-guaranteed",
        "--store",
        "sqlite",
        "--yes",
    ]);
    succeed(&mut new)
}

fn succeed(command: &mut Command) -> Outcome {
    let status = command.stdout(Stdio::null()).status()?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("{command:?} ended with {status}").into())
    }
}

/// Builds the seller and gives the program and the folder of its target.
fn build(folder: &Path) -> Outcome<PathBuf> {
    let target =
        std::env::var_os("ADCP_TEST_TARGET").map_or_else(|| folder.join("target"), PathBuf::from);
    succeed(
        Command::new("cargo")
            .args(["build", "--release"])
            .current_dir(folder)
            .env("CARGO_TARGET_DIR", &target),
    )?;
    let manifest: toml::Table = std::fs::read_to_string(folder.join("Cargo.toml"))?.parse()?;
    let name = manifest
        .get("package")
        .and_then(|package| package.get("name"))
        .and_then(toml::Value::as_str)
        .ok_or("Cargo.toml names no package")?;
    Ok(target.join("release").join(name))
}

/// A server that ends with this value.
struct Server {
    process: Child,
    address: SocketAddr,
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to end.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Server {
    fn start(command: &mut Command, address: SocketAddr) -> Outcome<Self> {
        let process = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        Ok(Server { process, address })
    }

    /// Asks until there is an answer with status 200.
    fn first_answer(&mut self) -> Outcome<Vec<u8>> {
        let until = Instant::now() + Duration::from_secs(30);
        while Instant::now() < until {
            if let Some(status) = self.process.try_wait()? {
                return Err(format!("the server ended with {status} before it answered").into());
            }
            match ask(self.address) {
                Ok(body) => return Ok(body),
                Err(_) => std::thread::sleep(Duration::from_millis(1)),
            }
        }
        Err("the server did not answer within 30 seconds".into())
    }

    /// CPU seconds that it has used so far, by user and by system.
    fn cpu(&self) -> Outcome<(f64, f64)> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.process.id()))?;
        // The second field is the program's name in parentheses, which may hold blanks.
        let fields: Vec<&str> = stat
            .rsplit_once(')')
            .ok_or("no name in stat")?
            .1
            .split_whitespace()
            .collect();
        let ticks = |at: usize| -> Outcome<f64> {
            Ok(fields.get(at).ok_or("stat is short")?.parse::<f64>()? / TICKS)
        };
        Ok((ticks(11)?, ticks(12)?))
    }

    /// A line of `/proc/PID/status`, in MB.
    fn memory(&self, line: &str) -> Outcome<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let kilobytes = status
            .lines()
            .find_map(|found| found.strip_prefix(line))
            .and_then(|rest| rest.split_whitespace().nth(1))
            .ok_or("no such line")?;
        Ok(kilobytes.parse::<f64>()? / 1024.0)
    }
}

fn ask(address: SocketAddr) -> Outcome<Vec<u8>> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    write!(
        stream,
        "POST /mcp HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {TOKEN}\r\ncontent-type: application/json\r\naccept: application/json\r\nmcp-protocol-version: {REVISION}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{CALL}",
        CALL.len()
    )?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let end = answer
        .windows(4)
        .position(|window| window == b"\r\n\r\n")
        .ok_or("no end of the head")?;
    if !answer.starts_with(b"HTTP/1.1 200") {
        return Err(String::from_utf8_lossy(&answer).into());
    }
    Ok(answer.split_off(end + 4))
}

/// A port that was free a moment ago.
fn free_address() -> Outcome<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
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

fn measure(folder: &Path) -> Outcome {
    let program = build(folder)?;
    let scratch = tempfile::tempdir()?;

    let address = free_address()?;
    let store = format!("sqlite:{}", scratch.path().join("seller.db").display());
    let began = Instant::now();
    let mut command = Command::new(&program);
    command
        .current_dir(folder)
        .args([
            "--sandbox",
            "--addr",
            &address.to_string(),
            "--store",
            &store,
        ])
        .env("SELLER_TOKEN", TOKEN);
    let mut seller = Server::start(&mut command, address)?;
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
