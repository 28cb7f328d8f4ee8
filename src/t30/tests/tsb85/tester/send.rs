//! What the tester sends: frames, training checks, pages and blocks, each after its pause.

use super::{PAUSE, Tester};
use crate::signal::{Burst, Frame, Heard, Modulation, Training};
use crate::t30::Input;
use crate::t30::tests::line::{page_bits, timeline};
use crate::t30::tests::tsb85::parse::Block;
use std::time::Duration;

impl Tester {
    pub(super) fn send_frames(&mut self, frames: &[Frame], bad: bool) -> Result<(), String> {
        self.dis_heard |= !bad && frames.iter().any(|frame| frame.get(2) == Some(&0x01));
        self.after_ctr = !bad && frames.iter().any(|frame| frame.get(2).map(|code| code & 0x7F) == Some(0x23));
        let (mut heard, length) = timeline(Burst::Control(frames.to_vec()));
        if bad {
            for (_, heard) in &mut heard {
                if matches!(heard, Heard::Frame(_)) {
                    *heard = Heard::DamagedFrame;
                }
            }
        }
        self.send(heard, length)
    }

    pub(super) fn send_burst(&mut self, burst: Burst) -> Result<(), String> {
        let (heard, length) = timeline(burst);
        self.send(heard, length)
    }

    pub(super) fn send_page(&mut self, modulation: Modulation, bits: &[u8]) -> Result<(), String> {
        self.sent_pages.push(bits.to_vec());
        self.send_burst(Burst::Page { modulation, training: Training::Long, bits: bits.into() })
    }

    pub(super) fn send_block(&mut self, block: &Block) -> Result<(), String> {
        let Block { modulation, size, page, block, numbers, bad } = block;
        let content = page_bits(*page, (block + 1) * size * 256);
        let frame = |number: &u8| {
            let from = (block * 256 + usize::from(*number)) * size;
            let mut frame = vec![0xFF, 0xC0, 0x60, number.reverse_bits()];
            frame.extend_from_slice(&content[from..from + size]);
            frame
        };
        let mut frames: Vec<Frame> = numbers.iter().map(frame).collect();
        frames.extend([const { [0xFF, 0xC0, 0x61] }; 3].map(Vec::from));
        let burst = Burst::Block { modulation: *modulation, training: Training::Long, frames };
        let (mut heard, length) = timeline(burst);
        for (_, heard) in &mut heard {
            if matches!(heard, Heard::Frame(frame) if frame[2] == 0x60 && bad.contains(&frame[3].reverse_bits())) {
                *heard = Heard::DamagedFrame;
            }
        }
        self.send(heard, length)
    }

    /// A signal of the tester, after its pause.
    pub(super) fn send(&mut self, heard: Vec<(Duration, Heard)>, length: Duration) -> Result<(), String> {
        if !self.waited {
            self.pass(self.now.max(self.line_free) + PAUSE);
        }
        self.waited = false;
        self.nothing_unexpected()?;
        if self.ending.is_some() && !self.deaf {
            return Err("it has ended already".into());
        }
        self.note(&format!("> {}", heard.iter().map(|(_, heard)| told(heard)).collect::<Vec<_>>().join(" ")));
        for (time, heard) in heard {
            self.after(time, Input::Heard(heard));
        }
        let until = self.now + length;
        self.pass(until);
        self.line_free = until;
        self.colliding = false;
        Ok(())
    }
}

fn told(heard: &Heard) -> String {
    match heard {
        Heard::Frame(frame) => format!("{:02x?}", &frame[2..frame.len().min(10)]),
        Heard::Bits(bits) => format!("{} octets", bits.len()),
        other @ (Heard::Tone(_) | Heard::Preamble | Heard::Carrier { .. } | Heard::DamagedFrame | Heard::End) => {
            format!("{other:?}")
        }
    }
}

/// A white page in MH, with one row of at least so many bits from EOL to EOL, and RTC.
// T.4 (07/2003) §4.1
pub(super) fn white_page(longest_row: u64) -> Vec<u8> {
    const ROWS: u32 = 300;
    let mut bits = Vec::new();
    let mut push = |text: &str| bits.extend(text.bytes().map(|bit| bit == b'1'));
    for row in 0..ROWS {
        push("000000000001");
        // 1728 white pels: make-up code and terminating code.
        push("01001101100110101");
        if row == 100 {
            let fill = usize::try_from(longest_row.saturating_sub(29)).expect("a row fits the memory");
            push(&"0".repeat(fill));
        }
    }
    push(&"000000000001".repeat(6));
    let octet =
        |bits: &[bool]| bits.iter().enumerate().fold(0, |octet, (place, bit)| octet | u8::from(*bit) << (7 - place));
    bits.chunks(8).map(octet).collect()
}
