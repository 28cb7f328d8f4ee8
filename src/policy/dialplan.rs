//! Which trunk a number is dialled on, spelled how, and which caller number it shows.
//!
//! A trunk names the numbers it serves by [`NumberPattern`]. Trunks whose pattern fixes more of the number come first; among equals
//! the order of the configuration decides. What comes later in the list is the way round when the first trunk is full
//! or down.

use crate::model::{Number, NumberPattern, NumberPlan, Rank};

/// Trunks there can be.
pub const MAX_TRUNKS: usize = 256;
/// Prefixes one trunk can name.
pub const MAX_PREFIXES: usize = 1024;
/// Digits and signs that can be put in front of a number.
pub const MAX_PREPEND: usize = 16;

/// How a trunk wants international numbers spelled. Extensions are always spelled as they are.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum NumberFormat {
    /// `+390212345`.
    #[default]
    E164,
    /// `390212345`.
    Digits,
    /// As dialled from a telephone where the server stands: `0212345`, or `004989…` for a foreign number.
    National,
}

/// One trunk's rules.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Trunk {
    /// Its name in the configuration, in rows and in logs.
    pub name: String,
    /// Numbers it serves. None: serves nothing.
    pub prefixes: Vec<NumberPattern>,
    /// Leading digits taken away after spelling.
    pub strip: usize,
    /// Put in front after that, such as `0` to leave the PBX.
    pub prepend: String,
    /// Spelling.
    pub format: NumberFormat,
    /// The caller number shown when the job names none.
    pub caller_number: Option<Number>,
}

/// One way to dial a number.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Route {
    /// Name of the trunk.
    pub trunk: String,
    /// What to dial there: digits, with a leading `+` only in [`NumberFormat::E164`].
    pub dialled: String,
    /// Caller number to show, spelled as the trunk wants it.
    pub caller: Option<String>,
}

/// All trunks, in the order of the configuration.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Trunks {
    trunks: Vec<Trunk>,
    plan: NumberPlan,
}

/// Why a set of trunks cannot be used. All are faults of the configuration.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum DialplanError {
    /// A trunk without a name.
    #[error("trunk {0} has no name")]
    Unnamed(usize),
    /// Two trunks of one name.
    #[error("two trunks are named {0:?}")]
    TwiceNamed(String),
    /// A `prepend` that cannot be dialled.
    #[error(
        "trunk {trunk:?}: prepend {prepend:?} may have up to {MAX_PREPEND} of the characters 0-9 * # and a leading +"
    )]
    Prepend {
        /// The trunk.
        trunk: String,
        /// The text that cannot be dialled.
        prepend: String,
    },
    /// More trunks or prefixes than the limits allow.
    #[error("more than {MAX_TRUNKS} trunks, or {MAX_PREFIXES} prefixes of one")]
    TooMany,
}

impl Trunks {
    /// Checks the rules of all trunks.
    ///
    /// # Errors
    /// The first fault found.
    pub fn new(trunks: Vec<Trunk>, plan: NumberPlan) -> Result<Self, DialplanError> {
        if trunks.len() > MAX_TRUNKS || trunks.iter().any(|trunk| trunk.prefixes.len() > MAX_PREFIXES) {
            return Err(DialplanError::TooMany);
        }
        for (index, trunk) in trunks.iter().enumerate() {
            if trunk.name.is_empty() {
                return Err(DialplanError::Unnamed(index + 1));
            }
            if trunks[..index].iter().any(|earlier| earlier.name == trunk.name) {
                return Err(DialplanError::TwiceNamed(trunk.name.clone()));
            }
            if !is_prepend(&trunk.prepend) {
                return Err(DialplanError::Prepend { trunk: trunk.name.clone(), prepend: trunk.prepend.clone() });
            }
        }
        Ok(Self { trunks, plan })
    }

    /// The trunks in the order of the configuration.
    #[must_use]
    pub fn trunks(&self) -> &[Trunk] {
        &self.trunks
    }

    /// Every way to dial `number`, best first; empty when no trunk serves it.
    ///
    /// `caller` is the caller number the job asks for; without it each trunk shows its own.
    #[must_use]
    pub fn routes(&self, number: &Number, caller: Option<&Number>) -> Vec<Route> {
        let mut ranked: Vec<(Rank, &Trunk)> =
            self.trunks.iter().filter_map(|trunk| Some((trunk.serves(number)?, trunk))).collect();
        // The sort is stable: trunks of equal rank keep the order of the configuration.
        ranked.sort_by_key(|(rank, _)| std::cmp::Reverse(*rank));
        ranked
            .into_iter()
            .filter_map(|(_, trunk)| {
                let dialled = trunk.dialled(number, &self.plan)?;
                let caller = caller.or(trunk.caller_number.as_ref());
                let caller = caller.map(|caller| trunk.format.spell(caller, &self.plan));
                Some(Route { trunk: trunk.name.clone(), dialled, caller })
            })
            .collect()
    }
}

impl Trunk {
    /// How well the best of its patterns fits `number`.
    fn serves(&self, number: &Number) -> Option<Rank> {
        self.prefixes.iter().filter(|pattern| pattern.matches(number)).map(NumberPattern::rank).max()
    }

    /// What to dial; nothing when `strip` leaves no digit.
    fn dialled(&self, number: &Number, plan: &NumberPlan) -> Option<String> {
        let spelled = self.format.spell(number, plan);
        if self.strip == 0 && self.prepend.is_empty() {
            return Some(spelled);
        }
        // Behind a prepended digit, or with its first digits gone, a plus would be wrong.
        let digits = spelled.strip_prefix('+').unwrap_or(&spelled);
        let rest = digits.get(self.strip..).filter(|rest| !rest.is_empty())?;
        Some(format!("{}{rest}", self.prepend))
    }
}

impl NumberFormat {
    fn spell(self, number: &Number, plan: &NumberPlan) -> String {
        if !number.is_international() {
            return number.digits().to_owned();
        }
        match self {
            Self::E164 => number.as_str().to_owned(),
            Self::Digits => number.digits().to_owned(),
            Self::National => {
                let home = Some(plan.country_code.as_str()).filter(|code| !code.is_empty());
                match home.and_then(|code| number.digits().strip_prefix(code)) {
                    Some(rest) => format!("{}{rest}", plan.national_prefix),
                    None => format!("{}{}", plan.international_prefix, number.digits()),
                }
            }
        }
    }
}

fn is_prepend(text: &str) -> bool {
    let rest = text.strip_prefix('+').unwrap_or(text);
    text.len() <= MAX_PREPEND && rest.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'*' | b'#'))
}

#[cfg(test)]
mod tests {
    use super::{DialplanError, NumberFormat, Trunk, Trunks};
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
        trunks.routes(&number(to), None).into_iter().map(|route| route.trunk).collect()
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
            assert_eq!(trunks.routes(&number("+49891234567"), None)[0].dialled, home);
            assert_eq!(trunks.routes(&number("+390212345"), None)[0].dialled, foreign);
            assert_eq!(trunks.routes(&number("4711"), None)[0].dialled, "4711");
        }
    }

    #[test]
    fn in_italy_the_leading_zero_stays_behind_the_country_code() {
        let italy = NumberPlan { country_code: "39".into(), national_prefix: String::new(), ..NumberPlan::default() };
        let national = Trunk { format: NumberFormat::National, ..trunk("t", &["*"]) };
        let trunks = Trunks::new(vec![national], italy).expect("sound");
        assert_eq!(trunks.routes(&number("+390212345"), None)[0].dialled, "0212345");
    }

    #[test]
    fn strip_and_prepend_work_on_digits_and_drop_the_plus() {
        let rule = |strip, prepend: &str| {
            let trunk = Trunk { strip, prepend: prepend.into(), ..trunk("t", &["*"]) };
            Trunks::new(vec![trunk], plan()).expect("sound").routes(&number("+49891234567"), None)
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
        let shown = |caller: Option<&Number>| trunks.routes(&number("+390212345"), caller)[0].caller.clone();
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
}
