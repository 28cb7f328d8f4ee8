//! Who may call: peers by address and password, callers that are declined, numbers nobody has, channels that are taken, and a flood
//! from a peer that is known, each over real sockets.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use faxramp::app::Server;
use faxramp::call::{FaxProgress, PageFormat, Progress, ReceivedPage, Verdict};
use faxramp::image::{Bitmap, Coding, encode};
use faxramp::io::call::CallOwner;
use faxramp::model::{Cause, Compression, Phase, Resolution, Width};
use faxramp::queue::{MAX_TEXT_BYTES, NewReceived};
use faxramp::sip::digest::{Authenticator, Subject};
use faxramp::sip::{Credentials, Message, Method};
use faxramp::spool::Kind;
use faxramp::stage;
use faxramp::stage::reception::Reception;
use faxramp::t30::PageEnd;
use tokio::net::UdpSocket;

use crate::support::client::{Client, message};
use crate::support::dns::{NameServer, Record};
use crate::support::site::{Site, Wishes};
use crate::support::{PATIENCE, all_reported, documents, mails, until};

/// A telephone system that calls.
struct Pbx {
    socket: UdpSocket,
    from: SocketAddr,
    to: SocketAddr,
    calls: usize,
}

impl Pbx {
    /// At an address of this machine that ends so.
    async fn new(site: &Site, last: u8) -> Self {
        let address = IpAddr::V4(Ipv4Addr::new(127, 0, 66, last));
        let socket = UdpSocket::bind((address, 0)).await.expect("a port");
        let from = socket.local_addr().expect("an address");
        Self { socket, from, to: site.sip_address(), calls: 0 }
    }

    /// A new INVITE to a number, with these headers beside the usual.
    fn invite(&mut self, number: &str, headers: &[(&str, &str)]) -> Message {
        self.calls += 1;
        let (from, to, call) = (self.from, self.to, self.calls);
        let mut invite = Message::request(Method::Invite, format!("sip:{number}@{to}"));
        let mut push = |name: &str, value: String| invite.headers.push(name, value);
        push("Via", format!("SIP/2.0/UDP {from};branch=z9hG4bK{call}"));
        push("Max-Forwards", "70".into());
        push("From", format!("\"Anna Rossi\" <sip:+390255{call:02}@{from}>;tag=t{call}"));
        push("To", format!("<sip:{number}@{to}>"));
        push("Call-ID", format!("{call}@{from}"));
        push("CSeq", "1 INVITE".into());
        push("Contact", format!("<sip:pbx@{from}>"));
        for (name, value) in headers {
            invite.headers.set(name, value);
        }
        let address = from.ip();
        let body = format!(
            "v=0\r\no=- 1 1 IN IP4 {address}\r\ns=-\r\nc=IN IP4 {address}\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n\
             a=rtpmap:8 PCMA/8000\r\n"
        );
        invite.set_body("application/sdp", body.into_bytes());
        invite
    }

    async fn send(&self, message: &Message) {
        self.socket.send_to(&message.to_bytes(), self.to).await.expect("sent");
    }

    /// The next response to a request that is not provisional.
    async fn answer(&self, request: &Message) -> Message {
        let mut buffer = [0; 4000];
        loop {
            let length =
                tokio::time::timeout(PATIENCE, self.socket.recv(&mut buffer)).await.expect("in time").expect("read");
            let response = Message::parse(&buffer[..length]).expect("a response");
            if response.call_id() == request.call_id() && response.status().is_some_and(|status| status >= 200) {
                return response;
            }
        }
    }

    /// Calls, and gives the final response.
    async fn call(&mut self, number: &str, headers: &[(&str, &str)]) -> Message {
        let invite = self.invite(number, headers);
        self.send(&invite).await;
        self.answer(&invite).await
    }
}

async fn start(site: &Site) -> Server {
    Server::start(&site.config()).await.unwrap_or_else(|error| panic!("{error}"))
}

const PEERS: &str = r#"
[[peer]]
name = "pbx"
trunk = "loopback"
addresses = ["127.0.66.21"]
username = "pbx"
password = "secret"
called_number = "to"
channels = 1
when_full = "unavailable"
retry_after = "45 s"
[inbound_block]
callers = ["+390666*"]
anonymous = true
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_with_a_password_is_asked_for_it_and_its_fax_is_filed_under_its_trunk() {
    let site = Site::new(Wishes { more: PEERS, ..Wishes::default() });
    let server = start(&site).await;
    let mut pbx = Pbx::new(&site, 21).await;
    // The request names an account of ours; who was called stands in To.
    let to = format!("<sip:+39021111@{}>", site.sip_address());
    let invite = pbx.invite("account", &[("To", &to)]);
    pbx.send(&invite).await;
    let asked = pbx.answer(&invite).await;
    assert_eq!(asked.status(), Some(401));
    assert_eq!(asked.headers.all("WWW-Authenticate").count(), 2, "MD5 and SHA-256");

    let credentials = Credentials { user: "pbx".into(), password: "secret".into(), realm: None };
    let mut authenticator = Authenticator::new(Some(credentials));
    authenticator.learn(&asked).expect("a challenge we know");
    let mut again = invite.clone();
    again.headers.set("CSeq", "2 INVITE");
    again.headers.set("Via", format!("SIP/2.0/UDP {};branch=z9hG4bKagain", pbx.from));
    let uri = again.request_uri().expect("a request").to_owned();
    let subject = Subject { method: "INVITE", uri: &uri, body: &invite.body };
    authenticator.authorize(&mut again.headers, subject, "client");
    pbx.send(&again).await;
    assert_eq!(pbx.answer(&again).await.status(), Some(200));

    let row = server.office().store().list_received(None, 10).expect("rows").remove(0);
    assert_eq!((row.called.as_str(), row.trunk.as_deref()), ("+39021111", Some("loopback")));
    assert_eq!((row.caller.as_deref(), row.caller_name.as_deref()), (Some("+39025501"), Some("Anna Rossi")));

    // Its one channel is taken; the same nonce with the same count is not taken twice.
    pbx.send(&again).await;
    let mut second = again.clone();
    second.headers.set("Call-ID", "replayed@pbx");
    second.headers.set("Via", format!("SIP/2.0/UDP {};branch=z9hG4bKreplayed", pbx.from));
    pbx.send(&second).await;
    assert_eq!(pbx.answer(&second).await.status(), Some(401));
    let mut busy = second.clone();
    busy.headers.set("CSeq", "3 INVITE");
    busy.headers.set("Via", format!("SIP/2.0/UDP {};branch=z9hG4bKbusy", pbx.from));
    authenticator.authorize(&mut busy.headers, subject, "client");
    pbx.send(&busy).await;
    let full = pbx.answer(&busy).await;
    assert_eq!((full.status(), full.retry_after()), (Some(503), Some(Duration::from_secs(45))));
    server.drain(Duration::ZERO).await;
}

const CARRIER: &str = r#"
[[trunk]]
name = "carrier"
proxy = "sip.carrier.test"
options_interval = "0 s"
prefixes = ["+49*"]
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_trunk_that_is_named_may_call_from_where_its_name_leads_and_nobody_else_may() {
    let mut site = Site::new(Wishes { more: CARRIER, ..Wishes::default() });
    let addresses = [31, 32].map(|last| IpAddr::V4(Ipv4Addr::new(127, 0, 66, last)));
    let records = addresses.map(|address| ("sip.carrier.test", Record::Address(address)));
    let names = NameServer::start(site.address(), &records).await;
    let sip = format!("name_servers = [\"{}\"]\nallowed_peers = [\"192.0.2.1/32\"]", names.address);
    site.wishes.sip = sip.leak();
    let server = start(&site).await;
    let found = || server.office().trunks().is_at("carrier", addresses[1], 0);
    until("the name is looked up", async || found().then_some(())).await;

    let mut stranger = Pbx::new(&site, 33).await;
    let invite = stranger.invite("+39021111", &[]);
    stranger.send(&invite).await;
    let mut carrier = Pbx::new(&site, 32).await;
    assert_eq!(carrier.call("+39021111", &[]).await.status(), Some(200));
    assert!(stranger.socket.try_recv(&mut [0; 1000]).is_err(), "who is nobody's trunk hears nothing");
    let row = server.office().store().list_received(None, 10).expect("rows").remove(0);
    assert_eq!(row.trunk.as_deref(), Some("carrier"));
    server.drain(Duration::ZERO).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_that_are_not_wanted_are_refused_each_with_its_own_status() {
    let site = Site::new(Wishes { more: PEERS, ..Wishes::default() });
    let server = start(&site).await;
    let mut pbx = Pbx::new(&site, 22).await;
    let status = async |pbx: &mut Pbx, number: &str, headers: &[(&str, &str)]| pbx.call(number, headers).await.status();
    assert_eq!(status(&mut pbx, "+4989", &[]).await, Some(404), "nobody has the number");
    let blocked = "<sip:00390666123@pbx>;tag=x";
    assert_eq!(status(&mut pbx, "+39021111", &[("From", blocked)]).await, Some(603), "however the trunk spells it");
    let anonymous = "\"Anonymous\" <sip:anonymous@anonymous.invalid>;tag=x";
    assert_eq!(status(&mut pbx, "+39021111", &[("From", anonymous)]).await, Some(603));
    let hidden = [("P-Asserted-Identity", "<sip:+390255@pbx>"), ("Privacy", "id")];
    assert_eq!(status(&mut pbx, "+39021111", &hidden).await, Some(603));
    assert!(server.office().store().list_received(None, 10).expect("rows").is_empty());
    assert_eq!(status(&mut pbx, "+39021111", &[]).await, Some(200), "all others are welcome");
    server.drain(Duration::ZERO).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_caller_repeats_after_its_farewell_is_answered_and_the_rest_knows_no_call() {
    let site = Site::new(Wishes { more: PEERS, ..Wishes::default() });
    let server = start(&site).await;
    let mut pbx = Pbx::new(&site, 22).await;
    let invite = pbx.invite("+39021111", &[]);
    pbx.send(&invite).await;
    let answered = pbx.answer(&invite).await;
    assert_eq!(answered.status(), Some(200));
    let within = |method: Method, number: u32| {
        let mut request = Message::request(method.clone(), invite.request_uri().expect("a request"));
        request.headers = invite.headers.clone();
        request.headers.set("Via", format!("SIP/2.0/UDP {};branch=z9hG4bK{method}{number}", pbx.from));
        request.headers.set("To", answered.headers.first("To").expect("a tag"));
        request.headers.set("CSeq", format!("{number} {method}"));
        request
    };
    pbx.send(&within(Method::Ack, 1)).await;
    for (request, status) in [
        (within(Method::Bye, 2), 200),
        (within(Method::Bye, 2), 200),
        (within(Method::Invite, 3), 481),
        (within(Method::Bye, 4), 200),
        (within(Method::Options, 5), 481),
    ] {
        pbx.send(&request).await;
        assert_eq!(pbx.answer(&request).await.status(), Some(status), "{:?}", request.cseq());
    }
    // The line was free with the first of them.
    until("the call is over", async || {
        let row = server.office().store().list_received(None, 1).expect("rows").remove(0);
        row.closed_ms.is_some().then_some(())
    })
    .await;
    server.drain(Duration::ZERO).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_from_a_known_peer_leaves_the_fax_on_the_line_unharmed() {
    let sip = "calls_per_second = 1\ncalls_burst = 5";
    let site = Site::new(Wishes { sip, slow: true, more: "[queue]\nmax_calls = 10", ..Wishes::default() });
    let server = start(&site).await;
    let mut client = Client::connect(server.smtp_addresses()[0]).await;
    let mail = message("f1", "Offer", &documents::text(1));
    let (code, reply) = client.mail("jane@company.test", &["+39021111@fax.test"], &mail).await;
    assert_eq!(code, 250, "{reply}");
    until("the fax is on the line", async || {
        let rows = server.office().store().list_received(None, 10).expect("rows");
        (!rows.is_empty()).then_some(())
    })
    .await;
    let mut pbx = Pbx::new(&site, 23).await;
    for _ in 0..10_000 {
        let invite = pbx.invite("+39023333", &[]);
        pbx.send(&invite).await;
    }
    let job = all_reported(&server, 1).await.remove(0);
    assert_eq!(job.job.cause, Some(Cause::Sent), "{:?}", job.attempts);
    // Nothing was lost or said twice.
    let record = job.attempts[0].record.as_deref().expect("a record");
    assert!(record.contains("\"partial_page_requests\":0") && record.contains("\"retrains\":0"), "{record}");
    let rows = server.office().store().list_received(None, 100).expect("rows");
    let taken = rows.iter().filter(|row| row.called == "+39023333").count();
    assert!((1..=9).contains(&taken), "{taken} of the flood were let in");
    let mut buffer = [0; 4000];
    let mut answers = Vec::new();
    while let Ok(length) = pbx.socket.try_recv(&mut buffer) {
        answers.push(Message::parse(&buffer[..length]).expect("a message").status().unwrap_or(0));
    }
    let refusals = answers.iter().filter(|status| **status == 503).count();
    assert!(refusals > 0 && answers.len() < 1000, "{refusals} of {answers:?}");
    let received = rows.iter().find(|row| row.called == "+39021111").expect("the fax");
    assert_eq!(received.pages, job.job.pages_total);
    server.drain(Duration::ZERO).await;
}

/// A white page of a call in which several faxes come.
fn white_page(document: u32, index: u32) -> ReceivedPage {
    let (compression, resolution) = (Compression::Mmr, Resolution::Fine);
    let bits = encode(&Bitmap::white(1728, 100), &Coding::new(compression, resolution));
    let format = PageFormat {
        width: Width::A4,
        resolution,
        compression,
        two_dimensional_every: 0,
        minimum_row_bits: 0,
        maximum_rows: None,
        ecm: true,
    };
    let (ended, wants_verdict) = (PageEnd::AnotherFollows, true);
    let (damaged_frames, missing_frames, carrier_losses, overlong) = (0, 0, 0, false);
    ReceivedPage {
        document,
        index,
        format,
        bits,
        ended,
        damaged_frames,
        missing_frames,
        carrier_losses,
        overlong,
        wants_verdict,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fax_that_is_whole_is_mailed_though_the_first_page_of_the_next_one_cannot_be_stored() {
    let site = Site::new(Wishes::default());
    let server = Server::start(&site.config()).await.unwrap_or_else(|error| panic!("{error}"));
    let office = server.office();
    let file = office.spool().grow(Kind::Received).expect("a file");
    let new = NewReceived {
        called: "+39021111".into(),
        mailboxes: vec!["office@mail.test".into()],
        spool_file: file.name().to_string(),
        opened_ms: faxramp::clock::wall().0,
        ..NewReceived::default()
    };
    let first = office.store().open_reception(new).expect("a row");
    let reception = Reception::new(office.clone(), first, stage::live::Subject::Receiving(first), file);
    assert_eq!(reception.received(white_page(0, 0)).await, Verdict::Good);
    // No row takes what the next sender calls itself.
    let endless = FaxProgress {
        phase: Phase::B,
        document: 1,
        page: 1,
        modulation: None,
        block: None,
        frames_acknowledged: 0,
        frames_total: 0,
        remote_id: Some("1".repeat(MAX_TEXT_BYTES + 1)),
        sub_address: None,
    };
    reception.progress(&Progress::Fax(endless));
    assert_eq!(reception.received(white_page(1, 1)).await, Verdict::Bad, "it is not stored, and so not confirmed");
    until("the first fax is closed and mailed", async || {
        let row = office.store().received(first).expect("the row");
        (row.cause == Some(Cause::Sent) && row.pages == 1).then_some(())
    })
    .await;
    let mail = mails(site.folder(), 1).await.remove(0);
    assert!(mail.contains(&format!("X-Faxramp-Received: {first}\r\n")), "{mail}");
    server.drain(Duration::ZERO).await;
}
