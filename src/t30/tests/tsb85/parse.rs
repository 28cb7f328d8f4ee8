//! The language of the scripts: one step a line, or several with `;` between.
//!
//! The first line is the device that is tested:
//!
//! ```text
//! calls sf                    it calls, and has a page of standard and one of fine resolution; `+` begins another document
//!   frames 328,16             the pages have so many frames
//!   to 4711                   with a sub-address
//! answers                     it is called
//!   good bad                  what its owner thinks of each page
//!   sub; nsf                  it takes sub-addresses; it has non-standard facilities
//!   has ss password 12        with a document to be fetched
//! polls password 12           it calls to fetch one
//! ```
//!
//! Then, from the tester's side:
//!
//! ```text
//! > MCF                       sends a frame on V.21, 75 ms after the last signal; several: > TSI 04 04 + DCS 00 50 00
//! > bad MCF                   the same with a wrong check sequence; > DCS' has the X bit set; > raw FF C8 00 is any frame
//! > flags 1150                a preamble and no frame
//! > ced; > tcf v27/4800 900 [alternating|spoilt 7]
//! > page v27/4800 white|cut|line 4900
//! > block v27/4800 64 p0 b0 0-16 [bad 0,3]    frames of a block: octets, page, block, numbers
//! > PPS mps 1/0 17            page 1, block 0, 17 frames
//! > hangup; wait 5000; deaf   from `deaf` on it does not listen; `collide`: what it sends next may meet what the device sends
//! < MCF                       expects this frame last in a signal; < CSI + DIS 20 ... also others before it
//! < DIS +9 -50                with these bits set and clear
//! < PPR 0,221-255             with exactly these frames wanted
//! < tcf v27/4800; < page v27/4800 0; < block v27/4800 0-31; < CED; < CNG
//! < MPS in 2550..3450         begins so many milliseconds after the last signal; `in t4` is T4
//! quiet 3000                  hears nothing for so long
//! while RR > RNR after 500 times 18..30     answers so, as often as it comes
//! < end sent 2                it is over: the word of its cause and the pages confirmed
//! ```

use crate::signal::Modulation;

/// What a TCF is made of.
#[derive(Clone, Copy, Debug)]
pub(super) enum Pattern {
    Zeros,
    Alternating,
    /// So many octets of other bits first.
    Spoilt(usize),
}

/// Frames of a block.
#[derive(Clone, Debug)]
pub(super) struct Block {
    pub(super) modulation: Modulation,
    pub(super) size: usize,
    pub(super) page: u32,
    pub(super) block: usize,
    pub(super) numbers: Vec<u8>,
    pub(super) bad: Vec<u8>,
}

/// What the tester does or expects.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Wait(u64),
    Deaf,
    Collide,
    Ced,
    Frames {
        frames: Vec<Vec<u8>>,
        bad: bool,
    },
    Flags(u64),
    Check {
        modulation: Modulation,
        octets: usize,
        pattern: Pattern,
    },
    WhitePage(Modulation),
    /// The first half of a page.
    CutPage(Modulation),
    /// A page with one row of so many milliseconds.
    LongRow(Modulation, u64),
    Block(Block),
    HangUp,
    Expect(Expected, Gap),
    Quiet(u64),
    /// As long as this comes, after so many milliseconds that goes out; so often at least and at most.
    While {
        heard: Expected,
        reply: Vec<Vec<u8>>,
        after: u64,
        least: u32,
        most: u32,
    },
    End {
        cause: String,
        pages: u32,
    },
}

/// When an expected signal begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Gap {
    /// As an answer: within a minute.
    Answer,
    T4,
    Between(u64, u64),
}

#[derive(Clone, Debug)]
pub(super) enum Expected {
    Cng,
    Ced,
    /// Codes that come before, the code of the last frame, its information.
    Control(Vec<u8>, u8, Information),
    Check(Modulation),
    Page(Modulation, u32),
    Block(Modulation, Vec<u8>),
}

/// An information field.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Information {
    Any,
    /// Bits by their numbers, and whether they are set.
    Bits(Vec<(usize, bool)>),
    Exactly(Vec<u8>),
    /// The command in it (X bit clear), page, block, count of frames if it matters.
    PartialPage(u8, u8, u8, Option<usize>),
    Wanted(Vec<u8>),
    /// EOR: the command in it.
    Following(u8),
}

/// Facsimile control fields, X bit clear where it is not part of the name.
// T.30 (09/2005) §5.3.6.1
const CODES: &[(&str, u8)] = &[
    ("DIS", 0x01),
    ("CSI", 0x02),
    ("NSF", 0x04),
    ("DTC", 0x81),
    ("CIG", 0x82),
    ("NSC", 0x84),
    ("PWD", 0x83),
    ("SEP", 0x85),
    ("DCS", 0x41),
    ("TSI", 0x42),
    ("SUB", 0x43),
    ("CFR", 0x21),
    ("FTT", 0x22),
    ("CTR", 0x23),
    ("CTC", 0x48),
    ("EOM", 0x71),
    ("MPS", 0x72),
    ("EOP", 0x74),
    ("PRI-EOM", 0x79),
    ("PRI-MPS", 0x7A),
    ("PRI-EOP", 0x7C),
    ("MCF", 0x31),
    ("RTN", 0x32),
    ("RTP", 0x33),
    ("PIN", 0x34),
    ("PIP", 0x35),
    ("PPS", 0x7D),
    ("PPR", 0x3D),
    ("EOR", 0x73),
    ("ERR", 0x38),
    ("RR", 0x76),
    ("RNR", 0x37),
    ("CRP", 0x58),
    ("DCN", 0x5F),
];

/// Names whose first bit is not the X bit.
const WITHOUT_X: [u8; 8] = [0x01, 0x02, 0x04, 0x81, 0x82, 0x83, 0x84, 0x85];

/// The code of a name as a station writes that has received a DIS, or has not.
pub(super) fn code_for(code: u8, has_received_dis: bool) -> u8 {
    if has_received_dis && !WITHOUT_X.contains(&code) { code | 0x80 } else { code }
}

/// What several scripts begin with.
const SHORTHANDS: &[(&str, &str)] = &[
    ("@called", "< CED; < DIS"),
    ("@4800", "> DCS 00 50 00; > tcf v27/4800 900; < CFR"),
    ("@ecm64", "> DCS 00 50 1F 30; > tcf v27/4800 900; < CFR"),
    ("@4800-called", "< CED; < DIS; > DCS 00 50 00; > tcf v27/4800 900; < CFR"),
    ("@ecm64-called", "< CED; < DIS; > DCS 00 50 1F 30; > tcf v27/4800 900; < CFR"),
    ("@bye", "> DCN; > hangup"),
    ("@4800-caller", "< CNG; > ced; > DIS 00 50 00; < TSI + DCS 00 50 00; < tcf v27/4800; > CFR"),
    ("@4800-ecm-caller", "< CNG; > ced; > DIS 00 50 00 20; < DCS; < tcf v27/4800; > CFR"),
];

/// A script taken apart: the device, and the steps.
pub(super) fn parse(script: &str) -> (Vec<&str>, Vec<Step>) {
    let mut lines = script.lines().map(str::trim).filter(|line| !line.is_empty());
    let device = lines.next().expect("the first line names the device").split_whitespace().collect();
    let mut steps = Vec::new();
    for piece in lines.flat_map(|line| line.split(';')).map(str::trim).filter(|piece| !piece.is_empty()) {
        if piece.starts_with('@') {
            let (_, text) = SHORTHANDS.iter().find(|(name, _)| *name == piece).unwrap_or_else(|| panic!("{piece}"));
            steps.extend(text.split(';').map(|piece| step(piece.trim())));
        } else {
            steps.push(step(piece));
        }
    }
    (device, steps)
}

fn step(piece: &str) -> Step {
    let words: Vec<&str> = piece.split_whitespace().collect();
    match words[..] {
        ["wait", time] => Step::Wait(number(time)),
        ["quiet", time] => Step::Quiet(number(time)),
        ["deaf"] => Step::Deaf,
        ["collide"] => Step::Collide,
        [">", "ced"] => Step::Ced,
        [">", "hangup"] => Step::HangUp,
        [">", "flags", time] => Step::Flags(number(time)),
        [">", "tcf", modem, octets, ref rest @ ..] => Step::Check {
            modulation: modulation(modem),
            octets: index(octets),
            pattern: match rest {
                [] => Pattern::Zeros,
                ["alternating"] => Pattern::Alternating,
                ["spoilt", count] => Pattern::Spoilt(index(count)),
                _ => panic!("{piece}"),
            },
        },
        [">", "page", modem, "cut"] => Step::CutPage(modulation(modem)),
        [">", "page", modem, "white"] => Step::WhitePage(modulation(modem)),
        [">", "page", modem, "line", time] => Step::LongRow(modulation(modem), number(time)),
        [">", "block", modem, size, page, block, numbers_of, ref rest @ ..] => Step::Block(Block {
            modulation: modulation(modem),
            size: index(size),
            page: number(&page[1..]).try_into().expect("a page"),
            block: index(&block[1..]),
            numbers: numbers(numbers_of),
            bad: if let ["bad", bad] = rest { numbers(bad) } else { Vec::new() },
        }),
        [">", "raw", ref octets @ ..] => Step::Frames { frames: vec![hex(octets)], bad: false },
        [">", "bad", ..] => Step::Frames { frames: frames(&piece[5..]), bad: true },
        [">", ..] => Step::Frames { frames: frames(&piece[1..]), bad: false },
        ["while", heard, ">", reply, "after", time, "times", range] => {
            let (least, most) = range.split_once("..").expect("least..most");
            let count = |text: &str| u32::try_from(number(text)).expect("a count");
            Step::While {
                heard: expected(heard),
                reply: frames(reply),
                after: number(time),
                least: count(least),
                most: count(most),
            }
        }
        ["<", "end", cause, pages] => {
            Step::End { cause: cause.into(), pages: number(pages).try_into().expect("pages") }
        }
        ["<", ..] => {
            let (what, gap) = match piece[1..].split_once(" in ") {
                None => (&piece[1..], Gap::Answer),
                Some((what, "t4")) => (what, Gap::T4),
                Some((what, range)) => {
                    let (least, most) = range.split_once("..").expect("least..most");
                    (what, Gap::Between(number(least), number(most)))
                }
            };
            Step::Expect(expected(what.trim()), gap)
        }
        _ => panic!("no step: {piece}"),
    }
}

fn expected(what: &str) -> Expected {
    let words: Vec<&str> = what.split_whitespace().collect();
    match words[..] {
        ["CNG"] => Expected::Cng,
        ["CED"] => Expected::Ced,
        ["tcf", modem] => Expected::Check(modulation(modem)),
        ["page", modem, page] => Expected::Page(modulation(modem), number(page).try_into().expect("a page")),
        ["block", modem, numbers_of] => Expected::Block(modulation(modem), numbers(numbers_of)),
        _ => {
            let mut before: Vec<u8> = Vec::new();
            let (mut last, mut information) = (0, Information::Any);
            for part in what.split(" + ") {
                let words: Vec<&str> = part.split_whitespace().collect();
                before.push(last);
                last = code(words[0]);
                information = information_of(words[0], &words[1..]);
            }
            before.remove(0);
            Expected::Control(before, last, information)
        }
    }
}

fn information_of(name: &str, words: &[&str]) -> Information {
    match (name, words) {
        ("PPS", [following, counters, rest @ ..]) => {
            let (page, block) = counters.split_once('/').expect("page/block");
            let count = rest.first().map(|count| index(count));
            let low = |text: &str| u8::try_from(number(text)).expect("a counter");
            Information::PartialPage(following_code(following), low(page), low(block), count)
        }
        ("PPR", [wanted]) => Information::Wanted(numbers(wanted)),
        ("EOR", [following]) => Information::Following(following_code(following)),
        ("DIS" | "CSI" | "NSF" | "DTC" | "CIG" | "NSC" | "PWD" | "SEP" | "DCS" | "TSI" | "SUB" | "PPS" | "PPR", []) => {
            Information::Any
        }
        ("DIS" | "DCS", [first, ..]) if first.starts_with(['+', '-']) => {
            Information::Bits(words.iter().map(|word| (index(&word[1..]), word.starts_with('+'))).collect())
        }
        (_, words) => Information::Exactly(hex(words)),
    }
}

/// The frames of a signal of the tester.
fn frames(text: &str) -> Vec<Vec<u8>> {
    let parts: Vec<&str> = text.split(" + ").collect();
    let count = parts.len();
    let frame = |(place, part): (usize, &&str)| {
        let words: Vec<&str> = part.split_whitespace().collect();
        let (name, x_bit) = words[0].strip_suffix('\'').map_or((words[0], false), |name| (name, true));
        let mut frame = vec![0xFF, if place + 1 == count { 0xC8 } else { 0xC0 }, code_for(code(name), x_bit)];
        frame.extend(match information_of(name, &words[1..]) {
            Information::Any | Information::Bits(_) => Vec::new(),
            Information::Exactly(octets) => octets,
            Information::PartialPage(following, page, block, count) => {
                let last = u8::try_from(count.expect("the tester counts its frames") - 1).expect("256 at most");
                vec![following, page.reverse_bits(), block.reverse_bits(), last.reverse_bits()]
            }
            Information::Wanted(wanted) => {
                let mut map = vec![0_u8; 32];
                for number in wanted {
                    map[usize::from(number) / 8] |= 0x80 >> (number % 8);
                }
                map
            }
            Information::Following(following) => vec![following],
        });
        frame
    };
    parts.iter().enumerate().map(frame).collect()
}

fn code(name: &str) -> u8 {
    CODES.iter().find(|(known, _)| *known == name).unwrap_or_else(|| panic!("no frame {name}")).1
}

fn following_code(name: &str) -> u8 {
    if name == "null" { 0 } else { code(&name.to_uppercase()) }
}

fn hex(words: &[&str]) -> Vec<u8> {
    words.iter().map(|word| u8::from_str_radix(word, 16).unwrap_or_else(|_| panic!("no octet: {word}"))).collect()
}

fn number(word: &str) -> u64 {
    word.parse().unwrap_or_else(|_| panic!("no number: {word}"))
}

fn index(word: &str) -> usize {
    word.parse().unwrap_or_else(|_| panic!("no number: {word}"))
}

/// `0,3,221-255`
fn numbers(list: &str) -> Vec<u8> {
    let one = |part: &str| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let edge = |text: &str| u8::try_from(number(text)).expect("a number of a frame");
        edge(first)..=edge(last)
    };
    list.split(',').flat_map(one).collect()
}

/// `v27/4800`
fn modulation(name: &str) -> Modulation {
    match name {
        "v27/2400" => Modulation::V27ter2400,
        "v27/4800" => Modulation::V27ter4800,
        "v29/7200" => Modulation::V29At7200,
        "v29/9600" => Modulation::V29At9600,
        "v17/7200" => Modulation::V17At7200,
        "v17/9600" => Modulation::V17At9600,
        "v17/12000" => Modulation::V17At12000,
        "v17/14400" => Modulation::V17At14400,
        _ => panic!("no modulation: {name}"),
    }
}
