//! Who may dial what. A call costs money, so an open door here is what an open relay is to mail: without a rule that
//! allows it nothing is dialled, and the rules are read in their order, the first that fits decides.
//!
//! [`Authorized`] can be made only here. Whatever takes one, the queue before all, can rest assured that a rule was
//! asked; it carries the rule's name.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use super::address::Refusal;
use crate::model::Number;

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
    /// The number that faxes of this rule are sent from; the trunk's own when absent.
    pub caller: Option<Number>,
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

/// A range of addresses: `any`, `192.0.2.7`, `10.0.0.0/8`, `2001:db8::/32`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Network {
    /// Every address.
    Any,
    /// Those that share the first bits.
    V4(Ipv4Addr, u8),
    /// Those that share the first bits.
    V6(Ipv6Addr, u8),
}

/// Envelope senders: `any`, `*@company.com`, `jane@company.com`. Case does not matter. The null sender fits none.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SenderPattern {
    /// Every sender.
    Any,
    /// Every sender at this domain, not at those below it.
    Domain(String),
    /// This one.
    Exact(String),
}

/// Numbers: `any`, `+39*` (begins with), `4???` (`?` is one digit), `4711`. The form compared is that of [`Number`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NumberPattern(String);

/// Why a text is no pattern.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{text:?} is no {what}")]
pub struct PatternError {
    text: String,
    what: &'static str,
}

/// Proof that a rule allows this sender to dial this number.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Authorized {
    rule: String,
    sender: String,
    number: Number,
    max_pages: Option<u32>,
    caller: Option<Number>,
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

    /// The number it is sent from, where the rule says so.
    #[must_use]
    pub const fn caller(&self) -> Option<&Number> {
        self.caller.as_ref()
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
        Explanation::Rule(_, Rule { name, action: Action::Allow { max_pages }, caller, .. }) => Ok(Authorized {
            rule: name.clone(),
            sender: sender.to_owned(),
            number: number.clone(),
            max_pages: *max_pages,
            caller: caller.clone(),
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
            && self.numbers.iter().any(|pattern| pattern.fits(number))
    }
}

impl Network {
    /// Whether the address is in the range. An IPv4 address that came by an IPv6 socket counts as IPv4.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self, address.to_canonical()) {
            (Self::Any, _) => true,
            (Self::V4(network, bits), IpAddr::V4(address)) => {
                let shift = 32 - u32::from(*bits);
                network.to_bits().checked_shr(shift) == address.to_bits().checked_shr(shift)
            }
            (Self::V6(network, bits), IpAddr::V6(address)) => {
                let shift = 128 - u32::from(*bits);
                network.to_bits().checked_shr(shift) == address.to_bits().checked_shr(shift)
            }
            (Self::V4(..), IpAddr::V6(_)) | (Self::V6(..), IpAddr::V4(_)) => false,
        }
    }
}

impl FromStr for Network {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        let error = || PatternError { text: text.into(), what: "network: write any, 192.0.2.7, 10.0.0.0/8 or ::1" };
        if is_any(text) {
            return Ok(Self::Any);
        }
        let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
        let bits = bits.map(str::parse::<u8>).transpose().map_err(|_| error())?;
        let network = match address.parse().map_err(|_| error())? {
            IpAddr::V4(address) => Self::V4(address, bits.unwrap_or(32)),
            IpAddr::V6(address) => Self::V6(address, bits.unwrap_or(128)),
        };
        // Bits set behind the prefix are a slip of the pen: 10.0.0.1/8 was meant to be another range.
        let sound = match network {
            Self::Any => true,
            Self::V4(address, bits) => bits == 32 || (bits < 32 && address.to_bits() << bits == 0),
            Self::V6(address, bits) => bits == 128 || (bits < 128 && address.to_bits() << bits == 0),
        };
        if sound { Ok(network) } else { Err(error()) }
    }
}

impl SenderPattern {
    /// Whether the envelope sender fits. The domain is what follows the last `@`, whatever is quoted before it.
    #[must_use]
    pub fn fits(&self, sender: &str) -> bool {
        match self {
            Self::Any => !sender.is_empty(),
            Self::Exact(exact) => exact.eq_ignore_ascii_case(sender),
            Self::Domain(domain) => sender
                .rsplit_once('@')
                .is_some_and(|(local, own)| !local.is_empty() && own.eq_ignore_ascii_case(domain)),
        }
    }
}

impl FromStr for SenderPattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        let error = || PatternError { text: text.into(), what: "sender: write any, *@company.com or jane@company.com" };
        if is_any(text) {
            return Ok(Self::Any);
        }
        let (local, domain) = text.rsplit_once('@').ok_or_else(error)?;
        let sound = !local.is_empty()
            && !domain.is_empty()
            && !domain.contains(['*', '?'])
            && (local == "*" || !local.contains('*'))
            && !text.contains(char::is_whitespace);
        match (sound, local) {
            (false, _) => Err(error()),
            (true, "*") => Ok(Self::Domain(domain.to_owned())),
            (true, _) => Ok(Self::Exact(text.to_owned())),
        }
    }
}

impl NumberPattern {
    /// Whether the number fits.
    #[must_use]
    pub fn fits(&self, number: &Number) -> bool {
        let digit_fits = |(pattern, digit): (u8, u8)| pattern == digit || (pattern == b'?' && digit.is_ascii_digit());
        let number = number.as_str().as_bytes();
        let (pattern, open) = self.0.strip_suffix('*').map_or((self.0.as_str(), false), |prefix| (prefix, true));
        let long_enough = if open { number.len() >= pattern.len() } else { number.len() == pattern.len() };
        long_enough && pattern.bytes().zip(number.iter().copied()).all(digit_fits)
    }
}

impl FromStr for NumberPattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        if is_any(text) {
            return Ok(Self("*".into()));
        }
        let digits = text.strip_suffix('*').unwrap_or(text);
        let digits = digits.strip_prefix('+').unwrap_or(digits);
        let sound =
            (!digits.is_empty() || text == "+*") && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'?');
        let what = "number pattern: write any, +39*, 4??? or 4711, without blanks";
        if sound { Ok(Self(text.to_owned())) } else { Err(PatternError { text: text.into(), what }) }
    }
}

fn is_any(text: &str) -> bool {
    text == "*" || text.eq_ignore_ascii_case("any")
}

#[cfg(test)]
mod tests {
    use super::{Action, Explanation, Network, NumberPattern, Rule, Rules, SenderPattern, authorize, explain};
    use crate::model::{Number, NumberPlan};

    fn rule(name: &str, peers: &[&str], senders: &[&str], numbers: &[&str], action: Action) -> Rule {
        Rule {
            name: name.into(),
            peers: peers.iter().map(|text| text.parse().expect("a network")).collect(),
            senders: senders.iter().map(|text| text.parse().expect("a sender")).collect(),
            numbers: numbers.iter().map(|text| text.parse().expect("numbers")).collect(),
            action,
            caller: None,
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

    #[test]
    fn networks_end_where_their_prefix_says() {
        let fits = |network: &str, address: &str| {
            network.parse::<Network>().expect("a network").contains(address.parse().expect("an address"))
        };
        assert!(fits("10.0.0.0/8", "10.255.255.255") && !fits("10.0.0.0/8", "11.0.0.0"));
        assert!(fits("0.0.0.0/0", "1.2.3.4") && !fits("0.0.0.0/0", "::1") && fits("::/0", "::1"));
        assert!(fits("192.0.2.7", "192.0.2.7") && !fits("192.0.2.7", "192.0.2.8"));
        assert!(fits("2001:db8::/33", "2001:db8:7fff::1") && !fits("2001:db8::/33", "2001:db8:8000::1"));
        for wrong in ["10.0.0.1/8", "10.0.0.0/33", "::/129", "::1/64", "10.0.0", "10.0.0.0/", "", "localhost"] {
            assert!(wrong.parse::<Network>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn number_patterns_count_their_digits() {
        let fits = |pattern: &str, text: &str| pattern.parse::<NumberPattern>().expect("a pattern").fits(&number(text));
        assert!(fits("4???", "4711") && !fits("4???", "471") && !fits("4???", "5711"));
        assert!(fits("+39*", "+39061234") && !fits("+39*", "+49891234") && !fits("39*", "+39061234"));
        assert!(fits("+39?6*", "+39061234") && fits("+*", "+39061234") && !fits("+*", "4711"));
        assert!(!fits("??????", "+39061"));
        for wrong in ["", "+", "39 06*", "+39*1", "a", "**"] {
            assert!(wrong.parse::<NumberPattern>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn sender_patterns_with_a_star_elsewhere_are_slips() {
        for wrong in ["company.example", "*@*.example", "j*@company.example", "@company.example", "*@", "a b@c", ""] {
            assert!(wrong.parse::<SenderPattern>().is_err(), "{wrong}");
        }
    }
}
