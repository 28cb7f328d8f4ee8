//! Who may dial what. A call costs money, so an open door here is what an open relay is to mail: without a rule that
//! allows it nothing is dialled, and the rules are read in their order, the first that fits decides.
//!
//! [`Authorized`] can be made only here. Whatever takes one, the queue before all, can rest assured that a rule was
//! asked; it carries the rule's name.

mod sender;

use std::fmt;
use std::net::IpAddr;

use super::address::Refusal;
use crate::model::{Network, Number, NumberPattern};
pub use sender::SenderPattern;

/// The rules in their order.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Rules(pub Vec<Rule>);

/// One rule. It fits when the peer, the sender and the number each fit one entry of their list; an empty list fits
/// nothing, so a list forgotten opens no door.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rule {
    /// For logs and refusals.
    pub name: String,
    /// Who connects.
    pub peers: Vec<Network>,
    /// The envelope sender.
    pub senders: Vec<SenderPattern>,
    /// The number to dial.
    pub numbers: Vec<NumberPattern>,
    /// What a rule that fits decides.
    pub action: Action,
}

/// What a rule decides.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Action {
    /// The number may be dialled.
    Allow {
        /// Most pages of one fax; no limit of the rule's own when absent.
        max_pages: Option<u32>,
    },
    /// It may not.
    Deny,
}

/// Proof that a rule allows this sender to dial this number.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Authorized {
    rule: String,
    sender: String,
    number: Number,
    max_pages: Option<u32>,
}

impl Authorized {
    /// The name of the rule that allowed it.
    #[must_use]
    pub fn rule(&self) -> &str {
        &self.rule
    }

    /// Who may dial.
    #[must_use]
    pub fn sender(&self) -> &str {
        &self.sender
    }

    /// What may be dialled.
    #[must_use]
    pub const fn number(&self) -> &Number {
        &self.number
    }

    /// Most pages the fax may have.
    #[must_use]
    pub const fn max_pages(&self) -> Option<u32> {
        self.max_pages
    }
}

/// What was decided, and by which rule.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Explanation<'a> {
    /// Reports have no sender who could pay or be told; never dialled, by no rule.
    // RFC 3834 §2, RFC 5321 §4.5.5
    NullSender,
    /// No rule fits.
    NoRule,
    /// This rule decided; it is the one at this place, counted from 1.
    Rule(usize, &'a Rule),
}

impl fmt::Display for Explanation<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NullSender => formatter.write_str("denied: a mail without a sender is not faxed"),
            Self::NoRule => formatter.write_str("denied: no rule allows it"),
            Self::Rule(place, rule) => match rule.action {
                Action::Deny => write!(formatter, "denied by rule {place}, {:?}", rule.name),
                Action::Allow { max_pages: None } => write!(formatter, "allowed by rule {place}, {:?}", rule.name),
                Action::Allow { max_pages: Some(pages) } => {
                    write!(formatter, "allowed by rule {place}, {:?}, up to {pages} pages", rule.name)
                }
            },
        }
    }
}

/// Which rule decides about this call, without deciding.
#[must_use]
pub fn explain<'a>(rules: &'a Rules, peer: IpAddr, sender: &str, number: &Number) -> Explanation<'a> {
    if sender.is_empty() {
        return Explanation::NullSender;
    }
    let fitting = rules.0.iter().enumerate().find(|(_, rule)| rule.fits(peer, sender, number));
    fitting.map_or(Explanation::NoRule, |(index, rule)| Explanation::Rule(index + 1, rule))
}

/// Decides whether this sender, connecting from there, may dial this number.
///
/// # Errors
/// A refusal to be passed on as it is: 550 5.7.1.
pub fn authorize(rules: &Rules, peer: IpAddr, sender: &str, number: &Number) -> Result<Authorized, Refusal> {
    let refused = |text: String| Err(Refusal { code: 550, enhanced: "5.7.1", text });
    match explain(rules, peer, sender, number) {
        Explanation::Rule(_, Rule { name, action: Action::Allow { max_pages }, .. }) => Ok(Authorized {
            rule: name.clone(),
            sender: sender.to_owned(),
            number: number.clone(),
            max_pages: *max_pages,
        }),
        Explanation::NullSender => refused(format!(
            "a mail without a sender, such as a report, is not faxed to {number}. Send from a mail address of your own"
        )),
        Explanation::Rule(_, rule) => refused(format!(
            "{} may not fax to {number}: rule \"{}\" forbids it. Ask the administrator of this fax server",
            shown(sender),
            shown(&rule.name)
        )),
        Explanation::NoRule => refused(format!(
            "{} may not fax to {number} from {peer}: no rule allows it. Ask the administrator of this fax server",
            shown(sender)
        )),
    }
}

fn shown(text: &str) -> String {
    text.chars().filter(|character| !character.is_control()).take(MAX_SHOWN).collect()
}

/// How much of an address is told back in a refusal, in characters.
const MAX_SHOWN: usize = 100;

impl Rule {
    fn fits(&self, peer: IpAddr, sender: &str, number: &Number) -> bool {
        self.peers.iter().any(|network| network.contains(peer))
            && self.senders.iter().any(|pattern| pattern.fits(sender))
            && self.numbers.iter().any(|pattern| pattern.matches(number))
    }
}

#[cfg(test)]
mod tests {
    use super::{Action, Explanation, Rule, Rules, authorize, explain};
    use crate::model::{Number, NumberPlan};

    fn rule(name: &str, peers: &[&str], senders: &[&str], numbers: &[&str], action: Action) -> Rule {
        Rule {
            name: name.into(),
            peers: peers.iter().map(|text| text.parse().expect("a network")).collect(),
            senders: senders.iter().map(|text| text.parse().expect("a sender")).collect(),
            numbers: numbers.iter().map(|text| text.parse().expect("numbers")).collect(),
            action,
        }
    }

    fn number(text: &str) -> Number {
        Number::parse(text, &NumberPlan { extension_digits: 4, ..NumberPlan::default() }).expect("a number")
    }

    fn rules() -> Rules {
        Rules(vec![
            rule("no premium", &["any"], &["any"], &["+39899*"], Action::Deny),
            rule(
                "staff",
                &["10.0.0.0/8", "::1"],
                &["*@company.example"],
                &["+39*", "4???"],
                Action::Allow { max_pages: Some(50) },
            ),
            rule("boss", &["10.1.2.3"], &["boss@company.example"], &["any"], Action::Allow { max_pages: None }),
        ])
    }

    fn decide(peer: &str, sender: &str, text: &str) -> Result<(String, Option<u32>), String> {
        authorize(&rules(), peer.parse().expect("an address"), sender, &number(text))
            .map(|authorized| (authorized.rule().to_owned(), authorized.max_pages()))
            .map_err(|refusal| refusal.to_string())
    }

    #[test]
    fn without_rules_nobody_may_dial() {
        let refusal =
            authorize(&Rules::default(), "127.0.0.1".parse().expect("an address"), "a@b.example", &number("+39061234"));
        assert!(refusal.is_err());
    }

    #[test]
    fn a_rule_with_an_empty_list_allows_nothing() {
        for (peers, senders, numbers) in
            [(&[][..], &["any"][..], &["any"][..]), (&["any"], &[], &["any"]), (&["any"], &["any"], &[])]
        {
            let rules = Rules(vec![rule("gap", peers, senders, numbers, Action::Allow { max_pages: None })]);
            let explanation =
                explain(&rules, "127.0.0.1".parse().expect("an address"), "a@b.example", &number("+39061234"));
            assert_eq!(explanation, Explanation::NoRule);
        }
    }

    #[test]
    fn the_first_rule_that_fits_decides() {
        assert_eq!(decide("10.9.9.9", "Jane@Company.Example", "+39061234"), Ok(("staff".into(), Some(50))));
        assert_eq!(decide("10.9.9.9", "jane@company.example", "4711"), Ok(("staff".into(), Some(50))));
        assert_eq!(decide("10.1.2.3", "boss@company.example", "+4989123456"), Ok(("boss".into(), None)));
        assert_eq!(decide("::ffff:10.1.2.3", "boss@company.example", "+4989123456"), Ok(("boss".into(), None)));
        assert_eq!(
            decide("10.1.2.3", "boss@company.example", "+39899123"),
            Err("550 5.7.1 boss@company.example may not fax to +39899123: rule \"no premium\" forbids it. \
                 Ask the administrator of this fax server"
                .into())
        );
    }

    #[test]
    fn who_fits_no_rule_is_refused_by_name_number_and_address() {
        for (peer, sender, text) in [
            ("11.0.0.1", "jane@company.example", "+39061234"),
            ("10.0.0.1", "jane@company.example", "+4989123456"),
            ("10.0.0.1", "jane@sub.company.example", "+39061234"),
            ("10.0.0.1", "jane@company.example.evil.example", "+39061234"),
            ("10.0.0.1", "\"x@company.example\"@evil.example", "+39061234"),
            ("10.0.0.1", "company.example", "+39061234"),
            ("10.0.0.1", "@company.example", "+39061234"),
            ("::2", "jane@company.example", "+39061234"),
        ] {
            let refusal = decide(peer, sender, text).expect_err(sender);
            assert!(refusal.starts_with("550 5.7.1 ") && refusal.contains(text) && refusal.contains(peer), "{refusal}");
        }
    }

    #[test]
    fn the_null_sender_is_refused_even_when_every_sender_is_allowed() {
        let rules = Rules(vec![rule("open", &["any"], &["any"], &["any"], Action::Allow { max_pages: None })]);
        let refusal = authorize(&rules, "127.0.0.1".parse().expect("an address"), "", &number("+39061234"));
        assert_eq!(refusal.expect_err("refused").enhanced, "5.7.1");
    }

    #[test]
    fn the_explanation_names_the_rule_and_its_place() {
        let rules = rules();
        let explanation =
            explain(&rules, "10.0.0.1".parse().expect("an address"), "j@company.example", &number("+39061234"));
        assert_eq!(explanation.to_string(), "allowed by rule 2, \"staff\", up to 50 pages");
        let explanation = explain(&rules, "10.0.0.1".parse().expect("an address"), "", &number("+39061234"));
        assert_eq!(explanation.to_string(), "denied: a mail without a sender is not faxed");
    }
}
