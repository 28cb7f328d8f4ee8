//! A scripted registrar at the other end, in virtual time.

use super::*;
use crate::sip::tests::world::{address, base, settings as endpoint};
use md5::{Digest as _, Md5};
use std::collections::VecDeque;

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);

/// What the registrar says to one REGISTER: nothing, or a response.
type Script = Box<dyn FnMut(&Message, usize) -> Option<Message>>;

struct World {
    base: Instant,
    now: Instant,
    engine: Registration,
    script: Script,
    /// Which datagrams on the way to the registrar are lost.
    lost: Box<dyn FnMut(usize) -> bool>,
    datagrams: usize,
    /// Every REGISTER that arrived, with the second it arrived in.
    heard: Vec<(u64, Message)>,
    keep_alives: usize,
    events: Vec<(u64, RegistrationEvent)>,
    looked_up: Vec<Uri>,
}

fn registration_settings() -> RegistrationSettings {
    RegistrationSettings {
        endpoint: endpoint(0),
        registrar: Uri::parse("sip:example.net").unwrap(),
        address_of_record: Uri::parse("sip:fax@example.net").unwrap(),
        targets: vec![Destination::udp(address(1))],
        expires: HOUR,
        keep_alive: false,
    }
}

/// The response of a registrar that saw us where we are.
fn reply(request: &Message, status: u16, headers: &[(&str, &str)]) -> Message {
    let mut response = Message::response(request, status, "", "registrar", address(0));
    for (name, value) in headers {
        response.headers.push(*name, *value);
    }
    response
}

/// Takes whatever is asked and grants what is asked for.
fn ok(request: &Message) -> Option<Message> {
    let contact = lossy(request.headers.first("Contact").unwrap()).into_owned();
    Some(reply(request, 200, &[("Contact", &contact)]))
}

fn world(settings: RegistrationSettings, script: impl FnMut(&Message, usize) -> Option<Message> + 'static) -> World {
    let base = base();
    let engine = Registration::new(settings, 7, base);
    World {
        base,
        now: base,
        engine,
        script: Box::new(script),
        lost: Box::new(|_| false),
        datagrams: 0,
        heard: Vec::new(),
        keep_alives: 0,
        events: Vec::new(),
        looked_up: Vec::new(),
    }
}

impl World {
    fn second(&self) -> u64 {
        self.now.duration_since(self.base).as_secs()
    }

    fn empty(&mut self) {
        let mut responses = VecDeque::new();
        while let Some(output) = self.engine.poll() {
            match output {
                OutsideOutput::Event(event) => self.events.push((self.second(), event)),
                OutsideOutput::Resolve { uri } => self.looked_up.push(uri),
                OutsideOutput::Send { to, bytes } => {
                    assert!(self.engine.target.1.contains(&to));
                    self.datagrams += 1;
                    if bytes == b"\r\n\r\n" {
                        self.keep_alives += 1;
                    } else if !(self.lost)(self.datagrams) {
                        let request = Message::parse(&bytes).unwrap();
                        assert_eq!(request.check(), Ok(()));
                        self.heard.push((self.second(), request.clone()));
                        responses.extend((self.script)(&request, self.heard.len()));
                    }
                }
            }
        }
        for response in responses {
            self.engine.handle(OutsideInput::Message(response), self.now);
            self.empty();
        }
    }

    /// Plays until `until` from the start.
    fn play(&mut self, until: Duration) -> &mut Self {
        self.empty();
        while let Some(at) = self.engine.deadline().filter(|at| *at <= self.base + until) {
            assert!(at >= self.now, "time does not run backwards");
            self.now = self.now.max(at);
            let before = (self.now, self.engine.deadline());
            self.engine.handle(OutsideInput::Timeout, self.now);
            self.empty();
            assert_ne!(self.engine.deadline().map(|at| (at, Some(at))), Some(before), "a timeout gets on");
        }
        self.now = self.base + until;
        self
    }

    fn seconds(&self) -> Vec<u64> {
        self.heard.iter().map(|(second, _)| *second).collect()
    }

    fn troubles(&self) -> Vec<RegistrationTrouble> {
        let trouble = |event: &RegistrationEvent| match event {
            RegistrationEvent::Failed { trouble, .. } => Some(trouble.clone()),
            RegistrationEvent::Registered(_) | RegistrationEvent::Lapsed | RegistrationEvent::Over => None,
        };
        self.events.iter().filter_map(|(_, event)| trouble(event)).collect()
    }
}

fn header(message: &Message, name: &str) -> String {
    lossy(message.headers.first(name).unwrap_or_default()).into_owned()
}

#[test]
fn a_binding_is_renewed_in_time_with_the_same_call_id_and_rising_numbers() {
    let mut world = world(registration_settings(), |request, _| ok(request));
    world.play(3 * HOUR);
    assert!(world.heard.len() >= 3, "{:?}", world.seconds());
    for pair in world.heard.windows(2) {
        let [(before, first), (after, second)] = pair else { unreachable!() };
        assert_eq!(first.call_id(), second.call_id());
        assert_eq!(first.from_tag(), second.from_tag());
        assert!(first.cseq().unwrap().number < second.cseq().unwrap().number);
        // Granted is an hour: renewed 6 minutes before its end, up to a tenth sooner.
        assert!((2916..=3240).contains(&(after - before)), "{before} {after}");
    }
    assert!(world.events.iter().all(|(_, event)| matches!(event, RegistrationEvent::Registered(_))));
    let first = &world.heard[0].1;
    assert_eq!(first.request_uri(), Some("sip:example.net"));
    assert_eq!(header(first, "To"), "<sip:fax@example.net>");
    assert_eq!(header(first, "Contact"), "<sip:party0@192.0.2.1:5060>;expires=3600");
}

#[test]
fn a_refresh_leaves_room_for_a_second_try_and_never_comes_before_half_the_time() {
    for chance in [0, 1, 12_345, u64::MAX] {
        for granted in [2, 60, 90, 120, 300, 600, 3600, 86_400] {
            let granted = Duration::from_secs(granted);
            let after = refresh_after(granted, chance);
            assert!(after >= granted * 9 / 20 && after < granted, "{granted:?} {after:?}");
            assert!(
                granted < 4 * LEAST_MARGIN_TESTED || granted - after >= LEAST_MARGIN_TESTED,
                "{granted:?} {after:?}"
            );
        }
    }
    const LEAST_MARGIN_TESTED: Duration = Duration::from_secs(90);
}

#[test]
fn the_time_granted_stands_beside_our_own_contact_among_others() {
    let mut world = world(registration_settings(), |request, _| {
        let contact = "<sip:party0@192.0.2.99:5060>;expires=7200, <sip:party0@192.0.2.1:5060;ob>;q=0.5;expires=120";
        Some(reply(request, 200, &[("Contact", contact), ("Contact", "<sip:x@192.0.2.1>"), ("Expires", "7")]))
    });
    world.play(SECOND);
    let binding = world.engine.binding().unwrap();
    assert_eq!((binding.granted, binding.others), (Duration::from_secs(120), 2));
}

#[test]
fn without_a_time_beside_the_contact_the_header_counts_and_then_what_was_asked_for() {
    for (headers, granted) in [
        (vec![("Contact", "<sip:party0@192.0.2.1:5060>"), ("Expires", "300")], 300),
        (vec![("Contact", "<sip:party0@192.0.2.1:5060>")], 3600),
        (vec![("Expires", "60")], 60),
        // Mended by a registrar that saw us behind a NAT.
        (vec![("Contact", "<sip:party0@203.0.113.9:40123>;expires=55")], 55),
    ] {
        let mut world = world(registration_settings(), move |request, _| Some(reply(request, 200, &headers)));
        world.play(SECOND);
        assert_eq!(world.engine.binding().map(|binding| binding.granted.as_secs()), Some(granted));
    }
}

#[test]
fn a_yes_that_lists_only_others_is_no_binding() {
    let mut world = world(registration_settings(), |request, _| {
        Some(reply(request, 200, &[("Contact", "<sip:desk@192.0.2.50>;expires=60")]))
    });
    world.play(SECOND);
    assert_eq!(world.engine.binding(), None);
    assert_eq!(world.troubles(), [RegistrationTrouble::NotKept]);
}

const MD5_CHALLENGE: &str = "Digest realm=\"example.net\", nonce=\"n1\", qop=\"auth\", algorithm=MD5";

/// The digest of RFC 2617 worked out here, not by the code that is tested.
fn is_right(request: &Message, nonce: &str) -> bool {
    let Some(value) = request.headers.first("Authorization") else { return false };
    let value = lossy(value).replace(", ", ";");
    let given = crate::sip::text::Parameters::parse(value.trim_start_matches("Digest "));
    let get = |name: &str| given.value(name).unwrap_or_default();
    let hash = |text: String| Md5::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let who = hash("fax:example.net:secret".into());
    let what = hash(format!("REGISTER:{}", request.request_uri().unwrap()));
    let proof = hash(format!("{who}:{nonce}:{}:{}:auth:{what}", get("nc"), get("cnonce")));
    get("nonce") == nonce && get("response") == proof
}

#[test]
fn a_challenge_is_answered_at_once_and_the_next_refresh_needs_none() {
    let mut world = world(registration_settings(), |request, _| {
        if is_right(request, "n1") {
            ok(request)
        } else {
            Some(reply(request, 401, &[("WWW-Authenticate", MD5_CHALLENGE)]))
        }
    });
    world.play(HOUR);
    assert_eq!(world.heard.len(), 3, "challenged, taken, renewed: {:?}", world.seconds());
    assert_eq!(world.seconds()[1], 0);
    assert!(header(&world.heard[2].1, "Authorization").contains("nc=00000002"));
    assert!(world.troubles().is_empty());
}

#[test]
fn a_proxy_may_ask_too_and_the_strongest_digest_is_taken() {
    let mut world = world(registration_settings(), |request, _| {
        if request.headers.first("Proxy-Authorization").is_none() {
            let ask =
                "Digest realm=\"p\", nonce=\"a\", algorithm=MD5, Digest realm=\"p\", nonce=\"b\", algorithm=SHA-256";
            return Some(reply(request, 407, &[("Proxy-Authenticate", ask)]));
        }
        ok(request)
    });
    world.play(SECOND);
    assert!(header(&world.heard[1].1, "Proxy-Authorization").contains("algorithm=SHA-256"));
    assert!(world.engine.binding().is_some());
}

#[test]
fn a_stale_nonce_is_replaced_without_a_failure() {
    let mut world = world(registration_settings(), |request, count| {
        let nonce = if count <= 2 { "n1" } else { "n2" };
        if is_right(request, nonce) {
            return ok(request);
        }
        let stale = if count > 2 { ", stale=TRUE" } else { "" };
        let ask = format!("Digest realm=\"example.net\", nonce=\"{nonce}\", qop=\"auth\"{stale}");
        Some(reply(request, 401, &[("WWW-Authenticate", &ask)]))
    });
    world.play(HOUR);
    assert_eq!(world.heard.len(), 4, "{:?}", world.seconds());
    assert!(world.troubles().is_empty());
}

#[test]
fn the_nonce_announced_for_the_next_request_is_used_for_it() {
    let mut world = world(registration_settings(), |request, _| {
        if is_right(request, "n1") || is_right(request, "later") {
            let mut response = ok(request)?;
            response.headers.push("Authentication-Info", "qop=auth, nextnonce=\"later\"");
            return Some(response);
        }
        Some(reply(request, 401, &[("WWW-Authenticate", MD5_CHALLENGE)]))
    });
    world.play(HOUR);
    assert!(is_right(&world.heard[2].1, "later"));
    assert!(header(&world.heard[2].1, "Authorization").contains("nc=00000001"));
}

#[test]
fn wrong_credentials_are_told_as_such_and_tried_rarely() {
    let scripts: [fn(&Message, usize) -> Option<Message>; 3] = [
        |request, count| {
            let ask = format!("Digest realm=\"example.net\", nonce=\"n{count}\", qop=\"auth\"");
            Some(reply(request, 401, &[("WWW-Authenticate", &ask)]))
        },
        |request, _| Some(reply(request, 401, &[("WWW-Authenticate", MD5_CHALLENGE)])),
        |request, _| Some(reply(request, 403, &[])),
    ];
    for script in scripts {
        let mut world = world(registration_settings(), script);
        world.play(3 * HOUR);
        let asked: std::collections::BTreeSet<u64> = world.seconds().into_iter().collect();
        assert!((5..=7).contains(&asked.len()), "about twice an hour: {asked:?}");
        for trouble in world.troubles() {
            assert!(matches!(trouble, RegistrationTrouble::Credentials(_)), "{trouble:?}");
            assert!(trouble.needs_a_person() && trouble.to_string().contains("user name or password"));
        }
    }
}

#[test]
fn a_challenge_without_credentials_or_of_an_unknown_kind_is_told_apart() {
    let mut settings = registration_settings();
    settings.endpoint.credentials = None;
    let mut nameless = world(settings, |request, _| Some(reply(request, 401, &[("WWW-Authenticate", MD5_CHALLENGE)])));
    nameless.play(SECOND);
    assert_eq!(nameless.troubles(), [RegistrationTrouble::NoCredentials]);
    let mut odd = world(registration_settings(), |request, _| {
        Some(reply(request, 401, &[("WWW-Authenticate", "Negotiate abc")]))
    });
    odd.play(SECOND);
    assert_eq!(odd.troubles(), [RegistrationTrouble::UnknownScheme]);
}

#[test]
fn an_interval_too_brief_is_asked_for_again_at_once_but_not_for_ever() {
    let mut settings = registration_settings();
    settings.expires = Duration::from_secs(60);
    let mut fair = world(settings.clone(), |request, _| {
        let brief = header(request, "Expires").parse::<u64>().unwrap() < 300;
        if brief { Some(reply(request, 423, &[("Min-Expires", "300")])) } else { ok(request) }
    });
    fair.play(SECOND);
    assert_eq!(fair.seconds(), [0, 0]);
    assert_eq!(fair.engine.binding().unwrap().granted, Duration::from_secs(300));
    let mut greedy = world(settings, |request, _| {
        let more = header(request, "Expires").parse::<u64>().unwrap() + 1;
        Some(reply(request, 423, &[("Min-Expires", &more.to_string())]))
    });
    greedy.play(SECOND);
    assert_eq!(greedy.heard.len(), 5);
    assert!(matches!(greedy.troubles()[..], [RegistrationTrouble::Refused { status: 423, .. }]));
}

#[test]
fn a_redirect_is_followed_and_one_to_a_name_is_looked_up() {
    let mut there = world(registration_settings(), |request, count| {
        if count == 1 {
            return Some(reply(request, 302, &[("Contact", "<sip:192.0.2.77:5070>")]));
        }
        assert_eq!(request.request_uri(), Some("sip:192.0.2.77:5070"));
        ok(request)
    });
    there.play(SECOND);
    assert!(there.engine.binding().is_some());
    for (leads_to, trouble) in [(vec!["192.0.2.77:5080"], None), (vec![], Some("sip:other.example.net"))] {
        let mut named = world(registration_settings(), |request, count| {
            let away = reply(request, 302, &[("Contact", "<sip:other.example.net>")]);
            if count == 1 { Some(away) } else { ok(request) }
        });
        named.play(SECOND);
        let [uri] = &named.looked_up[..] else { panic!("{:?}", named.looked_up) };
        let uri = uri.clone();
        assert_eq!((uri.to_string().as_str(), named.troubles().len()), ("sip:other.example.net", 0));
        let targets = leads_to.iter().map(|address| Destination::udp(address.parse().unwrap())).collect();
        named.engine.handle(OutsideInput::Resolved { uri, targets }, named.now);
        named.empty();
        let told = trouble.map(|name: &str| RegistrationTrouble::Redirected(name.into()));
        assert_eq!(named.troubles().first(), told.as_ref());
        assert_eq!(named.engine.binding().is_some(), told.is_none());
    }
    // The owner who says nothing has found nothing.
    let mut silent = world(registration_settings(), |request, _| {
        Some(reply(request, 302, &[("Contact", "<sip:other.example.net>")]))
    });
    silent.play(11 * SECOND);
    assert_eq!(silent.troubles(), [RegistrationTrouble::Redirected("sip:other.example.net".into())]);
    assert!(silent.troubles()[0].to_string().contains("trunk.registrar"));
}

#[test]
fn a_farewell_while_a_name_is_looked_up_is_the_end() {
    let mut world = world(registration_settings(), |request, _| {
        Some(reply(request, 302, &[("Contact", "<sip:other.example.net>")]))
    });
    world.play(SECOND);
    world.engine.handle(OutsideInput::Stop, world.now);
    let uri = world.looked_up[0].clone();
    world.engine.handle(OutsideInput::Resolved { uri, targets: vec![Destination::udp(address(1))] }, world.now);
    world.play(20 * SECOND);
    assert!(world.engine.finished() && world.heard.len() == 1);
}

#[test]
fn silence_is_answered_by_longer_and_longer_waits_up_to_half_an_hour() {
    let mut world = world(registration_settings(), |_, _| None);
    world.play(12 * HOUR);
    let mut waits = Vec::new();
    for pair in world.events.windows(2) {
        waits.push(pair[1].0 - pair[0].0 - 32);
    }
    assert!(world.troubles().iter().all(|trouble| *trouble == RegistrationTrouble::Silence));
    assert!(
        (5..=10).contains(&waits[0]) && (10..=20).contains(&waits[1]) && (20..=40).contains(&waits[2]),
        "{waits:?}"
    );
    let last = *waits.last().unwrap();
    assert!((900..=1800).contains(&last), "{waits:?}");
    assert!(waits.iter().all(|wait| *wait <= 1800));
}

#[test]
fn retry_after_is_kept_to() {
    let mut world = world(registration_settings(), |request, count| {
        if count == 1 { Some(reply(request, 503, &[("Retry-After", "120 (maintenance)")])) } else { ok(request) }
    });
    world.play(HOUR / 2);
    assert!((120..=132).contains(&world.seconds()[1]), "{:?}", world.seconds());
    assert!(world.engine.binding().is_some());
}

#[test]
fn a_failed_refresh_leaves_the_binding_until_it_lapses() {
    let mut world = world(registration_settings(), |request, count| if count == 1 { ok(request) } else { None });
    world.play(HOUR - SECOND);
    assert!(world.engine.binding().is_some() && !world.troubles().is_empty());
    world.play(HOUR + SECOND);
    assert_eq!(world.engine.binding(), None);
    let lapsed: Vec<u64> =
        world.events.iter().filter(|(_, event)| *event == RegistrationEvent::Lapsed).map(|(at, _)| *at).collect();
    assert_eq!(lapsed, [3600]);
}

#[test]
fn whatever_single_datagrams_are_lost_we_are_registered_soon() {
    for lost in 1..6 {
        let mut world = world(registration_settings(), |request, _| {
            if is_right(request, "n1") {
                ok(request)
            } else {
                Some(reply(request, 401, &[("WWW-Authenticate", MD5_CHALLENGE)]))
            }
        });
        world.lost = Box::new(move |number| number == lost);
        world.play(5 * SECOND);
        assert!(world.engine.binding().is_some(), "datagram {lost}");
    }
    // Two of three, for an hour: never unbound once bound.
    let mut world = world(registration_settings(), |request, _| ok(request));
    world.lost = Box::new(|number| number % 3 != 0);
    world.play(6 * HOUR);
    assert!(!world.events.iter().any(|(_, event)| *event == RegistrationEvent::Lapsed), "{:?}", world.events);
}

#[test]
fn routes_of_the_registrar_are_kept_in_order() {
    let mut world = world(registration_settings(), |request, _| {
        let mut response = ok(request)?;
        response.headers.push("Service-Route", "<sip:a.example.net;lr>, <sip:b.example.net;lr>");
        response.headers.push("Path", "<sip:edge.example.net;lr;ob>");
        Some(response)
    });
    world.play(SECOND);
    assert!(world.heard[0].1.headers.lists_token("Supported", "path"));
    let binding = world.engine.binding().unwrap();
    assert_eq!(binding.service_route, ["<sip:a.example.net;lr>", "<sip:b.example.net;lr>"]);
    assert_eq!(binding.path, ["<sip:edge.example.net;lr;ob>"]);
}

#[test]
fn behind_a_nat_the_door_is_kept_open_and_elsewhere_it_is_not() {
    let seen: SocketAddr = "203.0.113.9:40123".parse().unwrap();
    let mut behind = world(registration_settings(), move |request, _| {
        let mut response = Message::response(request, 200, "", "registrar", seen);
        response.headers.push("Contact", request.headers.first("Contact").unwrap());
        Some(response)
    });
    behind.play(Duration::from_secs(60));
    assert_eq!(behind.engine.binding().unwrap().seen_at, seen);
    assert_eq!(behind.keep_alives, 2);
    let mut open = world(registration_settings(), |request, _| ok(request));
    open.play(Duration::from_secs(60));
    assert_eq!((open.keep_alives, open.engine.binding().unwrap().seen_at), (0, address(0)));
}

#[test]
fn at_the_end_the_binding_is_taken_back_and_nothing_runs_on() {
    let mut polite = world(registration_settings(), |request, _| ok(request));
    polite.play(SECOND);
    polite.engine.handle(OutsideInput::Stop, polite.now);
    polite.play(10 * SECOND);
    let last = &polite.heard.last().unwrap().1;
    assert!(header(last, "Contact").ends_with(";expires=0") && header(last, "Expires") == "0");
    assert_eq!(polite.events.last().unwrap().1, RegistrationEvent::Over);
    assert!(polite.engine.finished() && polite.engine.deadline().is_none());

    let mut silent = world(registration_settings(), |request, count| if count == 1 { ok(request) } else { None });
    silent.play(SECOND);
    silent.engine.handle(OutsideInput::Stop, silent.now);
    silent.play(10 * SECOND);
    assert_eq!(silent.events.last().unwrap(), &(3, RegistrationEvent::Over), "not waited for longer than two seconds");

    let mut unbound = world(registration_settings(), |request, _| Some(reply(request, 403, &[])));
    unbound.play(SECOND);
    unbound.engine.handle(OutsideInput::Stop, unbound.now);
    unbound.play(10 * SECOND);
    assert_eq!(unbound.heard.len(), 1, "nothing to take back");
    assert!(unbound.engine.finished());
}

#[test]
fn a_registrar_that_could_not_be_found_is_asked_as_soon_as_it_is() {
    let settings = RegistrationSettings { targets: Vec::new(), ..registration_settings() };
    let mut world = world(settings, |request, _| ok(request));
    world.play(2 * SECOND);
    assert_eq!((world.troubles(), world.heard.len()), (vec![RegistrationTrouble::NoWay], 0));
    world.engine.handle(OutsideInput::Places(vec![Destination::udp(address(1))]), world.now);
    world.play(3 * SECOND);
    assert!(world.engine.binding().is_some());
}

#[test]
fn of_several_places_the_next_is_asked_when_one_is_silent_refuses_or_is_out_of_reach() {
    let places = || vec![Destination::udp(address(2)), Destination::udp(address(1))];
    let settings = || RegistrationSettings { targets: places(), ..registration_settings() };
    let elsewhere = Destination::udp(address(2));
    for case in ["silent", "503", "out of reach"] {
        let mut asked = Vec::new();
        let mut engine = Registration::new(settings(), 7, base());
        let mut now = base();
        let limit = now + 20 * SECOND;
        while engine.binding().is_none() && now < limit {
            while let Some(output) = engine.poll() {
                let OutsideOutput::Send { to, bytes } = output else { continue };
                let request = Message::parse(&bytes).unwrap();
                asked.push(to.clone());
                let input = match (to == elsewhere, case) {
                    (true, "silent") => continue,
                    (true, "503") => OutsideInput::Message(reply(&request, 503, &[])),
                    (true, _) => OutsideInput::TransportFailed(to),
                    (false, _) => OutsideInput::Message(ok(&request).unwrap()),
                };
                engine.handle(input, now);
            }
            let Some(at) = engine.deadline() else { break };
            now = now.max(at);
            engine.handle(OutsideInput::Timeout, now);
        }
        assert!(engine.binding().is_some(), "{case}: {asked:?}");
        assert_eq!(asked.last(), Some(&Destination::udp(address(1))));
    }
}
