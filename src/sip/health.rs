//! Whether a peer is there: OPTIONS every now and then, and how often it went unanswered.
//!
//! ```text
//!             ┌──answer──┐            ┌──miss──┐
//!             ▼          │            ▼        │
//!  Unknown → Alive ──misses in a row──→ Silent ┘
//!             ▲────────── answer ───────┘
//! ```
//! Any answer means that somebody is there, a refusal too. Only 408 and 503 do not count: a proxy gives them for somebody behind it
//! who is not, and a server that can take no calls is no use to us.
// RFC 3261 §11

use super::{
    content::BODY_TYPE,
    inquiry::{Answer, Inquirer, Outside, OutsideInput, OutsideOutput, Question},
    leg::{EndpointSettings, LegKey},
    method::Method,
    transport::Destination,
    uri::Uri,
};
use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// Whom to watch, and how closely.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HealthSettings {
    /// Our own side.
    pub endpoint: EndpointSettings,
    /// The Request-URI.
    pub target: Uri,
    /// Who asks.
    pub from: Uri,
    /// Where it is sent, best first; that one of them answers is enough.
    pub targets: Vec<Destination>,
    /// Between two questions while it answers.
    pub interval: Duration,
    /// So many misses in a row mean that nobody is there; at least 1.
    pub misses: u32,
}

/// What happened; told when it changes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum HealthEvent {
    /// It answers.
    Up {
        /// With this status.
        status: u16,
        /// So soon.
        round_trip: Duration,
    },
    /// It does not.
    Down(HealthTrouble),
}

/// Why a peer counts as not there.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum HealthTrouble {
    /// No answer.
    #[error("it does not answer OPTIONS")]
    Silence,
    /// There is no way to it.
    #[error("it cannot be reached: there is no connection to it")]
    NoWay,
    /// An answer that means no.
    #[error("it answers OPTIONS with SIP {status} {reason}")]
    Refused {
        /// 408 or 503.
        status: u16,
        /// Its phrase.
        reason: String,
    },
}

/// How long one OPTIONS may go unanswered; it is said four times by then.
pub const PROBE_LIMIT: Duration = Duration::from_secs(6);
/// So many places can take their time in one question.
const PLACES_MAX: u32 = 4;
/// Between a miss and the next question, as long as the peer counts as there.
pub const AFTER_A_MISS: Duration = Duration::from_secs(2);
/// Between two questions while it does not answer, unless the interval is shorter.
pub const WHILE_SILENT: Duration = Duration::from_secs(10);

/// The waits. All run from when they are set; the driver may be late, never early.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum HealthTimer {
    /// The next question: the interval, up to a tenth sooner by chance; [`AFTER_A_MISS`]; [`WHILE_SILENT`]. Ours
    Probe,
    /// No answer to this one: [`PROBE_LIMIT`], instead of timer F, which is too long for those who wait to dial. Ours
    Limit,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Standing {
    Unknown,
    Alive,
    Silent,
}

/// The engine that watches one peer.
#[derive(Debug)]
pub struct Health {
    inquirer: Inquirer,
    settings: HealthSettings,
    standing: Standing,
    misses: u32,
    timer: Option<(HealthTimer, Instant)>,
    outputs: VecDeque<OutsideOutput<HealthEvent>>,
}

impl Health {
    /// Asks at once, then at intervals. The seed is chance.
    pub fn new(settings: HealthSettings, seed: u64, now: Instant) -> Self {
        let mut health = Self {
            inquirer: Inquirer::new(settings.endpoint.clone(), seed),
            settings,
            standing: Standing::Unknown,
            misses: 0,
            timer: None,
            outputs: VecDeque::new(),
        };
        health.ask(now);
        health
    }

    fn ask(&mut self, now: Instant) {
        let question = question(&self.settings.target, &self.settings.from);
        let mut sends = VecDeque::new();
        self.inquirer.ask(question, &self.settings.targets, now, &mut sends);
        self.outputs.extend(sends.into_iter().map(OutsideOutput::from));
        let places = u32::try_from(self.settings.targets.len()).unwrap_or(u32::MAX).clamp(1, PLACES_MAX);
        self.timer = Some((HealthTimer::Limit, now + PROBE_LIMIT * places));
    }

    fn answered(&mut self, answer: Answer, now: Instant) {
        match answer {
            Answer::Silence => self.missed(HealthTrouble::Silence, now),
            Answer::NoWay => self.missed(HealthTrouble::NoWay, now),
            Answer::Challenged(response, _) => self.alive(response.status().unwrap_or(401), Duration::ZERO, now),
            Answer::Final(response, round_trip) => match response.status().unwrap_or_default() {
                status @ (408 | 503) => {
                    let reason = response.reason_phrase().to_owned();
                    self.missed(HealthTrouble::Refused { status, reason }, now);
                }
                status => self.alive(status, round_trip, now),
            },
        }
    }

    fn alive(&mut self, status: u16, round_trip: Duration, now: Instant) {
        self.misses = 0;
        let earliest = self.settings.interval - self.settings.interval / 10;
        let play_ms = u64::try_from((self.settings.interval / 10).as_millis()).unwrap_or(0);
        let sooner = Duration::from_millis(self.inquirer.chance.below(play_ms + 1));
        self.timer = Some((HealthTimer::Probe, now + earliest + sooner));
        if self.standing != Standing::Alive {
            self.standing = Standing::Alive;
            self.outputs.push_back(OutsideOutput::Event(HealthEvent::Up { status, round_trip }));
        }
    }

    fn missed(&mut self, trouble: HealthTrouble, now: Instant) {
        self.misses = self.misses.saturating_add(1);
        if self.misses >= self.settings.misses && self.standing != Standing::Silent {
            self.standing = Standing::Silent;
            self.outputs.push_back(OutsideOutput::Event(HealthEvent::Down(trouble)));
        }
        let wait = if self.standing == Standing::Silent { WHILE_SILENT } else { AFTER_A_MISS };
        self.timer = Some((HealthTimer::Probe, now + wait.min(self.settings.interval)));
    }
}

/// The OPTIONS that asks whether a peer is there, and what it takes.
// RFC 3261 §11.1
pub fn question(target: &Uri, from: &Uri) -> Question {
    Question {
        method: Method::Options,
        uri: target.clone(),
        from: from.clone(),
        to: target.clone(),
        contact: Some(String::new()),
        headers: vec![("Accept".to_owned(), BODY_TYPE.to_owned())],
    }
}

impl Outside for Health {
    type Event = HealthEvent;

    fn handle(&mut self, input: OutsideInput, now: Instant) {
        let mut sends = VecDeque::new();
        let answer = match input {
            OutsideInput::Message(response) => self.inquirer.receive(&response, now, &mut sends),
            OutsideInput::TransportFailed(to) => self.inquirer.transport_failed(&to, now, &mut sends),
            OutsideInput::Timeout => self.inquirer.expire(now, &mut sends),
            OutsideInput::Resolved { .. } => None,
            OutsideInput::Places(places) => {
                self.settings.targets = places;
                None
            }
            OutsideInput::Stop => {
                self.inquirer.give_up();
                self.timer = None;
                None
            }
        };
        self.outputs.extend(sends.into_iter().map(OutsideOutput::from));
        if let Some(answer) = answer {
            self.answered(answer, now);
        }
        match self.timer {
            Some((HealthTimer::Probe, at)) if at <= now => self.ask(now),
            Some((HealthTimer::Limit, at)) if at <= now => {
                self.inquirer.give_up();
                self.missed(HealthTrouble::Silence, now);
            }
            Some(_) | None => {}
        }
    }

    fn poll(&mut self) -> Option<OutsideOutput<HealthEvent>> {
        self.outputs.pop_front()
    }

    fn deadline(&self) -> Option<Instant> {
        let (_, at) = self.timer?;
        Some(self.inquirer.deadline().map_or(at, |asked| asked.min(at)))
    }

    fn finished(&self) -> bool {
        self.timer.is_none() && self.outputs.is_empty()
    }

    fn key(&self) -> LegKey {
        self.inquirer.key()
    }

    fn call_id_bytes(&self) -> &[u8] {
        self.inquirer.call_id_bytes()
    }
}

#[cfg(test)]
mod tests;
