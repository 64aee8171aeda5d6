//! A seller, put together and set going.
//!
//! `main` of a generated crate says [`Seller::new`] and [`Seller::run`]. Tests say
//! [`Seller::start`] with a listener on port 0, or [`Seller::router`] without any network.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::a2a;
use crate::auth::{Callers, Keyring, Operators, SignaturePolicy, Signatures, Signers};
use crate::catalog::Catalog;
use crate::clock::Clock;
use crate::dispatch::{Allowance, Dispatcher, sweep};
use crate::http::{self, Addresses, Front, Gate, Origins, Probe, Published};
use crate::identity::TenantId;
use crate::mcp::Server;
use crate::oauth::Verifier;
use crate::operator::{self, Api};
use crate::ops::{Overlays, Services};
use crate::outbound::{self, Reach};
use crate::platform::{Bounded, Platform};
use crate::profile::Profile;
use crate::schema::Schemas;
use crate::serve::{self, StartError};
use crate::signing::{Edition, SigningKey};
use crate::spec::Spec;
use crate::status::{Bell, Publisher};
use crate::store::SharedStore;
use crate::tasks;
use crate::webhooks;

/// A seller: what the line says, what the manifest says, and what the adopter wrote.
pub struct Seller {
    spec: &'static Spec,
    profile: &'static Profile,
    platform: Arc<dyn Platform>,
    bell: Bell,
}

/// In what surroundings a seller serves.
#[derive(Clone)]
pub struct Setting {
    /// Where state is kept.
    pub store: SharedStore,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Who is let in.
    pub callers: Callers,
    /// The folder of the catalogue.
    pub catalog: PathBuf,
    /// Whether nothing reaches a real ad server and the test controller is offered.
    pub sandbox: bool,
    /// Who looks at tasks and decides them.
    pub operators: Operators,
    /// Where the operator API listens; nowhere when `None`. Never the address of the buyers.
    pub operator_addr: Option<SocketAddr>,
    /// Whether promises may be forgotten when the process ends, as on a developer's machine.
    pub development: bool,
    /// How the seller deals with strangers.
    pub trust: Trust,
}

/// How the seller deals with strangers: whose signatures it takes, what it signs with, and which
/// addresses it may be sent to.
#[derive(Clone, Debug, Default)]
pub struct Trust {
    /// Which addresses a buyer may have the seller reach.
    pub reach: Reach,
    /// Whose signatures are taken.
    pub signers: Signers,
    /// What notifications are signed with, if they are.
    pub webhook_key: Option<Arc<SigningKey>>,
    /// What requests to addresses of buyers go through, with a resolver or limits of its own. When
    /// `None`, a client with the machine's resolver that goes as far as `reach`.
    pub outbound: Option<outbound::Client>,
}

/// A seller that serves until it is stopped.
#[derive(Debug)]
pub struct Running {
    url: String,
    operator_url: Option<String>,
    front: Arc<Front>,
    background: Background,
    servers: Vec<JoinHandle<()>>,
}

/// Where operators will be served, and who they are.
struct Desk {
    listener: TcpListener,
    url: String,
    operators: Operators,
}

impl Desk {
    async fn open(addr: SocketAddr, operators: Operators) -> Result<Self, StartError> {
        let unusable = |source| StartError::OperatorAddress { addr, source };
        let listener = TcpListener::bind(addr).await.map_err(unusable)?;
        let url = format!("http://{}", reached(&listener).map_err(unusable)?);
        Ok(Desk {
            listener,
            url,
            operators,
        })
    }
}

/// Where a listener is reached from this machine.
fn reached(listener: &TcpListener) -> io::Result<SocketAddr> {
    let mut address = listener.local_addr()?;
    if address.ip().is_unspecified() {
        // "Everywhere" is no address to send anybody to.
        address.set_ip(Ipv4Addr::LOCALHOST.into());
    }
    Ok(address)
}

/// What goes on beside the calls, and how it is ended.
#[derive(Clone, Debug)]
struct Background {
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl Seller {
    /// Puts a seller together.
    pub fn new(spec: &'static Spec, profile: &'static Profile, platform: impl Platform) -> Self {
        Seller {
            spec,
            profile,
            platform: Arc::new(platform),
            bell: Bell::new(),
        }
    }

    /// What the AdCP line says.
    pub fn spec(&self) -> &'static Spec {
        self.spec
    }

    /// What the manifest says.
    pub fn profile(&self) -> &'static Profile {
        self.profile
    }

    /// Publishes status changes from code beside the server, such as a poller of the ad server. It
    /// may be taken before the seller runs: what is published before then waits.
    pub fn publisher(&self) -> Publisher {
        self.bell.publisher()
    }

    /// Serves as the command line and the environment say, until the process is told to stop.
    /// Returns the exit code: 0 after an orderly stop, 1 when serving failed, 2 when something
    /// impossible was asked for.
    pub async fn run(self) -> ExitCode {
        serve::run(self).await
    }

    /// Serves on a listener.
    ///
    /// # Errors
    ///
    /// When the schemas, the catalogue or the store can't be used.
    pub async fn start(
        self,
        listener: TcpListener,
        setting: Setting,
    ) -> Result<Running, StartError> {
        let unusable = |source| StartError::Address {
            addr: ([0, 0, 0, 0], 0).into(),
            source,
        };
        let home = format!("http://{}", reached(&listener).map_err(unusable)?);
        let desk = match setting.operator_addr {
            Some(addr) => Some(Desk::open(addr, setting.operators.clone()).await?),
            None => None,
        };
        let (front, background) = self.assemble(setting, &home).await?;
        let serve = |listener, router| {
            tokio::spawn(http::serve(
                listener,
                router,
                background.stop.clone(),
                serve::GRACE,
            ))
        };
        let operator_url = desk.as_ref().map(|desk| desk.url.clone());
        let operator_server = desk.map(|desk| {
            let api = Api::new(Arc::clone(&front.services), desk.operators, &desk.url);
            serve(desk.listener, operator::router(api))
        });
        let server = serve(listener, http::router(Arc::clone(&front)));
        Ok(Running {
            url: home + "/mcp",
            operator_url,
            front,
            background,
            servers: operator_server.into_iter().chain([server]).collect(),
        })
    }

    /// The routes of the seller, for tests that need no network. `url` is where MCP is said to be.
    ///
    /// # Errors
    ///
    /// When the schemas, the catalogue or the store can't be used.
    pub async fn router(self, setting: Setting, url: &str) -> Result<Router, StartError> {
        let home = url.strip_suffix("/mcp").unwrap_or(url);
        let (front, _) = self.assemble(setting, home).await?;
        Ok(http::router(front))
    }

    async fn assemble(
        self,
        setting: Setting,
        local_home: &str,
    ) -> Result<(Arc<Front>, Background), StartError> {
        let Seller {
            spec,
            profile,
            platform,
            bell,
        } = self;
        serve::check(profile, &setting)?;
        let home = profile.url.unwrap_or(local_home).trim_end_matches('/');
        let url = format!("{home}/mcp");
        let schemas = Arc::new(Schemas::new(spec)?);
        let catalog = Arc::new(Catalog::load(
            &setting.catalog,
            &url,
            profile,
            &schemas,
            setting.sandbox,
        )?);
        let tenant = TenantId(TenantId::SINGLE.to_owned());
        let cursors = serve::cursor_key(setting.store.as_ref(), &tenant).await?;
        let client = || match &setting.trust.outbound {
            Some(client) => Ok(client.clone()),
            None => outbound::Client::new(setting.trust.reach, outbound::Limits::default()),
        };
        // What the operator has named is looked up apart from what buyers name, so that their dead
        // names keep nobody's keys away.
        let named = client()?;
        let services = Arc::new(Services {
            spec,
            profile,
            store: setting.store,
            catalog,
            clock: setting.clock,
            platform: Arc::new(Bounded::new(platform)),
            cursors,
            schemas: Arc::clone(&schemas),
            sandbox: setting.sandbox,
            overlays: Overlays::default(),
            fresh_keys: Allowance::new(profile.entry.fresh_keys),
            outbound: client()?,
            webhook_key: setting.trust.webhook_key,
        });
        let keyring = Arc::new(Keyring::new(
            &setting.trust.signers,
            &tenant,
            Arc::clone(&services.store),
            Arc::clone(&services.clock),
            named.clone(),
        ));
        let tokens = Verifier::of(profile.entry.oauth.as_ref(), setting.sandbox, &named)
            .map_err(|_| StartError::NoRandomness)?;
        let callers = setting
            .callers
            .with_tokens(tokens)
            .with_signers(setting.trust.signers);
        bell.ring(&services);
        let background = Background {
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
        };
        let dispatcher = Dispatcher::new(Arc::clone(&services), background.tasks.clone());
        let a2a = profile
            .entry
            .a2a
            .then(|| a2a::Server::new(dispatcher.clone(), background.stop.clone()))
            .transpose()
            .map_err(StartError::Tools)?;
        let plain = profile
            .request_signing
            .supported
            .then(|| dispatcher.clone());
        let mcp = Server::new(dispatcher).map_err(StartError::Tools)?;
        let front = Front {
            services: Arc::clone(&services),
            mcp,
            a2a,
            plain,
            gate: Gate::new(
                spec,
                callers.clone(),
                Signatures::new(
                    Arc::clone(&keyring),
                    Arc::clone(&services.clock),
                    spec,
                    SignaturePolicy::new(profile.request_signing, setting.sandbox),
                ),
                Addresses::new(home, setting.sandbox),
                Arc::clone(&services.clock),
            ),
            published: Published::new(
                profile,
                Edition::of(spec.line),
                services.webhook_key.as_deref(),
                setting.sandbox,
            ),
            origins: Origins::new(profile.url),
            probe: Probe::default(),
            stopping: AtomicBool::new(false),
        };
        let stop = background.stop.clone();
        background.tasks.spawn({
            let (callers, stop) = (callers.clone(), stop.clone());
            async move { callers.watch(&setting.operators, stop).await }
        });
        background.tasks.spawn(tasks::work(
            Arc::clone(&services),
            callers,
            background.tasks.clone(),
            stop.clone(),
        ));
        background
            .tasks
            .spawn(tasks::keep_house(Arc::clone(&services), stop.clone()));
        background.tasks.spawn(webhooks::deliver(
            Arc::clone(&services),
            background.tasks.clone(),
            stop.clone(),
        ));
        background.tasks.spawn({
            let stop = stop.clone();
            async move { keyring.keep_fresh(stop).await }
        });
        background
            .tasks
            .spawn(async move { sweep(&services, stop).await });
        tokio::task::spawn_blocking(move || warm(spec, &schemas));
        Ok((Arc::new(front), background))
    }
}

/// Compiles the validators that calls will need, so that the first buyer need not wait.
fn warm(spec: &Spec, schemas: &Schemas) {
    for tool in spec.tools {
        for definition in [tool.request, tool.response] {
            if let Err(reason) = schemas.warm(definition) {
                tracing::error!(
                    tool = tool.name,
                    definition,
                    reason,
                    "a schema can't be used; every call of this tool will fail"
                );
            }
        }
    }
}

impl Running {
    /// Where MCP is served, as reached from this machine.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What the seller works with, for who decides about tasks or ticks them without the operator
    /// API.
    pub fn services(&self) -> &Arc<Services> {
        &self.front.services
    }

    /// Publishes status changes from code beside the server.
    pub fn publisher(&self) -> Publisher {
        let bell = Bell::new();
        bell.ring(&self.front.services);
        bell.publisher()
    }

    /// Where the operator API is served, as reached from this machine, if it is.
    pub fn operator_url(&self) -> Option<&str> {
        self.operator_url.as_deref()
    }

    /// Turns new calls away, lets those in progress finish within a bound, and returns.
    pub async fn stop(self) {
        self.front.stopping.store(true, Ordering::Relaxed);
        self.background.stop.cancel();
        self.background.tasks.close();
        let ended = async {
            for server in self.servers {
                if let Err(error) = server.await {
                    tracing::error!(%error, "a server did not end well");
                }
            }
            self.background.tasks.wait().await;
        };
        if tokio::time::timeout(serve::GRACE, ended).await.is_err() {
            tracing::warn!(
                "some calls were still in progress; their leases run out and retries take them up again"
            );
        }
    }
}

impl std::fmt::Debug for Seller {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Seller")
            .field("name", &self.profile.name)
            .field("line", &self.spec.line)
            .finish_non_exhaustive()
    }
}
