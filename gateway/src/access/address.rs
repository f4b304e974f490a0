//! From which address a request came.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::{
    extract::{ConnectInfo, FromRequestParts},
    http::request::Parts,
};

use crate::{app::App, problem::Problem};

/// The sender's address: that of the connection, or what our own proxy says of it. None: there is no connection, as in
/// a call from within the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sender(pub(crate) Option<IpAddr>);

impl Sender {
    /// Reads it. `X-Forwarded-For` is whatever the sender writes, but for what a proxy of ours put at its end.
    pub(crate) fn of(app: &App, parts: &Parts) -> Self {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let peer = peer.map(|ConnectInfo(address)| address.ip());
        if !app.settings().behind_proxy {
            return Self(peer);
        }
        let hops = parts.headers.get_all("x-forwarded-for").iter();
        let last = hops.filter_map(|hops| hops.to_str().ok()).next_back();
        let last = last.and_then(|hops| hops.rsplit(',').next());
        Self(last.and_then(|hop| hop.trim().parse().ok()).or(peer))
    }

    /// As which it is counted: of IPv6 the network, since one household has 2^64 addresses.
    pub(crate) fn counted(self) -> Option<IpAddr> {
        self.0.map(|address| match address.to_canonical() {
            IpAddr::V4(v4) => IpAddr::V4(v4),
            IpAddr::V6(v6) => {
                let network = u128::from(v6) & !u128::from(u64::MAX);
                IpAddr::V6(Ipv6Addr::from(network))
            }
        })
    }
}

impl FromRequestParts<App> for Sender {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        Ok(Self::of(app, parts))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_household_is_one_sender() {
        let counted = |text: &str| Sender(Some(text.parse().unwrap())).counted().unwrap();
        assert_eq!(counted("2001:db8::1"), counted("2001:db8::ffff:2"));
        assert_ne!(counted("2001:db8::1"), counted("2001:db8:0:1::1"));
        assert_eq!(counted("::ffff:192.0.2.7"), counted("192.0.2.7"));
        assert_ne!(counted("192.0.2.7"), counted("192.0.2.8"));
    }
}
