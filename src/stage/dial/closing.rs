//! The end of a fax in a call, and of the call: what is written, what follows, what is learnt.
//!
//! A fax whose DCS was sent has its own outcome, which counts. A call that never came to a fax says the same of all its faxes, where it is
//! about the number or the trunk ([`concerns_the_number`]). All others go back to the queue as if they had not been dialled: at once, or,
//! where nothing at all came through, together with the one that failed, so that a bad line is not tried once for each.

use std::time::Duration;

use super::placing::{FaxOfCall, Placing, Told};
use crate::call::{Ending, Record};
use crate::model::{AttemptId, Cause, JobState, Outcome, ReceivedId};
use crate::policy::{
    BatchCall, GiveUp, Lesson, Next, Seen, TrunkEvent, TrunkFault, TrunkProof, concerns_the_number, lessons,
};
use crate::queue::due;
use crate::stage::{FAULT_REST, Fault, Office, chance, fax_mail, now_ms};

impl Placing {
    /// Notes what the call taught about this number.
    pub(super) async fn learn(&self, ending: &Ending, told: &Told) {
        if self.settings.dial.fax.remember.is_zero() {
            return;
        }
        let (outcome, record) = (&ending.outcome, &ending.record);
        let may_be_audio = self.settings.dial.lines.get(&self.route.trunk).is_some_and(|trunk| trunk.t38.audio);
        let has_pages = record.sent > 0;
        let batch = (self.faxes.len() > 1).then(|| BatchCall {
            faxes: told.with_pages + u32::from(has_pages),
            pages_missing: outcome.pages_total.saturating_sub(outcome.pages_confirmed),
            has_pages,
            others_follow: ending.document + 1 < self.faxes.len(),
        });
        let seen = Seen {
            cause: &outcome.cause,
            pages: told.pages.saturating_add(record.sent).saturating_add(record.received),
            t38: may_be_audio.then_some(record.t38),
            v17: record.v17,
            batch,
        };
        let lessons = lessons(&self.known, seen);
        if lessons.is_empty() {
            return;
        }
        for lesson in &lessons {
            if let Lesson::Remember(note) = lesson {
                tracing::info!("remembered of the number: {}", note.sentence());
            }
        }
        let (trunk, number) = (self.route.trunk.clone(), self.number().to_string());
        let noted = self.office.blocking(move |office| Ok(office.store().learn(&trunk, &number, lessons, now_ms())?));
        if let Err(fault) = noted.await {
            tracing::warn!(%fault, "what the call taught about the number could not be written");
        }
    }

    /// A trunk that forbids a call which had our user name and password may mean them and not the number.
    fn judged(&self, mut outcome: Outcome, record: &Record) -> Outcome {
        // RFC 3261 §21.4.4
        let is_forbidden = outcome.cause == Cause::Rejected && record.sip_status == Some(403) && record.authenticated;
        if is_forbidden && record.q850.is_none() && self.office.trunks().forbids_us(&self.route.trunk) {
            outcome.cause = Cause::TrunkAuthentication;
        }
        if outcome.cause == Cause::TrunkAuthentication {
            let said = record.sip_said.as_deref().unwrap_or_default();
            tracing::error!(
                status = record.sip_status,
                said,
                "the trunk refused our user name or password; see faxramp trunk test {}",
                self.route.trunk
            );
        }
        outcome
    }

    /// Tells what the call says about its trunk.
    fn tell_trunk(&self, outcome: &Outcome, record: &Record) {
        let trunk = &self.route.trunk;
        let board = self.office.trunks();
        let fault = match TrunkProof::of(&outcome.cause) {
            TrunkProof::Fails(fault) => fault,
            // Who forbids a call has not placed it.
            TrunkProof::Works if record.sip_status == Some(403) && record.authenticated => return,
            TrunkProof::Works => return board.learn(trunk, TrunkEvent::Placed),
            TrunkProof::Nothing => return,
        };
        let retry_after = record.retry_after_seconds.map(Duration::from_secs);
        let reason = match (fault, record.sip_status, record.sip_said.as_deref()) {
            (TrunkFault::Credentials, Some(status), Some(said)) => {
                format!("it refused our credentials ({status} {said})")
            }
            _ => outcome.cause.sentence(),
        };
        board.learn(trunk, TrunkEvent::Failed { fault, reason, retry_after });
    }

    /// Where the trunk could not place the call and another one might, the fax goes there at once.
    fn elsewhere(&self, fax: &FaxOfCall, outcome: &Outcome) -> Option<Next> {
        let TrunkProof::Fails(_) = TrunkProof::of(&outcome.cause) else { return None };
        let now = now_ms();
        let usable = |name: &str| self.office.trunks().is_usable(name, now);
        let trunk = &self.route.trunk;
        let next = due::elsewhere(&fax.job, &fax.tried_trunks, trunk, &self.settings.dial.trunks, usable);
        if next.is_some() {
            tracing::info!("the trunk could not place the call; it goes to the next one");
        }
        next
    }

    /// What follows for a fax with this outcome. With the same moment and `chance`, faxes that failed together wait together.
    fn next(&self, fax: &FaxOfCall, outcome: &Outcome, now: i64, chance: u64) -> Next {
        // Nobody has to wait for the resumption of what we stopped ourselves.
        if outcome.cause == Cause::Cancelled {
            return Next::GiveUp(GiveUp::Final);
        }
        let next = self.settings.dial.retry.next(outcome, fax.job.tries, now, fax.job.expires_ms, chance);
        self.elsewhere(fax, outcome).unwrap_or(next)
    }

    /// A fax is over, and the call goes on.
    pub(super) async fn close_in_passing(&self, over: Ending) {
        let Some(fax) = self.faxes.get(over.document) else { return };
        tracing::info!(
            job = %fax.job.id,
            outcome = over.outcome.cause.word(),
            pages = over.outcome.pages_confirmed,
            of = over.outcome.pages_total,
            "a fax of the call is over"
        );
        let next = self.next(fax, &over.outcome, now_ms(), chance());
        self.write_end(fax, &over.outcome, next, &over.record, None).await;
        self.office.live().end(fax.subject(), over.outcome);
    }

    /// The pages of a fax cannot be read, and the others go without it.
    pub(super) async fn close_unreadable(&self, place: usize, reason: String) {
        let Some(fax) = self.faxes.get(place) else { return };
        let (confirmed, total) = fax.pages();
        let Ending { outcome, record, .. } = Ending::local(reason, confirmed, total);
        let next = self.next(fax, &outcome, now_ms(), chance());
        self.write_end(fax, &outcome, next, &record, None).await;
        self.office.live().end(fax.subject(), outcome);
    }

    /// The call is over: so is every fax of it that was not before.
    pub(super) async fn close(&self, ending: Ending, told: &Told, fetched: Option<ReceivedId>) {
        let Ending { document, begun, outcome, record } = ending;
        let outcome = self.judged(outcome, &record);
        self.tell_trunk(&outcome, &record);
        let mut open = (0..self.faxes.len()).filter(|place| !told.closed.contains(place)).collect::<Vec<_>>();
        // A call that came to no fax speaks of the first.
        let Some(at) = open.iter().position(|place| *place == document).or((!open.is_empty()).then_some(0)) else {
            return;
        };
        let fax = &self.faxes[open.remove(at)];
        let has_gone_on = told.over > 0;
        let chance = chance();
        let now = now_ms();
        // Where the call was too long, the others have used up the time.
        let is_cut_short = has_gone_on && outcome.cause == Cause::TooLong;
        let next = if is_cut_short { Next::Uncounted(now) } else { self.next(fax, &outcome, now, chance) };
        if !begun && has_gone_on {
            self.write_not_begun(fax, now).await;
        } else {
            self.write_end(fax, &outcome, next, &record, fetched).await;
        }
        let nothing_came_through = told.pages + record.sent == 0;
        let due_ms = match next {
            Next::At(due_ms) if nothing_came_through => due_ms,
            Next::Done | Next::At(_) | Next::Elsewhere | Next::Uncounted(_) | Next::GiveUp(_) => now,
        };
        for place in open {
            let fax = &self.faxes[place];
            if !begun && !has_gone_on && concerns_the_number(&outcome.cause) {
                let (pages_confirmed, pages_total) = fax.pages();
                let same = Outcome { pages_confirmed, pages_total, cause: outcome.cause.clone() };
                let next = self.next(fax, &same, now, chance);
                self.write_end(fax, &same, next, &record, None).await;
            } else {
                self.write_not_begun(fax, due_ms).await;
            }
        }
        self.office.live().end(fax.subject(), outcome);
    }

    async fn write_end(
        &self,
        fax: &FaxOfCall,
        outcome: &Outcome,
        next: Next,
        record: &Record,
        fetched: Option<ReceivedId>,
    ) {
        let attempt = fax.opened.attempt;
        self.write_for_sure(|| {
            let (outcome, record) = (outcome.clone(), record.clone());
            move |office: &Office| match fetched {
                None => {
                    let record = serde_json::to_string(&record).ok();
                    Ok(office.store().close_attempt(attempt, &outcome, next, record, now_ms())?)
                }
                Some(id) => close_fetch(office, attempt, &outcome, next, id, &record),
            }
        })
        .await;
    }

    async fn write_not_begun(&self, fax: &FaxOfCall, due_ms: i64) {
        let attempt = fax.opened.attempt;
        self.write_for_sure(|| move |office: &Office| Ok(office.store().not_begun(attempt, due_ms, now_ms())?)).await;
    }

    /// Until the disk is back the number stays busy: better than a second call.
    async fn write_for_sure<W>(&self, work: impl Fn() -> W)
    where
        W: FnOnce(&Office) -> Result<JobState, Fault> + Send + 'static,
    {
        loop {
            match self.office.blocking(work()).await {
                Ok(state) => return tracing::debug!(%state, "attempt closed"),
                Err(fault) => tracing::error!(%fault, "the outcome of a call could not be written; trying again"),
            }
            let _ = tokio::time::timeout(FAULT_REST, std::future::pending::<()>()).await;
        }
    }
}

/// Mails what came, and closes attempt and reception together.
fn close_fetch(
    office: &Office,
    attempt: AttemptId,
    outcome: &Outcome,
    next: Next,
    id: ReceivedId,
    record: &Record,
) -> Result<JobState, Fault> {
    let row = office.store().received(id)?;
    let end = fax_mail::end_of(office, &row, &outcome.cause, Some(record))?;
    let state = office.store().close_fetch(attempt, outcome, next, (id, end), now_ms())?;
    fax_mail::remove_growing(office, &row)?;
    Ok(state)
}
