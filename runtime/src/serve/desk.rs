//! What the commands for operators share: where the operator API is, how its lists are read, and how
//! a refusal is said.
//!
//! The commands talk to the operator API of a seller that serves; they never open its store. The exit
//! code is 0 when it was done, 1 when the seller refused (unknown, too late, no right), 2 when
//! something was asked wrongly or nobody answered.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use clap::{Args, Parser};
use serde::de::DeserializeOwned;

use super::options::{OperatorAddr, operator_address};
use super::print::Console;
use super::text;
use crate::operator::{Client, ClientError};

/// Where the operator API is when nothing else is said.
pub(super) const DEFAULT_URL: &str = "http://127.0.0.1:3002";

/// Done.
const DONE: u8 = 0;
/// The seller refused.
const REFUSED: u8 = 1;
/// Asked wrongly, or nobody answered.
const WRONG: u8 = 2;
/// The most entries that are listed; beyond it the list says that there are more.
const MOST: usize = 1000;

/// How the operator API is asked, and how its answers are shown.
#[derive(Args, Clone, Debug)]
pub(super) struct Desk {
    /// Where the operator API is. Default: where SELLER_OPERATOR_ADDR has it listen on this machine,
    /// else http://127.0.0.1:3002.
    #[arg(long, global = true, env = "SELLER_OPERATOR_URL", value_name = "URL")]
    operator_url: Option<String>,
    /// Print JSON for a machine.
    #[arg(long, global = true)]
    pub(super) json: bool,
}

impl Desk {
    /// A client of the operator API, with a warning where it is far away.
    ///
    /// # Errors
    ///
    /// When the address or the token can't be used.
    pub(super) fn client(
        &self,
        token: Option<&str>,
        console: &mut Console,
    ) -> Result<Client, ClientError> {
        let url = match &self.operator_url {
            Some(url) => url.clone(),
            None => url_of(std::env::var("SELLER_OPERATOR_ADDR").ok().as_deref())?,
        };
        let client = Client::new(&url, token)?;
        if client.leaves_the_machine() {
            console.note("warning: your token leaves this machine in plain text; a tunnel such as `ssh -L 3002:127.0.0.1:3002 HOST` protects it");
        }
        Ok(client)
    }

    /// Says how a command went. Returns the exit code. `in_words` says what went wrong, with remedies
    /// that are commands of this program where the operator API names its own calls.
    pub(super) fn end(
        &self,
        result: Result<(), ClientError>,
        in_words: impl FnOnce(&ClientError) -> String,
        console: &mut Console,
    ) -> u8 {
        let Err(error) = result else {
            return DONE;
        };
        if let (true, ClientError::Refused(problem)) = (self.json, &error) {
            console.say(&pretty(problem));
        }
        console.note(&format!("error: {}", text::harmless(&in_words(&error))));
        exit_code(&error)
    }
}

/// Reads a command line that begins after the word of a command: what is asked, or the exit code
/// where there is nothing to carry out.
pub(super) fn read<P: Parser>(
    word: &'static str,
    words: &[&str],
    console: &mut Console,
) -> Result<P, u8> {
    P::try_parse_from([&[word], words].concat()).map_err(|error| {
        if error.use_stderr() {
            console.note(&error.to_string());
            WRONG
        } else {
            console.say(&error.to_string());
            DONE
        }
    })
}

/// What stands in a path must not change its meaning.
pub(super) fn is_id(text: &str) -> bool {
    let fits = text
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
    fits && !text.is_empty() && text.len() <= 128
}

fn exit_code(error: &ClientError) -> u8 {
    match error {
        ClientError::Refused(problem) if matches!(problem.status, 403 | 404 | 409) => REFUSED,
        _ => WRONG,
    }
}

/// Where the operator API is when nobody says: where a seller with the same environment has it
/// listen. One that listens everywhere also listens here.
///
/// # Errors
/// What was set is no address, which no seller would start with either.
fn url_of(operator_addr: Option<&str>) -> Result<String, ClientError> {
    let Some(text) = operator_addr.filter(|text| !text.is_empty()) else {
        return Ok(DEFAULT_URL.to_owned());
    };
    let addr = operator_address(text).map_err(|reason| ClientError::Address {
        url: text.to_owned(),
        reason: format!("SELLER_OPERATOR_ADDR says so: {reason}"),
    })?;
    Ok(match addr {
        OperatorAddr::Off => DEFAULT_URL.to_owned(),
        OperatorAddr::At(mut addr) => {
            match addr.ip() {
                IpAddr::V4(ip) if ip.is_unspecified() => addr.set_ip(Ipv4Addr::LOCALHOST.into()),
                IpAddr::V6(ip) if ip.is_unspecified() => addr.set_ip(Ipv6Addr::LOCALHOST.into()),
                _ => {}
            }
            format!("http://{addr}")
        }
    })
}

/// Reads a list page by page until it ends or has [`MOST`] entries, and returns the cursor of what
/// was not read. `take` takes a page in, and says how many entries there are now and where the next
/// page begins.
pub(super) async fn pages<P: DeserializeOwned>(
    client: &Client,
    path: &str,
    asked: Option<(&str, &str)>,
    mut take: impl FnMut(P) -> (usize, Option<String>),
) -> Result<Option<String>, ClientError> {
    let mut cursor: Option<String> = None;
    loop {
        let position = cursor.as_deref().map(|cursor| ("cursor", cursor));
        let query: Vec<(&str, &str)> = [("limit", "100")]
            .into_iter()
            .chain(asked)
            .chain(position)
            .collect();
        let (count, next) = take(client.get(&[path], &query).await?);
        if next.is_none() || count >= MOST {
            return Ok(next);
        }
        cursor = next;
    }
}

/// JSON for machines that people may read, too.
pub(super) fn pretty(value: &impl serde::Serialize) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_operator_api_is_looked_for_where_it_listens() {
        for (addr, url) in [
            (None, DEFAULT_URL),
            (Some(""), DEFAULT_URL),
            (Some("off"), DEFAULT_URL),
            (Some("127.0.0.1:4002"), "http://127.0.0.1:4002"),
            (Some("10.0.0.7:3002"), "http://10.0.0.7:3002"),
            (Some("0.0.0.0:4002"), "http://127.0.0.1:4002"),
            (Some("[::]:4002"), "http://[::1]:4002"),
        ] {
            assert_eq!(url_of(addr).ok().as_deref(), Some(url), "{addr:?}");
        }
        let error = url_of(Some("4002")).expect_err("no address").to_string();
        assert!(error.contains("SELLER_OPERATOR_ADDR"), "{error}");
    }
}
