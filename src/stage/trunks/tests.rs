//! The board, and what needs no network of those who keep it.

use std::net::IpAddr;

use super::*;
use crate::policy::{RetrySettings, TrunkFault, Trunks};
use crate::queue::due::{Batch, MOST_PAGES};
use crate::signal::Modulation;
use crate::sip;
use crate::stage::settings::{Dial, Fax, Identity, NumberUri, Registering, Telling};
use crate::t38;

fn server() -> SipServer {
    SipServer {
        place: sip::Place { host: Host::Name("example.net".into()), port: None, transport: None },
        large: sip::Large::Stays,
        tls: Arc::new(sip::TlsPeer { domain: "example.net".into(), profile: "t".into() }),
    }
}

/// A trunk as it is configured when little is said.
pub(in crate::stage) fn line() -> TrunkLine {
    TrunkLine {
        server: server(),
        registration: None,
        watch: None,
        calls_per_second: None,
        identity: Identity {
            telling: Telling::From,
            from_user: Some("account".into()),
            from_domain: "company.example".into(),
            display_name: "Company".into(),
            hidden: false,
            diversion: None,
            number_uri: NumberUri::Sip,
            phone_context: None,
        },
        response_timeout: Duration::from_secs(6),
        domain: "example.net".into(),
        credentials: None,
        channels: 4,
        codecs: Vec::new(),
        calls: CallSettings::default(),
        srtp: crate::stage::settings::Srtp::OFF,
        media_timeout: Duration::from_secs(40),
        t38: crate::call::T38Policy::default(),
        answer_timeout: Duration::from_secs(60),
        call_limit: Duration::from_secs(3600),
    }
}

fn open(calls: u32) -> Option<Open> {
    Some(Open { calls, is_paced: false })
}

fn dial(lines: impl IntoIterator<Item = (&'static str, TrunkLine)>) -> Dial {
    Dial {
        trunks: Trunks::default(),
        lines: lines.into_iter().map(|(name, line)| (name.to_owned(), line)).collect(),
        max_calls: 10,
        batch: Batch { faxes: 1, pages: MOST_PAGES },
        retry: RetrySettings::default(),
        fax: Fax {
            station_id: String::new(),
            non_standard_facilities: Vec::new(),
            sender_name: String::new(),
            headline: false,
            ecm: true,
            ecm_small_frames: false,
            max_modulation: Modulation::V17At14400,
            error_correction: t38::ErrorCorrection::Redundancy,
            control_redundancy: 3,
            image_redundancy: 3,
            pacing: t38::Pacing::Auto,
            remember: Duration::ZERO,
            rtn: crate::t30::RtnMeaning::default(),
        },
        user_agent: String::new(),
    }
}

fn unreachable() -> TrunkEvent {
    TrunkEvent::Failed { fault: TrunkFault::Unreachable, reason: "no answer".into(), retry_after: None }
}

#[test]
fn a_row_is_written_once_for_each_change() {
    let board = Board::default();
    let now_ms = now_ms();
    board.configure(&dial([("a", line()), ("b", line())]), now_ms);
    assert_eq!(board.unwritten(now_ms).len(), 2);
    assert_eq!(board.unwritten(now_ms).len(), 0, "nothing new");
    board.learn("a", unreachable());
    let rows = board.unwritten(now_ms);
    assert_eq!(rows.iter().map(|row| row.name.as_str()).collect::<Vec<_>>(), ["a"]);
    board.learn("b", TrunkEvent::Placed);
    assert_eq!(board.unwritten(now_ms).len(), 0, "a call that works is no change");
    board.forget_written();
    assert_eq!(board.unwritten(now_ms).len(), 2);
    board.learn("c", unreachable());
    assert!(board.unwritten(now_ms).is_empty(), "a trunk that is gone is not brought back");
}

#[test]
fn a_trunk_that_cannot_be_used_is_closed_and_one_that_is_full_is_not() {
    let board = Board::default();
    let now_ms = now_ms();
    let registering =
        Registering { registrar: server(), user: "fax".into(), expires: Duration::from_secs(60), keep_alive: false };
    let registered = TrunkLine { registration: Some(registering), ..line() };
    board.configure(&dial([("a", line()), ("r", registered)]), now_ms);
    assert_eq!(board.open_channels("a", 4, 4, now_ms), open(0));
    assert_eq!(board.open_channels("r", 4, 0, now_ms), None, "not registered yet");
    board.learn("r", TrunkEvent::Registered { until_ms: now_ms + 60_000 });
    assert_eq!(board.open_channels("r", 4, 1, now_ms), open(3));
    board.learn("a", unreachable());
    assert_eq!((board.open_channels("a", 4, 0, now_ms), board.is_usable("a", now_ms)), (None, false));
}

#[test]
fn calls_per_second_hold_back_the_second_call_and_survive_new_settings() {
    let board = Board::default();
    let paced = |calls| Some(Open { calls, is_paced: true });
    let line_with_pace = TrunkLine { calls_per_second: Some(2), ..line() };
    board.configure(&dial([("a", line_with_pace.clone())]), 0);
    assert_eq!(board.open_channels("a", 4, 0, 1000), paced(1), "one at a time");
    assert_eq!(board.begin_call("a", 1000), Some(Duration::from_millis(500)));
    board.configure(&dial([("a", line_with_pace)]), 1000);
    assert_eq!(board.open_channels("a", 4, 1, 1499), paced(0));
    assert_eq!(board.open_channels("a", 4, 1, 1500), paced(1));
    assert_eq!(board.open_channels("a", 4, 4, 1500), open(0), "full is not waiting its moment");
    board.configure(&dial([("a", line())]), 1500);
    assert_eq!(board.begin_call("a", 1500), None);
}

#[test]
fn a_trunk_that_begins_to_register_begins_anew() {
    let board = Board::default();
    board.configure(&dial([("a", line())]), 0);
    let registering =
        Registering { registrar: server(), user: "fax".into(), expires: Duration::from_secs(60), keep_alive: false };
    board.configure(&dial([("a", TrunkLine { registration: Some(registering), ..line() })]), 5);
    assert!(!board.is_usable("a", 5));
    board.configure(&dial([]), 6);
    assert!(board.unwritten(6).is_empty());
}

#[test]
fn an_address_is_the_trunks_while_its_name_leads_there_and_an_hour_longer() {
    let board = Board::default();
    board.configure(&dial([("a", line()), ("b", line())]), 0);
    let [first, second, mapped] = ["192.0.2.1", "192.0.2.2", "::ffff:192.0.2.3"].map(|text| text.parse().unwrap());
    board.located("a", [first, mapped], 0);
    board.located("a", [second], 1_800_000);
    assert!(board.is_at("a", first, 1_800_000) && board.is_at("a", second, 1_800_000), "both, as the name has many");
    assert!(board.is_at("a", "192.0.2.3".parse().unwrap(), 0) && !board.is_at("b", first, 0));
    assert!(!board.is_at("a", first, 3_600_001) && board.is_at("a", second, 3_600_001));
    board.located("gone", [first], 0);
    assert!(!board.is_at("gone", first, 0));
}

#[test]
fn where_a_trunk_has_moved_to_is_known_however_often_it_moves() {
    let board = Board::default();
    board.configure(&dial([("a", line())]), 0);
    let at = |number: u8| IpAddr::from([192, 0, 2, number]);
    for number in 0..100 {
        board.located("a", [at(number)], i64::from(number));
    }
    let known = (0..100).filter(|number| board.is_at("a", at(*number), 100)).collect::<Vec<_>>();
    assert_eq!(known, (36..100).collect::<Vec<_>>());
    board.located("a", (0..=255).map(at), 101);
    assert!(board.is_at("a", at(0), 101) && !board.is_at("a", at(255), 101), "a name with more than are kept");
}

/// Each waits for the other: one that were told only when the other has ended would wait in vain.
#[tokio::test]
async fn trunks_say_farewell_at_the_same_time() {
    let both = Arc::new(tokio::sync::Barrier::new(2));
    let keeper = || {
        let (stop, mut stopped) = watch::channel(false);
        let both = Arc::clone(&both);
        let engine = async move {
            let _ = stopped.wait_for(|stop| *stop).await;
            both.wait().await;
        };
        Keeper { trunk: line(), stop, tasks: vec![tokio::spawn(engine)] }
    };
    assert_eq!(end_all([keeper(), keeper()]).await, 0);
}

#[test]
fn a_server_that_is_not_found_is_told_once_and_so_is_that_it_is_back() {
    let mut told = Told::default();
    let (timeout, unknown) = ("no answer".to_owned(), "no such name".to_owned());
    let looks = [None, Some(&timeout), Some(&timeout), Some(&unknown), Some(&unknown), None, None];
    let news = looks.map(|trouble| told.is_news(trouble));
    assert_eq!(news, [false, true, false, true, false, true, false]);
}
