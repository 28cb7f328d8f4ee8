//! Where a received fax goes: called number → mailboxes and the station identification to answer with.
//!
//! A rule names numbers by [`NumberPattern`]. The rule that fixes the most digits wins; a number no rule names is refused before the call is answered.
//! A fax whose sender names a sub-address (T.33) goes to the mailboxes of that sub-address instead, if a rule has it.

use crate::model::{Number, NumberPattern, NumberPlan, Rank};

/// Rules there can be.
pub const MAX_RULES: usize = 10_000;
/// Numbers or patterns in one rule.
pub const MAX_PATTERNS: usize = 1000;
/// Mailboxes of one rule.
pub const MAX_MAILBOXES: usize = 100;
/// A called party longer than this is no number.
pub const MAX_CALLED_BYTES: usize = 64;

/// What happens to faxes for some numbers.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct InboundRule {
    /// The called numbers this rule is for.
    pub numbers: Vec<NumberPattern>,
    /// Mail addresses each fax is sent to; at least one.
    pub mailboxes: Vec<String>,
    /// Station identification (CSI) to answer with; without it the server's own.
    pub station_id: Option<String>,
}

/// Who gets faxes for one sub-address.
// T.33 (07/1996) §5
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SubAddressRule {
    /// The sub-address as the sender's machine sends it.
    pub address: String,
    /// The called numbers this rule is for; all when empty.
    pub numbers: Vec<NumberPattern>,
    /// Mail addresses each fax is sent to; at least one.
    pub mailboxes: Vec<String>,
}

/// All rules, checked.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct InboundRoutes {
    rules: Vec<InboundRule>,
    sub_addresses: Vec<SubAddressRule>,
    plan: NumberPlan,
}

/// Why the rules cannot be used. All are faults of the configuration.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum RouteError {
    /// A rule whose faxes would go nowhere.
    #[error("inbound rule {0} names no mailbox")]
    NoMailbox(usize),
    /// A rule that no call can reach.
    #[error("inbound rule {0} names no number")]
    NoNumber(usize),
    /// A rule for a sub-address whose faxes would go nowhere.
    #[error("the rule for sub-address {0:?} names no mailbox")]
    SubAddressNowhere(String),
    /// The same pattern in two rules.
    #[error("{pattern} is named by the inbound rules {first} and {second}")]
    Twice {
        /// The pattern.
        pattern: String,
        /// The earlier rule, counted from 1.
        first: usize,
        /// The later rule.
        second: usize,
    },
    /// More rules, patterns or mailboxes than the limits allow.
    #[error("more than {MAX_RULES} inbound rules, or {MAX_PATTERNS} numbers or {MAX_MAILBOXES} mailboxes of one")]
    TooMany,
}

/// Policy refuses the call: no rule names the number. SIP answers 404.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("no inbound rule names the called number {0:?}")]
pub struct UnknownNumber(
    /// What was called, cut to a printable length.
    pub String,
);

impl InboundRoutes {
    /// Checks all rules. `plan` says how the trunk's spelling of the called number is to be read.
    ///
    /// # Errors
    /// The first fault found.
    pub fn new(rules: Vec<InboundRule>, plan: NumberPlan) -> Result<Self, RouteError> {
        if rules.len() > MAX_RULES {
            return Err(RouteError::TooMany);
        }
        let mut seen = std::collections::BTreeMap::new();
        for (index, rule) in rules.iter().enumerate() {
            if rule.numbers.is_empty() {
                return Err(RouteError::NoNumber(index + 1));
            }
            if rule.mailboxes.is_empty() {
                return Err(RouteError::NoMailbox(index + 1));
            }
            if rule.numbers.len() > MAX_PATTERNS || rule.mailboxes.len() > MAX_MAILBOXES {
                return Err(RouteError::TooMany);
            }
            for pattern in &rule.numbers {
                if let Some(first) = seen.insert(pattern.to_string(), index + 1) {
                    return Err(RouteError::Twice { pattern: pattern.to_string(), first, second: index + 1 });
                }
            }
        }
        Ok(Self { rules, sub_addresses: Vec::new(), plan })
    }

    /// Adds the rules for sub-addresses.
    ///
    /// # Errors
    /// The first fault found.
    pub fn with_sub_addresses(self, sub_addresses: Vec<SubAddressRule>) -> Result<Self, RouteError> {
        let too_many =
            |rule: &SubAddressRule| rule.numbers.len() > MAX_PATTERNS || rule.mailboxes.len() > MAX_MAILBOXES;
        if sub_addresses.len() > MAX_RULES || sub_addresses.iter().any(too_many) {
            return Err(RouteError::TooMany);
        }
        match sub_addresses.iter().find(|rule| rule.mailboxes.is_empty()) {
            Some(rule) => Err(RouteError::SubAddressNowhere(rule.address.clone())),
            None => Ok(Self { sub_addresses, ..self }),
        }
    }

    /// The mailboxes for a fax to `called` whose sender named `sub_address`; nothing when no rule has it. Of several rules the one
    /// that fixes the most digits of the number wins.
    #[must_use]
    pub fn for_sub_address(&self, called: &str, sub_address: &str) -> Option<&[String]> {
        let fitting = self.sub_addresses.iter().filter(|rule| rule.address == sub_address).filter_map(|rule| {
            let everywhere = rule.numbers.is_empty().then_some(LOWEST_RANK);
            let rank = everywhere.or_else(|| best_rank(&rule.numbers, &self.spellings(called)))?;
            Some((rank, rule.mailboxes.as_slice()))
        });
        fitting.reduce(|best, other| if other.0 > best.0 { other } else { best }).map(|(_, mailboxes)| mailboxes)
    }

    /// Whether one of these patterns names the called number, however the trunk spells it.
    #[must_use]
    pub fn names(&self, numbers: &[NumberPattern], called: &str) -> bool {
        called.len() <= MAX_CALLED_BYTES && best_rank(numbers, &self.spellings(called)).is_some()
    }

    /// A trunk may write the number in full without its plus, so three spellings are tried, the most literal first.
    fn spellings(&self, called: &str) -> Vec<String> {
        let called = called.trim();
        let mut spellings = vec![called.to_owned()];
        spellings.extend(Number::parse(called, &self.plan).ok().map(|number| number.to_string()));
        spellings.extend(called.bytes().all(|byte| byte.is_ascii_digit()).then(|| format!("+{called}")));
        spellings
    }

    /// A caller's number in its international form where its beginning leaves no doubt; else as the trunk wrote it.
    #[must_use]
    pub fn normal(&self, number: &str) -> String {
        let begins = |prefix: &str| !prefix.is_empty() && number.starts_with(prefix);
        let clear = begins("+") || begins(&self.plan.international_prefix) || begins(&self.plan.national_prefix);
        let read = if clear { Number::parse(number, &self.plan).ok() } else { None };
        read.map_or_else(|| number.to_owned(), |number| number.to_string())
    }

    /// The rules in the order of the configuration.
    #[must_use]
    pub fn rules(&self) -> &[InboundRule] {
        &self.rules
    }

    /// The rule for a call to `called`, the user part as the trunk wrote it (`+390212345`, `00390212345`, `4711`).
    ///
    /// # Errors
    /// When no rule names it.
    pub fn route(&self, called: &str) -> Result<&InboundRule, UnknownNumber> {
        let unknown = || UnknownNumber(clip(called));
        if called.len() > MAX_CALLED_BYTES {
            return Err(unknown());
        }
        let spellings = self.spellings(called);
        let best = |text: &str| {
            let fitting = self.rules.iter().filter_map(|rule| {
                let fits = rule.numbers.iter().filter(|pattern| pattern.matches_text(text));
                fits.map(NumberPattern::rank).max().map(|rank| (rank, rule))
            });
            // `max_by_key` keeps the last of equals, and here the first rule is to win.
            fitting.reduce(|best, other| if other.0 > best.0 { other } else { best })
        };
        let found = spellings.iter().filter_map(|text| best(text));
        found
            .reduce(|best, other| if other.0 > best.0 { other } else { best })
            .map(|(_, rule)| rule)
            .ok_or_else(unknown)
    }
}

/// The rank of a rule for every number.
const LOWEST_RANK: Rank = (false, 0, 0);

/// How well the best of these patterns fits one of the spellings.
fn best_rank(numbers: &[NumberPattern], spellings: &[String]) -> Option<Rank> {
    let fits = |pattern: &&NumberPattern| spellings.iter().any(|text| pattern.matches_text(text));
    numbers.iter().filter(fits).map(NumberPattern::rank).max()
}

fn clip(text: &str) -> String {
    text.chars().filter(|character| !character.is_control()).take(MAX_CALLED_BYTES).collect()
}

#[cfg(test)]
mod tests {
    use super::{InboundRoutes, InboundRule, RouteError, SubAddressRule, UnknownNumber};
    use crate::model::NumberPlan;
    use proptest::prelude::*;

    fn rule(numbers: &[&str], mailbox: &str) -> InboundRule {
        InboundRule {
            numbers: numbers.iter().map(|text| text.parse().expect("a pattern")).collect(),
            mailboxes: vec![mailbox.into()],
            station_id: None,
        }
    }

    fn routes(rules: Vec<InboundRule>) -> InboundRoutes {
        let plan = NumberPlan { country_code: "39".into(), national_prefix: String::new(), ..NumberPlan::default() };
        InboundRoutes::new(rules, plan).expect("sound rules")
    }

    fn mailbox(routes: &InboundRoutes, called: &str) -> Option<String> {
        routes.route(called).ok().map(|rule| rule.mailboxes[0].clone())
    }

    #[test]
    fn the_rule_that_fixes_most_digits_wins_whatever_the_order() {
        let routes = routes(vec![
            rule(&["*"], "default"),
            rule(&["+39021234*"], "office"),
            rule(&["+39021234???"], "desk"),
            rule(&["+39021234567"], "boss"),
        ]);
        for (called, expected) in [
            ("+39021234567", "boss"),
            ("+39021234568", "desk"),
            ("+3902123499", "office"),
            ("+49891234567", "default"),
            ("4711", "default"),
        ] {
            assert_eq!(mailbox(&routes, called).as_deref(), Some(expected), "{called}");
        }
    }

    #[test]
    fn a_number_is_found_however_the_trunk_spells_it() {
        let routes = routes(vec![rule(&["+390212345"], "office")]);
        for called in ["+390212345", "00390212345", "390212345", "0212345", "+39 02 12345"] {
            assert_eq!(mailbox(&routes, called).as_deref(), Some("office"), "{called}");
        }
    }

    #[test]
    fn a_callers_number_is_made_international_only_where_it_is_clear() {
        let german = NumberPlan { country_code: "49".into(), ..NumberPlan::default() };
        let routes = InboundRoutes::new(vec![rule(&["*"], "a")], german).expect("sound rules");
        for (written, normal) in [
            ("+390612345", "+390612345"),
            ("00390612345", "+390612345"),
            ("089123456", "+4989123456"),
            ("2000", "2000"),
            ("89123456", "89123456"),
            ("anna", "anna"),
        ] {
            assert_eq!(routes.normal(written), normal, "{written}");
        }
    }

    #[test]
    fn a_number_no_rule_names_is_refused_without_control_characters() {
        let routes = routes(vec![rule(&["+390212345"], "office")]);
        assert_eq!(routes.route("+39021\r\n"), Err(UnknownNumber("+39021".into())));
        assert!(mailbox(&routes, &"9".repeat(1000)).is_none());
        assert!(mailbox(&routes, "").is_none());
        assert!(mailbox(&routes, "+3902123456").is_none(), "an exact number is no beginning");
    }

    #[test]
    fn an_extension_pattern_does_not_catch_international_numbers() {
        let routes = routes(vec![rule(&["4???"], "pbx")]);
        assert_eq!(mailbox(&routes, "4711").as_deref(), Some("pbx"));
        assert!(mailbox(&routes, "+4711").is_none());
    }

    #[test]
    fn a_sub_address_goes_to_its_own_mailboxes_and_the_number_that_fixes_most_digits_wins() {
        let sub_address = |address: &str, numbers: &[&str], mailbox: &str| SubAddressRule {
            address: address.into(),
            numbers: numbers.iter().map(|text| text.parse().expect("a pattern")).collect(),
            mailboxes: vec![mailbox.into()],
        };
        let routes = routes(vec![rule(&["*"], "default")])
            .with_sub_addresses(vec![
                sub_address("4711", &[], "anna"),
                sub_address("4711", &["+3902*"], "berta"),
                sub_address("12#3", &["+3906*"], "carla"),
            ])
            .expect("sound rules");
        let found =
            |called: &str, address: &str| routes.for_sub_address(called, address).map(|found| found[0].as_str());
        assert_eq!(found("+49891234", "4711"), Some("anna"));
        assert_eq!(found("0212345", "4711"), Some("berta"));
        assert_eq!(found("+390612345", "12#3"), Some("carla"));
        assert_eq!(found("+390212345", "12#3"), None);
        assert_eq!(found("+390212345", "471"), None, "a sub-address is no beginning");
        let nowhere = SubAddressRule { mailboxes: Vec::new(), ..sub_address("1", &[], "x") };
        assert_eq!(
            InboundRoutes::default().with_sub_addresses(vec![nowhere]),
            Err(RouteError::SubAddressNowhere("1".into()))
        );
    }

    #[test]
    fn useless_or_contradicting_rules_are_refused() {
        let new = |rules| InboundRoutes::new(rules, NumberPlan::default()).map(|_| ());
        assert_eq!(new(vec![InboundRule { numbers: Vec::new(), ..rule(&[], "a") }]), Err(RouteError::NoNumber(1)));
        let no_mailbox = InboundRule { mailboxes: Vec::new(), ..rule(&["*"], "a") };
        assert_eq!(new(vec![no_mailbox]), Err(RouteError::NoMailbox(1)));
        assert_eq!(
            new(vec![rule(&["+39*"], "a"), rule(&["+39*"], "b")]),
            Err(RouteError::Twice { pattern: "+39*".into(), first: 1, second: 2 })
        );
    }

    proptest! {
        #[test]
        fn any_called_party_is_routed_or_refused(called in any::<String>()) {
            let routes = routes(vec![rule(&["+39*"], "a"), rule(&["4???"], "b")]);
            let _ = routes.route(&called);
        }
    }
}
