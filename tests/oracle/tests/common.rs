//! What the tests share: the matrix, how a call is judged, how a run is told to people.

use std::time::Instant;

use faxramp::image::Bitmap;
use faxramp::image::tiff::FaxPage;
use faxramp::model::{Cause, Compression, Resolution, Width};
use faxramp::signal::Modulation;
use faxramp_oracle::call::CallReport;
use faxramp_oracle::ours::Ours;
use faxramp_oracle::table::Table;
use faxramp_oracle::theirs::Theirs;

/// How three pages travel.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Case {
    pub(crate) number: usize,
    pub(crate) ecm: bool,
    pub(crate) compression: Compression,
    pub(crate) modulation: Modulation,
    pub(crate) resolution: Resolution,
    pub(crate) width: Width,
}

const MODES: [(bool, Compression); 5] = [
    (true, Compression::Mmr),
    (true, Compression::Mr),
    (true, Compression::Mh),
    (false, Compression::Mr),
    (false, Compression::Mh),
];
const RESOLUTIONS: [Resolution; 3] = [Resolution::Standard, Resolution::Fine, Resolution::Superfine];

impl Case {
    /// Every mode at every rate and resolution on A4, and with every modem at every other
    /// width; 300 and 400 dots per inch at every width.
    pub(crate) fn all() -> Vec<Self> {
        let mut cases = Vec::new();
        for (ecm, compression) in MODES {
            for resolution in RESOLUTIONS {
                for modulation in Modulation::ALL {
                    let number = cases.len();
                    cases.push(Self { number, ecm, compression, modulation, resolution, width: Width::A4 });
                }
                for width in [Width::B4, Width::A3] {
                    for modulation in [Modulation::V27ter4800, Modulation::V29At9600, Modulation::V17At14400] {
                        let number = cases.len();
                        cases.push(Self { number, ecm, compression, modulation, resolution, width });
                    }
                }
            }
            for resolution in [Resolution::Dots300, Resolution::Ultrafine, Resolution::Dots400] {
                for width in Width::ALL {
                    let number = cases.len();
                    let modulation = Modulation::V17At14400;
                    cases.push(Self { number, ecm, compression, modulation, resolution, width });
                }
            }
        }
        cases
    }

    pub(crate) fn name(&self) -> String {
        let mode = if self.ecm { "ECM" } else { "plain" };
        let (family, rate) = (self.modulation.family(), self.modulation.bits_per_second());
        format!("{mode} {} {family} {rate} {:?} {:?}", self.compression.name(), self.resolution, self.width)
    }
}

/// What a case came to: words for the table, or what was wrong.
pub(crate) type Verdict = Result<String, String>;

/// Collects the rows of a table, and what was wrong.
pub(crate) struct Run {
    table: Table,
    failures: Vec<String>,
}

impl Run {
    pub(crate) fn new(heading: &str) -> Self {
        let table = Table::new(heading, &["case", "simulated s", "datagrams", "lost", "result"]);
        Self { table, failures: Vec::new() }
    }

    pub(crate) fn add(&mut self, name: &str, report: &CallReport, verdict: Verdict) {
        let words = verdict.as_ref().map_or_else(|why| format!("WRONG: {why}"), Clone::clone);
        let counts = [report.datagrams.to_string(), report.lost.to_string()];
        let [datagrams, lost] = counts;
        self.table.row(vec![name.into(), format!("{:.1}", report.lasted.as_secs_f64()), datagrams, lost, words]);
        if let Err(why) = verdict {
            self.failures.push(format!("{name}: {why}"));
        }
    }

    /// Prints the table; fails if a case did.
    pub(crate) fn finish(self) {
        self.table.print();
        assert!(self.failures.is_empty(), "{} wrong:\n{}", self.failures.len(), self.failures.join("\n"));
    }
}

pub(crate) fn ensure(good: bool, what: impl FnOnce() -> String) -> Result<(), String> {
    if good { Ok(()) } else { Err(what()) }
}

/// Both ends noticed the end by themselves, and both are content.
pub(crate) fn both_succeeded(report: &CallReport, ours: &Ours, theirs: &Theirs, pages: u32) -> Result<(), String> {
    let ending = ours.ending.as_ref().ok_or("we did not end")?;
    let words =
        || format!("SpanDSP: {}; we: {:?} after {} pages", theirs.completion_words(), ending.cause, ending.pages);
    ensure(theirs.completion() == Some(0) && ending.cause == Cause::Sent && ending.pages == pages, words)?;
    let unreadable = theirs.unreadable;
    ensure(unreadable == 0, || format!("SpanDSP could not read {unreadable} packets"))?;
    ensure(!report.hung_up && !report.endless, || "an end did not notice the end".into())
}

/// The pages that came are those that were sent, pel by pel.
pub(crate) fn all_exact<'a>(sent: &[FaxPage], received: impl IntoIterator<Item = &'a Bitmap>) -> Result<(), String> {
    let received: Vec<&Bitmap> = received.into_iter().collect();
    ensure(received.len() == sent.len(), || format!("{} pages for {}", received.len(), sent.len()))?;
    for (index, (sent, received)) in sent.iter().zip(received).enumerate() {
        let rows = (received.rows(), sent.bitmap.rows());
        ensure(rows.0 == rows.1, || format!("page {index} has {} rows for {}", rows.0, rows.1))?;
        let differs = (0..rows.0).find(|row| received.row(*row) != sent.bitmap.row(*row));
        ensure(differs.is_none(), || format!("page {index} differs from row {differs:?} on"))?;
        ensure(sent.bitmap == *received, || format!("page {index} differs in width"))?;
    }
    Ok(())
}

/// The call went as the case says.
pub(crate) fn as_agreed(case: &Case, ours: &Ours, theirs: &Theirs) -> Result<(), String> {
    let record = &ours.ending.as_ref().ok_or("we did not end")?.record;
    let good = record.modulation == Some(case.modulation)
        && record.ecm == case.ecm
        && record.compression == Some(case.compression)
        && record.resolution == Some(case.resolution);
    ensure(good, || format!("it went otherwise: {record:?}"))?;
    let statistics = theirs.statistics();
    let rate = u32::try_from(statistics.bits_per_second).unwrap_or(0);
    let good = statistics.ecm == case.ecm && rate == case.modulation.bits_per_second() && statistics.bad_rows == 0;
    ensure(good, || format!("SpanDSP saw it otherwise: {statistics:?}"))
}

#[expect(clippy::disallowed_methods, reason = "a base for virtual time")]
pub(crate) fn base() -> Instant {
    Instant::now()
}
