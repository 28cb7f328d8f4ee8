//! Who is dialled now.

use super::{Call, Lines, Plan, plan};
use crate::model::{JobId, JobState, MessageId, Number, NumberPlan};
use crate::policy::{AddressOptions, Tries, Trunk, Trunks};
use crate::queue::rows::{DueJob, Job};
use proptest::prelude::*;
use std::collections::BTreeSet;

fn number(text: &str) -> Number {
    Number::from_stored(text).expect("a number")
}

fn due(id: i64, sender: &str, to: &str) -> DueJob {
    let job = Job {
        id: JobId(id),
        message: MessageId(id),
        sender: sender.into(),
        number: number(to),
        original_address: String::new(),
        sub_address: None,
        fetch: None,
        options: AddressOptions::default(),
        max_pages: None,
        state: JobState::Ready,
        priority: 0,
        created_ms: 0,
        due_ms: 0,
        expires_ms: 1,
        ended_ms: None,
        pages_file: Some(String::new()),
        pages_total: 1,
        pages_confirmed: 0,
        tries: Tries::default(),
        cause: None,
        give_up: None,
        hold_reason: None,
        notify: None,
        original_recipient: None,
        trunk: None,
        caller: None,
        delay_reported_ms: None,
    };
    DueJob { job, served_ms: 0, avoid_trunk: None }
}

fn trunks() -> Trunks {
    let trunk = |name: &str, prefix: &str| Trunk {
        name: name.into(),
        prefixes: vec![prefix.parse().expect("a pattern")],
        ..Trunk::default()
    };
    Trunks::new(vec![trunk("home", "+39*"), trunk("world", "+*")], NumberPlan::default()).expect("sound")
}

fn lines(home: u32, world: u32) -> Lines {
    Lines { free: [("home".into(), home), ("world".into(), world)].into(), at_most: 100, ..Lines::default() }
}

fn chosen(plan: &Plan) -> Vec<(i64, &str)> {
    plan.dial.iter().map(|dial| (dial.job.0, dial.route.trunk.as_str())).collect()
}

#[test]
fn two_faxes_to_one_number_are_never_dialled_together() {
    let jobs = [due(1, "a", "+3901"), due(2, "b", "+3901"), due(3, "a", "+3902")];
    assert_eq!(chosen(&plan(&jobs, &trunks(), &lines(9, 9))), [(1, "home"), (3, "home")]);
    let call = Call { number: number("+3901"), sender: "x".into() };
    let busy = Lines { calls: vec![call], ..lines(9, 9) };
    assert_eq!(chosen(&plan(&jobs, &trunks(), &busy)), [(3, "home")]);
}

#[test]
fn senders_take_turns() {
    let jobs = [due(1, "a", "+3901"), due(2, "a", "+3902"), due(3, "a", "+3903"), due(4, "b", "+3904")];
    let order: Vec<i64> = plan(&jobs, &trunks(), &lines(9, 9)).dial.iter().map(|dial| dial.job.0).collect();
    assert_eq!(order, [1, 4, 2, 3]);
}

#[test]
fn a_sender_with_calls_on_the_line_waits_for_one_without() {
    let call = Call { number: number("+3999"), sender: "a".into() };
    let lines = Lines { calls: vec![call], at_most: 1, ..lines(1, 0) };
    let jobs = [due(1, "a", "+3901"), due(2, "b", "+3902")];
    assert_eq!(chosen(&plan(&jobs, &trunks(), &lines)), [(2, "home")]);
}

#[test]
fn among_idle_senders_the_one_served_longest_ago_is_next() {
    let jobs = [DueJob { served_ms: 50, ..due(1, "a", "+3901") }, DueJob { served_ms: 20, ..due(2, "b", "+3902") }];
    assert_eq!(chosen(&plan(&jobs, &trunks(), &lines(1, 0))), [(2, "home")]);
}

#[test]
fn priority_goes_before_turns() {
    let mut urgent = due(9, "a", "+3909");
    urgent.job.priority = 1;
    urgent.served_ms = 1000;
    let jobs = [due(1, "b", "+3901"), urgent];
    assert_eq!(chosen(&plan(&jobs, &trunks(), &lines(1, 0))), [(9, "home")]);
}

#[test]
fn a_full_trunk_gives_way_to_the_next_and_a_full_house_waits() {
    let jobs = [due(1, "a", "+3901"), due(2, "b", "+3902"), due(3, "c", "+3903")];
    assert_eq!(chosen(&plan(&jobs, &trunks(), &lines(1, 1))), [(1, "home"), (2, "world")]);
    let down = Lines { free: [("home".into(), 5)].into(), at_most: 100, ..Lines::default() };
    let abroad = [due(1, "a", "+4901"), due(2, "b", "+3902")];
    let planned = plan(&abroad, &trunks(), &down);
    assert_eq!(chosen(&planned), [(2, "home")]);
    assert!(planned.unroutable.is_empty(), "a trunk that is down will come back");
}

#[test]
fn the_trunk_that_failed_is_tried_last_but_still_tried() {
    let failed = DueJob { avoid_trunk: Some("home".into()), ..due(1, "a", "+3901") };
    assert_eq!(chosen(&plan(std::slice::from_ref(&failed), &trunks(), &lines(1, 1))), [(1, "world")]);
    assert_eq!(chosen(&plan(&[failed], &trunks(), &lines(1, 0))), [(1, "home")]);
}

#[test]
fn a_job_no_trunk_leads_to_is_named_and_not_waited_for() {
    let mut tied = due(2, "a", "+4901");
    tied.job.trunk = Some("home".into());
    let planned = plan(&[due(1, "a", "4711"), tied], &trunks(), &lines(9, 9));
    assert_eq!(planned.unroutable, [JobId(1), JobId(2)]);
    assert_eq!(planned.dial, []);
}

proptest! {
    #[test]
    fn no_plan_breaks_a_limit(
        jobs in proptest::collection::vec((0u8..4, 0u8..6, -1i32..2, any::<bool>()), 0..40),
        on_line in proptest::collection::vec((0u8..4, 0u8..6), 0..4),
        (home, world, at_most) in (0u32..4, 0u32..4, 0u32..6),
    ) {
        let jobs: Vec<DueJob> = jobs
            .iter()
            .enumerate()
            .map(|(id, (sender, to, priority, abroad))| {
                let country = if *abroad { "49" } else { "39" };
                let mut due = due(id as i64, &sender.to_string(), &format!("+{country}0{to}"));
                due.job.priority = *priority;
                due
            })
            .collect();
        let calls: Vec<Call> = on_line
            .iter()
            .map(|(sender, to)| Call { number: number(&format!("+390{to}")), sender: sender.to_string() })
            .collect();
        let lines = Lines { calls: calls.clone(), at_most, ..lines(home, world) };
        let planned = plan(&jobs, &trunks(), &lines);
        let on = |name: &str| planned.dial.iter().filter(|dial| dial.route.trunk == name).count() as u32;
        prop_assert!(on("home") <= home && on("world") <= world && planned.dial.len() as u32 <= at_most);
        let called = |id: JobId| jobs[id.0 as usize].job.number.clone();
        let mut numbers: BTreeSet<Number> = calls.into_iter().map(|call| call.number).collect();
        for dial in &planned.dial {
            prop_assert!(numbers.insert(called(dial.job)), "{:?} is called twice", called(dial.job));
        }
        // Nobody is left waiting for a line that is free.
        let all_used = planned.dial.len() as u32 == at_most;
        for due in &jobs {
            let home_open = on("home") < home && due.job.number.as_str().starts_with("+39");
            let open = home_open || on("world") < world;
            prop_assert!(all_used || !open || numbers.contains(&due.job.number));
        }
    }
}
