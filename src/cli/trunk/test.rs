//! Asking a trunk what is wrong.

use serde_json::{Value, json};

use crate::app;
use crate::cli::console::{Console, Line, Style};
use crate::cli::exit::{Ended, Exit, Failure};
use crate::config::{Config, Trunk};
use crate::stage::probe::{Finding, Weight};

pub(super) fn run(trunk: &Trunk, as_json: bool, config: &Config, console: &mut Console) -> Ended {
    let runtime = crate::cli::runtime()?;
    let findings = runtime.block_on(app::probe(config, trunk)).map_err(|error| {
        Failure::new(Exit::Unavailable, error.to_string())
            .advising("sip.listen tells from which address trunks are asked")
    })?;
    let works = findings.iter().all(|finding| finding.weight != Weight::Bad);
    if as_json {
        let value = json!({
            "name": trunk.name,
            "works": works,
            "findings": findings.iter().map(for_program).collect::<Vec<_>>(),
        });
        console.say_json(&value);
    } else {
        for finding in &findings {
            tell(finding, console);
        }
        let (style, text) = if works {
            (Style::Good, format!("{} can be used, as far as this can tell; a fax is the proof.", trunk.name))
        } else {
            (Style::Bad, format!("{} cannot be used as it is.", trunk.name))
        };
        console.say(Line::new().and(style, text));
    }
    Ok(if works { Exit::Ok } else { Exit::Failed })
}

fn tell(finding: &Finding, console: &mut Console) {
    let (style, mark) = match finding.weight {
        Weight::Good => (Style::Good, "ok   "),
        Weight::Note => (Style::Notable, "note "),
        Weight::Bad => (Style::Bad, "wrong"),
    };
    console.say(Line::new().and(style, mark).and(Style::Plain, format!("  {}", finding.sentence)));
    if !finding.advice.is_empty() {
        console.say(Line::new().and(Style::Dim, format!("       {}", finding.advice)));
    }
}

fn for_program(finding: &Finding) -> Value {
    json!({
        "weight": finding.weight.word(),
        "subject": finding.subject,
        "sentence": finding.sentence,
        "advice": Some(&finding.advice).filter(|advice| !advice.is_empty()),
    })
}
