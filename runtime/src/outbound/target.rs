//! A URL that may be requested, as far as that can be told without looking anything up.
//!
//! The host is judged as the URL parser understood it, never as it was written: `0x7f.1`,
//! `2130706433`, `%31%32%37.0.0.1` and full-width digits are all 127.0.0.1 by then. A host that is an
//! address is judged here because no resolver is ever asked about it.

use std::fmt;
use std::net::IpAddr;

use url::{Host, Url};

use super::address;
use super::failure::{Refused, Rule};
use super::reach::Reach;

/// A URL that has passed every rule that needs no lookup. [`super::Client`] sends to nothing else.
#[derive(Clone, PartialEq, Eq)]
pub struct Target {
    url: Url,
    authority: String,
}

impl Target {
    /// The longest URL that is taken, in bytes.
    pub const LONGEST: usize = 4096;

    /// Judges a URL. `ports` are those that may be connected to; empty for any, as AdCP has it
    /// (`core/push-notification-config.json` from 3.1 on: no list of ports by default).
    pub(super) fn judge(text: &str, reach: Reach, ports: &[u16]) -> Result<Self, Refused> {
        if text.len() > Self::LONGEST {
            return Err(Rule::TooLong.into());
        }
        // The parser drops tabs and line breaks and takes a backslash for a slash. Receivers and
        // other parsers don't, so such a URL means different hosts to different readers.
        let ambiguous = |c: char| c.is_ascii_whitespace() || c.is_control() || c == '\\';
        if text.contains(ambiguous) {
            return Err(Rule::Malformed.into());
        }
        let url = Url::parse(text).map_err(|_| Rule::Malformed)?;
        let plain = match url.scheme() {
            "https" => false,
            "http" => true,
            _ => return Err(Rule::Scheme.into()),
        };
        let host = url.host().ok_or(Rule::Malformed)?;
        // The parser takes `https:host` and `https:///host` for `https://host`; and an empty user
        // name before an `@` leaves no trace in what it returns.
        let authority = text
            .split_once("://")
            .map(|(_, rest)| rest.split(['/', '?', '#']).next().unwrap_or_default())
            .filter(|authority| !authority.is_empty())
            .ok_or(Rule::Malformed)?;
        if authority.contains('@') {
            return Err(Rule::Userinfo.into());
        }
        if url.fragment().is_some() {
            return Err(Rule::Fragment.into());
        }
        let port = url.port_or_known_default().ok_or(Rule::Malformed)?;
        let listed = ports.is_empty() || ports.contains(&port);
        if port == 0 || !listed {
            return Err(Rule::Port(port).into());
        }
        let own = match &host {
            Host::Ipv4(address) => judge_literal((*address).into(), reach)?,
            Host::Ipv6(address) => judge_literal((*address).into(), reach)?,
            Host::Domain(name) => judge_name(name, reach)?,
        };
        if plain && !own {
            return Err(Rule::Scheme.into());
        }
        let authority = format!("{host}:{port}");
        Ok(Target { url, authority })
    }

    /// The URL as it goes over the wire, for signatures that cover it.
    pub fn as_str(&self) -> &str {
        self.url.as_str()
    }

    /// Host and port in their normal form, the port always written: what breakers and limits count
    /// by. Two receivers on one host are two receivers.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    pub(super) fn url(&self) -> Url {
        self.url.clone()
    }
}

impl fmt::Debug for Target {
    /// Without path and query, which may hold a secret of the receiver.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Target")
            .field("authority", &self.authority)
            .finish_non_exhaustive()
    }
}

/// Whether the address is this machine, when it may be reached at all.
fn judge_literal(address: IpAddr, reach: Reach) -> Result<bool, Refused> {
    address::judge(address, reach)?;
    Ok(address.is_loopback())
}

/// Whether the name is this machine, when it may be looked up at all.
fn judge_name(name: &str, reach: Reach) -> Result<bool, Refused> {
    if is_own_name(name) {
        return match reach {
            Reach::AndLoopback => Ok(true),
            Reach::Public => Err(Rule::InternalName.into()),
        };
    }
    let absolute = name.strip_suffix('.').unwrap_or(name);
    if absolute.split('.').any(str::is_empty) {
        return Err(Rule::Malformed.into());
    }
    // A single label is completed from the search list of the machine, and these domains belong to
    // whatever network one is in (RFC 6762, RFC 8375, the private-use name of ICANN).
    let internal = ["local", "internal", "home.arpa"];
    let inside = |domain: &str| {
        absolute
            .strip_suffix(domain)
            .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    if !absolute.contains('.') || internal.into_iter().any(inside) {
        return Err(Rule::InternalName.into());
    }
    Ok(false)
}

/// Whether the host of a URL is this machine, whatever a resolver says.
pub(crate) fn is_this_machine(host: Host<&str>) -> bool {
    match host {
        Host::Domain(name) => is_own_name(name),
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    }
}

/// Whether a name means this machine whatever a resolver says (RFC 6761, section 6.3).
pub(super) fn is_own_name(name: &str) -> bool {
    let absolute = name.strip_suffix('.').unwrap_or(name);
    absolute == "localhost" || absolute.ends_with(".localhost")
}
