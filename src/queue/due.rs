//! Which of the due jobs are dialled now, and on which trunk: a function of values.
//!
//! The order is: priority; then the sender with fewest calls on the line; then the sender served longest ago; then the
//! job due longest. No number gets two calls, no trunk more than its free channels. A job that its last trunk could
//! not place goes to another trunk where there is one.

use super::rows::DueJob;
use crate::model::{JobId, Number};
use crate::policy::{Route, Trunks};
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
    /// Free channels of each trunk. A trunk that is not named has none, for example because it is down.
    pub free: BTreeMap<String, u32>,
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

/// Chooses among the due jobs.
#[must_use]
pub fn plan(jobs: &[DueJob], trunks: &Trunks, lines: &Lines) -> Plan {
    let mut plan = Plan::default();
    let mut waiting: Vec<(&DueJob, Vec<Route>)> = Vec::new();
    for due in jobs {
        let routes = routes(due, trunks);
        if routes.is_empty() {
            plan.unroutable.push(due.job.id);
        } else {
            waiting.push((due, routes));
        }
    }
    let mut free = lines.free.clone();
    let mut numbers: BTreeSet<&Number> = lines.calls.iter().map(|call| &call.number).collect();
    let mut calls_of: BTreeMap<&str, u32> = BTreeMap::new();
    for call in &lines.calls {
        *calls_of.entry(&call.sender).or_default() += 1;
    }
    while plan.dial.len() < lines.at_most as usize {
        waiting.retain(|(due, routes)| !numbers.contains(&due.job.number) && open_route(routes, &free).is_some());
        let order = |due: &DueJob| {
            let calls = calls_of.get(due.job.sender.as_str()).copied().unwrap_or(0);
            (std::cmp::Reverse(due.job.priority), calls, due.served_ms, due.job.due_ms, due.job.id)
        };
        let Some(index) = (0..waiting.len()).min_by_key(|index| order(waiting[*index].0)) else { break };
        let (due, routes) = waiting.swap_remove(index);
        let route = open_route(&routes, &free).expect("those without an open route were left out above").clone();
        if let Some(channels) = free.get_mut(&route.trunk) {
            *channels -= 1;
        }
        numbers.insert(&due.job.number);
        *calls_of.entry(&due.job.sender).or_default() += 1;
        plan.dial.push(Dial { job: due.job.id, route });
    }
    plan
}

/// The ways to dial a job, the trunk that failed it last at the end.
fn routes(due: &DueJob, trunks: &Trunks) -> Vec<Route> {
    let mut routes = trunks.routes(&due.job.number, due.job.caller.as_ref());
    if let Some(only) = &due.job.trunk {
        routes.retain(|route| &route.trunk == only);
    }
    routes.sort_by_key(|route| due.avoid_trunk.as_ref() == Some(&route.trunk));
    routes
}

fn open_route<'a>(routes: &'a [Route], free: &BTreeMap<String, u32>) -> Option<&'a Route> {
    routes.iter().find(|route| free.get(&route.trunk).is_some_and(|channels| *channels > 0))
}

#[cfg(test)]
mod tests;
