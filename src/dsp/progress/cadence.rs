//! The rhythm of a network's tones. Their frequencies differ from country to country and overlap; what is meant is told by how long
//! the tone and its pauses last.

use super::Progress;

/// Tone and pause, in blocks of 20 ms.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Run {
    is_tone: bool,
    blocks: u32,
}

/// Follows a rhythm.
#[derive(Clone, Debug, Default)]
pub(super) struct Cadence {
    /// The runs that are over, the last at the end, and how many there are.
    runs: [Option<Run>; MOST_RUNS],
    current: Option<Run>,
    /// Levels of the tone that lasts.
    loudest: f32,
    faintest: f32,
    /// Blocks in a row that were neither.
    stray: u32,
}

impl Cadence {
    /// Takes a block of the network's tones, whose level is given, or one without; the rhythm that it completes.
    pub(super) fn hear(&mut self, tone: Option<f32>) -> Option<Progress> {
        let is_tone = tone.is_some();
        self.stray = 0;
        match &mut self.current {
            Some(run) if run.is_tone == is_tone => run.blocks = run.blocks.saturating_add(1),
            current => {
                let over = current.replace(Run { is_tone, blocks: 1 });
                if let Some(over) = over {
                    self.runs.rotate_left(1);
                    self.runs[MOST_RUNS - 1] = Some(over);
                }
                (self.loudest, self.faintest) = (0.0, f32::MAX);
            }
        }
        if let Some(level) = tone {
            // A tone may begin in the middle of its first block.
            if self.blocks() > 1 {
                (self.loudest, self.faintest) = (self.loudest.max(level), self.faintest.min(level));
            }
        }
        self.judge()
    }

    /// Something else was heard. One such block is overlooked.
    pub(super) fn disturb(&mut self) {
        self.stray += 1;
        if self.stray > MOST_STRAY {
            *self = Self { stray: self.stray, ..Self::default() };
        }
    }

    fn blocks(&self) -> u32 {
        self.current.map_or(0, |run| run.blocks)
    }

    fn judge(&self) -> Option<Progress> {
        let current = self.current?;
        if current.is_tone && current.blocks == DIAL_TONE_BLOCKS && self.loudest < MOST_SWELL * self.faintest {
            return Some(Progress::DialTone);
        }
        if let (RING_AGAIN_BLOCKS, [.., Some(ring), Some(pause)]) = (current.blocks, self.runs) {
            let is_ring = RING_BLOCKS.contains(&ring.blocks) && RING_PAUSE_BLOCKS.contains(&pause.blocks);
            return (current.is_tone && is_ring).then_some(Progress::Ringback);
        }
        // A rhythm is complete when the tone begins again.
        (current.is_tone && current.blocks == 2).then(|| self.repeating()).flatten()
    }

    /// What repeats in the runs that are over.
    fn repeating(&self) -> Option<Progress> {
        if self.repeats(2, 3) {
            let (tone, pause) = (self.runs[MOST_RUNS - 2]?.blocks, self.runs[MOST_RUNS - 1]?.blocks);
            // E.180 (03/1998): tone and pause about as long, 0.67 to 1.5; with a block more or less
            // Which of the two some networks mean cannot be heard: Spain's busy tone is Italy's congestion to the hertz (425 Hz, 0.2 s each),
            // and China's congestion (450 Hz, 0.7 s) is within an exchange's tolerance of India's busy tone (400 Hz, 0.75 s). The
            // country of the number called would tell, unless a gateway on the way plays tones of its own. Nothing hangs on it: that a line
            // is taken at one end or the other makes no difference to when it is worth while to try again, and both wait by one list.
            let is_even = tone * 10 >= pause * 5 && pause * 10 >= tone * 5;
            let is_fast = tone + pause < CONGESTION_PERIOD_BLOCKS;
            return is_even.then_some(if is_fast { Progress::Congestion } else { Progress::Busy });
        }
        // Congestion in Britain is two unlike tones, in Spain three like ones and a longer pause.
        (self.repeats(4, 2) || self.repeats(6, 2)).then_some(Progress::Congestion)
    }

    /// Whether the last runs are one row of `period` runs so many times, none of them long.
    fn repeats(&self, period: usize, times: usize) -> bool {
        let Some(row) = MOST_RUNS.checked_sub(period * times).map(|from| &self.runs[from..]) else { return false };
        let is_short = |run: &Option<Run>| run.is_some_and(|run| SHORT_BLOCKS.contains(&run.blocks));
        let is_alike = |one: &Option<Run>, other: &Option<Run>| match (one, other) {
            (Some(one), Some(other)) => one.blocks.abs_diff(other.blocks) <= 1 + one.blocks / 10,
            (None, _) | (_, None) => false,
        };
        row.iter().all(is_short) && row.iter().zip(&row[period..]).all(|(one, other)| is_alike(one, other))
    }
}

/// Runs that are remembered: two rounds of three tones.
const MOST_RUNS: usize = 12;
/// Blocks of something else that are overlooked within a rhythm: 20 ms, an edge or a lost packet.
const MOST_STRAY: u32 = 1;
/// A tone of 3 s is a dial tone: rings last 2 s at most.
// E.180 (03/1998): continuous
const DIAL_TONE_BLOCKS: u32 = 150;
/// The levels of its blocks, being one or two tones that beat 90 times a second, stay within 9 dB.
const MOST_SWELL: f32 = 8.0;
/// A ring lasts 0.3 s to 2.5 s, its pause 1.5 s to 6.5 s; it is told when the next one has lasted 0.2 s.
// E.180 (03/1998): 0.67 s to 1.5 s and 3 s to 5 s; North America 2 s and 4 s, Britain 0.4 s twice and 2 s, Japan 1 s and 2 s
const RING_BLOCKS: std::ops::RangeInclusive<u32> = 15..=125;
const RING_PAUSE_BLOCKS: std::ops::RangeInclusive<u32> = 75..=325;
const RING_AGAIN_BLOCKS: u32 = 10;
/// Tones and pauses of busy and congestion: 0.1 s to 0.8 s.
// E.180 (03/1998): tone and pause together 0.3 s to 1.1 s; China's congestion 1.4 s
const SHORT_BLOCKS: std::ops::RangeInclusive<u32> = 5..=40;
/// Under 0.6 s together they mean congestion: North America and France 0.5 s, Germany 0.48 s, Italy 0.4 s; busy tones have 0.7 s to 1 s
/// nearly everywhere (Spain 0.4 s).
const CONGESTION_PERIOD_BLOCKS: u32 = 30;
