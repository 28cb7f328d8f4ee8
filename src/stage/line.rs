//! What dialling and receiving share: the SIP socket, the media ports, and settings in the words of the engines.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::settings::{Fax, SipServer, Srtp, SrtpWish, TrunkLine};
use super::trace::Recorder;
use crate::call::{Codec, LineSettings, MEDIA_TIMEOUT, MediaAddresses, OurProtection};
use crate::io::dns::Names;
use crate::io::media::{MediaPorts, MediaSockets};
use crate::io::sip::SipSocket;
use crate::model::{Compression, FetchRequest, Number, Resolution, Width};
use crate::policy::Route;
use crate::sip::{Destination, EndpointSettings, LocalAddresses, Located, Place, Scheme, TlsPeer, Transport, Uri};
use crate::t30::capability::Length;
use crate::t30::ecm::FrameSize;
use crate::t30::{
    self, AnswererSettings, Document, DocumentToSend, Errand, PollSettings, ReceiverSettings, SenderSettings,
};

/// The way to the telephone network.
#[derive(Clone)]
pub struct Line {
    /// SIP.
    pub sip: SipSocket,
    /// RTP and UDPTL.
    pub ports: Arc<MediaPorts>,
    /// Our SIP addresses, as they are bound and as others see them.
    pub addresses: LocalAddresses,
    /// The name service.
    pub names: Arc<Names>,
    /// Whether the middle of numbers is hidden in logs.
    pub redact: bool,
    /// Writes captures of calls.
    pub recorder: Recorder,
    receptions: Receptions,
}

/// The incoming calls on the line: the peer and the trunk of each.
type Receptions = Arc<Mutex<Vec<(String, Option<String>)>>>;

impl Line {
    /// Joins the sockets.
    #[must_use]
    pub fn new(sip: SipSocket, ports: MediaPorts, names: Names, redact: bool, recorder: Recorder) -> Self {
        let addresses = sip.addresses().clone();
        let (ports, names) = (Arc::new(ports), Arc::new(names));
        Self { sip, ports, addresses, names, redact, recorder, receptions: Arc::default() }
    }

    /// Incoming calls on the line.
    #[must_use]
    pub fn receptions(&self) -> usize {
        self.lock().len()
    }

    /// Incoming calls from a peer.
    #[must_use]
    pub fn receptions_from(&self, peer: &str) -> usize {
        self.lock().iter().filter(|(name, _)| name == peer).count()
    }

    /// Incoming calls that take a channel of a trunk.
    #[must_use]
    pub fn receptions_on(&self, trunk: &str) -> usize {
        self.lock().iter().filter(|(_, name)| name.as_deref() == Some(trunk)).count()
    }

    /// Counts an incoming call of a peer, on its trunk, until the guard is dropped.
    #[must_use]
    pub fn count_reception(&self, peer: &str, trunk: Option<&str>) -> ReceptionCount {
        let counted = (peer.to_owned(), trunk.map(str::to_owned));
        self.lock().push(counted.clone());
        ReceptionCount { all: Arc::clone(&self.receptions), counted }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<(String, Option<String>)>> {
        self.receptions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where a SIP server is now, in the order in which its addresses are to be tried. They are of one family, since the media of a
    /// call are: of the first one that we listen for and the server has.
    ///
    /// # Errors
    /// A sentence that says why there is none.
    pub async fn locate(&self, server: &SipServer, seed: u64) -> Result<Vec<Destination>, String> {
        self.reachable(server, &self.find(server, seed).await?)
    }

    /// All places of a SIP server, those that we have no address towards too.
    ///
    /// # Errors
    /// A sentence that says why there is none.
    pub async fn find(&self, server: &SipServer, seed: u64) -> Result<Vec<Located>, String> {
        self.names.locate(&server.place, seed).await.map_err(|error| error.to_string())
    }

    /// Those of its places that calls go to; see [`Self::locate`].
    ///
    /// # Errors
    /// A sentence that says why there is none.
    pub fn reachable(&self, server: &SipServer, found: &[Located]) -> Result<Vec<Destination>, String> {
        let ours = self.addresses.iter().map(|local| local.bound.is_ipv4());
        let family = ours.into_iter().find(|v4| found.iter().any(|located| located.address.is_ipv4() == *v4));
        let Some(family) = family else {
            return Err(format!("{} has no address of a family that sip.listen has one of", server.place.host));
        };
        let destination = |located: &Located| Destination {
            large: server.large,
            tls: (located.transport == Transport::Tls).then(|| Arc::clone(&server.tls)),
            ..Destination::new(located.transport, located.address)
        };
        Ok(found.iter().filter(|located| located.address.is_ipv4() == family).map(destination).collect())
    }

    /// Where an address leads that this server sent a call to; nowhere when it cannot be found, or only in the open while the call
    /// goes by TLS.
    // RFC 3263 §4.1
    pub async fn locate_elsewhere(&self, server: &SipServer, uri: &Uri, seed: u64) -> Vec<Destination> {
        let Some(host) = uri.host.clone() else { return Vec::new() };
        let transport = match (&uri.scheme, uri.parameters.value("transport")) {
            (Scheme::Sips, _) => Some(Transport::Tls),
            (Scheme::Sip | Scheme::Tel | Scheme::Other(_), Some(name)) => Transport::parse(&name),
            (Scheme::Sip | Scheme::Tel | Scheme::Other(_), None) => server.place.transport,
        };
        if server.place.transport == Some(Transport::Tls) && transport != Some(Transport::Tls) {
            return Vec::new();
        }
        let tls = Arc::new(TlsPeer { domain: host.to_string(), profile: server.tls.profile.clone() });
        let elsewhere = SipServer { place: Place { host, port: uri.port, transport }, large: server.large, tls };
        self.locate(&elsewhere, seed).await.unwrap_or_else(|reason| {
            tracing::info!(%uri, %reason, "a call was sent to an address that cannot be found");
            Vec::new()
        })
    }

    /// Sockets for the media of a call with a far end that is reached by SIP there.
    ///
    /// # Errors
    /// When no port is free.
    pub async fn media_sockets(&self, peer: &Destination) -> std::io::Result<MediaSockets> {
        self.ports.bind(self.addresses.towards(peer).bound.ip()).await
    }

    /// Where the far end is to send media, that is reached by SIP there.
    ///
    /// # Errors
    /// When a socket has no address.
    pub fn media(&self, sockets: &MediaSockets, peer: &Destination) -> std::io::Result<MediaAddresses> {
        let address: IpAddr = self.addresses.towards(peer).advertised.ip();
        let seen =
            |socket: &tokio::net::UdpSocket| socket.local_addr().map(|local| SocketAddr::new(address, local.port()));
        Ok(MediaAddresses { audio: seen(&sockets.audio)?, t38: seen(&sockets.t38)? })
    }

    /// A number as it may stand in the log.
    #[must_use]
    pub fn shown(&self, number: &Number) -> String {
        if self.redact { number.redacted() } else { number.to_string() }
    }
}

/// One incoming call counted.
pub struct ReceptionCount {
    all: Receptions,
    counted: (String, Option<String>),
}

impl Drop for ReceptionCount {
    fn drop(&mut self) {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = all.iter().position(|one| *one == self.counted) {
            all.swap_remove(place);
        }
    }
}

/// Media and T.38 of a call.
#[must_use]
pub fn settings(fax: &Fax, media: MediaAddresses, codecs: Vec<Codec>, call_limit: Duration) -> LineSettings {
    LineSettings {
        media,
        codecs,
        error_correction: fax.error_correction,
        control_redundancy: fax.control_redundancy,
        image_redundancy: fax.image_redundancy,
        pacing: fax.pacing,
        max_rate: fax.max_modulation.bits_per_second(),
        srtp: None,
        media_timeout: MEDIA_TIMEOUT,
        call_limit,
    }
}

/// The protection of a call's audio, where its SIP takes this way.
///
/// # Errors
/// When it must be protected, and whoever reads the SIP could read the keys.
pub fn protection(srtp: Srtp, by: Transport) -> Result<Option<OurProtection>, NoTls> {
    let may_tell = srtp.without_tls || by == Transport::Tls;
    let required = match srtp.wish {
        SrtpWish::Require if !may_tell => return Err(NoTls),
        SrtpWish::Require => true,
        SrtpWish::Offer if may_tell => false,
        SrtpWish::Offer | SrtpWish::Off => return Ok(None),
    };
    Ok(Some(OurProtection { required, chance: super::unpredictable(), number: 0 }))
}

/// SRTP is required of a call whose SIP is not encrypted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("trunk.srtp requires SRTP, and this call's SIP does not go by TLS; see trunk.srtp_without_tls")]
pub struct NoTls;

/// The fax of an outbound call.
#[must_use]
pub fn caller(fax: &Fax, documents: Vec<DocumentToSend>) -> Errand {
    Errand::Send(SenderSettings {
        station_id: fax.station_id.clone(),
        documents,
        ecm: fax.ecm,
        compressions: vec![Compression::Mmr, Compression::Mr, Compression::Mh],
        max_modulation: fax.max_modulation,
        transport: t30::Transport::InternetAware,
        send_cng: true,
        frame_size: if fax.ecm_small_frames { FrameSize::Octets64 } else { FrameSize::Octets256 },
        rtn: fax.rtn,
    })
}

/// The fax of a call that fetches a document.
#[must_use]
pub fn fetcher(fax: &Fax, request: &FetchRequest) -> Errand {
    Errand::Poll(PollSettings {
        receive: receiver(fax, &fax.station_id),
        selective: request.selective.clone(),
        password: request.password.as_ref().map(|password| password.reveal().to_owned()),
        send_cng: true,
    })
}

/// The fax of an inbound call, in which these documents may be fetched.
#[must_use]
pub fn answerer(fax: &Fax, station_id: &str, documents: Vec<Document>) -> AnswererSettings {
    AnswererSettings { receive: receiver(fax, station_id), documents }
}

fn receiver(fax: &Fax, station_id: &str) -> ReceiverSettings {
    ReceiverSettings {
        station_id: station_id.to_owned(),
        non_standard_facilities: fax.non_standard_facilities.clone(),
        ecm: fax.ecm,
        max_modulation: fax.max_modulation,
        widest: Width::A3,
        finest: Resolution::Dots400,
        longest: Length::Unlimited,
        compressions: vec![Compression::Mmr, Compression::Mr, Compression::Mh],
        transport: t30::Transport::InternetAware,
        send_ced: true,
        row_time_ms: 0,
        sub_address: true,
    }
}

/// Our own side of an outbound call.
#[must_use]
pub fn endpoint(trunk: &TrunkLine, route: &Route, user_agent: &str, local: LocalAddresses) -> EndpointSettings {
    // Where we are registered, calls within a dialog come to the user that is registered.
    let user = trunk.registration.as_ref().map(|registration| registration.user.clone());
    EndpointSettings {
        local,
        contact_user: user.or_else(|| route.caller.clone()).unwrap_or_default(),
        user_agent: user_agent.to_owned(),
        credentials: trunk.credentials.clone(),
        calls: trunk.calls,
    }
}
