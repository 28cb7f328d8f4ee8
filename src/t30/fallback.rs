//! The ladder of modems and rates: where to start and what to try when a training check fails.
//!
//! Not here: when that happens (the caller's training phase, and CTC in [`super::ecm`]'s use). T.30 leaves the choice to
//! the terminal; the order is that of the field.

use super::capability::Modems;
use crate::signal::Modulation;

/// The rungs from the top.
const RUNGS: [Modulation; 8] = [
    Modulation::V17At14400,
    Modulation::V17At12000,
    Modulation::V17At9600,
    Modulation::V17At7200,
    Modulation::V29At9600,
    Modulation::V29At7200,
    Modulation::V27ter4800,
    Modulation::V27ter2400,
];

/// After this many failures of V.17 without one success in the call it is V.17 itself that the two ends do not
/// agree on: V.29 is tried, at up to 9600 bit/s. HylaFAX remembers such machines as "V.17 trouble".
pub const V17_FAILURES_BEFORE_V29: u32 = 3;
/// The same over a line that loses packets: V.17's training of 1.4 s meets one far sooner than V.29's, a quarter of a second.
pub const V17_FAILURES_ON_BAD_LINE: u32 = 2;

/// Where on the ladder a call stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ladder {
    modems: Modems,
    fastest: Modulation,
    current: Modulation,
    v17_failures: u32,
    v17_proved: bool,
}

impl Ladder {
    /// The ladder of what both can; nothing when there is no rung.
    #[must_use]
    pub fn new(modems: Modems, fastest: Modulation) -> Option<Self> {
        let current = RUNGS.into_iter().find(|rung| within(*rung, fastest) && modems.has(*rung))?;
        Some(Self { modems, fastest, current, v17_failures: 0, v17_proved: false })
    }

    /// The same standing with the modems of a later DIS: a rung that is gone gives way to the next one down, or to the top when
    /// there is none. Nothing when no rung is left.
    #[must_use]
    pub fn with_modems(self, modems: Modems) -> Option<Self> {
        let top = Self::new(modems, self.fastest)?;
        if modems.has(self.current) {
            return Some(Self { modems, ..self });
        }
        let lower = |rung: &Modulation| {
            rung.bits_per_second() <= self.current.bits_per_second() && within(*rung, self.fastest) && modems.has(*rung)
        };
        let current = RUNGS.into_iter().find(lower).unwrap_or(top.current);
        Some(Self { modems, current, ..self })
    }

    /// The rung stood on.
    #[must_use]
    pub const fn current(&self) -> Modulation {
        self.current
    }

    /// The current rung passed a training check.
    pub const fn passed(&mut self) {
        if self.current.has_short_training() {
            self.v17_proved = true;
            self.v17_failures = 0;
        }
    }

    /// Steps down after a failure. Nothing when this was the lowest rung; it stays there.
    pub fn step_down(&mut self, line_is_bad: bool) -> Option<Modulation> {
        let most = if line_is_bad { V17_FAILURES_ON_BAD_LINE } else { V17_FAILURES_BEFORE_V29 };
        let family_fails = self.current.has_short_training() && {
            self.v17_failures += 1;
            !self.v17_proved && self.v17_failures >= most
        };
        let from = self.current;
        let next = RUNGS.into_iter().skip_while(|rung| *rung != from).skip(1).find(|rung| {
            let slower = rung.bits_per_second() < from.bits_per_second();
            let other_family = !rung.has_short_training();
            let fits = if family_fails { other_family } else { slower };
            fits && within(*rung, self.fastest) && self.modems.has(*rung)
        })?;
        self.current = next;
        Some(next)
    }
}

/// Whether a modulation is no faster than the fastest wanted, and of no later family.
#[must_use]
pub fn within(modulation: Modulation, fastest: Modulation) -> bool {
    modulation.bits_per_second() <= fastest.bits_per_second() && generation(modulation) <= generation(fastest)
}

/// The fastest modulation of no later family than V.29 where this one may be used.
#[must_use]
pub const fn without_v17(fastest: Modulation) -> Modulation {
    match fastest {
        Modulation::V17At14400 | Modulation::V17At12000 | Modulation::V17At9600 => Modulation::V29At9600,
        Modulation::V17At7200 => Modulation::V29At7200,
        Modulation::V27ter2400 | Modulation::V27ter4800 | Modulation::V29At7200 | Modulation::V29At9600 => fastest,
    }
}

const fn generation(modulation: Modulation) -> u8 {
    match modulation {
        Modulation::V27ter2400 | Modulation::V27ter4800 => 0,
        Modulation::V29At7200 | Modulation::V29At9600 => 1,
        Modulation::V17At7200 | Modulation::V17At9600 | Modulation::V17At12000 | Modulation::V17At14400 => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Modems = Modems { v27ter_4800: true, v27ter_2400: true, v29: true, v17: true };

    fn walk(mut ladder: Ladder) -> Vec<Modulation> {
        let mut rungs = vec![ladder.current()];
        while let Some(rung) = ladder.step_down(false) {
            rungs.push(rung);
        }
        rungs
    }

    #[test]
    fn v17_that_never_trained_gives_way_to_v29_at_the_same_rate() {
        assert_eq!(
            walk(Ladder::new(ALL, Modulation::V17At14400).unwrap()),
            [
                Modulation::V17At14400,
                Modulation::V17At12000,
                Modulation::V17At9600,
                Modulation::V29At9600,
                Modulation::V29At7200,
                Modulation::V27ter4800,
                Modulation::V27ter2400
            ]
        );
    }

    #[test]
    fn v17_that_trained_once_walks_its_own_ladder_to_the_end() {
        let mut ladder = Ladder::new(ALL, Modulation::V17At14400).unwrap();
        ladder.passed();
        assert_eq!(
            walk(ladder),
            [
                Modulation::V17At14400,
                Modulation::V17At12000,
                Modulation::V17At9600,
                Modulation::V17At7200,
                Modulation::V27ter4800,
                Modulation::V27ter2400
            ]
        );
    }

    #[test]
    fn a_later_dis_with_fewer_modems_lowers_the_rung_and_one_with_more_does_not_raise_it() {
        let mut ladder = Ladder::new(ALL, Modulation::V17At14400).unwrap();
        ladder.step_down(false);
        let only_v27ter = Modems { v17: false, v29: false, ..ALL };
        let lowered = ladder.with_modems(only_v27ter).unwrap();
        assert_eq!(lowered.current(), Modulation::V27ter4800);
        assert_eq!(lowered.with_modems(ALL).unwrap().current(), Modulation::V27ter4800);
    }

    #[test]
    fn only_what_the_far_end_has_is_tried() {
        let modems = Modems { v17: false, v29: false, ..ALL };
        assert_eq!(
            walk(Ladder::new(modems, Modulation::V17At14400).unwrap()),
            [Modulation::V27ter4800, Modulation::V27ter2400]
        );
        let v29_only = Modems { v27ter_4800: false, v27ter_2400: false, v29: true, v17: false };
        assert_eq!(Ladder::new(v29_only, Modulation::V27ter4800), None);
    }
}
