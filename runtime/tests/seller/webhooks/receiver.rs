//! A buyer's end of a webhook: a server on loopback that notes what it is sent and answers as a test
//! wants, well or badly.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::http::HeaderMap;
use axum::http::header::{HeaderName, HeaderValue};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// How long a test waits for what should come.
const PATIENCE: Duration = Duration::from_secs(20);

/// How a request is answered.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// With a status.
    Status(u16),
    /// With a status and a header.
    Saying(u16, &'static str, String),
    /// Never.
    Hang,
    /// By closing the connection.
    Close,
    /// With a body of a hundred million bytes.
    Huge,
    /// With a status, after a while.
    Slow(u16, Duration),
}

/// One request.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Received {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("the body is JSON")
    }

    pub(crate) fn key(&self) -> String {
        let body = self.json();
        let key = body["idempotency_key"].as_str().expect("a key");
        key.to_owned()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// The server. It ends with the test.
#[derive(Debug)]
pub(crate) struct Receiver {
    pub(crate) origin: String,
    shared: Arc<Shared>,
    server: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    usual: Reply,
    next: Mutex<VecDeque<Reply>>,
    received: Mutex<Vec<Received>>,
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Receiver {
    /// A receiver that takes everything.
    pub(crate) async fn well() -> Self {
        Receiver::answering(Reply::Status(200)).await
    }

    /// A receiver that always answers alike.
    pub(crate) async fn answering(usual: Reply) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let origin = format!("http://{}", listener.local_addr().expect("an address"));
        let shared = Arc::new(Shared {
            usual,
            next: Mutex::default(),
            received: Mutex::default(),
        });
        let serving = Arc::clone(&shared);
        let server = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let serving = Arc::clone(&serving);
                tokio::spawn(async move {
                    // A client that goes away is no news.
                    let _ = serve(stream, &serving).await;
                });
            }
        });
        Receiver {
            origin,
            shared,
            server,
        }
    }

    /// Answers the next requests in this way.
    pub(crate) fn then(&self, replies: impl IntoIterator<Item = Reply>) {
        self.shared.next.lock().expect("a lock").extend(replies);
    }

    /// A URL of this receiver.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }

    /// What has come.
    pub(crate) fn received(&self) -> Vec<Received> {
        self.shared.received.lock().expect("a lock").clone()
    }

    /// What has come as soon as it is so much.
    pub(crate) async fn once(&self, count: usize) -> Vec<Received> {
        let waited = tokio::time::timeout(PATIENCE, async {
            while self.received().len() < count {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        });
        if waited.await.is_err() {
            let received = self.received();
            panic!(
                "{count} expected, there are {}: {received:?}",
                received.len()
            );
        }
        self.received()
    }
}

async fn serve(mut stream: TcpStream, shared: &Shared) -> std::io::Result<()> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
        if stream.read_buf(&mut bytes).await? == 0 {
            return Ok(());
        }
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut lines = head.split("\r\n");
    let request = lines.next().unwrap_or_default();
    assert!(request.starts_with("POST "), "{request}");
    let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
    let headers: HeaderMap = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| {
            let name: HeaderName = name.parse().expect("a header");
            (name, HeaderValue::from_str(value.trim()).expect("a value"))
        })
        .collect();
    let length: usize = headers
        .get("content-length")
        .and_then(|length| length.to_str().ok()?.parse().ok())
        .expect("a length");
    let mut body = bytes[end + 4..].to_vec();
    while body.len() < length {
        if stream.read_buf(&mut body).await? == 0 {
            return Ok(());
        }
    }
    shared.received.lock().expect("a lock").push(Received {
        path,
        headers,
        body,
    });
    let reply = shared.next.lock().expect("a lock").pop_front();
    let (status, header) = match reply.unwrap_or_else(|| shared.usual.clone()) {
        Reply::Status(status) => (status, String::new()),
        Reply::Saying(status, name, value) => (status, format!("{name}: {value}\r\n")),
        Reply::Slow(status, pause) => {
            tokio::time::sleep(pause).await;
            (status, String::new())
        }
        Reply::Hang => std::future::pending().await,
        Reply::Close => return Ok(()),
        Reply::Huge => {
            stream
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100000000\r\n\r\n")
                .await?;
            let piece = vec![b'x'; 100_000];
            for _ in 0..1000 {
                stream.write_all(&piece).await?;
            }
            return Ok(());
        }
    };
    let answer =
        format!("HTTP/1.1 {status} Said\r\n{header}content-length: 0\r\nconnection: close\r\n\r\n");
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await
}
