//! faxramp calls, SpanDSP answers.

use std::time::Duration;

use faxramp::image::tiff::FaxPage;
use faxramp::model::{Compression, Resolution, Width};
use faxramp::signal::Modulation;
use faxramp::t30::SenderSettings;
use faxramp::t30::ecm::FrameSize;
use faxramp::t38::{self, Pacing};
use faxramp_oracle::call::{self, CallReport};
use faxramp_oracle::ours::{Ours, caller_settings};
use faxramp_oracle::pages::{self, Picture};
use faxramp_oracle::path::PathSettings;
use faxramp_oracle::theirs::{Modems, T38TerminalOptions, TheirSettings, Theirs};

use crate::common::{Case, Run, Verdict, all_exact, as_agreed, base, both_succeeded, ensure};

/// What of a call may differ from the usual.
pub(crate) struct Setup {
    pub(crate) caller: SenderSettings,
    pub(crate) t38: t38::Settings,
    pub(crate) theirs: TheirSettings,
    pub(crate) path: PathSettings,
    pub(crate) pages: Vec<FaxPage>,
}

impl Setup {
    pub(crate) fn new(pages: Vec<FaxPage>) -> Self {
        Self {
            caller: caller_settings(&pages),
            t38: t38::Settings::default(),
            theirs: TheirSettings::new(false, Vec::new()),
            path: PathSettings::default(),
            pages,
        }
    }

    pub(crate) fn call(&self) -> (CallReport, Ours, Theirs) {
        let now = base();
        let mut ours = Ours::caller(self.caller.clone(), self.t38.clone(), self.pages.clone(), now);
        let mut theirs = Theirs::new(self.theirs.clone(), now);
        let report = call::run(&mut ours, &mut theirs, self.path, now);
        (report, ours, theirs)
    }

    /// Calls, and wants every page exact.
    pub(crate) fn call_exact(&self, more: impl FnOnce(&Ours, &Theirs) -> Verdict) -> (CallReport, Verdict) {
        let (report, ours, theirs) = self.call();
        let count = u32::try_from(self.pages.len()).expect("a few pages");
        let verdict = both_succeeded(&report, &ours, &theirs, count)
            .and_then(|()| all_exact(&self.pages, &theirs.received()))
            .and_then(|()| more(&ours, &theirs));
        (report, verdict)
    }
}

fn exact() -> Verdict {
    Ok("exact".into())
}

#[test]
fn three_pages_reach_spandsp_exact_in_every_mode_rate_resolution_and_width() {
    let mut run = Run::new("faxramp sends, SpanDSP receives");
    for case in Case::all() {
        let mut setup = Setup::new(pages::three(case.number, case.width, case.resolution));
        setup.caller.ecm = case.ecm;
        setup.caller.compressions = vec![case.compression];
        setup.caller.max_modulation = case.modulation;
        let (report, verdict) = setup.call_exact(|ours, theirs| {
            as_agreed(&case, ours, theirs)?;
            let counted = theirs.statistics().pages_received;
            ensure(counted == 3, || format!("SpanDSP counted {counted} pages"))?;
            exact()
        });
        run.add(&case.name(), &report, verdict);
    }
    run.finish();
}

#[test]
fn what_spandsp_lacks_is_not_used() {
    let mut run = Run::new("faxramp offers everything, SpanDSP takes less");
    let mut limited = |name: &str, limit: &dyn Fn(&mut TheirSettings), wanted: &dyn Fn(&Ours) -> bool| {
        let mut setup = Setup::new(pages::three(0, Width::A4, Resolution::Fine));
        limit(&mut setup.theirs);
        let (report, verdict) = setup.call_exact(|ours, _| {
            let record = &ours.ending.as_ref().expect("it ended").record;
            ensure(wanted(ours), || format!("{record:?}"))?;
            exact()
        });
        run.add(name, &report, verdict);
    };
    let modulation = |ours: &Ours| ours.ending.as_ref().and_then(|ending| ending.record.modulation);
    limited("nothing lacks: MMR, V.17 14400", &|_| {}, &|ours| {
        modulation(ours) == Some(Modulation::V17At14400)
            && ours.ending.as_ref().and_then(|ending| ending.record.compression) == Some(Compression::Mmr)
    });
    limited("no V.17", &|theirs| theirs.modems = Modems::V29, &|ours| modulation(ours) == Some(Modulation::V29At9600));
    limited("V.27ter only", &|theirs| theirs.modems = Modems::V27ter, &|ours| {
        modulation(ours) == Some(Modulation::V27ter4800)
    });
    limited("no error correction", &|theirs| theirs.ecm = false, &|ours| {
        ours.ending
            .as_ref()
            .is_some_and(|ending| !ending.record.ecm && ending.record.compression == Some(Compression::Mr))
    });
    limited("MH only", &|theirs| theirs.compressions = vec![Compression::Mh], &|ours| {
        ours.ending.as_ref().is_some_and(|ending| ending.record.compression == Some(Compression::Mh))
    });
    run.finish();
}

#[test]
fn a_failed_training_check_goes_down_the_ladder_until_one_passes() {
    let mut run = Run::new("faxramp sends, SpanDSP's line spoils training checks above a rate");
    for limit in Modulation::ALL {
        let mut setup = Setup::new(pages::three(1, Width::A4, Resolution::Standard));
        setup.theirs.spoil_above = Some(limit);
        let (report, verdict) = setup.call_exact(|ours, _| {
            let record = &ours.ending.as_ref().expect("it ended").record;
            let used = record.modulation.expect("pages were sent");
            let name = format!("exact at {} {}", used.family(), used.bits_per_second());
            ensure(faxramp::t30::fallback::within(used, limit), || name.clone())?;
            Ok(format!("{name} after {} more checks", record.retrains))
        });
        run.add(&format!("passes {} {}", limit.family(), limit.bits_per_second()), &report, verdict);
    }
    run.finish();
}

#[test]
fn rows_are_filled_for_a_machine_that_needs_time_for_each() {
    let mut run = Run::new("faxramp sends, SpanDSP's rows take time");
    for compression in [Compression::Mh, Compression::Mr] {
        for resolution in [Resolution::Standard, Resolution::Fine, Resolution::Superfine] {
            for row_time_ms in [5, 10, 20, 40] {
                let mut setup = Setup::new(vec![pages::draw(Picture::Text, Width::A4, resolution, 5)]);
                setup.caller.ecm = false;
                setup.caller.compressions = vec![compression];
                setup.theirs.row_time_ms = row_time_ms;
                let (report, verdict) = setup.call_exact(|ours, _| {
                    let (_, format) = ours.coded[0];
                    let bits = format.minimum_row_bits;
                    ensure(bits >= row_time_ms * 14_400 / 4000, || format!("{bits} bits for a row"))?;
                    Ok(format!("exact, {bits} bits a row"))
                });
                run.add(&format!("{} {resolution:?} {row_time_ms} ms", compression.name()), &report, verdict);
            }
        }
    }
    run.finish();
}

#[test]
fn pages_of_unlike_shape_travel_in_one_call() {
    let mut run = Run::new("faxramp sends pages of unlike shape");
    for ecm in [true, false] {
        let mut setup = Setup::new(vec![
            pages::draw(Picture::Text, Width::A4, Resolution::Standard, 1),
            pages::draw(Picture::Text, Width::A4, Resolution::Fine, 2),
            pages::draw(Picture::LineArt, Width::A3, Resolution::Fine, 3),
            pages::draw(Picture::Text, Width::B4, Resolution::Superfine, 4),
            pages::draw(Picture::Text, Width::A4, Resolution::Standard, 5),
        ]);
        setup.caller.ecm = ecm;
        let (report, verdict) = setup.call_exact(|_, _| exact());
        run.add(if ecm { "five shapes, ECM" } else { "five shapes, plain" }, &report, verdict);
    }
    run.finish();
}

#[test]
fn long_pages_and_many_pages_arrive() {
    let mut run = Run::new("faxramp sends much");
    // Several blocks of 64 KiB each.
    let mut large = pages::draw(Picture::Dithered, Width::A3, Resolution::Superfine, 1);
    for seed in 2..6 {
        large.bitmap.append(&pages::draw(Picture::Dithered, Width::A3, Resolution::Superfine, seed).bitmap);
    }
    for compression in [Compression::Mh, Compression::Mr, Compression::Mmr] {
        let mut setup = Setup::new(vec![large.clone(), large.clone()]);
        setup.caller.compressions = vec![compression];
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
        setup.caller.ecm = ecm;
        let (report, verdict) = setup.call_exact(|_, _| exact());
        run.add(if ecm { "40 pages, ECM" } else { "40 pages, plain" }, &report, verdict);
    }
    run.finish();
}

#[test]
fn every_version_pace_and_delay_is_understood() {
    let mut run = Run::new("faxramp sends: versions, paces, delays");
    let mut varied = |name: &str, vary: &dyn Fn(&mut Setup)| {
        for ecm in [true, false] {
            let mut setup = Setup::new(pages::three(4, Width::A4, Resolution::Fine));
            setup.caller.ecm = ecm;
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
    varied("talker echo protection", &|setup| setup.t38.talker_echo_protection = true);
    for chunk in [10, 20, 40] {
        varied(&format!("{chunk} ms a packet"), &|setup| setup.t38.chunk = Duration::from_millis(chunk));
    }
    for delay in [0, 200, 700, 1000, 1300] {
        varied(&format!("{delay} ms under way"), &|setup| {
            setup.path.delay = Duration::from_millis(delay);
        });
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
fn both_know_the_others_number_and_the_sub_address_arrives() {
    let mut setup = Setup::new(vec![pages::draw(Picture::White, Width::A4, Resolution::Standard, 0)]);
    setup.caller.documents[0].sub_address = Some("4711".into());
    let (_, ours, theirs) = setup.call();
    let record = ours.ending.expect("it ended").record;
    assert_eq!(record.remote_id.as_deref(), Some("+49 30 555 0199"));
    assert!(record.sub_address_sent);
    assert_eq!(theirs.heard_identification(), ("+44 20 555 0123".into(), "4711".into()));
}

#[test]
fn frames_of_64_octets_carry_pages_exact_in_blocks_of_16_kilobytes() {
    let mut run = Run::new("faxramp sends frames of 64 octets");
    for compression in [Compression::Mh, Compression::Mr, Compression::Mmr] {
        for loss_per_mille in [0, 50] {
            let mut setup = Setup::new(pages::three(2, Width::A4, Resolution::Fine));
            setup.caller.frame_size = FrameSize::Octets64;
            setup.caller.compressions = vec![compression];
            setup.path.loss_per_mille = loss_per_mille;
            let (report, verdict) = setup.call_exact(|_, _| exact());
            run.add(&format!("{}, {} % lost", compression.name(), loss_per_mille / 10), &report, verdict);
        }
    }
    run.finish();
}
