//! A call as it would come, and the lines it makes.

use super::{Display, bar, for_programs};
use crate::call::{FaxProgress, Progress};
use crate::model::{Cause, JobId, Outcome, Phase, ReceivedId};
use crate::signal::Modulation;
use crate::stage::live::{CallView, Event, Subject};
use std::time::Duration;

const OUT: Subject = Subject::Sending(JobId(1));
const IN: Subject = Subject::Receiving(ReceivedId(7));

#[expect(clippy::disallowed_methods, reason = "a moment is needed to fill the field; nothing reads it")]
fn began(subject: Subject, pages_total: u32) -> Event {
    let since = std::time::Instant::now();
    Event::Began(subject, CallView { number: "+390212345".into(), pages_total, since, progress: None })
}

fn fax(subject: Subject, phase: Phase, page: u32, acknowledged: u32) -> Event {
    let progress = FaxProgress {
        phase,
        document: 0,
        page,
        modulation: Some(Modulation::V17At14400),
        block: Some(0),
        frames_acknowledged: acknowledged,
        frames_total: 200,
        sub_address: None,
        remote_id: None,
    };
    Event::Progress(subject, Progress::Fax(progress))
}

fn ended(subject: Subject, confirmed: u32, cause: Cause) -> Event {
    Event::Ended(subject, Outcome { pages_confirmed: confirmed, pages_total: 3, cause })
}

fn at(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// The steps told off a terminal.
fn steps(events: &[Event]) -> Vec<String> {
    let mut display = Display::default();
    let told = events.iter().zip(1u64..).filter_map(|(event, second)| display.handle(event, at(second * 1000)));
    told.map(|line| line.text()).collect()
}

#[test]
fn each_step_is_told_once_and_frames_are_not() {
    let told = steps(&[
        began(OUT, 3),
        Event::Progress(OUT, Progress::Ringing),
        Event::Progress(OUT, Progress::Ringing),
        Event::Progress(OUT, Progress::Switched),
        fax(OUT, Phase::C, 0, 0),
        fax(OUT, Phase::C, 0, 100),
        fax(OUT, Phase::D, 0, 200),
        fax(OUT, Phase::C, 1, 0),
        ended(OUT, 3, Cause::Sent),
    ]);
    assert_eq!(told.len(), 7, "{told:#?}");
    assert_eq!(told[0], "     1.0 s  → +390212345      dials");
    assert_eq!(told[1], "     2.0 s  → +390212345      rings");
    assert_eq!(
        told[3],
        "     5.0 s  → +390212345      sends page 1/3           V.17 14400 bit/s  ECM block 1 of 200 frames"
    );
    assert!(told[4].contains("page 1/3 to be confirmed"), "{told:#?}");
    assert_eq!(told[6], "     9.0 s  → +390212345      3 pages confirmed");
}

#[test]
fn the_table_has_a_line_a_call_with_the_time_of_that_call() {
    let mut display = Display::default();
    display.handle(&began(OUT, 3), at(1000));
    display.handle(&began(IN, 0), at(1500));
    display.handle(&fax(OUT, Phase::C, 1, 100), at(2000));
    display.handle(&fax(IN, Phase::C, 1, 100), at(2000));
    let shown: Vec<String> = display.lines(at(4000)).iter().map(crate::cli::console::Line::text).collect();
    assert_eq!(
        shown,
        [
            "  → +390212345         3.0 s  sends page 2/3           V.17 14400 bit/s  ECM block 1 of 200 frames, ████████░░░░░░░░ 100 arrived",
            "  ← +390212345         2.5 s  takes page 2             V.17 14400 bit/s  ECM block 1 of 200 frames, ████████░░░░░░░░ 100 arrived",
        ]
    );
    display.handle(&ended(OUT, 1, Cause::MediaLost), at(5000));
    let after = display.lines(at(60_000));
    assert!(after[0].text().contains("4.0 s  1 of 3 confirmed, the connection went silent"), "{}", after[0].text());
    assert!(!display.is_quiet());
    display.handle(&ended(IN, 3, Cause::Sent), at(5000));
    assert!(display.is_quiet());
}

#[test]
fn news_of_a_call_that_was_never_seen_to_begin_is_left_out() {
    let mut display = Display::default();
    assert!(display.handle(&fax(OUT, Phase::C, 0, 0), at(1)).is_none());
    assert!(display.handle(&ended(OUT, 3, Cause::Sent), at(2)).is_none());
    assert!(display.lines(at(3)).is_empty());
}

#[test]
fn the_display_stays_short_whatever_is_called() {
    let mut display = Display::default();
    for job in 0..100 {
        display.handle(&began(Subject::Sending(JobId(job)), 1), at(0));
    }
    assert_eq!(display.lines(at(1)).len(), super::MAX_ROWS);
}

#[test]
fn a_bar_is_full_at_its_end_and_survives_nonsense() {
    assert_eq!(bar(0, 0), "░░░░░░░░░░░░░░░░");
    assert_eq!(bar(300, 256), "████████████████");
    assert_eq!(bar(u32::MAX, 1), "████████████████");
}

#[test]
fn programs_get_every_frame_with_its_job() {
    let value = for_programs(&fax(OUT, Phase::C, 1, 100), at(1234));
    assert_eq!((&value["job"], &value["page"], &value["frames_acknowledged"]), (&1.into(), &2.into(), &100.into()));
    assert_eq!((&value["phase"], &value["milliseconds"]), (&"C".into(), &1234.into()));
    let value = for_programs(&ended(IN, 3, Cause::Sent), at(1));
    assert_eq!((&value["received"], &value["cause"]), (&7.into(), &"sent".into()));
}
