//! Whole faxes over bad lines, drawn from a seed: which modem, which direction, what the line does.

use std::collections::BTreeMap;

use faxramp::image::tiff::FaxPage;
use faxramp::model::{Cause, Resolution, Width};
use faxramp::modem;
use faxramp::signal::Modulation;
use faxramp::t30::{AnswererSettings, Errand, ReceiverSettings, SenderSettings, Transport};
use faxramp_oracle::audio_ours::AudioOurs;
use faxramp_oracle::audio_theirs::AudioTheirs;
use faxramp_oracle::call::CallReport;
use faxramp_oracle::chance::Chance;
use faxramp_oracle::ours::{answerer_settings, caller_settings};
use faxramp_oracle::pages::{self, Picture};
use faxramp_oracle::table::Table;
use faxramp_oracle::theirs::{Modems, TheirSettings};
use faxramp_oracle::trunk_call::{self, BadLine, Loss, Near};

use crate::common::{all_exact, base};

/// A fax.
#[derive(Clone, Debug)]
struct Fax {
    receives: bool,
    ecm: bool,
    fastest: Modulation,
    pages: Vec<FaxPage>,
}

impl Fax {
    fn draw(seed: u64) -> Self {
        let mut chance = Chance::new(seed ^ 0xFA);
        let receives = chance.below(2) == 1;
        let ecm = chance.below(4) != 0;
        let fastest = match chance.below(6) {
            0 => Modulation::V27ter4800,
            1 => Modulation::V29At9600,
            2 => Modulation::V17At9600,
            _ => Modulation::V17At14400,
        };
        let count = 2 + chance.below(3);
        let picture = |place: u32| [Picture::Text, Picture::LineArt, Picture::White][place as usize % 3];
        let mut draw = |place: u32| {
            let picture = picture(place + chance.below(2));
            pages::draw(picture, Width::A4, Resolution::Standard, seed + u64::from(place))
        };
        let pages = (0..count).map(&mut draw).collect();
        Self { receives, ecm, fastest, pages }
    }

    fn words(&self) -> String {
        let way = if self.receives { "from" } else { "to" };
        let mode = if self.ecm { "ECM" } else { "plain" };
        format!("{way} {mode} {} {}", self.fastest.family(), self.fastest.bits_per_second())
    }

    fn call(&self, line: &BadLine) -> (CallReport, AudioOurs, AudioTheirs) {
        let now = base();
        let mut theirs = AudioTheirs::new(&self.theirs(self.receives));
        let modem = modem::Settings::default();
        let transport = Transport::Audio;
        let (ecm, max_modulation) = (self.ecm, self.fastest);
        let mut ours = if self.receives {
            let receive = ReceiverSettings { transport, ecm, max_modulation, ..answerer_settings() };
            AudioOurs::answerer(AnswererSettings { receive, documents: Vec::new() }, &modem, Vec::new(), now)
        } else {
            let send = SenderSettings { transport, ecm, max_modulation, ..caller_settings(&self.pages) };
            AudioOurs::caller(Errand::Send(send), &modem, self.pages.clone(), now)
        };
        ours.is_strict = false;
        let report = trunk_call::run(Near::Ours(&mut ours), &mut theirs, line, now);
        (report, ours, theirs)
    }

    /// Whether SpanDSP in our place brings all pages over the same line.
    fn call_without_us(&self, line: &BadLine) -> bool {
        let mut near = AudioTheirs::new(&self.theirs(!self.receives));
        let mut far = AudioTheirs::new(&self.theirs(self.receives));
        trunk_call::run(Near::Theirs(&mut near), &mut far, line, base());
        let received = if self.receives { near.received() } else { far.received() };
        let sent = if self.receives { far.completion() } else { near.completion() };
        sent == Some(0) && received.len() == self.pages.len()
    }

    fn theirs(&self, calling: bool) -> TheirSettings {
        let pages = if calling { self.pages.clone() } else { Vec::new() };
        let modems = match self.fastest {
            Modulation::V27ter2400 | Modulation::V27ter4800 => Modems::V27ter,
            Modulation::V29At7200 | Modulation::V29At9600 => Modems::V29,
            Modulation::V17At7200 | Modulation::V17At9600 | Modulation::V17At12000 | Modulation::V17At14400 => {
                Modems::V17
            }
        };
        TheirSettings { ecm: self.ecm, modems, ..TheirSettings::new(calling, pages) }
    }
}

/// What came of a call.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Came {
    /// All pages, exact.
    Exact,
    /// All pages, some with damaged rows: there was no error correction.
    Damaged,
    /// SpanDSP has confirmed a page without error correction to which it could not train.
    Deceived,
    /// SpanDSP gave up: after three ends of a block, the answers to which it could not read, it hangs up.
    TheyGaveUp,
    /// The call broke off; what each end says.
    Failed(String),
    /// What must never be.
    Wrong(String),
}

fn came(fax: &Fax, report: &CallReport, ours: &AudioOurs, theirs: &AudioTheirs) -> Came {
    let Some(ending) = &ours.ending else { return Came::Wrong("we did not end".into()) };
    if report.endless {
        return Came::Wrong("it did not end".into());
    }
    let received: Vec<_> = if fax.receives {
        ours.confirmed().map(|page| page.decoded.bitmap.clone()).collect()
    } else {
        theirs.received()
    };
    // What either end vouches for is there, and with error correction it is exact.
    let vouched = if fax.receives { received.len() } else { ending.pages as usize };
    let is_sent = ending.cause == Cause::Sent && vouched == fax.pages.len();
    if received.len() < vouched {
        return if fax.ecm {
            Came::Wrong(format!("{vouched} pages confirmed, {} there", received.len()))
        } else {
            Came::Deceived
        };
    }
    match all_exact(&fax.pages[..vouched], &received[..vouched]) {
        Err(why) if fax.ecm => Came::Wrong(why),
        Ok(()) if is_sent => Came::Exact,
        Err(_) if is_sent => Came::Damaged,
        Ok(()) | Err(_) => match theirs.completion_words() {
            words if fax.receives && words.contains("TX_PHDDEAD") => Came::TheyGaveUp,
            words => Came::Failed(format!("{:?}, {words}", ending.cause)),
        },
    }
}

/// How many calls, and the one wanted alone.
fn seeds(usual: u64) -> std::ops::RangeInclusive<u64> {
    let number = |name| std::env::var(name).ok().and_then(|number| number.parse().ok());
    number("ORACLE_SEED").map_or(1..=number("ORACLE_CALLS").unwrap_or(usual), |seed| seed..=seed)
}

/// Calls each of these, and shows what came of them; how many of each kind.
fn call_all(heading: &str, faxes: impl IntoIterator<Item = (u64, Fax, BadLine)>) -> BTreeMap<Came, u32> {
    let mut kinds: BTreeMap<Came, u32> = BTreeMap::new();
    let columns = ["seed", "fax", "line", "s", "pages", "at", "PPRs", "result", "SpanDSP with itself"];
    let mut table = Table::new(heading, &columns);
    for (seed, fax, line) in faxes {
        let (report, ours, theirs) = fax.call(&line);
        let came = came(&fax, &report, &ours, &theirs);
        let is_well = matches!(came, Came::Exact | Came::Damaged);
        let alone = if is_well || !fax.call_without_us(&line) { "" } else { "arrives" };
        let record = ours.ending.as_ref().map(|ending| &ending.record);
        let rate = record.and_then(|record| record.modulation).map_or(0, Modulation::bits_per_second);
        table.row(vec![
            seed.to_string(),
            fax.words(),
            line.words(),
            format!("{:.0}", report.lasted.as_secs_f64()),
            format!("{} of {}", ours.ending.as_ref().map_or(0, |ending| ending.pages), fax.pages.len()),
            rate.to_string(),
            record.map_or(0, |record| record.partial_page_requests).to_string(),
            format!("{came:?}"),
            alone.into(),
        ]);
        *kinds.entry(came).or_default() += 1;
    }
    table.print();
    let mut sums = Table::new(&format!("{heading}: of them"), &["calls", "kind"]);
    for (kind, count) in &kinds {
        sums.row(vec![count.to_string(), format!("{kind:?}")]);
    }
    sums.print();
    kinds
}

/// How many calls there were, how many went well, how many SpanDSP gave up, and what must never be.
fn judged(kinds: &BTreeMap<Came, u32>) -> (u32, u32, u32, Vec<&Came>) {
    let count = |wanted: fn(&Came) -> bool| kinds.iter().filter(|(kind, _)| wanted(kind)).map(|(_, count)| count).sum();
    let well = count(|kind| matches!(kind, Came::Exact | Came::Damaged));
    let theirs = count(|kind| matches!(kind, Came::TheyGaveUp | Came::Deceived));
    let wrong = kinds.keys().filter(|kind| matches!(kind, Came::Wrong(_))).collect();
    (kinds.values().sum(), well, theirs, wrong)
}

/// Every kind of harm in every second call or so. Of 600 such calls 566 arrive, and 20 of the others SpanDSP gives up.
#[test]
fn faxes_over_bad_lines_arrive_and_none_is_claimed_that_does_not() {
    let faxes = seeds(60).map(|seed| (seed, Fax::draw(seed), BadLine::draw(seed)));
    let kinds = call_all("faxes over bad lines", faxes);
    let (calls, well, theirs, wrong) = judged(&kinds);
    assert!(wrong.is_empty(), "{wrong:?}");
    assert!((calls - well - theirs) * 12 <= calls, "{well} of {calls} went well, SpanDSP gave up {theirs}");
}

/// SpanDSP confirms the last page three times, and hangs up when it hears the end of the page again after it. Here only what we hear is lost, as
/// in the lab with Asterisk; towards SpanDSP so much is more than its receivers can train through.
#[test]
fn two_per_cent_lost_on_the_way_to_us_cost_no_page() {
    let loss = [Loss::default(), Loss { of_ten_thousand: 200, in_a_row: 1 }];
    for receives in [false, true] {
        let faxes = seeds(24).map(|seed| {
            let pages = (0..3).map(|page| pages::draw(Picture::Text, Width::A4, Resolution::Standard, page)).collect();
            let fax = Fax { receives, ecm: true, fastest: Modulation::V17At14400, pages };
            (seed, fax, BadLine { loss, ..BadLine::good(seed) })
        });
        let kinds = call_all("two per cent lost on the way to us", faxes);
        let (calls, well, _, wrong) = judged(&kinds);
        assert!(wrong.is_empty() && calls == well, "{well} of {calls} went well, {wrong:?}");
    }
}
