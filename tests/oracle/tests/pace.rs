//! Fast where nothing on the way is a modem, at a modem's pace where something is: automatic pacing against SpanDSP's terminal and
//! gateway.

use std::time::Duration;

use faxramp::image::tiff::FaxPage;
use faxramp::model::{Cause, Resolution, Width};
use faxramp::signal::Modulation;
use faxramp::t30::{ReceiverSettings, SenderSettings};
use faxramp::t38::{self, Pacing};
use faxramp_oracle::call::{self, CallReport};
use faxramp_oracle::gateways::{GatewaySettings, Phone, Through};
use faxramp_oracle::ours::{Ours, answerer_settings, caller_settings};
use faxramp_oracle::pages;
use faxramp_oracle::path::PathSettings;
use faxramp_oracle::theirs::{TheirSettings, Theirs};

use crate::common::{Run, Verdict, all_exact, base, ensure};

/// One try that fails, at most: a command and a training check too fast for the gateway, and the wait for an answer.
const HARMLESS_TRY: Duration = Duration::from_secs(8);

fn settings(pacing: Pacing) -> t38::Settings {
    t38::Settings { pacing, ..t38::Settings::default() }
}

fn sender(ecm: bool, pages: &[FaxPage]) -> SenderSettings {
    SenderSettings { ecm, ..caller_settings(pages) }
}

fn three() -> Vec<FaxPage> {
    pages::three(0, Width::A4, Resolution::Fine)
}

fn paths() -> Vec<(&'static str, PathSettings)> {
    let delayed = |ms| PathSettings { delay: Duration::from_millis(ms), ..PathSettings::default() };
    let jitter = Duration::from_millis(60);
    vec![
        ("at once", delayed(0)),
        ("30 ms", delayed(30)),
        ("jitter 60 ms", PathSettings { jitter, ..PathSettings::default() }),
        ("5 % lost", PathSettings { loss_per_mille: 50, ..PathSettings::default() }),
        ("500 ms", delayed(500)),
    ]
}

/// We are content, nothing was slowed down or lost by what we tried, and the pages are those that came.
fn exact<'a>(
    report: &CallReport,
    ours: &Ours,
    pages: &[FaxPage],
    came: impl IntoIterator<Item = &'a faxramp::image::Bitmap>,
) -> Verdict {
    let ending = ours.ending.as_ref().ok_or("we did not end")?;
    let words = || format!("{:?} after {} pages", ending.cause, ending.pages);
    ensure(ending.cause == Cause::Sent && ending.pages as usize == pages.len(), words)?;
    ensure(!report.hung_up && !report.endless, || "an end did not notice the end".into())?;
    all_exact(pages, came)?;
    let fastest = ending.record.modulation == Some(Modulation::V17At14400);
    ensure(fastest, || format!("slowed down to {:?}", ending.record.modulation))?;
    Ok(format!("exact, {} retrainings", ending.record.retrains))
}

#[test]
fn two_of_us_need_a_fraction_of_the_time_of_modems() {
    let mut run = Run::new("faxramp to faxramp, automatic pace");
    for ecm in [true, false] {
        for (name, path) in paths() {
            let (now, pages) = (base(), three());
            let play = |pacing| {
                let mut caller = Ours::caller(sender(ecm, &pages), settings(pacing), pages.clone(), now);
                let mut answerer = Ours::answerer(answerer_settings(), settings(pacing), now);
                let report = call::run(&mut caller, &mut answerer, path, now);
                let verdict = exact(&report, &caller, &pages, answerer.confirmed().map(|page| &page.decoded.bitmap));
                (report, verdict)
            };
            let (as_modem, _) = play(Pacing::Modem);
            let (report, verdict) = play(Pacing::Auto);
            let name = format!(
                "{name}, {}, {:.1} s as modems",
                if ecm { "ECM" } else { "plain" },
                as_modem.lasted.as_secs_f64()
            );
            // On a long way the answers take their time.
            let limit = if path.delay <= Duration::from_millis(30) { as_modem.lasted / 3 } else { as_modem.lasted };
            let verdict = verdict.and_then(|words| {
                ensure(path.loss_per_mille > 0 || report.lasted <= limit, || format!("{:?} is slow", report.lasted))?;
                Ok(words)
            });
            run.add(&name, &report, verdict);
        }
    }
    run.finish();
}

#[test]
fn spandsps_terminal_takes_and_gives_whatever_pace_we_find() {
    let mut run = Run::new("faxramp with automatic pace and SpanDSP's terminal");
    for ecm in [true, false] {
        for (name, path) in paths() {
            let (now, pages) = (base(), three());
            let mode = if ecm { "ECM" } else { "plain" };
            let mut ours = Ours::caller(sender(ecm, &pages), settings(Pacing::Auto), pages.clone(), now);
            let mut theirs = Theirs::new(TheirSettings::new(false, Vec::new()), now);
            let report = call::run(&mut ours, &mut theirs, path, now);
            run.add(&format!("out, {mode}, {name}"), &report, exact(&report, &ours, &pages, &theirs.received()));

            let mut ours = Ours::answerer(answerer_settings(), settings(Pacing::Auto), now);
            let mut theirs = Theirs::new(TheirSettings { ecm, ..TheirSettings::new(true, pages.clone()) }, now);
            let report = call::run(&mut theirs, &mut ours, path, now);
            let verdict = exact(&report, &ours, &pages, ours.confirmed().map(|page| &page.decoded.bitmap));
            run.add(&format!("in, {mode}, {name}"), &report, verdict);
        }
    }
    run.finish();
}

/// A call each way by one gateway, and one through two; what came of each.
fn by_gateways(
    pacing: Pacing,
    ecm: bool,
    path: PathSettings,
    gateway: &GatewaySettings,
) -> [(&'static str, CallReport, Verdict); 3] {
    let (now, pages) = (base(), three());
    let receiver = || ReceiverSettings { ecm, ..answerer_settings() };
    let mut ours = Ours::caller(sender(ecm, &pages), settings(pacing), pages.clone(), now);
    let mut phone = Phone::new(TheirSettings::new(false, Vec::new()), gateway, now);
    let report = call::run(&mut ours, &mut phone, path, now);
    let out = ("out", report, exact(&report, &ours, &pages, &phone.received()));

    let mut ours = Ours::answerer(receiver(), settings(pacing), now);
    let mut phone = Phone::new(TheirSettings { ecm, ..TheirSettings::new(true, pages.clone()) }, gateway, now);
    let report = call::run(&mut phone, &mut ours, path, now);
    let came = ours.confirmed().map(|page| &page.decoded.bitmap);
    let inwards = ("in", report, exact(&report, &ours, &pages, came));

    let mut caller = Ours::caller(sender(ecm, &pages), settings(pacing), pages.clone(), now);
    let mut answerer = Ours::answerer(receiver(), settings(pacing), now);
    let mut far = Through::new(&mut answerer, gateway, path, now);
    let report = call::run(&mut caller, &mut far, path, now);
    let came = answerer.confirmed().map(|page| &page.decoded.bitmap);
    let through = ("through two", report, exact(&report, &caller, &pages, came));
    [out, inwards, through]
}

#[test]
fn a_gateway_is_never_taken_for_an_end_and_costs_one_harmless_try() {
    let mut run = Run::new("faxramp with automatic pace by SpanDSP's gateway");
    for ecm in [true, false] {
        for (name, path) in paths() {
            for line_delay in [0, 200] {
                let line_delay = Duration::from_millis(line_delay);
                let gateway = GatewaySettings { line_delay, ..GatewaySettings::default() };
                let as_modem = by_gateways(Pacing::Modem, ecm, path, &gateway);
                let automatic = by_gateways(Pacing::Auto, ecm, path, &gateway);
                for ((direction, report, verdict), (_, modem, _)) in automatic.into_iter().zip(as_modem) {
                    let longer = report.lasted.saturating_sub(modem.lasted);
                    let verdict = verdict.and_then(|words| {
                        ensure(longer <= HARMLESS_TRY, || format!("{longer:?} longer than as a modem"))?;
                        Ok(format!("{words}, {:.1} s longer than as a modem", longer.as_secs_f64()))
                    });
                    let mode = if ecm { "ECM" } else { "plain" };
                    run.add(&format!("{direction}, {mode}, {name}, line {line_delay:?}"), &report, verdict);
                }
            }
        }
    }
    run.finish();
}
