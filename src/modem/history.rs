//! The last half second of what was heard, for a receiver that is told late what to listen for.

/// A ring of samples with a mark in it.
#[derive(Debug)]
pub(super) struct History {
    samples: Vec<i16>,
    /// Samples taken so far.
    taken: u64,
    mark: Option<u64>,
}

impl History {
    pub(super) fn new() -> Self {
        Self { samples: vec![0; LENGTH], taken: 0, mark: None }
    }

    pub(super) fn take(&mut self, samples: &[i16]) {
        let skipped = samples.len().saturating_sub(LENGTH);
        self.taken += skipped as u64;
        for sample in &samples[skipped..] {
            self.samples[(self.taken % LENGTH as u64) as usize] = *sample;
            self.taken += 1;
        }
    }

    /// Marks the place so many samples back.
    pub(super) const fn mark(&mut self, back: usize) {
        self.mark = Some(self.taken.saturating_sub(back as u64));
    }

    /// What is here has nothing to do with what comes.
    pub(super) const fn forget(&mut self) {
        self.mark = None;
    }

    /// Everything since the mark, as far as it is kept, in two parts; nothing where there is no mark.
    pub(super) fn since_mark(&self) -> (&[i16], &[i16]) {
        let Some(mark) = self.mark else { return (&[], &[]) };
        let count = (self.taken - mark).min(LENGTH as u64) as usize;
        let end = (self.taken % LENGTH as u64) as usize;
        match end.checked_sub(count) {
            Some(start) => (&self.samples[start..end], &[]),
            None => (&self.samples[LENGTH + end - count..], &self.samples[..end]),
        }
    }
}

/// Samples kept.
const LENGTH: usize = 4000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_since_the_mark_is_given_in_order() {
        let mut history = History::new();
        let joined = |history: &History| {
            let (older, newer) = history.since_mark();
            [older, newer].concat()
        };
        assert!(joined(&history).is_empty());
        let samples: Vec<i16> = (0..9000).map(|index| (index % 30_000) as i16).collect();
        history.take(&samples[..3900]);
        history.mark(10);
        history.take(&samples[3900..4100]);
        assert_eq!(joined(&history), samples[3890..4100]);
        history.take(&samples[4100..9000]);
        assert_eq!(joined(&history), samples[5000..9000], "no more than is kept");
        history.forget();
        assert!(joined(&history).is_empty());
    }
}
