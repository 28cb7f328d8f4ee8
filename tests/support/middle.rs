//! What stands between the server and a far end and harms T.38: it passes on SIP and the datagrams of one call at a time, whose
//! descriptions it writes itself into.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};

use faxramp::signal::Modulation;
use faxramp::t38::ifp::{DataKind, FieldKind, Grammar, Packet};
use faxramp::t38::udptl::{Datagram, Recovery};
use tokio::net::UdpSocket;
use tokio::task::JoinHandle;

/// It is gone when dropped. The calls through it begin with T.38.
pub(crate) struct Middle(JoinHandle<()>);

impl Drop for Middle {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Where the media of the two sides are.
#[derive(Default)]
struct Ends {
    server: Option<SocketAddr>,
    far: Option<SocketAddr>,
}

impl Middle {
    /// Calls to `at` go on to `far`, which must be on the same address; training checks over V.17 arrive spoilt.
    pub(crate) async fn without_v17(at: SocketAddr, far: SocketAddr) -> Self {
        let bind = async |address: (IpAddr, u16)| UdpSocket::bind(address).await.expect("a socket");
        let sip = bind((at.ip(), at.port())).await;
        let [to_server, to_far] = [bind((at.ip(), 0)).await, bind((at.ip(), 0)).await].map(Arc::new);
        let ports = [&to_server, &to_far].map(|socket| socket.local_addr().expect("bound").port());
        let ends: Arc<Mutex<Ends>> = Arc::default();
        Self(tokio::spawn(async move {
            let known = Arc::clone(&ends);
            let from_server = pass_on(&to_server, &to_far, |octets| {
                (known.lock().expect("ends").far, spoilt(octets).unwrap_or_else(|| octets.to_vec()))
            });
            let known = Arc::clone(&ends);
            let from_far = pass_on(&to_far, &to_server, |octets| (known.lock().expect("ends").server, octets.to_vec()));
            tokio::join!(signal(&sip, far, ports, &ends), from_server, from_far);
        }))
    }
}

/// Passes SIP on between whoever calls and `far`.
async fn signal(sip: &UdpSocket, far: SocketAddr, [towards_server, towards_far]: [u16; 2], ends: &Mutex<Ends>) {
    let mut caller = None;
    let mut buffer = vec![0; 65_535];
    loop {
        let Ok((length, source)) = sip.recv_from(&mut buffer).await else { continue };
        let message = String::from_utf8(buffer[..length].to_vec()).expect("SIP is text");
        let is_far = source == far;
        let (message, port) = described(&message, if is_far { towards_server } else { towards_far });
        let media = port.map(|port| SocketAddr::new(source.ip(), port));
        let to = if is_far { caller } else { Some(far) };
        {
            let mut ends = ends.lock().expect("ends");
            let end = if is_far { &mut ends.far } else { &mut ends.server };
            *end = media.or(*end);
        }
        if !is_far {
            caller = Some(source);
        }
        if let Some(to) = to {
            sip.send_to(message.as_bytes(), to).await.expect("sent");
        }
    }
}

/// The message with another port for T.38, and the port it had. Both have as many digits, so its length stays.
fn described(message: &str, port: u16) -> (String, Option<u16>) {
    const MEDIUM: &str = "m=image ";
    let Some(at) = message.find(MEDIUM).map(|at| at + MEDIUM.len()) else { return (message.to_owned(), None) };
    let (before, rest) = message.split_at(at);
    let end = rest.find(' ').expect("a port");
    let ours = port.to_string();
    assert_eq!(ours.len(), end, "another port would change the length");
    (format!("{before}{ours}{}", &rest[end..]), Some(rest[..end].parse().expect("a port")))
}

async fn pass_on(from: &UdpSocket, by: &UdpSocket, mut judge: impl FnMut(&[u8]) -> (Option<SocketAddr>, Vec<u8>)) {
    let mut buffer = vec![0; 65_535];
    loop {
        let Ok((length, _)) = from.recv_from(&mut buffer).await else { continue };
        if let (Some(to), octets) = judge(&buffer[..length]) {
            by.send_to(&octets, to).await.expect("sent");
        }
    }
}

/// A datagram whose primary packet has bits of V.17 outside error correction, with others in their place, and nothing to rebuild them
/// from.
fn spoilt(octets: &[u8]) -> Option<Vec<u8>> {
    let datagram = Datagram::decode(octets).ok()?;
    let mut packet = Packet::decode(datagram.primary, Grammar::Version0).ok()?;
    let is_v17 =
        |kind: DataKind| matches!(kind, DataKind::Fast(modulation) if Modulation::has_short_training(modulation));
    if let Packet::Data { kind, fields } = &mut packet
        && is_v17(*kind)
    {
        for field in fields.iter_mut().filter(|field| field.kind == FieldKind::T4NonEcmData) {
            field.data.fill(0xA5);
        }
    }
    let primary = packet.encode(Grammar::Version0);
    Some(Datagram { primary: &primary, recovery: Recovery::Secondaries(Vec::new()), ..datagram }.encode())
}
