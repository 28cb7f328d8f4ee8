//! Phase B of the receiver from DCS on: the training check and the answer to it.
//!
//! T.30 (09/2005) §5.3.6.1.4, §5.3.6.1.5. T.30 does not say when a check is good; the limits are those that HylaFAX has
//! used for years (at most 10 % other than zero, at least one second of zeros in a row).

use super::page::Receiving;
use super::{Receiver, State, Terms};
use crate::model::{Cause, Compression};
use crate::signal::Modulation;
use crate::t30::Transport;
use crate::t30::capability::Capability;
use crate::t30::fallback::within;
use crate::t30::frame::Name;
use crate::t30::negotiate::Agreement;
use crate::t30::timers::{TRAINING_CHECK_WAIT, Timer};
use std::time::Instant;

/// Zeros that have to come in a row, in milliseconds of the 1500 that are sent.
const LEAST_ZERO_RUN_MS: u64 = 1000;
/// Octets other than zero that are borne, of a hundred.
const MOST_NONZERO_PER_CENT: usize = 10;
/// A run that counts where packets may have been lost, and how many holes there may be between such runs: more, and it is noise.
const LEAST_RUN_MS: u64 = 150;
/// See [`LEAST_RUN_MS`].
const MOST_HOLES: usize = 4;
/// The shortest hole that a lost packet of 10 ms makes. Noise hits single bits, which the descrambler makes three of within 23.
const LEAST_HOLE_MS: u64 = 8;
/// Checks with hits after which the hits are the line's and not the rate's.
const HITS_ARE_CLICKS: u32 = 2;
/// Octets of a check that are looked at: four seconds at the fastest rate.
const MAX_CHECK_OCTETS: usize = 7200;

/// Waiting for a training check.
#[derive(Debug)]
pub(super) struct Checking {
    pub(super) agreement: Agreement,
    pub(super) modulation: Modulation,
    bits: Vec<u8>,
    /// The DCS says that SUB came with it, and none did.
    lacks_address: bool,
}

impl Checking {
    /// A carrier anew: only the last one counts.
    pub(super) fn restart(&mut self) {
        self.bits.clear();
    }

    pub(super) fn take(&mut self, bits: &[u8]) {
        let room = MAX_CHECK_OCTETS.saturating_sub(self.bits.len());
        self.bits.extend_from_slice(&bits[..bits.len().min(room)]);
    }
}

/// What a training check says of a rate.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Verdict {
    Good,
    /// Good but for a few hits, each shorter than a packet: of noise, or of clicks on the line.
    Hit,
    Bad,
}

/// Judges the bits of a training check.
///
/// Ones before it do not count: a data modem sends them until its program has begun to send, and a gateway passes them on.
/// `may_have_holes`: a few packets of audio were lost perhaps, which says nothing about the rate, and which error correction repairs. Then
/// long runs may make up the second of zeros together, if what is between them is as long as a packet.
fn judge(bits: &[u8], modulation: Modulation, may_have_holes: bool) -> Verdict {
    let mark = bits.iter().take_while(|octet| **octet == 0xFF).count();
    let bits = &bits[mark..];
    let nonzero = bits.iter().filter(|octet| **octet != 0).count();
    if nonzero * 100 > bits.len() * MOST_NONZERO_PER_CENT {
        return Verdict::Bad;
    }
    let per_ms = |ms: u64| u64::from(modulation.bits_per_second()) * ms / 1000;
    let runs = zero_runs(bits);
    let enough = per_ms(LEAST_ZERO_RUN_MS);
    if !may_have_holes {
        let longest = runs.into_iter().map(|run| run.length).max().unwrap_or(0);
        return if longest >= enough { Verdict::Good } else { Verdict::Bad };
    }
    if most_zeros_with_holes(&runs, per_ms(LEAST_RUN_MS), per_ms(LEAST_HOLE_MS)) >= enough {
        Verdict::Good
    } else if most_zeros_with_holes(&runs, per_ms(LEAST_RUN_MS), 0) >= enough {
        Verdict::Hit
    } else {
        Verdict::Bad
    }
}

/// A run of zero bits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Run {
    start: u64,
    length: u64,
}

/// The zeros of neighbouring long runs with no more than [`MOST_HOLES`] real holes between them, where they are most.
fn most_zeros_with_holes(runs: &[Run], least_run: u64, least_hole: u64) -> u64 {
    let (mut most, mut zeros, mut holes, mut end) = (0, 0, 0, 0);
    for run in runs.iter().filter(|run| run.length >= least_run) {
        let is_behind_hole = zeros > 0 && run.start >= end + least_hole && holes < MOST_HOLES;
        (zeros, holes) = if is_behind_hole { (zeros + run.length, holes + 1) } else { (run.length, 0) };
        end = run.start + run.length;
        most = most.max(zeros);
    }
    most
}

/// The runs of zero bits, none of less than an octet's length but the last.
fn zero_runs(bits: &[u8]) -> Vec<Run> {
    let (mut runs, mut run) = (Vec::new(), Run { start: 0, length: 0 });
    for (octet, start) in bits.iter().zip((0..).step_by(8)) {
        if *octet == 0 {
            run.length += 8;
        } else {
            run.length += u64::from(octet.leading_zeros());
            if run.length >= 8 {
                runs.push(run);
            }
            let length = u64::from(octet.trailing_zeros());
            run = Run { start: start + 8 - length, length };
        }
    }
    runs.push(run);
    runs
}

impl Receiver {
    /// A DCS, at any time: the training check follows, and what there was of a page is void, for it will come again.
    pub(super) fn on_dcs(&mut self, command: &Capability, now: Instant) {
        self.line.stop();
        self.was_answered();
        for timer in [Timer::T1, Timer::T2, Timer::T4, Timer::NotReady, Timer::Verdict] {
            self.line.timers.cancel(timer);
        }
        if matches!(self.state, State::Judging(_)) {
            self.verdicts_to_skip += 1;
        }
        if self.record.remote_command.is_some() {
            self.record.retrains += 1;
        }
        self.last_answer = None;
        if let Some(last) = &mut self.last_page {
            last.trained_since = true;
        }
        self.record.remote_command = Some(command.clone());
        // T.30 (09/2005) Table 2 note 19: bit 49 of a DCS says that SUB was sent.
        let lacks_address = self.settings.sub_address && command.sub_address() && self.named_address().is_none();
        match self.terms_of(command) {
            Ok(Terms { agreement, modulation }) => {
                self.state = State::Checking(Checking { agreement, modulation, bits: Vec::new(), lacks_address });
                self.line.timers.set(Timer::TrainingCheck, now + TRAINING_CHECK_WAIT);
                self.show();
            }
            Err(wanting) => self.finish(Cause::Incompatible(wanting), now),
        }
    }

    /// Whether a page may come at the rate of a check. Hits are first taken for noise, of which a slower rate has less. What stays at
    /// [`HITS_ARE_CLICKS`] rates is no noise, and error correction has to live with it at any rate.
    const fn is_good(&mut self, verdict: Verdict) -> bool {
        match verdict {
            Verdict::Good => true,
            Verdict::Bad => false,
            Verdict::Hit => {
                self.checks_with_hits += 1;
                self.checks_with_hits >= HITS_ARE_CLICKS
            }
        }
    }

    /// What a DCS commands, if we offered it.
    fn terms_of(&self, command: &Capability) -> Result<Terms, &'static str> {
        let agreement = Agreement::read(command)?;
        let modulation = command.modulation().ok_or("it wants a modem that was not offered")?;
        let settings = &self.settings;
        if agreement.width > settings.widest {
            return Err("its page is wider than was offered");
        }
        if !self.offer().has_resolution(agreement.resolution) {
            return Err("its page is finer than was offered");
        }
        if agreement.compression != Compression::Mh && !settings.compressions.contains(&agreement.compression) {
            return Err("it wants a coding that was not offered");
        }
        if agreement.ecm.is_some() && !settings.ecm {
            return Err("it wants error correction, which was not offered");
        }
        Ok(Terms { agreement, modulation })
    }

    /// The check is over, or has not come.
    pub(super) fn judge_training(&mut self, now: Instant) {
        match std::mem::replace(&mut self.state, State::Ended) {
            State::Checking(checking) => {
                if self.ear.fast() {
                    // Still coming: its end decides.
                    self.state = State::Checking(checking);
                    return;
                }
                self.line.timers.cancel(Timer::TrainingCheck);
                if checking.lacks_address && !std::mem::replace(&mut self.asked_for_address, true) {
                    // The whole command again, its SUB with it: without that the fax would reach somebody else.
                    self.state = State::Retraining;
                    self.ask_again(now);
                    return;
                }
                let allowed = within(checking.modulation, self.settings.max_modulation);
                let may_have_holes = self.settings.transport == Transport::Audio && checking.agreement.ecm.is_some();
                if allowed && self.is_good(judge(&checking.bits, checking.modulation, may_have_holes)) {
                    let terms = Terms { agreement: checking.agreement, modulation: checking.modulation };
                    self.record.modulation = Some(terms.modulation);
                    if let Some(command) = self.record.remote_command.clone() {
                        self.take_names(&command);
                    }
                    self.state = State::Receiving(Receiving::new(terms));
                    self.say(Name::Cfr, now);
                } else {
                    self.state = State::Retraining;
                    self.say(Name::Ftt, now);
                }
                self.show();
            }
            state @ (State::Idle
            | State::Identifying(_)
            | State::Retraining
            | State::Receiving(_)
            | State::Judging(_)
            | State::Releasing(_)
            | State::Ended) => self.state = state,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_is_good(bits: &[u8], modulation: Modulation, may_have_holes: bool) -> bool {
        judge(bits, modulation, may_have_holes) == Verdict::Good
    }

    const RATE: Modulation = Modulation::V17At14400;

    #[test]
    fn a_second_of_zeros_is_good_and_less_is_not() {
        assert!(check_is_good(&[0; 1800], RATE, false));
        assert!(!check_is_good(&[0; 1799], RATE, false));
        assert!(check_is_good(&[0; 300], Modulation::V27ter2400, false));
        assert!(!check_is_good(&[], RATE, false));
    }

    #[test]
    fn a_hit_in_the_middle_or_noise_around_is_judged_by_run_and_share() {
        let mut hit = [0; 2700];
        hit[1350] = 0x10;
        assert!(!check_is_good(&hit, RATE, false), "two halves of 0.75 s");
        let mut early = [0; 2700];
        early[100] = 0x10;
        assert!(check_is_good(&early, RATE, false));
        let mut noisy = vec![0xA5; 250];
        noisy.extend([0; 1900]);
        assert!(!check_is_good(&noisy, RATE, false), "more than a tenth is noise");
    }

    #[test]
    fn the_ones_that_a_data_modem_sends_before_the_zeros_do_not_count() {
        // HylaFAX's modem at 7200 bit/s through Asterisk's gateway; the end of the carrier is noise.
        let mut heard = vec![0xFF; 156];
        heard.extend([0; 1347]);
        heard.extend([0xFF; 16]);
        heard.extend([0xB0, 0xF4, 0xE3, 0x66, 0x7F, 0x24, 0xF1, 0x7E, 0x48]);
        assert!(check_is_good(&heard, Modulation::V29At7200, false));
        heard.drain(156..);
        assert!(!check_is_good(&heard, Modulation::V29At7200, false), "nothing but ones");
        let mut short = vec![0xFF; 600];
        short.extend([0; 899]);
        assert!(!check_is_good(&short, Modulation::V29At7200, false), "less than a second of zeros");
    }

    #[test]
    fn the_run_is_counted_in_bits_across_octets() {
        let runs = [Run { start: 1, length: 7 + 8 + 3 }, Run { start: 20, length: 4 }];
        assert_eq!(zero_runs(&[0b1000_0000, 0, 0b0001_0000]), runs);
        assert_eq!(zero_runs(&[0xFF, 0xFF]), [Run { start: 16, length: 0 }]);
    }

    /// 36 octets are 20 ms.
    #[test]
    fn lost_packets_do_not_fail_a_check_where_they_will_be_repaired() {
        let with_holes = |places: &[usize]| {
            let mut bits = [0; 2700];
            for place in places {
                bits[*place..place + 36].fill(0xA5);
            }
            bits
        };
        for places in [[1350].as_slice(), &[800, 1500], &[300, 900, 1500, 2100]] {
            assert!(check_is_good(&with_holes(places), RATE, true), "{places:?}");
            assert!(!check_is_good(&with_holes(places), RATE, false), "{places:?}");
        }
        assert!(!check_is_good(&with_holes(&[250, 600, 950, 1300, 1650, 2000]), RATE, true), "too many");
        let mut noise = [0; 2700];
        for place in (0..2700).step_by(300) {
            noise[place] = 1;
        }
        assert_eq!(judge(&noise, RATE, true), Verdict::Bad, "single errors everywhere");
        let mut few = [0; 2700];
        for place in [900, 1800] {
            few[place..place + 3].copy_from_slice(&[0x10, 0x02, 0x40]);
        }
        assert_eq!(judge(&few, RATE, true), Verdict::Hit, "a wrong bit in half a second is noise, or a click");
        let mut both = with_holes(&[1350]);
        both[400] = 1;
        assert!(check_is_good(&both, RATE, true), "a second is clean but for the packet");
    }
}
