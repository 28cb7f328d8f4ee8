//! Messages that Asterisk 22 (chan_pjsip) sent in real fax calls, byte for byte, and rsip as a second opinion.

use super::world::{base, outputs, sent, settings};
use crate::sip::{
    Command, EndpointSettings, Event, Host, Input, Leg, LocalAddresses, Message, Method, Reason, Scheme, Source,
    Transport,
};

const INVITE: &str = "INVITE sip:3000@127.0.82.20:5060 SIP/2.0
Via: SIP/2.0/UDP 127.0.82.10:5060;rport;branch=z9hG4bKPj9cbc488f-c8fc-4ba2-a533-0d6aafd14e06
From: <sip:lab@127.0.82.10>;tag=4bfea508-1779-4e6b-a205-b7e826064b28
To: <sip:3000@127.0.82.20>
Contact: <sip:lab@127.0.82.10:5060>
Call-ID: 7123d8a5-f2f1-4088-9392-77e644ce2513
CSeq: 20398 INVITE
Allow: OPTIONS, REGISTER, SUBSCRIBE, NOTIFY, PUBLISH, INVITE, ACK, BYE, CANCEL, UPDATE, PRACK, INFO
Supported: 100rel, timer, histinfo
Session-Expires: 1800
Min-SE: 90
Max-Forwards: 70
User-Agent: Asterisk-faxlab-a
Content-Type: application/sdp
Content-Length:   257

v=0
o=- 136098024 136098024 IN IP4 127.0.82.10
s=Asterisk
c=IN IP4 127.0.82.10
t=0 0
m=audio 10068 RTP/AVP 0 8 101
a=rtpmap:0 PCMU/8000
a=rtpmap:8 PCMA/8000
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-16
a=ptime:20
a=maxptime:140
a=sendrecv
";

const NOT_ACCEPTABLE: &str = "SIP/2.0 488 Not Acceptable Here
Via: SIP/2.0/UDP 127.0.82.20:5060;rport=5060;received=127.0.82.20;branch=z9hG4bKPj4b61282e-ff8d-4718-99cb-d120e5e6a35f
Call-ID: 7123d8a5-f2f1-4088-9392-77e644ce2513
From: <sip:3000@127.0.82.20>;tag=1b63bdd6-196f-41c2-9e27-cf0d4986d8d0
To: <sip:lab@127.0.82.10>;tag=4bfea508-1779-4e6b-a205-b7e826064b28
CSeq: 4134 INVITE
Warning: 390 SIP \"No SDP answer\"
Accept: application/sdp
Reason: Q.850;cause=0
Server: Asterisk-faxlab-a
Content-Length:  0

";

const CANCEL: &str = "CANCEL sip:8000@127.0.178.20:5060 SIP/2.0
Via: SIP/2.0/UDP 127.0.178.10:5060;rport;branch=z9hG4bKPj5b905e8d-eb0a-48c0-823d-be903717b62e
From: <sip:lab@127.0.178.10>;tag=b0d8e17d-ac20-40d0-aa3a-51ba86af45ca
To: <sip:8000@127.0.178.20>
Call-ID: d39edd2b-00be-4bd8-8cd6-308a5fb71328
CSeq: 18820 CANCEL
Reason: Q.850;cause=19
Max-Forwards: 70
User-Agent: Asterisk-faxlab-a
Content-Length:  0

";

/// The re-INVITE to T.38 that the caller sent 10.5 s into the call; the tag in To is replaced by ours.
const TO_T38: &str = "INVITE sip:127.0.82.20:5060 SIP/2.0
Via: SIP/2.0/UDP 127.0.82.10:5060;rport;branch=z9hG4bKPjdefa3831-05a0-438a-a2bb-16c030872692
From: <sip:lab@127.0.82.10>;tag=4bfea508-1779-4e6b-a205-b7e826064b28
To: <sip:3000@127.0.82.20>;tag=OURS
Contact: <sip:lab@127.0.82.10:5060>
Call-ID: 7123d8a5-f2f1-4088-9392-77e644ce2513
CSeq: 20399 INVITE
Session-Expires: 1800;refresher=uac
Min-SE: 90
Max-Forwards: 70
User-Agent: Asterisk-faxlab-a
Content-Type: application/sdp
Content-Length:   253

v=0
o=- 136098024 136098025 IN IP4 127.0.82.10
s=Asterisk
c=IN IP4 127.0.82.10
t=0 0
m=image 4144 udptl t38
a=T38FaxVersion:0
a=T38MaxBitRate:14400
a=T38FaxRateManagement:transferredTCF
a=T38FaxMaxDatagram:1400
a=T38FaxUdpEC:t38UDPRedundancy
";

fn wire(text: &str) -> Vec<u8> {
    text.replace('\n', "\r\n").into_bytes()
}

fn read(text: &str) -> Message {
    Message::parse(&wire(text)).unwrap()
}

#[test]
fn asterisks_invite_is_read_and_written_without_loss() {
    let invite = read(INVITE);
    assert_eq!(invite.check(), Ok(()));
    assert_eq!(invite.body.len(), 257);
    assert_eq!(invite.from_tag().unwrap(), "4bfea508-1779-4e6b-a205-b7e826064b28");
    assert_eq!(invite.cseq().unwrap().to_string(), "20398 INVITE");
    assert_eq!(invite.uri().unwrap().user_decoded().unwrap(), "3000");
    assert!(invite.headers.lists_token("supported", "TIMER") && !invite.headers.lists_token("Supported", "replaces"));
    let contact = invite.address("Contact").unwrap().uri;
    assert_eq!((contact.scheme, contact.host), (Scheme::Sip, Host::parse("127.0.82.10")));
    let again = Message::parse(&invite.to_bytes()).unwrap();
    let lines = |message: &Message| message.headers.iter().filter(|line| !line.is("Content-Length")).count();
    assert_eq!((again.body.as_slice(), lines(&again)), (invite.body.as_slice(), lines(&invite)));
}

#[test]
fn rsip_reads_what_we_write_the_same_way() {
    use rsip::prelude::{HeadersExt, UntypedHeader};
    let second = rsip::Request::try_from(read(INVITE).to_bytes()).unwrap();
    let first = read(INVITE);
    assert_eq!(second.method, rsip::Method::Invite);
    assert_eq!(second.call_id_header().unwrap().value().as_bytes(), first.call_id().unwrap());
    assert_eq!(second.cseq_header().unwrap().seq().unwrap(), first.cseq().unwrap().number);
    assert_eq!(second.body, first.body);
    let response = Message::response(&first, 486, "", "t1", "127.0.82.10:5060".parse().unwrap());
    let second = rsip::Response::try_from(response.to_bytes()).unwrap();
    assert_eq!(second.status_code, rsip::StatusCode::BusyHere);
    let to = second.to_header().unwrap().value().to_owned();
    assert_eq!(to, "<sip:3000@127.0.82.20>;tag=t1");
}

#[test]
fn our_reply_stamps_the_via_as_asterisk_stamps_its_own() {
    let reply = Message::response(&read(INVITE), 180, "", "t1", "127.0.82.10:5060".parse().unwrap());
    let via = reply.via().unwrap();
    assert_eq!(via.parameters.value("rport").unwrap(), "5060");
    assert_eq!(via.parameters.value("received").unwrap(), "127.0.82.10");
    assert_eq!(via.parameters.value("branch").unwrap(), "z9hG4bKPj9cbc488f-c8fc-4ba2-a533-0d6aafd14e06");
}

#[test]
fn asterisks_cause_zero_is_no_cause_and_19_is() {
    assert_eq!(read(NOT_ACCEPTABLE).reason(), None);
    assert_eq!(read(CANCEL).reason(), Some(Reason::q850(19)));
}

#[test]
fn a_call_of_asterisk_is_answered_and_goes_over_to_t38() {
    let (now, source) = (base(), Source::udp("127.0.82.10:5060".parse().unwrap()));
    let local = LocalAddresses::single(Transport::Udp, "127.0.82.20:5060".parse().unwrap());
    let settings = EndpointSettings { local, ..settings(1) };
    let mut leg = Leg::incoming(&read(INVITE), source, settings, 5, now).unwrap();
    leg.handle(Input::Command(Command::Accept { body: b"v=0".to_vec() }), now);
    let (messages, _) = outputs(&mut leg);
    assert_eq!(messages.iter().map(|message| message.status().unwrap()).collect::<Vec<_>>(), [100, 200]);
    let tag = leg.local_tag().to_owned();
    assert_eq!(messages[1].to_tag().unwrap(), tag);

    let re_invite = read(&TO_T38.replace("OURS", &tag));
    // Its ACK for the first 200 is late: the re-INVITE shows that the 200 arrived.
    leg.handle(Input::Message { message: re_invite, source }, now);
    let (messages, events) = outputs(&mut leg);
    assert_eq!(messages[0].status(), Some(100));
    let [Event::Acknowledged { body: None }, Event::Offered { body: Some(offer) }] = &events[..] else {
        panic!("{events:?}");
    };
    assert!(offer.windows(22).any(|window| window == b"m=image 4144 udptl t38"));
    leg.handle(Input::Command(Command::AcceptOffer { body: b"v=0".to_vec() }), now);
    let (messages, _) = outputs(&mut leg);
    assert_eq!(messages[0].status(), Some(200));
    assert!(messages[0].address("Contact").is_some());

    leg.handle(Input::Command(Command::HangUp { reason: None }), now);
    let (messages, _) = outputs(&mut leg);
    let bye = sent(&messages, &Method::Bye);
    assert_eq!(bye.request_uri(), Some("sip:lab@127.0.82.10:5060"));
    assert_eq!(bye.to_tag().unwrap(), "4bfea508-1779-4e6b-a205-b7e826064b28");
}
