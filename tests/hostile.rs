//! What strangers and broken programs send, by every way into the server: each gets a clear refusal, the sender of a bad document is
//! told which one and why, the server lives, and a fax sent meanwhile arrives bit for bit.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use faxramp::app::Server;
use faxramp::model::{Cause, JobState};
use faxramp::queue::JobDetail;
use faxramp::stage::live::Subject;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UdpSocket};

use crate::support::client::{Client, message, message_with};
use crate::support::site::{Site, Wishes};
use crate::support::{PATIENCE, all_received, all_reported, assert_came_as_sent, delivered, documents, jobs, until};

/// An address of this machine that is neither the server's nor the usual one.
const STRANGER: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 66, 6));

async fn start(site: &Site) -> Server {
    Server::start(&site.config()).await.unwrap_or_else(|error| panic!("{error}"))
}

/// A good fax to this number is handed in.
async fn submit(site: &Site, id: &str, number: &str) {
    let mut client = Client::connect(site.smtp_address()).await;
    let mail = message(id, "Offer", &documents::text(1));
    let (code, reply) = client.mail("jane@company.test", &[&format!("{number}@fax.test")], &mail).await;
    assert_eq!(code, 250, "{reply}");
}

async fn arrives(server: &Server, count: usize) -> Vec<JobDetail> {
    let jobs = all_reported(server, count).await;
    all_received(server).await;
    jobs
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_cannot_be_drawn_is_named_to_its_sender_with_the_reason() {
    let site = Site::new(Wishes::default());
    let server = start(&site).await;
    let mut cut = documents::pdf(3);
    cut.truncate(cut.len() * 2 / 5);
    let cases: [(&str, &str, Vec<u8>, &[&str]); 6] = [
        ("cut.pdf", "application/pdf", cut, &["cut.pdf"]),
        ("thick.pdf", "application/pdf", documents::pdf(10_000), &["10000", "200"]),
        ("bomb.png", "image/png", documents::png_of_size(60_000, 60_000), &["60000"]),
        ("thing.xyz", "application/x-thing", documents::noise(1, 5000), &["application/x-thing", "PDF"]),
        ("thing.bin", "application/octet-stream", documents::noise(2, 5000), &["application/octet-stream", "PDF"]),
        ("false.pdf", "application/pdf", documents::noise(3, 5000), &["application/pdf"]),
    ];
    for (name, media_type, octets, _) in &cases {
        let mut client = Client::connect(site.smtp_address()).await;
        let mail = message_with(name, name, media_type, octets);
        let (code, reply) = client.mail("jane@company.test", &["+39021111@fax.test"], &mail).await;
        assert_eq!(code, 250, "{name}: {reply}");
    }
    submit(&site, "good", "+39022222").await;

    let jobs = arrives(&server, cases.len() + 1).await;
    assert_came_as_sent(&server, jobs.last().expect("the good one"));
    let mails = delivered(site.folder());
    for ((name, _, _, words), detail) in cases.iter().zip(&jobs) {
        let Some(Cause::CannotRender(reason)) = &detail.job.cause else { panic!("{name}: {:?}", detail.job.cause) };
        assert!(detail.attempts.is_empty(), "{name} was dialled");
        assert!(reason.contains(name), "{reason}");
        for word in *words {
            assert!(reason.contains(word), "{name}: {word:?} is not in: {reason}");
        }
        let field = format!("\r\nX-Faxramp-Job: {}\r\n", detail.job.id);
        let told: Vec<_> = mails.iter().filter(|mail| mail.contains(&field)).collect();
        assert_eq!(told.len(), 1, "{name}");
        assert!(told[0].contains("Subject: Fax FAILED") && told[0].contains(name), "{}", told[0]);
    }
    server.drain(Duration::ZERO).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_is_no_number_or_not_allowed_is_refused_at_once_and_the_next_is_taken() {
    let site = Site::new(Wishes::default());
    let server = start(&site).await;
    let digits = "1".repeat(300);
    let long = format!("RCPT TO:<+39{digits}@fax.test>");
    let endless = format!("RCPT TO:<+39021111@{}>", "fax.".repeat(200));
    let refused = [
        "RCPT TO:<fax.test>",
        "RCPT TO:<@fax.test>",
        "RCPT TO:<jane@fax.test>",
        "RCPT TO:<+@fax.test>",
        "RCPT TO:<+39@fax.test>",
        "RCPT TO:<39021111@fax.test>",
        "RCPT TO:<+39021111@elsewhere.test>",
        "RCPT TO:<+49301234567@fax.test>",
        "RCPT TO:<+39021111@fax.test",
        "RCPT TO:+39021111@fax.test",
        "RCPT TO:<+3902;DROP TABLE jobs@fax.test>",
        "RCPT TO:<+39\u{0}021111@fax.test>",
        "RCPT TO:<\"+39021111\\\"@fax.test>",
        "RCPT TO:<+39021111%elsewhere.test@fax.test>",
        "RCPT TO:<>",
        &long,
        &endless,
    ];
    for line in refused {
        let mut client = Client::connect(site.smtp_address()).await;
        assert_eq!(client.say("MAIL FROM:<jane@company.test>").await.0, 250);
        let (code, reply) = client.say(line).await;
        assert!((500..560).contains(&code), "{line:?}: {reply}");
        let (code, reply) = client.say("RCPT TO:<+39021111@fax.test>").await;
        assert_eq!(code, 250, "after {line:?}: {reply}");
    }
    let mut client = Client::connect(site.smtp_address()).await;
    assert_eq!(client.say("MAIL FROM:<mallory@elsewhere.test>").await.0, 250);
    let (code, reply) = client.say("RCPT TO:<+39021111@fax.test>").await;
    assert!((550..560).contains(&code), "a stranger may not dial: {reply}");
    assert!(jobs(server.office().store()).is_empty());
    server.drain(Duration::ZERO).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_larger_than_allowed_is_refused_whether_its_size_was_told_or_lied_about() {
    let site = Site::new(Wishes { smtp: "max_message_size = \"64 kB\"", ..Wishes::default() });
    let server = start(&site).await;
    let mut client = Client::connect(site.smtp_address()).await;
    let (code, reply) = client.say("MAIL FROM:<jane@company.test> SIZE=200000").await;
    assert_eq!(code, 552, "{reply}");
    let (code, reply) = client.say("MAIL FROM:<jane@company.test> SIZE=99999999999999999999999").await;
    assert!((500..560).contains(&code), "{reply}");
    for declared in ["", " SIZE=100"] {
        let mut client = Client::connect(site.smtp_address()).await;
        assert_eq!(client.say(&format!("MAIL FROM:<jane@company.test>{declared}")).await.0, 250);
        assert_eq!(client.say("RCPT TO:<+39021111@fax.test>").await.0, 250);
        assert_eq!(client.say("DATA").await.0, 354);
        let large = message("large", "Large", &documents::text(200));
        assert!(large.len() > 100_000);
        let (code, reply) = client.say(&format!("{large}\r\n.")).await;
        assert_eq!(code, 552, "{declared:?}: {reply}");
        // The connection is still good.
        let mail = message(&format!("small{declared}"), "Small", "Small.");
        assert_eq!(client.mail("jane@company.test", &["+39022222@fax.test"], &mail).await.0, 250);
    }
    let jobs = arrives(&server, 2).await;
    jobs.iter().for_each(|detail| assert_came_as_sent(&server, detail));
    for folder in ["tmp", "messages"] {
        let left = std::fs::read_dir(site.folder().join("data/spool").join(folder)).expect("a folder").count();
        assert_eq!(left, if folder == "tmp" { 0 } else { 2 }, "{folder}");
    }
    server.drain(Duration::ZERO).await;
}

/// Says `octets` to the SMTP port and reads what comes back until the server closes or falls silent.
async fn blurt(address: SocketAddr, octets: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.expect("connected");
    let (mut reading, mut writing) = stream.split();
    let mut answer = Vec::new();
    let talk = async {
        // The server may close before it has heard all.
        let _ = writing.write_all(octets).await;
        let _ = writing.shutdown().await;
    };
    let listen = async {
        let _ = reading.read_to_end(&mut answer).await;
    };
    let both = async { tokio::join!(talk, listen) };
    tokio::time::timeout(PATIENCE, both).await.expect("the server closes");
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn noise_on_the_mail_port_is_refused_and_closed() {
    let site = Site::new(Wishes::default());
    let server = start(&site).await;
    let mut noise = vec![documents::noise(1, 300_000), vec![0; 300_000], b"\r\n".repeat(2000), vec![b'A'; 1_000_000]];
    noise.push(documents::noise(2, 5000).iter().flat_map(|octet| [*octet, b'\r', b'\n']).collect());
    // TLS where none is spoken, and a web browser.
    noise.push(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec());
    noise.push(b"POST / HTTP/1.1\r\nHost: fax.test\r\n\r\nMAIL FROM:<jane@company.test>\r\n".to_vec());
    for octets in &noise {
        let answer = blurt(site.smtp_address(), octets).await;
        assert!(answer.starts_with("220 fax.test"), "{answer}");
        let codes: BTreeSet<&str> = answer.lines().skip(1).filter_map(|line| line.get(..3)).collect();
        assert!(codes.iter().all(|code| code.starts_with('5') || *code == "421"), "{codes:?}");
    }
    submit(&site, "good", "+39021111").await;
    let jobs = arrives(&server, 1).await;
    assert_came_as_sent(&server, &jobs[0]);
    server.drain(Duration::ZERO).await;
}

/// An INVITE to a number that faxes are received at, as a gateway writes it.
fn invite(site: &Site, from: SocketAddr, call: usize) -> String {
    let body = format!(
        "v=0\r\no=- 1 1 IN IP4 {0}\r\ns=-\r\nc=IN IP4 {0}\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\n",
        from.ip()
    );
    format!(
        "INVITE sip:+39021111@{to} SIP/2.0\r\nVia: SIP/2.0/UDP {from};branch=z9hG4bK{call}\r\nMax-Forwards: 70\r\n\
         From: <sip:+39025555@{from}>;tag=t{call}\r\nTo: <sip:+39021111@{to}>\r\nCall-ID: {call}@stranger\r\n\
         CSeq: 1 INVITE\r\nContact: <sip:stranger@{from}>\r\nContent-Type: application/sdp\r\n\
         Content-Length: {length}\r\n\r\n{body}",
        to = site.sip_address(),
        length = body.len()
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_calls_and_noise_from_a_stranger_takes_no_line_from_anybody() {
    // Two lines for two ends of one call: one stranger counted would be one too many.
    let sip = "allowed_peers = [\"{address}\"]";
    let site = Site::new(Wishes { sip, more: "[queue]\nmax_calls = 2", ..Wishes::default() });
    let server = start(&site).await;
    let stranger = UdpSocket::bind((STRANGER, 0)).await.expect("a port");
    let other = UdpSocket::bind((STRANGER, 0)).await.expect("a port");
    let from = stranger.local_addr().expect("an address");
    for call in 0..300 {
        stranger.send_to(invite(&site, from, call).as_bytes(), site.sip_address()).await.expect("sent");
        other.send_to(&documents::noise(call as u64, call), site.sip_address()).await.expect("sent");
    }
    submit(&site, "good", "+39022222").await;
    let whole = invite(&site, other.local_addr().expect("an address"), 1000);
    // Some of these are answered as the broken requests they are, without a thought who sent them.
    for cut in 0..whole.len() {
        other.send_to(&whole.as_bytes()[..cut], site.sip_address()).await.expect("sent");
    }
    let jobs = arrives(&server, 1).await;
    assert_came_as_sent(&server, &jobs[0]);
    assert_eq!(server.office().store().list_received(None, 10).expect("rows").len(), 1, "no stranger was let in");
    let mut answer = [0; 2000];
    let answered = stranger.try_recv(&mut answer).map(|length| String::from_utf8_lossy(&answer[..length]).into_owned());
    assert!(
        answered.as_ref().is_err_and(|error| error.kind() == ErrorKind::WouldBlock),
        "a stranger was answered: {answered:?}"
    );
    server.drain(Duration::ZERO).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invite_that_comes_again_before_it_is_answered_is_one_call() {
    let site = Site::new(Wishes::default());
    let server = start(&site).await;
    let trunk = UdpSocket::bind((STRANGER, 0)).await.expect("a port");
    let invite = invite(&site, trunk.local_addr().expect("an address"), 1);
    for _ in 0..20 {
        trunk.send_to(invite.as_bytes(), site.sip_address()).await.expect("sent");
    }
    let mut buffer = [0; 2000];
    until("the call is answered", async || {
        let length =
            tokio::time::timeout(PATIENCE, trunk.recv(&mut buffer)).await.expect("an answer").expect("an answer");
        buffer[..length].starts_with(b"SIP/2.0 200 ").then_some(())
    })
    .await;
    assert_eq!(server.office().store().list_received(None, 10).expect("rows").len(), 1);
    server.drain(Duration::ZERO).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn broken_calls_from_a_trunk_end_by_themselves_and_faxes_go_on() {
    let site = Site::new(Wishes::default());
    let server = start(&site).await;
    let trunk = UdpSocket::bind((STRANGER, 0)).await.expect("a port");
    let from = trunk.local_addr().expect("an address");
    let whole = invite(&site, from, 1);
    // Every seventh place, as each that still makes sense as a call is answered and has its time.
    for cut in (0..whole.len()).step_by(7) {
        let cut_off =
            whole.replace("z9hG4bK1", &format!("z9hG4bKcut{cut}")).replace("1@stranger", &format!("{cut}@cut"));
        trunk.send_to(&cut_off.as_bytes()[..cut.min(cut_off.len())], site.sip_address()).await.expect("sent");
    }
    for seed in 0..200 {
        trunk.send_to(&documents::noise(seed, 20 * seed as usize), site.sip_address()).await.expect("sent");
    }
    submit(&site, "good", "+39022222").await;
    let jobs = all_reported(&server, 1).await;
    until("the good fax is received whole", async || {
        let received = server.office().store().list_received(None, 1000).expect("rows");
        received.iter().any(|received| received.called == "+39022222" && received.closed_ms.is_some()).then_some(())
    })
    .await;
    assert_came_as_sent(&server, &jobs[0]);
    server.drain(Duration::ZERO).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn noise_on_the_media_ports_during_a_call_changes_no_page() {
    let sip = "media_ports = \"41000-41019\"";
    let site = Site::new(Wishes { sip, more: "[queue]\nmax_calls = 5", ..Wishes::default() });
    let server = start(&site).await;
    let stranger = UdpSocket::bind((STRANGER, 0)).await.expect("a port");
    submit(&site, "good", "+39021111").await;
    let mut seed = 0;
    let mut during_calls = 0;
    let jobs = until("the fax is over", async || {
        let in_call = server.office().live().calls().iter().any(|(subject, _)| matches!(subject, Subject::Sending(_)));
        // Some thousand datagrams a second: a fax between two of ours is over soon.
        for port in (0..10).flat_map(|_| 41_000..=41_019_u16) {
            seed += 1;
            let length = documents::mixed(seed) as usize % 300;
            let _ = stranger.send_to(&documents::noise(seed, length), (site.address(), port)).await;
            during_calls += usize::from(in_call);
        }
        let jobs = jobs(server.office().store());
        (jobs.len() == 1 && jobs[0].job.state == JobState::Reported).then_some(jobs)
    })
    .await;
    all_received(&server).await;
    assert!(during_calls > 500, "{during_calls} datagrams fell into the call");
    assert_came_as_sent(&server, &jobs[0]);
    server.drain(Duration::ZERO).await;
}
