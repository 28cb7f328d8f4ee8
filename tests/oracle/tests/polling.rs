//! Documents are fetched: by us from SpanDSP and by SpanDSP from us, by T.38 alone and through a gateway.

use std::time::Duration;

use faxramp::image::tiff::FaxPage;
use faxramp::model::{Cause, Compression, Resolution, Width};
use faxramp::t30::{AnswererSettings, Document, Errand, PollSettings, ReceiverSettings};
use faxramp::t38;
use faxramp_oracle::call::{self, CallReport};
use faxramp_oracle::end::End;
use faxramp_oracle::gateways::{GatewaySettings, Phone};
use faxramp_oracle::ours::{Ours, answerer_settings, shapes};
use faxramp_oracle::pages;
use faxramp_oracle::path::PathSettings;
use faxramp_oracle::theirs::{TheirSettings, Theirs};

use crate::common::{Run, Verdict, all_exact, base, ensure};

/// SpanDSP by T.38, or with modems behind a gateway.
enum Far {
    Terminal(Box<Theirs>),
    Phone(Box<Phone>),
}

impl Far {
    fn new(settings: TheirSettings, has_gateway: bool) -> Self {
        if has_gateway {
            Self::Phone(Box::new(Phone::new(settings, &GatewaySettings::default(), base())))
        } else {
            Self::Terminal(Box::new(Theirs::new(settings, base())))
        }
    }

    fn end(&mut self) -> &mut dyn End {
        match self {
            Self::Terminal(end) => end.as_mut(),
            Self::Phone(end) => end.as_mut(),
        }
    }

    fn completion(&self) -> Option<i32> {
        match self {
            Self::Terminal(end) => end.completion(),
            Self::Phone(end) => end.completion(),
        }
    }

    fn words(&self) -> String {
        match self {
            Self::Terminal(end) => end.completion_words(),
            Self::Phone(end) => end.completion_words(),
        }
    }

    fn received(&self) -> Vec<faxramp::image::Bitmap> {
        match self {
            Self::Terminal(end) => end.received(),
            Self::Phone(end) => end.received(),
        }
    }
}

fn receive(ecm: bool, compression: Compression) -> ReceiverSettings {
    ReceiverSettings { ecm, compressions: vec![compression], ..answerer_settings() }
}

/// We call and fetch.
fn fetch(receive: ReceiverSettings, theirs: TheirSettings, has_gateway: bool) -> (CallReport, Ours, Far) {
    let poll = PollSettings { receive, selective: None, password: None, send_cng: true };
    let mut ours = Ours::on_errand(Errand::Poll(poll), t38::Settings::default(), Vec::new(), base());
    let mut far = Far::new(theirs, has_gateway);
    let report = call::run(&mut ours, far.end(), PathSettings::default(), base());
    (report, ours, far)
}

/// SpanDSP calls and fetches.
fn hand_out(
    settings: AnswererSettings,
    pages: &[FaxPage],
    theirs: TheirSettings,
    has_gateway: bool,
) -> (CallReport, Ours, Far) {
    let mut ours = Ours::with_document(settings, t38::Settings::default(), pages.to_vec(), base());
    let mut far = Far::new(theirs, has_gateway);
    let report = call::run(far.end(), &mut ours, PathSettings::default(), base());
    (report, ours, far)
}

/// The measure for what the gateway itself spoils: SpanDSP fetches from SpanDSP's machine behind it.
fn spandsp_fetches(caller: TheirSettings, answerer: TheirSettings) -> bool {
    let mut caller = Theirs::new(caller, base());
    let mut answerer = Phone::new(answerer, &GatewaySettings::default(), base());
    call::run(&mut caller, &mut answerer, PathSettings::default(), base());
    caller.completion() == Some(0) && answerer.completion() == Some(0)
}

/// A call that SpanDSP cannot make either must only come to an end.
fn excused(verdict: Verdict, is_known: bool) -> Verdict {
    match verdict {
        Err(why) if is_known => Ok(format!("SpanDSP with itself fails here too: {why}")),
        verdict => verdict,
    }
}

fn document(pages: &[FaxPage]) -> Document {
    Document { pages: shapes(pages), selective: None, password: None }
}

fn content(report: &CallReport, ours: &Ours, far: &Far, pages: usize) -> Verdict {
    let ending = ours.ending.as_ref().ok_or("we did not end")?;
    let words = || format!("SpanDSP: {}; we: {:?} after {}", far.words(), ending.cause, ending.pages);
    let good = ending.cause == Cause::Sent && ending.pages as usize == pages && far.completion() == Some(0);
    ensure(good && !report.hung_up && !report.endless, words)?;
    ensure(ending.record.polled, || "it does not count as polled".into())?;
    Ok("exact".into())
}

#[test]
fn documents_are_fetched_exact_by_either_end_with_and_without_a_gateway() {
    let mut run = Run::new("polling");
    let modes = [
        (true, Compression::Mmr),
        (true, Compression::Mr),
        (true, Compression::Mh),
        (false, Compression::Mr),
        (false, Compression::Mh),
    ];
    for (number, (ecm, compression)) in modes.into_iter().enumerate() {
        for has_gateway in [false, true] {
            let pages = pages::three(number, Width::A4, Resolution::Fine);
            let mode = format!(
                "{} {}{}",
                if ecm { "ECM" } else { "plain" },
                compression.name(),
                if has_gateway { ", gateway" } else { "" }
            );
            let theirs = |calling: bool, pages: &[FaxPage]| TheirSettings {
                ecm,
                compressions: vec![compression],
                ..TheirSettings::new(calling, pages.to_vec())
            };

            let (report, ours, far) = fetch(receive(ecm, compression), theirs(false, &pages), has_gateway);
            let verdict = content(&report, &ours, &far, 3).and_then(|words| {
                all_exact(&pages, ours.confirmed().map(|page| &page.decoded.bitmap))?;
                Ok(words)
            });
            let known = has_gateway && !spandsp_fetches(theirs(true, &[]), theirs(false, &pages));
            run.add(&format!("faxramp fetches, {mode}"), &report, excused(verdict, known));

            let settings = AnswererSettings { receive: receive(ecm, compression), documents: vec![document(&pages)] };
            let (report, ours, far) = hand_out(settings, &pages, theirs(true, &[]), has_gateway);
            let verdict = content(&report, &ours, &far, 3).and_then(|words| {
                all_exact(&pages, &far.received())?;
                Ok(words)
            });
            run.add(&format!("SpanDSP fetches, {mode}"), &report, excused(verdict, known));
        }
    }
    run.finish();
}

#[test]
fn who_has_nothing_to_fetch_is_told_apart_from_who_hangs_up() {
    let (report, ours, far) = fetch(receive(true, Compression::Mmr), TheirSettings::new(false, Vec::new()), false);
    let ending = ours.ending.as_ref().expect("we ended");
    assert_eq!((&ending.cause, ending.pages), (&Cause::NothingToPoll, 0));
    assert!(!report.hung_up && !report.endless && report.lasted < Duration::from_secs(30), "{report:?}");
    assert_ne!(far.completion(), Some(0));
}

#[test]
fn a_document_with_an_address_and_a_password_goes_only_to_who_knows_both() {
    let pages = pages::three(1, Width::A4, Resolution::Standard);
    let guarded = Document { selective: Some("4711".into()), password: Some("0815".into()), ..document(&pages) };
    for (selective, password, is_right) in [
        (Some("4711"), Some("0815"), true),
        (Some("4711"), Some("0816"), false),
        (Some("4711"), None, false),
        (Some("4712"), Some("0815"), false),
        (None, None, false),
    ] {
        let settings = AnswererSettings { receive: receive(true, Compression::Mmr), documents: vec![guarded.clone()] };
        let theirs = TheirSettings {
            selective: selective.map(Into::into),
            password: password.map(Into::into),
            ..TheirSettings::new(true, Vec::new())
        };
        let (report, ours, far) = hand_out(settings, &pages, theirs, false);
        let ending = ours.ending.as_ref().expect("we ended");
        let context = format!("{selective:?} {password:?}: {:?}, SpanDSP {}, {report:?}", ending.cause, far.words());
        assert!(!report.hung_up && !report.endless, "{context}");
        if is_right {
            assert_eq!(content(&report, &ours, &far, 3), Ok("exact".into()), "{context}");
            all_exact(&pages, &far.received()).expect("exact");
        } else {
            assert!(matches!(ending.cause, Cause::PollPassword | Cause::NothingToPoll), "{context}");
            assert_eq!(ending.pages, 0, "{context}");
            assert!(far.received().is_empty(), "{context}");
        }
    }
}
