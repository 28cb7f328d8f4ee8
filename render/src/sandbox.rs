//! The child's own walls: what this process may do once a stranger's document is in it.
//!
//! Three walls, each of which holds alone: limits on resources (no file can be written, memory and time are bounded),
//! Landlock (only fonts can be opened, for reading), and seccomp (only the system calls that drawing needs; any other kills
//! the process). No new memory can be made executable. A kernel may lack Landlock or seccomp: then [`close`] says which, and the
//! session decides by [`Sandbox`] whether to go on.

pub(crate) mod attempt;
mod calls;

use faxramp::pages::worker::{Limits, Sandbox};

use landlock::{
    ABI, Access, AccessFs, AccessNet, Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetStatus, Scope,
    path_beneath_rules,
};
use rustix::process::{Resource, Rlimit, setpriority_process, setrlimit};
use std::path::Path;

/// Where fonts are; pdfium looks into these by itself.
pub(crate) const FONT_FOLDERS: [&str; 3] = ["/usr/share/fonts", "/usr/local/share/fonts", "/usr/share/X11/fonts"];
/// Open files at a time: standard streams, and fonts while they are read.
const MOST_OPEN_FILES: u64 = 64;

/// How far this process stands behind the calls of the server, which owe a packet every 20 ms.
const NICENESS: i32 = 10;

/// Closes the walls. What the kernel lacks is named in the list; it is empty when all is closed.
///
/// # Errors
/// The wall that failed, when `sandbox` is [`Sandbox::Strict`].
pub(crate) fn close(limits: Limits, library: Option<&Path>, sandbox: Sandbox) -> Result<Vec<String>, String> {
    let mut missing = Vec::new();
    let walls: [(&str, Result<(), String>); 2] =
        [("limits on resources", limit(limits)), ("Landlock", forbid_files(library))];
    // Seccomp comes last: the other two need system calls that it forbids.
    let seccomp = ("seccomp", calls::allow_only_drawing());
    for (wall, result) in walls.into_iter().chain([seccomp]) {
        let Err(reason) = result else { continue };
        let lack = format!("the sandbox is not complete on this machine: no {wall} ({reason})");
        match sandbox {
            Sandbox::Strict => return Err(lack),
            Sandbox::BestEffort => missing.push(lack),
        }
    }
    Ok(missing)
}

fn limit(limits: Limits) -> Result<(), String> {
    // No wall: a system that refuses it draws as well.
    let _ = setpriority_process(None, NICENESS);
    let bounds = [
        (Resource::As, u64::from(limits.memory_mebibytes) << 20),
        (Resource::Cpu, limits.processor_seconds.into()),
        (Resource::Nofile, MOST_OPEN_FILES),
        (Resource::Fsize, 0),
        (Resource::Core, 0),
    ];
    for (resource, most) in bounds {
        let bound = Rlimit { current: Some(most), maximum: Some(most) };
        setrlimit(resource, bound).map_err(|error| format!("{resource:?}: {error}"))?;
    }
    Ok(())
}

fn forbid_files(library: Option<&Path>) -> Result<(), String> {
    let abi = ABI::V6;
    let readable = FONT_FOLDERS.iter().map(Path::new).chain(library).filter(|path| path.exists());
    let status = Ruleset::default()
        .handle_access(AccessFs::from_all(abi))
        .and_then(|rules| rules.handle_access(AccessNet::from_all(abi)))
        .and_then(|rules| rules.scope(Scope::from_all(abi)))
        .and_then(Ruleset::create)
        .and_then(|rules| rules.add_rules(path_beneath_rules(readable, AccessFs::ReadFile | AccessFs::ReadDir)))
        .and_then(landlock::RulesetCreated::restrict_self)
        .map_err(|error| error.to_string())?;
    match status.ruleset {
        // Partly: an older kernel that lacks network rules or scopes; seccomp forbids sockets anyway.
        RulesetStatus::FullyEnforced | RulesetStatus::PartiallyEnforced => Ok(()),
        RulesetStatus::NotEnforced => Err("the kernel has none".into()),
    }
}
