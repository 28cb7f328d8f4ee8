//! What the fast modems cost the processor, beside SpanDSP's in the same run.
//!
//! Prints; claims nothing by itself, since a machine may be busy. Take ratios, not times: both are measured by turns, the quickest of several
//! runs counts. A whole channel of SpanDSP's fax machine costs 22 ms for a minute of V.17 with error correction.

use std::hint::black_box;
use std::time::Duration;

use faxramp::dsp::fast::Mode;
use faxramp_oracle::modem::{Carrier, Maker, Receiver, random_bits};
use faxramp_oracle::table::Table;

/// Runs of each; the quickest counts.
const RUNS: usize = 5;
/// What is timed at once.
const REPEATS: u32 = 8;
/// Seconds of data in a run.
const SECONDS: u32 = 20;

/// Processor time of this thread, as Linux counts it.
fn processor_time() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    Duration::from_nanos(text.split(' ').next().and_then(|nanoseconds| nanoseconds.parse().ok()).unwrap_or(0))
}

/// The mean of several runs, long enough for the clock.
fn timed(work: impl Fn()) -> Duration {
    let start = processor_time();
    (0..REPEATS).for_each(|_| work());
    (processor_time() - start) / REPEATS
}

fn main() {
    let columns = ["ms a minute", "send: SpanDSP", "faxramp", "ratio", "receive: SpanDSP", "faxramp", "ratio"];
    let mut table = Table::new("processor time of the fast modems", &columns);
    for mode in Mode::ALL {
        let bits = random_bits((mode.bits_per_second() * SECONDS) as usize, 1);
        let signal = Carrier::new(mode).send(Maker::Spandsp, &bits);
        let minute = 60.0 * 8000.0 / signal.len() as f64;
        let mut best = [[Duration::MAX; 2]; 2];
        for _ in 0..RUNS {
            for (place, maker) in Maker::ALL.into_iter().enumerate() {
                let sending = timed(|| drop(black_box(Carrier::new(mode).send(maker, &bits))));
                best[0][place] = best[0][place].min(sending);
                let receiving = timed(|| drop(black_box(Receiver::new(maker, mode).hear(&signal))));
                best[1][place] = best[1][place].min(receiving);
            }
        }
        let mut row = vec![format!("{mode:?}")];
        for [theirs, ours] in best {
            let milliseconds = |time: Duration| format!("{:.2}", time.as_secs_f64() * 1000.0 * minute);
            let ratio = ours.as_secs_f64() / theirs.as_secs_f64();
            row.extend([milliseconds(theirs), milliseconds(ours), format!("{ratio:.2}")]);
        }
        table.row(row);
    }
    table.print();
}
