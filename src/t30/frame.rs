//! The frames of T.30: their names, how they are told apart and how they are written.
//!
//! Not here: what a DIS or DCS means ([`super::capability`]) and what a PPS does ([`super::ecm`]). Octets are as in
//! [`crate::signal`]: the bit sent first is the most significant one. T.30 (09/2005) §5.3.

use crate::signal::Frame;

/// Address field of every frame on the telephone network.
// T.30 (09/2005) §5.3.4
pub const ADDRESS: u8 = 0xFF;
/// Control field of a frame that is not the last of its signal.
// T.30 (09/2005) §5.3.5
pub const CONTROL_MORE: u8 = 0xC0;
/// Control field of the last frame of a signal.
pub const CONTROL_FINAL: u8 = 0xC8;
/// The bit of the control field that marks the last frame.
const FINAL_BIT: u8 = 0x08;
/// The X bit: set by the station that has received a DIS, which is the caller, whoever of the two has the pages.
// T.30 (09/2005) §5.3.6.1
const X_BIT: u8 = 0x80;
/// Longest information field kept of a control frame; more is cut off. DIS is the longest real one but for NSF.
pub const MAX_INFORMATION_OCTETS: usize = 256;
/// Characters in an identification: TSI, CSI, CIG, SUB, SEP, PWD.
// T.30 (09/2005) §5.3.6.2.4
pub const IDENTIFICATION_CHARACTERS: usize = 20;

/// The facsimile control field, without regard to the X bit except where it makes two different signals (DIS and DTC).
///
/// `Frame` in the name of a variant is left out: `Dis` is the DIS frame.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Name {
    /// Digital identification signal: what the answerer can do.
    Dis,
    /// Called subscriber identification.
    Csi,
    /// Non-standard facilities.
    Nsf,
    /// Digital transmit command: the answerer of a polling call can do this.
    Dtc,
    /// Calling subscriber identification, with DTC.
    Cig,
    /// Non-standard facilities command, with DTC.
    Nsc,
    /// Password for polling.
    Pwd,
    /// Selective polling.
    Sep,
    /// Digital command signal: how the page will come.
    Dcs,
    /// Transmitting subscriber identification.
    Tsi,
    /// Non-standard set-up.
    Nss,
    /// Sub-address.
    Sub,
    /// Sender identification, a password for the transmission.
    Sid,
    /// Continue to correct: the next repeats come at another rate.
    Ctc,
    /// Confirmation to receive: the training check was good.
    Cfr,
    /// Failure to train.
    Ftt,
    /// Response to continue to correct.
    Ctr,
    /// End of message: back to phase B.
    Eom,
    /// Multi-page signal: another page alike follows.
    Mps,
    /// End of procedure: no page follows.
    Eop,
    /// EOM with a call for the operator.
    PriEom,
    /// MPS with a call for the operator.
    PriMps,
    /// EOP with a call for the operator.
    PriEop,
    /// Partial page signal of error correction.
    Pps,
    /// End of retransmission of error correction.
    Eor,
    /// Receive ready, a question of error correction.
    Rr,
    /// Message confirmation.
    Mcf,
    /// Retrain positive: page taken, train again.
    Rtp,
    /// Retrain negative: page not taken, train again.
    Rtn,
    /// Procedure interrupt positive: page taken, operator wanted.
    Pip,
    /// Procedure interrupt negative: page not taken, operator wanted.
    Pin,
    /// Partial page request: these frames are missing.
    Ppr,
    /// Receive not ready.
    Rnr,
    /// Response for end of retransmission.
    Err,
    /// File diagnostics message.
    Fdm,
    /// Disconnect.
    Dcn,
    /// Command repeat.
    Crp,
    /// Field not valid.
    Fnv,
    /// Facsimile coded data of error correction.
    Fcd,
    /// Return to control for partial page.
    Rcp,
}

impl Name {
    /// Every name with the code it is written with, X bit clear where both sides of it mean the same.
    // T.30 (09/2005) §5.3.6.1, T.4 (07/2003) §A.3.6.1 for FCD and RCP
    const CODES: [(Self, u8); 40] = [
        (Self::Dis, 0x01),
        (Self::Csi, 0x02),
        (Self::Nsf, 0x04),
        (Self::Dtc, 0x81),
        (Self::Cig, 0x82),
        (Self::Nsc, 0x84),
        (Self::Pwd, 0x83),
        (Self::Sep, 0x85),
        (Self::Dcs, 0x41),
        (Self::Tsi, 0x42),
        (Self::Nss, 0x44),
        (Self::Sub, 0x43),
        (Self::Sid, 0x45),
        (Self::Ctc, 0x48),
        (Self::Cfr, 0x21),
        (Self::Ftt, 0x22),
        (Self::Ctr, 0x23),
        (Self::Eom, 0x71),
        (Self::Mps, 0x72),
        (Self::Eop, 0x74),
        (Self::PriEom, 0x79),
        (Self::PriMps, 0x7A),
        (Self::PriEop, 0x7C),
        (Self::Pps, 0x7D),
        (Self::Eor, 0x73),
        (Self::Rr, 0x76),
        (Self::Mcf, 0x31),
        (Self::Rtp, 0x33),
        (Self::Rtn, 0x32),
        (Self::Pip, 0x35),
        (Self::Pin, 0x34),
        (Self::Ppr, 0x3D),
        (Self::Rnr, 0x37),
        (Self::Err, 0x38),
        (Self::Fdm, 0x3F),
        (Self::Dcn, 0x5F),
        (Self::Crp, 0x58),
        (Self::Fnv, 0x53),
        (Self::Fcd, 0x60),
        (Self::Rcp, 0x61),
    ];

    /// The name of a facsimile control field; either X bit is taken, for some terminals send the wrong one.
    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        let exact = Self::CODES.iter().find(|(_, known)| *known == code);
        let without_x = || Self::CODES.iter().find(|(name, known)| name.has_x_bit() && *known == code & !X_BIT);
        exact.or_else(without_x).map(|(name, _)| *name)
    }

    /// The code as the station that has received a DIS (`x`, normally the caller) or the other one writes it.
    #[must_use]
    pub fn code(self, x: bool) -> u8 {
        let (_, code) = Self::CODES.iter().find(|(name, _)| *name == self).expect("CODES lists every name");
        if x && self.has_x_bit() { code | X_BIT } else { *code }
    }

    /// Whether the first bit tells caller from answerer instead of being part of the name.
    const fn has_x_bit(self) -> bool {
        !matches!(
            self,
            Self::Dis
                | Self::Csi
                | Self::Nsf
                | Self::Dtc
                | Self::Cig
                | Self::Nsc
                | Self::Pwd
                | Self::Sep
                | Self::Fcd
                | Self::Rcp
        )
    }
}

/// Why octets are no frame of T.30.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, thiserror::Error)]
pub enum Malformed {
    /// Less than address, control and facsimile control field.
    #[error("a frame of {0} octets is too short")]
    Short(usize),
    /// The address or control field is not T.30's.
    #[error("address {0:#04x} and control {1:#04x} are not those of a fax frame")]
    Header(u8, u8),
    /// No frame has this facsimile control field.
    #[error("no frame has the facsimile control field {0:#04x}")]
    Unknown(u8),
    /// The information field is too short for its frame.
    #[error("the information field of {0:?} is too short")]
    Information(Name),
}

/// A frame taken apart, borrowing its information field.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct View<'a> {
    /// Which frame.
    pub name: Name,
    /// Whether it is the last of its signal.
    pub last: bool,
    /// Its first bit, where that tells the stations apart: set by the one that has received a DIS.
    pub x: bool,
    /// The facsimile information field, at most [`MAX_INFORMATION_OCTETS`] but for FCD.
    pub information: &'a [u8],
}

impl<'a> View<'a> {
    /// Takes a frame apart.
    ///
    /// # Errors
    /// [`Malformed`], when it is none of T.30.
    pub fn parse(frame: &'a [u8]) -> Result<Self, Malformed> {
        let &[address, control, code, ref information @ ..] = frame else {
            return Err(Malformed::Short(frame.len()));
        };
        if address != ADDRESS || control & !FINAL_BIT != CONTROL_MORE {
            return Err(Malformed::Header(address, control));
        }
        let name = Name::from_code(code).ok_or(Malformed::Unknown(code))?;
        let kept = if name == Name::Fcd { information.len() } else { information.len().min(MAX_INFORMATION_OCTETS) };
        let x = name.has_x_bit() && code & X_BIT != 0;
        Ok(Self { name, last: control & FINAL_BIT != 0, x, information: &information[..kept] })
    }
}

/// Writes a frame of the station that has received a DIS (`x`, normally the caller) or of the other one.
#[must_use]
pub fn build(name: Name, x: bool, last: bool, information: &[u8]) -> Frame {
    let mut frame = Frame::with_capacity(3 + information.len());
    frame.push(ADDRESS);
    frame.push(if last { CONTROL_FINAL } else { CONTROL_MORE });
    frame.push(name.code(x));
    frame.extend_from_slice(information);
    frame
}

/// The information field of TSI, CSI, CIG, SUB, SEP or PWD: the last character first, padded with spaces on the right
/// of the text, and each octet with its least significant bit first.
///
/// Characters other than digits, `+`, space and printable ASCII become spaces; more than twenty are cut off.
// T.30 (09/2005) §5.3.6.2.4 and Table 3
#[must_use]
pub fn write_identification(text: &str) -> [u8; IDENTIFICATION_CHARACTERS] {
    let mut field = [b' '.reverse_bits(); IDENTIFICATION_CHARACTERS];
    let characters: Vec<u8> = text
        .chars()
        .map(|character| u8::try_from(character).ok().filter(|octet| (b' '..=b'~').contains(octet)).unwrap_or(b' '))
        .take(IDENTIFICATION_CHARACTERS)
        .collect();
    for (place, character) in field.iter_mut().zip(characters.iter().rev()) {
        *place = character.reverse_bits();
    }
    field
}

/// Reads an identification; nothing when it is blank. What is not printable ASCII becomes `?`.
#[must_use]
pub fn read_identification(information: &[u8]) -> Option<String> {
    let kept = &information[..information.len().min(IDENTIFICATION_CHARACTERS)];
    let text: String = kept
        .iter()
        .rev()
        .map(|octet| octet.reverse_bits() & 0x7F)
        .map(|octet| if (b' '..=b'~').contains(&octet) { char::from(octet) } else { '?' })
        .collect();
    let text = text.trim().to_owned();
    if text.is_empty() { None } else { Some(text) }
}

/// What follows the page, the second control field of PPS and EOR and the whole of MPS, EOM, EOP.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Following {
    /// PPS-NULL: more of this page follows.
    MoreOfPage,
    /// MPS: another page in the same format follows.
    Page,
    /// EOM: another page follows after a new phase B.
    NewFormat,
    /// EOP: nothing follows.
    Nothing,
}

impl Following {
    /// The post-page command that says so without error correction; nothing for [`Following::MoreOfPage`].
    #[must_use]
    pub const fn command(self) -> Option<Name> {
        match self {
            Self::MoreOfPage => None,
            Self::Page => Some(Name::Mps),
            Self::NewFormat => Some(Name::Eom),
            Self::Nothing => Some(Name::Eop),
        }
    }

    /// What a post-page command says; the operator's variants say the same.
    #[must_use]
    pub fn from_command(name: Name) -> Option<Self> {
        if matches!(name, Name::Mps | Name::PriMps) {
            Some(Self::Page)
        } else if matches!(name, Name::Eom | Name::PriEom) {
            Some(Self::NewFormat)
        } else if matches!(name, Name::Eop | Name::PriEop) {
            Some(Self::Nothing)
        } else {
            None
        }
    }

    /// The second facsimile control field of PPS and EOR; `x` as in [`build`].
    // T.30 (09/2005) §A.4.3
    #[must_use]
    pub fn code(self, x: bool) -> u8 {
        self.command().map_or(0, |name| name.code(x))
    }

    /// Reads the second facsimile control field; either X bit is taken.
    ///
    /// # Errors
    /// [`Malformed::Unknown`], when it is none.
    pub fn from_code(code: u8) -> Result<Self, Malformed> {
        if code & !X_BIT == 0 {
            return Ok(Self::MoreOfPage);
        }
        Name::from_code(code).and_then(Self::from_command).ok_or(Malformed::Unknown(code))
    }
}

/// The information field of PPS.
// T.30 (09/2005) §A.4.3
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct PartialPage {
    /// What follows.
    pub following: Following,
    /// Page counter, modulo 256, from 0 at the start of the call.
    pub page: u8,
    /// Block counter within the page, modulo 256, from 0.
    pub block: u8,
    /// Number of FCD frames in the burst before, less one.
    pub last_frame: u8,
}

impl PartialPage {
    /// Writes it; `x` as in [`build`]. The counters go least significant bit first, as every number in T.30's binary fields of Annex A.
    #[must_use]
    pub fn write(self, x: bool) -> [u8; 4] {
        [self.following.code(x), self.page.reverse_bits(), self.block.reverse_bits(), self.last_frame.reverse_bits()]
    }

    /// Reads it.
    ///
    /// # Errors
    /// [`Malformed`], when it is too short or names no command.
    pub fn read(information: &[u8]) -> Result<Self, Malformed> {
        let &[following, page, block, last_frame, ..] = information else {
            return Err(Malformed::Information(Name::Pps));
        };
        Ok(Self {
            following: Following::from_code(following)?,
            page: page.reverse_bits(),
            block: block.reverse_bits(),
            last_frame: last_frame.reverse_bits(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// CSI as Asterisk 22 with spandsp sent it over T.38.
    const CSI_OF_ASTERISK: [u8; 23] = [
        0xFF, 0xC0, 0x02, 0x0C, 0x0C, 0x0C, 0xCC, 0x04, 0xAC, 0xAC, 0xAC, 0x04, 0x8C, 0xD4, 0x04, 0x04, 0x04, 0x04,
        0x04, 0x04, 0x04, 0x04, 0x04,
    ];

    #[test]
    fn the_identification_of_asterisk_reads_and_writes_the_same() {
        let view = View::parse(&CSI_OF_ASTERISK).unwrap();
        assert_eq!((view.name, view.last), (Name::Csi, false));
        assert_eq!(read_identification(view.information).as_deref(), Some("+1 555 3000"));
        assert_eq!(build(Name::Csi, false, false, &write_identification("+1 555 3000")), CSI_OF_ASTERISK);
    }

    #[test]
    fn counters_of_a_pps_of_asterisk_read_and_write_the_same() {
        // The third page of a call: PPS-EOP, page 2, block 0, two frames.
        let pps = [0xFF, 0xC8, 0xFD, 0xF4, 0x40, 0x00, 0x40];
        let view = View::parse(&pps).unwrap();
        let partial = PartialPage::read(view.information).unwrap();
        assert_eq!(partial, PartialPage { following: Following::Nothing, page: 2, block: 0, last_frame: 2 });
        assert_eq!(build(Name::Pps, true, true, &partial.write(true)), pps);
    }

    #[test]
    fn codes_sent_by_asterisk_bear_these_names() {
        for (code, name, from_caller) in [
            (0xC1, Name::Dcs, true),
            (0xC2, Name::Tsi, true),
            (0x21, Name::Cfr, false),
            (0x31, Name::Mcf, false),
            (0xF2, Name::Mps, true),
            (0xF4, Name::Eop, true),
            (0xFD, Name::Pps, true),
            (0xDF, Name::Dcn, true),
            (0x61, Name::Rcp, true),
        ] {
            assert_eq!(Name::from_code(code), Some(name));
            assert_eq!(name.code(from_caller), code, "{name:?}");
        }
    }

    #[test]
    fn a_wrong_x_bit_is_taken_but_dis_and_dtc_stay_apart() {
        assert_eq!(Name::from_code(0xB1), Some(Name::Mcf));
        assert_eq!(Name::from_code(0x7D), Some(Name::Pps));
        assert_eq!(Name::from_code(0x01), Some(Name::Dis));
        assert_eq!(Name::from_code(0x81), Some(Name::Dtc));
        assert_eq!(Name::from_code(0xE1), None, "RCP has no X bit");
    }

    #[test]
    fn no_two_names_share_a_code() {
        let mut codes: Vec<u8> = Name::CODES.iter().map(|(_, code)| *code).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), Name::CODES.len());
    }

    #[test]
    fn a_blank_identification_is_none_and_a_long_one_is_cut() {
        assert_eq!(read_identification(&write_identification("")), None);
        assert_eq!(
            read_identification(&write_identification("+39 02 1234567890 4711 ext")).as_deref(),
            Some("+39 02 1234567890 47")
        );
        assert_eq!(read_identification(&write_identification("Zürich 1")).as_deref(), Some("Z rich 1"));
    }

    proptest! {
        #[test]
        fn parsing_strangers_octets_never_panics(octets in proptest::collection::vec(any::<u8>(), 0..400)) {
            if let Ok(view) = View::parse(&octets) {
                let _ = read_identification(view.information);
                let _ = PartialPage::read(view.information);
            }
        }
    }
}
