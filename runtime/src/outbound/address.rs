//! Which addresses are public.
//!
//! The blocks are those of the IANA registries of special-purpose addresses for IPv4 and IPv6 that
//! are not globally reachable, with the blocks that carry an IPv4 address inside an IPv6 address,
//! through which a private address would look like a public one. In IPv6 the rule runs the other
//! way round: only global unicast (2000::/3) is public at all.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::failure::{Refused, Rule};
use super::reach::Reach;

/// What an address is that is not public.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Block {
    /// No address at all: 0.0.0.0/8 (RFC 791), `::` (RFC 4291).
    Unspecified,
    /// This machine: 127.0.0.0/8 (RFC 1122), `::1`.
    Loopback,
    /// A private network: RFC 1918.
    Private,
    /// Between a provider and its customers: 100.64.0.0/10 (RFC 6598).
    Shared,
    /// On the same link: 169.254.0.0/16 (RFC 3927), fe80::/10. Clouds serve credentials there.
    LinkLocal,
    /// A service that a cloud offers to its own machines, outside of every reserved block.
    Metadata,
    /// Kept for protocols: 192.0.0.0/24, 2001::/23 (RFC 6890, RFC 2928).
    Protocol,
    /// For examples: RFC 5737, RFC 3849, RFC 9637.
    Documentation,
    /// For measuring devices: 198.18.0.0/15 (RFC 2544), 2001:2::/48 (RFC 5180).
    Benchmarking,
    /// Many receivers: 224.0.0.0/4, ff00::/8.
    Multicast,
    /// Every receiver on the link: 255.255.255.255.
    Broadcast,
    /// Assigned to nobody: 240.0.0.0/4, and what is not global unicast in IPv6.
    Reserved,
    /// An IPv4 address in the clothes of IPv6: ::ffff:0:0/96, ::/96, ::ffff:0:0:0/96.
    Mapped,
    /// An IPv4 address behind a translator: 64:ff9b::/96 (RFC 6052) when the address inside is not
    /// public, and all of 64:ff9b:1::/48 (RFC 8215), which only means something inside a network.
    Translated,
    /// 6to4: 2002::/16 (RFC 3056) and its relays, 192.88.99.0/24 (RFC 7526).
    SixToFour,
    /// Teredo: 2001::/32 (RFC 4380).
    Teredo,
    /// The private networks of IPv6: fc00::/7 (RFC 4193).
    UniqueLocal,
    /// What unique local addresses have replaced: fec0::/10 (RFC 3879).
    SiteLocal,
    /// Names of hosts that look like addresses: 2001:10::/28, 2001:20::/28 (RFC 4843, RFC 7343).
    Orchid,
    /// Dropped on the way: 100::/64 (RFC 6666), 100:0:0:1::/64 (RFC 9780).
    Discard,
}

/// A block by its first address and the length of its prefix in bits.
type Row<A> = (A, u32, Block);

/// The first row that holds an address says what it is.
const V4: [Row<Ipv4Addr>; 17] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8, Block::Unspecified),
    (Ipv4Addr::new(10, 0, 0, 0), 8, Block::Private),
    (Ipv4Addr::new(100, 64, 0, 0), 10, Block::Shared),
    (Ipv4Addr::new(127, 0, 0, 0), 8, Block::Loopback),
    // The wire server of Azure, which answers on an address that looks public.
    (Ipv4Addr::new(168, 63, 129, 16), 32, Block::Metadata),
    (Ipv4Addr::new(169, 254, 0, 0), 16, Block::LinkLocal),
    (Ipv4Addr::new(172, 16, 0, 0), 12, Block::Private),
    (Ipv4Addr::new(192, 0, 0, 0), 24, Block::Protocol),
    (Ipv4Addr::new(192, 0, 2, 0), 24, Block::Documentation),
    (Ipv4Addr::new(192, 88, 99, 0), 24, Block::SixToFour),
    (Ipv4Addr::new(192, 168, 0, 0), 16, Block::Private),
    (Ipv4Addr::new(198, 18, 0, 0), 15, Block::Benchmarking),
    (Ipv4Addr::new(198, 51, 100, 0), 24, Block::Documentation),
    (Ipv4Addr::new(203, 0, 113, 0), 24, Block::Documentation),
    (Ipv4Addr::new(224, 0, 0, 0), 4, Block::Multicast),
    (Ipv4Addr::new(255, 255, 255, 255), 32, Block::Broadcast),
    (Ipv4Addr::new(240, 0, 0, 0), 4, Block::Reserved),
];

const fn v6(a: u16, b: u16, c: u16, d: u16, e: u16, f: u16) -> Ipv6Addr {
    Ipv6Addr::new(a, b, c, d, e, f, 0, 0)
}

/// The first row that holds an address says what it is. Narrow blocks stand before the wide ones
/// that they lie in.
const V6: [Row<Ipv6Addr>; 20] = [
    (Ipv6Addr::UNSPECIFIED, 128, Block::Unspecified),
    (Ipv6Addr::LOCALHOST, 128, Block::Loopback),
    (v6(0, 0, 0, 0, 0, 0xffff), 96, Block::Mapped),
    (v6(0, 0, 0, 0, 0xffff, 0), 96, Block::Mapped),
    (Ipv6Addr::UNSPECIFIED, 96, Block::Mapped),
    (v6(0x64, 0xff9b, 1, 0, 0, 0), 48, Block::Translated),
    (v6(0x100, 0, 0, 0, 0, 0), 63, Block::Discard),
    (v6(0x2001, 0, 0, 0, 0, 0), 32, Block::Teredo),
    (v6(0x2001, 2, 0, 0, 0, 0), 48, Block::Benchmarking),
    (v6(0x2001, 0x10, 0, 0, 0, 0), 28, Block::Orchid),
    (v6(0x2001, 0x20, 0, 0, 0, 0), 28, Block::Orchid),
    (v6(0x2001, 0, 0, 0, 0, 0), 23, Block::Protocol),
    (v6(0x2001, 0xdb8, 0, 0, 0, 0), 32, Block::Documentation),
    (v6(0x2002, 0, 0, 0, 0, 0), 16, Block::SixToFour),
    (v6(0x3fff, 0, 0, 0, 0, 0), 20, Block::Documentation),
    (v6(0xfd00, 0xec2, 0, 0, 0, 0), 32, Block::Metadata),
    (v6(0xfc00, 0, 0, 0, 0, 0), 7, Block::UniqueLocal),
    (v6(0xfe80, 0, 0, 0, 0, 0), 10, Block::LinkLocal),
    (v6(0xfec0, 0, 0, 0, 0, 0), 10, Block::SiteLocal),
    (v6(0xff00, 0, 0, 0, 0, 0), 8, Block::Multicast),
];

/// Global unicast, the one part of IPv6 that can be public (RFC 4291, section 2.4).
const GLOBAL: (Ipv6Addr, u32) = (v6(0x2000, 0, 0, 0, 0, 0), 3);

/// The prefix under which a network without IPv4 reaches IPv4 (RFC 6052).
const NAT64: (Ipv6Addr, u32) = (v6(0x64, 0xff9b, 0, 0, 0, 0), 96);

/// Judges one address.
pub(super) fn judge(address: IpAddr, reach: Reach) -> Result<(), Refused> {
    let block = match address {
        IpAddr::V4(address) => block_v4(address),
        IpAddr::V6(address) => block_v6(address),
    };
    match block {
        None => Ok(()),
        Some(Block::Loopback) if reach == Reach::AndLoopback => Ok(()),
        Some(block) => Err(Rule::Address { address, block }.into()),
    }
}

fn block_v4(address: Ipv4Addr) -> Option<Block> {
    let bits = address.to_bits();
    let holds = |first: Ipv4Addr, length: u32| (bits ^ first.to_bits()) >> (32 - length) == 0;
    let mut rows = V4.into_iter();
    rows.find_map(|(first, length, block)| holds(first, length).then_some(block))
}

fn block_v6(address: Ipv6Addr) -> Option<Block> {
    let bits = address.to_bits();
    let holds = |first: Ipv6Addr, length: u32| (bits ^ first.to_bits()) >> (128 - length) == 0;
    if holds(NAT64.0, NAT64.1) {
        let [.., a, b, c, d] = address.octets();
        return block_v4(Ipv4Addr::new(a, b, c, d)).map(|_| Block::Translated);
    }
    let mut rows = V6.into_iter();
    rows.find_map(|(first, length, block)| holds(first, length).then_some(block))
        .or_else(|| (!holds(GLOBAL.0, GLOBAL.1)).then_some(Block::Reserved))
}

impl fmt::Display for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Block::Unspecified => "no address of a host",
            Block::Loopback => "the machine itself",
            Block::Private => "in a private network",
            Block::Shared => "in a provider's shared network",
            Block::LinkLocal => "on the local link",
            Block::Metadata => "a cloud's service for its own machines",
            Block::Protocol => "kept for protocols",
            Block::Documentation => "kept for examples",
            Block::Benchmarking => "kept for measurements",
            Block::Multicast => "a group of receivers",
            Block::Broadcast => "every receiver on the link",
            Block::Reserved => "assigned to nobody",
            Block::Mapped => "an IPv4 address written as IPv6",
            Block::Translated => "an address behind a translator that is not public",
            Block::SixToFour => "an IPv4 address tunnelled by 6to4",
            Block::Teredo => "an IPv4 address tunnelled by Teredo",
            Block::UniqueLocal => "in a private network of IPv6",
            Block::SiteLocal => "in a site's own network",
            Block::Orchid => "an identifier, not an address",
            Block::Discard => "where packets are dropped",
        })
    }
}
