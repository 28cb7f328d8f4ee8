//! The manual pages and the completions, made from the declaration of the command line.

use std::fmt::Write as _;
use std::path::Path;

use clap_complete::Shell;
use clap_mangen::Man;

use super::console::Console;
use super::exit::{Ended, Exit, Failure};

/// The shells that completions are made for, each with the name of its file under `contrib/completions`.
pub const SHELLS: [(Shell, &str); 3] =
    [(Shell::Bash, "faxramp.bash"), (Shell::Zsh, "_faxramp"), (Shell::Fish, "faxramp.fish")];

/// One manual page.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Page {
    /// Its name: `faxramp-queue-list`.
    pub name: String,
    /// Its text in roff.
    pub text: String,
}

impl Page {
    /// The name of its file.
    #[must_use]
    pub fn file_name(&self) -> String {
        format!("{}.1", self.name)
    }
}

/// The completions for one shell.
#[must_use]
pub fn completions(shell: Shell) -> String {
    let mut octets = Vec::new();
    clap_complete::generate(shell, &mut super::command(), "faxramp", &mut octets);
    String::from_utf8_lossy(&octets).into_owned()
}

/// All manual pages of section 1, the one of the program first.
#[must_use]
pub fn manual_pages() -> Vec<Page> {
    let mut root = super::command();
    root.build();
    let mut pages = Vec::new();
    add(&root, &mut pages);
    pages
}

fn add(command: &clap::Command, pages: &mut Vec<Page>) {
    let name = command.get_display_name().unwrap_or_else(|| command.get_name()).to_owned();
    pages.push(Page { text: text(command, &name, pages.is_empty()), name });
    for below in command.get_subcommands().filter(|below| !below.is_hide_set()) {
        add(below, pages);
    }
}

fn text(command: &clap::Command, name: &str, is_root: bool) -> String {
    // Built commands say "faxramp queue list" in their synopsis; the page is found as faxramp-queue-list.
    let man = Man::new(command.clone()).title(name.to_uppercase()).source("faxramp").manual("faxramp");
    let mut octets = Vec::new();
    let has_commands = command.get_subcommands().any(|below| !below.is_hide_set());
    let written = man
        .render_title(&mut octets)
        .and_then(|()| man.render_name_section(&mut octets))
        .and_then(|()| man.render_synopsis_section(&mut octets))
        .and_then(|()| man.render_description_section(&mut octets))
        .and_then(|()| man.render_options_section(&mut octets))
        .and_then(|()| if has_commands { man.render_subcommands_section(&mut octets) } else { Ok(()) });
    written.expect("a Vec takes everything");
    let mut text = String::from_utf8_lossy(&octets).into_owned();
    if is_root {
        text.push_str(&closing_sections());
    } else {
        text.push_str(".SH \"EXIT STATUS\"\nSee\n.BR faxramp (1).\n");
    }
    text.push_str(".SH \"SEE ALSO\"\n");
    text.push_str(if is_root { ".BR faxramp.toml (5)\n" } else { ".BR faxramp (1),\n.BR faxramp.toml (5)\n" });
    text
}

fn closing_sections() -> String {
    let mut text = String::from(".SH \"EXIT STATUS\"\n");
    for exit in Exit::ALL {
        let _ = writeln!(text, ".TP\n.B {}\n{}", exit.code(), exit.meaning());
    }
    text.push_str(
        ".PP\nWhen a command is given several faxes, it does what it can and exits with the code of the first that failed.\n\
         .SH ENVIRONMENT\n\
         .TP\n.B FAXRAMP_CONFIG\nThe configuration file, when \\-\\-config is left out.\n\
         .TP\n.B NO_COLOR\nWhen set to anything, no colour is used. Colour is used on terminals only.\n\
         .TP\n.B NOTIFY_SOCKET\nWhere faxramp serve tells the service manager that it is ready, reloading or stopping; see\n\
         .BR sd_notify (3).\n\
         .TP\n.B CREDENTIALS_DIRECTORY\nWhere password files with a relative name are looked for first; see\n\
         .BR faxramp.toml (5).\n\
         .SH FILES\n\
         .TP\n.I /etc/faxramp/faxramp.toml\nThe configuration; see\n.BR faxramp.toml (5).\n\
         .TP\n.I /var/lib/faxramp\nThe queue, messages and pages; server.data_directory of the configuration.\n\
         .SH EXAMPLES\n\
         .TP\n.B faxramp config check\nTell every fault of the configuration.\n\
         .TP\n.B faxramp send contract.pdf +390212345\nFax a file and watch it go.\n\
         .TP\n.B faxramp queue list \\-\\-state ready \\-\\-state dialling\nWhat waits and what is on the line.\n\
         .TP\n.B faxramp queue show 17 \\-\\-json | jq .[0].calls\nThe calls made for a fax, for programs.\n",
    );
    text
}

/// `faxramp man`.
pub(super) fn run(page: &str, directory: Option<&Path>, console: &mut Console) -> Ended {
    let pages = manual_pages();
    if let Some(directory) = directory {
        for page in &pages {
            let path = directory.join(page.file_name());
            std::fs::create_dir_all(directory).and_then(|()| std::fs::write(&path, &page.text)).map_err(|error| {
                Failure::new(Exit::Unavailable, format!("{} cannot be written: {error}", path.display()))
            })?;
            console.say(path.display().to_string());
        }
        return Ok(Exit::Ok);
    }
    let name = page.trim_end_matches(".1");
    let Some(found) = pages.iter().find(|page| page.name == name) else {
        let names: Vec<&str> = pages.iter().map(|page| page.name.as_str()).collect();
        return Err(Failure::new(Exit::Data, format!("there is no manual page {name:?}"))
            .advising(format!("there are: {}", names.join(", "))));
    };
    console.write_raw(&found.text);
    Ok(Exit::Ok)
}
