//! Which of the due jobs are dialled now, and on which trunk: a function of values.
//!
//! The order is: priority; then the sender with fewest calls on the line; then the sender served longest ago; then the
//! job due longest. No number gets two calls, no trunk more than its free channels. A job that a trunk could not place goes to
//! one that was not tried in this round, as long as there is one that can be used.

use super::rows::{DueJob, Job};
use crate::model::{JobId, Number};
use crate::policy::{Next, Route, Trunks};
use std::collections::{BTreeMap, BTreeSet};

/// A call that is on the line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Call {
    /// Called number.
    pub number: Number,
    /// Envelope sender of its job.
    pub sender: String,
}

/// What the lines look like now.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Lines {
    /// Calls that are on the line.
    pub calls: Vec<Call>,
    /// How many calls may begin on each trunk that can be used: its free channels, or fewer. A trunk that is not named cannot be used
    /// now: it is down, rests, or is not registered.
    pub free: BTreeMap<String, u32>,
    /// Trunks that have a channel free, and whose next call only has to wait its moment (calls per second). A job waits for that moment
    /// rather than go to a trunk that comes later.
    pub paced: BTreeSet<String>,
    /// How many calls may be begun at once, whatever the trunks allow.
    pub at_most: u32,
}

/// One call to place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Dial {
    /// The job.
    pub job: JobId,
    /// The way to dial it.
    pub route: Route,
}

/// What to do now.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Plan {
    /// Calls to place, in this order.
    pub dial: Vec<Dial>,
    /// Jobs to which no trunk leads at all: to be given up or held, as they would wait in vain.
    pub unroutable: Vec<JobId>,
}

/// Chooses among the due jobs. `chance` deals out the shares of trunks with weights.
#[must_use]
pub fn plan(jobs: &[DueJob], trunks: &Trunks, lines: &Lines, chance: u64) -> Plan {
    let mut plan = Plan::default();
    let mut waiting: Vec<(&DueJob, Vec<Route>)> = Vec::new();
    for due in jobs {
        let routes = routes(due, trunks, chance);
        if routes.is_empty() {
            plan.unroutable.push(due.job.id);
        } else {
            waiting.push((due, not_tried(routes, &due.tried_trunks, &lines.free)));
        }
    }
    let mut free = lines.free.clone();
    let mut numbers: BTreeSet<&Number> = lines.calls.iter().map(|call| &call.number).collect();
    let mut calls_of: BTreeMap<&str, u32> = BTreeMap::new();
    for call in &lines.calls {
        *calls_of.entry(&call.sender).or_default() += 1;
    }
    while plan.dial.len() < lines.at_most as usize {
        waiting.retain(|(due, routes)| {
            !numbers.contains(&due.job.number) && open_route(routes, &free, &lines.paced).is_some()
        });
        let order = |due: &DueJob| {
            let calls = calls_of.get(due.job.sender.as_str()).copied().unwrap_or(0);
            (std::cmp::Reverse(due.job.priority), calls, due.served_ms, due.job.due_ms, due.job.id)
        };
        let Some(index) = (0..waiting.len()).min_by_key(|index| order(waiting[*index].0)) else { break };
        let (due, routes) = waiting.swap_remove(index);
        let route =
            open_route(&routes, &free, &lines.paced).expect("those without an open route were left out above").clone();
        if let Some(channels) = free.get_mut(&route.trunk) {
            *channels -= 1;
        }
        numbers.insert(&due.job.number);
        *calls_of.entry(&due.job.sender).or_default() += 1;
        plan.dial.push(Dial { job: due.job.id, route });
    }
    plan
}

/// The ways to dial a job, best first. Each job has a chance of its own.
fn routes(due: &DueJob, trunks: &Trunks, chance: u64) -> Vec<Route> {
    let chance = chance ^ due.job.id.0.cast_unsigned().rotate_left(32);
    let mut routes = trunks.routes(&due.job.number, due.job.caller.as_ref(), chance);
    if let Some(only) = &due.job.trunk {
        routes.retain(|route| &route.trunk == only);
    }
    routes
}

/// Leaves out the trunks that could not place the job in this round, while another one can be used: better to wait for its channel
/// than to ask again whoever just refused. When there is none, they may be asked again.
fn not_tried(routes: Vec<Route>, tried: &[String], free: &BTreeMap<String, u32>) -> Vec<Route> {
    let fresh = |route: &&Route| !tried.contains(&route.trunk);
    if routes.iter().filter(fresh).any(|route| free.contains_key(&route.trunk)) {
        routes.into_iter().filter(|route| !tried.contains(&route.trunk)).collect()
    } else {
        routes
    }
}

/// Pages of several faxes in one call: some half an hour, so that nobody waits long for the line.
pub const MOST_PAGES: u32 = 60;

/// How much one call may carry.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Batch {
    /// Faxes; 1 where each has a call of its own.
    pub faxes: u32,
    /// Pages of them all that are to be sent. A fax alone may have more.
    pub pages: u32,
}

/// The faxes that go with `first` in its call over `route`: those of `due` to the same number that would take the same way, as many as
/// `batch` allows, in their order.
///
/// A fax that has failed in a call before is alone in its next: whether the fault was its own or that of a far end that takes no second
/// fax, the others do not suffer from it, nor it from them.
#[must_use]
pub fn companions(
    first: &DueJob,
    route: &Route,
    due: &[DueJob],
    trunks: &Trunks,
    batch: Batch,
    chance: u64,
) -> Vec<JobId> {
    let is_fit = |due: &DueJob| due.job.fetch.is_none() && due.job.tries.fax == 0;
    let left = |due: &DueJob| due.job.pages_total.saturating_sub(due.job.pages_confirmed);
    if !is_fit(first) {
        return Vec::new();
    }
    let mut pages = left(first);
    let mut chosen = Vec::new();
    for other in due.iter().filter(|other| other.job.id != first.job.id && other.job.number == first.job.number) {
        if chosen.len() + 1 >= batch.faxes as usize {
            break;
        }
        let same_way = !other.tried_trunks.contains(&route.trunk) && routes(other, trunks, chance).contains(route);
        let sum = pages.saturating_add(left(other));
        if is_fit(other) && same_way && sum <= batch.pages {
            pages = sum;
            chosen.push(other.job.id);
        }
    }
    chosen
}

/// What follows a call that its trunk could not place: another trunk at once where there is one that can be used, else nothing.
#[must_use]
pub fn elsewhere(
    job: &Job,
    tried: &[String],
    failed: &str,
    trunks: &Trunks,
    usable: impl Fn(&str) -> bool,
) -> Option<Next> {
    let mut tried = tried.to_vec();
    tried.push(failed.to_owned());
    let may = |name: &str| job.trunk.as_deref().is_none_or(|only| only == name) && usable(name);
    trunks.is_another(&job.number, &tried, may).then_some(Next::Elsewhere)
}

fn open_route<'a>(routes: &'a [Route], free: &BTreeMap<String, u32>, paced: &BTreeSet<String>) -> Option<&'a Route> {
    let open = |route: &Route| free.get(&route.trunk).is_some_and(|channels| *channels > 0);
    let first = routes.iter().find(|route| open(route) || paced.contains(&route.trunk))?;
    open(first).then_some(first)
}

#[cfg(test)]
mod tests;
