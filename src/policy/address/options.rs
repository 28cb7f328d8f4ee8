//! The wishes written behind the number: `/T33S=12/POLL/cover=off`. What is not known is refused.

use super::refusal::shown;
use crate::model::fetch::is_digits;
use crate::model::{FetchRequest, Password, Resolution};

/// Most options in one address.
pub const MAX_OPTIONS: usize = 16;
/// Longest value of an option, in characters.
pub const MAX_OPTION_VALUE: usize = 100;

/// Wishes in the address. Without a word about it each is `None`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct AddressOptions {
    /// `to=`, `attn=`, or the name before the number: for whom the fax is.
    pub attention: Option<String>,
    /// `co=`, `org=`: the company of whom it is for.
    pub organization: Option<String>,
    /// `fr=`, `from=`: who sends it.
    pub from: Option<String>,
    /// `cp=`, `cover=`: without a cover page; one with is refused, as none is made.
    pub cover: Option<bool>,
    /// `quality=`: the finest resolution wished for.
    pub resolution: Option<Resolution>,
    /// `bill=`, `billing=`: for the books.
    pub billing: Option<String>,
    /// What stands behind `number+`.
    pub tag: Option<String>,
}

/// All that is written behind the number, each at most once.
#[derive(Default)]
pub(super) struct Wishes {
    pub(super) sub_address: Option<String>,
    poll: Option<()>,
    selective: Option<String>,
    password: Option<Password>,
    pub(super) options: AddressOptions,
}

impl Wishes {
    /// Reads `name=value`. Nothing unknown is passed over: it may have been meant to keep the fax from somebody.
    pub(super) fn read(&mut self, segment: &str) -> Result<(), String> {
        if is_poll(segment) {
            return set(&mut self.poll, "POLL", ());
        }
        let (name, value) = segment.split_once('=').ok_or_else(|| format!("\"{}\" is no option", shown(segment)))?;
        if value.chars().count() > MAX_OPTION_VALUE {
            return Err(format!("the value of {} is longer than {MAX_OPTION_VALUE} characters", shown(name)));
        }
        let wrong = |choice: &str| format!("write {}={choice}", shown(name));
        let words = || value.replace('_', " ").trim().to_owned();
        let options = &mut self.options;
        match name.to_ascii_lowercase().as_str() {
            "t33s" => set(&mut self.sub_address, name, sub_address(value).ok_or_else(|| wrong("digits, # and *"))?),
            "sep" => set(&mut self.selective, name, sub_address(value).ok_or_else(|| wrong("digits, # and *"))?),
            "pwd" => set(&mut self.password, name, Password::parse(value).ok_or_else(|| wrong("digits, #, * and +"))?),
            "to" | "attn" => set(&mut options.attention, name, words()),
            "co" | "org" => set(&mut options.organization, name, words()),
            "fr" | "from" => set(&mut options.from, name, words()),
            "cp" | "cover" => match yes_or_no(value).ok_or_else(|| wrong("on or off"))? {
                // A page that was asked for and is not there may be the one that says for whom the fax is.
                true => {
                    Err("this server makes no cover pages: leave the option out and put the cover into the mail".into())
                }
                false => set(&mut options.cover, name, false),
            },
            "quality" => {
                let resolution = Resolution::from_name(value)
                    .ok_or_else(|| wrong("standard, fine, superfine, 300dpi, ultrafine or 400dpi"))?;
                set(&mut options.resolution, name, resolution)
            }
            "bill" | "billing" => set(&mut options.billing, name, words()),
            _ => Err(format!("option \"{}\" is not known here", shown(name))),
        }
    }

    /// What is to be fetched, if anything is.
    pub(super) fn fetch(&mut self) -> Result<Option<FetchRequest>, String> {
        let request = FetchRequest { selective: self.selective.take(), password: self.password.take() };
        match self.poll {
            Some(()) if self.sub_address.is_some() => {
                Err("T33S is for a fax that is sent, and POLL fetches one: write SEP for the document that is meant"
                    .into())
            }
            Some(()) if self.options.resolution.is_some() => {
                Err("quality is for a fax that is sent: leave it out where POLL fetches one".into())
            }
            Some(()) => Ok(Some(request)),
            None if request != FetchRequest::default() => {
                Err("SEP and PWD are for a document that is fetched: write /POLL before them".into())
            }
            None => Ok(None),
        }
    }
}

/// The word that makes an address one to fetch from.
pub(super) fn is_poll(segment: &str) -> bool {
    segment.eq_ignore_ascii_case("POLL")
}

pub(super) fn set<T>(option: &mut Option<T>, name: &str, value: T) -> Result<(), String> {
    match option.replace(value) {
        None => Ok(()),
        Some(_) => Err(format!("option \"{}\" is given twice", shown(name))),
    }
}

// RFC 3192 §4
fn sub_address(value: &str) -> Option<String> {
    is_digits(value).then(|| value.to_owned())
}

fn yes_or_no(value: &str) -> Option<bool> {
    match value.to_ascii_lowercase().as_str() {
        "on" | "yes" => Some(true),
        "off" | "no" | "none" => Some(false),
        _ => None,
    }
}
