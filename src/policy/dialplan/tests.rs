//! Which trunk, spelled how.

use super::{DialplanError, NumberFormat, Rate, Trunk, Trunks};
use crate::model::{Number, NumberPlan};

fn plan() -> NumberPlan {
    NumberPlan { country_code: "49".into(), ..NumberPlan::default() }
}

fn number(text: &str) -> Number {
    Number::from_stored(text).expect("a number")
}

fn trunk(name: &str, prefixes: &[&str]) -> Trunk {
    Trunk {
        name: name.into(),
        prefixes: prefixes.iter().map(|text| text.parse().expect("a pattern")).collect(),
        ..Trunk::default()
    }
}

fn names(trunks: &Trunks, to: &str) -> Vec<String> {
    trunks.routes(&number(to), None, 0).into_iter().map(|route| route.trunk).collect()
}

#[test]
fn the_longer_prefix_comes_first_and_equals_keep_their_order() {
    let trunks = Trunks::new(
        vec![
            trunk("any", &["*"]),
            trunk("munich", &["+49*", "+4989*"]),
            trunk("home", &["+49*"]),
            trunk("b", &["+49*"]),
        ],
        plan(),
    )
    .expect("sound");
    assert_eq!(names(&trunks, "+49891234567"), ["munich", "home", "b", "any"].map(String::from));
    assert_eq!(names(&trunks, "+49301234567"), ["munich", "home", "b", "any"].map(String::from));
    assert_eq!(names(&trunks, "+390212345"), ["any".to_owned()]);
}

#[test]
fn a_trunk_may_be_for_one_number_or_for_numbers_of_a_length() {
    let trunks = Trunks::new(
        vec![trunk("world", &["*"]), trunk("extensions", &["4???"]), trunk("modem", &["+390612345"])],
        plan(),
    )
    .expect("sound");
    assert_eq!(names(&trunks, "4711"), ["extensions", "world"].map(String::from));
    assert_eq!(names(&trunks, "471"), ["world".to_owned()]);
    assert_eq!(names(&trunks, "+390612345"), ["modem", "world"].map(String::from));
    assert_eq!(names(&trunks, "+3906123456"), ["world".to_owned()], "a number is no beginning");
}

#[test]
fn an_extension_goes_only_where_its_digits_or_everything_are_served() {
    let trunks = Trunks::new(vec![trunk("world", &["+*"]), trunk("pbx", &["47*"])], plan()).expect("sound");
    assert_eq!(names(&trunks, "4711"), ["pbx".to_owned()]);
    assert_eq!(names(&trunks, "5000"), Vec::<String>::new());
}

#[test]
fn each_format_spells_home_and_foreign_numbers_as_the_trunk_wants_them() {
    for (format, home, foreign) in [
        (NumberFormat::E164, "+49891234567", "+390212345"),
        (NumberFormat::Digits, "49891234567", "390212345"),
        (NumberFormat::National, "0891234567", "00390212345"),
    ] {
        let trunks = Trunks::new(vec![Trunk { format, ..trunk("t", &["*"]) }], plan()).expect("sound");
        assert_eq!(trunks.routes(&number("+49891234567"), None, 0)[0].dialled, home);
        assert_eq!(trunks.routes(&number("+390212345"), None, 0)[0].dialled, foreign);
        assert_eq!(trunks.routes(&number("4711"), None, 0)[0].dialled, "4711");
    }
}

#[test]
fn in_italy_the_leading_zero_stays_behind_the_country_code() {
    let italy = NumberPlan { country_code: "39".into(), national_prefix: String::new(), ..NumberPlan::default() };
    let national = Trunk { format: NumberFormat::National, ..trunk("t", &["*"]) };
    let trunks = Trunks::new(vec![national], italy).expect("sound");
    assert_eq!(trunks.routes(&number("+390212345"), None, 0)[0].dialled, "0212345");
}

#[test]
fn strip_and_prepend_work_on_digits_and_drop_the_plus() {
    let rule = |strip, prepend: &str| {
        let trunk = Trunk { strip, prepend: prepend.into(), ..trunk("t", &["*"]) };
        Trunks::new(vec![trunk], plan()).expect("sound").routes(&number("+49891234567"), None, 0)
    };
    assert_eq!(rule(2, "0")[0].dialled, "0891234567");
    assert_eq!(rule(0, "9")[0].dialled, "949891234567");
    assert_eq!(rule(11, ""), [], "nothing left to dial is no route");
    assert_eq!(rule(99, "0"), [], "more stripped than there is");
}

#[test]
fn the_job_s_caller_number_beats_the_trunk_s_and_both_are_spelled_for_the_trunk() {
    let trunk = Trunk {
        caller_number: Some(number("+498955500")),
        format: NumberFormat::Digits,
        prepend: "0".into(),
        ..trunk("t", &["*"])
    };
    let trunks = Trunks::new(vec![trunk], plan()).expect("sound");
    let shown = |caller: Option<&Number>| trunks.routes(&number("+390212345"), caller, 0)[0].caller.clone();
    assert_eq!(shown(None).as_deref(), Some("498955500"));
    assert_eq!(shown(Some(&number("+49895559"))).as_deref(), Some("49895559"));
}

#[test]
fn faults_of_the_rules_are_named() {
    let new = |trunks| Trunks::new(trunks, plan()).map(|_| ());
    assert_eq!(new(vec![trunk("", &[])]), Err(DialplanError::Unnamed(1)));
    assert_eq!(new(vec![trunk("a", &[]), trunk("a", &[])]), Err(DialplanError::TwiceNamed("a".into())));
    let bad = Trunk { prepend: "0\r\nX".into(), ..trunk("a", &["*"]) };
    assert!(matches!(new(vec![bad]), Err(DialplanError::Prepend { .. })));
}

#[test]
fn order_goes_before_cost_cost_before_the_length_of_the_prefix_and_that_before_the_configuration() {
    let rate = |numbers: &str, price| Rate { numbers: numbers.parse().expect("a pattern"), price };
    let dear = Trunk { rates: vec![rate("+49*", 30)], ..trunk("dear", &["+4989*"]) };
    let cheap = Trunk { rates: vec![rate("*", 90), rate("+49*", 10), rate("+4915*", 200)], ..trunk("cheap", &["*"]) };
    let unknown = trunk("unknown", &["+49891*"]);
    let spare = Trunk { order: 1, rates: vec![rate("*", 0)], ..trunk("spare", &["+498912*"]) };
    let trunks = Trunks::new(vec![spare, unknown, dear, cheap], plan()).expect("sound");
    assert_eq!(names(&trunks, "+49891234567"), ["cheap", "dear", "unknown", "spare"].map(String::from));
    assert_eq!(names(&trunks, "+4915112345"), ["cheap"].map(String::from));
}

#[test]
fn the_longest_beginning_decides_what_a_number_costs() {
    let rates = |prices: &[(&str, u32)]| {
        prices
            .iter()
            .map(|(prefix, price)| Rate { numbers: prefix.parse().expect("a pattern"), price: *price })
            .collect::<Vec<_>>()
    };
    let a = Trunk { rates: rates(&[("+39*", 5), ("+393*", 50)]), ..trunk("a", &["*"]) };
    let b = Trunk { rates: rates(&[("*", 20)]), ..trunk("b", &["*"]) };
    let trunks = Trunks::new(vec![a, b], plan()).expect("sound");
    assert_eq!(names(&trunks, "+390612345"), ["a", "b"].map(String::from));
    assert_eq!(names(&trunks, "+393331234"), ["b", "a"].map(String::from), "mobile");
    assert_eq!(names(&trunks, "+4989123456"), ["b", "a"].map(String::from), "without a rate it comes last");
}

#[test]
fn equals_share_the_calls_by_their_weights_and_the_same_chance_chooses_the_same() {
    let weighted = |name: &str, weight| Trunk { weight, ..trunk(name, &["*"]) };
    let trunks = Trunks::new(vec![weighted("a", 1), weighted("b", 3), weighted("last", 0)], plan()).expect("sound");
    let first = |chance| trunks.routes(&number("+390612345"), None, chance)[0].trunk.clone();
    let calls = 4000;
    let of_b = (0..calls).filter(|chance| first(*chance) == "b").count();
    assert!((2850..=3150).contains(&of_b), "three of four: {of_b} of {calls}");
    assert!((0..calls).all(|chance| first(chance) == first(chance)));
    for chance in 0..50 {
        let all: Vec<_> = trunks.routes(&number("+390612345"), None, chance).into_iter().map(|way| way.trunk).collect();
        assert_eq!(all.len(), 3, "the others are the way round: {all:?}");
        assert_eq!(all[2], "last");
    }
}

#[test]
fn there_is_another_way_while_one_not_tried_can_be_used() {
    let trunks = Trunks::new(vec![trunk("a", &["*"]), trunk("b", &["+39*"])], plan()).expect("sound");
    let other = |to: &str, tried: &[&str], usable: &[&str]| {
        let tried: Vec<String> = tried.iter().map(|name| (*name).into()).collect();
        trunks.is_another(&number(to), &tried, |name| usable.contains(&name))
    };
    assert!(other("+390612345", &["a"], &["a", "b"]));
    assert!(!other("+390612345", &["a"], &["a"]), "the other one is down");
    assert!(!other("+390612345", &["a", "b"], &["a", "b"]), "all were tried");
    assert!(!other("+4989123456", &["a"], &["a", "b"]), "the other one does not go there");
}
