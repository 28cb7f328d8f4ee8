//! A gateway is between: SpanDSP's, which plays what it gets by T.38 with modems into a telephone line.

use std::time::Duration;

use faxramp::image::tiff::FaxPage;
use faxramp::model::{Cause, Compression, Resolution, Width};
use faxramp::signal::Modulation;
use faxramp::t30::{ReceiverSettings, SenderSettings};
use faxramp::t38::{self, ErrorCorrection};
use faxramp_oracle::call::{self, CallReport};
use faxramp_oracle::gateways::{GatewaySettings, Phone, Through};
use faxramp_oracle::ours::{Ours, answerer_settings, caller_settings};
use faxramp_oracle::pages::{self, Picture};
use faxramp_oracle::path::PathSettings;
use faxramp_oracle::theirs::{Correction, TheirSettings};

use crate::common::{Run, Verdict, all_exact, base, ensure};

/// A page of text and a strip of halftone: enough to be several seconds of any modem, little enough for a large matrix.
fn two(resolution: Resolution, seed: u64) -> Vec<FaxPage> {
    let mut page = pages::draw(Picture::Text, Width::A4, resolution, seed);
    page.bitmap = top(&page, 250 * resolution.factor());
    let mut strip = pages::draw(Picture::Dithered, Width::A4, resolution, seed);
    strip.bitmap = top(&strip, 20);
    vec![page, strip]
}

fn top(page: &FaxPage, rows: u32) -> faxramp::image::Bitmap {
    let mut bitmap = faxramp::image::Bitmap::white(page.bitmap.width(), rows);
    for row in 0..rows {
        bitmap.row_mut(row).copy_from_slice(page.bitmap.row(row));
    }
    bitmap
}

struct Setup {
    ours_t38: t38::Settings,
    theirs: TheirSettings,
    gateway: GatewaySettings,
    path: PathSettings,
    pages: Vec<FaxPage>,
    ecm: bool,
    compressions: Vec<Compression>,
    fastest: Modulation,
}

impl Setup {
    fn new(pages: Vec<FaxPage>) -> Self {
        Self {
            ours_t38: t38::Settings::default(),
            theirs: TheirSettings::new(false, Vec::new()),
            gateway: GatewaySettings::default(),
            path: PathSettings::default(),
            pages,
            ecm: true,
            compressions: vec![Compression::Mh, Compression::Mr, Compression::Mmr],
            fastest: Modulation::V17At14400,
        }
    }

    fn sender(&self) -> SenderSettings {
        SenderSettings {
            ecm: self.ecm,
            compressions: self.compressions.clone(),
            max_modulation: self.fastest,
            ..caller_settings(&self.pages)
        }
    }

    fn receiver(&self) -> ReceiverSettings {
        ReceiverSettings {
            ecm: self.ecm,
            compressions: self.compressions.clone(),
            max_modulation: self.fastest,
            ..answerer_settings()
        }
    }

    /// We send to the telephone.
    fn send(&self) -> (CallReport, Ours, Phone) {
        let now = base();
        let mut ours = Ours::caller(self.sender(), self.ours_t38.clone(), self.pages.clone(), now);
        let mut phone =
            Phone::new(TheirSettings { calling: false, pages: Vec::new(), ..self.theirs.clone() }, &self.gateway, now);
        let report = call::run(&mut ours, &mut phone, self.path, now);
        (report, ours, phone)
    }

    /// The telephone sends to us.
    fn receive(&self) -> (CallReport, Ours, Phone) {
        let now = base();
        let mut ours = Ours::answerer(self.receiver(), self.ours_t38.clone(), now);
        let theirs = TheirSettings { calling: true, pages: self.pages.clone(), ecm: self.ecm, ..self.theirs.clone() };
        let mut phone = Phone::new(theirs, &self.gateway, now);
        let report = call::run(&mut phone, &mut ours, self.path, now);
        (report, ours, phone)
    }

    fn call_exact(&self, sending: bool) -> (CallReport, Verdict) {
        let (report, ours, phone) = if sending { self.send() } else { self.receive() };
        (report, self.judge(sending, &report, &ours, &phone))
    }

    fn judge(&self, sending: bool, report: &CallReport, ours: &Ours, phone: &Phone) -> Verdict {
        let ending = ours.ending.as_ref().ok_or("we did not end")?;
        let count = u32::try_from(self.pages.len()).expect("a few");
        let words =
            || format!("telephone: {}; we: {:?} after {}", phone.completion_words(), ending.cause, ending.pages);
        ensure(phone.completion() == Some(0) && ending.cause == Cause::Sent && ending.pages == count, words)?;
        ensure(phone.unreadable() == 0, || format!("the gateway could not read {}", phone.unreadable()))?;
        ensure(!report.hung_up && !report.endless, || "an end did not notice the end".into())?;
        if sending {
            all_exact(&self.pages, &phone.received())?;
        } else {
            all_exact(&self.pages, ours.confirmed().map(|page| &page.decoded.bitmap))?;
        }
        let record = &ending.record;
        let statistics = phone.statistics();
        ensure(statistics.ecm == self.ecm && record.ecm == self.ecm, || format!("{record:?} {statistics:?}"))?;
        Ok(told(record))
    }
}

fn told(record: &faxramp::t30::Record) -> String {
    let rate = record
        .modulation
        .map_or("nothing".into(), |modulation| format!("{} {}", modulation.family(), modulation.bits_per_second()));
    format!("exact at {rate}, {} retrainings, {} repairs", record.retrains, record.partial_page_requests)
}

/// Every mode with every modem; ours has no more rates than `fastest` when it sends.
fn cases() -> Vec<(String, Setup)> {
    let mut cases = Vec::new();
    for (ecm, compression) in MODES {
        for modulation in Modulation::ALL {
            for resolution in [Resolution::Standard, Resolution::Fine, Resolution::Superfine] {
                let mut setup = Setup::new(two(resolution, 7));
                setup.ecm = ecm;
                setup.compressions = vec![compression];
                setup.theirs.compressions = vec![compression];
                setup.fastest = modulation;
                let mode = if ecm { "ECM" } else { "plain" };
                let rate = (modulation.family(), modulation.bits_per_second());
                cases.push((format!("{mode} {} {} {} {resolution:?}", compression.name(), rate.0, rate.1), setup));
            }
        }
    }
    cases
}

const MODES: [(bool, Compression); 5] = [
    (true, Compression::Mmr),
    (true, Compression::Mr),
    (true, Compression::Mh),
    (false, Compression::Mr),
    (false, Compression::Mh),
];

#[test]
fn pages_pass_a_gateway_exact_to_a_telephone_in_every_mode_rate_and_resolution() {
    let mut run = Run::new("faxramp sends by a gateway and a telephone line to SpanDSP's fax machine");
    for (name, setup) in cases() {
        let (report, verdict) = setup.call_exact(true);
        run.add(&name, &report, verdict);
    }
    run.finish();
}

#[test]
fn pages_pass_a_gateway_exact_from_a_telephone_in_every_mode_modem_and_resolution() {
    let mut run = Run::new("SpanDSP's fax machine sends by a telephone line and a gateway to faxramp");
    // A sending machine takes the fastest rate of a modem, whatever the called one would like.
    let fastest = [Modulation::V27ter4800, Modulation::V29At9600, Modulation::V17At14400];
    for (name, setup) in cases().into_iter().filter(|(_, setup)| fastest.contains(&setup.fastest)) {
        let (report, verdict) = setup.call_exact(false);
        run.add(&name, &report, verdict);
    }
    run.finish();
}

/// Us, a gateway, a telephone line, a gateway, us.
fn through_two(setup: &Setup) -> (CallReport, Ours, Ours) {
    let now = base();
    let mut caller = Ours::caller(setup.sender(), setup.ours_t38.clone(), setup.pages.clone(), now);
    let mut answerer = Ours::answerer(setup.receiver(), setup.ours_t38.clone(), now);
    let mut far = Through::new(&mut answerer, &setup.gateway, setup.path, now);
    let report = call::run(&mut caller, &mut far, setup.path, now);
    (report, caller, answerer)
}

fn exact_through_two(setup: &Setup) -> (CallReport, Verdict) {
    let (report, caller, answerer) = through_two(setup);
    let judge = || {
        let (sent, received) = (caller.ending.as_ref(), answerer.ending.as_ref());
        let (sent, received) = (sent.ok_or("the caller did not end")?, received.ok_or("the answerer did not end")?);
        let words = || format!("{:?} after {}; {:?} after {}", sent.cause, sent.pages, received.cause, received.pages);
        let count = u32::try_from(setup.pages.len()).expect("a few");
        ensure(sent.cause == Cause::Sent && sent.pages == count && received.pages == count, words)?;
        ensure(received.cause == Cause::Sent && !report.hung_up && !report.endless, words)?;
        all_exact(&setup.pages, answerer.confirmed().map(|page| &page.decoded.bitmap))?;
        Ok(told(&sent.record))
    };
    (report, judge())
}

#[test]
fn two_of_us_reach_each_other_through_two_gateways() {
    let mut run = Run::new("faxramp, gateway, telephone line, gateway, faxramp");
    let fastest = [Modulation::V27ter4800, Modulation::V29At9600, Modulation::V17At14400];
    for (name, setup) in cases().into_iter().filter(|(_, setup)| fastest.contains(&setup.fastest)) {
        let (report, verdict) = exact_through_two(&setup);
        run.add(&name, &report, verdict);
    }
    run.finish();
}

/// What a line or a network between may be like.
fn ills() -> Vec<(String, Setup)> {
    let mut ills = Vec::new();
    let mut ill = |name: &str, vary: &dyn Fn(&mut Setup)| {
        for ecm in [true, false] {
            let mut setup = Setup::new(two(Resolution::Fine, 3));
            setup.ecm = ecm;
            vary(&mut setup);
            ills.push((format!("{name}, {}", if ecm { "ECM" } else { "plain" }), setup));
        }
    };
    ill("nothing", &|_| {});
    for version in 1..4 {
        ill(&format!("version {version}"), &|setup| {
            setup.ours_t38.version = version;
            setup.gateway.version = version;
        });
    }
    ill("talker echo protection", &|setup| {
        setup.gateway.talker_echo_protection = true;
        setup.theirs.talker_echo_protection = true;
        setup.ours_t38.talker_echo_protection = true;
    });
    ill("datagrams of 72 octets", &|setup| {
        setup.ours_t38.max_datagram_octets = 72;
        setup.gateway.max_datagram_octets = 72;
    });
    for chunk in [10, 20, 40] {
        ill(&format!("{chunk} ms a packet"), &|setup| setup.ours_t38.chunk = Duration::from_millis(chunk));
    }
    for delay in [100, 300, 500] {
        ill(&format!("network {delay} ms"), &|setup| setup.path.delay = Duration::from_millis(delay));
        ill(&format!("line {delay} ms"), &|setup| setup.gateway.line_delay = Duration::from_millis(delay));
    }
    for jitter in [20, 60] {
        ill(&format!("jitter {jitter} ms"), &|setup| setup.path.jitter = Duration::from_millis(jitter));
    }
    ill("no copies", &|setup| setup.ours_t38.copies = 1);
    ill("parity", &|setup| {
        setup.ours_t38.error_correction = ErrorCorrection::Fec;
        setup.gateway.correction = Correction::Parity { span: 3, entries: 3 };
    });
    ills
}

#[test]
fn a_gateway_under_ills_of_line_and_network_takes_and_gives_exact_pages() {
    let mut run = Run::new("a gateway with ills of line and network");
    for (name, setup) in ills() {
        for sending in [true, false] {
            let (report, verdict) = setup.call_exact(sending);
            run.add(&format!("{}, {name}", if sending { "out" } else { "in" }), &report, verdict);
        }
        let (report, verdict) = exact_through_two(&setup);
        run.add(&format!("through two, {name}"), &report, verdict);
    }
    run.finish();
}
