//! From a host's name to addresses that may be connected to. What is checked here is what is connected to: nobody asks
//! DNS a second time, so that a name cannot be one thing for the check and another for the connection.

use std::{net::SocketAddr, sync::Arc};

use futures::future::BoxFuture;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::target::Allowed;

/// Asks for the addresses of a name.
pub trait Lookup: Send + Sync + 'static {
    /// All that there are.
    fn addresses(&self, name: &str) -> BoxFuture<'static, std::io::Result<Vec<SocketAddr>>>;
}

/// As the machine's own resolver has it.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemLookup;

impl Lookup for SystemLookup {
    fn addresses(&self, name: &str) -> BoxFuture<'static, std::io::Result<Vec<SocketAddr>>> {
        let name = name.to_owned();
        Box::pin(async move { Ok(tokio::net::lookup_host((name, 0)).await?.collect()) })
    }
}

/// A name of which at least one address is not the public internet's.
#[derive(Debug, thiserror::Error)]
#[error("the name leads into a private network")]
pub(crate) struct LeadsInside;

/// A name that has no address.
#[derive(Debug, thiserror::Error)]
#[error("the name has no address")]
pub(crate) struct Unknown;

pub(crate) struct Checked {
    pub(crate) lookup: Arc<dyn Lookup>,
    pub(crate) allowed: Allowed,
}

impl Resolve for Checked {
    fn resolve(&self, name: Name) -> Resolving {
        let (asked, allowed) = (self.lookup.addresses(name.as_str()), self.allowed);
        Box::pin(async move {
            let found = asked.await.map_err(|_| Unknown)?;
            if found.is_empty() {
                return Err(Unknown.into());
            }
            // One is enough: who mixes them means no good.
            if !found.iter().all(|one| allowed.reaches(one.ip())) {
                return Err(LeadsInside.into());
            }
            let addresses: Addrs = Box::new(found.into_iter());
            Ok(addresses)
        })
    }
}
