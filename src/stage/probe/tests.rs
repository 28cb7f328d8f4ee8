//! What is said about each answer.

use super::*;

fn own() -> SocketAddr {
    "192.0.2.9:5062".parse().expect("an address")
}

fn place() -> Destination {
    Destination::udp("198.51.100.1:5060".parse().expect("an address"))
}

fn response(status: u16, more: &str) -> Message {
    let text = format!(
        "SIP/2.0 {status} x\r\nVia: SIP/2.0/UDP 192.0.2.9:5062;branch=z9hG4bK1;rport=5062\r\nFrom: <sip:a@b>;tag=1\r\n\
         To: <sip:a@b>;tag=2\r\nCall-ID: c\r\nCSeq: 1 OPTIONS\r\n{more}\r\n"
    );
    Message::parse(text.as_bytes()).expect("a message")
}

fn answered(status: u16, more: &str) -> Answer {
    Answer::Final(Box::new(response(status, more)), Duration::from_millis(12))
}

fn weights(findings: &[Finding]) -> Vec<(&'static str, Weight)> {
    findings.iter().map(|finding| (finding.subject, finding.weight)).collect()
}

fn options(answer: &Answer) -> Vec<Finding> {
    of_options(answer, &[place()], own())
}

#[test]
fn a_sound_answer_is_good_and_names_the_peer() {
    let findings =
        options(&answered(200, "Allow: INVITE, ACK, BYE\r\nAccept: application/sdp\r\nServer: Asterisk PBX 20\r\n"));
    assert_eq!(weights(&findings), [("answer", Weight::Good), ("methods", Weight::Good)]);
    assert!(findings[0].sentence.contains("12 ms") && findings[0].sentence.contains("Asterisk PBX 20"), "{findings:?}");
}

#[test]
fn silence_is_explained_by_where_we_stand() {
    let advice = |own: &str, there: &str| {
        let there = Destination::udp(there.parse().expect("an address"));
        silence(&[there], own.parse().expect("an address")).advice
    };
    assert!(advice("127.0.0.1:5062", "198.51.100.1:5060").contains("sip.listen"));
    assert!(advice("10.0.0.5:5062", "198.51.100.1:5060").contains("sip.public_address"));
    assert!(advice("10.0.0.5:5062", "10.0.0.9:5060").contains("firewall"));
    assert!(options(&Answer::Silence)[0].sentence.contains("nobody answers at 198.51.100.1:5060 by UDP"));
    assert_eq!(weights(&options(&Answer::NoWay)), [("answer", Weight::Bad)]);
}

#[test]
fn silence_names_every_place_that_was_asked_and_how_long_all_of_them_were_given() {
    let places = ["198.51.100.1:5060", "198.51.100.2:5060"].map(|at| Destination::udp(at.parse().expect("an address")));
    let told = &of_options(&Answer::Silence, &places, own())[0].sentence;
    let all = "nobody answers at 198.51.100.1:5060 by UDP or 198.51.100.2:5060 by UDP within 12 seconds";
    assert_eq!(told, all);
}

#[test]
fn what_to_do_about_a_password_depends_on_why_it_was_not_shown() {
    let advice = |why| {
        let finding = options(&Answer::Challenged(Box::new(response(401, "")), why)).remove(0);
        (finding.weight, finding.advice)
    };
    let (weight, told) = advice(Unanswerable::Refused);
    assert!(weight == Weight::Bad && told.contains("trunk.realm"), "{told}");
    let (weight, told) = advice(Unanswerable::NoCredentials);
    assert!(weight == Weight::Note && told.contains("set trunk.username"), "{told}");
    let (weight, told) = advice(Unanswerable::UnknownScheme);
    assert!(weight == Weight::Note && told.contains("digest") && !told.contains("trunk.username"), "{told}");
}

#[test]
fn a_refusal_is_told_from_not_knowing_the_question() {
    for (status, weight) in
        [(403, Weight::Bad), (404, Weight::Good), (405, Weight::Good), (503, Weight::Bad), (416, Weight::Note)]
    {
        let findings = options(&answered(status, ""));
        assert_eq!(weights(&findings), [("answer", weight)], "{status}");
        assert!(findings[0].sentence.contains(&status.to_string()) && !findings[0].advice.is_empty());
    }
}

#[test]
fn a_peer_that_takes_no_calls_or_no_descriptions_is_found_out() {
    let findings = options(&answered(200, "Allow: REGISTER, OPTIONS\r\nAccept: application/pidf+xml\r\n"));
    assert_eq!(weights(&findings), [("answer", Weight::Good), ("methods", Weight::Bad), ("media", Weight::Bad)]);
    let sdp = |media: &str| {
        let more = format!("Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{media}", media.len());
        let mut answer = response(200, "");
        answer.body = media.as_bytes().to_vec();
        assert!(!more.is_empty());
        options(&Answer::Final(Box::new(answer), Duration::ZERO))
    };
    assert_eq!(weights(&sdp("m=audio 0 RTP/AVP 8\r\nm=image 0 UDPTL t38\r\n"))[1], ("media", Weight::Good));
    assert_eq!(weights(&sdp("m=audio 0 RTP/AVP 8\r\n"))[1], ("media", Weight::Note));
}

#[test]
fn a_nat_is_seen_by_the_address_in_the_answer() {
    let mut answer = response(200, "");
    assert_eq!(of_address(&answer, &place(), own()), None);
    answer.headers.set("Via", "SIP/2.0/UDP 192.0.2.9:5062;branch=z9hG4bK1;rport=40001;received=203.0.113.7");
    let finding = of_address(&answer, &place(), own()).expect("a NAT");
    assert!(finding.advice.contains("sip.public_address = \"203.0.113.7\""), "{finding:?}");
}

#[test]
fn clocks_that_are_apart_are_told() {
    let answer = response(200, "Date: Sat, 28 Nov 2026 20:00:00 GMT\r\n");
    let theirs = 1_795_896_000_000;
    assert_eq!(of_clock(&answer, theirs + 60_000), None);
    let finding = of_clock(&answer, theirs + 600_000).expect("apart");
    assert!(finding.sentence.contains("600 seconds behind"), "{finding:?}");
    assert_eq!(of_clock(&response(200, "Date: yesterday\r\n"), theirs), None);
}

#[test]
fn each_answer_of_a_registrar_has_its_sentence() {
    let said = |answer: &Answer| of_register(answer, &[place()], "fax-rome");
    let challenged = |reason| {
        let ask = "WWW-Authenticate: Digest realm=\"carrier.test\", nonce=\"1\"\r\n";
        said(&Answer::Challenged(Box::new(response(401, ask)), reason))
    };
    assert!(challenged(Unanswerable::Refused).sentence.contains("user name or password"));
    assert!(challenged(Unanswerable::NoCredentials).sentence.contains("carrier.test"));
    let bound = said(&answered(200, "Contact: <sip:fax@192.0.2.9>;expires=30\r\n"));
    assert!(bound.weight == Weight::Good && bound.sentence.contains("sip:fax@192.0.2.9"), "{bound:?}");
    assert!(said(&answered(200, "")).sentence.contains("nobody is registered"));
    for (status, weight) in [(403, Weight::Bad), (404, Weight::Bad), (400, Weight::Note), (500, Weight::Bad)] {
        let finding = said(&answered(status, ""));
        assert_eq!(finding.weight, weight, "{status}");
        assert!(!finding.advice.is_empty());
    }
    assert_eq!(said(&Answer::Silence).weight, Weight::Bad);
}
