//! What a key is for: AdCP's member `adcp_use`, which keeps a key of one purpose from another's
//! signatures.

use crate::spec;

/// What a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Signing requests; from AdCP 3.2 on webhooks as well, which their tag tells apart.
    Request,
    /// Signing webhooks, a purpose of its own up to AdCP 3.1 and taken everywhere.
    Webhook,
}

/// The first line in which the key of requests signs webhooks, too (README of its vectors for webhook
/// signatures).
const ONE_KEY_FROM: &str = "3.2";

impl Purpose {
    /// The purpose of the key that signs the webhooks of a seller of this line.
    pub fn of_webhooks(line: &str) -> Self {
        if spec::is_from(line, ONE_KEY_FROM) {
            Self::Request
        } else {
            Self::Webhook
        }
    }

    /// As `adcp_use` has it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Request => "request-signing",
            Self::Webhook => "webhook-signing",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn webhooks_have_a_purpose_of_their_own_until_the_line_gives_it_up() {
        for (line, word) in [
            ("3.0", "webhook-signing"),
            ("3.1", "webhook-signing"),
            ("3.2", "request-signing"),
            ("3.10", "request-signing"),
            ("4.0", "request-signing"),
        ] {
            assert_eq!(Purpose::of_webhooks(line).word(), word, "{line}");
        }
    }
}
