//! One of our calls with whoever drives it: sockets' addresses, the owner of the pages, and what must hold of every output.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::call::{
    Ask, Call, Codec, Ending, InboundSettings, Input, LineSettings, MEDIA_TIMEOUT, MediaAddresses, OutboundSettings,
    Output, PageFormat, Progress, ReceivedPage, T38Policy, Verdict,
};
use crate::model::{Compression, Resolution, Width};
use crate::signal::Modulation;
use crate::sip::{CallSettings, Destination, EndpointSettings, Invitation, LocalAddresses, Transport, Uri};
use crate::t30::capability::Length;
use crate::t30::ecm::FrameSize;
use crate::t30::{
    AnswererSettings, Document, DocumentToSend, Errand, PageShape, PollSettings, ReceiverSettings, RtnMeaning,
    SenderSettings, Transport as Carrier,
};
use crate::t38::{ErrorCorrection, Pacing};

pub(super) const CALLER: usize = 0;
pub(super) const CALLEE: usize = 1;

/// Pages of every fax here.
pub(super) const PAGES: u32 = 3;
/// Octets of a coded page: more than one datagram, less than a block.
pub(super) const PAGE_OCTETS: usize = 4000;
/// One input leads to a few outputs; packets held up by a late driver and a finished page are the most.
const MOST_OUTPUTS: usize = 64;

pub(super) fn sip_address(side: usize) -> SocketAddr {
    at(side, 5060)
}

pub(super) fn at(side: usize, port: u16) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 1 + u8::try_from(side).unwrap()], port))
}

pub(super) fn endpoint(side: usize) -> EndpointSettings {
    EndpointSettings {
        local: LocalAddresses::single(Transport::Udp, sip_address(side)),
        contact_user: format!("party{side}"),
        user_agent: "faxramp".into(),
        credentials: None,
        calls: CallSettings::default(),
    }
}

pub(super) fn line(side: usize) -> LineSettings {
    LineSettings {
        media: MediaAddresses { audio: at(side, 4000), t38: at(side, 4002) },
        codecs: vec![Codec::Pcma, Codec::Pcmu],
        error_correction: ErrorCorrection::Redundancy,
        control_redundancy: 4,
        image_redundancy: 3,
        pacing: Pacing::Modem,
        max_rate: 14_400,
        srtp: None,
        media_timeout: MEDIA_TIMEOUT,
        call_limit: Duration::from_secs(1800),
    }
}

/// A policy to ask for T.38 after a wait, without which there is no fax.
pub(super) fn asking(wait: Duration) -> T38Policy {
    T38Policy { ask: Ask::After(wait), audio: false, ..T38Policy::default() }
}

/// The same, with audio to fall back to.
pub(super) fn asking_or_audio(wait: Duration) -> T38Policy {
    T38Policy { audio: true, ..asking(wait) }
}

pub(super) fn outbound() -> OutboundSettings {
    let page = PageShape { width: Width::A4, resolution: Resolution::Fine, rows: 2292 };
    OutboundSettings {
        line: line(CALLER),
        endpoint: endpoint(CALLER),
        invitation: Invitation {
            from: Uri::parse("sip:+3902@192.0.2.1").unwrap(),
            from_name: None,
            to: Uri::parse("sip:2000@192.0.2.2").unwrap(),
            request_uri: Uri::parse("sip:2000@192.0.2.2").unwrap(),
            targets: vec![Destination::udp(sip_address(CALLEE))],
            headers: Vec::new(),
            body: Vec::new(),
            fallback: None,
        },
        response_timeout: Duration::from_secs(6),
        answer_timeout: Duration::from_secs(60),
        t38: asking(Duration::from_secs(8)),
        fax: Errand::Send(SenderSettings {
            station_id: "+39 02 1234567".into(),
            documents: vec![DocumentToSend::of(vec![page; PAGES as usize])],
            ecm: true,
            compressions: vec![Compression::Mh, Compression::Mr, Compression::Mmr],
            max_modulation: Modulation::V17At14400,
            transport: Carrier::InternetAware,
            send_cng: true,
            frame_size: FrameSize::Octets256,
            rtn: RtnMeaning::default(),
        }),
    }
}

pub(super) fn inbound() -> InboundSettings {
    InboundSettings {
        line: line(CALLEE),
        endpoint: endpoint(CALLEE),
        answer_after: Duration::ZERO,
        t38: asking(Duration::from_secs(2)),
        fax: AnswererSettings { receive: taking(), documents: Vec::new() },
    }
}

/// What a caller does that sends.
pub(super) fn sending(settings: &mut OutboundSettings) -> &mut SenderSettings {
    match &mut settings.fax {
        Errand::Send(send) | Errand::SendThenPoll(send, _) => send,
        Errand::Poll(_) => panic!("it only fetches"),
    }
}

/// What a caller does that fetches.
pub(super) fn fetching(password: Option<&str>) -> PollSettings {
    PollSettings { receive: taking(), selective: None, password: password.map(str::to_owned), send_cng: true }
}

/// An answerer with a document to be fetched.
pub(super) fn offering(password: Option<&str>) -> InboundSettings {
    let page = PageShape { width: Width::A4, resolution: Resolution::Fine, rows: 2292 };
    let pages = vec![page; PAGES as usize];
    let document = Document { pages, selective: None, password: password.map(str::to_owned) };
    InboundSettings { fax: AnswererSettings { receive: taking(), documents: vec![document] }, ..inbound() }
}

/// What an end takes that receives.
pub(super) fn taking() -> ReceiverSettings {
    ReceiverSettings {
        station_id: "+1 555 3000".into(),
        ecm: true,
        max_modulation: Modulation::V17At14400,
        widest: Width::A4,
        finest: Resolution::Superfine,
        longest: Length::Unlimited,
        compressions: vec![Compression::Mh, Compression::Mr, Compression::Mmr],
        row_time_ms: 0,
        non_standard_facilities: Vec::new(),
        sub_address: false,
        transport: Carrier::InternetAware,
        send_ced: true,
    }
}

/// Page `index` as coded: not compressible, and other than any other.
pub(super) fn page_bits(index: u32) -> Arc<[u8]> {
    let mut state = u64::from(index) * 7919 + 12345;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40).to_le_bytes()[0] | 1
    };
    (0..PAGE_OCTETS).map(|_| next()).collect()
}

/// Whether a received page is page `index`, with nothing but the filling of its last frame behind it.
pub(super) fn is_page(page: &ReceivedPage, index: u32) -> bool {
    let sent = page_bits(index);
    let behind = page.bits.get(sent.len()..);
    // Without error correction what is behind the page is what a modem made of the end of the carrier.
    let is_filling = |behind: &[u8]| !page.format.ecm || behind.iter().all(|octet| *octet == 0);
    page.bits.starts_with(&sent) && behind.is_some_and(is_filling)
}

/// One of our calls.
pub(super) struct Party {
    pub(super) call: Call,
    pub(super) ending: Option<Ending>,
    pub(super) finished_at: Option<Instant>,
    /// When its line was free for the next call.
    pub(super) free_at: Option<Instant>,
    /// Pages confirmed before the call.
    pub(super) earlier: u32,
    /// Pages confirmed, as told.
    pub(super) confirmed: u32,
    pub(super) formats: Vec<(u32, PageFormat)>,
    pub(super) received: Vec<ReceivedPage>,
    /// Pages for which the far end may have had a confirmation.
    pub(super) judged_good: u32,
    /// Words for what happened, for messages of failing tests.
    pub(super) story: Vec<String>,
    /// When the fax got on, in words.
    pub(super) timeline: Vec<(Instant, String)>,
}

impl Party {
    pub(super) fn new(call: Call) -> Self {
        Self {
            call,
            ending: None,
            finished_at: None,
            free_at: None,
            earlier: 0,
            confirmed: 0,
            formats: Vec::new(),
            received: Vec::new(),
            judged_good: 0,
            story: Vec::new(),
            timeline: Vec::new(),
        }
    }

    /// When the outcome was told.
    pub(super) fn ended_at(&self) -> Option<Instant> {
        self.timeline.iter().find(|(_, what)| what.starts_with("ended: ")).map(|(at, _)| *at)
    }

    pub(super) fn ended(&self) -> &Ending {
        self.ending.as_ref().unwrap_or_else(|| panic!("no outcome: {:?}", self.story))
    }

    /// Where its T.38 packets come from.
    pub(super) fn t38_address(&self) -> SocketAddr {
        self.call.line.media.t38
    }

    pub(super) fn handle(&mut self, input: Input<'_>, now: Instant) -> Vec<Output> {
        let is_timeout = matches!(input, Input::Timeout);
        self.call.handle(input, now);
        let outputs = self.drain(now);
        if is_timeout {
            let next = self.call.deadline();
            assert!(next.is_none_or(|next| next > now), "a deadline stays in the past: {:?}", self.story);
        }
        outputs
    }

    /// Takes what the call says and checks what must hold of it.
    pub(super) fn drain(&mut self, now: Instant) -> Vec<Output> {
        let outputs: Vec<Output> = std::iter::from_fn(|| self.call.poll()).collect();
        assert!(outputs.len() <= MOST_OUTPUTS, "{} outputs at once: {:?}", outputs.len(), self.story);
        for output in &outputs {
            assert!(self.finished_at.is_none(), "{output:?} after the end: {:?}", self.story);
            self.note_time(output, now);
            match output {
                Output::Confirmed { pages, .. } => {
                    assert_eq!(*pages, self.confirmed + 1, "pages are confirmed one by one: {:?}", self.story);
                    assert!(self.ending.is_none(), "a page is confirmed after the outcome");
                    self.confirmed = *pages;
                }
                Output::Polled { document } => self.story.push(format!("document {document} is fetched")),
                Output::NeedPage { index, format, .. } => self.formats.push((*index, *format)),
                Output::PageReceived(page) => {
                    assert!(self.ending.is_none(), "a page comes after the outcome");
                    self.received.push(page.clone());
                }
                Output::DocumentOver(over) => self.story.push(format!("document over {:?}", over.outcome)),
                Output::Ended(ending) => {
                    self.story.push(format!("ended {:?}", ending.outcome));
                    assert!(self.ending.replace(ending.clone()).is_none(), "two outcomes: {:?}", self.story);
                }
                Output::Finished => {
                    assert!(self.ending.is_some(), "the end without an outcome: {:?}", self.story);
                    assert_eq!(self.call.deadline(), None);
                    self.finished_at = Some(now);
                }
                Output::Progress(Progress::Fax(fax)) => self.story.push(format!("{:?} page {}", fax.phase, fax.page)),
                Output::Progress(progress) => self.story.push(format!("{progress:?}")),
                Output::Sip { bytes, .. } => {
                    let line = bytes.split(|octet| *octet == b'\r').next().unwrap_or_default();
                    self.story.push(String::from_utf8_lossy(line).into_owned());
                }
                Output::Resolve { .. } | Output::Audio { .. } | Output::Report { .. } | Output::T38 { .. } => {}
            }
        }
        if self.call.line_is_free() {
            assert!(self.ending.is_some(), "a free line without an outcome: {:?}", self.story);
            self.free_at.get_or_insert(now);
        }
        outputs
    }

    fn note_time(&mut self, output: &Output, now: Instant) {
        let what = match output {
            Output::Progress(Progress::Fax(fax)) => format!("phase {:?}, page {}", fax.phase, fax.page + 1),
            Output::Progress(progress) => format!("{progress:?}"),
            Output::NeedPage { index, .. } => format!("page {} begins", index + 1),
            Output::Confirmed { pages, .. } => format!("page {pages} is confirmed"),
            Output::PageReceived(page) => format!("page {} is here", page.index + 1),
            Output::Polled { document } => format!("document {document} is asked for"),
            Output::DocumentOver(over) => format!("document {} is over", over.document),
            Output::Ended(ending) => format!("ended: {:?}", ending.outcome.cause),
            Output::Finished => "finished".to_owned(),
            Output::Sip { .. }
            | Output::Resolve { .. }
            | Output::Audio { .. }
            | Output::Report { .. }
            | Output::T38 { .. } => return,
        };
        self.timeline.push((now, what));
    }

    pub(super) fn verdict_of(&mut self, page: &ReceivedPage) -> Verdict {
        let good = (0..PAGES).any(|index| is_page(page, index));
        if good && page.wants_verdict {
            self.judged_good += 1;
        }
        if good { Verdict::Good } else { Verdict::Bad }
    }

    /// The pages confirmed to the sender, each with its place in the fax: what a mailbox gets.
    pub(super) fn delivered(&self) -> Vec<u32> {
        let mut delivered = Vec::new();
        for page in self.received.iter().filter(|page| page.wants_verdict) {
            if page.index < self.ended().outcome.pages_confirmed {
                delivered.truncate(page.index as usize);
                delivered.extend((0..PAGES).find(|index| is_page(page, *index)));
            }
        }
        delivered
    }
}
