//! Two capabilities and our wishes make one command, or a reason why not.
//!
//! Not here: the rate ([`super::fallback`]), the bits themselves ([`super::capability`]).

use super::capability::{Capability, Length};
use super::ecm::FrameSize;
use crate::model::{Compression, Resolution, Width};
use crate::signal::Modulation;

/// A page as the owner has it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct PageShape {
    /// Width of its lines.
    pub width: Width,
    /// Resolution.
    pub resolution: Resolution,
    /// Rows at that resolution.
    pub rows: u32,
}

/// A page as the line wants it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct PageFormat {
    /// Width of the lines.
    pub width: Width,
    /// Resolution.
    pub resolution: Resolution,
    /// Coding. MH and MR end with RTC, MMR with EOFB.
    pub compression: Compression,
    /// The K of two-dimensional coding: one row in so many is one-dimensional, 1 with MH, 0 with MMR (none).
    // T.4 (07/2003) §4.2.2
    pub two_dimensional_every: u32,
    /// Least bits from one EOL to the next, filled with zeros; 0 with error correction.
    // T.4 (07/2003) §4.1.3
    pub minimum_row_bits: u32,
    /// The most rows the far end records; nothing when it takes any.
    pub maximum_rows: Option<u32>,
    /// Whether error correction mode carries it.
    pub ecm: bool,
}

/// What we want of a sending.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Wishes<'a> {
    /// Error correction, if the far end has it.
    pub ecm: bool,
    /// Codings we may use.
    pub compressions: &'a [Compression],
    /// Frames of error correction; those of 64 octets also go to a far end that prefers them.
    pub frame_size: FrameSize,
}

/// All that a DCS commands, but for the rate.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Agreement {
    /// Width.
    pub width: Width,
    /// Resolution.
    pub resolution: Resolution,
    /// Coding.
    pub compression: Compression,
    /// Error correction with frames of this size.
    pub ecm: Option<FrameSize>,
    /// Longest page.
    pub length: Length,
    /// Least time of a row in milliseconds; 0 with error correction.
    pub row_time_ms: u32,
}

/// Chooses for one page.
///
/// # Errors
/// What the far end lacks, in words for `Cause::Incompatible`.
pub fn choose(remote: &Capability, wishes: Wishes<'_>, shape: PageShape) -> Result<Agreement, &'static str> {
    if !remote.receiver() {
        return Err("it cannot receive, only be polled");
    }
    let ecm = wishes.ecm && remote.ecm();
    let usable = |compression: &Compression| {
        wishes.compressions.contains(compression)
            && remote.has_compression(*compression)
            && (ecm || *compression != Compression::Mmr)
    };
    let compression = [Compression::Mmr, Compression::Mr, Compression::Mh]
        .into_iter()
        .find(usable)
        .ok_or("it has none of the allowed codings")?;
    let resolution = Resolution::ALL
        .into_iter()
        .rev()
        .find(|resolution| *resolution <= shape.resolution && remote.has_resolution(*resolution))
        .unwrap_or(Resolution::Standard);
    Ok(Agreement {
        width: shape.width.min(remote.widest()),
        resolution,
        compression,
        ecm: ecm.then_some(if remote.prefers_frames_of_64() { FrameSize::Octets64 } else { wishes.frame_size }),
        length: remote.length(),
        row_time_ms: if ecm { 0 } else { remote.row_times().at(resolution) },
    })
}

impl Agreement {
    /// The command that says so.
    #[must_use]
    pub fn command(&self, modulation: Modulation) -> Capability {
        let mut command = Capability::of_receiver();
        command.set_modulation(modulation);
        command.set_resolution(self.resolution);
        command.set_width(self.width);
        command.set_length(self.length);
        command.set_row_time(self.row_time_ms);
        match self.compression {
            Compression::Mh => {}
            Compression::Mr | Compression::Mmr => command.add_compression(self.compression),
        }
        if let Some(size) = self.ecm {
            command.set_ecm();
            if size == FrameSize::Octets64 {
                command.set_frames_of_64();
            }
        }
        command
    }

    /// Reads a command.
    ///
    /// # Errors
    /// What it wants that is not had here, in words for `Cause::Incompatible`.
    pub fn read(command: &Capability) -> Result<Self, &'static str> {
        let compression = command.compression().ok_or("it wants a coding that was not offered")?;
        let ecm = command.ecm();
        if compression == Compression::Mmr && !ecm {
            return Err("it wants MMR without error correction");
        }
        let size = if command.commands_frames_of_64() { FrameSize::Octets64 } else { FrameSize::Octets256 };
        Ok(Self {
            width: command.widest(),
            resolution: command.finest(),
            compression,
            ecm: ecm.then_some(size),
            length: command.length(),
            row_time_ms: if ecm { 0 } else { command.row_times().standard_ms },
        })
    }

    /// How a page has to be coded at a rate.
    #[must_use]
    pub fn format(&self, modulation: Modulation) -> PageFormat {
        let two_dimensional_every = match (self.compression, self.resolution) {
            (Compression::Mh, _) => 1,
            (Compression::Mr, Resolution::Standard) => 2,
            // K = 8 at superfine is an option that bit 122 would announce; 4 is always understood.
            (Compression::Mr, _) => 4,
            (Compression::Mmr, _) => 0,
        };
        PageFormat {
            width: self.width,
            resolution: self.resolution,
            compression: self.compression,
            two_dimensional_every,
            minimum_row_bits: (modulation.bits_per_second() * self.row_time_ms).div_ceil(1000),
            maximum_rows: self.length.rows(self.resolution),
            ecm: self.ecm.is_some(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVERY: [Compression; 3] = [Compression::Mh, Compression::Mr, Compression::Mmr];
    const FINE_A4: PageShape = PageShape { width: Width::A4, resolution: Resolution::Fine, rows: 2292 };

    fn asterisk() -> Capability {
        Capability::read(&[0x20, 0x77, 0x1F, 0x23, 0x01, 0x89, 0x01, 0x01, 0x01, 0x18])
    }

    #[test]
    fn our_command_to_asterisk_is_the_one_asterisk_itself_sends() {
        let agreement =
            choose(&asterisk(), Wishes { ecm: true, compressions: &EVERY, frame_size: FrameSize::Octets256 }, FINE_A4)
                .unwrap();
        assert_eq!(agreement.command(Modulation::V17At14400).write(), [0x00, 0x46, 0x1F, 0x22]);
        let plain =
            choose(&asterisk(), Wishes { ecm: false, compressions: &EVERY, frame_size: FrameSize::Octets256 }, FINE_A4)
                .unwrap();
        assert_eq!(plain.command(Modulation::V17At14400).write(), [0x00, 0x47, 0x1E]);
    }

    #[test]
    fn mmr_is_never_used_without_error_correction() {
        let wishes = Wishes { ecm: false, compressions: &[Compression::Mmr], frame_size: FrameSize::Octets256 };
        assert_eq!(choose(&asterisk(), wishes, FINE_A4), Err("it has none of the allowed codings"));
    }

    #[test]
    fn a_page_is_reduced_to_what_the_far_end_records() {
        let shape = PageShape { width: Width::A3, resolution: Resolution::Superfine, rows: 9000 };
        let mut poor = Capability::of_receiver();
        poor.set_row_time(20);
        let agreement =
            choose(&poor, Wishes { ecm: true, compressions: &EVERY, frame_size: FrameSize::Octets256 }, shape).unwrap();
        assert_eq!(
            agreement.format(Modulation::V29At9600),
            PageFormat {
                width: Width::A4,
                resolution: Resolution::Standard,
                compression: Compression::Mh,
                two_dimensional_every: 1,
                minimum_row_bits: 192,
                maximum_rows: Some(1144),
                ecm: false,
            }
        );
    }

    #[test]
    fn the_command_says_in_what_unit_a_page_of_400_dots_was_measured() {
        let command = |resolution, dis: &[u8]| {
            let shape = PageShape { width: Width::A4, resolution, rows: 4000 };
            let wishes = Wishes { ecm: true, compressions: &EVERY, frame_size: FrameSize::Octets256 };
            choose(&Capability::read(dis), wishes, shape).unwrap().command(Modulation::V17At14400).write()
        };
        // Bits 41 to 45 set: it has all, in inches and millimetres.
        let all = [0x00, 0x77, 0x5F, 0x23, 0x01, 0xF8];
        assert_eq!(command(Resolution::Dots400, &all), [0x00, 0x44, 0x1F, 0x23, 0x01, 0x30]);
        assert_eq!(command(Resolution::Ultrafine, &all), [0x00, 0x44, 0x1F, 0x23, 0x01, 0x20]);
        assert_eq!(command(Resolution::Dots300, &all), [0x00, 0x44, 0x1F, 0x23, 0x01, 0x40]);
        assert_eq!(command(Resolution::Superfine, &all), [0x00, 0x44, 0x1F, 0x23, 0x01, 0x80]);
        // Only bit 42 besides fine: a page of 400 dots goes at 300, a superfine one at fine.
        let some = [0x00, 0x77, 0x5F, 0x23, 0x01, 0x40];
        assert_eq!(command(Resolution::Dots400, &some), [0x00, 0x44, 0x1F, 0x23, 0x01, 0x40]);
        assert_eq!(command(Resolution::Superfine, &some), [0x00, 0x46, 0x1F, 0x22]);
    }

    #[test]
    fn row_times_and_lengths_follow_the_resolution_of_the_command() {
        let shape = PageShape { width: Width::A4, resolution: Resolution::Dots400, rows: 4677 };
        let wishes = Wishes { ecm: false, compressions: &EVERY, frame_size: FrameSize::Octets256 };
        // 20 ms and half of it at fine, A4, and with bit 46 a quarter above; fill is for the DCS's own time.
        let mut dis = Capability::read(&[0x00, 0x77, 0x0D, 0x03, 0x01, 0x24]);
        let agreement = choose(&dis, wishes, shape).unwrap();
        assert_eq!(agreement.format(Modulation::V17At14400).minimum_row_bits, 72);
        assert_eq!(agreement.format(Modulation::V17At14400).maximum_rows, Some(4678));
        assert_eq!(Agreement::read(&agreement.command(Modulation::V29At9600)), Ok(agreement));
        dis.set_bit(46, false);
        assert_eq!(choose(&dis, wishes, shape).unwrap().row_time_ms, 10);
    }

    #[test]
    fn a_machine_that_prefers_frames_of_64_octets_gets_them() {
        let dis = Capability::read(&[0x02, 0x77, 0x1F, 0x23]);
        let agreement =
            choose(&dis, Wishes { ecm: true, compressions: &EVERY, frame_size: FrameSize::Octets256 }, FINE_A4)
                .unwrap();
        assert_eq!(agreement.ecm, Some(FrameSize::Octets64));
        assert_eq!(agreement.command(Modulation::V17At14400).write(), [0x00, 0x46, 0x1F, 0x32]);
    }

    #[test]
    fn a_terminal_that_only_wants_to_be_polled_is_incompatible() {
        let mut polled = asterisk();
        polled.set_bit(10, false);
        assert!(
            choose(&polled, Wishes { ecm: true, compressions: &EVERY, frame_size: FrameSize::Octets256 }, FINE_A4)
                .is_err()
        );
    }

    #[test]
    fn every_command_we_write_reads_as_the_same_agreement() {
        for ecm in [None, Some(FrameSize::Octets256), Some(FrameSize::Octets64)] {
            for width in [Width::A4, Width::B4, Width::A3] {
                for resolution in Resolution::ALL {
                    let compression = if ecm.is_some() { Compression::Mmr } else { Compression::Mr };
                    let row_time_ms = if ecm.is_some() { 0 } else { 10 };
                    let length = Length::B4;
                    let agreement = Agreement { width, resolution, compression, ecm, length, row_time_ms };
                    assert_eq!(Agreement::read(&agreement.command(Modulation::V29At7200)), Ok(agreement));
                }
            }
        }
    }
}
