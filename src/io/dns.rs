//! The name service: asks what [`Locator`] wants to know. Answers are kept as long as they say, and the hosts file of the system
//! is read too.
//!
//! A place that was found once is remembered: while the name service does not answer, calls go where they went before.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ConnectionConfig, LookupIpStrategy, NameServerConfig, ResolverConfig};
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::{RData, RecordType};

use crate::sip::locate::{Answer, Naptr, Query, Srv};
use crate::sip::{LocateError, Located, Locator, Place};

/// How long one name server is waited for, each time.
const SERVER_LIMIT: Duration = Duration::from_secs(2);
/// How often each is asked.
const ATTEMPTS: usize = 2;
/// How long a place is searched for in all.
const PLACE_LIMIT: Duration = Duration::from_secs(10);
/// Answers kept.
const CACHE_ENTRIES: u64 = 1024;
/// Places remembered.
const PLACES_MAX: usize = 256;

/// The name service cannot be used at all.
#[derive(Debug, thiserror::Error)]
#[error("the name service cannot be set up: {0}; see sip.name_servers and /etc/resolv.conf")]
pub struct DnsError(#[from] NetError);

/// Whoever asks the name servers.
pub struct Names {
    resolver: TokioResolver,
    known: Mutex<BTreeMap<String, Vec<Located>>>,
}

impl Names {
    /// Asks these name servers; those of the system when there are none.
    ///
    /// # Errors
    /// When the settings of the system make no sense.
    pub fn new(servers: &[SocketAddr]) -> Result<Self, DnsError> {
        let servers: Vec<NameServerConfig> = servers.iter().map(|server| name_server(*server)).collect();
        let provider = TokioRuntimeProvider::default;
        let mut builder = if servers.is_empty() {
            // A machine without a name service has its hosts file all the same.
            TokioResolver::builder_tokio().unwrap_or_else(|error| {
                tracing::warn!(%error, "the settings of the system's name service cannot be read; only the hosts file is used");
                TokioResolver::builder_with_config(ResolverConfig::from_parts(None, Vec::new(), Vec::new()), provider())
            })
        } else {
            TokioResolver::builder_with_config(ResolverConfig::from_parts(None, Vec::new(), servers), provider())
        };
        let options = builder.options_mut();
        options.timeout = SERVER_LIMIT;
        options.attempts = ATTEMPTS;
        options.cache_size = CACHE_ENTRIES;
        options.ip_strategy = LookupIpStrategy::Ipv4AndIpv6;
        Ok(Self { resolver: builder.build()?, known: Mutex::default() })
    }

    /// Finds the destinations of a place, in the order in which they are to be tried. The seed is chance.
    ///
    /// # Errors
    /// When there is none, or the name service does not answer and never has for this place.
    pub async fn locate(&self, place: &Place, seed: u64) -> Result<Vec<Located>, LocateError> {
        let key = format!("{place:?}");
        let searched = tokio::time::timeout(PLACE_LIMIT, self.search(place, seed)).await;
        let found = searched.unwrap_or_else(|_| Err(LocateError::NoAnswer { host: place.host.to_string() }));
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        match found {
            Ok(found) => {
                if known.len() >= PLACES_MAX && !known.contains_key(&key) {
                    known.pop_first();
                }
                known.insert(key, found.clone());
                Ok(found)
            }
            Err(error @ LocateError::NoAnswer { .. }) => match known.get(&key) {
                Some(before) => {
                    tracing::warn!(%error, "the addresses known from before are taken");
                    Ok(before.clone())
                }
                None => Err(error),
            },
            Err(error @ (LocateError::Unknown { .. } | LocateError::NotOffered { .. })) => Err(error),
        }
    }

    async fn search(&self, place: &Place, seed: u64) -> Result<Vec<Located>, LocateError> {
        let mut locator = Locator::new(place, seed);
        while let Some(query) = locator.poll()? {
            let answer = self.ask(&query).await;
            tracing::debug!(?query, ?answer, "asked the name service");
            locator.answer(answer);
        }
        Ok(locator.found().to_vec())
    }

    async fn ask(&self, query: &Query) -> Answer {
        match query {
            Query::Naptr(name) => {
                self.records(name, RecordType::NAPTR, naptr).await.map_or(Answer::Failed, Answer::Naptr)
            }
            Query::Srv(name) => self.records(name, RecordType::SRV, srv).await.map_or(Answer::Failed, Answer::Srv),
            Query::Addresses(name) => match self.resolver.lookup_ip(name.as_str()).await {
                Ok(found) => Answer::Addresses(found.iter().collect()),
                Err(error) if is_none(&error) => Answer::Addresses(Vec::new()),
                Err(error) => failed(name, &error),
            },
        }
    }

    /// The records of one type; nothing when the name service cannot say.
    async fn records<T>(&self, name: &str, kind: RecordType, read: fn(&RData) -> Option<T>) -> Option<Vec<T>> {
        // With the dot the name is whole: no domain of the system's search list is put behind it.
        match self.resolver.lookup(format!("{name}."), kind).await {
            Ok(found) => Some(found.answers().iter().filter_map(|record| read(&record.data)).collect()),
            Err(error) if is_none(&error) => Some(Vec::new()),
            Err(error) => {
                failed(name, &error);
                None
            }
        }
    }
}

fn failed(name: &str, error: &NetError) -> Answer {
    tracing::warn!(name, %error, "the name service did not answer");
    Answer::Failed
}

fn is_none(error: &NetError) -> bool {
    error.is_no_records_found() || error.is_nx_domain()
}

fn name_server(server: SocketAddr) -> NameServerConfig {
    let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(|mut connection| {
        connection.port = server.port();
        connection
    });
    NameServerConfig::new(server.ip(), true, connections.into())
}

fn text(octets: &[u8]) -> String {
    String::from_utf8_lossy(octets).into_owned()
}

#[expect(clippy::wildcard_enum_match_arm, reason = "an answer has records of other types beside the one asked for")]
fn naptr(data: &RData) -> Option<Naptr> {
    match data {
        RData::NAPTR(record) => Some(Naptr {
            order: record.order,
            preference: record.preference,
            flags: text(&record.flags),
            service: text(&record.services),
            replacement: record.replacement.to_ascii(),
        }),
        _ => None,
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "an answer has records of other types beside the one asked for")]
fn srv(data: &RData) -> Option<Srv> {
    match data {
        RData::SRV(record) => Some(Srv {
            priority: record.priority,
            weight: record.weight,
            port: record.port,
            target: record.target.to_ascii(),
        }),
        _ => None,
    }
}
