//! The configuration as an administrator meets it: files in, faults or values out.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{Action, Config, Errors, check_text, load, reference};

fn in_repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn faults(text: &str) -> Vec<String> {
    match check_text("faxramp.toml", text) {
        Ok(_) => Vec::new(),
        Err(errors) => errors.problems().iter().map(ToString::to_string).collect(),
    }
}

/// Each bad file begins with a comment that names, line by line, exactly the faults it must give.
#[test]
fn every_bad_file_gives_exactly_the_faults_it_names() {
    let mut seen = 0;
    let folder = in_repository("tests/config/bad");
    for entry in std::fs::read_dir(&folder).expect("the folder of bad files") {
        let path = entry.expect("an entry").path();
        let text = std::fs::read_to_string(&path).expect("a bad file");
        let wanted: Vec<&str> = text
            .lines()
            .map_while(|line| line.strip_prefix("#"))
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .collect();
        let found = faults(&text).join("\n").replace("faxramp.toml: ", "").replace("faxramp.toml:", "");
        let update = std::env::var_os("UPDATE").is_some_and(|value| value == "1");
        if update && found != wanted.join("\n") {
            let body: Vec<&str> = text.lines().skip_while(|line| line.starts_with('#')).collect();
            // The comment shifts the lines, so it is written until it stands still.
            let head = faults(&text).len();
            let blank = vec!["#".to_owned(); head];
            let shifted = faults(&format!("{}\n{}\n", blank.join("\n"), body.join("\n")));
            let comment: Vec<String> = shifted
                .iter()
                .map(|fault| format!("# {}", fault.replace("faxramp.toml: ", "").replace("faxramp.toml:", "")))
                .collect();
            std::fs::write(&path, format!("{}\n{}\n", comment.join("\n"), body.join("\n"))).expect("rewritten");
        } else {
            assert_eq!(found, wanted.join("\n"), "{}", path.display());
        }
        assert!(update || !wanted.is_empty(), "{} names no fault", path.display());
        seen += 1;
    }
    assert!(seen >= 10, "only {seen} bad files");
}

#[test]
fn generated_files_are_those_committed() {
    for (path, text) in [("contrib/faxramp.toml", reference::sample()), ("man/faxramp.toml.5", reference::manual())] {
        let path = in_repository(path);
        if std::env::var_os("UPDATE").is_some_and(|value| value == "1") {
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            std::fs::write(&path, &text).expect("written");
        }
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(committed == text, "{} is not what the declarations give; run with UPDATE=1", path.display());
    }
}

#[test]
fn the_sample_as_it_stands_means_the_defaults() {
    let sample = check_text("sample", &reference::sample()).expect("the sample is sound");
    assert_eq!(sample, Config::default());
}

#[test]
fn every_example_of_the_sample_can_be_used() {
    let used: Vec<String> = reference::sample()
        .lines()
        .map(|line| match line.strip_prefix('#') {
            Some(rest) if !rest.starts_with(' ') => rest.to_owned(),
            _ => line.to_owned(),
        })
        .collect();
    // The only faults there may be: a default and an example that need one another's company, or exclude it.
    let found = faults(&used.join("\n"));
    let expected = [
        "smtp.fax_domains: there are [[allow]] rules",
        "delivery.password_file: cannot be set together with password",
        "delivery.maildir: cannot be set together with delivery.smarthost",
        "trunk[0].password_file: cannot be set together with password",
        "delivery.tls: would send the password",
        "trunk[0].registrar: is set, but register is false",
        "trunk[0].register_user: is set, but register is false",
        "trunk[0].from_user: would never be used",
        "peer[0].addresses: is empty, and so is certificates",
        "peer[0].password_file: cannot be set together with password",
    ];
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    for (fault, expected) in found.iter().flat_map(|fault| expected.iter().map(move |expected| (fault, expected))) {
        let key = expected.split(':').next().expect("a key");
        assert!(!fault.contains(&format!(" {key}:")) || fault.contains(expected), "{fault}");
    }
}

#[test]
fn an_empty_file_lets_nobody_in_and_nobody_dial() {
    let config = Config::default();
    assert!(config.smtp.listen.iter().all(|listen| listen.ip().is_loopback()));
    assert!(config.sip.listen.iter().all(|listen| listen.address.ip().is_loopback()));
    let far = "192.0.2.1".parse().expect("an address");
    assert!(!config.smtp.trusted_peers.iter().chain(&config.sip.allowed_peers).any(|network| network.contains(far)));
    assert!(config.allow.is_empty() && config.trunk.is_empty() && config.inbound.is_empty());
    assert_eq!(config.queue.lifetime, Duration::from_secs(24 * 3600));
    assert_eq!(config.smtp.max_message_size, 35_000_000);
}

#[test]
fn the_example_of_the_manual_is_sound() {
    let config = check_text("example", reference::EXAMPLE).expect("the example is sound");
    assert_eq!(config.allow[0].action, Action::Allow);
    assert_eq!(config.trunk[0].channels, 4, "the default of a section that comes several times");
    assert_eq!(config.trunk[0].proxy.to_string(), "192.0.2.10:5060");
    assert_eq!(config.numbers.national_prefix, "");
}

#[test]
fn every_key_stands_in_the_manual_the_sample_and_the_reference() {
    let (manual, sample, markdown) = (reference::manual(), reference::sample(), reference::markdown());
    let mut keys = 0;
    for (section, _, _, section_keys) in Config::reference() {
        for key in section_keys {
            keys += 1;
            assert!(manual.contains(&format!("\n.B {}\n", key.name)), "{section}.{}", key.name);
            assert!(sample.lines().any(|line| line.trim_start_matches('#').starts_with(&format!("{} = ", key.name))));
            assert!(markdown.contains(&format!("| `{}` |", key.name)), "{section}.{}", key.name);
            assert!(key.paragraph().len() > 10 && key.paragraph().ends_with('.'), "{section}.{}", key.name);
            assert!(key.default.is_some() || key.example.is_some(), "{section}.{} shows no value", key.name);
        }
    }
    assert!(keys > 70, "{keys}");
}

#[test]
fn no_line_of_the_manual_begins_like_a_request_by_accident() {
    let known = [".TH", ".SH", ".TP", ".PP", ".B ", ".BR", ".I ", ".br", ".nf", ".fi", ".RS", ".RE", ".\\\""];
    for line in reference::manual().lines().filter(|line| line.starts_with(['.', '\''])) {
        assert!(known.iter().any(|request| line.starts_with(request)), "{line}");
    }
}

#[test]
fn a_password_file_is_read_and_the_password_never_shown() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("faxramp.toml");
    let text = format!("{}username = \"u\"\npassword_file = \"pw\"\ntls = \"required\"\n", reference::EXAMPLE);
    std::fs::write(&path, &text).expect("written");
    let errors = load(&path).expect_err("the password file is not there yet");
    assert!(errors.to_string().contains("delivery.password_file: "), "{errors}");
    assert_eq!(errors.problems().len(), 1);

    std::fs::write(folder.path().join("pw"), "correct horse\n").expect("written");
    let config = load(&path).expect("a sound file");
    assert_eq!(config.delivery.password.as_ref().map(super::Secret::reveal), Some("correct horse"));
    assert!(!format!("{config:?}").contains("correct horse"));
}

#[test]
fn a_file_that_is_not_there_is_one_clear_fault() {
    let errors = load(Path::new("/nonexistent/faxramp.toml")).expect_err("no file");
    assert!(errors.to_string().starts_with("/nonexistent/faxramp.toml: cannot be read: "), "{errors}");
}

#[test]
fn thousands_of_faults_are_counted_not_told() {
    let text: String = (0..500).map(|index| format!("key{index} = 1\n")).collect();
    let errors: Errors = check_text("faxramp.toml", &text).expect_err("faults");
    assert_eq!(errors.problems().len(), super::problem::MAX_PROBLEMS);
    assert!(errors.to_string().ends_with("and 400 more"), "{errors}");
}

proptest::proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in "\\PC{0,200}") {
        let _ = check_text("faxramp.toml", &text);
    }

    #[test]
    fn no_value_makes_the_reader_panic(
        key in proptest::sample::select(Config::reference().iter().flat_map(|(section, many, _, keys)| {
            keys.iter().map(move |key| (*section, *many, key.name))
        }).collect::<Vec<_>>()),
        value in "(\"[^\"\\\\\\p{C}]{0,40}\"|-?[0-9]{1,25}|\\[(\"[*@a-z0-9+.:/]{0,12}\",){0,3}\\]|true|1979-05-27|0x[0-9a-f]{1,20})",
    ) {
        let (section, many, name) = key;
        let head = if many { format!("[[{section}]]") } else { format!("[{section}]") };
        let _ = check_text("faxramp.toml", &format!("{head}\n{name} = {value}\n"));
    }
}

#[test]
fn the_configurations_shown_for_postfix_and_exchange_are_sound() {
    for path in ["contrib/postfix/README", "contrib/exchange/README"] {
        let text = std::fs::read_to_string(in_repository(path)).expect("a text");
        let shown: Vec<&str> = text
            .lines()
            .skip_while(|line| *line != "[smtp]")
            .take_while(|line| line.is_empty() || line.starts_with('[') || line.contains(" = "))
            .collect();
        let config = check_text(path, &shown.join("\n")).unwrap_or_else(|errors| panic!("{errors}"));
        assert_eq!((config.allow.len(), config.delivery.smarthost.is_some()), (1, true), "{path}");
    }
}
