//! The command line as a whole.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::arguments::HELP_COLUMNS;
use super::console::Console;
use super::exit::Exit;
use super::{Source, command, generated, run};

fn call(words: &[&str]) -> (Exit, String, String) {
    let (mut console, kept) = Console::kept();
    let arguments = ["faxramp"].iter().chain(words).map(OsString::from);
    let exit = run(arguments, None, &mut console);
    (exit, kept.out(), kept.complaints())
}

fn every_command(command: &clap::Command, found: &mut Vec<clap::Command>) {
    found.push(command.clone());
    for below in command.get_subcommands() {
        every_command(below, found);
    }
}

#[test]
fn the_declaration_holds_together() {
    command().debug_assert();
}

#[test]
fn every_help_text_fits_its_columns_and_every_command_and_option_has_one() {
    let mut commands = Vec::new();
    let mut root = command();
    root.build();
    every_command(&root, &mut commands);
    assert!(commands.len() > 15, "{}", commands.len());
    for mut command in commands {
        let name = command.get_display_name().unwrap_or_else(|| command.get_name()).to_owned();
        assert!(command.get_about().is_some(), "{name} says nothing of itself");
        for option in command.get_arguments() {
            assert!(option.get_help().is_some(), "{name}: {} has no help", option.get_id());
        }
        for help in [command.render_help(), command.render_long_help()] {
            for line in help.to_string().lines() {
                assert!(line.chars().count() <= HELP_COLUMNS, "{name}: {line}");
            }
        }
    }
}

#[test]
fn a_wrong_command_line_is_64_and_help_is_0() {
    for words in
        [&[][..], &["dial"], &["queue"], &["queue", "show"], &["queue", "list", "--limit", "0"], &["send", "a.pdf"]]
    {
        let (exit, out, complaints) = call(words);
        assert_eq!((exit, out.as_str()), (Exit::Usage, ""), "{words:?}");
        assert!(complaints.contains("Usage: faxramp") || complaints.contains("--help"), "{words:?}: {complaints}");
    }
    for words in [&["--help"][..], &["queue", "--help"], &["queue", "retry", "-h"], &["--version"]] {
        let (exit, out, complaints) = call(words);
        assert_eq!((exit, complaints.as_str()), (Exit::Ok, ""), "{words:?}");
        assert!(out.contains("faxramp"), "{words:?}");
    }
}

#[test]
fn the_exit_codes_are_those_of_sysexits() {
    let codes: Vec<u8> = Exit::ALL.into_iter().map(Exit::code).collect();
    assert_eq!(codes, [0, 1, 64, 65, 69, 75, 78]);
}

#[test]
fn all_faults_of_a_configuration_are_told_and_the_code_is_78() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("bad.toml");
    std::fs::write(&path, "[server]\nhostnam = \"a\"\n[smtp]\nlisten = 25\n").expect("written");
    let path = path.display().to_string();
    let (exit, out, complaints) = call(&["config", "check", &path]);
    assert_eq!((exit, out.as_str()), (Exit::Config, ""));
    assert!(complaints.contains("bad.toml:2:1: server.hostnam") && complaints.contains("bad.toml:4:"), "{complaints}");
    assert!(complaints.contains("2 faults in"), "{complaints}");
    let (exit, out, _) = call(&["config", "check", "--json", &path]);
    assert_eq!(exit, Exit::Config);
    let told: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!((&told["sound"], &told["problems"][0]["line"]), (&false.into(), &2.into()));
    let (exit, _, complaints) = call(&["--config", &path, "queue", "list"]);
    assert_eq!(exit, Exit::Config, "{complaints}");
}

#[test]
fn the_sample_is_a_sound_configuration() {
    let (exit, sample, _) = call(&["config", "reference"]);
    assert_eq!(exit, Exit::Ok);
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("faxramp.toml");
    std::fs::write(&path, sample).expect("written");
    let (exit, out, complaints) = call(&["config", "check", &path.display().to_string()]);
    assert_eq!(exit, Exit::Ok, "{complaints}");
    assert!(out.contains("no fault found"), "{out}");
}

#[test]
fn a_configuration_that_is_not_there_is_told_with_what_to_do() {
    let (exit, _, complaints) = call(&["--config", "/nowhere/faxramp.toml", "queue", "list"]);
    assert_eq!(exit, Exit::Config);
    assert!(complaints.contains("/nowhere/faxramp.toml") && complaints.contains("--config"), "{complaints}");
}

#[test]
fn the_option_goes_before_the_variable_and_the_variable_before_the_default() {
    let source = |option: Option<&str>, variable: Option<&str>| {
        let source = Source::new(option.map(PathBuf::from), variable.map(OsString::from));
        (source.path.display().to_string(), source.named)
    };
    assert_eq!(source(Some("/a"), Some("/b")), ("/a".into(), true));
    assert_eq!(source(None, Some("/b")), ("/b".into(), true));
    assert_eq!(source(None, Some("")), ("/etc/faxramp/faxramp.toml".into(), false));
}

#[test]
fn every_command_has_a_manual_page_that_names_the_exit_codes() {
    let pages = generated::manual_pages();
    let names: Vec<&str> = pages.iter().map(|page| page.name.as_str()).collect();
    for name in ["faxramp", "faxramp-serve", "faxramp-queue", "faxramp-queue-list", "faxramp-config-check"] {
        assert!(names.contains(&name), "{names:?}");
    }
    for page in &pages {
        assert!(page.text.contains(".SH NAME") && page.text.contains("EXIT STATUS"), "{}", page.name);
    }
    for exit in Exit::ALL {
        assert!(pages[0].text.contains(&format!(".B {}\n{}", exit.code(), exit.meaning())), "{exit:?}");
    }
}

#[test]
fn a_manual_page_is_printed_by_name_or_all_are_written() {
    assert!(
        call(&["man", "faxramp-queue-list.1"]).1.contains("--state")
            || call(&["man", "faxramp-queue-list"]).1.contains("\\-\\-state")
    );
    let (exit, _, complaints) = call(&["man", "faxramp-dial"]);
    assert_eq!(exit, Exit::Data);
    assert!(complaints.contains("faxramp-queue-show"), "{complaints}");
    let directory = tempfile::tempdir().expect("a directory");
    let below = directory.path().join("man1");
    let (exit, _, _) = call(&["man", "--directory", &below.display().to_string()]);
    assert_eq!(exit, Exit::Ok);
    assert!(Path::new(&below).join("faxramp-send.1").exists());
}

#[test]
fn completions_are_made_for_each_shell() {
    for shell in ["bash", "zsh", "fish"] {
        let (exit, out, _) = call(&["completions", shell]);
        assert_eq!(exit, Exit::Ok);
        assert!(out.contains("queue"), "{shell}");
    }
}
