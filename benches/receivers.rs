//! What hostile receivers of webhooks do to calls that have nothing to do with them.
//!
//! `cargo bench --bench receivers` generates a seller, builds it for release and measures it;
//! `cargo bench --bench receivers -- FOLDER` takes one that is there, and with the path of its
//! program after the folder, that program. Two processes of the seller take turns, and the other one
//! is stopped meanwhile. In both, media buys are made at the same rate, each with a receiver for its
//! notifications, and `get_products` is called at a steady pace. In the quiet one every receiver
//! answers 204; in the other one they answer 503, hang, close, redirect or send 100 MB in turn, so
//! that what fails is tried again and again beside the calls. The receivers are a process of their
//! own with the lowest priority, since on a real network they would not share the seller's
//! processors. The figure is the 99th percentile of `get_products` there against the quiet one, each
//! as the median over the turns: the machine may have more to do.
#![allow(missing_docs)]

mod seller;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use seller::{CALL, Measured, Outcome, REVISION, Server, TOKEN, ask, chosen, sandbox};
use serde_json::{Value, json};

/// How often each process has its turn, and for how long.
const TURNS: usize = 11;
const TURN: Duration = Duration::from_secs(5);
/// How long the same goes on before each turn without being measured: a process that was stopped has
/// timers to catch up with.
const SETTLING: Duration = Duration::from_secs(1);
/// How many connections call `get_products`, and the pause between two calls of each.
const CALLERS: usize = 4;
const PACE: Duration = Duration::from_millis(8);
/// The pause between two media buys. All buys together stay under the number of notifications that
/// a seller keeps waiting for one buyer.
const BUYS: Duration = Duration::from_millis(120);
/// What the flooding receiver sends.
const FLOOD: usize = 100 * 1024 * 1024;
/// The pause between two pieces of it: no faster than half a gigabit in a second.
const TRICKLE: Duration = Duration::from_millis(1);
/// What makes this program the receivers instead of the bench.
const RECEIVE: &str = "receive";

fn main() -> Outcome {
    // Cargo adds --bench to what the user says.
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| argument != "--bench")
        .collect();
    if arguments == [RECEIVE] {
        return receive();
    }
    measure(&chosen(&arguments)?)
}

/// What a receiver does with a request.
#[derive(Clone, Copy, Debug)]
enum Manner {
    Well,
    Unwell,
    Hangs,
    Closes,
    Redirects,
    Floods,
}

impl Manner {
    /// The one that is well, then those that are not.
    const ALL: [Manner; 6] = [
        Manner::Well,
        Manner::Unwell,
        Manner::Hangs,
        Manner::Closes,
        Manner::Redirects,
        Manner::Floods,
    ];

    /// Does with the requests of a connection what this manner does, until it ends.
    fn treat(self, stream: &mut BufReader<TcpStream>, met: &AtomicUsize) -> Outcome {
        while read_request(stream)? {
            met.fetch_add(1, Ordering::Relaxed);
            let answer = match self {
                Manner::Well => "204 No Content\r\n\r\n",
                Manner::Unwell => "503 Service Unavailable\r\ncontent-length: 0\r\n\r\n",
                Manner::Redirects => {
                    "302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n"
                }
                Manner::Closes => return Ok(()),
                Manner::Hangs => {
                    // Until the other side gives up.
                    while stream.read(&mut [0; 1024])? > 0 {}
                    return Ok(());
                }
                Manner::Floods => return flood(stream.get_mut()),
            };
            write!(stream.get_mut(), "HTTP/1.1 {answer}")?;
        }
        Ok(())
    }
}

/// Answers with more than anybody wants.
fn flood(stream: &mut TcpStream) -> Outcome {
    write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {FLOOD}\r\n\r\n")?;
    let piece = [b' '; 64 * 1024];
    for _ in 0..FLOOD / piece.len() {
        stream.write_all(&piece)?;
        thread::sleep(TRICKLE);
    }
    Ok(())
}

/// Reads a request whole; whether there was one.
fn read_request(stream: &mut BufReader<TcpStream>) -> Outcome<bool> {
    let mut first = String::new();
    if stream.read_line(&mut first)? == 0 {
        return Ok(false);
    }
    read_rest(stream)?;
    Ok(true)
}

/// Reads the headers of a message and gives the body that they announce.
fn read_rest(stream: &mut BufReader<TcpStream>) -> Outcome<Vec<u8>> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        stream.read_line(&mut line)?;
        let line = line.trim_end().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse()?;
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    Ok(body)
}

/// Plays the receivers of every manner until the input ends: says on which addresses at first and
/// then what each of them has met.
fn receive() -> Outcome {
    let mut met = Vec::new();
    for manner in Manner::ALL {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        println!("{}", listener.local_addr()?);
        let counter = Arc::new(AtomicUsize::new(0));
        met.push(Arc::clone(&counter));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let counter = Arc::clone(&counter);
                // What becomes of the connection is the seller's concern.
                thread::spawn(move || drop(manner.treat(&mut BufReader::new(stream), &counter)));
            }
        });
    }
    std::io::stdin().read_to_end(&mut Vec::new())?;
    for count in met {
        println!("{}", count.load(Ordering::Relaxed));
    }
    Ok(())
}

/// The process that plays the receivers.
struct Receivers {
    process: Child,
    said: BufReader<ChildStdout>,
    addresses: Vec<SocketAddr>,
}

impl Receivers {
    fn start() -> Outcome<Self> {
        let mut process = Command::new("nice")
            .args(["-n", "19"])
            .arg(std::env::current_exe()?)
            .arg(RECEIVE)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let said = process.stdout.take().ok_or("the receivers say nothing")?;
        let mut said = BufReader::new(said);
        let mut addresses = Vec::new();
        for _ in Manner::ALL {
            let mut line = String::new();
            said.read_line(&mut line)?;
            addresses.push(line.trim().parse()?);
        }
        Ok(Receivers {
            process,
            said,
            addresses,
        })
    }

    /// How many deliveries each of them has met.
    fn end(mut self) -> Outcome<Vec<usize>> {
        drop(self.process.stdin.take());
        let mut text = String::new();
        self.said.read_to_string(&mut text)?;
        Ok(text.lines().map(str::parse).collect::<Result<_, _>>()?)
    }
}

impl Drop for Receivers {
    fn drop(&mut self) {
        // They end by themselves once their input does; this is for when they didn't.
        let _ = self.process.kill();
        let _ = self.process.wait();
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
        let mut status = String::new();
        self.stream.read_line(&mut status)?;
        let body = read_rest(&mut self.stream)?;
        if status.starts_with("HTTP/1.1 200") {
            Ok(body)
        } else {
            Err(format!("{status}{}", String::from_utf8_lossy(&body)).into())
        }
    }
}

/// Calls `get_products` at a steady pace and gives how long each call took. A call that could not
/// begin in time because the one before it lasted counts from when it should have begun. What begins
/// before `from` is not counted.
fn browse(address: SocketAddr, from: Instant, until: Instant) -> Outcome<Vec<Duration>> {
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
        if began >= from {
            took.push(began.elapsed());
        }
        due += PACE;
    }
    Ok(took)
}

/// Makes media buys at a steady pace. `receivers` are named in turn.
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
    let from = Instant::now() + SETTLING;
    let until = from + TURN;
    let address = server.address;
    let (mut took, buys) = thread::scope(|scope| -> Outcome<_> {
        let text = |error: Box<dyn std::error::Error>| error.to_string();
        let browsing: Vec<_> = (0..CALLERS)
            .map(|_| scope.spawn(move || browse(address, from, until).map_err(text)))
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

fn measure(measured: &Measured) -> Outcome {
    let (program, folder) = (&measured.program, &measured.folder);
    let scratch = tempfile::tempdir()?;
    let mut quiet = sandbox(program, folder, &scratch.path().join("quiet.db"), &[])?;
    let mut hostile = sandbox(program, folder, &scratch.path().join("hostile.db"), &[])?;
    quiet.first_answer()?;
    hostile.first_answer()?;
    let order = order(&quiet)?;
    create(&mut Caller::connect(hostile.address)?, &order)?;
    let receivers = Receivers::start()?;
    let (well, unwell) = receivers.addresses.split_at(1);

    let mut out = std::io::stdout().lock();
    writeln!(out, "load average before: {}", load()?)?;
    writeln!(
        out,
        "turn  quiet: p50 ms  p99 ms  CPU s    hostile: p50 ms  p99 ms  CPU s    ratio of p99"
    )?;
    let (mut quiets, mut hostiles) = (Vec::new(), Vec::new());
    for number in 1..=TURNS {
        let quietly = || -> Outcome<Turn> {
            signal(&hostile, "-STOP")?;
            let turn = turn(&quiet, &order, well);
            signal(&hostile, "-CONT")?;
            turn
        };
        let hostilely = || -> Outcome<Turn> {
            signal(&quiet, "-STOP")?;
            let turn = turn(&hostile, &order, unwell);
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
        quiets.push(ours.p99);
        hostiles.push(theirs.p99);
    }
    let (ours, theirs) = (median(quiets), median(hostiles));
    writeln!(
        out,
        "median of p99 over {TURNS} turns: quiet {ours:.2} ms, hostile {theirs:.2} ms, ratio {:.2}; load average after: {}; memory: quiet {:.1} MB, hostile {:.1} MB",
        theirs / ours,
        load()?,
        quiet.memory("VmRSS")?,
        hostile.memory("VmRSS")?
    )?;
    for (manner, met) in Manner::ALL.iter().zip(receivers.end()?) {
        writeln!(out, "{manner:?}: {met} deliveries tried")?;
        if met == 0 {
            return Err("a receiver was never tried, so nothing was measured".into());
        }
    }
    Ok(())
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// What the machine has to do altogether, over one, five and fifteen minutes.
fn load() -> Outcome<String> {
    let text = std::fs::read_to_string("/proc/loadavg")?;
    Ok(text
        .split_whitespace()
        .take(3)
        .collect::<Vec<_>>()
        .join(" "))
}
