//! What a seller prints when it is up: where it is and how to try it. All that a seller
//! that serves writes to standard output.

use std::io::Write;

use super::start::SANDBOX_CALLER;
use crate::profile::{Entry, Profile};
use crate::spec::Spec;

/// What the banner tells.
pub(super) struct Banner<'b> {
    pub(super) spec: &'b Spec,
    pub(super) profile: &'b Profile,
    pub(super) url: &'b str,
    pub(super) store: &'b str,
    pub(super) sandbox: bool,
    /// A token that was made up for this run. One that was configured is never printed.
    pub(super) token: Option<&'b str>,
    /// Where the operator API is, if it listens.
    pub(super) operator_url: Option<&'b str>,
    /// An operator token that was made up for this run.
    pub(super) operator_token: Option<&'b str>,
}

impl Banner<'_> {
    pub(super) fn print(&self) {
        let mut out = std::io::stdout().lock();
        // A closed standard output is no reason not to serve.
        let _ = out
            .write_all(self.text().as_bytes())
            .and_then(|()| out.flush());
    }

    fn text(&self) -> String {
        let Banner {
            spec,
            profile,
            url,
            store,
            sandbox,
            token,
            operator_url,
            operator_token,
        } = self;
        let mode = if *sandbox { "sandbox" } else { "live" };
        let home = url.strip_suffix("/mcp").unwrap_or(url);
        let mut text = format!(
            "{} speaks AdCP {} at {} ({mode}, store {store})\n",
            profile.name,
            spec.version,
            endpoints(home, &profile.entry)
        );
        if let Some(token) = token {
            text.push_str(&format!(
                "\nBearer token for this run (set SELLER_TOKEN to choose one): {token}\n"
            ));
        }
        if *sandbox {
            let token = token.unwrap_or("$SELLER_TOKEN");
            text.push_str(&format!(
                "\nTry it:\n  npx -y @adcp/sdk@6.11.0 {url} get_products '{{\"buying_mode\":\"wholesale\"}}' --auth {token} --allow-http\n\nor\n  curl -s {url} -H \"Authorization: Bearer {token}\" -H 'Content-Type: application/json' \\\n    -d '{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{{\"name\":\"get_products\",\"arguments\":{{\"buying_mode\":\"wholesale\"}}}}}}'\n"
            ));
        }
        if *sandbox {
            let token = token.unwrap_or("$SELLER_TOKEN");
            text.push_str(&format!(
                "\nShort-lived access tokens, as a live seller's buyers have them (OAuth 2.0 client credentials):\n  curl -s -u {SANDBOX_CALLER}:{token} -d grant_type=client_credentials {home}/oauth/token\n"
            ));
        } else if let Some(oauth) = profile.entry.oauth {
            text.push_str(&format!("\nAccess tokens of {} are taken.\n", oauth.issuer));
        }
        if let Some(url) = operator_url {
            text.push_str(&operators(profile.name, url, *operator_token));
        }
        text.push_str("\nStop with Ctrl-C.\n");
        text
    }
}

/// Where buyers call.
fn endpoints(home: &str, entry: &Entry) -> String {
    let mcp = entry.mcp.then(|| format!("{home}/mcp"));
    let a2a = entry.a2a.then(|| format!("{home}/a2a (A2A)"));
    let all: Vec<String> = mcp.into_iter().chain(a2a).collect();
    all.join(" and ")
}

/// Where operators decide, and how.
fn operators(name: &str, url: &str, token: Option<&str>) -> String {
    let mut text = format!("\nOperators look at tasks and decide them at {url}\n");
    let mut command = format!("{name} tasks list");
    if url != super::desk::DEFAULT_URL {
        command.push_str(&format!(" --operator-url {url}"));
    }
    match token {
        Some(token) => text.push_str(&format!(
            "Operator token for this run (set SELLER_OPERATOR_TOKEN to choose one): {token}\n\nTry it:\n  SELLER_OPERATOR_TOKEN={token} {command}\n"
        )),
        None => text.push_str(&format!(
            "\nWith your token in SELLER_OPERATOR_TOKEN:\n  {command}\n"
        )),
    }
    text
}

/// Says why the seller did not start. Not by the log, whose settings may be what is wrong.
pub(super) fn refuse(error: &dyn std::error::Error) {
    let mut text = format!("error: {error}\n");
    let mut source = error.source();
    while let Some(cause) = source {
        // Some errors quote their cause themselves.
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(&format!("  because: {cause_text}\n"));
        }
        source = cause.source();
    }
    let _ = std::io::stderr().write_all(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::{AccountMode, Approval, RequestSigning, Webhooks};

    #[test]
    fn every_endpoint_is_named() {
        let entry = Entry {
            a2a: true,
            ..Entry::PLAIN
        };
        assert_eq!(
            endpoints("http://127.0.0.1:3001", &entry),
            "http://127.0.0.1:3001/mcp and http://127.0.0.1:3001/a2a (A2A)"
        );
        assert_eq!(endpoints("http://h", &Entry::PLAIN), "http://h/mcp");
    }

    #[test]
    fn what_is_pasted_into_a_shell_finds_a_configured_token_there() {
        let profile = Profile {
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
        let spec = Spec {
            line: "3.0",
            version: "3.0.0",
            major: 3,
            tools: &[],
            errors: &[],
            schemas: "{}",
            tool_list: "[]",
        };
        let text = Banner {
            spec: &spec,
            profile: &profile,
            url: "http://127.0.0.1:3001/mcp",
            store: "memory:",
            sandbox: true,
            token: None,
            operator_url: None,
            operator_token: None,
        }
        .text();
        // Single quotes would keep the shell from putting it in.
        let commands = text.lines().filter(|line| line.starts_with("  "));
        for quoted in commands.flat_map(|line| line.split('\'').skip(1).step_by(2)) {
            assert!(!quoted.contains('$'), "{quoted}");
        }
        assert!(
            text.contains("-H \"Authorization: Bearer $SELLER_TOKEN\""),
            "{text}"
        );
    }

    #[test]
    fn operators_are_told_where_and_how_but_never_a_configured_token() {
        let here = operators("press-desk", "http://127.0.0.1:3002", Some("made-up"));
        assert!(
            here.contains("SELLER_OPERATOR_TOKEN=made-up press-desk tasks list\n"),
            "{here}"
        );
        let there = operators("press-desk", "http://127.0.0.1:4002", None);
        assert!(
            there.contains("press-desk tasks list --operator-url http://127.0.0.1:4002\n"),
            "{there}"
        );
    }
}
