//! Passwords that stand in files of their own.

use std::path::{Path, PathBuf};

use super::Config;
use super::problem::Findings;
use super::value::Secret;

/// A password file larger than this is the wrong file, octets.
pub(super) const MAX_PASSWORD_FILE: usize = 4096;

/// Reads every `password_file` into its `password`.
pub(super) fn fill(config: &mut Config, config_path: &Path, findings: &mut Findings) {
    for (index, trunk) in config.trunk.iter_mut().enumerate() {
        let key = format!("trunk[{index}].password_file");
        fill_one(&mut trunk.password, trunk.password_file.as_deref(), &key, config_path, findings);
    }
    for (index, peer) in config.peer.iter_mut().enumerate() {
        let key = format!("peer[{index}].password_file");
        fill_one(&mut peer.password, peer.password_file.as_deref(), &key, config_path, findings);
    }
    let delivery = &mut config.delivery;
    let path = delivery.password_file.as_deref();
    fill_one(&mut delivery.password, path, "delivery.password_file", config_path, findings);
}

fn fill_one(
    password: &mut Option<Secret>,
    path: Option<&Path>,
    key: &str,
    config_path: &Path,
    findings: &mut Findings,
) {
    let (Some(path), None) = (path, &password) else { return };
    let path = resolved(path, config_path, std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from).as_deref());
    match first_line(&path) {
        Ok(line) => *password = Some(Secret::new(line)),
        Err(reason) => {
            let hint = "its first line must be the password, and the server's user must be able to read it";
            findings.complain_at(key, format!("{} {reason}", path.display()), hint);
        }
    }
}

/// A relative path stands in systemd's folder of credentials when the file is there, else beside the configuration.
fn resolved(path: &Path, config_path: &Path, credentials: Option<&Path>) -> PathBuf {
    if path.is_absolute() {
        return path.to_owned();
    }
    if let Some(credential) = credentials.map(|folder| folder.join(path)).filter(|candidate| candidate.is_file()) {
        return credential;
    }
    config_path.parent().unwrap_or(Path::new("")).join(path)
}

fn first_line(path: &Path) -> Result<String, String> {
    use std::io::Read as _;
    let cannot = |error: std::io::Error| format!("cannot be read: {error}");
    let metadata = std::fs::metadata(path).map_err(cannot)?;
    if !metadata.is_file() {
        return Err("is not a file".into());
    }
    let mut octets = Vec::new();
    let file = std::fs::OpenOptions::new().read(true).open(path).map_err(cannot)?;
    file.take(MAX_PASSWORD_FILE as u64 + 1).read_to_end(&mut octets).map_err(cannot)?;
    if octets.len() > MAX_PASSWORD_FILE {
        return Err(format!("is larger than {MAX_PASSWORD_FILE} octets"));
    }
    let text = String::from_utf8(octets).map_err(|_| "is not UTF-8 text".to_owned())?;
    match text.lines().next() {
        Some(line) if !line.is_empty() && !line.contains(char::is_control) => Ok(line.to_owned()),
        Some(line) if !line.is_empty() => Err("has a control character in its first line".into()),
        Some(_) | None => Err("has an empty first line".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::{first_line, resolved};
    use std::path::Path;

    #[test]
    fn a_credential_of_systemd_goes_before_a_file_beside_the_configuration() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("trunk.password"), "secret\nnot this\n").expect("written");
        let configuration = Path::new("/etc/faxramp/faxramp.toml");
        let found = resolved(Path::new("trunk.password"), configuration, Some(folder.path()));
        assert_eq!(first_line(&found), Ok("secret".into()));
        assert_eq!(
            resolved(Path::new("other.password"), configuration, Some(folder.path())),
            Path::new("/etc/faxramp/other.password")
        );
        assert_eq!(resolved(Path::new("/x"), configuration, Some(folder.path())), Path::new("/x"));
    }

    #[test]
    fn an_empty_password_file_is_no_password() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("empty");
        std::fs::write(&path, "\n").expect("written");
        assert_eq!(first_line(&path), Err("has an empty first line".into()));
        assert_eq!(first_line(folder.path()), Err("is not a file".into()));
    }
}
