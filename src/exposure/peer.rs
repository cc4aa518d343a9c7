//! Which addresses are of private networks.

use std::net::{IpAddr, Ipv4Addr};

/// The address of somebody whose address is not known. It is in no network.
pub(super) const NOBODY: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);

/// Whether machines with this address are near: this one, or of a private network (RFC 1918,
/// RFC 4193), or on the same cable (RFC 3927, RFC 4291).
pub(super) fn is_private(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.is_loopback() || v4.is_private() || v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_networks_end_where_they_end() {
        for (address, private) in [
            ("127.0.0.1", true),
            ("127.255.255.255", true),
            ("10.0.0.0", true),
            ("10.255.255.255", true),
            ("11.0.0.0", false),
            ("9.255.255.255", false),
            ("172.15.255.255", false),
            ("172.16.0.0", true),
            ("172.31.255.255", true),
            ("172.32.0.0", false),
            ("192.167.255.255", false),
            ("192.168.0.0", true),
            ("192.169.0.0", false),
            ("169.254.1.1", true),
            ("169.255.1.1", false),
            ("100.64.0.1", false),
            ("0.0.0.0", false),
            ("255.255.255.255", false),
            ("8.8.8.8", false),
            ("::1", true),
            ("::", false),
            ("::2", false),
            ("fe80::1", true),
            ("febf::1", true),
            ("fec0::1", false),
            ("fc00::1", true),
            ("fdff::1", true),
            ("fe00::1", false),
            ("2001:db8::1", false),
            ("::ffff:10.0.0.1", true),
            ("::ffff:8.8.8.8", false),
            // The same in the form that went out of use, which is no IPv4 address.
            ("::10.0.0.1", false),
            ("64:ff9b::a00:1", false),
        ] {
            assert_eq!(address.parse().map(is_private), Ok(private), "{address}");
        }
    }
}
