//! What a `get_products` call costs, next to the least that a server could do.
//!
//! `cargo run --release --example load [SECONDS]` starts a seller and a bare axum handler that
//! returns the same bytes, each as a process of its own, puts the same load on one after the other,
//! and prints requests per second, CPU time per request and memory. Linux only: the figures come
//! from /proc.

#[path = "../tests/seller/support/line.rs"]
mod line;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use adcp_seller::auth::Callers;
use adcp_seller::clock::SystemClock;
use adcp_seller::identity::Principal;
use adcp_seller::platform::{Answer, Context, Platform, Products};
use adcp_seller::seller::{Seller, Setting};
use adcp_seller::store::memory::MemoryStore;
use axum::http::header::CONTENT_TYPE;
use serde_json::Value;
use tokio::net::TcpListener;

const TOKEN: &str = "token-of-the-load";
const CONNECTIONS: usize = 16;
/// Products in the catalogue, all of which are in the answer.
const PRODUCTS: usize = 10;
const BODY: &str = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"get_products","arguments":{"adcp_major_version":3,"buying_mode":"brief","brief":"display banners next to news","context":{"correlation_id":"c2f1c3a0-1a7e-4b5e-9d2e-000000000001"}}}}"#;

type Failure = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["seller"] => seller().await,
        ["bare", answer] => bare(std::fs::read(answer)?).await,
        [seconds] => tokio::task::block_in_place(|| compare(Duration::from_secs(seconds.parse()?))),
        _ => tokio::task::block_in_place(|| compare(Duration::from_secs(5))),
    }
}

struct Desk;

impl Platform for Desk {
    fn get_products<'a>(&'a self, context: &'a Context, request: Value) -> Answer<'a, Products> {
        Box::pin(async move {
            Ok(context
                .catalog
                .matching(request["brief"].as_str(), request.get("filters")))
        })
    }
}

async fn seller() -> Result<(), Failure> {
    adcp_seller::logging::start(
        &std::env::var("SELLER_LOG").unwrap_or("info".into()),
        "json",
    )?;
    let catalog = tempfile::tempdir()?;
    write_catalog(catalog.path())?;
    let mut callers = Callers::default();
    callers.allow(TOKEN, Principal("load".into()));
    let setting = Setting {
        store: Arc::new(MemoryStore::new()),
        clock: Arc::new(SystemClock),
        callers,
        catalog: catalog.path().into(),
        sandbox: true,
    };
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    let _running = Seller::new(line::spec(), &line::PROFILE, Desk)
        .start(listener, setting)
        .await?;
    std::future::pending().await
}

async fn bare(answer: Vec<u8>) -> Result<(), Failure> {
    let answer = bytes::Bytes::from(answer);
    let handler = move |_body: bytes::Bytes| {
        let answer = answer.clone();
        async move { ([(CONTENT_TYPE, "application/json")], answer) }
    };
    let router = axum::Router::new().route("/mcp", axum::routing::post(handler));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    Ok(axum::serve(listener, router).await?)
}

fn compare(duration: Duration) -> Result<(), Failure> {
    let seller = Server::start(&["seller"])?;
    let answer = ask(seller.address)?;
    let file = tempfile::NamedTempFile::new()?;
    std::fs::write(file.path(), &answer)?;
    let bare = Server::start(&["bare", &file.path().to_string_lossy()])?;
    println!(
        "answer: {} bytes, {PRODUCTS} products; {CONNECTIONS} connections, {} s each",
        answer.len(),
        duration.as_secs()
    );
    let mut cost = Vec::new();
    for (name, server) in [("seller", &seller), ("bare axum", &bare)] {
        put_load(server.address, Duration::from_secs(1));
        let before = server.cpu()?;
        let requests = put_load(server.address, duration);
        let each = (server.cpu()? - before) / requests as f64;
        println!(
            "{name:<10} {:>8.0} requests/s {:>7.1} us CPU each {:>6} kB resident",
            requests as f64 / duration.as_secs_f64(),
            each * 1e6,
            server.memory()?
        );
        cost.push(each);
    }
    println!("ratio {:.2}", cost[0] / cost[1]);
    Ok(())
}

/// A server in a process of its own.
struct Server {
    process: Child,
    address: SocketAddr,
}

impl Server {
    fn start(words: &[&str]) -> Result<Self, Failure> {
        let mut process = Command::new(std::env::current_exe()?)
            .args(words)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let mut line = String::new();
        BufReader::new(process.stdout.take().ok_or("no output")?).read_line(&mut line)?;
        let address = line.trim().parse()?;
        Ok(Server { process, address })
    }

    /// User and system time so far, in seconds.
    fn cpu(&self) -> Result<f64, Failure> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.process.id()))?;
        let fields: Vec<&str> = stat
            .rsplit(") ")
            .next()
            .unwrap_or_default()
            .split(' ')
            .collect();
        let ticks = fields[11].parse::<f64>()? + fields[12].parse::<f64>()?;
        Ok(ticks / 100.0)
    }

    fn memory(&self) -> Result<String, Failure> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let line = status
            .lines()
            .find(|line| line.starts_with("VmRSS:"))
            .ok_or("no VmRSS")?;
        Ok(line
            .split_whitespace()
            .nth(1)
            .unwrap_or_default()
            .to_owned())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn request() -> String {
    format!(
        "POST /mcp HTTP/1.1\r\nhost: load\r\nauthorization: Bearer {TOKEN}\r\ncontent-type: application/json\r\naccept: application/json, text/event-stream\r\nmcp-protocol-version: 2025-11-25\r\ncontent-length: {}\r\n\r\n{BODY}",
        BODY.len()
    )
}

/// One answer's body, once the seller answers.
fn ask(address: SocketAddr) -> Result<Vec<u8>, Failure> {
    let deadline = Instant::now() + Duration::from_secs(20);
    let mut stream = loop {
        match TcpStream::connect(address) {
            Ok(stream) => break stream,
            Err(error) if Instant::now() > deadline => return Err(error.into()),
            Err(_) => std::thread::sleep(Duration::from_millis(10)),
        }
    };
    stream.write_all(request().as_bytes())?;
    let body = read_answer(&mut stream, &mut Vec::new())?;
    if body
        .windows(16)
        .any(|window| window == b"\"isError\":false}")
    {
        Ok(body)
    } else {
        Err(String::from_utf8_lossy(&body).into_owned().into())
    }
}

fn read_answer(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Result<Vec<u8>, Failure> {
    buffer.clear();
    let mut chunk = [0; 64 * 1024];
    loop {
        let read = stream.read(&mut chunk)?;
        if read == 0 {
            return Err("the server hung up".into());
        }
        buffer.extend_from_slice(&chunk[..read]);
        if let Some(end) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&buffer[..end]).to_ascii_lowercase();
            let length: usize = head
                .split("content-length: ")
                .nth(1)
                .and_then(|rest| rest.split("\r\n").next())
                .ok_or("no length")?
                .parse()?;
            while buffer.len() < end + 4 + length {
                let read = stream.read(&mut chunk)?;
                buffer.extend_from_slice(&chunk[..read]);
            }
            return Ok(buffer.split_off(end + 4));
        }
    }
}

/// Sends requests on all connections for a while and says how many were answered.
fn put_load(address: SocketAddr, duration: Duration) -> usize {
    let until = Instant::now() + duration;
    let connection = move || -> Result<usize, Failure> {
        let mut stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        let (request, mut buffer, mut answered) = (request(), Vec::new(), 0);
        while Instant::now() < until {
            stream.write_all(request.as_bytes())?;
            read_answer(&mut stream, &mut buffer)?;
            answered += 1;
        }
        Ok(answered)
    };
    let threads: Vec<_> = (0..CONNECTIONS)
        .map(|_| std::thread::spawn(connection))
        .collect();
    threads
        .into_iter()
        .map(|thread| thread.join().map_or(0, |answered| answered.unwrap_or(0)))
        .sum()
}

fn write_catalog(folder: &Path) -> std::io::Result<()> {
    std::fs::write(
        folder.join("formats.toml"),
        "[[formats]]\nname = \"Medium rectangle\"\nformat_id = { id = \"rectangle\" }\n",
    )?;
    let products: String = (0..PRODUCTS)
        .map(|number| {
            format!(
                r#"
[[products]]
product_id = "banner_{number}"
name = "Banner {number}"
description = "Display banners across news, sports and outdoor lifestyle pages, sold as available, number {number}."
delivery_type = "non_guaranteed"
channels = ["display"]
publisher_properties = [{{ publisher_domain = "press.example", selection_type = "all" }}]
format_ids = [{{ id = "rectangle" }}]
pricing_options = [{{ pricing_option_id = "fixed", pricing_model = "cpm", currency = "USD", fixed_price = 5.0 }}]
[products.reporting_capabilities]
available_reporting_frequencies = ["daily"]
expected_delay_minutes = 60
timezone = "UTC"
supports_webhooks = false
available_metrics = ["impressions", "spend"]
date_range_support = "date_range"
"#
            )
        })
        .collect();
    std::fs::write(folder.join("products.toml"), products)
}
