//! `faxramp offer`: documents that others may fetch from us by calling (polling).
//!
//! The document is drawn here and its row written beside the running server, which looks at the rows at every call.

use std::time::Duration;

use jiff::civil::{Date, DateTime};
use serde_json::{Value, json};

use super::arguments::{Offer as Command, OfferAdd};
use super::console::{Console, Line, Style};
use super::document::Document;
use super::exit::{Ended, Exit, Failure};
use super::moments::{Moment, for_programs};
use super::table::{Cell, Table};
use super::{queue, render};
use crate::app;
use crate::config::Config;
use crate::model::{Cause, NumberPattern, OfferId, Password, PatternError};
use crate::policy::Schedule;
use crate::queue::{Fetching, NewOffer, Offer, QueueError, Refusal, Store};
use crate::spool::{Kind, Spool};
use crate::stage;

/// Fetchings of one document that are told.
const MOST_FETCHINGS: u32 = 1000;

pub(super) fn run(command: Command, config: Config, moment: &Moment, console: &mut Console) -> Ended {
    let store = queue::open(&config)?;
    match command {
        Command::Add(what) => add(&what, config, &store, moment, console),
        Command::List { all, json } => list(all, json, &store, moment, console),
        Command::Remove { ids, json } => remove(&ids, json, &store, moment, console),
    }
}

fn add(what: &OfferAdd, config: Config, store: &Store, moment: &Moment, console: &mut Console) -> Ended {
    let numbers = what.numbers.iter().map(|text| pattern(text)).collect::<Result<Vec<_>, _>>()?;
    let until_ms = what.until.as_deref().map(|text| until(text, moment)).transpose()?;
    let document = Document::read(&what.file)?;
    let spool_directory = app::spool_directory(&config);
    let nobody_calls = config.inbound.is_empty();
    let drawn = render::drawn(&document, config)?;
    let failed = |reason: String| Failure::new(Exit::Failed, reason);
    let tiff = stage::render::tiff_of(&drawn.pages).map_err(failed)?;
    let pages = stage::pages::load(&tiff).map_err(failed)?;
    let unavailable = |error: &dyn std::fmt::Display| {
        Failure::new(Exit::Unavailable, error.to_string())
            .advising("run this as the user the server runs as, or as root")
    };
    let spool = Spool::open(&spool_directory).map_err(|error| unavailable(&error))?;
    let mut writer = spool.create(Kind::Pages).map_err(|error| unavailable(&error))?;
    writer.write(&tiff).map_err(|error| unavailable(&error))?;
    let name = writer.commit().map_err(|error| unavailable(&error))?;
    spool.give_to_owner(&name).map_err(|error| unavailable(&error))?;
    let new = NewOffer {
        name: what.name.clone().unwrap_or_else(|| document.name.clone()),
        numbers,
        selective: what.selective.clone(),
        password: what.password.as_deref().and_then(Password::parse),
        once: what.once,
        pages_file: name.to_string(),
        pages: pages.iter().map(stage::offer::offered_page).collect(),
        created_ms: moment.now_ms,
        until_ms,
    };
    let count = new.pages.len();
    let id = match store.add_offer(new) {
        Ok(id) => id,
        Err(error) => {
            let _ = spool.remove(&name);
            return Err(refused(&error));
        }
    };
    if what.json {
        console.say_json(&json!({"id": id.0, "pages": count, "warnings": drawn.warnings}));
        return Ok(Exit::Ok);
    }
    let pages = if count == 1 { "page" } else { "pages" };
    console.say(Line::new().and(Style::Good, format!("document {id}: {count} {pages}, offered from the next call on")));
    for warning in &drawn.warnings {
        console.say(Line::new().and(Style::Notable, format!("note: {warning}")));
    }
    if nobody_calls {
        let note = "note: no [[inbound]] answers a number, so nobody can fetch it yet";
        console.say(Line::new().and(Style::Notable, note));
    }
    Ok(Exit::Ok)
}

fn pattern(text: &str) -> Result<NumberPattern, Failure> {
    text.parse().map_err(|error: PatternError| Failure::new(Exit::Data, error.to_string()))
}

/// The moment a person means: a day (its end), a local time, or a span from now.
fn until(text: &str, moment: &Moment) -> Result<i64, Failure> {
    let wrong = |what: &str| {
        Failure::new(Exit::Data, format!("--until {text}: {what}"))
            .advising("write 2026-12-31, 2026-12-31T18:00, or a span such as 90m, 8h or 14d")
    };
    let span =
        text.parse::<Schedule>().ok().and_then(|schedule| schedule.delay(0)).filter(|_| !text.contains([',', '*']));
    let end_of_day = |date: Date| date.tomorrow().ok().map(|next| next.to_datetime(jiff::civil::Time::midnight()));
    // A day is read as a time too, that of its first moment, so the shorter form is tried first.
    let local = text.parse::<Date>().ok().filter(|_| text.len() <= 10).and_then(end_of_day);
    let local = local.or_else(|| text.parse::<DateTime>().ok());
    let at = match (span, local) {
        (Some(span), _) => moment.later(Duration::from_secs(span.as_secs())),
        (None, Some(local)) => {
            let zoned = local.to_zoned(moment.zone.clone()).map_err(|_| wrong("there is no such time here"))?;
            zoned.timestamp().as_millisecond()
        }
        (None, None) => return Err(wrong("this is no time")),
    };
    if at <= moment.now_ms { Err(wrong("this is over")) } else { Ok(at) }
}

fn list(all: bool, as_json: bool, store: &Store, moment: &Moment, console: &mut Console) -> Ended {
    let found = if all { store.offers() } else { store.live_offers(moment.now_ms) };
    let offers = found.map_err(|error| queue::failure(&error))?;
    let mut listed = Vec::new();
    for offer in offers {
        let fetchings = store.fetchings(offer.id, MOST_FETCHINGS).map_err(|error| queue::failure(&error))?;
        listed.push((offer, fetchings));
    }
    if as_json {
        let values = listed.iter().map(|(offer, fetchings)| for_program(offer, fetchings, moment)).collect();
        console.say_json(&Value::Array(values));
        return Ok(Exit::Ok);
    }
    if listed.is_empty() {
        console.say(if all { "Nothing was offered." } else { "Nothing is offered." });
        return Ok(Exit::Ok);
    }
    let heading = ["ID", "NAME", "NUMBERS", "SELECTIVE", "PASSWORD", "PAGES", "UNTIL", "FETCHED", "LAST FETCHED BY"];
    let mut table = Table::new(&heading, &[0, 5, 7]);
    for (offer, fetchings) in &listed {
        table.push(row(offer, fetchings, moment));
    }
    for line in table.lines(console.columns()) {
        console.say(line);
    }
    Ok(Exit::Ok)
}

/// Whether all of it was confirmed.
fn is_whole(offer: &Offer, fetching: &Fetching) -> bool {
    fetching.cause == Some(Cause::Sent) && fetching.pages_confirmed as usize == offer.pages.len()
}

fn row(offer: &Offer, fetchings: &[Fetching], moment: &Moment) -> Vec<Cell> {
    let numbers: Vec<String> = offer.numbers.iter().map(ToString::to_string).collect();
    let until = match offer.ended_by(moment.now_ms) {
        Some((at, end)) => Cell::styled(Style::Dim, format!("{} {}", end.word(), moment.show(at))),
        None => {
            let until = offer.until_ms.map(|until| moment.show(until));
            let once = offer.once.then(|| "fetched once".to_owned());
            Cell::from(until.into_iter().chain(once).collect::<Vec<_>>().join(", or "))
        }
    };
    let last = fetchings.first().map_or_else(String::new, |fetching| {
        let who = fetching.caller.clone().or_else(|| fetching.remote_id.clone()).unwrap_or_else(|| "unknown".into());
        let outcome = match fetching.sentence.as_deref().filter(|_| !is_whole(offer, fetching)) {
            Some(sentence) => format!(": {sentence}"),
            None => String::new(),
        };
        format!("{who} {}{outcome}", moment.show(fetching.opened_ms))
    });
    let whole = fetchings.iter().filter(|fetching| is_whole(offer, fetching)).count();
    vec![
        offer.id.to_string().into(),
        offer.name.clone().into(),
        numbers.join(" ").into(),
        offer.selective.clone().unwrap_or_default().into(),
        if offer.password.is_some() { "yes" } else { "no" }.into(),
        offer.pages.len().to_string().into(),
        until,
        whole.to_string().into(),
        last.into(),
    ]
}

/// A document for programs. Names are stable; what is unknown is null.
fn for_program(offer: &Offer, fetchings: &[Fetching], moment: &Moment) -> Value {
    let ended = offer.ended_by(moment.now_ms);
    let fetching = |fetching: &Fetching| {
        json!({
            "id": fetching.id.0,
            "received": fetching.received.map(|received| received.0),
            "called": fetching.called,
            "caller": fetching.caller,
            "remote_id": fetching.remote_id,
            "opened": for_programs(fetching.opened_ms),
            "closed": fetching.closed_ms.map(for_programs),
            "pages_confirmed": fetching.pages_confirmed,
            "whole": is_whole(offer, fetching),
            "cause": fetching.cause.as_ref().map(Cause::word),
            "sentence": fetching.sentence,
        })
    };
    json!({
        "id": offer.id.0,
        "name": offer.name,
        "numbers": offer.numbers.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "selective": offer.selective,
        "password": offer.password.is_some(),
        "once": offer.once,
        "pages": offer.pages.len(),
        "created": for_programs(offer.created_ms),
        "until": offer.until_ms.map(for_programs),
        "ended": ended.map(|(at, _)| for_programs(at)),
        "end": ended.map(|(_, end)| end.word()),
        "fetchings": fetchings.iter().map(fetching).collect::<Vec<_>>(),
    })
}

fn remove(ids: &[i64], as_json: bool, store: &Store, moment: &Moment, console: &mut Console) -> Ended {
    let mut first_failure = Exit::Ok;
    let mut results = Vec::new();
    for id in ids {
        match store.remove_offer(OfferId(*id), moment.now_ms).map_err(|error| refused(&error)) {
            Ok(()) if as_json => results.push(json!({"id": id, "done": true})),
            Ok(()) => console.say(format!("document {id}: no longer offered")),
            Err(failure) => {
                if as_json {
                    let (sentence, advice) = (&failure.sentence, &failure.advice);
                    results.push(json!({"id": id, "done": false, "sentence": sentence, "advice": advice}));
                } else {
                    console.tell(&failure);
                }
                first_failure = if first_failure == Exit::Ok { failure.exit } else { first_failure };
            }
        }
    }
    if as_json {
        console.say_json(&Value::Array(results));
    }
    Ok(first_failure)
}

fn refused(error: &QueueError) -> Failure {
    let failure = queue::failure(error);
    match error {
        QueueError::Refused(Refusal::NoOffer(_)) => failure.advising("faxramp offer list tells which there are"),
        QueueError::Refused(Refusal::TooManyOffers) => failure.advising("faxramp offer remove takes one away"),
        QueueError::Refused(Refusal::TextTooLong(_)) => failure.advising("write a shorter one"),
        QueueError::Refused(_) | QueueError::Local(_) | QueueError::Bug(_) => failure,
    }
}

#[cfg(test)]
mod tests {
    use super::until;
    use crate::cli::moments::Moment;
    use jiff::tz::{TimeZone, offset};

    #[test]
    fn the_end_of_an_offer_is_a_day_a_time_or_a_span() {
        // 2027-01-15 09:00 an hour east of Greenwich
        let moment = Moment { now_ms: 1_800_000_000_000, zone: TimeZone::fixed(offset(1)) };
        let shown =
            |text: &str| until(text, &moment).map(|at| moment.show_full(at)).map_err(|failure| failure.sentence);
        assert_eq!(shown("90m").as_deref(), Ok("2027-01-15 10:30:00"));
        assert_eq!(shown("14d").as_deref(), Ok("2027-01-29 09:00:00"));
        assert_eq!(shown("2027-01-15").as_deref(), Ok("2027-01-16 00:00:00"), "the day counts to its end");
        assert_eq!(shown("2027-01-15T18:00").as_deref(), Ok("2027-01-15 18:00:00"));
        for wrong in ["2027-01-14", "2027-01-15T08:59", "", "1m,2m", "tomorrow", "2027-02-30"] {
            assert!(shown(wrong).is_err(), "{wrong}");
        }
    }
}
