//! Telephone events: tones that a gateway names instead of letting them sound.
//!
//! What a fax needs of them: its own two tones. Digits and all others are told by their number. An event comes in many packets, each
//! with its duration so far; it is told when it begins and when it ends. Serves RFC 4733 §2 and RFC 4734 §2.

use std::time::Duration;

use thiserror::Error;

use super::Packet;

/// An event.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Event {
    /// A key: 0 to 9, then * # A B C D.
    Digit(u8),
    /// The answer tone of 2100 Hz, also a fax's CED.
    Answer,
    /// It, turning its phase, against echo cancellers.
    AnswerReversed,
    /// The answer tone that swells, of V.8.
    AnswerSwelling,
    /// It, turning its phase.
    AnswerSwellingReversed,
    /// The calling tone of a fax.
    Calling,
    /// Flags of V.21: a fax begins to speak.
    Preamble,
    /// Any other.
    Other(u8),
}

impl Event {
    /// The event of a code.
    // RFC 4733 §3.2, RFC 4734 §2
    #[must_use]
    pub const fn from_code(code: u8) -> Self {
        match code {
            0..=15 => Self::Digit(code),
            32 => Self::Answer,
            33 => Self::AnswerReversed,
            34 => Self::AnswerSwelling,
            35 => Self::AnswerSwellingReversed,
            36 => Self::Calling,
            54 => Self::Preamble,
            _ => Self::Other(code),
        }
    }

    /// Whether a called fax answers with it.
    #[must_use]
    pub const fn is_answer_tone(self) -> bool {
        matches!(self, Self::Answer | Self::AnswerReversed | Self::AnswerSwelling | Self::AnswerSwellingReversed)
    }
}

/// What one packet says of an event.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Report {
    /// Which event.
    pub event: Event,
    /// It is over; its duration is final.
    pub is_end: bool,
    /// Power of the tone in dBm0, 0 to −63.
    pub dbm0: i8,
    /// How long it has lasted, in units of the clock: 8000 a second.
    pub duration: u16,
}

/// Why a payload is no event; always the peer's fault.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum EventError {
    /// Not whole reports of four octets.
    #[error("malformed telephone event: {0} octets")]
    Length(usize),
}

/// Octets of a report.
const REPORT_OCTETS: usize = 4;
/// A packet from so long before the last event is not late, the sender's clock was set anew: a minute.
const MOST_LATENESS: u32 = 60 * 8000;

/// Reads the first report of a payload. Gateways that put several into one packet describe a sequence that is over, whose first
/// began at the packet's time; a fax's tones come alone.
///
/// # Errors
/// [`EventError`] when the payload is shorter than a report or has a broken one behind.
// RFC 4733 §2.3
pub fn decode(payload: &[u8]) -> Result<Report, EventError> {
    let Some(([code, flags, high, low], rest)) = payload.split_first_chunk::<REPORT_OCTETS>() else {
        return Err(EventError::Length(payload.len()));
    };
    if rest.len() % REPORT_OCTETS != 0 {
        return Err(EventError::Length(payload.len()));
    }
    Ok(Report {
        event: Event::from_code(*code),
        is_end: flags & 0x80 != 0,
        dbm0: -((flags & 0x3F) as i8),
        duration: u16::from_be_bytes([*high, *low]),
    })
}

/// What is told of an event.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Told {
    /// It began; or its beginning was lost and it goes on.
    Began(Event),
    /// It is over, and lasted so long.
    Ended(Event, Duration),
}

/// Makes events of packets: each is told once, however often it is repeated, in whatever order its packets come.
#[derive(Clone, Debug, Default)]
pub struct Listener {
    last: Option<Last>,
}

#[derive(Clone, Copy, Debug)]
struct Last {
    ssrc: u32,
    event: Event,
    /// Where it began, and its part that is described now.
    began: u32,
    part: u32,
    duration: u16,
    is_over: bool,
}

impl Listener {
    /// A listener that has heard nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self { last: None }
    }

    /// Takes a packet of the payload type that the session has for events; what it tells anew, at most two things: a short event
    /// begins and ends with its first packet.
    ///
    /// # Errors
    /// [`EventError`] when its payload is no event.
    pub fn hear(&mut self, packet: &Packet<'_>) -> Result<[Option<Told>; 2], EventError> {
        let report = decode(packet.payload)?;
        let is_new = match &mut self.last {
            Some(last) if packet.ssrc != last.ssrc => true,
            Some(last) if packet.timestamp == last.part && report.event == last.event => false,
            // RFC 4733 §2.5.1.3: an event longer than a duration can say goes on in another part
            Some(last)
                if report.event == last.event
                    && !last.is_over
                    && packet.timestamp == last.part.wrapping_add(u32::from(u16::MAX)) =>
            {
                (last.part, last.duration) = (packet.timestamp, 0);
                false
            }
            // One of before, late or again.
            Some(last) if (1..MOST_LATENESS).contains(&last.part.wrapping_sub(packet.timestamp)) => {
                return Ok([None; 2]);
            }
            Some(_) | None => true,
        };
        let began = packet.timestamp;
        let fresh = Last { ssrc: packet.ssrc, event: report.event, began, part: began, duration: 0, is_over: false };
        let last = if is_new { self.last.insert(fresh) } else { self.last.get_or_insert(fresh) };
        last.duration = last.duration.max(report.duration);
        let ends = report.is_end && !last.is_over;
        last.is_over |= report.is_end;
        let samples = last.part.wrapping_sub(last.began).saturating_add(u32::from(last.duration));
        let lasted = Duration::from_micros(u64::from(samples) * 125);
        Ok([is_new.then_some(Told::Began(last.event)), ends.then_some(Told::Ended(last.event, lasted))])
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn packet(timestamp: u32, payload: &[u8]) -> Packet<'_> {
        Packet { marker: false, payload_type: 101, sequence: 0, timestamp, ssrc: 1, payload }
    }

    fn told(listener: &mut Listener, timestamp: u32, payload: [u8; 4]) -> Vec<Told> {
        listener.hear(&packet(timestamp, &payload)).unwrap().into_iter().flatten().collect()
    }

    #[test]
    fn an_event_of_many_packets_is_told_once() {
        let mut listener = Listener::new();
        assert_eq!(told(&mut listener, 800, [36, 10, 0, 160]), [Told::Began(Event::Calling)]);
        for duration in [320_u16, 480, 320, 3840] {
            let [high, low] = duration.to_be_bytes();
            assert_eq!(told(&mut listener, 800, [36, 10, high, low]), []);
        }
        let end = [36, 0x80 | 10, 0x0F, 0xA0];
        assert_eq!(told(&mut listener, 800, end), [Told::Ended(Event::Calling, Duration::from_millis(500))]);
        assert_eq!(told(&mut listener, 800, end), []);
        assert_eq!(told(&mut listener, 800, end), []);
        // The next tone, three seconds after; then a packet of the first, late.
        assert_eq!(told(&mut listener, 28_800, [36, 10, 0, 160]), [Told::Began(Event::Calling)]);
        assert_eq!(told(&mut listener, 800, [36, 10, 1, 0]), []);
    }

    #[test]
    fn only_the_end_arrives_and_the_event_is_whole() {
        let mut listener = Listener::new();
        let told = told(&mut listener, u32::MAX, [5, 0x80, 0x03, 0x20]);
        let digit = Event::Digit(5);
        assert_eq!(told, [Told::Began(digit), Told::Ended(digit, Duration::from_millis(100))]);
    }

    /// An answer tone that turns its phase is two events in turn; one longer than 8.2 s has parts.
    #[test]
    fn answer_tones_follow_one_another() {
        let mut listener = Listener::new();
        let mut heard = Vec::new();
        for (timestamp, code) in [(0, 32), (3600, 33), (7200, 32)] {
            heard.extend(told(&mut listener, timestamp, [code, 15, 0, 160]));
            heard.extend(told(&mut listener, timestamp, [code, 15 | 0x80, 0x0E, 0x10]));
        }
        assert_eq!(heard.len(), 6);
        assert!(heard.iter().all(|told| match told {
            Told::Began(event) => event.is_answer_tone(),
            Told::Ended(event, lasted) => event.is_answer_tone() && *lasted == Duration::from_millis(450),
        }));
        let mut listener = Listener::new();
        assert_eq!(told(&mut listener, 100, [32, 0, 0xFF, 0xFF]), [Told::Began(Event::Answer)]);
        assert_eq!(told(&mut listener, 65_635, [32, 0, 0, 160]), []);
        let end = told(&mut listener, 65_635, [32, 0x80, 0, 161]);
        assert_eq!(end, [Told::Ended(Event::Answer, Duration::from_micros(65_696 * 125))]);
    }

    #[test]
    fn what_is_no_report_is_refused() {
        for length in [0, 1, 3, 5, 7] {
            assert_eq!(decode(&[0; 8][..length]), Err(EventError::Length(length)));
        }
        let report = Report { event: Event::AnswerSwelling, is_end: false, dbm0: -63, duration: 0x0102 };
        assert_eq!(decode(&[34, 0x7F, 1, 2]), Ok(report));
    }

    proptest! {
        /// However the packets of an event are lost and mixed, it begins once and ends once at most.
        #[test]
        fn no_order_tells_an_event_twice(order in prop::collection::vec(0_u16..50, 1..80)) {
            let mut listener = Listener::new();
            let (mut begun, mut ended) = (0, 0);
            for step in order {
                let [high, low] = (step * 160).to_be_bytes();
                for told in told(&mut listener, 7, [36, if step == 49 { 0x80 } else { 0 }, high, low]) {
                    match told {
                        Told::Began(_) => begun += 1,
                        Told::Ended(..) => ended += 1,
                    }
                }
            }
            prop_assert!(begun == 1 && ended <= 1);
        }
    }
}
