//! The device that is tested: made from the first line of a script, and driven in virtual time.

use super::{Signal, Tester, brief};
use crate::model::Resolution;
use crate::signal::{Burst, Tone};
use crate::t30::tests::line::{A4_FINE, answerer_settings, caller_settings, page_bits, timeline};
use crate::t30::{
    AnswererSettings, Document, DocumentToSend, Errand, Input, Output, PageShape, PollSettings, Procedure,
    ReceivedPage, ReceiverSettings, SenderSettings, Transport, Verdict,
};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Octets of a page that the device sends.
const PAGE_OCTETS: usize = 3000;
/// The same with error correction: two frames more than half a block.
const PAGE_OCTETS_IN_FRAMES: usize = 130 * 256;

/// What follows a word of the first line.
pub(super) fn after<'a>(words: &[&'a str], word: &str) -> Option<&'a str> {
    words.iter().skip_while(|other| **other != word).nth(1).copied()
}

pub(super) fn frames_of(list: &str) -> Vec<usize> {
    list.split(',').map(|count| count.parse().expect("a count of frames")).collect()
}

pub(super) fn device(words: &[&str], transport: Transport, now: Instant) -> Procedure {
    let shape = |letter: char| {
        let resolution = if letter == 'f' { Resolution::Fine } else { Resolution::Standard };
        PageShape { resolution, ..A4_FINE }
    };
    let pages = |letters: &str| letters.chars().map(shape).collect::<Vec<_>>();
    let password = after(words, "password").map(str::to_owned);
    let sub_address = words.contains(&"sub");
    let non_standard_facilities = if words.contains(&"nsf") { vec![0xB5, 0x00, 0x42] } else { Vec::new() };
    let receive = ReceiverSettings { transport, sub_address, non_standard_facilities, ..answerer_settings() };
    match words {
        ["calls", letters, ..] => {
            let sub_address = after(words, "to").map(str::to_owned);
            let document =
                |letters| DocumentToSend { sub_address: sub_address.clone(), ..DocumentToSend::of(pages(letters)) };
            let documents = letters.split('+').map(document).collect();
            let send = SenderSettings { documents, transport, ..caller_settings(0, true) };
            Procedure::caller(Errand::Send(send), now)
        }
        ["polls", ..] => {
            let poll = PollSettings { receive, selective: None, password, send_cng: true };
            Procedure::caller(Errand::Poll(poll), now)
        }
        ["answers", ..] => {
            let document = |letters| Document { pages: pages(letters), selective: None, password: password.clone() };
            let documents = after(words, "has").map(document).into_iter().collect();
            Procedure::answerer(AnswererSettings { receive, documents }, now)
        }
        _ => panic!("no device: {words:?}"),
    }
}

impl Tester {
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.device.deadline()
    }

    pub(super) fn give(&mut self, input: Input) {
        if self.ending.is_some() {
            return;
        }
        self.device.handle(input, self.now);
        while let Some(output) = self.device.poll() {
            self.on_output(output);
        }
    }

    pub(super) fn after(&mut self, time: Duration, input: Input) -> usize {
        self.next_event += 1;
        self.events.insert((self.now + time, self.next_event), input);
        self.next_event
    }

    pub(super) fn on_output(&mut self, output: Output) {
        match output {
            Output::Send(burst) => self.on_burst(burst),
            Output::StopSending => {
                if let Some((sent, signal)) = self.sending.take() {
                    self.events.retain(|(_, number), _| *number != sent);
                    self.note(&format!("it cuts short {}", brief(&signal.burst)));
                    if matches!(signal.burst, Burst::Control(_)) && !self.colliding {
                        self.cut_short += 1;
                    }
                }
            }
            Output::NeedPage { index, format, .. } => {
                let index = index + self.pages_over;
                let wanted = usize::try_from(index).ok().and_then(|index| self.page_frames.get(index));
                let octets = match wanted {
                    Some(frames) => frames * 256,
                    None if format.ecm => PAGE_OCTETS_IN_FRAMES,
                    None => PAGE_OCTETS,
                };
                let bits = page_bits(index, octets);
                self.page = index;
                self.supplied.push((index, Arc::clone(&bits)));
                self.after(Duration::from_millis(10), Input::Page(bits));
            }
            Output::PageReceived(page) => self.on_page(&page),
            Output::DocumentOver(over) => {
                self.note(&format!("document over: {} after {} pages", over.cause.word(), over.pages));
                self.pages_over += over.pages;
            }
            Output::Confirmed { .. } | Output::Polled { .. } | Output::Progress(_) | Output::Listen(_) => {}
            Output::Ended(ending) => {
                self.note(&format!("it ends: {} after {} pages", ending.cause.word(), ending.pages));
                self.sending = None;
                self.ending = Some(ending);
            }
        }
    }

    pub(super) fn on_page(&mut self, page: &ReceivedPage) {
        let sent = &self.sent_pages;
        let plain = sent.contains(&page.bits);
        let in_frames = || (0..4).any(|index| *page_bits(index, page.bits.len()) == *page.bits);
        let broken = page.missing_frames > 0 || page.carrier_losses > 0 || !page.wants_verdict;
        let as_sent = broken || plain || in_frames();
        assert!(as_sent, "a page other than was sent: {} octets", page.bits.len());
        if page.wants_verdict {
            let verdict = self.verdicts.pop_front().unwrap_or(Verdict::Good);
            self.after(Duration::from_millis(20), Input::PageVerdict(verdict));
        }
    }

    pub(super) fn on_burst(&mut self, burst: Burst) {
        let (_, length) = timeline(burst.clone());
        let signal = Signal { burst, began: self.now, ended: self.now + length };
        if matches!(signal.burst, Burst::Tone(Tone::Cng)) {
            self.heard.push_back(signal);
            return;
        }
        assert!(self.sending.is_none(), "a burst before the last one has left");
        let sent = self.after(length, Input::Sent);
        self.sending = Some((sent, signal));
    }

    /// Lets the time pass.
    pub(super) fn pass(&mut self, until: Instant) {
        loop {
            let timer = self.deadline().filter(|at| *at <= until && self.ending.is_none());
            let event = self.events.first_key_value().map(|(key, _)| *key).filter(|(at, _)| *at <= until);
            match (timer, event) {
                (None, None) => break,
                (Some(at), event) if event.is_none_or(|(when, _)| at < when) => {
                    self.now = self.now.max(at);
                    self.give(Input::Timeout);
                }
                _ => {
                    let (key, input) = self.events.pop_first().expect("there is an event");
                    self.now = key.0;
                    if matches!(input, Input::Sent)
                        && let Some((_, signal)) = self.sending.take()
                        && !matches!(signal.burst, Burst::Silence(_))
                    {
                        self.note(&format!("< {}", brief(&signal.burst)));
                        self.heard.push_back(signal);
                    }
                    self.give(input);
                }
            }
        }
        self.now = until;
    }
}
