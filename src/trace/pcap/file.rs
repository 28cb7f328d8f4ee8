//! A capture file as frames: the old format of tcpdump (pcap) and the new one of Wireshark (pcapng).

use std::time::Duration;

use super::CaptureError;
use super::network::Link;

/// What a file begins with, in the order of octets of the machine that wrote it.
pub(super) const MAGIC_MICROSECONDS: u32 = 0xA1B2_C3D4;
const MAGIC_NANOSECONDS: u32 = 0xA1B2_3C4D;
pub(super) const FILE_HEADER: usize = 24;
const RECORD_HEADER: usize = 16;

// What follows is of draft-ietf-opsawg-pcapng §3, §4.
const SECTION: u32 = 0x0A0D_0D0A;
const SECTION_MAGIC: u32 = 0x1A2B_3C4D;
const INTERFACE: u32 = 1;
const OLD_PACKET: u32 = 2;
const SIMPLE_PACKET: u32 = 3;
const ENHANCED_PACKET: u32 = 6;
/// Type and length before a block, and its length again behind it.
const BLOCK_HEADER: usize = 8;
const BLOCK_LEAST: usize = 12;
const OPTION_RESOLUTION: u16 = 9;
const OPTION_OFFSET: u16 = 14;
/// Interfaces of a section that are known.
const INTERFACES_MAX: usize = 1000;

/// What one record of a file is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Record<'a> {
    /// A frame, when it was seen since 1970, and what it is wrapped in: the number of a link type where that is unknown.
    Frame { at: Duration, link: Result<Link, u32>, octets: &'a [u8] },
    /// Something about the capture.
    Other,
}

/// Reads the records of a file one after the other.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    rest: &'a [u8],
    format: Format,
}

#[derive(Debug)]
enum Format {
    Classic { order: Order, nanoseconds: bool, link: Link },
    Blocks { order: Order, interfaces: Vec<Interface>, last: Duration },
}

/// The order of octets.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Order {
    Little,
    Big,
}

/// Where frames were seen.
#[derive(Clone, Copy, Debug)]
struct Interface {
    link: Result<Link, u32>,
    /// Octets of a frame that were kept.
    kept: u32,
    /// The part of a second that times count, and what is added to them.
    resolution: Resolution,
    offset: Duration,
}

/// The unit of times.
// draft-ietf-opsawg-pcapng §4.2, if_tsresol
#[derive(Clone, Copy, Debug)]
enum Resolution {
    /// Of a second, divided by ten so many times.
    Decimal(u32),
    /// Divided by two so many times.
    Binary(u32),
}

impl<'a> Reader<'a> {
    /// Reads how the file is laid out.
    pub(super) fn new(file: &'a [u8]) -> Result<Self, CaptureError> {
        let little = Order::Little.number(file, 0).ok_or(CaptureError::NotACapture)?;
        if little == SECTION {
            let (order, last) = (Order::Little, Duration::ZERO);
            return Ok(Self { rest: file, format: Format::Blocks { order, interfaces: Vec::new(), last } });
        }
        let (order, nanoseconds) = match (little, little.swap_bytes()) {
            (MAGIC_MICROSECONDS, _) => (Order::Little, false),
            (MAGIC_NANOSECONDS, _) => (Order::Little, true),
            (_, MAGIC_MICROSECONDS) => (Order::Big, false),
            (_, MAGIC_NANOSECONDS) => (Order::Big, true),
            _ => return Err(CaptureError::NotACapture),
        };
        // The upper bits tell of a checksum behind each frame, which is not looked at.
        let number = order.number(file, 20).ok_or(CaptureError::NotACapture)? & 0xFFFF;
        let link = Link::of(number).map_err(CaptureError::LinkType)?;
        let rest = file.get(FILE_HEADER..).unwrap_or_default();
        Ok(Self { rest, format: Format::Classic { order, nanoseconds, link } })
    }

    /// Whether the file is at its end.
    pub(super) const fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    /// The next record; none where the file breaks off or goes on with nonsense.
    pub(super) fn next(&mut self) -> Option<Record<'a>> {
        match &mut self.format {
            Format::Classic { order, nanoseconds, link } => {
                let (seconds, fraction) = (order.number(self.rest, 0)?, order.number(self.rest, 4)?);
                let length = order.number(self.rest, 8)? as usize;
                let (octets, rest) = self.rest.get(RECORD_HEADER..)?.split_at_checked(length)?;
                self.rest = rest;
                let nanoseconds = if *nanoseconds { fraction } else { fraction.saturating_mul(1000) };
                let at = Duration::from_secs(seconds.into()) + Duration::from_nanos(nanoseconds.into());
                Some(Record::Frame { at, link: Ok(*link), octets })
            }
            Format::Blocks { order, interfaces, last } => {
                if Order::Little.number(self.rest, 0)? == SECTION {
                    *order = match Order::Little.number(self.rest, BLOCK_HEADER)? {
                        SECTION_MAGIC => Order::Little,
                        other if other.swap_bytes() == SECTION_MAGIC => Order::Big,
                        _ => return None,
                    };
                    interfaces.clear();
                }
                let kind = order.number(self.rest, 0)?;
                let length = order.number(self.rest, 4)? as usize;
                let (block, rest) = self.rest.split_at_checked(length)?;
                let body = block.get(BLOCK_HEADER..length.checked_sub(BLOCK_LEAST - BLOCK_HEADER)?)?;
                self.rest = rest;
                let frame = match kind {
                    INTERFACE if interfaces.len() < INTERFACES_MAX => {
                        interfaces.extend(Interface::read(*order, body));
                        None
                    }
                    ENHANCED_PACKET => stamped(*order, body, order.number(body, 0)?, interfaces),
                    OLD_PACKET => stamped(*order, body, order.half(body, 0)?.into(), interfaces),
                    // It has no time: that of the one before will do.
                    SIMPLE_PACKET => interfaces.first().and_then(|interface| {
                        let length = order.number(body, 0)?.min(interface.kept);
                        Some((*last, interface.link, body.get(4..)?.get(..length as usize)?))
                    }),
                    _ => None,
                };
                Some(frame.map_or(Record::Other, |(at, link, octets)| {
                    *last = at;
                    Record::Frame { at, link, octets }
                }))
            }
        }
    }
}

/// A frame with its time, of an interface of this number.
fn stamped<'a>(
    order: Order,
    body: &'a [u8],
    number: u32,
    interfaces: &[Interface],
) -> Option<(Duration, Result<Link, u32>, &'a [u8])> {
    let interface = interfaces.get(number as usize)?;
    let time = u64::from(order.number(body, 4)?) << 32 | u64::from(order.number(body, 8)?);
    let length = order.number(body, 12)? as usize;
    let at = interface.offset.saturating_add(interface.resolution.time(time));
    Some((at, interface.link, body.get(20..)?.get(..length)?))
}

impl Interface {
    fn read(order: Order, body: &[u8]) -> Option<Self> {
        let link = Link::of(order.half(body, 0)?.into());
        // Of no length at all is no limit.
        let kept = Some(order.number(body, 4)?).filter(|kept| *kept > 0).unwrap_or(u32::MAX);
        let mut interface = Self { link, kept, resolution: Resolution::Decimal(6), offset: Duration::ZERO };
        let mut options = body.get(8..)?;
        while let (Some(code @ 1..), Some(length)) = (order.half(options, 0), order.half(options, 2)) {
            let value = options.get(4..)?.get(..usize::from(length))?;
            match (code, value) {
                (OPTION_RESOLUTION, [unit, ..]) => interface.resolution = Resolution::of(*unit),
                (OPTION_OFFSET, _) => {
                    // Seconds before 1970 are nobody's.
                    let seconds = order.long(value)?.try_into().unwrap_or(0);
                    interface.offset = Duration::from_secs(seconds);
                }
                _ => {}
            }
            options = options.get(4 + usize::from(length).next_multiple_of(4)..).unwrap_or_default();
        }
        Some(interface)
    }
}

impl Resolution {
    const fn of(unit: u8) -> Self {
        let power = (unit & 0x7F) as u32;
        if unit & 0x80 == 0 { Self::Decimal(power) } else { Self::Binary(power) }
    }

    /// A count of units.
    fn time(self, count: u64) -> Duration {
        const NANOSECONDS: u128 = 1_000_000_000;
        let per_second = match self {
            Self::Decimal(power) => 10_u128.checked_pow(power),
            Self::Binary(power) => 2_u128.checked_pow(power),
        };
        // What is too fine for a number lasts no time.
        let Some(per_second) = per_second else { return Duration::ZERO };
        let count = u128::from(count);
        let seconds = u64::try_from(count / per_second).unwrap_or_default();
        let part = count % per_second;
        let nanoseconds = part.checked_mul(NANOSECONDS).map_or(0, |part| part / per_second);
        Duration::new(seconds, u32::try_from(nanoseconds).unwrap_or_default())
    }
}

impl Order {
    fn half(self, octets: &[u8], at: usize) -> Option<u16> {
        let field = *octets.get(at..)?.first_chunk()?;
        Some(if self == Self::Big { u16::from_be_bytes(field) } else { u16::from_le_bytes(field) })
    }

    fn number(self, octets: &[u8], at: usize) -> Option<u32> {
        let field = *octets.get(at..)?.first_chunk()?;
        Some(if self == Self::Big { u32::from_be_bytes(field) } else { u32::from_le_bytes(field) })
    }

    fn long(self, octets: &[u8]) -> Option<i64> {
        let field = *octets.first_chunk()?;
        Some(if self == Self::Big { i64::from_be_bytes(field) } else { i64::from_le_bytes(field) })
    }
}
