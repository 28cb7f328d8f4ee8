//! Datagrams are lost.

use std::time::Duration;

use faxramp::image::tiff::FaxPage;
use faxramp::model::{Cause, Resolution, Width};
use faxramp::signal::Modulation;
use faxramp_oracle::call::{self, CallReport};
use faxramp_oracle::ours::Ours;
use faxramp_oracle::pages;
use faxramp_oracle::path::PathSettings;
use faxramp_oracle::table::Table;
use faxramp_oracle::theirs::{Correction, Modems, TheirSettings, Theirs};

use crate::common::{Run, Verdict, all_exact, base, ensure};
use crate::{receiving, sending};

/// Calls for each rate of loss, each with its own seed.
const CALLS: u64 = 12;

fn path(loss_per_mille: u32, seed: u64) -> PathSettings {
    PathSettings { loss_per_mille, seed, jitter: Duration::from_millis(10), ..PathSettings::default() }
}

fn pages(seed: u64) -> Vec<FaxPage> {
    pages::three(usize::try_from(seed).expect("small"), Width::A4, Resolution::Standard)
}

fn modulation(seed: u64) -> Modulation {
    Modulation::ALL[usize::try_from(seed).expect("small") % Modulation::ALL.len()]
}

fn send(loss: u32, seed: u64, redundancy: u8, ecm: bool) -> (Vec<FaxPage>, (CallReport, Ours, Theirs)) {
    let mut setup = sending::Setup::new(pages(seed));
    setup.path = path(loss, seed);
    setup.caller.ecm = ecm;
    setup.caller.max_modulation = modulation(seed);
    setup.t38.control_redundancy = redundancy;
    setup.t38.image_redundancy = redundancy;
    setup.theirs.correction = Correction::Repeat(redundancy);
    let call = setup.call();
    (setup.pages, call)
}

fn receive(loss: u32, seed: u64, redundancy: u8, ecm: bool) -> (Vec<FaxPage>, (CallReport, Ours, Theirs)) {
    let mut setup = receiving::Setup::new(pages(seed));
    setup.path = path(loss, seed);
    setup.theirs.ecm = ecm;
    setup.answerer.max_modulation = modulation(seed);
    setup.t38.control_redundancy = redundancy;
    setup.t38.image_redundancy = redundancy;
    setup.theirs.correction = Correction::Repeat(redundancy);
    let call = setup.call();
    (setup.theirs.pages, call)
}

/// Words for the table: what both ends think, and how much had to be repaired.
fn words(ours: &Ours, theirs: &Theirs) -> String {
    let Some(ending) = &ours.ending else { return "we did not end".into() };
    let repairs = (ending.record.partial_page_requests, ending.record.retrains);
    let completion = theirs.completion_words();
    format!(
        "{:?}, {} pages, {} repairs, {} retrainings; SpanDSP {completion}",
        ending.cause, ending.pages, repairs.0, repairs.1
    )
}

fn complete(ours: &Ours) -> Result<(), String> {
    let ending = ours.ending.as_ref().ok_or("we did not end")?;
    ensure(ending.cause == Cause::Sent && ending.pages == 3, || format!("{:?} after {}", ending.cause, ending.pages))
}

#[test]
fn with_redundancy_and_error_correction_every_page_sent_is_complete_and_exact() {
    let mut run = Run::new("faxramp sends with losses, redundancy 3, ECM");
    for loss in [10, 50, 100] {
        for seed in 0..CALLS {
            let (pages, (report, ours, theirs)) = send(loss, seed, 3, true);
            let verdict = complete(&ours).and_then(|()| all_exact(&pages, &theirs.received()));
            let verdict = verdict.map_err(|why| format!("{why}; {}", words(&ours, &theirs)));
            run.add(&format!("{} % lost, seed {seed}", loss / 10), &report, verdict.map(|()| words(&ours, &theirs)));
        }
    }
    run.finish();
}

#[test]
fn with_redundancy_and_error_correction_every_page_received_is_complete_and_exact() {
    let mut run = Run::new("SpanDSP sends with losses, redundancy 3, ECM");
    for loss in [10, 50, 100] {
        for seed in 0..CALLS {
            let (pages, (report, ours, theirs)) = receive(loss, seed, 3, true);
            let verdict = complete(&ours)
                .and_then(|()| all_exact(&pages, ours.confirmed().map(|page| &page.decoded.bitmap)))
                .map_err(|why| format!("{why}; {}", words(&ours, &theirs)));
            run.add(&format!("{} % lost, seed {seed}", loss / 10), &report, verdict.map(|()| words(&ours, &theirs)));
        }
    }
    run.finish();
}

/// For comparison: SpanDSP with itself on the same path.
fn spandsp_alone_is_complete(loss: u32, seed: u64) -> bool {
    let now = base();
    let modems = match modulation(seed) {
        Modulation::V27ter2400 | Modulation::V27ter4800 => Modems::V27ter,
        Modulation::V29At7200 | Modulation::V29At9600 => Modems::V29,
        Modulation::V17At7200 | Modulation::V17At9600 | Modulation::V17At12000 | Modulation::V17At14400 => Modems::V17,
    };
    let caller = TheirSettings { correction: Correction::None, ..TheirSettings::new(true, pages(seed)) };
    let answerer = TheirSettings { correction: Correction::None, modems, ..TheirSettings::new(false, Vec::new()) };
    let (mut caller, mut answerer) = (Theirs::new(caller, now), Theirs::new(answerer, now));
    call::run(&mut caller, &mut answerer, path(loss, seed), now);
    caller.statistics().pages_sent == 3
}

/// Without redundancy a call may fail; what was confirmed must be there all the same.
fn confirmed_is_there(confirmed: usize, pages: &[FaxPage], held: &[faxramp::image::Bitmap]) -> Verdict {
    ensure(held.len() >= confirmed, || format!("{confirmed} confirmed, {} held", held.len()))?;
    all_exact(&pages[..confirmed.min(pages.len())], &held[..confirmed])?;
    ensure(held.len() <= pages.len(), || format!("{} pages held for {}", held.len(), pages.len()))?;
    Ok(String::new())
}

#[test]
fn without_redundancy_error_correction_repairs_and_no_confirmed_page_is_wrong() {
    let mut run = Run::new("losses without redundancy, ECM");
    let columns = ["loss", "faxramp to SpanDSP", "SpanDSP to faxramp", "SpanDSP to SpanDSP"];
    let mut completed = Table::new(&format!("calls complete of {CALLS}, no redundancy, ECM"), &columns);
    for loss in [5, 10, 30] {
        let mut complete_calls = [0; 3];
        for seed in 0..CALLS {
            let (pages, (report, ours, theirs)) = send(loss, seed, 0, true);
            let confirmed = ours.ending.as_ref().map_or(0, |ending| ending.pages as usize);
            let verdict = confirmed_is_there(confirmed, &pages, &theirs.received());
            complete_calls[0] += u64::from(complete(&ours).is_ok());
            let name = format!("sent, {}.{} % lost, seed {seed}", loss / 10, loss % 10);
            run.add(&name, &report, verdict.map(|_| words(&ours, &theirs)));

            let (pages, (report, ours, theirs)) = receive(loss, seed, 0, true);
            let confirmed = usize::try_from(theirs.statistics().pages_sent).expect("a count");
            let held: Vec<_> = ours.confirmed().map(|page| page.decoded.bitmap.clone()).collect();
            let verdict = confirmed_is_there(confirmed, &pages, &held);
            complete_calls[1] += u64::from(theirs.statistics().pages_sent == 3);
            let name = format!("received, {}.{} % lost, seed {seed}", loss / 10, loss % 10);
            run.add(&name, &report, verdict.map(|_| words(&ours, &theirs)));

            complete_calls[2] += u64::from(spandsp_alone_is_complete(loss, seed));
        }
        let counts = complete_calls.map(|count| count.to_string());
        completed.row([format!("{}.{} %", loss / 10, loss % 10)].into_iter().chain(counts).collect());
        let [sent, received, alone] = complete_calls;
        assert!(
            sent + CALLS / 4 >= alone && received + CALLS / 4 >= alone,
            "SpanDSP alone copes much better: {complete_calls:?}"
        );
    }
    completed.print();
    run.finish();
}

#[test]
fn without_error_correction_both_ends_come_to_an_end_and_agree_on_the_count() {
    let mut run = Run::new("losses without error correction");
    for (redundancy, loss) in [(3, 10), (3, 50), (3, 100), (0, 1), (0, 3), (0, 10)] {
        for seed in 0..CALLS {
            for sending in [true, false] {
                let (_, (report, ours, theirs)) =
                    if sending { send(loss, seed, redundancy, false) } else { receive(loss, seed, redundancy, false) };
                let counts = theirs.statistics();
                let theirs_count = if sending { counts.pages_received } else { counts.pages_sent };
                let ours_count = ours.ending.as_ref().map_or(-1, |ending| ending.pages.cast_signed());
                // The receiver may have confirmed one page more than the sender heard of.
                let (receiver, sender) = if sending { (theirs_count, ours_count) } else { (ours_count, theirs_count) };
                let good = (receiver == sender || receiver == sender + 1) && !report.endless;
                let verdict = ensure(good, || format!("{theirs_count} there, {}", words(&ours, &theirs)));
                let direction = if sending { "sent" } else { "received" };
                let name =
                    format!("{direction}, redundancy {redundancy}, {}.{} % lost, seed {seed}", loss / 10, loss % 10);
                run.add(&name, &report, verdict.map(|()| words(&ours, &theirs)));
            }
        }
    }
    run.finish();
}
