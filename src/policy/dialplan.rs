//! Which trunk a number is dialled on, spelled how, and which caller number it shows.
//!
//! A trunk names the numbers it serves by [`NumberPattern`]. Of those that serve a number, a lower `order` comes first; then the one that is cheaper for
//! the number; then the one whose pattern fixes more of it. Equals with a weight share the calls by their weights; the
//! others keep the order of the configuration. What comes later in the list is the way round when the first trunk is full,
//! down, or could not place the call.

use crate::model::{Number, NumberPattern, NumberPlan, Rank};

/// Trunks there can be.
pub const MAX_TRUNKS: usize = 256;
/// Prefixes one trunk can name.
pub const MAX_PREFIXES: usize = 1024;
/// Rates one trunk can name.
pub const MAX_RATES: usize = 10_000;
/// The greatest weight.
pub const MAX_WEIGHT: u32 = 10_000;
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

/// What calls to some numbers cost.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rate {
    /// Which numbers. Of several patterns that fit, the one that fixes most counts.
    pub numbers: NumberPattern,
    /// The price in thousandths of any unit that all trunks share.
    pub price: u32,
}

/// One trunk's rules.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Trunk {
    /// Its name in the configuration, in rows and in logs.
    pub name: String,
    /// Numbers it serves. None: serves nothing.
    pub prefixes: Vec<NumberPattern>,
    /// Lower ones are used first, whatever they cost.
    pub order: u32,
    /// Its share of the calls among equals; 0: no share, the order of the configuration decides.
    pub weight: u32,
    /// What calls cost. A trunk without a rate for a number comes after those of its order that have one.
    pub rates: Vec<Rate>,
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
    /// More trunks, prefixes or rates than the limits allow, or a weight beyond them.
    #[error(
        "more than {MAX_TRUNKS} trunks, {MAX_PREFIXES} prefixes or {MAX_RATES} rates of one, or a weight over {MAX_WEIGHT}"
    )]
    TooMany,
}

impl Trunks {
    /// Checks the rules of all trunks.
    ///
    /// # Errors
    /// The first fault found.
    pub fn new(trunks: Vec<Trunk>, plan: NumberPlan) -> Result<Self, DialplanError> {
        let beyond = |trunk: &Trunk| {
            trunk.prefixes.len() > MAX_PREFIXES || trunk.rates.len() > MAX_RATES || trunk.weight > MAX_WEIGHT
        };
        if trunks.len() > MAX_TRUNKS || trunks.iter().any(beyond) {
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
    /// `caller` is the caller number the job asks for; without it each trunk shows its own. `chance` deals out the shares of trunks
    /// with weights: the same chance gives the same list.
    #[must_use]
    pub fn routes(&self, number: &Number, caller: Option<&Number>, chance: u64) -> Vec<Route> {
        let ways = self.ranked(number, chance).into_iter().filter_map(|trunk| {
            let dialled = trunk.dialled(number, &self.plan)?;
            let caller = caller.or(trunk.caller_number.as_ref());
            let caller = caller.map(|caller| trunk.format.spell(caller, &self.plan));
            Some(Route { trunk: trunk.name.clone(), dialled, caller })
        });
        ways.collect()
    }

    /// Whether there is another way to dial `number` than the trunks that were tried: one that could be used now, be it full.
    #[must_use]
    pub fn is_another(&self, number: &Number, tried: &[String], usable: impl Fn(&str) -> bool) -> bool {
        self.routes(number, None, 0).iter().any(|route| !tried.contains(&route.trunk) && usable(&route.trunk))
    }

    /// The trunks that serve a number, best first.
    fn ranked(&self, number: &Number, chance: u64) -> Vec<&Trunk> {
        let rank = |trunk: &Trunk, fit: Rank| {
            (trunk.order, trunk.price(number).map_or(u64::MAX, u64::from), std::cmp::Reverse(fit))
        };
        let serving = self.trunks.iter().filter_map(|trunk| Some((rank(trunk, trunk.serves(number)?), trunk)));
        let mut ranked: Vec<_> = serving.collect();
        // The sort is stable: trunks of equal rank keep the order of the configuration.
        ranked.sort_by_key(|(rank, _)| *rank);
        let mut chance = chance;
        let groups = ranked.chunk_by(|(one, _), (other, _)| one == other);
        groups.flat_map(|group| shared(group.iter().map(|(_, trunk)| *trunk).collect(), &mut chance)).collect()
    }
}

/// Deals out equals by their weights; those without one follow as they stand.
// RFC 2782: the same way of choosing among servers of one priority
fn shared<'t>(mut left: Vec<&'t Trunk>, chance: &mut u64) -> Vec<&'t Trunk> {
    let mut dealt = Vec::with_capacity(left.len());
    loop {
        let sum: u64 = left.iter().map(|trunk| u64::from(trunk.weight)).sum();
        if sum == 0 {
            dealt.extend(left);
            return dealt;
        }
        let mut point = next(chance) % sum;
        let drawn = left.iter().position(|trunk| {
            let within = point < u64::from(trunk.weight);
            point = point.saturating_sub(u64::from(trunk.weight));
            within
        });
        dealt.push(left.remove(drawn.unwrap_or(0)));
    }
}

/// The next number that follows from one, well mixed.
// Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators (2014)
pub(crate) const fn next(chance: &mut u64) -> u64 {
    *chance = chance.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (*chance ^ (*chance >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

impl Trunk {
    /// How well the best of its patterns fits `number`.
    fn serves(&self, number: &Number) -> Option<Rank> {
        self.prefixes.iter().filter(|pattern| pattern.matches(number)).map(NumberPattern::rank).max()
    }

    /// What a call to `number` costs: that of the pattern that fits best.
    fn price(&self, number: &Number) -> Option<u32> {
        let fitting = self.rates.iter().filter(|rate| rate.numbers.matches(number));
        fitting.max_by_key(|rate| rate.numbers.rank()).map(|rate| rate.price)
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
    /// A number as the trunk wants it spelled.
    #[must_use]
    pub fn spell(self, number: &Number, plan: &NumberPlan) -> String {
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
mod tests;
