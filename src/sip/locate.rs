//! From a host to the list of its destinations: which names are to be asked for, and what the answers mean. The planner asks one
//! question after the other and takes the answers; who asks them is the driver's business.
//!
//! ```text
//!  address ───────────────────────────────────────────────────────────────▶ destination
//!  name with port ────────────────────────────────────▶ A, AAAA ──────────▶ destinations
//!  name ──▶ NAPTR (no transport given) ──▶ SRV ───────▶ A, AAAA of each ──▶ destinations
//!                 └─ none ─▶ SRV of each transport ─ none ─▶ A, AAAA
//! ```
// RFC 3263 §4.1, §4.2

use super::{chance::Chance, transport::Transport, uri::Host};
use std::{
    collections::VecDeque,
    net::{IpAddr, SocketAddr},
};

/// What is to be located.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Place {
    /// A name or an address.
    pub host: Host,
    /// The port, when one is given.
    pub port: Option<u16>,
    /// The transport, when one is given.
    pub transport: Option<Transport>,
}

/// A question to the name service.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Query {
    /// The NAPTR records of a name.
    Naptr(String),
    /// The SRV records of a name.
    Srv(String),
    /// The A and AAAA records of a name.
    Addresses(String),
}

/// Its answer; an empty list when there is no such record.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Answer {
    /// To [`Query::Naptr`].
    Naptr(Vec<Naptr>),
    /// To [`Query::Srv`].
    Srv(Vec<Srv>),
    /// To [`Query::Addresses`].
    Addresses(Vec<IpAddr>),
    /// The name service could not say.
    Failed,
}

/// A NAPTR record.
// RFC 3403 §4.1
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Naptr {
    /// The lowest goes first.
    pub order: u16,
    /// The lowest of an order goes first.
    pub preference: u16,
    /// `s` when the replacement has SRV records.
    pub flags: String,
    /// `SIP+D2U`, `SIP+D2T`, `SIPS+D2T`, or something that is not for us.
    pub service: String,
    /// The name to go on with.
    pub replacement: String,
}

/// An SRV record.
// RFC 2782
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Srv {
    /// The lowest goes first.
    pub priority: u16,
    /// How often it is chosen among those of a priority.
    pub weight: u16,
    /// The port.
    pub port: u16,
    /// The host; `.` when the service is not offered.
    pub target: String,
}

/// One destination found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Located {
    /// By which transport.
    pub transport: Transport,
    /// Where.
    pub address: SocketAddr,
}

/// Why nothing was found.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum LocateError {
    /// There is no such host.
    #[error("the name service knows no SIP server and no address of {host}; check how it is written")]
    Unknown {
        /// Its name.
        host: String,
    },
    /// The name service did not say.
    #[error("the name service did not answer when asked for {host}; see sip.name_servers, or write an address")]
    NoAnswer {
        /// Its name.
        host: String,
    },
    /// It is there, but not for the transport that is wanted.
    #[error("{host} offers no SIP by {transport}")]
    NotOffered {
        /// Its name.
        host: String,
        /// The transport.
        transport: Transport,
    },
}

/// Most NAPTR records looked at.
pub const NAPTR_MAX: usize = 8;
/// Most SRV records of one name looked at.
pub const SRV_MAX: usize = 16;
/// Most addresses of one host tried.
pub const ADDRESSES_MAX: usize = 4;
/// Most destinations in all; a call tries no more.
pub const DESTINATIONS_MAX: usize = 16;
/// Most questions asked for one place.
pub const QUERIES_MAX: usize = 32;

/// The planner of one lookup. Ask what [`Locator::poll`] gives, hand in what came, until it is done.
#[derive(Debug)]
pub struct Locator {
    host: String,
    wanted: Option<Transport>,
    chance: Chance,
    waiting: VecDeque<Step>,
    asked: usize,
    found: Vec<Located>,
    /// Whether the name service left a question open.
    unsure: bool,
    /// Whether a service was said not to be offered.
    not_offered: bool,
    /// Whether some SRV record was there: then the name's own addresses are none of its SIP servers.
    has_servers: bool,
}

/// What is still to be asked, and what for.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Step {
    Naptr,
    Srv {
        name: String,
        transport: Transport,
    },
    Addresses {
        name: String,
        transport: Transport,
        port: u16,
    },
    /// The addresses of the name itself, if nothing better was found.
    OwnAddresses,
}

impl Locator {
    /// Begins to locate a place. The seed is chance, for the weights of servers.
    pub fn new(place: &Place, seed: u64) -> Self {
        let mut locator = Self {
            host: place.host.to_string(),
            wanted: place.transport,
            chance: Chance::new(seed),
            waiting: VecDeque::new(),
            asked: 0,
            found: Vec::new(),
            unsure: false,
            not_offered: false,
            has_servers: false,
        };
        // RFC 3263 §4.1: without anything said, it is UDP.
        let transport = place.transport.unwrap_or(Transport::Udp);
        match (&place.host, place.port) {
            (Host::Address(address), port) => {
                let address = SocketAddr::new(*address, port.unwrap_or(transport.default_port()));
                locator.found.push(Located { transport, address });
            }
            (Host::Name(name), Some(port)) => {
                locator.waiting.push_back(Step::Addresses { name: name.clone(), transport, port });
            }
            (Host::Name(_), None) => match place.transport {
                Some(transport) => locator.ask_servers(&[transport]),
                None => locator.waiting.push_back(Step::Naptr),
            },
        }
        locator
    }

    /// The next question, or what was found when there is none left.
    ///
    /// # Errors
    /// When nothing was found.
    pub fn poll(&self) -> Result<Option<Query>, LocateError> {
        let query = self.waiting.front().map(|step| match step {
            Step::Naptr => Query::Naptr(self.host.clone()),
            Step::Srv { name, .. } => Query::Srv(name.clone()),
            Step::Addresses { name, .. } => Query::Addresses(name.clone()),
            Step::OwnAddresses => Query::Addresses(self.host.clone()),
        });
        if query.is_some() || !self.found.is_empty() {
            return Ok(query);
        }
        let host = self.host.clone();
        Err(match self.wanted {
            _ if self.unsure => LocateError::NoAnswer { host },
            Some(transport) if self.not_offered => LocateError::NotOffered { host, transport },
            Some(_) | None => LocateError::Unknown { host },
        })
    }

    /// The destinations in the order in which they are to be tried; whole when [`Locator::poll`] asks nothing more.
    pub fn found(&self) -> &[Located] {
        &self.found
    }

    /// Takes the answer to the question that was asked.
    pub fn answer(&mut self, answer: Answer) {
        let Some(step) = self.waiting.pop_front() else {
            return;
        };
        self.asked += 1;
        self.unsure |= answer == Answer::Failed;
        match (step, answer) {
            (Step::Naptr, Answer::Naptr(records)) => self.naptr(records),
            (Step::Naptr, _) => self.ask_servers(&[Transport::Udp, Transport::Tcp, Transport::Tls]),
            (Step::Srv { transport, .. }, Answer::Srv(records)) => self.servers(records, transport),
            (Step::Addresses { transport, port, .. }, Answer::Addresses(addresses)) => {
                self.addresses(&addresses, transport, port);
            }
            (Step::OwnAddresses, Answer::Addresses(addresses)) => {
                let transport = self.wanted.unwrap_or(Transport::Udp);
                self.addresses(&addresses, transport, transport.default_port());
            }
            (Step::Srv { .. } | Step::Addresses { .. } | Step::OwnAddresses, _) => {}
        }
        // What is left over when servers were found, or when a name leads from one name to the next without end.
        if self.has_servers {
            self.waiting.retain(|step| *step != Step::OwnAddresses);
        }
        if self.asked >= QUERIES_MAX || self.found.len() >= DESTINATIONS_MAX {
            self.waiting.clear();
        }
    }

    /// Asks for the servers of the name by these transports, then for the name itself.
    // RFC 3263 §4.1, §4.2
    fn ask_servers(&mut self, transports: &[Transport]) {
        for transport in transports {
            let service = match transport {
                Transport::Udp => "_sip._udp",
                Transport::Tcp => "_sip._tcp",
                Transport::Tls => "_sips._tcp",
            };
            let name = format!("{service}.{}", self.host);
            self.waiting.push_back(Step::Srv { name, transport: *transport });
        }
        self.waiting.push_back(Step::OwnAddresses);
    }

    // RFC 3263 §4.1, RFC 3403 §4.1
    fn naptr(&mut self, mut records: Vec<Naptr>) {
        records.truncate(NAPTR_MAX);
        records.sort_by_key(|record| (record.order, record.preference));
        let usable = records.iter().filter(|record| record.flags.eq_ignore_ascii_case("s")).filter_map(|record| {
            let services = [("SIP+D2U", Transport::Udp), ("SIP+D2T", Transport::Tcp), ("SIPS+D2T", Transport::Tls)];
            let service = services.into_iter().find(|(name, _)| record.service.eq_ignore_ascii_case(name));
            service.map(|(_, transport)| Step::Srv { name: rooted(&record.replacement), transport })
        });
        let steps: Vec<Step> = usable.collect();
        if steps.is_empty() {
            return self.ask_servers(&[Transport::Udp, Transport::Tcp, Transport::Tls]);
        }
        self.waiting.extend(steps);
        self.waiting.push_back(Step::OwnAddresses);
    }

    /// The addresses of the servers are asked for before anything else, so that the order stays.
    // RFC 2782
    fn servers(&mut self, mut records: Vec<Srv>, transport: Transport) {
        records.truncate(SRV_MAX);
        self.has_servers |= !records.is_empty();
        self.not_offered |= records.iter().any(|record| rooted(&record.target).is_empty());
        records.retain(|record| !rooted(&record.target).is_empty() && record.port > 0);
        for record in self.drawn(records).into_iter().rev() {
            let Srv { port, target, .. } = record;
            self.waiting.push_front(Step::Addresses { name: rooted(&target), transport, port });
        }
    }

    /// Servers by priority; those of one priority are drawn, each as often as its weight says.
    // RFC 2782, the algorithm under "Weight"
    fn drawn(&mut self, mut records: Vec<Srv>) -> Vec<Srv> {
        // Those without weight stand first, so that they are chosen now and then.
        records.sort_by_key(|record| (record.priority, record.weight));
        let mut ordered = Vec::with_capacity(records.len());
        while let Some(first) = records.first() {
            let priority = first.priority;
            let group = || records.iter().take_while(|record| record.priority == priority);
            let sum: u64 = group().map(|record| u64::from(record.weight)).sum();
            let mut drawn = self.chance.below(sum + 1);
            let chosen = group().position(|record| {
                let weight = u64::from(record.weight);
                let is_it = drawn <= weight;
                drawn = drawn.saturating_sub(weight);
                is_it
            });
            ordered.push(records.remove(chosen.unwrap_or(0)));
        }
        ordered
    }

    fn addresses(&mut self, addresses: &[IpAddr], transport: Transport, port: u16) {
        for address in addresses.iter().take(ADDRESSES_MAX) {
            let located = Located { transport, address: SocketAddr::new(*address, port) };
            if self.found.len() < DESTINATIONS_MAX && !self.found.contains(&located) {
                self.found.push(located);
            }
        }
    }
}

/// A name without the dot of the root at its end.
fn rooted(name: &str) -> String {
    name.strip_suffix('.').unwrap_or(name).to_owned()
}

#[cfg(test)]
mod tests;
