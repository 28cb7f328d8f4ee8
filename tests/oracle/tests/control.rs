//! The modem of control signals beside SpanDSP's, on the same signals.

use faxramp::dsp::g711::Law;
use faxramp_oracle::ber;
use faxramp_oracle::control_modem::{bit_errors, hear, send};
use faxramp_oracle::line::{Attenuation, Delay, Filter, Line, Noise, power};
use faxramp_oracle::modem::{MARGIN, Maker, random_bits};
use faxramp_oracle::table::Table;

/// Control signals at each ratio, and the bits of each after its preamble.
const SIGNALS: usize = 80;
const BITS: usize = 400;
/// A preamble of a second.
const PREAMBLE: usize = 300;
/// Ratios that are tried, in dB.
const RATIOS: [f64; 8] = [-4.0, -3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0];

/// Wrong bits of SpanDSP's receiver and ours, at each ratio.
fn measure(sender: Maker, line: &Line) -> Vec<[usize; 2]> {
    let mut wrong = vec![[0; 2]; RATIOS.len()];
    for signal in 0..SIGNALS {
        let flags = (0..PREAMBLE).map(|place| !matches!(place % 8, 0 | 7));
        let bits: Vec<bool> = flags.chain(random_bits(BITS, signal as u64 + 1)).collect();
        let shaped = line.shape(&send(sender, &bits));
        let level = power(&shaped[2 * MARGIN..shaped.len() - 2 * MARGIN]);
        for (wrong, ratio) in wrong.iter_mut().zip(RATIOS) {
            let mut noise = Noise::of_power(level / 10.0_f64.powf(ratio / 10.0), signal as u64 + 9);
            let heard = line.finish(&shaped, &mut noise, MARGIN..shaped.len() - MARGIN);
            for (wrong, maker) in wrong.iter_mut().zip(Maker::ALL) {
                *wrong += bit_errors(&bits, &hear(maker, &heard), PREAMBLE);
            }
        }
    }
    wrong
}

#[test]
fn noise_does_no_more_harm_to_control_signals_than_to_spandsps() {
    let line = |filter: Option<Filter>, offset_hertz: f64| Line {
        filter,
        offset_hertz,
        law: Some(Law::Mu),
        ..Line::default()
    };
    let lines = [
        ("flat, µ-law", line(None, 0.0)),
        ("AD-7 EDD-2, µ-law", line(Some(Filter::new(Attenuation::Ad7, Delay::Edd2)), 0.0)),
        ("offset 7 Hz, µ-law", line(None, 7.0)),
    ];
    let jobs: Vec<(Maker, &str, &Line)> =
        Maker::ALL.into_iter().flat_map(|sender| lines.iter().map(move |(name, line)| (sender, *name, line))).collect();
    let done = ber::in_parallel(&jobs, |(sender, _, line)| measure(*sender, line));
    let heading = format!("V.21: wrong bits of {} against signal to noise (dB, 0 to 4 kHz)", SIGNALS * BITS);
    let mut table = Table::new(&heading, &["sends", "line", "receives", "−4", "−3", "−2", "−1", "0", "1", "2", "3"]);
    let mut behind = Vec::new();
    for ((sender, name, _), wrong) in jobs.iter().zip(done) {
        for (place, maker) in Maker::ALL.into_iter().enumerate() {
            let mut row = vec![sender.name().into(), (*name).to_owned(), maker.name().into()];
            row.extend(wrong.iter().map(|wrong| wrong[place].to_string()));
            table.row(row);
        }
        for ([theirs, ours], ratio) in wrong.into_iter().zip(RATIOS) {
            // Chance has its share: a tenth, and a few.
            if ours > theirs + theirs / 10 + 10 {
                behind.push(format!("{} sends, {name}, {ratio} dB: ours {ours}, SpanDSP {theirs}", sender.name()));
            }
        }
    }
    table.print();
    assert!(behind.is_empty(), "\n{}", behind.join("\n"));
}
