//! What a call costs: time on the line; real time in each end, coding of the pages included; processor time of both and the path.

use std::time::Duration;

use faxramp::image::tiff::FaxPage;
use faxramp::model::{Resolution, Width};
use faxramp::t38::{self, Pacing};
use faxramp_oracle::call;
use faxramp_oracle::end::End;
use faxramp_oracle::ours::{Ours, answerer_settings, caller_settings};
use faxramp_oracle::pages::{self, Picture};
use faxramp_oracle::path::PathSettings;
use faxramp_oracle::table::Table;
use faxramp_oracle::theirs::{T38TerminalOptions, TheirSettings, Theirs};

use crate::common::base;

/// Runs of each pair; the quickest counts, for the others were disturbed.
const RUNS: usize = 5;

fn text_pages() -> Vec<FaxPage> {
    (0..3).map(|page| pages::draw(Picture::Text, Width::A4, Resolution::Fine, page)).collect()
}

fn options(pacing: Pacing) -> T38TerminalOptions {
    match pacing {
        Pacing::Modem | Pacing::Auto => T38TerminalOptions::empty(),
        Pacing::Fast => T38TerminalOptions::NO_PACING,
    }
}

fn caller(is_ours: bool, ecm: bool, pacing: Pacing) -> Box<dyn End> {
    let (now, pages) = (base(), text_pages());
    if is_ours {
        let settings = t38::Settings { pacing, ..t38::Settings::default() };
        Box::new(Ours::caller(faxramp::t30::SenderSettings { ecm, ..caller_settings(&pages) }, settings, pages, now))
    } else {
        let options = options(pacing);
        Box::new(Theirs::new(TheirSettings { ecm, options, ..TheirSettings::new(true, pages) }, now))
    }
}

fn answerer(is_ours: bool, pacing: Pacing) -> Box<dyn End> {
    let now = base();
    if is_ours {
        let settings = t38::Settings { pacing, ..t38::Settings::default() };
        Box::new(Ours::answerer(answerer_settings(), settings, now))
    } else {
        let options = options(pacing);
        Box::new(Theirs::new(TheirSettings { options, ..TheirSettings::new(false, Vec::new()) }, now))
    }
}

fn milliseconds(duration: Duration) -> String {
    format!("{:.2}", duration.as_secs_f64() * 1000.0)
}

/// Processor time of this thread, as Linux counts it; zero elsewhere.
fn processor_time() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = text.split(' ').next().and_then(|number| number.parse().ok());
    Duration::from_nanos(nanoseconds.unwrap_or(0))
}

fn name(is_ours: bool) -> &'static str {
    if is_ours { "faxramp" } else { "SpanDSP" }
}

#[test]
fn a_call_of_ours_is_no_longer_than_one_of_spandsp_with_itself() {
    let columns = ["caller, answerer", "simulated s", "caller ms", "answerer ms", "processor ms", "datagrams"];
    for (pacing, heading) in [
        (Pacing::Modem, "paced as modems"),
        (Pacing::Auto, "SpanDSP as a modem, faxramp as fast as it may"),
        (Pacing::Fast, "as fast as it goes"),
    ] {
        for ecm in [true, false] {
            let mode = if ecm { "ECM MMR" } else { "plain MR" };
            let heading = format!("cost of three pages of text, {mode}, V.17 14400, {heading}");
            let mut table = Table::new(&heading, &columns);
            let mut spandsp_alone = None;
            for (ours_calls, ours_answers) in [(false, false), (true, false), (false, true), (true, true)] {
                let mut best: Option<(Duration, Duration, Duration, Duration, u64)> = None;
                for _ in 0..RUNS {
                    let (mut caller, mut answerer) = (caller(ours_calls, ecm, pacing), answerer(ours_answers, pacing));
                    let before = processor_time();
                    let report = call::run(caller.as_mut(), answerer.as_mut(), PathSettings::default(), base());
                    let spent = processor_time().saturating_sub(before);
                    let (calling, answering) = (caller.busy(), answerer.busy());
                    let least = best.map_or(
                        (calling, answering, spent),
                        |(_, before_calling, before_answering, before_spent, _)| {
                            (calling.min(before_calling), answering.min(before_answering), spent.min(before_spent))
                        },
                    );
                    best = Some((report.lasted, least.0, least.1, least.2, report.datagrams));
                }
                let (lasted, calling, answering, spent, datagrams) = best.expect("it ran");
                let names = format!("{}, {}", name(ours_calls), name(ours_answers));
                let line = format!("{:.1}", lasted.as_secs_f64());
                table.row(vec![
                    names,
                    line,
                    milliseconds(calling),
                    milliseconds(answering),
                    milliseconds(spent),
                    datagrams.to_string(),
                ]);
                let alone = *spandsp_alone.get_or_insert(lasted);
                if pacing == Pacing::Modem {
                    let limit = alone + Duration::from_secs(2);
                    assert!(lasted <= limit, "{ours_calls} {ours_answers} ECM {ecm}: {lasted:?} for {alone:?}");
                }
            }
            table.print();
        }
    }
}
