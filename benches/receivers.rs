//! What hostile receivers of webhooks do to calls that have nothing to do with them.
//!
//! `cargo bench --bench receivers` generates a seller, builds it for release and measures it;
//! `cargo bench --bench receivers -- FOLDER` takes one that is there. Two processes of the seller
//! take turns, and the other one is stopped meanwhile. In both, media buys are made at the same rate
//! and `get_products` is called at a steady pace. In one of them every buy names a receiver that
//! answers 503, hangs, closes, redirects or sends 100 MB, so that what fails is tried again and
//! again beside the calls. The figure is the 99th percentile of `get_products` there against the
//! quiet one, as the median over the turns: the machine may have more to do.
#![allow(missing_docs)]

mod seller;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use seller::{CALL, Outcome, REVISION, Server, TOKEN, ask, build, generate, sandbox};
use serde_json::{Value, json};

/// How often each process has its turn, and for how long.
const TURNS: usize = 9;
const TURN: Duration = Duration::from_secs(6);
/// How many connections call `get_products`, and the pause between two calls of each.
const CALLERS: usize = 4;
const PACE: Duration = Duration::from_millis(8);
/// The pause between two media buys. All buys together stay under the number of notifications that
/// a seller keeps waiting for one buyer.
const BUYS: Duration = Duration::from_millis(120);
/// What the flooding receiver sends.
const FLOOD: usize = 100 * 1024 * 1024;

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

/// What a receiver does with a request.
#[derive(Clone, Copy, Debug)]
enum Manner {
    Unwell,
    Hangs,
    Closes,
    Redirects,
    Floods,
}

impl Manner {
    const ALL: [Manner; 5] = [
        Manner::Unwell,
        Manner::Hangs,
        Manner::Closes,
        Manner::Redirects,
        Manner::Floods,
    ];

    fn treat(self, stream: &mut TcpStream) -> std::io::Result<()> {
        let mut request = [0; 64 * 1024];
        if stream.read(&mut request)? == 0 {
            return Ok(());
        }
        match self {
            Manner::Unwell => stream.write_all(
                b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
            ),
            Manner::Hangs => {
                // Until the other side gives up.
                while stream.read(&mut request)? > 0 {}
                Ok(())
            }
            Manner::Closes => Ok(()),
            Manner::Redirects => stream.write_all(
                b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
            ),
            Manner::Floods => {
                let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {FLOOD}\r\n\r\n");
                stream.write_all(head.as_bytes())?;
                let piece = [b' '; 64 * 1024];
                for _ in 0..FLOOD / piece.len() {
                    stream.write_all(&piece)?;
                }
                Ok(())
            }
        }
    }
}

/// A receiver on this machine, until the program ends.
struct Receiver {
    manner: Manner,
    address: SocketAddr,
    met: Arc<AtomicUsize>,
}

impl Receiver {
    fn start(manner: Manner) -> Outcome<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let met = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&met);
        thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                counter.fetch_add(1, Ordering::Relaxed);
                // What becomes of the connection is the seller's concern.
                thread::spawn(move || drop(manner.treat(&mut stream)));
            }
        });
        Ok(Receiver {
            manner,
            address,
            met,
        })
    }
}

/// A connection that is kept and makes one call after another.
struct Caller {
    address: SocketAddr,
    stream: BufReader<TcpStream>,
}

impl Caller {
    fn connect(address: SocketAddr) -> Outcome<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        let stream = BufReader::new(stream);
        Ok(Caller { address, stream })
    }

    /// Posts a message and reads the whole answer.
    fn call(&mut self, message: &str) -> Outcome<Vec<u8>> {
        let request = format!(
            "POST /mcp HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {TOKEN}\r\ncontent-type: application/json\r\naccept: application/json, text/event-stream\r\nmcp-protocol-version: {REVISION}\r\ncontent-length: {}\r\n\r\n{message}",
            self.address,
            message.len()
        );
        self.stream.get_mut().write_all(request.as_bytes())?;
        let mut length = 0;
        let mut status = String::new();
        self.stream.read_line(&mut status)?;
        loop {
            let mut line = String::new();
            self.stream.read_line(&mut line)?;
            let line = line.trim_end().to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse()?;
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body)?;
        if status.starts_with("HTTP/1.1 200") {
            Ok(body)
        } else {
            Err(format!("{status}{}", String::from_utf8_lossy(&body)).into())
        }
    }
}

/// Calls `get_products` at a steady pace and gives how long each call took. A call that could not
/// begin in time because the one before it lasted counts from when it should have begun.
fn browse(address: SocketAddr, until: Instant) -> Outcome<Vec<Duration>> {
    let mut caller = Caller::connect(address)?;
    let mut took = Vec::new();
    let mut due = Instant::now();
    while due < until {
        let wait = due.saturating_duration_since(Instant::now());
        let began = if wait.is_zero() {
            due
        } else {
            thread::sleep(wait);
            Instant::now()
        };
        caller.call(CALL)?;
        took.push(began.elapsed());
        due += PACE;
    }
    Ok(took)
}

/// Makes media buys at a steady pace. `receivers` are named in turn, where there are any.
fn buy(
    address: SocketAddr,
    order: &Value,
    receivers: &[SocketAddr],
    until: Instant,
) -> Outcome<usize> {
    let mut caller = Caller::connect(address)?;
    let mut turn = receivers.iter().cycle();
    let mut bought = 0;
    while Instant::now() < until {
        let next = Instant::now() + BUYS;
        let mut order = order.clone();
        order["idempotency_key"] = format!("{:032x}", unique()).into();
        if let Some(receiver) = turn.next() {
            order["push_notification_config"] = json!({ "url": format!("http://{receiver}/") });
        }
        create(&mut caller, &order)?;
        bought += 1;
        thread::sleep(next.saturating_duration_since(Instant::now()));
    }
    Ok(bought)
}

/// A number that no other call of this program gives.
fn unique() -> usize {
    static LAST: AtomicUsize = AtomicUsize::new(0);
    LAST.fetch_add(1, Ordering::Relaxed)
}

fn create(caller: &mut Caller, order: &Value) -> Outcome {
    let message = json!({
        "jsonrpc": "2.0",
        "id": 1,
        "method": "tools/call",
        "params": { "name": "create_media_buy", "arguments": order },
    });
    let answer: Value = serde_json::from_slice(&caller.call(&message.to_string())?)?;
    match answer["result"]["structuredContent"].get("media_buy_id") {
        Some(_) => Ok(()),
        None => Err(format!("a media buy was not made: {answer}").into()),
    }
}

/// A media buy of the first product that can be bought at once.
fn order(server: &Server) -> Outcome<Value> {
    let answer: Value = serde_json::from_slice(&ask(server.address)?)?;
    let products = answer["result"]["structuredContent"]["products"]
        .as_array()
        .ok_or("no products")?;
    for product in products {
        let order = json!({
            "idempotency_key": format!("{:032x}", unique()),
            "account": { "brand": { "domain": "buyer.example" }, "operator": "buyer.example" },
            "brand": { "domain": "buyer.example" },
            "start_time": "2027-04-01T00:00:00Z",
            "end_time": "2027-05-01T00:00:00Z",
            "packages": [{
                "product_id": product["product_id"],
                "pricing_option_id": product["pricing_options"][0]["pricing_option_id"],
                "budget": 10_000,
            }],
        });
        if create(&mut Caller::connect(server.address)?, &order).is_ok() {
            return Ok(order);
        }
    }
    Err("no product can be bought at once".into())
}

/// What one turn showed.
struct Turn {
    /// In milliseconds.
    median: f64,
    /// In milliseconds.
    p99: f64,
    calls: usize,
    buys: usize,
    /// In seconds.
    cpu: f64,
}

fn turn(server: &Server, order: &Value, receivers: &[SocketAddr]) -> Outcome<Turn> {
    let before = server.cpu()?;
    let until = Instant::now() + TURN;
    let address = server.address;
    let (mut took, buys) = thread::scope(|scope| -> Outcome<_> {
        let text = |error: Box<dyn std::error::Error>| error.to_string();
        let browsing: Vec<_> = (0..CALLERS)
            .map(|_| scope.spawn(move || browse(address, until).map_err(text)))
            .collect();
        let buying = scope.spawn(move || buy(address, order, receivers, until).map_err(text));
        let mut took = Vec::new();
        for thread in browsing {
            took.extend(thread.join().map_err(|_| "a caller panicked")??);
        }
        Ok((took, buying.join().map_err(|_| "the buyer panicked")??))
    })?;
    let after = server.cpu()?;
    took.sort_unstable();
    let at = |share: usize| -> Outcome<f64> {
        let place = (took.len() * share / 100).min(took.len().saturating_sub(1));
        let found = took.get(place).ok_or("no calls")?;
        Ok(found.as_secs_f64() * 1000.0)
    };
    Ok(Turn {
        median: at(50)?,
        p99: at(99)?,
        calls: took.len(),
        buys,
        cpu: after.0 + after.1 - before.0 - before.1,
    })
}

/// Stops a process, or has it go on, without its noticing.
fn signal(server: &Server, name: &str) -> Outcome {
    let status = Command::new("kill")
        .args([name, &server.id().to_string()])
        .status()?;
    match status.success() {
        true => Ok(()),
        false => Err(format!("kill {name} ended with {status}").into()),
    }
}

fn measure(folder: &Path) -> Outcome {
    let program = build(folder)?;
    let scratch = tempfile::tempdir()?;
    let mut quiet = sandbox(&program, folder, &scratch.path().join("quiet.db"), &[])?;
    let mut hostile = sandbox(&program, folder, &scratch.path().join("hostile.db"), &[])?;
    quiet.first_answer()?;
    hostile.first_answer()?;
    let order = order(&quiet)?;
    create(&mut Caller::connect(hostile.address)?, &order)?;
    let receivers = Manner::ALL
        .into_iter()
        .map(Receiver::start)
        .collect::<Outcome<Vec<_>>>()?;
    let addresses: Vec<_> = receivers.iter().map(|receiver| receiver.address).collect();

    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "turn  quiet: p50 ms  p99 ms  CPU s    hostile: p50 ms  p99 ms  CPU s    ratio of p99"
    )?;
    let mut ratios = Vec::new();
    for number in 1..=TURNS {
        let quietly = || -> Outcome<Turn> {
            signal(&hostile, "-STOP")?;
            let turn = turn(&quiet, &order, &[]);
            signal(&hostile, "-CONT")?;
            turn
        };
        let hostilely = || -> Outcome<Turn> {
            signal(&quiet, "-STOP")?;
            let turn = turn(&hostile, &order, &addresses);
            signal(&quiet, "-CONT")?;
            turn
        };
        // Who goes first changes, so that neither always meets a fresh machine.
        let (ours, theirs) = if number % 2 == 0 {
            let ours = quietly()?;
            (ours, hostilely()?)
        } else {
            let theirs = hostilely()?;
            (quietly()?, theirs)
        };
        let ratio = theirs.p99 / ours.p99;
        let show = |turn: &Turn| {
            format!(
                "{:.2}  {:.2}  {:.2} ({} calls, {} buys)",
                turn.median, turn.p99, turn.cpu, turn.calls, turn.buys
            )
        };
        writeln!(
            out,
            "{number}  {}    {}    {ratio:.2}",
            show(&ours),
            show(&theirs)
        )?;
        ratios.push(ratio);
    }
    ratios.sort_by(f64::total_cmp);
    writeln!(
        out,
        "ratio of p99, median of {TURNS}: {:.2} ({:.2} to {:.2}); memory after it: quiet {:.1} MB, hostile {:.1} MB",
        ratios[TURNS / 2],
        ratios[0],
        ratios[TURNS - 1],
        quiet.memory("VmRSS")?,
        hostile.memory("VmRSS")?
    )?;
    for receiver in &receivers {
        let met = receiver.met.load(Ordering::Relaxed);
        writeln!(out, "{:?}: {met} deliveries tried", receiver.manner)?;
        if met == 0 {
            return Err("a receiver was never tried, so nothing was measured".into());
        }
    }
    Ok(())
}
