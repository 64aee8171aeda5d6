//! Receivers on this machine that behave as badly as a test wants, and tell what they saw.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio::time::sleep;
use tokio_rustls::TlsAcceptor;

/// What a receiver does once it has a request.
#[derive(Clone)]
pub(crate) enum Manner {
    /// Sends this and waits for the next request.
    Says(String),
    /// Never answers.
    Hangs,
    /// Sends a header every so often and never comes to the end of them.
    DripsHeaders,
    /// Sends a status at once and then a byte of the body every so often.
    DripsBody,
    /// Closes without a word.
    Closes,
    /// Sends a status, with or without the length, and then 100 MB.
    Floods { announced: bool },
}

/// A receiver that ends with the test.
pub(crate) struct Receiver {
    address: SocketAddr,
    pub(crate) seen: Arc<Seen>,
    serving: JoinHandle<()>,
}

/// What a receiver saw.
#[derive(Default)]
pub(crate) struct Seen {
    requests: Mutex<Vec<String>>,
    server_names: Mutex<Vec<String>>,
    connections: AtomicUsize,
    open: AtomicUsize,
    sent: AtomicUsize,
}

const FLOOD: usize = 100 * 1024 * 1024;

impl Receiver {
    pub(crate) async fn start(manner: Manner) -> Self {
        Self::listen(manner, None).await
    }

    pub(crate) async fn start_tls(manner: Manner, tls: TlsAcceptor) -> Self {
        Self::listen(manner, Some(tls)).await
    }

    async fn listen(manner: Manner, tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let seen = Arc::new(Seen::default());
        let serving = tokio::spawn(accept(listener, manner, tls, Arc::clone(&seen)));
        Receiver {
            address,
            seen,
            serving,
        }
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/adcp", self.address)
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Seen {
    /// The heads and bodies of all requests, as they came in.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().expect("no test panicked here").clone()
    }

    /// The names that clients asked for in their TLS handshakes.
    pub(crate) fn server_names(&self) -> Vec<String> {
        let names = self.server_names.lock().expect("no test panicked here");
        names.clone()
    }

    fn note(&self, request: String) {
        let mut requests = self.requests.lock().expect("no test panicked here");
        requests.push(request);
    }

    fn note_name(&self, name: Option<&str>) {
        let mut names = self.server_names.lock().expect("no test panicked here");
        names.extend(name.map(str::to_owned));
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    pub(crate) fn open(&self) -> usize {
        self.open.load(Ordering::SeqCst)
    }

    /// How many bytes of a flood the client let in.
    pub(crate) fn sent(&self) -> usize {
        self.sent.load(Ordering::SeqCst)
    }
}

async fn accept(listener: TcpListener, manner: Manner, tls: Option<TlsAcceptor>, seen: Arc<Seen>) {
    loop {
        let (stream, _) = listener.accept().await.expect("a connection");
        seen.connections.fetch_add(1, Ordering::SeqCst);
        seen.open.fetch_add(1, Ordering::SeqCst);
        let (manner, tls, seen) = (manner.clone(), tls.clone(), Arc::clone(&seen));
        tokio::spawn(async move {
            match tls {
                None => serve(stream, &manner, &seen).await,
                Some(tls) => {
                    // A client that does not like the certificate ends the handshake.
                    if let Ok(stream) = tls.accept(stream).await {
                        seen.note_name(stream.get_ref().1.server_name());
                        serve(stream, &manner, &seen).await;
                    }
                }
            }
            seen.open.fetch_sub(1, Ordering::SeqCst);
        });
    }
}

async fn serve<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S, manner: &Manner, seen: &Seen) {
    while let Some(request) = read(&mut stream).await {
        seen.note(request);
        if misbehave(&mut stream, manner, seen).await.is_err() {
            return;
        }
    }
}

/// One request with its body, or nothing when the client has gone.
async fn read<S: AsyncRead + Unpin>(stream: &mut S) -> Option<String> {
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&request).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .filter_map(|line| line.split_once(": "))
                .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
                .map_or(0, |(_, value)| value.parse().expect("a length"));
            if body.len() >= length {
                return Some(text);
            }
        }
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return None,
            Ok(read) => request.extend_from_slice(&buffer[..read]),
        }
    }
}

async fn misbehave<S: AsyncWrite + Unpin>(
    stream: &mut S,
    manner: &Manner,
    seen: &Seen,
) -> std::io::Result<()> {
    let pause = Duration::from_millis(20);
    match manner {
        Manner::Says(answer) => stream.write_all(answer.as_bytes()).await,
        Manner::Hangs => {
            sleep(Duration::from_secs(60)).await;
            Ok(())
        }
        Manner::DripsHeaders => {
            stream.write_all(b"HTTP/1.1 200 OK\r\n").await?;
            loop {
                stream.write_all(b"x-more: yes\r\n").await?;
                stream.flush().await?;
                sleep(pause).await;
            }
        }
        Manner::DripsBody => {
            let head = b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n";
            stream.write_all(head).await?;
            loop {
                stream.write_all(b" ").await?;
                stream.flush().await?;
                sleep(pause).await;
            }
        }
        Manner::Closes => Err(std::io::ErrorKind::ConnectionAborted.into()),
        Manner::Floods { announced } => {
            let length = match announced {
                true => format!("content-length: {FLOOD}\r\n"),
                false => "connection: close\r\n".to_owned(),
            };
            let head = format!("HTTP/1.1 200 OK\r\n{length}\r\n");
            stream.write_all(head.as_bytes()).await?;
            let piece = vec![b' '; 64 * 1024];
            for _ in 0..FLOOD / piece.len() {
                stream.write_all(&piece).await?;
                seen.sent.fetch_add(piece.len(), Ordering::SeqCst);
            }
            Ok(())
        }
    }
}

/// An answer with a body that is as long as it says.
pub(crate) fn says(status: &str, headers: &str, body: &str) -> Manner {
    let length = body.len();
    Manner::Says(format!(
        "HTTP/1.1 {status}\r\n{headers}content-length: {length}\r\n\r\n{body}"
    ))
}
