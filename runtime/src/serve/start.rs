//! What was asked for becomes a running seller, or an error that says what to do.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpListener;

use super::check::listed;
use super::options::{OperatorAddr, Options};
use super::trust::trust;
use super::{StartError, secret};
use crate::auth::{Callers, Operator, Operators, read_operators};
use crate::clock::{Clock, ShiftedClock, SystemClock};
use crate::identity::Principal;
use crate::profile::Profile;
use crate::seller::{Running, Seller, Setting, Trust};
use crate::spec::Spec;
use crate::store;

/// The caller behind the token of a sandbox.
pub(super) const SANDBOX_CALLER: &str = "sandbox";
/// The operator behind the operator token of a sandbox.
const SANDBOX_OPERATOR: &str = "sandbox-operator";
/// Where the operator API listens when nothing else was said.
const OPERATOR_ADDR: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 3002);

/// A seller that serves.
pub(super) struct Started {
    pub(super) running: Running,
    /// The store that it uses, as it was named.
    pub(super) store: String,
    /// The token that was made up because a sandbox had none.
    pub(super) made_up_token: Option<String>,
    /// The operator token that was made up because a sandbox had none.
    pub(super) made_up_operator_token: Option<String>,
}

pub(super) async fn start(seller: Seller, options: Options) -> Result<Started, StartError> {
    let trust = trust(&options, seller.spec(), seller.profile())?;
    let (callers, made_up_token) = callers(&options, seller.spec(), seller.profile(), &trust)?;
    let operator_addr = operator_addr(&options, seller.profile())?;
    let (operators, made_up_operator_token) = operators(&options, operator_addr.is_some())?;
    let operator_addr = operator_addr.filter(|_| !operators.is_empty());
    let clock = clock(&options)?;
    let store_url = options
        .store
        .clone()
        .unwrap_or_else(|| seller.profile().store.to_owned());
    let store = store::open(&store_url)?;
    if !store.is_durable() && !options.sandbox {
        tracing::warn!(
            store = store_url,
            "this store forgets everything when the process ends"
        );
    }
    let listener = TcpListener::bind(options.addr)
        .await
        .map_err(|source| StartError::Address {
            addr: options.addr,
            source,
        })?;
    let setting = Setting {
        store,
        clock,
        callers,
        catalog: options.catalog,
        sandbox: options.sandbox,
        operators,
        operator_addr,
        development: options.development,
        trust,
    };
    let running = seller.start(listener, setting).await?;
    if let Some(addr) = operator_addr.filter(|addr| !addr.ip().is_loopback()) {
        tracing::warn!(
            %addr,
            "operators reach the seller over plain HTTP from other machines; put a reverse proxy with TLS before it"
        );
    }
    Ok(Started {
        running,
        store: store_url,
        made_up_token,
        made_up_operator_token,
    })
}

/// Who will be let in, and the token that was made up for it, if any.
fn callers(
    options: &Options,
    spec: &'static Spec,
    profile: &Profile,
    trust: &Trust,
) -> Result<(Callers, Option<String>), StartError> {
    let mut callers = Callers::default();
    if let Some(file) = &options.api_keys {
        callers.read(file.clone(), spec)?;
    }
    if options.sandbox {
        let chosen = sandbox_token("SELLER_TOKEN", &options.token, callers.is_empty())?;
        if let Some(chosen) = &chosen {
            callers.allow(chosen.token(), Principal(SANDBOX_CALLER.to_owned()));
        }
        return Ok((callers, chosen.and_then(Chosen::made_up)));
    }
    if options.token.is_some() {
        return Err(StartError::TokenOutsideSandbox);
    }
    if callers.is_empty() && profile.entry.oauth.is_none() && trust.signers.is_empty() {
        return Err(StartError::NoAuthentication);
    }
    Ok((callers, None))
}

/// Where the operator API listens, if it does.
fn operator_addr(options: &Options, profile: &Profile) -> Result<Option<SocketAddr>, StartError> {
    let wanted =
        profile.approval.is_needed() || profile.proposals.is_some() || options.operators.is_some();
    let addr = match options.operator_addr {
        Some(OperatorAddr::Off) if profile.approval.is_needed() => {
            return Err(StartError::OperatorApiOff {
                operations: listed(profile),
            });
        }
        Some(OperatorAddr::Off) => None,
        Some(OperatorAddr::At(addr)) => Some(addr),
        None => wanted.then_some(OPERATOR_ADDR),
    };
    match addr {
        Some(addr) if overlap(addr, options.addr) => Err(StartError::SameAddress { addr }),
        addr => Ok(addr),
    }
}

/// Whether two listeners would be one. Port 0 is a different one each time.
fn overlap(one: SocketAddr, other: SocketAddr) -> bool {
    one.port() == other.port()
        && one.port() != 0
        && (one.ip() == other.ip() || one.ip().is_unspecified() || other.ip().is_unspecified())
}

/// Who may look and decide, and the token that was made up for it, if any.
fn operators(options: &Options, listens: bool) -> Result<(Operators, Option<String>), StartError> {
    let mut operators = Operators::default();
    if let Some(file) = &options.operators {
        read_operators(file, &mut operators)?;
    }
    if options.sandbox && listens {
        let given = &options.operator_token;
        let chosen = sandbox_token("SELLER_OPERATOR_TOKEN", given, operators.is_empty())?;
        if let Some(chosen) = &chosen {
            operators.allow(chosen.token(), Operator::new(SANDBOX_OPERATOR));
        }
        return Ok((operators, chosen.and_then(Chosen::made_up)));
    }
    if options.operator_token.is_some() && !options.sandbox {
        return Err(StartError::OperatorTokenOutsideSandbox);
    }
    let named = matches!(options.operator_addr, Some(OperatorAddr::At(_)));
    if named && operators.is_empty() {
        return Err(StartError::NoOperators);
    }
    Ok((operators, None))
}

/// The token of a sandbox.
enum Chosen {
    /// By whoever started it.
    Given(String),
    /// By nobody, so one was made up.
    MadeUp(String),
}

impl Chosen {
    fn token(&self) -> &str {
        match self {
            Chosen::Given(token) | Chosen::MadeUp(token) => token,
        }
    }

    fn made_up(self) -> Option<String> {
        match self {
            Chosen::Given(_) => None,
            Chosen::MadeUp(token) => Some(token),
        }
    }
}

/// The token of a sandbox: the given one. Where there is none and nobody else could come in, one is
/// made up.
fn sandbox_token(
    variable: &'static str,
    given: &Option<String>,
    nobody_else: bool,
) -> Result<Option<Chosen>, StartError> {
    match given {
        Some(token) if token.len() < 8 || !token.bytes().all(|byte| byte.is_ascii_graphic()) => {
            Err(StartError::UnusableToken { variable })
        }
        Some(token) => Ok(Some(Chosen::Given(token.clone()))),
        None if nobody_else => Ok(Some(Chosen::MadeUp(format!(
            "sandbox-{}",
            secret::random()
        )))),
        None => Ok(None),
    }
}

fn clock(options: &Options) -> Result<Arc<dyn Clock>, StartError> {
    match options.clock {
        Some(_) if !options.sandbox => Err(StartError::ClockOutsideSandbox),
        Some(start) => Ok(Arc::new(ShiftedClock::starting_at(start))),
        None => Ok(Arc::new(SystemClock)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::{AccountMode, Approval, Entry, OAuth, RequestSigning, Webhooks};

    fn options() -> Options {
        Options {
            addr: SocketAddr::from(([127, 0, 0, 1], 0)),
            store: None,
            sandbox: false,
            catalog: "catalog".into(),
            api_keys: None,
            signers: None,
            webhook_key: None,
            clock: None,
            token: None,
            operator_addr: None,
            operators: None,
            operator_token: None,
            development: false,
            log: "info".into(),
            log_format: "text".into(),
        }
    }

    #[test]
    fn a_live_seller_needs_keys_and_real_time() {
        assert!(matches!(
            callers(&options(), &PLAIN),
            Err(StartError::NoAuthentication)
        ));
        let with_token = Options {
            token: Some("a-long-enough-token".into()),
            ..options()
        };
        assert!(matches!(
            callers(&with_token, &PLAIN),
            Err(StartError::TokenOutsideSandbox)
        ));
        let with_issuer = Profile {
            entry: Entry {
                oauth: Some(OAuth {
                    issuer: "https://login.example",
                    audience: None,
                    scopes: &[],
                }),
                ..Entry::PLAIN
            },
            ..PLAIN
        };
        assert!(callers(&options(), &with_issuer).is_ok());
        let with_clock = Options {
            clock: Some("2026-03-10T00:00:00Z".parse().expect("an instant")),
            ..options()
        };
        assert!(matches!(
            clock(&with_clock),
            Err(StartError::ClockOutsideSandbox)
        ));
        let shifted = clock(&Options {
            sandbox: true,
            ..with_clock
        })
        .expect("a sandbox may set its clock");
        assert_eq!(shifted.now().date_naive().to_string(), "2026-03-10");
    }

    #[test]
    fn a_sandbox_without_a_token_makes_one_up() {
        let sandbox = Options {
            sandbox: true,
            ..options()
        };
        let (_, first) = callers(&sandbox, &PLAIN).expect("a token is made up");
        let (_, second) = callers(&sandbox, &PLAIN).expect("a token is made up");
        assert!(first.is_some() && first != second);
        for unusable in ["short", "with a space in it", "with-ümlaut-in-it"] {
            let options = Options {
                token: Some(unusable.into()),
                ..sandbox.clone()
            };
            assert!(
                matches!(
                    callers(&options, &PLAIN),
                    Err(StartError::UnusableToken { .. })
                ),
                "{unusable}"
            );
        }
    }

    static BARE: Spec = Spec {
        line: "3.0",
        version: "3.0.0",
        major: 3,
        tools: &[],
        errors: &[],
        schemas: "{}",
        tool_list: "[]",
    };

    /// Who is let in, where nobody signs.
    fn callers(
        options: &Options,
        profile: &Profile,
    ) -> Result<(Callers, Option<String>), StartError> {
        super::callers(options, &BARE, profile, &Trust::default())
    }

    static PLAIN: Profile = Profile {
        name: "press-desk",
        url: None,
        specialisms: &[],
        protocols: &[],
        pricing_models: &[],
        accounts: AccountMode::Explicit,
        store: "memory:",
        idempotency_ttl_seconds: 86_400,
        proposals: None,
        approval: Approval::NONE,
        recipe: None,
        entry: Entry::PLAIN,
        request_signing: RequestSigning::NONE,
        webhooks: Webhooks::PLAIN,
    };
    static APPROVED: Profile = Profile {
        approval: Approval {
            finalize: false,
            create_media_buy: true,
            within_seconds: 60,
        },
        ..PLAIN
    };

    #[test]
    fn operators_are_served_where_there_is_something_to_decide() {
        let at = |addr: [u8; 4], port| Some(OperatorAddr::At(SocketAddr::from((addr, port))));
        let asked = |operator_addr, profile| {
            let buyers = SocketAddr::from(([127, 0, 0, 1], 3001));
            let options = Options {
                addr: buyers,
                operator_addr,
                ..options()
            };
            super::operator_addr(&options, profile)
        };
        assert_eq!(asked(None, &PLAIN).expect("nothing to decide"), None);
        assert_eq!(
            asked(None, &APPROVED).expect("the default"),
            Some(SocketAddr::from(([127, 0, 0, 1], 3002)))
        );
        assert_eq!(asked(Some(OperatorAddr::Off), &PLAIN).expect("off"), None);
        assert!(matches!(
            asked(Some(OperatorAddr::Off), &APPROVED),
            Err(StartError::OperatorApiOff { .. })
        ));
        for shared in [at([127, 0, 0, 1], 3001), at([0, 0, 0, 0], 3001)] {
            assert!(matches!(
                asked(shared, &APPROVED),
                Err(StartError::SameAddress { .. })
            ));
        }
        for apart in [at([127, 0, 0, 2], 3001), at([0, 0, 0, 0], 3002)] {
            assert!(asked(apart, &PLAIN).is_ok());
        }
    }

    #[test]
    fn operators_of_a_live_seller_come_from_a_file() {
        let live = options();
        let with_token = Options {
            operator_token: Some("a-long-enough-token".into()),
            ..options()
        };
        assert!(matches!(
            operators(&with_token, true),
            Err(StartError::OperatorTokenOutsideSandbox)
        ));
        let nobody = Options {
            operator_addr: Some(OperatorAddr::At(SocketAddr::from(([127, 0, 0, 1], 9)))),
            ..options()
        };
        assert!(matches!(
            operators(&nobody, true),
            Err(StartError::NoOperators)
        ));
        let (found, made_up) = operators(&live, true).expect("nobody, yet");
        assert!(found.is_empty() && made_up.is_none());
        let file = tempfile::NamedTempFile::new().expect("a file");
        let with_file = Options {
            operators: Some(file.path().to_owned()),
            ..options()
        };
        let error = operators(&with_file, true).expect_err("it is empty");
        assert!(
            error.to_string().contains("missing field `operator`"),
            "{error}"
        );
        let digest = "ab".repeat(32);
        std::fs::write(
            file.path(),
            format!("[[operator]]\nname = \"jo\"\nsha256 = \"{digest}\"\n"),
        )
        .expect("written");
        let (found, made_up) = operators(&with_file, true).expect("one operator");
        let names: Vec<&str> = found.holders().map(|known| known.name.as_str()).collect();
        assert_eq!((names, made_up), (vec!["jo"], None));
        let missing = Options {
            operators: Some("no-such-file.toml".into()),
            ..options()
        };
        let error = operators(&missing, true).expect_err("it is not there");
        assert!(
            error
                .to_string()
                .contains("the operators in no-such-file.toml can't be read")
        );
    }

    #[test]
    fn a_sandbox_makes_an_operator_token_up_where_one_is_needed() {
        let sandbox = Options {
            sandbox: true,
            ..options()
        };
        let (found, made_up) = operators(&sandbox, true).expect("one is made up");
        assert!(made_up.is_some());
        assert!(found.holders().all(|operator| {
            operator.name == SANDBOX_OPERATOR && operator.may_decide("create_media_buy")
        }));
        let (found, made_up) = operators(&sandbox, false).expect("nobody is needed");
        assert!(found.is_empty() && made_up.is_none());
        let short = Options {
            operator_token: Some("short".into()),
            ..sandbox
        };
        assert!(matches!(
            operators(&short, true),
            Err(StartError::UnusableToken {
                variable: "SELLER_OPERATOR_TOKEN"
            })
        ));
    }
}
