//! Bit error rate against the ratio of signal to noise, for both makers' receivers on the same signal.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use faxramp::dsp::fast::Mode;

use crate::line::{Line, Noise, power};
use crate::modem::{Carrier, MARGIN, Maker, Receiver, bit_errors, random_bits};

/// Errors at one ratio.
#[derive(Clone, Copy, Debug)]
pub struct Point {
    /// Power of the signal as it comes over the line, over that of noise between 0 and 4000 Hz, in dB.
    pub snr_db: f64,
    /// Wrong bits.
    pub errors: usize,
    /// Sent bits.
    pub bits: usize,
    /// Carriers on which the receiver trained, and all.
    pub trained: (usize, usize),
}

impl Point {
    /// Wrong bits among all; half an error where there was none.
    #[must_use]
    pub fn rate(&self) -> f64 {
        (self.errors as f64).max(0.5) / self.bits as f64
    }
}

/// One receiver's points on one line, from the greatest noise to the least.
#[derive(Clone, Debug)]
pub struct Curve {
    /// Who sends.
    pub sender: Maker,
    /// Who receives.
    pub receiver: Maker,
    /// The points.
    pub points: Vec<Point>,
}

/// Where curves are read.
pub const READ_AT: f64 = 1e-4;

impl Curve {
    /// The ratio in dB at which this many of the bits are wrong: where a straight line through the points near it is, each of them with the
    /// weight of its errors, as single points have their chance. (Against the ratio itself, not its decibels, the logarithm of the rate falls
    /// almost straight.) Nothing where the curve does not come down so far.
    #[must_use]
    pub fn snr_at(&self, rate: f64) -> Option<f64> {
        let rates = self.falling_rates();
        let below = rates.iter().position(|found| *found <= rate)?;
        let at = |place: usize| self.points[place].snr_db;
        let Some(above) = below.checked_sub(1) else { return Some(at(0)) };
        let near = self.points.iter().filter(|point| (rate / 5.0..rate * 100.0).contains(&point.rate()));
        let (mut weights, mut x, mut y, mut xx, mut xy) = (0.0, 0.0, 0.0, 0.0, 0.0);
        for point in near {
            let (weight, place, value) =
                ((point.errors as f64).max(0.5), 10.0_f64.powf(point.snr_db / 10.0), point.rate().log10());
            weights += weight;
            x += weight * place;
            y += weight * value;
            xx += weight * place * place;
            xy += weight * place * value;
        }
        let slope = (weights * xy - x * y) / (weights * xx - x * x);
        let on_line = 10.0 * ((rate.log10() - (y - slope * x) / weights) / slope).log10();
        // Not out of the two points that the curve crosses between, where there is such a line at all.
        if on_line.is_finite() { Some(on_line.clamp(at(above), at(below))) } else { Some(at(below)) }
    }

    /// Whether the last two points are well below where curves are read.
    fn is_down(&self) -> bool {
        matches!(&self.points[..], [.., one, other] if one.rate().max(other.rate()) < READ_AT / 4.0)
    }

    /// The rates of the points, neighbours that rise by chance taken together: less noise never does harm.
    #[must_use]
    pub fn falling_rates(&self) -> Vec<f64> {
        let mut groups: Vec<(f64, usize)> = Vec::new();
        for point in &self.points {
            groups.push((point.rate(), 1));
            while let [.., (one, many), (other, more)] = groups[..]
                && other > one
            {
                groups.truncate(groups.len() - 2);
                groups.push(((one * many as f64 + other * more as f64) / (many + more) as f64, many + more));
            }
        }
        groups.into_iter().flat_map(|(rate, many)| std::iter::repeat_n(rate, many)).collect()
    }
}

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// Carriers at each ratio.
    pub carriers: usize,
    /// Bits on each.
    pub bits: usize,
    /// From one ratio to the next, in dB.
    pub step_db: f64,
    /// Whether the noise is there before the carrier too. SpanDSP's receivers take it for one when it is above −45 dBm0, and are spoiled.
    pub noise_before: bool,
}

/// The ratio at which about one bit in a hundred is wrong on a good line, in dB: where to begin.
#[must_use]
pub const fn first_snr_db(mode: Mode) -> f64 {
    match mode {
        Mode::V27ter2400 => 3.0,
        Mode::V27ter4800 => 9.0,
        Mode::V29At7200 => 12.0,
        Mode::V29At9600 => 15.0,
        Mode::V17At7200 => 9.0,
        Mode::V17At9600 => 12.0,
        Mode::V17At12000 => 15.0,
        Mode::V17At14400 => 18.0,
    }
}

/// Most steps that are climbed: where a curve is not down by then, it never is.
const MOST_STEPS: usize = 14;

/// The curves of all pairs of makers on a line.
#[must_use]
pub fn measure(mode: Mode, line: &Line, effort: Effort) -> Vec<Curve> {
    Maker::ALL.into_iter().flat_map(|sender| measure_from(sender, mode, line, effort)).collect()
}

/// The curves of all receivers with one sender.
#[must_use]
pub fn measure_from(sender: Maker, mode: Mode, line: &Line, effort: Effort) -> Vec<Curve> {
    let sent: Vec<(Vec<bool>, Vec<f64>, Range<usize>)> = (0..effort.carriers)
        .map(|carrier| {
            let bits = random_bits(effort.bits, carrier as u64 + 1);
            let signal = Carrier::new(mode).send(sender, &bits);
            let shaped = line.shape(&signal);
            let sounding = sounding(&signal);
            (bits, shaped, sounding)
        })
        .collect();
    let mut curves = Maker::ALL.map(|receiver| Curve { sender, receiver, points: Vec::new() });
    // Begins where each is bad, and ends where each has been good twice.
    for step in 0..MOST_STEPS {
        let snr_db = first_snr_db(mode) + step as f64 * effort.step_db;
        let mut open: Vec<&mut Curve> = curves.iter_mut().filter(|curve| !curve.is_down()).collect();
        if open.is_empty() {
            break;
        }
        for curve in &mut open {
            curve.points.push(Point { snr_db, errors: 0, bits: 0, trained: (0, 0) });
        }
        for (carrier, (bits, shaped, sounding)) in sent.iter().enumerate() {
            // Data only: training has another power, silence none.
            let data = &shaped[shaped.len() / 2..shaped.len() - 2 * MARGIN];
            let mut noise = Noise::of_power(power(data) / 10.0_f64.powf(snr_db / 10.0), carrier as u64 + 77);
            let noisy = if effort.noise_before { 0..shaped.len() } else { sounding.clone() };
            let heard = line.finish(shaped, &mut noise, noisy);
            for curve in &mut open {
                let hearing = Receiver::new(curve.receiver, mode).hear(&heard);
                if let Some(point) = curve.points.last_mut() {
                    point.errors += bit_errors(bits, &hearing);
                    point.bits += bits.len();
                    point.trained.0 += usize::from(hearing.trained);
                    point.trained.1 += 1;
                }
            }
        }
    }
    curves.into()
}

/// From the first sample that sounds to the last: behind the silence that training may begin with.
fn sounding(signal: &[i16]) -> Range<usize> {
    let begin = signal.iter().position(|sample| *sample != 0).unwrap_or(0);
    let end = signal.iter().rposition(|sample| *sample != 0).map_or(signal.len(), |place| place + 1);
    begin..end
}

/// Does all jobs on as many threads as the machine has; the results in the order of the jobs.
pub fn in_parallel<Job: Sync, Done: Send>(jobs: &[Job], work: impl Fn(&Job) -> Done + Sync) -> Vec<Done> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some((place, job)) = {
                    let place = next.fetch_add(1, Ordering::Relaxed);
                    jobs.get(place).map(|job| (place, job))
                } {
                    let result = work(job);
                    done.lock().unwrap_or_else(PoisonError::into_inner).push((place, result));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(place, _)| *place);
    done.into_iter().map(|(_, result)| result).collect()
}
