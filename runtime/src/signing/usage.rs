//! What a signature is for, and which edition of the profile judges it.

/// What a signature is for. A signature of one usage never passes for the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Usage {
    /// A request to an agent.
    Request,
    /// A notification from an agent.
    Webhook,
}

impl Usage {
    /// The value of the parameter `tag`.
    pub const fn tag(self) -> &'static str {
        match self {
            Usage::Request => "adcp/request-signing/v1",
            Usage::Webhook => "adcp/webhook-signing/v1",
        }
    }

    /// The `adcp_use` that a key made for this usage declares.
    pub const fn purpose(self) -> &'static str {
        match self {
            Usage::Request => "request-signing",
            Usage::Webhook => "webhook-signing",
        }
    }

    /// Whether a key of that `adcp_use` may sign for this usage. From 3.1 on, an agent may sign
    /// its webhooks with the key of its requests; the tag keeps them apart.
    pub fn accepts(self, purpose: &str, edition: Edition) -> bool {
        purpose == self.purpose()
            || (self == Usage::Webhook
                && edition >= Edition::V3_1
                && purpose == Usage::Request.purpose())
    }
}

/// The edition of the profile: it follows the line of the specification.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Edition {
    /// 3.0: byte sequences in Base64url without padding; plain Base64 is read as well.
    V3_0,
    /// 3.1: as 3.0, with other words for a host that is not ASCII.
    V3_1,
    /// 3.2: byte sequences of requests are those of RFC 8941, and a body is always covered.
    V3_2,
}

impl Edition {
    /// The edition of a line: `3.0`. A line that is not known here is judged as the newest.
    pub fn of(line: &str) -> Self {
        match line {
            "3.0" => Edition::V3_0,
            "3.1" => Edition::V3_1,
            _ => Edition::V3_2,
        }
    }

    /// Whether byte sequences are those of RFC 8941: Base64 with its padding. Webhooks keep the
    /// older form throughout 3.x.
    pub(super) fn is_plain_base64(self, usage: Usage) -> bool {
        self >= Edition::V3_2 && usage == Usage::Request
    }
}
