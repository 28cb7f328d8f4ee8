//! Receptions on a disk that fails for a while.

use super::*;
use crate::call::{PageFormat, ReceivedPage, Verdict};
use crate::config::Config;
use crate::image::{Bitmap, Coding, encode};
use crate::io::call::CallOwner;
use crate::model::{Compression, Resolution, Width};
use crate::queue::{MailState, Store};
use crate::spool::Spool;
use crate::t30::PageEnd;

struct Bench {
    office: Office,
    folder: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(&folder.path().join("queue.db")).expect("a queue");
        let spool = Spool::open(&folder.path().join("spool")).expect("a spool");
        let settings = crate::app::settings(&Config::default()).expect("settings");
        Self { office: Office::new(store, spool, settings), folder }
    }

    /// A reception that has begun.
    fn begin(&self) -> Reception {
        let file = self.office.spool().grow(Kind::Received).expect("a file");
        let new = NewReceived {
            called: "+3906".into(),
            caller: None,
            caller_name: None,
            caller_withheld: false,
            trunk: None,
            job: None,
            mailboxes: vec!["fax@example.com".into()],
            spool_file: file.name().to_string(),
            opened_ms: now_ms(),
        };
        let id = self.office.store().open_reception(new).expect("a row");
        Reception::new(self.office.clone(), id, Subject::Receiving(id), file)
    }

    /// While this is done no received fax can be written or read.
    fn without_disk<T>(&self, done: impl FnOnce() -> T) -> T {
        let (here, away) = (self.folder.path().join("spool/received"), self.folder.path().join("away"));
        std::fs::rename(&here, &away).expect("moved away");
        let done = done();
        std::fs::rename(&away, &here).expect("moved back");
        done
    }

    fn rows(&self) -> Vec<Received> {
        let mut rows = self.office.store().list_received(None, 10).expect("rows");
        rows.reverse();
        rows
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

fn page(document: u32, index: u32) -> ReceivedPage {
    let (width, resolution) = (Width::A4, Resolution::Standard);
    let coding = Coding::new(Compression::Mmr, resolution);
    ReceivedPage {
        document,
        index,
        format: PageFormat {
            width,
            resolution,
            compression: Compression::Mmr,
            two_dimensional_every: 0,
            minimum_row_bits: 0,
            maximum_rows: None,
            ecm: true,
        },
        bits: encode(&Bitmap::white(width.pels(resolution), 100), &coding),
        ended: PageEnd::AnotherFollows,
        damaged_frames: 0,
        missing_frames: 0,
        carrier_losses: 0,
        overlong: false,
        wants_verdict: true,
    }
}

#[test]
fn a_page_never_goes_to_whom_the_fax_before_is_for_though_the_disk_failed_between_them() {
    let bench = Bench::new();
    let reception = bench.begin();
    let runtime = runtime();
    let first = runtime.block_on(reception.received(page(0, 0)));
    let failed = bench.without_disk(|| runtime.block_on(reception.received(page(1, 1))));
    let again = runtime.block_on(reception.received(page(1, 1)));
    assert_eq!([first, failed, again], [Verdict::Good, Verdict::Bad, Verdict::Good]);
    assert_eq!(bench.rows().iter().map(|row| row.pages).collect::<Vec<_>>(), [1, 1], "two faxes of a page each");
}

#[test]
fn what_cannot_be_mailed_now_is_mailed_later_and_holds_nothing_else_up() {
    let bench = Bench::new();
    let (reception, runtime) = (bench.begin(), runtime());
    assert_eq!(runtime.block_on(reception.received(page(0, 0))), Verdict::Good);
    let left = bench.rows();
    bench.without_disk(|| {
        finish_interrupted(&bench.office, &left);
        close_again(&bench.office);
    });
    assert_eq!(bench.rows()[0].closed_ms, None, "it has to be mailed");
    close_again(&bench.office);
    let row = bench.rows().remove(0);
    assert_eq!((row.cause, row.pages), (Some(Cause::Interrupted), 1));
    let mails = bench.office.store().mails(MailState::Queued, 10).expect("mails");
    assert_eq!(mails.iter().map(|mail| mail.envelope_to.as_str()).collect::<Vec<_>>(), ["fax@example.com"]);
    let name = crate::spool::SpoolName::from_stored(&row.spool_file).expect("a name");
    let octets = bench.office.spool().read(&name, 1 << 20).expect("the fax");
    assert!(octets.starts_with(b"II*\0"), "a TIFF");
    close_again(&bench.office);
    assert_eq!(bench.office.store().mails(MailState::Queued, 10).expect("mails").len(), 1, "once");
}
