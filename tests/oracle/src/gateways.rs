//! SpanDSP's T.38 gateway between packets and a telephone line: what stands between most fax servers and most fax machines.
//!
//! [`Phone`] is an end: a gateway, a telephone line of samples, and SpanDSP's fax machine with its modems at it. [`Through`] lets a
//! far end be reached through two gateways with a telephone line between them. Samples flow in ticks of virtual time.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use faxramp::image::Bitmap;
use tempfile::TempDir;

use crate::bindings::{Gateway, Machine};
use crate::end::End;
use crate::link::Link;
use crate::path::{Path, PathSettings};
use crate::their_settings::{completion_words, read_pages};
use crate::theirs::{Correction, TICK, TheirSettings, TheirStatistics, real_time, tracing, version};

/// Samples of a tick, 8000 a second.
const TICK_SAMPLES: usize = 160;

/// How a gateway behaves.
#[derive(Clone, Debug)]
pub struct GatewaySettings {
    /// The version of T.38 it speaks.
    pub version: u8,
    /// What it adds to its datagrams.
    pub correction: Correction,
    /// Its `T38FaxMaxDatagram` and ours.
    pub max_datagram_octets: usize,
    /// Whether it lets error correction mode pass.
    pub ecm: bool,
    /// Whether its modems send the tone against talker echo first.
    pub talker_echo_protection: bool,
    /// How long the telephone line delays, each way.
    pub line_delay: Duration,
}

impl Default for GatewaySettings {
    fn default() -> Self {
        Self {
            version: 0,
            correction: Correction::Repeat(3),
            max_datagram_octets: 400,
            ecm: true,
            talker_echo_protection: false,
            line_delay: Duration::ZERO,
        }
    }
}

/// A gateway with its UDPTL.
struct Port {
    gateway: Gateway,
    link: Link,
    /// Packets that SpanDSP could not read.
    unreadable: u32,
}

impl Port {
    fn new(settings: &GatewaySettings) -> Self {
        let gateway = Gateway::new();
        let safe = gateway.safe();
        safe.set_ecm_capability(settings.ecm);
        safe.set_tep_mode(settings.talker_echo_protection);
        safe.get_t38_core_state().expect("a gateway has a T.38 core").set_t38_version(version(settings.version));
        if tracing() {
            gateway.log();
        }
        Self { gateway, link: Link::new(settings.max_datagram_octets, settings.correction, false), unreadable: 0 }
    }

    fn datagram(&mut self, octets: &[u8], now: Instant) {
        self.link.accept(octets, now);
        self.deliver();
    }

    fn run(&mut self, now: Instant) {
        self.link.expire(now);
        self.deliver();
    }

    fn deliver(&mut self) {
        while let Some((octets, number)) = self.link.received() {
            let core = self.gateway.safe().get_t38_core_state().expect("a gateway has a T.38 core");
            if core.rx_ifp_packet(&octets, number).is_err() {
                self.unreadable += 1;
            }
        }
        self.collect();
    }

    fn collect(&mut self) {
        while let Some(packet) = self.gateway.packet() {
            self.link.send(packet.octets, packet.times);
        }
    }

    /// Says a tick of samples to the line.
    fn say(&self) -> Samples {
        let mut samples = [0; TICK_SAMPLES];
        self.gateway.say(&mut samples);
        samples
    }

    /// Hears a tick of samples from the line.
    fn hear(&mut self, mut samples: Samples) {
        self.gateway.hear(&mut samples);
        self.collect();
    }
}

type Samples = [i16; TICK_SAMPLES];

/// One direction of a telephone line.
struct Wire(VecDeque<Samples>);

impl Wire {
    fn new(delay: Duration) -> Self {
        let ticks = usize::try_from(delay.as_millis() / TICK.as_millis()).expect("a second or so");
        Self(std::iter::repeat_n([0; TICK_SAMPLES], ticks).collect())
    }

    /// What comes out when this goes in.
    fn pass(&mut self, samples: Samples) -> Samples {
        self.0.push_back(samples);
        self.0.pop_front().expect("one was just put in")
    }
}

/// A gateway, a telephone line and SpanDSP's fax machine at it.
pub struct Phone {
    port: Port,
    machine: Machine,
    to_machine: Wire,
    to_gateway: Wire,
    settings: TheirSettings,
    folder: TempDir,
    next_tick: Instant,
    busy: Duration,
}

impl Phone {
    /// A machine that begins at `now`.
    ///
    /// # Panics
    /// When SpanDSP does not take a setting, or the disk is full.
    #[must_use]
    pub fn new(settings: TheirSettings, gateway: &GatewaySettings, now: Instant) -> Self {
        let machine = Machine::new(settings.calling);
        let folder = tempfile::tempdir().expect("a folder for TIFF files");
        machine.set_talker_echo_protection(settings.talker_echo_protection);
        let phone = Self {
            port: Port::new(gateway),
            machine,
            to_machine: Wire::new(gateway.line_delay),
            to_gateway: Wire::new(gateway.line_delay),
            settings,
            folder,
            next_tick: now,
            busy: Duration::ZERO,
        };
        phone.settings.configure(phone.machine.procedure(), &phone.file());
        if tracing() {
            phone.machine.procedure().log();
        }
        phone
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("pages.tif")
    }

    /// What it received, read back from its file.
    #[must_use]
    pub fn received(&self) -> Vec<Bitmap> {
        read_pages(&self.file())
    }

    /// SpanDSP's completion code: 0 is good. Nothing while the call goes on.
    #[must_use]
    pub fn completion(&self) -> Option<i32> {
        self.machine.procedure().completion()
    }

    /// The completion code in SpanDSP's words.
    #[must_use]
    pub fn completion_words(&self) -> String {
        completion_words(self.completion())
    }

    /// SpanDSP's own counts.
    #[must_use]
    pub fn statistics(&self) -> TheirStatistics {
        TheirStatistics::of(self.machine.procedure())
    }

    /// Packets that the gateway could not read.
    #[must_use]
    pub const fn unreadable(&self) -> u32 {
        self.port.unreadable
    }
}

impl End for Phone {
    fn datagram(&mut self, octets: &[u8], now: Instant) {
        self.port.datagram(octets, now);
    }

    fn run(&mut self, now: Instant) {
        self.port.run(now);
        while self.next_tick <= now {
            let begun = real_time();
            let mut heard = self.to_machine.pass(self.port.say());
            let mut said = [0; TICK_SAMPLES];
            self.machine.say(&mut said);
            self.machine.hear(&mut heard);
            let said = self.to_gateway.pass(said);
            self.port.hear(said);
            self.busy += begun.elapsed();
            self.next_tick += TICK;
        }
    }

    fn deadline(&self) -> Option<Instant> {
        [Some(self.next_tick), self.port.link.deadline()].into_iter().flatten().min()
    }

    fn sent(&mut self) -> Option<Vec<u8>> {
        self.port.link.sent()
    }

    fn is_over(&self) -> bool {
        self.completion().is_some()
    }

    fn hang_up(&mut self, _now: Instant) {
        if self.completion().is_none() {
            self.machine.procedure().terminate();
        }
    }

    fn busy(&self) -> Duration {
        self.busy
    }
}

/// A far end as it is seen through two gateways with a telephone line between them.
pub struct Through<'a> {
    near: Port,
    far: Port,
    outwards: Wire,
    inwards: Wire,
    /// The network between the far gateway and the far end.
    to_end: Path,
    to_gateway: Path,
    end: &'a mut dyn End,
    next_tick: Instant,
}

impl<'a> Through<'a> {
    /// The way to `end`.
    #[must_use]
    pub fn new(end: &'a mut dyn End, gateways: &GatewaySettings, network: PathSettings, now: Instant) -> Self {
        Self {
            near: Port::new(gateways),
            far: Port::new(gateways),
            outwards: Wire::new(gateways.line_delay),
            inwards: Wire::new(gateways.line_delay),
            // Paths 0 and 1 are those of the call itself.
            to_end: Path::new(network, 2),
            to_gateway: Path::new(network, 3),
            end,
            next_tick: now,
        }
    }
}

impl End for Through<'_> {
    fn datagram(&mut self, octets: &[u8], now: Instant) {
        self.near.datagram(octets, now);
    }

    fn run(&mut self, now: Instant) {
        while let Some(octets) = self.to_gateway.receive(now) {
            self.far.datagram(&octets, now);
        }
        self.near.run(now);
        self.far.run(now);
        while self.next_tick <= now {
            let outwards = self.outwards.pass(self.near.say());
            let inwards = self.inwards.pass(self.far.say());
            self.far.hear(outwards);
            self.near.hear(inwards);
            self.next_tick += TICK;
        }
        while let Some(octets) = self.far.link.sent() {
            self.to_end.send(octets, now);
        }
        while let Some(octets) = self.to_end.receive(now) {
            self.end.datagram(&octets, now);
        }
        self.end.run(now);
        while let Some(octets) = self.end.sent() {
            self.to_gateway.send(octets, now);
        }
    }

    fn deadline(&self) -> Option<Instant> {
        let gateways = [self.near.link.deadline(), self.far.link.deadline(), Some(self.next_tick)];
        let network = [self.to_end.next_arrival(), self.to_gateway.next_arrival(), self.end.deadline()];
        gateways.into_iter().chain(network).flatten().min()
    }

    fn sent(&mut self) -> Option<Vec<u8>> {
        self.near.link.sent()
    }

    fn is_over(&self) -> bool {
        self.end.is_over()
    }

    fn hang_up(&mut self, now: Instant) {
        self.end.hang_up(now);
    }

    fn busy(&self) -> Duration {
        self.end.busy()
    }
}
