//! How a call over a trunk names the called number and ourselves: request, To, From, and the headers of identity.

use super::settings::{Identity, NumberUri, Telling, TrunkLine};
use crate::policy::Route;
use crate::sip::uri::DEFAULT_PORT;
use crate::sip::{Destination, Host, Invitation, NameAddress, Scheme, Uri, text::Parameters};

/// The user in From of a trunk that has neither number nor account.
const NAMELESS_USER: &str = "fax";
/// Whom the called side sees when our number is hidden.
// RFC 3323 §4.1.1.3
const ANONYMOUS: (&str, &str) = ("anonymous", "anonymous.invalid");

/// The INVITE for this route, without its body. `service_route` is what the trunk's registrar wants calls to take.
#[must_use]
pub fn invitation(trunk: &TrunkLine, route: &Route, targets: Vec<Destination>, service_route: &[String]) -> Invitation {
    let identity = &trunk.identity;
    let domain = host(&trunk.domain, trunk);
    let port = port(trunk);
    let called = number_uri(identity, &route.dialled, domain.clone(), port);
    let own =
        route.caller.as_deref().map(|caller| number_uri(identity, caller, host(&identity.from_domain, trunk), None));
    let mut headers: Vec<(String, String)> =
        service_route.iter().map(|route| ("Route".to_owned(), route.clone())).collect();
    headers.extend(identity_headers(identity, own.clone(), &domain));
    Invitation {
        from: from(trunk, own),
        from_name: display_name(identity).map(str::to_owned),
        to: called.clone(),
        request_uri: called,
        targets,
        headers,
        body: Vec::new(),
        fallback: None,
    }
}

/// The address of record of the account: who registers and who asks.
#[must_use]
pub fn account(trunk: &TrunkLine) -> Uri {
    let user = trunk.registration.as_ref().map(|registration| registration.user.as_str());
    let user = user.or(trunk.identity.from_user.as_deref()).unwrap_or(NAMELESS_USER);
    Uri::to_host(user, host(&trunk.domain, trunk), None)
}

/// The trunk as a whole, without a user.
#[must_use]
pub fn domain_of(trunk: &TrunkLine) -> Uri {
    let port = port(trunk);
    Uri::to_host("", host(&trunk.domain, trunk), port)
}

fn host(name: &str, trunk: &TrunkLine) -> Host {
    Host::parse(name).unwrap_or_else(|| trunk.server.place.host.clone())
}

fn port(trunk: &TrunkLine) -> Option<u16> {
    trunk.server.place.port.filter(|port| *port != DEFAULT_PORT)
}

fn from(trunk: &TrunkLine, own: Option<Uri>) -> Uri {
    let identity = &trunk.identity;
    if identity.hidden {
        let (user, domain) = ANONYMOUS;
        return Uri::to_host(user, Host::Name(domain.to_owned()), None);
    }
    let account = || {
        let user = identity.from_user.as_deref().unwrap_or(NAMELESS_USER);
        Uri::to_host(user, host(&identity.from_domain, trunk), None)
    };
    match identity.telling {
        Telling::From | Telling::Both => own.unwrap_or_else(account),
        Telling::Asserted | Telling::Preferred => account(),
    }
}

fn display_name(identity: &Identity) -> Option<&str> {
    if identity.hidden {
        return Some("Anonymous");
    }
    Some(identity.display_name.as_str()).filter(|name| !name.is_empty())
}

fn identity_headers(identity: &Identity, own: Option<Uri>, domain: &Host) -> Vec<(String, String)> {
    let mut headers = Vec::new();
    // RFC 3325 §9.1, §9.2; whoever hides must tell the trunk who it is all the same, or it cannot be billed.
    let name = match identity.telling {
        Telling::Asserted | Telling::Both => Some("P-Asserted-Identity"),
        Telling::Preferred => Some("P-Preferred-Identity"),
        Telling::From => identity.hidden.then_some("P-Preferred-Identity"),
    };
    if let Some((name, own)) = name.zip(own) {
        let shown = Some(identity.display_name.clone()).filter(|shown| !shown.is_empty());
        let address = NameAddress { display_name: shown, ..NameAddress::new(own) };
        headers.push((name.to_owned(), address.to_string()));
    }
    if identity.hidden {
        // RFC 3325 §9.3, RFC 3323 §4.2
        headers.push(("Privacy".to_owned(), "id".to_owned()));
    }
    if let Some(diversion) = &identity.diversion {
        // RFC 5806 §4
        let address = NameAddress::new(number_uri(identity, diversion, domain.clone(), None));
        headers.push(("Diversion".to_owned(), format!("{address};reason=unconditional;counter=1")));
    }
    headers
}

/// An address for a number, of the kind that the trunk wants.
fn number_uri(identity: &Identity, number: &str, domain: Host, port: Option<u16>) -> Uri {
    // RFC 3966 §5.1.4, §5.1.5: a number that is not global says what it is relative to.
    let context = identity.phone_context.as_deref().filter(|_| !number.starts_with('+'));
    let is_global = number.starts_with('+');
    match identity.number_uri {
        NumberUri::Tel if is_global || context.is_some() => {
            let mut parameters = Parameters::default();
            if let Some(context) = context {
                parameters.set("phone-context", Some(context));
            }
            Uri {
                scheme: Scheme::Tel,
                user: Some(number.to_owned()),
                host: None,
                port: None,
                parameters,
                headers: None,
            }
        }
        // A local tel: address without its context is none.
        NumberUri::Sip | NumberUri::SipPhone | NumberUri::Tel => {
            let user = match context {
                Some(context) => format!("{number};phone-context={context}"),
                None => number.to_owned(),
            };
            let mut uri = Uri::to_host(&user, domain, port);
            if identity.number_uri == NumberUri::SipPhone {
                // RFC 3261 §19.1.1
                uri.parameters.set("user", Some("phone"));
            }
            uri
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stage::trunks::tests::line;

    fn route(dialled: &str, caller: Option<&str>) -> Route {
        Route { trunk: "t".into(), dialled: dialled.into(), caller: caller.map(str::to_owned) }
    }

    fn invite(change: impl FnOnce(&mut Identity), caller: Option<&str>) -> (String, Option<String>, Vec<String>) {
        let mut trunk = line();
        change(&mut trunk.identity);
        let invitation = invitation(&trunk, &route("+390612345", caller), Vec::new(), &[]);
        let headers = invitation.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        (invitation.from.to_string(), invitation.from_name, headers)
    }

    #[test]
    fn the_number_is_told_where_the_trunk_wants_it_and_the_account_stands_in_from_otherwise() {
        let own = Some("+390699");
        let telling = |telling| invite(|identity| identity.telling = telling, own);
        let (from, name, headers) = telling(Telling::From);
        assert_eq!((from.as_str(), name.as_deref()), ("sip:+390699@company.example", Some("Company")));
        assert!(headers.is_empty());
        let asserted = "P-Asserted-Identity: \"Company\" <sip:+390699@company.example>";
        assert_eq!(telling(Telling::Both).2, [asserted]);
        assert_eq!(telling(Telling::Both).0, "sip:+390699@company.example");
        let (from, _, headers) = telling(Telling::Asserted);
        assert_eq!((from.as_str(), headers), ("sip:account@company.example", vec![asserted.to_owned()]));
        let preferred = telling(Telling::Preferred).2;
        assert_eq!(preferred, ["P-Preferred-Identity: \"Company\" <sip:+390699@company.example>"]);
        assert_eq!(invite(|identity| identity.telling = Telling::Asserted, None).2, Vec::<String>::new());
    }

    #[test]
    fn a_hidden_number_is_in_no_header_that_the_called_side_sees() {
        let (from, name, headers) = invite(|identity| identity.hidden = true, Some("+390699"));
        assert_eq!((from.as_str(), name.as_deref()), ("sip:anonymous@anonymous.invalid", Some("Anonymous")));
        assert_eq!(headers, ["P-Preferred-Identity: \"Company\" <sip:+390699@company.example>", "Privacy: id"]);
    }

    #[test]
    fn a_diversion_names_a_number_of_the_account() {
        let (_, _, headers) = invite(|identity| identity.diversion = Some("+390600".into()), None);
        assert_eq!(headers, ["Diversion: <sip:+390600@example.net>;reason=unconditional;counter=1"]);
    }

    #[test]
    fn numbers_are_written_in_the_kind_of_address_the_trunk_wants() {
        let called = |number_uri, context: Option<&str>, dialled| {
            let mut trunk = line();
            trunk.identity.number_uri = number_uri;
            trunk.identity.phone_context = context.map(str::to_owned);
            let invitation = invitation(&trunk, &route(dialled, None), Vec::new(), &[]);
            assert_eq!(invitation.to, invitation.request_uri);
            assert_eq!(Uri::parse(&invitation.to.to_string()).as_ref(), Ok(&invitation.to));
            invitation.to.to_string()
        };
        assert_eq!(called(NumberUri::Sip, None, "+39061"), "sip:+39061@example.net");
        assert_eq!(called(NumberUri::SipPhone, None, "+39061"), "sip:+39061@example.net;user=phone");
        assert_eq!(called(NumberUri::Tel, None, "+39061"), "tel:+39061");
        assert_eq!(called(NumberUri::Tel, Some("+39"), "061"), "tel:061;phone-context=+39");
        assert_eq!(called(NumberUri::Tel, Some("+39"), "+39061"), "tel:+39061", "a global number has no context");
        assert_eq!(called(NumberUri::Tel, None, "061"), "sip:061@example.net", "a local one needs it");
        assert_eq!(
            called(NumberUri::SipPhone, Some("example.net"), "061"),
            "sip:061;phone-context=example.net@example.net;user=phone"
        );
    }

    #[test]
    fn calls_take_the_routes_of_the_registrar_in_their_order() {
        let routes = ["<sip:a.example.net;lr>".to_owned(), "<sip:b.example.net;lr>".to_owned()];
        let invitation = invitation(&line(), &route("+39061", None), Vec::new(), &routes);
        let expected = routes.map(|value| ("Route".to_owned(), value));
        assert_eq!(invitation.headers, expected);
    }
}
