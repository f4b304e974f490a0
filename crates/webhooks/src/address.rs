//! Which addresses are the public internet's. A webhook's owner names the host, and its DNS names the address: neither
//! must lead into the house that Daybook stands in.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether it is an address of the public internet, by the registries of special-purpose addresses (RFC 6890).
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

/// Whether clouds keep there what a machine of theirs may do, and its secrets. Nobody's receiver, whatever an operator
/// allows.
#[must_use]
pub fn is_metadata(address: IpAddr) -> bool {
    match address.to_canonical() {
        // Link-local, whole; Azure's; Alibaba's.
        IpAddr::V4(address) => {
            address.is_link_local()
                || [[168, 63, 129, 16], [100, 100, 100, 200]].contains(&address.octets())
        }
        // Link-local, whole; Amazon's.
        IpAddr::V6(address) => {
            address.is_unicast_link_local()
                || address == Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)
        }
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    // "This network", private, loopback, link-local (clouds keep their metadata there), multicast, reserved.
    let is_nobodys_or_local = matches!(
        (a, b),
        (0 | 10 | 127 | 224.., _) | (172, 16..=31) | (192, 168) | (169, 254)
    );
    // Behind a carrier's NAT, and some clouds' own services; benchmarking.
    let is_shared = matches!((a, b), (100, 64..=127) | (198, 18..=19));
    // IETF protocols, documentation, 6to4 relays, AS112, AMT.
    let is_special = matches!(
        (a, b, c),
        (192, 0, 0 | 2)
            | (198, 51, 100)
            | (203, 0, 113)
            | (192, 88, 99)
            | (192, 31, 196)
            | (192, 52, 193)
            | (192, 175, 48)
    );
    // Azure's metadata and DNS, which pretend to be public.
    let is_azures = matches!((a, b, c), (168, 63, 129));
    !(is_nobodys_or_local || is_shared || is_special || is_azures)
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    let [a, b, c, ..] = segments;
    let [.., high, low] = segments;
    let last = Ipv4Addr::from_bits((u32::from(high) << 16) | u32::from(low));
    // ::ffff:a.b.c.d is that IPv4 address.
    if address.to_ipv4_mapped().is_some() {
        return is_public_v4(last);
    }
    // NAT64 leads to the IPv4 address at its end: hosts without IPv4 see the world that way.
    if (a, b, c) == (0x64, 0xff9b, 0) && segments[2..6] == [0; 4] {
        return is_public_v4(last);
    }
    // Global unicast is 2000::/3; all else is loopback, local, multicast or nobody's.
    let is_global = (0x2000..=0x3fff).contains(&a);
    // IETF protocols (Teredo among them), documentation, 6to4 (which leads to an IPv4 address).
    let is_special = matches!(
        (a, b),
        (0x2001, 0..=0x1ff | 0xdb8) | (0x2002, _) | (0x3fff, 0..=0xfff)
    );
    is_global && !is_special
}

#[cfg(test)]
mod tests {
    use super::*;

    fn public(text: &str) -> bool {
        is_public(text.parse().expect(text))
    }

    #[test]
    fn the_internet_is_public() {
        for address in [
            "1.1.1.1",
            "8.8.8.8",
            "93.184.215.14",
            "172.15.0.1",
            "172.32.0.1",
            "100.63.255.255",
            "100.128.0.1",
            "169.253.1.1",
            "198.17.0.1",
            "198.20.0.1",
            "223.255.255.255",
            "192.0.1.1",
            "2606:4700:4700::1111",
            "2a00:1450:4001::1",
            "2001:4860:4860::8888",
            "::ffff:8.8.8.8",
            "64:ff9b::8.8.8.8",
        ] {
            assert!(public(address), "{address}");
        }
    }

    #[test]
    fn metadata_of_clouds_is_told_apart() {
        let metadata = |text: &str| is_metadata(text.parse().expect(text));
        for address in [
            "169.254.169.254",
            "169.254.170.2",
            "168.63.129.16",
            "100.100.100.200",
            "::ffff:169.254.169.254",
            "fe80::1",
            "fd00:ec2::254",
        ] {
            assert!(metadata(address), "{address}");
        }
        for address in ["127.0.0.1", "10.0.0.1", "192.168.1.1", "::1", "fd12::1"] {
            assert!(!metadata(address), "{address}");
        }
    }

    #[test]
    fn what_is_somebodys_own_is_not() {
        for address in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "10.255.255.255",
            "127.0.0.1",
            "127.9.9.9",
            "169.254.169.254",
            "169.254.0.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "100.64.0.1",
            "100.100.100.200",
            "100.127.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.7",
            "192.88.99.1",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "168.63.129.16",
            "::",
            "::1",
            "::127.0.0.1",
            "::8.8.8.8",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::10.0.0.1",
            "64:ff9b:1::1",
            "100::1",
            "fe80::1",
            "fec0::1",
            "fc00::1",
            "fd00:ec2::254",
            "ff02::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::1",
            "2002:808:808::1",
            "3fff::1",
            "4000::1",
        ] {
            assert!(!public(address), "{address}");
        }
    }
}
