//! From a name to addresses that may be connected to.
//!
//! The client asks here each time it opens a connection and connects to what it is told, so that
//! nothing lies between the check and the use. A name with one address that may not be reached is
//! refused altogether: which of several addresses a connection takes is not ours to choose.

use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::sync::Semaphore;
use tokio::task;
use tokio::time::timeout;

use super::address;
use super::failure::{Failed, Refused, Rule};
use super::reach::Reach;
use super::target::is_own_name;

/// How many addresses a name may have.
pub(super) const MOST_ADDRESSES: usize = 32;

/// How many lookups of the system go on at once. Each occupies a thread until the system gives up,
/// which nothing can hasten, so that names which never answer must not take all threads there are.
const MOST_LOOKUPS: usize = 64;

/// Addresses that are being looked up.
pub type Addresses = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;

/// What knows the addresses of names.
pub trait Lookup: Send + Sync + 'static {
    /// All addresses of a name, unjudged.
    fn lookup(&self, name: &str) -> Addresses;
}

/// The resolver of the machine, with its hosts file and whatever else it is set up to ask.
#[derive(Debug)]
pub struct SystemLookup {
    room: Arc<Semaphore>,
}

impl Default for SystemLookup {
    fn default() -> Self {
        SystemLookup {
            room: Arc::new(Semaphore::new(MOST_LOOKUPS)),
        }
    }
}

impl Lookup for SystemLookup {
    fn lookup(&self, name: &str) -> Addresses {
        let name = name.to_owned();
        let room = Arc::clone(&self.room);
        Box::pin(async move {
            let place = room.acquire_owned().await.map_err(io::Error::other)?;
            task::spawn_blocking(move || {
                // Held here, not by who waits: it is the thread that is scarce.
                let _place = place;
                let found = (name.as_str(), 0).to_socket_addrs()?;
                Ok(found.map(|address| address.ip()).collect())
            })
            .await
            .map_err(io::Error::other)?
        })
    }
}

/// Looks names up and lets only judged addresses through: the client's resolver.
pub(super) struct Guarded {
    pub(super) lookup: Arc<dyn Lookup>,
    pub(super) reach: Reach,
    pub(super) patience: Duration,
}

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        let reach = self.reach;
        if is_own_name(name.as_str()) && reach == Reach::AndLoopback {
            // Plain HTTP to this machine must stay on it, whatever a resolver takes the name for.
            let own = [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
            return Box::pin(async move { Ok(connectable(own.to_vec())) });
        }
        // A task of its own, so that a lookup that never ends is nobody's to wait for.
        let found = task::spawn(timeout(self.patience, self.lookup.lookup(name.as_str())));
        Box::pin(async move {
            let addresses = found.await?.map_err(|_| Failed::TooSlow)??;
            Ok(connectable(judge(addresses, reach)?))
        })
    }
}

fn judge(addresses: Vec<IpAddr>, reach: Reach) -> Result<Vec<IpAddr>, Refused> {
    if addresses.len() > MOST_ADDRESSES {
        return Err(Rule::TooManyAddresses.into());
    }
    for each in &addresses {
        address::judge(*each, reach)?;
    }
    Ok(addresses)
}

/// Port 0 stands for the port of the URL.
fn connectable(addresses: Vec<IpAddr>) -> Addrs {
    Box::new(addresses.into_iter().map(|ip| SocketAddr::new(ip, 0)))
}
