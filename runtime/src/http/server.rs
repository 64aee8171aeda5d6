//! Connections: accepted, bounded, and brought to an end when the seller stops.
//!
//! Nobody holds a connection for nothing: the first request must have arrived with all its headers
//! within a bound, and so must every later one; a connection on which nothing goes on is ended
//! (`super::connection`), and so is one that is very old. No address has all connections there are.
//! Bodies have their own bound where they are read.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::{IpAddr, Ipv6Addr};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::http::header::{CONNECTION, HOST};
use axum::http::{HeaderMap, Request, StatusCode, Version};
use axum::response::{IntoResponse, Response};
use hyper::body::Incoming;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::connection::{Activity, Answer, Patience, Wire};

/// How long the head of a request may take to arrive, which is also how long an idle connection is
/// kept.
const HEAD_WITHIN: Duration = Duration::from_secs(30);
/// How much head is read at all, in bytes.
const LARGEST_HEAD: usize = 32 * 1024;
/// How many bytes the names and values of a request's headers may have. A token and a signature
/// need 3000.
const LARGEST_HEADERS: usize = 8 * 1024;
/// How many headers a request may have.
const MOST_HEADERS: usize = 64;
/// How many requests an HTTP/2 connection may have open.
const MOST_STREAMS: u32 = 128;
/// How often the client of an HTTP/2 connection is asked whether it is still there, and how long it
/// may take to say so.
const STILL_THERE: Duration = Duration::from_secs(20);
/// How many connections are open at once; more wait to be accepted.
const MOST_CONNECTIONS: usize = 8192;
/// How many of them one address of a client may have. That is much, since a proxy comes with one
/// address for all its clients; one on this machine is not counted at all.
const MOST_OF_ONE: usize = MOST_CONNECTIONS / 4;
/// How long connections may do what. Streams of events last a quarter of an hour at most, so none is
/// cut for the age of its connection.
const PATIENCE: Patience = Patience {
    quiet: HEAD_WITHIN,
    age: Duration::from_secs(60 * 60),
    ending: Duration::from_secs(20 * 60),
    farewell: Duration::from_secs(2),
};
/// How long to wait after a connection could not be accepted, for instance for want of descriptors.
const AFTER_FAILURE: Duration = Duration::from_millis(50);

/// Serves until it is told to stop, then lets what has begun finish within a bound.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    stop: CancellationToken,
    grace: Duration,
) {
    let server = Server {
        builder: builder(),
        router,
        patience: PATIENCE,
        stop,
        cut: CancellationToken::new(),
    };
    server.serve(listener, grace).await;
}

fn builder() -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_WITHIN)
        .max_buf_size(LARGEST_HEAD)
        .max_headers(MOST_HEADERS);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(LARGEST_HEAD as u32)
        .max_concurrent_streams(MOST_STREAMS)
        .keep_alive_interval(STILL_THERE)
        .keep_alive_timeout(STILL_THERE);
    builder
}

/// What serves the connections of one listener.
#[derive(Clone)]
struct Server {
    builder: Builder<TokioExecutor>,
    router: Router,
    patience: Patience,
    /// Connections are to end when what has begun on them has.
    stop: CancellationToken,
    /// Connections are to end at once.
    cut: CancellationToken,
}

impl Server {
    async fn serve(self, listener: TcpListener, grace: Duration) {
        let connections = TaskTracker::new();
        let places = Arc::new(Semaphore::new(MOST_CONNECTIONS));
        let peers = Peers::default();
        while let Some(Ok(place)) = self
            .stop
            .run_until_cancelled(Arc::clone(&places).acquire_owned())
            .await
        {
            let Some(accepted) = self.stop.run_until_cancelled(listener.accept()).await else {
                break;
            };
            let (stream, peer) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(AFTER_FAILURE).await;
                    continue;
                }
            };
            let Some(seat) = peers.admit(peer.ip(), MOST_OF_ONE) else {
                tracing::debug!(%peer, "an address has more connections than it may");
                continue;
            };
            let server = self.clone();
            connections.spawn(async move {
                server.attend(stream).await;
                drop((seat, place));
            });
        }
        drop(listener);
        connections.close();
        if timeout(grace, connections.wait()).await.is_err() {
            tracing::warn!("some connections did not end in time and were cut");
            self.cut.cancel();
        }
    }

    /// Serves one connection to its end.
    async fn attend(&self, stream: TcpStream) {
        // Answers are written whole; waiting to fill a packet only delays them.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection keeps Nagle's algorithm");
        }
        let activity = Activity::new();
        let routes = TowerToHyperService::new(self.router.clone());
        let service = service_fn({
            let activity = Arc::clone(&activity);
            move |request: Request<Incoming>| {
                let (routes, activity) = (routes.clone(), Arc::clone(&activity));
                async move {
                    let _turn = activity.turn();
                    let answer = answer(routes, request).await?;
                    Ok::<_, Infallible>(answer.map(|body| Answer::new(body, Arc::clone(&activity))))
                }
            }
        });
        let wire = TokioIo::new(Wire::new(stream, Arc::clone(&activity)));
        let connection = self.builder.serve_connection(wire, service).into_owned();
        let mut connection = pin!(connection);
        let patience = self.patience;
        let opened = Instant::now();
        let (mut ending, mut stopping) = (false, false);
        let ended = loop {
            let since = activity.quiet_since().unwrap_or_else(Instant::now);
            let age = patience.age
                + if ending {
                    patience.ending
                } else {
                    Duration::ZERO
                };
            tokio::select! {
                ended = connection.as_mut() => break ended,
                () = sleep_until(since + patience.quiet) => {
                    let since = activity.quiet_since();
                    if since.is_some_and(|since| since.elapsed() >= patience.quiet) {
                        connection.as_mut().graceful_shutdown();
                        break timeout(patience.farewell, connection).await.unwrap_or(Ok(()));
                    }
                }
                () = sleep_until(opened + age) => {
                    if ending {
                        break Ok(());
                    }
                    ending = true;
                    connection.as_mut().graceful_shutdown();
                }
                () = self.stop.cancelled(), if !stopping => {
                    stopping = true;
                    connection.as_mut().graceful_shutdown();
                }
                () = self.cut.cancelled() => break Ok(()),
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%error, "a connection ended badly");
        }
    }
}

/// How many connections each address has.
#[derive(Clone, Default)]
struct Peers(Arc<Mutex<HashMap<IpAddr, usize>>>);

/// A connection of an address, until it is dropped.
struct Seat {
    peers: Peers,
    address: IpAddr,
}

impl Peers {
    /// Counts a connection of an address, unless it has as many as it may.
    fn admit(&self, address: IpAddr, most: usize) -> Option<Seat> {
        let address = network(address);
        let mut counts = self.counts();
        let count = counts.entry(address).or_default();
        if *count >= most && !address.is_loopback() {
            return None;
        }
        *count += 1;
        Some(Seat {
            peers: self.clone(),
            address,
        })
    }

    fn counts(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut counts = self.peers.counts();
        if let Some(count) = counts.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.address);
            }
        }
    }
}

/// What one client has at least to itself: an address, and of IPv6 its first 64 bits.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) if !address.is_loopback() => {
            Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into()
        }
        address => address,
    }
}

/// Answers one request, unless its headers are too large or it does not say where it is for.
async fn answer(
    routes: TowerToHyperService<Router>,
    request: Request<Incoming>,
) -> Result<Response, Infallible> {
    if !names_one_host(&request) {
        return Ok((
            StatusCode::BAD_REQUEST,
            [(CONNECTION, "close")],
            "the request must have one header host, and one that fits its target\n",
        )
            .into_response());
    }
    if size(request.headers()) > LARGEST_HEADERS {
        return Ok((
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            [(CONNECTION, "close")],
            format!("the headers have more than {LARGEST_HEADERS} bytes\n"),
        )
            .into_response());
    }
    routes.call(request).await
}

/// Whether a request of HTTP/1.1 has one `Host` (RFC 9112, section 3.2). It is also the authority of
/// the target where that has one, since what is read later is only one of the two.
fn names_one_host<B>(request: &Request<B>) -> bool {
    let mut hosts = request.headers().get_all(HOST).iter();
    let (host, more) = (hosts.next(), hosts.next());
    let authority = request.uri().authority();
    let fits = host.zip(authority).is_none_or(|(host, authority)| {
        host.as_bytes()
            .eq_ignore_ascii_case(authority.as_str().as_bytes())
    });
    let missing = host.is_none() && request.version() == Version::HTTP_11;
    !missing && more.is_none() && fits
}

fn size(headers: &HeaderMap) -> usize {
    headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len())
        .sum()
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::routing::get;
    use futures_util::stream;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    const QUIET: Duration = Duration::from_millis(300);

    /// Serves for a test, and opens a connection.
    async fn connected(patience: Patience) -> (TcpStream, CancellationToken) {
        let large = || async { vec![b'x'; 8 * 1024 * 1024] };
        let slow = || async {
            tokio::time::sleep(QUIET * 4).await;
            "at last"
        };
        let events = || async {
            let events = stream::unfold(0, |at| async move {
                tokio::time::sleep(QUIET * 2).await;
                (at < 2).then_some((Ok::<_, Infallible>(format!("event {at};")), at + 1))
            });
            Body::from_stream(events)
        };
        let router = Router::new()
            .route("/", get(|| async { "here" }))
            .route("/large", get(large))
            .route("/slow", get(slow))
            .route("/events", get(events));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let stop = CancellationToken::new();
        let server = Server {
            builder: builder(),
            router,
            patience,
            stop: stop.clone(),
            cut: CancellationToken::new(),
        };
        tokio::spawn(server.serve(listener, QUIET));
        let client = TcpStream::connect(address).await.expect("a connection");
        (client, stop)
    }

    fn patience() -> Patience {
        Patience {
            quiet: QUIET,
            farewell: QUIET / 3,
            ..PATIENCE
        }
    }

    /// Everything until the seller ends the connection.
    async fn rest(client: &mut TcpStream) -> Vec<u8> {
        let mut all = Vec::new();
        let read = timeout(Duration::from_secs(20), client.read_to_end(&mut all));
        // A connection that is cut with something unread is reset.
        let _ended = read.await.expect("the connection ends");
        all
    }

    #[tokio::test]
    async fn who_sends_nothing_or_does_not_read_is_cut() {
        let (mut silent, _stop) = connected(patience()).await;
        assert_eq!(rest(&mut silent).await, b"");

        let (mut deaf, _stop) = connected(patience()).await;
        let request = b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n";
        deaf.write_all(request).await.expect("sent");
        tokio::time::sleep(QUIET * 4).await;
        assert!(rest(&mut deaf).await.len() < 8 * 1024 * 1024);
    }

    #[tokio::test]
    async fn an_http2_connection_is_ended_when_nothing_goes_on_there() {
        let (mut client, _stop) = connected(patience()).await;
        let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
        bytes.extend([0, 0, 0, 4, 0, 0, 0, 0, 0]);
        // GET http /, with the authority `x` (RFC 7541, appendix A).
        bytes.extend([0, 0, 6, 1, 5, 0, 0, 0, 1, 0x82, 0x86, 0x84, 0x01, 1, b'x']);
        client.write_all(&bytes).await.expect("sent");
        let begun = Instant::now();
        let all = rest(&mut client).await;
        assert!(all.windows(4).any(|part| part == b"here"));
        assert!(begun.elapsed() >= QUIET);
    }

    #[tokio::test]
    async fn nobody_is_cut_while_the_seller_works() {
        for (path, expected) in [("/slow", "at last"), ("/events", "event 1;")] {
            let (mut client, _stop) = connected(patience()).await;
            let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n");
            client.write_all(request.as_bytes()).await.expect("sent");
            let all = rest(&mut client).await;
            let all = String::from_utf8_lossy(&all);
            assert!(all.contains(expected), "{all}");
        }
    }

    #[tokio::test]
    async fn a_connection_has_an_age_and_ends_with_the_seller() {
        let old = Patience {
            quiet: Duration::from_secs(60),
            age: QUIET,
            ..patience()
        };
        let (mut client, _stop) = connected(old).await;
        let request = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n";
        client.write_all(request).await.expect("sent");
        assert!(rest(&mut client).await.ends_with(b"here"));

        let (mut client, stop) = connected(PATIENCE).await;
        client.write_all(request).await.expect("sent");
        let mut some = [0; 16];
        client.read_exact(&mut some).await.expect("an answer");
        stop.cancel();
        rest(&mut client).await;
    }

    #[test]
    fn a_request_names_one_host() {
        for (target, hosts, good) in [
            ("/mcp", &["x"][..], true),
            ("/mcp", &[], false),
            ("/mcp", &["x", "x"], false),
            ("http://x/mcp", &["X"], true),
            ("http://evil.example/mcp", &["x"], false),
        ] {
            let mut request = Request::builder().uri(target);
            for host in hosts {
                request = request.header(HOST, *host);
            }
            let request = request.body(()).expect("a request");
            assert_eq!(names_one_host(&request), good, "{target} {hosts:?}");
        }
    }

    #[test]
    fn an_address_has_its_share_of_the_connections() {
        let peers = Peers::default();
        let ip = |text: &str| text.parse::<IpAddr>().expect("an address");
        let seats: Vec<_> = (0..2).map(|_| peers.admit(ip("192.0.2.1"), 2)).collect();
        assert!(seats.iter().all(Option::is_some));
        assert!(peers.admit(ip("::ffff:192.0.2.1"), 2).is_none());
        assert!(peers.admit(ip("192.0.2.2"), 2).is_some());
        drop(seats);
        assert!(peers.counts().is_empty());
        let near = peers.admit(ip("2001:db8::1"), 1);
        assert!(near.is_some() && peers.admit(ip("2001:db8::2"), 1).is_none());
        let here: Vec<_> = (0..3).map(|_| peers.admit(ip("127.0.0.1"), 1)).collect();
        assert!(here.iter().all(Option::is_some));
    }
}
