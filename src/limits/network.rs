//! What counts as one address.

use std::net::{IpAddr, Ipv6Addr};

/// The part of an IPv6 address that one household or machine is given.
const PREFIX: u128 = !0 << 64;

/// An IPv4 address, or the first 64 bits of one of IPv6, within which anybody has as many as he
/// likes.
pub(super) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & PREFIX).into(),
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(one: &str, other: &str) -> bool {
        let network = |text: &str| text.parse().map(network);
        network(one) == network(other)
    }

    #[test]
    fn addresses_of_one_64_are_one() {
        assert!(same("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff"));
        assert!(!same("2001:db8:1:2::1", "2001:db8:1:3::1"));
        assert!(same("::ffff:192.0.2.1", "192.0.2.1"));
        assert!(!same("192.0.2.1", "192.0.2.2"));
    }
}
