//! ESMTP parameters before smtp-proto sees them: only what we announced, each once; and those that it does not read
//! as the standard has them: SIZE (it wraps around), ORCPT (it knows one type) and ENVID (it drops what is no xtext).

// RFC 5321 §4.1.1.11, RFC 1870 §5, RFC 3461 §4

use super::OriginalRecipient;

/// Longest ORCPT value in octets, as sent.
// RFC 3461 §4.2 says 500; every octet of our longest address may come as three
const MAX_ORCPT: usize = 2000;
/// Longest ENVID value in octets.
// RFC 3461 §4.4
const MAX_ENVID: usize = 100;

/// Why the parameters of a command are refused.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum ParameterError {
    /// Not one we announced.
    #[error("parameter {0} is not known here")]
    Unknown(String),
    /// Given more than once.
    #[error("parameter {0} is given twice")]
    Twice(String),
    /// Its value is not what the standard lets it be.
    #[error("the value of parameter {0} is wrong")]
    Value(String),
}

/// Parameters, split: `rest` is for smtp-proto, each with a blank before it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Parameters {
    pub(super) rest: String,
    pub(super) size: Option<u64>,
    pub(super) envid: Option<String>,
    pub(super) orcpt: Option<OriginalRecipient>,
}

/// Splits what follows the path. `known` are the names that this command takes, in capitals.
pub(super) fn split(text: &str, known: &[&'static str]) -> Result<Parameters, ParameterError> {
    let mut parameters = Parameters::default();
    let mut seen: Vec<&str> = Vec::new();
    for parameter in text.split(' ').filter(|parameter| !parameter.is_empty()) {
        let (keyword, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        let Some(&name) = known.iter().find(|name| keyword.eq_ignore_ascii_case(name)) else {
            return Err(ParameterError::Unknown(keyword.chars().take(MAX_NAME_SHOWN).collect()));
        };
        if seen.contains(&name) {
            return Err(ParameterError::Twice(name.into()));
        }
        seen.push(name);
        let wrong = || ParameterError::Value(name.into());
        match name {
            "SIZE" => parameters.size = Some(size(value).ok_or_else(wrong)?),
            "ORCPT" => parameters.orcpt = Some(original_recipient(value).ok_or_else(wrong)?),
            "ENVID" => parameters.envid = Some(envelope_id(value).ok_or_else(wrong)?),
            _ => {
                parameters.rest.push(' ');
                parameters.rest.push_str(parameter);
            }
        }
    }
    Ok(parameters)
}

/// Up to 20 digits by the standard; a number that we cannot hold is larger than any limit.
// RFC 1870 §5
fn size(value: &str) -> Option<u64> {
    let sound = (1..=20).contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_digit());
    sound.then(|| value.parse().unwrap_or(u64::MAX))
}

// RFC 3461 §4.2; RFC 6533 §3 for utf-8
fn original_recipient(value: &str) -> Option<OriginalRecipient> {
    let (address_type, address) = value.split_once(';')?;
    let type_sound = !address_type.is_empty()
        && address_type.len() <= MAX_ADDRESS_TYPE
        && address_type.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if !type_sound || address.is_empty() || value.len() > MAX_ORCPT {
        return None;
    }
    let address_type = address_type.to_ascii_lowercase();
    let address = if address_type == "utf-8" { address.to_owned() } else { from_xtext(address)? };
    Some(OriginalRecipient { address_type, address })
}

fn envelope_id(value: &str) -> Option<String> {
    (1..=MAX_ENVID).contains(&value.len()).then(|| from_xtext(value))?
}

/// Decodes xtext. What decodes to a control character or beyond ASCII is refused: these values go into the headers of
/// reports.
// RFC 3461 §4
fn from_xtext(value: &str) -> Option<String> {
    let mut decoded = String::with_capacity(value.len());
    let mut bytes = value.bytes();
    while let Some(byte) = bytes.next() {
        let octet = match byte {
            b'+' => hexadecimal(bytes.next()?)? * 16 + hexadecimal(bytes.next()?)?,
            b'=' => return None,
            _ => byte,
        };
        if octet != b' ' && !octet.is_ascii_graphic() {
            return None;
        }
        decoded.push(char::from(octet));
    }
    Some(decoded)
}

/// Capitals by the standard; small letters are met.
fn hexadecimal(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

/// How much of a name unknown to us is told back.
const MAX_NAME_SHOWN: usize = 40;
/// Longest name of an address type.
const MAX_ADDRESS_TYPE: usize = 40;

#[cfg(test)]
mod tests {
    use super::{ParameterError, split};

    const RCPT: &[&str] = &["NOTIFY", "ORCPT"];

    /// As Postfix 3.7 sends it over LMTP.
    #[test]
    fn the_original_recipient_is_decoded() {
        let parameters = split(" ORCPT=rfc822;FAX+3D+2B1202/T33S+3D6377@fax.example NOTIFY=NEVER", RCPT);
        let parameters = parameters.expect("sound");
        assert_eq!(parameters.rest, " NOTIFY=NEVER");
        let orcpt = parameters.orcpt.expect("present");
        assert_eq!(
            (orcpt.address_type.as_str(), orcpt.address.as_str()),
            ("rfc822", "FAX=+1202/T33S=6377@fax.example")
        );
    }

    #[test]
    fn other_address_types_are_kept() {
        for (text, kind, address) in
            [(" orcpt=FAX;+2B39", "fax", "+39"), (" ORCPT=utf-8;\\x{E4}@fax.example", "utf-8", "\\x{E4}@fax.example")]
        {
            let orcpt = split(text, RCPT).expect("sound").orcpt.expect("present");
            assert_eq!((orcpt.address_type.as_str(), orcpt.address.as_str()), (kind, address));
        }
    }

    #[test]
    fn xtext_cannot_smuggle_a_line_end_into_a_report() {
        for value in ["rfc822;a+0D+0AX:y", "rfc822;a+00", "rfc822;a+2", "rfc822;a=b", "rfc822;+E4", "rfc822;", "a b"] {
            assert!(split(&format!(" ORCPT={value}"), RCPT).is_err(), "{value}");
        }
    }

    #[test]
    fn a_parameter_not_announced_or_given_twice_is_refused() {
        assert_eq!(split(" HOLDFOR=60", RCPT), Err(ParameterError::Unknown("HOLDFOR".into())));
        assert_eq!(split(" NOTIFY=NEVER notify=DELAY", RCPT), Err(ParameterError::Twice("NOTIFY".into())));
    }
}
