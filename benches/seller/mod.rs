//! A generated seller, built for release and started for a measurement, and one call that it answers.

use std::error::Error;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

pub(crate) type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// Ticks of `/proc` in a second, which Linux has fixed for programs at 100.
const TICKS: f64 = 100.0;

/// The revision of MCP that today's clients agree on with `initialize` and then send along.
pub(crate) const REVISION: &str = "2025-11-25";

pub(crate) const TOKEN: &str = "a-token-for-measuring";
pub(crate) const CALL: &str = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"get_products","arguments":{"buying_mode":"wholesale"}}}"#;

/// Generates a seller with the store that a live one has.
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

/// What a bench measures: a folder with a catalogue, and the program of the seller.
pub(crate) struct Measured {
    pub(crate) folder: PathBuf,
    pub(crate) program: PathBuf,
    /// The folder that goes away afterwards, where the bench generated the seller itself.
    _temporary: Option<tempfile::TempDir>,
}

/// The seller that the words after a bench's name choose: `FOLDER PROGRAM` is one that is built
/// already, `FOLDER` one that is generated already, and without words there is a new one.
pub(crate) fn chosen(words: &[String]) -> Outcome<Measured> {
    let (folder, temporary) = match words {
        [folder, ..] => (PathBuf::from(folder), None),
        [] => {
            let temporary = tempfile::tempdir()?;
            let folder = temporary.path().join("measured");
            generate(&folder)?;
            (folder, Some(temporary))
        }
    };
    let program = match words {
        [_, program] => std::fs::canonicalize(program)?,
        [] | [_] => build(&folder)?,
        _ => {
            return Err(
                "say nothing, the folder of a generated seller, or folder and program".into(),
            );
        }
    };
    Ok(Measured {
        folder,
        program,
        _temporary: temporary,
    })
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
pub(crate) struct Server {
    process: Child,
    pub(crate) address: SocketAddr,
}

/// Starts a generated seller as a sandbox on a port of its own, with more options.
pub(crate) fn sandbox(
    program: &Path,
    folder: &Path,
    store: &Path,
    more: &[&str],
) -> Outcome<Server> {
    let address = free_address()?;
    let mut command = Command::new(program);
    command
        .current_dir(folder)
        .args(["--sandbox", "--operator-addr", "127.0.0.1:0", "--addr"])
        .arg(address.to_string())
        .arg("--store")
        .arg(format!("sqlite:{}", store.display()))
        .args(more)
        .env("SELLER_TOKEN", TOKEN);
    Server::start(&mut command, address)
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to end.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Server {
    pub(crate) fn start(command: &mut Command, address: SocketAddr) -> Outcome<Self> {
        let process = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        Ok(Server { process, address })
    }

    /// Its process.
    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// Asks until there is an answer with status 200.
    pub(crate) fn first_answer(&mut self) -> Outcome<Vec<u8>> {
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
    pub(crate) fn cpu(&self) -> Outcome<(f64, f64)> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.id()))?;
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
    pub(crate) fn memory(&self, line: &str) -> Outcome<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id()))?;
        let kilobytes = status
            .lines()
            .find_map(|found| found.strip_prefix(line))
            .and_then(|rest| rest.split_whitespace().nth(1))
            .ok_or("no such line")?;
        Ok(kilobytes.parse::<f64>()? / 1024.0)
    }
}

/// Makes the call once, and gives the body of an answer with status 200.
pub(crate) fn ask(address: SocketAddr) -> Outcome<Vec<u8>> {
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
pub(crate) fn free_address() -> Outcome<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}
