//! What the frames of T.30 say, in a few words.

use crate::model::{Compression, Resolution, Width};
use crate::signal::Modulation;
use crate::t30::NonStandard;
use crate::t30::capability::{Capability, Length};
use crate::t30::frame::{Following, Name, PartialPage, View, read_identification};

/// The name of a frame as the standard writes it, and what is in it.
pub(super) fn frame(view: &View<'_>) -> (String, String) {
    let name = frame_name(view.name);
    let detail = match view.name {
        Name::Dis | Name::Dtc => offered(&Capability::read(view.information)),
        Name::Dcs => commanded(&Capability::read(view.information)),
        Name::Csi | Name::Tsi | Name::Cig | Name::Sub | Name::Sep | Name::Sid => {
            read_identification(view.information).map_or_else(|| "empty".into(), |text| format!("\"{text}\""))
        }
        // Whoever looks at a call has no business with its password.
        Name::Pwd => "given, not shown".into(),
        Name::Nsf | Name::Nsc | Name::Nss => {
            NonStandard::read(view.information).machine().unwrap_or_else(|| hexadecimal(view.information))
        }
        Name::Pps => return partial_page(view.information),
        Name::Ppr => requested(view.information),
        Name::Ctc => commanded(&Capability::read(view.information)),
        Name::Cfr
        | Name::Ftt
        | Name::Ctr
        | Name::Eom
        | Name::Mps
        | Name::Eop
        | Name::PriEom
        | Name::PriMps
        | Name::PriEop
        | Name::Eor
        | Name::Rr
        | Name::Mcf
        | Name::Rtp
        | Name::Rtn
        | Name::Pip
        | Name::Pin
        | Name::Rnr
        | Name::Err
        | Name::Fdm
        | Name::Dcn
        | Name::Crp
        | Name::Fnv
        | Name::Fcd
        | Name::Rcp => meaning(view.name).into(),
    };
    (name, detail)
}

/// As the standard writes it: `DIS`, `PRI-EOP`.
fn frame_name(name: Name) -> String {
    let word = format!("{name:?}").to_ascii_uppercase();
    match word.strip_prefix("PRI") {
        Some(command) => format!("PRI-{command}"),
        None => word,
    }
}

/// What an answer or command without a field means.
const fn meaning(name: Name) -> &'static str {
    match name {
        Name::Cfr => "training was good",
        Name::Ftt => "training failed",
        Name::Mcf => "page confirmed",
        Name::Rtp => "page confirmed, train anew",
        Name::Rtn => "page bad, train anew",
        Name::Pip => "page confirmed, operator wanted",
        Name::Pin => "page bad, operator wanted",
        Name::Eop => "that was the last page",
        Name::Mps => "another page follows",
        Name::Eom => "another document follows",
        Name::Rr => "are you ready?",
        Name::Rnr => "not ready yet",
        Name::Crp => "say that again",
        Name::Dcn => "goodbye",
        Name::Ctr => "the change of speed is understood",
        Name::Eor => "no more of this block",
        Name::Err => "the end of the block is understood",
        Name::Fnv => "a field is not valid",
        Name::Fdm => "file diagnostics",
        Name::Dis
        | Name::Csi
        | Name::Nsf
        | Name::Dtc
        | Name::Cig
        | Name::Nsc
        | Name::Pwd
        | Name::Sep
        | Name::Dcs
        | Name::Tsi
        | Name::Nss
        | Name::Sub
        | Name::Sid
        | Name::Ctc
        | Name::PriEom
        | Name::PriMps
        | Name::PriEop
        | Name::Pps
        | Name::Ppr
        | Name::Fcd
        | Name::Rcp => "",
    }
}

/// A DIS or DTC: the most that the machine can do.
fn offered(capability: &Capability) -> String {
    let modems = capability.modems();
    let fastest = Modulation::ALL.into_iter().rev().find(|modulation| modems.has(*modulation));
    let mut words = Vec::new();
    if let Some(fastest) = fastest {
        words.push(format!("up to {}", modulation(fastest)));
    }
    words.push(if capability.ecm() { "error correction".into() } else { "no error correction".into() });
    let codings = [Compression::Mmr, Compression::Mr, Compression::Mh];
    let codings: Vec<_> =
        codings.into_iter().filter(|c| capability.has_compression(*c)).map(Compression::name).collect();
    words.push(codings.join("/"));
    words.push(format!("{}, {}", resolution(capability.finest()), width(capability.widest())));
    words.push(
        match capability.length() {
            Length::A4 => "A4 length",
            Length::B4 => "B4 length",
            Length::Unlimited => "any length",
        }
        .into(),
    );
    if capability.ready_to_send() {
        words.push("has a document to fetch".into());
    }
    if !capability.receiver() {
        words.push("cannot receive".into());
    }
    words.join(", ")
}

/// A DCS: what is done now.
fn commanded(capability: &Capability) -> String {
    let mut words = Vec::new();
    words.push(capability.modulation().map_or_else(|| "a speed that is not known".into(), modulation));
    words.push(match (capability.ecm(), capability.commands_frames_of_64()) {
        (false, _) => "no error correction".into(),
        (true, false) => "error correction".into(),
        (true, true) => "error correction in frames of 64".into(),
    });
    words.extend(capability.compression().map(|compression| compression.name().to_owned()));
    words.push(format!("{}, {}", resolution(capability.finest()), width(capability.widest())));
    words.join(", ")
}

pub(super) fn modulation(modulation: Modulation) -> String {
    let family = match modulation {
        Modulation::V27ter2400 | Modulation::V27ter4800 => "V.27ter",
        Modulation::V29At7200 | Modulation::V29At9600 => "V.29",
        Modulation::V17At7200 | Modulation::V17At9600 | Modulation::V17At12000 | Modulation::V17At14400 => "V.17",
    };
    format!("{} bit/s {family}", modulation.bits_per_second())
}

fn resolution(resolution: Resolution) -> String {
    format!("{}x{}", resolution.dots_per_inch(), resolution.lines_per_inch())
}

const fn width(width: Width) -> &'static str {
    match width {
        Width::A4 => "A4",
        Width::B4 => "B4",
        Width::A3 => "A3",
    }
}

// T.30 (09/2005) §A.4.3
fn partial_page(information: &[u8]) -> (String, String) {
    let Ok(page) = PartialPage::read(information) else {
        return ("PPS".into(), "unreadable".into());
    };
    let (name, then) = match page.following {
        Following::MoreOfPage => ("PPS-NULL", "more of the page follows"),
        Following::Page => ("PPS-MPS", "another page follows"),
        Following::NewFormat => ("PPS-EOM", "another document follows"),
        Following::Nothing => ("PPS-EOP", "that was the last page"),
    };
    let frames = u32::from(page.last_frame) + 1;
    let detail =
        format!("page {}, block {}, {frames} frames; {then}", u32::from(page.page) + 1, u32::from(page.block) + 1);
    (name.into(), detail)
}

/// A PPR asks for the frames whose bits are set.
// T.30 (09/2005) §A.4.4
fn requested(information: &[u8]) -> String {
    let wanted: u32 = information.iter().map(|octet| octet.count_ones()).sum();
    format!("{wanted} frames are to be sent again")
}

fn hexadecimal(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02X}")).collect::<Vec<_>>().join(" ")
}
