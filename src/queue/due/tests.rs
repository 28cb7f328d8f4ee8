//! Who is dialled now.

use super::{Batch, Call, Lines, Plan, companions, elsewhere};
use crate::model::{JobId, JobState, MessageId, Number, NumberPlan};
use crate::policy::{AddressOptions, Next, Tries, Trunk, Trunks};
use crate::queue::rows::{DueJob, Job};
use proptest::prelude::*;
use std::collections::BTreeSet;

fn plan(jobs: &[DueJob], trunks: &Trunks, lines: &Lines) -> Plan {
    super::plan(jobs, trunks, lines, 0)
}

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
    DueJob { job, served_ms: 0, tried_trunks: Vec::new() }
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
fn a_trunk_that_failed_in_this_round_is_left_out_while_another_can_be_used() {
    let failed = [DueJob { tried_trunks: vec!["home".into()], ..due(1, "a", "+3901") }];
    assert_eq!(chosen(&plan(&failed, &trunks(), &lines(1, 1))), [(1, "world")]);
    assert_eq!(chosen(&plan(&failed, &trunks(), &lines(1, 0))), [], "it waits for a channel of the other");
    let other_down = Lines { free: [("home".into(), 1)].into(), at_most: 9, ..Lines::default() };
    assert_eq!(chosen(&plan(&failed, &trunks(), &other_down)), [(1, "home")], "there is nobody else to ask");
}

#[test]
fn a_call_goes_elsewhere_only_where_a_trunk_not_tried_serves_it_and_can_be_used() {
    let job = due(1, "a", "+3901");
    let next = |job: &DueJob, failed: &str, usable: &[&str]| {
        elsewhere(&job.job, &job.tried_trunks, failed, &trunks(), |name| usable.contains(&name))
    };
    assert_eq!(next(&job, "home", &["home", "world"]), Some(Next::Elsewhere));
    assert_eq!(next(&job, "home", &["home"]), None);
    let second = DueJob { tried_trunks: vec!["home".into()], ..job.clone() };
    assert_eq!(next(&second, "world", &["home", "world"]), None, "each was tried once");
    assert_eq!(next(&due(1, "a", "+4901"), "world", &["home", "world"]), None);
    let mut tied = job;
    tied.job.trunk = Some("home".into());
    assert_eq!(next(&tied, "home", &["home", "world"]), None, "the job may use this trunk only");
}

#[test]
fn a_job_waits_for_a_trunk_whose_next_call_only_waits_its_moment() {
    let jobs = [due(1, "a", "+3901"), due(2, "b", "+3902"), due(3, "c", "+4901")];
    let paced = Lines { paced: ["home".to_owned()].into(), ..lines(1, 9) };
    assert_eq!(chosen(&plan(&jobs, &trunks(), &paced)), [(1, "home"), (3, "world")], "the second waits for home");
    let now = Lines { paced: ["home".to_owned()].into(), ..lines(0, 9) };
    assert_eq!(chosen(&plan(&jobs, &trunks(), &now)), [(3, "world")]);
}

#[test]
fn weights_deal_the_jobs_out_over_the_trunks() {
    let trunk = |name: &str, weight| Trunk {
        name: name.into(),
        prefixes: vec!["*".parse().expect("a pattern")],
        weight,
        ..Trunk::default()
    };
    let trunks = Trunks::new(vec![trunk("home", 1), trunk("world", 1)], NumberPlan::default()).expect("sound");
    let jobs: Vec<DueJob> = (0..400).map(|id| due(id, &format!("s{id}"), &format!("+39{id:05}"))).collect();
    let all = Lines { at_most: 400, ..lines(400, 400) };
    let on_home = plan(&jobs, &trunks, &all).dial.iter().filter(|dial| dial.route.trunk == "home").count();
    assert!((160..=240).contains(&on_home), "{on_home} of 400");
}

#[test]
fn a_job_no_trunk_leads_to_is_named_and_not_waited_for() {
    let mut tied = due(2, "a", "+4901");
    tied.job.trunk = Some("home".into());
    let planned = plan(&[due(1, "a", "4711"), tied], &trunks(), &lines(9, 9));
    assert_eq!(planned.unroutable, [JobId(1), JobId(2)]);
    assert_eq!(planned.dial, []);
}

/// Those that go with the first.
fn with_first(jobs: &[DueJob], batch: Batch) -> Vec<i64> {
    let route = super::routes(&jobs[0], &trunks(), 0).remove(0);
    companions(&jobs[0], &route, jobs, &trunks(), batch, 0).into_iter().map(|job| job.0).collect()
}

const MANY: Batch = Batch { faxes: 9, pages: 60 };

#[test]
fn faxes_to_the_same_number_go_with_it_whoever_sends_them() {
    let jobs = [due(1, "a", "+3901"), due(2, "b", "+3901"), due(3, "a", "+3902"), due(4, "a", "+3901")];
    assert_eq!(with_first(&jobs, MANY), [2, 4]);
    assert_eq!(with_first(&jobs, Batch { faxes: 2, ..MANY }), [2]);
    assert!(with_first(&jobs, Batch { faxes: 1, ..MANY }).is_empty());
}

#[test]
fn a_call_for_several_has_so_many_pages_and_a_long_fax_goes_alone() {
    let pages = |id, pages_total| {
        let mut due = due(id, "a", "+3901");
        due.job.pages_total = pages_total;
        due
    };
    assert_eq!(with_first(&[pages(1, 20), pages(2, 50), pages(3, 40), pages(4, 1)], MANY), [3]);
    assert!(with_first(&[pages(1, 400), pages(2, 1)], MANY).is_empty());
    let mut resumed = pages(2, 50);
    resumed.job.pages_confirmed = 45;
    assert_eq!(with_first(&[pages(1, 55), resumed], MANY), [2], "what is left of it counts");
}

#[test]
fn a_fax_that_failed_in_a_call_is_alone_in_its_next() {
    let mut failed = due(2, "a", "+3901");
    failed.job.tries.fax = 1;
    let mut busy = due(3, "a", "+3901");
    busy.job.tries.busy = 4;
    assert_eq!(with_first(&[due(1, "a", "+3901"), failed.clone(), busy.clone()], MANY), [3]);
    assert!(with_first(&[failed, busy], MANY).is_empty());
}

#[test]
fn only_those_that_would_take_the_same_way_go_with_it() {
    let mut tied = due(2, "a", "+3901");
    tied.job.trunk = Some("world".into());
    let mut shown = due(3, "a", "+3901");
    shown.job.caller = Some(number("+390699"));
    let tried = DueJob { tried_trunks: vec!["home".into()], ..due(4, "a", "+3901") };
    let mut fetch = due(5, "a", "+3901");
    fetch.job.fetch =
        Some(crate::queue::rows::Fetch { request: crate::model::FetchRequest::default(), mailboxes: Vec::new() });
    assert_eq!(with_first(&[due(1, "a", "+3901"), tied, shown, tried, fetch, due(6, "b", "+3901")], MANY), [6]);
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
