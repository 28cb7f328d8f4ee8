//! SpanDSP calls, faxramp answers.

use std::time::Duration;

use faxramp::image::tiff::FaxPage;
use faxramp::model::{Compression, Resolution, Width};
use faxramp::signal::Modulation;
use faxramp::t30::{self, ReceiverSettings};
use faxramp::t38::{self, Pacing};
use faxramp_oracle::call::{self, CallReport};
use faxramp_oracle::ours::{Judgement, Ours, answerer_settings};
use faxramp_oracle::pages::{self, Picture};
use faxramp_oracle::path::PathSettings;
use faxramp_oracle::theirs::{Modems, T38TerminalOptions, TheirSettings, Theirs};

use crate::common::{Case, Run, Verdict, all_exact, as_agreed, base, both_succeeded, ensure};

/// What of a call may differ from the usual.
pub(crate) struct Setup {
    pub(crate) answerer: ReceiverSettings,
    pub(crate) t38: t38::Settings,
    pub(crate) theirs: TheirSettings,
    pub(crate) path: PathSettings,
    pub(crate) judgements: Vec<Judgement>,
}

impl Setup {
    pub(crate) fn new(pages: Vec<FaxPage>) -> Self {
        Self {
            answerer: answerer_settings(),
            t38: t38::Settings::default(),
            theirs: TheirSettings::new(true, pages),
            path: PathSettings::default(),
            judgements: Vec::new(),
        }
    }

    pub(crate) fn call(&self) -> (CallReport, Ours, Theirs) {
        let now = base();
        let mut ours = Ours::answerer(self.answerer.clone(), self.t38.clone(), now);
        ours.judgements.extend(&self.judgements);
        let mut theirs = Theirs::new(self.theirs.clone(), now);
        let report = call::run(&mut theirs, &mut ours, self.path, now);
        (report, ours, theirs)
    }

    /// Calls, and wants every page exact.
    pub(crate) fn call_exact(&self, more: impl FnOnce(&Ours, &Theirs) -> Verdict) -> (CallReport, Verdict) {
        let (report, ours, theirs) = self.call();
        let count = u32::try_from(self.theirs.pages.len()).expect("a few pages");
        let verdict = both_succeeded(&report, &ours, &theirs, count)
            .and_then(|()| all_exact(&self.theirs.pages, ours.confirmed().map(|page| &page.decoded.bitmap)))
            .and_then(|()| {
                let damaged = ours.confirmed().any(|page| page.decoded.bad_rows > 0);
                ensure(!damaged, || "rows were bad".into())
            })
            .and_then(|()| more(&ours, &theirs));
        (report, verdict)
    }
}

fn exact() -> Verdict {
    Ok("exact".into())
}

/// Makes SpanDSP use this modulation: it begins with the fastest of its modems and steps down after FTT.
fn limit_to(theirs: &mut TheirSettings, modulation: Modulation) {
    theirs.modems = match modulation {
        Modulation::V27ter2400 | Modulation::V27ter4800 => Modems::V27ter,
        Modulation::V29At7200 | Modulation::V29At9600 => Modems::V29,
        Modulation::V17At7200 | Modulation::V17At9600 | Modulation::V17At12000 | Modulation::V17At14400 => {
            Modems::V17WithoutV29
        }
    };
    theirs.spoil_above = Some(modulation);
}

#[test]
fn three_pages_of_spandsp_arrive_exact_in_every_mode_rate_resolution_and_width() {
    let mut run = Run::new("SpanDSP sends, faxramp receives");
    for case in Case::all() {
        let mut setup = Setup::new(pages::three(case.number, case.width, case.resolution));
        setup.theirs.ecm = case.ecm;
        setup.theirs.compressions = vec![case.compression];
        limit_to(&mut setup.theirs, case.modulation);
        let (report, verdict) = setup.call_exact(|ours, theirs| {
            as_agreed(&case, ours, theirs)?;
            let counted = theirs.statistics().pages_sent;
            ensure(counted == 3, || format!("SpanDSP counted {counted} pages"))?;
            let ends = ours.received.iter().map(|page| page.decoded.ended);
            let marked = ends.clone().all(|end| end == faxramp::image::Ended::ByMarker);
            ensure(marked, || format!("pages ended {:?}", ends.collect::<Vec<_>>()))?;
            exact()
        });
        run.add(&case.name(), &report, verdict);
    }
    run.finish();
}

#[test]
fn what_we_do_not_offer_is_not_used() {
    let mut run = Run::new("SpanDSP has everything, faxramp offers less");
    let mut limited = |name: &str, limit: &dyn Fn(&mut ReceiverSettings), wanted: &dyn Fn(&t30::Record) -> bool| {
        let mut setup = Setup::new(pages::three(0, Width::A4, Resolution::Standard));
        limit(&mut setup.answerer);
        let (report, verdict) = setup.call_exact(|ours, _| {
            let record = &ours.ending.as_ref().expect("it ended").record;
            ensure(wanted(record), || format!("{record:?}"))?;
            exact()
        });
        run.add(name, &report, verdict);
    };
    limited("everything: MMR, V.17 14400", &|_| {}, &|record| {
        record.modulation == Some(Modulation::V17At14400) && record.compression == Some(Compression::Mmr) && record.ecm
    });
    limited("no V.17", &|ours| ours.max_modulation = Modulation::V29At9600, &|record| {
        record.modulation == Some(Modulation::V29At9600)
    });
    limited("V.27ter only", &|ours| ours.max_modulation = Modulation::V27ter4800, &|record| {
        record.modulation == Some(Modulation::V27ter4800)
    });
    limited("V.27ter 2400 only", &|ours| ours.max_modulation = Modulation::V27ter2400, &|record| {
        record.modulation == Some(Modulation::V27ter2400)
    });
    limited("no error correction", &|ours| ours.ecm = false, &|record| {
        !record.ecm && record.compression == Some(Compression::Mr)
    });
    limited("MH only", &|ours| ours.compressions = vec![Compression::Mh], &|record| {
        record.compression == Some(Compression::Mh)
    });
    run.finish();
}

#[test]
fn rows_that_take_time_come_filled_and_are_read() {
    let mut run = Run::new("SpanDSP fills rows, faxramp receives");
    for compression in [Compression::Mh, Compression::Mr] {
        for resolution in [Resolution::Standard, Resolution::Fine, Resolution::Superfine] {
            for row_time_ms in [5, 10, 20, 40] {
                let mut setup = Setup::new(vec![pages::draw(Picture::Text, Width::A4, resolution, 5)]);
                setup.answerer.row_time_ms = row_time_ms;
                setup.theirs.ecm = false;
                setup.theirs.compressions = vec![compression];
                let (report, verdict) = setup.call_exact(|_, _| exact());
                run.add(&format!("{} {resolution:?} {row_time_ms} ms", compression.name()), &report, verdict);
            }
        }
    }
    run.finish();
}

#[test]
fn pages_of_unlike_shape_are_received_in_one_call() {
    let mut run = Run::new("SpanDSP sends pages of unlike shape");
    for ecm in [true, false] {
        let mut setup = Setup::new(vec![
            pages::draw(Picture::Text, Width::A4, Resolution::Standard, 1),
            pages::draw(Picture::Text, Width::A4, Resolution::Fine, 2),
            pages::draw(Picture::LineArt, Width::A3, Resolution::Fine, 3),
            pages::draw(Picture::Text, Width::B4, Resolution::Superfine, 4),
            pages::draw(Picture::Text, Width::A4, Resolution::Standard, 5),
        ]);
        setup.theirs.ecm = ecm;
        let (report, verdict) = setup.call_exact(|_, _| exact());
        run.add(if ecm { "five shapes, ECM" } else { "five shapes, plain" }, &report, verdict);
    }
    run.finish();
}

#[test]
fn long_pages_and_many_pages_are_received() {
    let mut run = Run::new("SpanDSP sends much");
    let mut large = pages::draw(Picture::Dithered, Width::A3, Resolution::Superfine, 1);
    for seed in 2..6 {
        large.bitmap.append(&pages::draw(Picture::Dithered, Width::A3, Resolution::Superfine, seed).bitmap);
    }
    for compression in [Compression::Mh, Compression::Mr, Compression::Mmr] {
        let mut setup = Setup::new(vec![large.clone(), large.clone()]);
        setup.theirs.compressions = vec![compression];
        let (report, verdict) = setup.call_exact(|ours, _| {
            let octets = ours.ending.as_ref().map_or(0, |ending| ending.record.pages[0].octets);
            ensure(octets > 65_536 * 2, || format!("{octets} octets are too few to prove anything"))?;
            Ok(format!("exact, {octets} octets a page"))
        });
        run.add(&format!("pages of several blocks, {}", compression.name()), &report, verdict);
    }
    for ecm in [true, false] {
        let many = (0..40).map(|page| pages::draw(Picture::Text, Width::A4, Resolution::Standard, page)).collect();
        let mut setup = Setup::new(many);
        setup.theirs.ecm = ecm;
        let (report, verdict) = setup.call_exact(|_, _| exact());
        run.add(if ecm { "40 pages, ECM" } else { "40 pages, plain" }, &report, verdict);
    }
    run.finish();
}

#[test]
fn every_version_pace_and_delay_of_spandsp_is_understood() {
    let mut run = Run::new("SpanDSP sends: versions, paces, delays");
    let mut varied = |name: &str, vary: &dyn Fn(&mut Setup)| {
        for ecm in [true, false] {
            let mut setup = Setup::new(pages::three(4, Width::A4, Resolution::Fine));
            setup.theirs.ecm = ecm;
            vary(&mut setup);
            let (report, verdict) = setup.call_exact(|_, _| exact());
            run.add(&format!("{name}, {}", if ecm { "ECM" } else { "plain" }), &report, verdict);
        }
    };
    for version in 0..4 {
        varied(&format!("version {version}"), &|setup| {
            setup.t38.version = version;
            setup.theirs.version = version;
        });
    }
    varied("fast here", &|setup| setup.t38.pacing = Pacing::Fast);
    varied("automatic here", &|setup| setup.t38.pacing = Pacing::Auto);
    varied("automatic here, fast there", &|setup| {
        setup.t38.pacing = Pacing::Auto;
        setup.theirs.options = T38TerminalOptions::NO_PACING;
    });
    varied("fast there", &|setup| setup.theirs.options = T38TerminalOptions::NO_PACING);
    varied("fast on both", &|setup| {
        setup.t38.pacing = Pacing::Fast;
        setup.theirs.options = T38TerminalOptions::NO_PACING;
    });
    for delay in [0, 200, 700, 1000, 1300] {
        varied(&format!("{delay} ms under way"), &|setup| setup.path.delay = Duration::from_millis(delay));
    }
    for jitter in [80, 250] {
        varied(&format!("{jitter} ms of jitter, out of order"), &|setup| {
            setup.path.jitter = Duration::from_millis(jitter);
        });
    }
    varied("indicators again with every tick", &|setup| setup.theirs.options = T38TerminalOptions::REGULAR_INDICATORS);
    varied("no indicators", &|setup| setup.theirs.options = T38TerminalOptions::NO_INDICATORS);
    varied("no time for talker echo protection there", &|setup| setup.theirs.talker_echo_protection = false);
    varied("datagrams of 72 octets", &|setup| {
        setup.t38.max_datagram_octets = 72;
        setup.theirs.max_datagram_octets = 72;
    });
    varied("one copy of each datagram", &|setup| setup.t38.copies = 1);
    varied("no keep-alive", &|setup| setup.t38.keep_alive = None);
    run.finish();
}

#[test]
fn we_know_spandsps_number_and_sub_address() {
    let mut setup = Setup::new(vec![pages::draw(Picture::White, Width::A4, Resolution::Standard, 0)]);
    setup.theirs.sub_address = Some("4711".into());
    let (_, ours, theirs) = setup.call();
    let record = ours.ending.expect("it ended").record;
    assert_eq!(record.remote_id.as_deref(), Some("+49 30 555 0199"));
    assert_eq!(record.sub_address.as_deref(), Some("4711"));
    assert_eq!(theirs.heard_identification().0, "+44 20 555 0123");
}
