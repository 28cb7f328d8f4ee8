//! A fax machine at the far end that takes less than we do: it answers at an address of its own and keeps the pages it gets.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use faxramp::app;
use faxramp::call::{Ask, Call, Codec, InboundSettings, PageFormat, Progress, ReceivedPage, T38Policy, Verdict};
use faxramp::clock;
use faxramp::image::{Bitmap, DecodeLimits, decode};
use faxramp::io::call::{CallOwner, MediaPorts, run};
use faxramp::io::sip::{Arrived, SipSocket};
use faxramp::sip::{CallSettings, EndpointSettings, LocalAddress, LocalAddresses, Router, Transport};
use faxramp::spool::Traces;
use faxramp::stage::line::{self, Line};
use faxramp::stage::settings::Fax;
use faxramp::stage::trace::Recorder;
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
        let settings = app::settings(&site.config()).await.unwrap_or_else(|error| panic!("{error}"));
        let socket = UdpSocket::bind(address).await.expect("an address of its own");
        let sip = SipSocket::new(socket, Router::new("machine")).expect("bound");
        let own = LocalAddress { transport: Transport::Udp, bound: address, advertised: address };
        let recorder = Recorder::new(Traces::at(&site.folder().join("machine"))).expect("a thread");
        let ports = MediaPorts::new(address.ip(), FIRST_PORT, LAST_PORT);
        let line = Line::new(sip, ports, LocalAddresses::new(own, []), false, recorder);
        let pages = Arc::new(Kept::default());
        let (fax, kept) = (settings.receive.fax, Arc::clone(&pages));
        tokio::spawn(async move {
            let mut calls = line.sip.listen();
            while let Some(arrived) = calls.recv().await {
                tokio::spawn(answer(line.clone(), fax.clone(), lessen, arrived, Arc::clone(&kept)));
            }
        });
        Self { pages }
    }

    /// The pages it got so far.
    pub(crate) fn pages(&self) -> Vec<(PageFormat, Bitmap)> {
        self.pages.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn answer(line: Line, fax: Fax, lessen: fn(&mut ReceiverSettings), arrived: Arrived, kept: Arc<Kept>) {
    let sockets = line.ports.bind().await.expect("ports");
    let media = line.media(&sockets, &arrived.source.back()).expect("bound");
    let mut answerer = line::answerer(&fax, "+39 06 1111", Vec::new());
    lessen(&mut answerer.receive);
    let settings = InboundSettings {
        line: line::settings(&fax, media, vec![Codec::Pcma], CALL_LIMIT),
        endpoint: EndpointSettings {
            local: line.addresses.clone(),
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
    let (_hang_up, wanted_end) = watch::channel(None);
    run(call, sockets, line.sip, wanted_end, kept, None).await;
}

impl CallOwner for Kept {
    async fn page(&self, _index: u32, _format: PageFormat) -> Result<Arc<[u8]>, String> {
        Err("it has nothing to be fetched".into())
    }

    async fn received(&self, page: ReceivedPage) -> Verdict {
        let width = page.format.width.pels(page.format.resolution);
        let decoded = decode(&page.bits, page.format.compression, width, DecodeLimits { max_rows: MAX_ROWS });
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push((page.format, decoded.bitmap));
        Verdict::Good
    }

    fn confirmed(&self, _pages: u32) {}

    fn progress(&self, _progress: &Progress) {}
}
