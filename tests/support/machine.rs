//! A fax machine at the far end that takes less than we do: it answers at an address of its own and keeps the pages it gets.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use faxramp::app;
use faxramp::call::{
    Ask, Call, Codec, InboundSettings, MediaAddresses, PageFormat, Progress, ReceivedPage, T38Policy, Verdict,
};
use faxramp::clock;
use faxramp::image::{Bitmap, DecodeLimits, decode};
use faxramp::io::call::{CallOwner, Wish, run};
use faxramp::io::media::MediaPorts;
use faxramp::io::sip::{Arrived, Port, SipSocket};
use faxramp::io::tls::TlsSettings;
use faxramp::sip::{CallSettings, EndpointSettings, Router, Transport};
use faxramp::stage::line;
use faxramp::stage::settings::Fax;
use faxramp::t30::ReceiverSettings;
use tokio::net::UdpSocket;
use tokio::sync::watch;

use super::site::Site;

/// Longest call, and longest page in rows.
const CALL_LIMIT: Duration = Duration::from_secs(120);
const MAX_ROWS: u32 = 20_000;
const FIRST_PORT: u16 = 42_000;
const LAST_PORT: u16 = 42_999;

/// See above. It answers as long as the runtime lives.
pub(crate) struct Machine {
    pages: Arc<Kept>,
}

#[derive(Default)]
struct Kept(Mutex<Vec<(PageFormat, Bitmap)>>);

impl Machine {
    /// A machine at `address` that receives as `lessen` leaves it.
    pub(crate) async fn new(site: &Site, address: SocketAddr, lessen: fn(&mut ReceiverSettings)) -> Self {
        let settings = app::settings(&site.config()).unwrap_or_else(|error| panic!("{error}"));
        let port = Port { transport: Transport::Udp, address };
        let router = Router::new("machine");
        let opened = SipSocket::open_ports(&[port], router, TlsSettings::default(), |bound| bound).await;
        let sip = opened.expect("an address of its own");
        let ports = Arc::new(MediaPorts::new(FIRST_PORT, LAST_PORT));
        let pages = Arc::new(Kept::default());
        let (fax, kept) = (settings.receive.fax, Arc::clone(&pages));
        tokio::spawn(async move {
            let mut calls = sip.listen();
            while let Some(arrived) = calls.recv().await {
                let way = (sip.clone(), Arc::clone(&ports));
                tokio::spawn(answer(way, fax.clone(), lessen, arrived, Arc::clone(&kept)));
            }
        });
        Self { pages }
    }

    /// The pages it got so far.
    pub(crate) fn pages(&self) -> Vec<(PageFormat, Bitmap)> {
        self.pages.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn answer(
    (sip, ports): (SipSocket, Arc<MediaPorts>),
    fax: Fax,
    lessen: fn(&mut ReceiverSettings),
    arrived: Arrived,
    kept: Arc<Kept>,
) {
    let own = sip.addresses().iter().next().expect("its only address").bound.ip();
    let sockets = ports.bind(own).await.expect("ports");
    let address = |socket: &UdpSocket| socket.local_addr().expect("bound");
    let media = MediaAddresses { audio: address(&sockets.audio), t38: address(&sockets.t38) };
    let mut answerer = line::answerer(&fax, "+39 06 1111", Vec::new());
    lessen(&mut answerer.receive);
    let settings = InboundSettings {
        line: line::settings(&fax, media, vec![Codec::Pcma], CALL_LIMIT),
        endpoint: EndpointSettings {
            local: sip.addresses().clone(),
            contact_user: "machine".into(),
            user_agent: "machine".into(),
            credentials: None,
            calls: CallSettings::default(),
        },
        answer_after: Duration::ZERO,
        t38: T38Policy { ask: Ask::After(Duration::from_millis(1200)), ..T38Policy::default() },
        fax: answerer,
    };
    let Some(call) = Call::inbound(settings, &arrived.message, arrived.source, 7, clock::now()) else { return };
    let (_hang_up, wanted_end) = watch::channel(Wish::default());
    run(call, sockets, sip, wanted_end, kept, None).await;
}

impl CallOwner for Kept {
    async fn page(&self, _document: usize, _index: u32, _format: PageFormat) -> Result<Arc<[u8]>, String> {
        Err("it has nothing to be fetched".into())
    }

    async fn received(&self, page: ReceivedPage) -> Verdict {
        let width = page.format.width.pels(page.format.resolution);
        let decoded = decode(&page.bits, page.format.compression, width, DecodeLimits { max_rows: MAX_ROWS });
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push((page.format, decoded.bitmap));
        Verdict::Good
    }

    fn confirmed(&self, _document: usize, _pages: u32) {}

    fn progress(&self, _progress: &Progress) {}
}
