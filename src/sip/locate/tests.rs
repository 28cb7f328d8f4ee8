//! What is asked, and the order of what is found, against a name service that is a table.

use super::*;
use std::collections::BTreeMap;

#[derive(Default)]
struct Zone(BTreeMap<Query, Answer>);

impl Zone {
    fn naptr(mut self, name: &str, records: &[(u16, u16, &str, &str, &str)]) -> Self {
        let records = records.iter().map(|(order, preference, flags, service, replacement)| Naptr {
            order: *order,
            preference: *preference,
            flags: (*flags).into(),
            service: (*service).into(),
            replacement: (*replacement).into(),
        });
        self.0.insert(Query::Naptr(name.into()), Answer::Naptr(records.collect()));
        self
    }

    fn srv(mut self, name: &str, records: &[(u16, u16, u16, &str)]) -> Self {
        let records = records.iter().map(|(priority, weight, port, target)| Srv {
            priority: *priority,
            weight: *weight,
            port: *port,
            target: (*target).into(),
        });
        self.0.insert(Query::Srv(name.into()), Answer::Srv(records.collect()));
        self
    }

    fn host(mut self, name: &str, addresses: &[&str]) -> Self {
        let addresses = addresses.iter().map(|address| address.parse().unwrap()).collect();
        self.0.insert(Query::Addresses(name.into()), Answer::Addresses(addresses));
        self
    }

    fn fails(mut self, query: Query) -> Self {
        self.0.insert(query, Answer::Failed);
        self
    }

    /// The destinations as words, and the names that were asked for.
    fn locate(&self, place: &Place, seed: u64) -> (Result<Vec<String>, LocateError>, Vec<Query>) {
        let (mut locator, mut asked) = (Locator::new(place, seed), Vec::new());
        loop {
            match locator.poll() {
                Ok(Some(query)) => {
                    let none = match &query {
                        Query::Naptr(_) => Answer::Naptr(Vec::new()),
                        Query::Srv(_) => Answer::Srv(Vec::new()),
                        Query::Addresses(_) => Answer::Addresses(Vec::new()),
                    };
                    locator.answer(self.0.get(&query).cloned().unwrap_or(none));
                    asked.push(query);
                }
                Ok(None) => {
                    let words = locator.found().iter().map(|found| format!("{} {}", found.transport, found.address));
                    return (Ok(words.collect()), asked);
                }
                Err(error) => return (Err(error), asked),
            }
        }
    }

    fn found(&self, host: &str, port: Option<u16>, transport: Option<Transport>) -> Vec<String> {
        self.locate(&place(host, port, transport), 1).0.unwrap()
    }
}

fn place(host: &str, port: Option<u16>, transport: Option<Transport>) -> Place {
    Place { host: Host::parse(host).unwrap(), port, transport }
}

#[test]
fn an_address_needs_nobody_to_be_asked() {
    let zone = Zone::default();
    assert_eq!(zone.locate(&place("192.0.2.1", None, None), 1), (Ok(vec!["UDP 192.0.2.1:5060".into()]), vec![]));
    assert_eq!(zone.found("192.0.2.1", None, Some(Transport::Tls)), ["TLS 192.0.2.1:5061"]);
    assert_eq!(zone.found("[2001:db8::1]", Some(5070), Some(Transport::Tcp)), ["TCP [2001:db8::1]:5070"]);
}

#[test]
fn a_name_with_a_port_has_its_addresses_and_no_servers() {
    let zone = Zone::default()
        .host("sbc.test", &["192.0.2.1", "2001:db8::1"])
        .srv("_sip._udp.sbc.test", &[(1, 1, 9, "x.test")]);
    let (found, asked) = zone.locate(&place("sbc.test", Some(5080), None), 1);
    assert_eq!(found.unwrap(), ["UDP 192.0.2.1:5080", "UDP [2001:db8::1]:5080"]);
    assert_eq!(asked, [Query::Addresses("sbc.test".into())]);
}

/// The example of RFC 3263 §4.1, with a fax server's order of its own.
#[test]
fn naptr_says_the_transports_and_srv_the_servers_of_each() {
    let zone = Zone::default()
        .naptr(
            "example.test",
            &[
                (90, 50, "s", "SIP+D2T", "_sip._tcp.example.test."),
                (50, 50, "s", "SIPS+D2T", "_sips._tcp.example.test."),
                (100, 50, "S", "sip+d2u", "_sip._udp.example.test."),
                (10, 10, "u", "E2U+sip", "."),
                (10, 10, "s", "SIP+D2W", "_sip._ws.example.test."),
            ],
        )
        .srv("_sips._tcp.example.test", &[(0, 1, 5061, "server1.example.test."), (1, 1, 5061, "server2.example.test.")])
        .srv("_sip._tcp.example.test", &[(0, 1, 5060, "server1.example.test")])
        .srv("_sip._udp.example.test", &[(0, 1, 5060, "server3.example.test")])
        .host("server1.example.test", &["192.0.2.1"])
        .host("server2.example.test", &["192.0.2.2", "2001:db8::2"])
        .host("server3.example.test", &["192.0.2.3"])
        .host("example.test", &["192.0.2.99"]);
    assert_eq!(
        zone.found("example.test", None, None),
        [
            "TLS 192.0.2.1:5061",
            "TLS 192.0.2.2:5061",
            "TLS [2001:db8::2]:5061",
            "TCP 192.0.2.1:5060",
            "UDP 192.0.2.3:5060"
        ]
    );
    // A transport that is given leaves NAPTR out.
    let (found, asked) = zone.locate(&place("example.test", None, Some(Transport::Tcp)), 1);
    assert_eq!(found.unwrap(), ["TCP 192.0.2.1:5060"]);
    assert_eq!(asked[0], Query::Srv("_sip._tcp.example.test".into()));
}

#[test]
fn without_naptr_each_transport_is_asked_and_without_servers_the_name_itself() {
    let zone = Zone::default().srv("_sip._tcp.b.test", &[(0, 0, 5070, "x.b.test")]).host("x.b.test", &["192.0.2.4"]);
    assert_eq!(zone.found("b.test", None, None), ["TCP 192.0.2.4:5070"]);
    let zone = Zone::default().host("c.test", &["192.0.2.5"]);
    assert_eq!(zone.found("c.test", None, None), ["UDP 192.0.2.5:5060"]);
    assert_eq!(zone.found("c.test", None, Some(Transport::Tls)), ["TLS 192.0.2.5:5061"]);
}

#[test]
fn servers_of_one_priority_are_drawn_by_weight_and_the_next_priority_comes_after() {
    let zone = Zone::default()
        .srv(
            "_sip._udp.d.test",
            &[(1, 3, 1, "a.test"), (1, 1, 1, "b.test"), (0, 0, 1, "first.test"), (2, 9, 1, "last.test")],
        )
        .host("a.test", &["192.0.2.1"])
        .host("b.test", &["192.0.2.2"])
        .host("first.test", &["192.0.2.10"])
        .host("last.test", &["192.0.2.20"]);
    let mut a_first = 0;
    for seed in 0..400 {
        let found = zone.locate(&place("d.test", None, Some(Transport::Udp)), seed).0.unwrap();
        assert_eq!((found[0].as_str(), found[3].as_str()), ("UDP 192.0.2.10:1", "UDP 192.0.2.20:1"));
        a_first += usize::from(found[1] == "UDP 192.0.2.1:1");
    }
    assert!((250..350).contains(&a_first), "three of four times or so: {a_first}");
}

#[test]
fn what_is_not_found_is_told_apart() {
    let udp = Some(Transport::Udp);
    let error = |zone: Zone, transport| zone.locate(&place("e.test", None, transport), 1).0.unwrap_err();
    assert_eq!(error(Zone::default(), None), LocateError::Unknown { host: "e.test".into() });
    let fails = Zone::default().fails(Query::Addresses("e.test".into()));
    assert_eq!(error(fails, udp), LocateError::NoAnswer { host: "e.test".into() });
    let refused = Zone::default().srv("_sip._udp.e.test", &[(0, 0, 0, ".")]).host("e.test", &["192.0.2.1"]);
    assert_eq!(error(refused, udp), LocateError::NotOffered { host: "e.test".into(), transport: Transport::Udp });
}

#[test]
fn a_server_whose_address_cannot_be_had_leaves_the_others() {
    let zone = Zone::default()
        .srv("_sip._udp.f.test", &[(0, 0, 1, "gone.test"), (1, 0, 1, "b.test")])
        .fails(Query::Addresses("gone.test".into()))
        .host("b.test", &["192.0.2.2"]);
    assert_eq!(zone.found("f.test", None, Some(Transport::Udp)), ["UDP 192.0.2.2:1"]);
}

#[test]
fn nobody_can_make_us_ask_or_try_without_end() {
    let servers: Vec<(u16, u16, u16, String)> = (0..500).map(|at| (at, 0, 5060, format!("s{at}.test"))).collect();
    let servers: Vec<_> =
        servers.iter().map(|(priority, weight, port, name)| (*priority, *weight, *port, name.as_str())).collect();
    let addresses: Vec<String> = (0..200).map(|last| format!("192.0.2.{last}")).collect();
    let addresses: Vec<&str> = addresses.iter().map(String::as_str).collect();
    let mut zone = Zone::default().srv("_sip._udp.g.test", &servers).srv("_sip._tcp.g.test", &servers);
    for at in 0..500 {
        zone = zone.host(&format!("s{at}.test"), &addresses);
    }
    let (found, asked) = zone.locate(&place("g.test", None, None), 1);
    assert!(found.unwrap().len() <= DESTINATIONS_MAX && asked.len() <= QUERIES_MAX);
}
