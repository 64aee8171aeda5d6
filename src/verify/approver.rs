//! Plays the people who have to agree: whatever waits for a decision is approved, through the
//! operator API, as a person would.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use serde::Deserialize;

/// The operator's token. The process is fresh and listens on loopback only.
pub(super) const TOKEN: &str = "adcp-scaffold-verify-operator";
/// How often it is looked whether something waits. The runner asks every one and a half seconds.
const PULSE: Duration = Duration::from_millis(200);
/// How long one answer may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Somebody who agrees to everything, until this value is dropped.
pub(super) struct Approver {
    approved: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// A page of tasks, as far as it concerns us.
#[derive(Deserialize)]
struct Waiting {
    tasks: Vec<Task>,
}

#[derive(Deserialize)]
struct Task {
    task_id: String,
}

impl Approver {
    /// Begins to approve what waits at the operator API there.
    pub(super) fn start(address: SocketAddr) -> Self {
        let approved = Arc::new(AtomicUsize::new(0));
        let stop = Arc::new(AtomicBool::new(false));
        let (count, end) = (Arc::clone(&approved), Arc::clone(&stop));
        let thread = thread::spawn(move || {
            while !end.load(Ordering::Relaxed) {
                // A seller that does not answer fails the run; nothing is to be added to that.
                count.fetch_add(approve_all(address).unwrap_or(0), Ordering::Relaxed);
                thread::sleep(PULSE);
            }
        });
        Approver {
            approved,
            stop,
            thread: Some(thread),
        }
    }

    /// How much was approved so far.
    pub(super) fn approved(&self) -> usize {
        self.approved.load(Ordering::Relaxed)
    }
}

impl Drop for Approver {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has said so itself.
            let _ = thread.join();
        }
    }
}

/// Approves what waits now, and says how much that was.
fn approve_all(address: SocketAddr) -> io::Result<usize> {
    let (status, body) = ask(address, "GET", "/tasks?awaiting=true&limit=100")?;
    if status != 200 {
        return Err(io::Error::other(format!("tasks are answered {status}")));
    }
    let waiting: Waiting = serde_json::from_slice(&body).map_err(io::Error::other)?;
    let mut approved = 0;
    for task in waiting.tasks {
        let (status, _) = ask(address, "POST", &format!("/tasks/{}/approve", task.task_id))?;
        approved += usize::from(status == 200);
    }
    Ok(approved)
}

/// One request; answers status and body. HTTP/1.0, so that the body ends with the connection.
fn ask(address: SocketAddr, method: &str, path: &str) -> io::Result<(u16, Vec<u8>)> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    write!(
        stream,
        "{method} {path} HTTP/1.0\r\nhost: {address}\r\nauthorization: Bearer {TOKEN}\r\ncontent-length: 0\r\n\r\n"
    )?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    parse(&answer).ok_or_else(|| io::Error::other("the answer is no HTTP"))
}

fn parse(answer: &[u8]) -> Option<(u16, Vec<u8>)> {
    const END: &[u8] = b"\r\n\r\n";
    let head = answer.windows(END.len()).position(|window| window == END)?;
    let status = std::str::from_utf8(answer.get(..head)?).ok()?;
    let status = status.split(' ').nth(1)?.parse().ok()?;
    Some((status, answer[head + END.len()..].to_vec()))
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead as _, BufReader};
    use std::net::TcpListener;
    use std::time::Instant;

    use super::*;

    #[test]
    fn an_answer_has_a_status_and_a_body() {
        let answer = b"HTTP/1.0 409 Conflict\r\na: b\r\n\r\n{}";
        assert_eq!(parse(answer), Some((409, b"{}".to_vec())));
        assert_eq!(parse(b"HTTP/1.0 200 OK"), None);
    }

    #[test]
    fn what_waits_is_approved_with_the_operators_token() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        // One task waits until it is approved.
        let api = thread::spawn(move || {
            let mut requests = Vec::new();
            for stream in listener.incoming() {
                let mut stream = stream.expect("a connection");
                let mut lines = BufReader::new(stream.try_clone().expect("a socket")).lines();
                let request = lines.next().expect("a request").expect("text");
                let authorized = lines
                    .map_while(Result::ok)
                    .take_while(|line| !line.is_empty())
                    .any(|line| line == format!("authorization: Bearer {TOKEN}"));
                assert!(authorized, "{request}");
                let body = if request.starts_with("GET") {
                    r#"{"tasks":[{"task_id":"task_1","status":"submitted"}]}"#
                } else {
                    "{}"
                };
                write!(stream, "HTTP/1.0 200 OK\r\n\r\n{body}").expect("the answer is taken");
                requests.push(request);
                if requests.len() == 2 {
                    return requests;
                }
            }
            requests
        });
        let approver = Approver::start(address);
        let requests = api.join().expect("no panic");
        assert_eq!(requests[0], "GET /tasks?awaiting=true&limit=100 HTTP/1.0");
        assert_eq!(requests[1], "POST /tasks/task_1/approve HTTP/1.0");
        let patience = Instant::now() + PATIENCE;
        while approver.approved() == 0 {
            assert!(Instant::now() < patience, "the approval is not counted");
            thread::sleep(Duration::from_millis(5));
        }
        drop(approver);
    }
}
