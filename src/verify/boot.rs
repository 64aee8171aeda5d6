//! Starting the seller as a buyer would meet it, on a free port and with an empty store.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::error::tail;
use super::process::Group;
use super::{Files, Options, VerifyError, approver};

/// How long a seller may take until it is ready.
const PATIENCE: Duration = Duration::from_secs(60);
/// The sandbox's bearer token. The process is fresh and listens on loopback only.
pub(super) const TOKEN: &str = "adcp-scaffold-verify";

/// A seller that takes calls.
pub(super) struct Seller {
    /// Where the endpoint is that the runner calls.
    pub(super) url: String,
    /// Where its operator API is, if anything waits for people.
    pub(super) operators: Option<SocketAddr>,
    /// When it was started: its clock then read the start instant.
    pub(super) started: Instant,
    _process: Group,
    _store: Option<tempfile::TempDir>,
}

/// Starts the seller and waits until it is ready.
pub(super) fn boot(
    program: &Path,
    options: &Options,
    files: &Files,
) -> Result<Seller, VerifyError> {
    let address = free_address()?;
    let operators = options.approvals.then(free_address).transpose()?;
    let operator_addr = operators.map_or_else(|| "off".to_owned(), |at| at.to_string());
    let log = File::create(&files.seller_log)
        .map_err(|source| VerifyError::unwritable(&files.seller_log, source))?;
    let both = log
        .try_clone()
        .map_err(|source| VerifyError::unwritable(&files.seller_log, source))?;
    let (store, folder) = fresh_store(options, files)?;
    let mut command = Command::new(program);
    command
        .arg("serve")
        .current_dir(&options.seller)
        .env("SELLER_ADDR", address.to_string())
        .env("SELLER_STORE", store)
        .env("SELLER_SANDBOX", "1")
        .env("SELLER_TOKEN", TOKEN)
        .env("SELLER_OPERATOR_ADDR", operator_addr)
        .env("SELLER_OPERATOR_TOKEN", approver::TOKEN)
        .env_remove("SELLER_OPERATORS")
        // A sandbox takes its catalogue's signers and makes up a key.
        .env_remove("SELLER_SIGNERS")
        .env_remove("SELLER_WEBHOOK_KEY")
        .env(
            "SELLER_DEVELOPMENT",
            if options.durable { "0" } else { "1" },
        )
        .env_remove("SELLER_CLOCK")
        .envs(
            options
                .clock
                .as_ref()
                .map(|clock| ("SELLER_CLOCK", clock.as_str())),
        )
        .stdin(Stdio::null())
        .stdout(log)
        .stderr(both);
    let mut process = Group::spawn(command)?;
    let started = Instant::now();
    while !is_ready(address) {
        let log = || std::fs::read_to_string(&files.seller_log).unwrap_or_default();
        if let Some(status) = process.ended()? {
            let (log, tail) = (files.seller_log.clone(), tail(&log()));
            return Err(VerifyError::Crashed {
                status: status.to_string(),
                log,
                tail,
            });
        }
        if started.elapsed() > PATIENCE {
            let (address, seconds) = (address.to_string(), PATIENCE.as_secs());
            return Err(VerifyError::NotReady {
                address,
                seconds,
                log: files.seller_log.clone(),
                tail: tail(&log()),
            });
        }
        sleep(Duration::from_millis(10));
    }
    Ok(Seller {
        url: format!("http://{address}/{}", options.transport.word()),
        operators,
        started,
        _process: process,
        _store: folder,
    })
}

/// An address that nobody listens on. Somebody may take it before the seller does; the seller's log
/// then says so.
fn free_address() -> Result<SocketAddr, VerifyError> {
    TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .map_err(|source| VerifyError::program("a listener on a free port of 127.0.0.1", source))
}

/// What `SELLER_STORE` says, and the folder that goes when the seller does.
fn fresh_store(
    options: &Options,
    files: &Files,
) -> Result<(String, Option<tempfile::TempDir>), VerifyError> {
    if !options.durable {
        return Ok(("memory:".to_owned(), None));
    }
    if options.keep {
        for ending in ["db", "db-wal", "db-shm"] {
            let file = files.store.with_extension(ending);
            match std::fs::remove_file(&file) {
                Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                    return Err(VerifyError::unwritable(&file, source));
                }
                _ => {}
            }
        }
        let file = std::path::absolute(&files.store)
            .map_err(|source| VerifyError::unwritable(&files.store, source))?;
        return Ok((format!("sqlite:{}", file.display()), None));
    }
    let folder = tempfile::tempdir()
        .map_err(|source| VerifyError::unwritable(&std::env::temp_dir(), source))?;
    let file = folder.path().join("seller.db");
    Ok((format!("sqlite:{}", file.display()), Some(folder)))
}

/// Whether `GET /readyz` answers 200.
fn is_ready(address: SocketAddr) -> bool {
    let second = Duration::from_secs(1);
    let ask = || -> std::io::Result<bool> {
        let mut stream = TcpStream::connect_timeout(&address, second)?;
        stream.set_read_timeout(Some(second))?;
        write!(
            stream,
            "GET /readyz HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n"
        )?;
        let mut status = [0; 12];
        stream.read_exact(&mut status)?;
        Ok(status.ends_with(b" 200"))
    };
    ask().unwrap_or(false)
}
