//! What the tester hears, against what the script expects.

use super::{LONGEST_PAUSE, SHORTEST_PAUSE, Signal, Tester, brief};
use crate::signal::{Burst, Frame, Tone, Training};
use crate::t30::Transport;
use crate::t30::capability::Capability;
use crate::t30::tests::tsb85::parse::{Expected, Gap, Information, code_for};
use std::time::Duration;

/// How long the tester waits for what it expects.
const PATIENCE: Duration = Duration::from_secs(300);
/// The code of a frame, the X bit clear.
const DCN: u8 = 0x5F;

impl Tester {
    pub(super) fn next_signal(&mut self) -> Option<Signal> {
        let until = self.now + PATIENCE;
        while self.heard.is_empty() && self.now < until && self.ending.is_none() {
            let next = self.events.first_key_value().map(|(key, _)| key.0).into_iter().chain(self.deadline()).min();
            self.pass(next.unwrap_or(until).clamp(self.now, until));
            if next.is_none() {
                break;
            }
        }
        self.heard.pop_front()
    }

    pub(super) fn expect(&mut self, expected: &Expected, gap: Gap) -> Result<(), String> {
        let signal = self.next_signal().ok_or_else(|| format!("nothing comes instead of {expected:02x?}"))?;
        let found = brief(&signal.burst);
        if !self.matches(expected, &signal.burst)? {
            return Err(format!("{found} instead of {expected:02x?}"));
        }
        let pause = signal.began.saturating_duration_since(self.line_free);
        let (least, most) = match gap {
            Gap::Between(least, most) => (Duration::from_millis(least), Duration::from_millis(most)),
            // T.30 (09/2005) §5.4.3.1, and the pause before the signal; after a training check over audio the value for manual terminals.
            Gap::T4 if self.transport == Transport::Audio && self.after_check => {
                (Duration::from_millis(3825), Duration::from_millis(5175) + LONGEST_PAUSE)
            }
            Gap::T4 => (Duration::from_millis(2550), Duration::from_millis(3450) + LONGEST_PAUSE),
            // What belongs to the same command follows at once.
            Gap::Answer if matches!(expected, Expected::Check(_)) => (SHORTEST_PAUSE, LONGEST_PAUSE),
            Gap::Answer if matches!(expected, Expected::Cng | Expected::Ced) => (Duration::ZERO, PATIENCE),
            Gap::Answer => (SHORTEST_PAUSE, PATIENCE),
        };
        if !(least..=most).contains(&pause) {
            return Err(format!("{found} after {pause:?}, not within {least:?} to {most:?}"));
        }
        self.after_check = matches!(expected, Expected::Check(_));
        self.has_parted |= matches!(expected, Expected::Control(_, DCN, _)) && self.transport == Transport::Audio;
        self.line_free = self.line_free.max(signal.ended);
        if matches!(expected, Expected::Cng) {
            self.line_free = self.now;
        }
        Ok(())
    }

    pub(super) fn matches(&mut self, expected: &Expected, burst: &Burst) -> Result<bool, String> {
        if let Burst::Page { modulation, training, .. } | Burst::Block { modulation, training, .. } = burst {
            // T.30 (09/2005) §A.4.1: after CTR the long training; V.17 has a short one for all other messages.
            let short = modulation.has_short_training() && !self.after_ctr;
            if (*training == Training::Short) != short {
                return Err(format!("{training:?} training"));
            }
            self.after_ctr = false;
        }
        Ok(match (expected, burst) {
            (Expected::Cng, Burst::Tone(Tone::Cng)) | (Expected::Ced, Burst::Tone(Tone::Ced)) => true,
            (Expected::Check(wanted), Burst::TrainingCheck { modulation }) => wanted == modulation,
            (Expected::Page(wanted, index), Burst::Page { modulation, bits, .. }) => {
                let supplied = self.supplied.iter().rev().find(|(place, _)| place == index);
                wanted == modulation && supplied.is_some_and(|(_, supplied)| supplied == bits)
            }
            (Expected::Block(wanted, numbers), Burst::Block { modulation, frames, .. }) => {
                self.frames.clone_from(frames);
                let (closing, data) = frames.split_last_chunk::<3>().map_or((0, &frames[..]), |(data, closing)| {
                    (closing.iter().filter(|frame| ***frame == [0xFF, 0xC0, 0x61]).count(), data)
                });
                let found: Vec<u8> = data.iter().map(|frame| frame[3].reverse_bits()).collect();
                if closing != 3 {
                    return Err("a block is not closed by three RCP".into());
                }
                wanted == modulation && found == *numbers
            }
            (Expected::Control(before, code, information), Burst::Control(frames)) => {
                self.control(before, *code, information, frames)?
            }
            _ => false,
        })
    }

    pub(super) fn control(
        &self,
        before: &[u8],
        code: u8,
        information: &Information,
        frames: &[Frame],
    ) -> Result<bool, String> {
        let (last, earlier) = frames.split_last().ok_or("a signal without a frame")?;
        let marked = last[..2] == [0xFF, 0xC8] && earlier.iter().all(|frame| frame[..2] == [0xFF, 0xC0]);
        if !marked {
            return Err(format!("address or control field: {frames:02x?}"));
        }
        let wanted = |code: u8| code_for(code, self.dis_heard);
        let mut found = earlier.iter().map(|frame| frame[2]);
        if !before.iter().all(|code| found.any(|other| other == wanted(*code))) || last[2] != wanted(code) {
            return Ok(false);
        }
        let field = &last[3..];
        Ok(match information {
            Information::Any => true,
            Information::Bits(bits) => {
                let capability = Capability::read(field);
                bits.iter().all(|(number, set)| capability.bit(*number) == *set)
            }
            Information::Exactly(octets) => field == octets,
            Information::Following(following) => field == [wanted_following(*following, self.dis_heard)],
            Information::Wanted(numbers) => {
                let mut map = [0_u8; 32];
                for number in numbers {
                    map[usize::from(*number) / 8] |= 0x80 >> (number % 8);
                }
                field == map
            }
            Information::PartialPage(following, page, block, count) => {
                let data = &self.frames[..self.frames.len().saturating_sub(3)];
                let supplied = self.supplied.iter().rev().find(|(place, _)| *place == self.page);
                let content = supplied.map_or(&[][..], |(_, bits)| bits);
                let right = data.iter().all(|frame| {
                    let size = frame.len() - 4;
                    let from = (usize::from(*block) * 256 + usize::from(frame[3].reverse_bits())) * size;
                    let end = content.len().min(from + size);
                    frame[4..].starts_with(content.get(from..end).unwrap_or(&[0xEE]))
                });
                if !right {
                    return Err("frames with other octets than the page's".into());
                }
                let last = u8::try_from(count.unwrap_or(data.len()) - 1).expect("256 at most");
                let counters = [page.reverse_bits(), block.reverse_bits(), last.reverse_bits()];
                field[0] == wanted_following(*following, self.dis_heard) && field[1..] == counters
            }
        })
    }

    pub(super) fn expect_end(&mut self, cause: &str, pages: u32) -> Result<(), String> {
        let until = self.now + PATIENCE;
        while self.ending.is_none() && self.now < until && self.heard.is_empty() {
            self.pass(self.now + Duration::from_millis(50));
        }
        self.nothing_unexpected()?;
        let ending = self.ending.as_ref().ok_or("it does not end")?;
        let in_all = self.pages_over + ending.pages;
        if (ending.cause.word(), in_all) == (cause, pages) {
            return Ok(());
        }
        Err(format!("it ended {} after {} pages, not {cause} after {pages}", ending.cause.word(), in_all))
    }

    /// The tester is about to send, and nobody else may be.
    pub(super) fn nothing_unexpected(&mut self) -> Result<(), String> {
        if self.deaf {
            self.heard.clear();
        }
        // Over audio DCN is said in two signals: the tester has hung up at the first.
        let is_dcn = |burst: &Burst| matches!(burst, Burst::Control(frames) if frames[0][2] & 0x7F == DCN);
        while self.has_parted && self.heard.front().is_some_and(|signal| is_dcn(&signal.burst)) {
            self.heard.pop_front();
        }
        self.heard.pop_front().map_or(Ok(()), |signal| Err(format!("unexpected: {}", brief(&signal.burst))))
    }

    pub(super) fn nothing_more(&mut self) -> Result<(), String> {
        self.pass(self.now + Duration::from_secs(200));
        if self.ending.is_none() {
            return Err("it hangs".into());
        }
        if self.cut_short > 0 && !self.deaf {
            return Err("it broke off a signal of its own".into());
        }
        self.nothing_unexpected()
    }
}

fn wanted_following(code: u8, has_received_dis: bool) -> u8 {
    if code == 0 { 0 } else { code_for(code, has_received_dis) }
}
