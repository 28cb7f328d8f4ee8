//! How SIP travels, over real sockets: calls by TCP and TLS, who is let in and believed, large requests, servers found by name and
//! one that is dead, IPv6.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use faxramp::app::Server;
use faxramp::io::dns::Names;
use faxramp::model::Cause;
use faxramp::queue::JobDetail;
use faxramp::sip::{Host, LocateError, Place};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UdpSocket};

use crate::support::certificates::{self, Authority};
use crate::support::client::{Client, message};
use crate::support::dns::{NameServer, Record};
use crate::support::site::{Site, Wishes};
use crate::support::{PATIENCE, all_received, all_reported, assert_came_as_sent, until};

/// No second try, so that the first outcome is the last.
const ONE_TRY: &str = "[queue.retry]\ntrunk = \"\"\nbusy = \"\"\n";

async fn start(site: &Site) -> Server {
    Server::start(&site.config()).await.unwrap_or_else(|error| panic!("{error}"))
}

/// Sends a mail and waits for what becomes of its fax.
async fn fax(server: &Server) -> JobDetail {
    fax_after(server, 0).await
}

/// The same after so many others.
async fn fax_after(server: &Server, others: usize) -> JobDetail {
    let mut client = Client::connect(server.smtp_addresses()[0]).await;
    let mail = message(&format!("t{others}"), "Offer", &format!("Line {others} of text.\r\n"));
    let (code, reply) = client.mail("jane@company.test", &["+39021111@fax.test"], &mail).await;
    assert_eq!(code, 250, "{reply}");
    all_reported(server, others + 1).await.remove(others)
}

/// The fax comes as it was sent, in one call.
async fn arrives(site: &Site) {
    let server = start(site).await;
    let job = fax(&server).await;
    assert_eq!(job.job.cause, Some(Cause::Sent), "{:?}", job.attempts);
    all_received(&server).await;
    assert_came_as_sent(&server, &job);
    server.drain(Duration::ZERO).await;
}

/// What becomes of a fax that does not get through.
async fn fails(site: &Site) -> Option<Cause> {
    let server = start(site).await;
    let job = fax(&server).await;
    server.drain(Duration::ZERO).await;
    job.job.cause
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_goes_by_tcp_alone() {
    arrives(&Site::new(Wishes { listen: "\"tcp:{address}:5062\"", trunk: "transport = \"tcp\"", ..Wishes::default() }))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_goes_over_ipv6() {
    // A port that nobody has just now; the tests of a machine share one address.
    let free = UdpSocket::bind((Ipv6Addr::LOCALHOST, 0)).await.expect("IPv6 on the loopback");
    let port = free.local_addr().expect("an address").port();
    drop(free);
    let listen = format!("\"[::1]:{port}\"").leak();
    let proxy = format!("[::1]:{port}").leak();
    // Apart from the ports that the system hands out, of which the one above is.
    let sip = "media_ports = \"20000-20999\"";
    arrives(&Site::new(Wishes { listen, proxy, sip, ..Wishes::default() })).await;
}

/// A site that listens for TLS at port 5063 and whose trunk leads there.
fn by_tls(sip: &'static str, trunk: &'static str) -> Wishes {
    Wishes { listen: "\"tls:{address}:5063\"", proxy: "{address}:5063", sip, trunk, more: ONE_TRY, ..Wishes::default() }
}

const SERVER: &str = "tls_certificate = \"{folder}/server.pem\"\ntls_key = \"{folder}/server.key\"";
const MUTUAL: &str = "tls_certificate = \"{folder}/server.pem\"\ntls_key = \"{folder}/server.key\"\n\
                      tls_clients = \"required\"\ntls_ca = \"{folder}/ca.pem\"";

#[tokio::test(flavor = "multi_thread")]
async fn a_call_goes_by_tls_to_a_server_that_bears_the_domain() {
    let site = Site::new(by_tls(SERVER, "transport = \"tls\"\ntls_ca = \"{folder}/ca.pem\""));
    let domain = site.address().to_string();
    Authority::new(site.folder(), "ca").issue(site.folder(), "server", certificates::sip_domain(&domain));
    arrives(&site).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_shows_a_trusted_certificate_is_let_in() {
    let trunk = "transport = \"tls\"\ntls_ca = \"{folder}/ca.pem\"\n\
                 tls_certificate = \"{folder}/client.pem\"\ntls_key = \"{folder}/client.key\"";
    let site = Site::new(by_tls(MUTUAL, trunk));
    let authority = Authority::new(site.folder(), "ca");
    authority.issue(site.folder(), "server", certificates::address(site.address()));
    authority.issue(site.folder(), "client", certificates::sip_domain("client.test"));
    arrives(&site).await;
}

/// A site that only a peer with a certificate for `client.test` may call, and that calls itself with one for another domain or this.
fn certified(domain: &str) -> Site {
    let trunk = "transport = \"tls\"\ntls_ca = \"{folder}/ca.pem\"\n\
                 tls_certificate = \"{folder}/client.pem\"\ntls_key = \"{folder}/client.key\"";
    let sip = format!("{MUTUAL}\nallowed_peers = [\"192.0.2.1/32\"]").leak();
    let more = format!("{ONE_TRY}[[peer]]\nname = \"pbx\"\ncertificates = [\"client.test\"]\n").leak();
    let site = Site::new(Wishes { more, ..by_tls(sip, trunk) });
    let authority = Authority::new(site.folder(), "ca");
    authority.issue(site.folder(), "server", certificates::address(site.address()));
    authority.issue(site.folder(), "client", certificates::sip_domain(domain));
    site
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_is_known_by_the_name_in_its_certificate_wherever_it_calls_from() {
    arrives(&certified("client.test")).await;
    assert_eq!(fails(&certified("other.test")).await, Some(Cause::TrunkDown), "trusted, but nobody's peer");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_shows_none_is_not_let_in() {
    let site = Site::new(by_tls(MUTUAL, "transport = \"tls\"\ntls_ca = \"{folder}/ca.pem\""));
    Authority::new(site.folder(), "ca").issue(site.folder(), "server", certificates::address(site.address()));
    assert_eq!(fails(&site).await, Some(Cause::TrunkDown));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_of_another_authority_or_another_name_is_not_believed() {
    let trunk = "transport = \"tls\"\ntls_ca = \"{folder}/ca.pem\"";
    let site = Site::new(by_tls(SERVER, trunk));
    Authority::new(site.folder(), "ca");
    Authority::new(site.folder(), "other").issue(site.folder(), "server", certificates::address(site.address()));
    assert_eq!(fails(&site).await, Some(Cause::TrunkDown));

    let site = Site::new(by_tls(SERVER, trunk));
    let domain = certificates::sip_domain("other.test");
    Authority::new(site.folder(), "ca").issue(site.folder(), "server", domain);
    assert_eq!(fails(&site).await, Some(Cause::TrunkDown));

    // Only who says so in so many words believes anybody.
    let site = Site::new(by_tls(SERVER, "transport = \"tls\"\ntls_verify = false"));
    let domain = certificates::sip_domain("other.test");
    Authority::new(site.folder(), "ca").issue(site.folder(), "server", domain);
    arrives(&site).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn certificates_are_read_again_on_a_reload() {
    let site = Site::new(by_tls(SERVER, "transport = \"tls\"\ntls_ca = \"{folder}/ca.pem\""));
    let address = certificates::address(site.address());
    let authority = Authority::new(site.folder(), "ca");
    Authority::new(site.folder(), "other").issue(site.folder(), "server", address.clone());
    let server = start(&site).await;
    let first = fax(&server).await;
    assert_eq!(first.job.cause, Some(Cause::TrunkDown), "{:?}", first.attempts);
    authority.issue(site.folder(), "server", address);
    server.reload(&site.config()).await.expect("sound");
    let second = fax_after(&server, 1).await;
    assert_eq!(second.job.cause, Some(Cause::Sent), "{:?}", second.attempts);
    server.drain(Duration::ZERO).await;
}

/// The INVITE that comes to a trunk of the test's own, and the answer 486 to it.
fn busy(invite: &str) -> String {
    let mut answer = "SIP/2.0 486 Busy Here\r\n".to_owned();
    for line in invite.lines().take_while(|line| !line.is_empty()) {
        if ["Via:", "From:", "Call-ID:", "CSeq:"].iter().any(|name| line.starts_with(name)) {
            answer += &format!("{line}\r\n");
        } else if line.starts_with("To:") {
            answer += &format!("{line};tag=busy\r\n");
        }
    }
    answer + "Content-Length: 0\r\n\r\n"
}

/// The next INVITE of a stream, which is answered 486.
async fn refused(stream: &mut TcpStream) -> String {
    let mut octets = vec![0; 10_000];
    let mut length = 0;
    loop {
        let text = String::from_utf8_lossy(&octets[..length]).into_owned();
        if let Some(invite) = text.find("INVITE sip:").map(|at| &text[at..]).filter(|text| text.contains("\r\n\r\nv=0"))
        {
            stream.write_all(busy(invite).as_bytes()).await.expect("written");
            return invite.to_owned();
        }
        let read = tokio::time::timeout(PATIENCE, stream.read(&mut octets[length..])).await.expect("in time");
        let read = read.expect("octets");
        assert!(read > 0, "closed after {text}");
        length += read;
    }
}

/// A name for User-Agent that makes every request too large for a datagram.
fn large() -> &'static str {
    format!("user_agent = \"{}\"", "faxramp ".repeat(120).trim_end()).leak()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_invite_moves_to_tcp() {
    let site = Site::new(Wishes { sip: large(), proxy: "{address}:5070", more: ONE_TRY, ..Wishes::default() });
    let trunk = TcpListener::bind((site.address(), 5070)).await.expect("a port");
    let server = start(&site).await;
    let call = async {
        let (mut stream, _) = trunk.accept().await.expect("a connection");
        let invite = refused(&mut stream).await;
        (invite, stream)
    };
    let ((invite, _open), job) = tokio::join!(call, fax(&server));
    assert!(invite.contains("Via: SIP/2.0/TCP ") && invite.len() > 1300, "{invite}");
    assert_eq!(job.job.cause, Some(Cause::Busy), "{:?}", job.attempts);
    server.drain(Duration::ZERO).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_connection_serves_call_after_call_and_a_lost_one_is_replaced() {
    let trunk = "transport = \"tcp\"";
    let site = Site::new(Wishes { proxy: "{address}:5070", trunk, more: ONE_TRY, ..Wishes::default() });
    let trunk = TcpListener::bind((site.address(), 5070)).await.expect("a port");
    let server = start(&site).await;
    let calls = async {
        let (mut stream, _) = trunk.accept().await.expect("a connection");
        refused(&mut stream).await;
        refused(&mut stream).await;
        drop(stream);
        let (mut stream, _) = trunk.accept().await.expect("another connection");
        refused(&mut stream).await;
        stream
    };
    let faxes = async {
        for others in 0..3 {
            let job = fax_after(&server, others).await;
            assert_eq!(job.job.cause, Some(Cause::Busy), "{others}: {:?}", job.attempts);
        }
    };
    let (_open, ()) = tokio::join!(calls, faxes);
    server.drain(Duration::ZERO).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_peer_cannot_take_all_connections() {
    let site = Site::new(Wishes::default());
    let server = start(&site).await;
    let mut open = Vec::new();
    for _ in 0..32 {
        let mut stream = TcpStream::connect(site.sip_address()).await.expect("a connection");
        stream.write_all(b"\r\n\r\n").await.expect("written");
        let mut pong = [0; 2];
        stream.read_exact(&mut pong).await.expect("a pong");
        open.push(stream);
    }
    assert_eq!(said(site.sip_address(), b"\r\n\r\n").await, "", "the 33rd is closed");
    drop(open);
    until("there is room again", async || {
        let answer = said(site.sip_address(), b"\r\n\r\n").await;
        (answer == "\r\n").then_some(())
    })
    .await;
    server.drain(Duration::ZERO).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_call_over_a_stream_is_forgotten_as_soon_as_it_is_over() {
    let trunk = "transport = \"tcp\"\noptions_interval = \"0 s\"";
    let site = Site::new(Wishes { proxy: "{address}:5070", trunk, more: ONE_TRY, ..Wishes::default() });
    let listener = TcpListener::bind((site.address(), 5070)).await.expect("a port");
    let server = start(&site).await;
    let call = async {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        let hear = async |stream: &mut TcpStream, what: &str| {
            let mut octets = vec![0; 10_000];
            let length =
                tokio::time::timeout(PATIENCE, stream.read(&mut octets)).await.expect("in time").expect("read");
            let heard = String::from_utf8_lossy(&octets[..length]).into_owned();
            assert!(heard.starts_with(what), "{heard}");
            heard
        };
        let invite = hear(&mut stream, "INVITE ").await;
        stream.write_all(busy(&invite).as_bytes()).await.expect("written");
        hear(&mut stream, "ACK ").await;
        // Nothing is lost on a stream, so nothing is waited for: a request of the call gets the answer of who knows none.
        let header =
            |name: &str| invite.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().to_owned();
        let bye = format!(
            "BYE sip:1@{address} SIP/2.0\r\nVia: SIP/2.0/TCP {address}:5070;branch=z9hG4bKbye\r\nMax-Forwards: 70\r\nFrom:{to};tag=busy\r\n\
             To:{from}\r\nCall-ID:{call}\r\nCSeq: 1 BYE\r\nContent-Length: 0\r\n\r\n",
            address = site.address(),
            to = header("To:"),
            from = header("From:"),
            call = header("Call-ID:")
        );
        stream.write_all(bye.as_bytes()).await.expect("written");
        hear(&mut stream, "SIP/2.0 481 ").await;
        stream
    };
    let (_open, job) = tokio::join!(call, fax(&server));
    assert_eq!(job.job.cause, Some(Cause::Busy), "{:?}", job.attempts);
    server.drain(Duration::ZERO).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_invite_stays_with_udp_where_there_is_no_tcp() {
    let site = Site::new(Wishes { sip: large(), proxy: "{address}:5070", more: ONE_TRY, ..Wishes::default() });
    let trunk = UdpSocket::bind((site.address(), 5070)).await.expect("a port");
    let server = start(&site).await;
    let call = async {
        let mut octets = vec![0; 10_000];
        loop {
            let (length, from) = trunk.recv_from(&mut octets).await.expect("an INVITE");
            let request = String::from_utf8_lossy(&octets[..length]).into_owned();
            // A trunk is asked whether it is there, too.
            if request.starts_with("INVITE ") {
                trunk.send_to(busy(&request).as_bytes(), from).await.expect("sent");
                return request;
            }
        }
    };
    let (invite, job) = tokio::join!(call, fax(&server));
    assert!(invite.contains("Via: SIP/2.0/UDP ") && invite.len() > 1300, "{invite}");
    assert_eq!(job.job.cause, Some(Cause::Busy), "{:?}", job.attempts);
    server.drain(Duration::ZERO).await;
}

/// A site whose trunk is a name in a name server of the test's own.
async fn named(records: &[(&str, Record)], trunk: &'static str) -> (Site, NameServer) {
    let mut site = Site::new(Wishes { proxy: "sip.carrier.test", trunk, more: ONE_TRY, ..Wishes::default() });
    let names = NameServer::start(site.address(), records).await;
    site.wishes.sip = format!("name_servers = [\"{}\"]", names.address).leak();
    (site, names)
}

fn records(site: IpAddr) -> Vec<(&'static str, Record)> {
    vec![
        ("sip.carrier.test", Record::Pointer(10, "SIP+D2T", "_sip._tcp.carrier.test")),
        ("_sip._tcp.carrier.test", Record::Server(1, 5062, "live.carrier.test")),
        // Nobody listens there.
        ("_sip._tcp.carrier.test", Record::Server(0, 9, "dead.carrier.test")),
        ("dead.carrier.test", Record::Address(site)),
        ("live.carrier.test", Record::Address(site)),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_first_server_of_a_name_is_dead_the_second_takes_the_call() {
    let mut site = Site::new(Wishes { proxy: "sip.carrier.test", more: ONE_TRY, ..Wishes::default() });
    let names = NameServer::start(site.address(), &records(site.address())).await;
    site.wishes.sip = format!("name_servers = [\"{}\"]", names.address).leak();
    arrives(&site).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_nobody_knows_is_a_trunk_that_is_down_and_stops_no_server() {
    let (site, _names) = named(&[], "").await;
    assert_eq!(fails(&site).await, Some(Cause::TrunkDown));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_that_was_found_once_is_remembered_while_the_name_service_is_silent() {
    let localhost = Place { host: Host::Name("localhost".into()), port: Some(5060), transport: None };
    let names = Names::new(&["127.0.0.1:9".parse().expect("an address")]).expect("settings");
    let found = names.locate(&localhost, 1).await.expect("the machine itself");
    assert!(found.iter().all(|located| located.address.ip().is_loopback()), "{found:?}");

    let carrier = |name: &str| Place { host: Host::Name(name.into()), port: None, transport: None };
    let server = NameServer::start([127, 0, 0, 1].into(), &records([192, 0, 2, 1].into())).await;
    let names = Names::new(&[server.address]).expect("settings");
    let before = names.locate(&carrier("sip.carrier.test"), 1).await.expect("two servers");
    let words: Vec<String> = before.iter().map(|found| format!("{} {}", found.transport, found.address)).collect();
    assert_eq!(words, ["TCP 192.0.2.1:9", "TCP 192.0.2.1:5062"]);
    drop(server);
    assert_eq!(names.locate(&carrier("sip.carrier.test"), 1).await, Ok(before));
    let other = names.locate(&carrier("sip.other.test"), 1).await;
    assert!(matches!(other, Err(LocateError::NoAnswer { .. })), "{other:?}");
}

/// One request by a stream, and what comes back within a while.
async fn said(address: SocketAddr, octets: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    // A stream that is closed at once may be gone before anything is written.
    let _ = stream.write_all(octets).await;
    let mut answer = vec![0; 10_000];
    let read = tokio::time::timeout(PATIENCE, stream.read(&mut answer)).await.expect("in time");
    let length = read.unwrap_or(0);
    String::from_utf8_lossy(&answer[..length]).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_is_kept_alive_answered_and_closed_when_it_is_no_sip() {
    let site = Site::new(Wishes::default());
    let server = start(&site).await;
    let options = "OPTIONS sip:h SIP/2.0\r\nVia: SIP/2.0/TCP 192.0.2.1;branch=z9hG4bK1\r\nFrom: <sip:a@h>;tag=f\r\nTo: <sip:h>\r\n\
                   Call-ID: c\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n";
    assert!(said(site.sip_address(), options.as_bytes()).await.starts_with("SIP/2.0 200 "), "OPTIONS");
    assert_eq!(said(site.sip_address(), b"\r\n\r\n").await, "\r\n");
    assert_eq!(said(site.sip_address(), b"GET / HTTP/1.1\r\n\r\n").await, "", "closed");
    server.drain(Duration::ZERO).await;
}
