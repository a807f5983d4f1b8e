//! What the settings file says: which plex, who asks, and whom.

use sci::IdentityFiles;
use serde::Deserialize;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use toml::de::{DeTable, DeValue};
use vocabulary::{MemberName, PlexName};

/// The environment variable that names the settings file.
pub(crate) const ENVIRONMENT: &str = "IMSPLEX_CONFIG";
const DEFAULT_FILE: &str = "spoc.toml";

/// Settings that can't be used: which file, and what in it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SettingsError {
    #[error(
        "the settings in {}, which {named_by}, can't be read: {source}. Name them with --config FILE or {ENVIRONMENT}",
        file.display()
    )]
    Unreadable { file: PathBuf, named_by: &'static str, source: io::Error },
    /// The TOML error has the line, marks the place and names the key.
    #[error("{}: {}", file.display(), source.to_string().trim_end())]
    Malformed { file: PathBuf, source: toml::de::Error },
    #[error("{}, line {line}, column {column}: {key} is not a key {place}: {right}", file.display())]
    UnknownKey { file: PathBuf, line: usize, column: usize, key: String, place: String, right: String },
    #[error("{}: members is empty: name at least one member in [[members]], with name and address", file.display())]
    NoMembers { file: PathBuf },
    #[error("{}: the name {member} is given to two of [[members]]: each takes a name of its own", file.display())]
    MemberTwice { file: PathBuf, member: MemberName },
    #[error("{}: {address:?}, the address of {member} in [[members]], is not of the form host:port", file.display())]
    BadAddress { file: PathBuf, member: MemberName, address: String },
    #[error("{}: {member} is not among [[members]], which are {known}: name one of them with --member", file.display())]
    UnknownMember { file: PathBuf, member: MemberName, known: String },
}

/// Whom to ask, and as whom.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    /// Where they were read.
    file: PathBuf,
    pub(crate) plex: PlexName,
    pub(crate) identity: IdentityFiles,
    /// Names and addresses (`host:port`), in the order to try them.
    pub(crate) members: Vec<(MemberName, String)>,
}

#[derive(Deserialize)]
struct SettingsFile {
    plex: PlexName,
    tls: Tls,
    members: Vec<Member>,
}

#[derive(Deserialize)]
struct Tls {
    authority: PathBuf,
    certificate: PathBuf,
    key: PathBuf,
}

#[derive(Deserialize)]
struct Member {
    name: MemberName,
    address: String,
}

/// The keys of each table, as the structures above have them.
const KEYS: &[(&str, &[&str])] = &[
    ("", &["plex", "tls", "members"]),
    ("tls", &["authority", "certificate", "key"]),
    ("members", &["name", "address"]),
];

impl Settings {
    /// The settings of the file that the operator names, else the environment, else the default.
    pub(crate) fn find(flag: Option<&Path>, environment: Option<OsString>) -> Result<Self, SettingsError> {
        let (file, named_by) = match (flag, environment.filter(|name| !name.is_empty())) {
            (Some(file), _) => (file.to_path_buf(), "--config names"),
            (None, Some(file)) => (PathBuf::from(file), "IMSPLEX_CONFIG names"),
            (None, None) => (PathBuf::from(DEFAULT_FILE), "are used where nothing names others"),
        };
        match std::fs::read_to_string(&file) {
            Ok(text) => Self::parse(&file, &text),
            Err(source) => Err(SettingsError::Unreadable { file, named_by, source }),
        }
    }

    /// The settings that the text of a file says.
    fn parse(file: &Path, text: &str) -> Result<Self, SettingsError> {
        let malformed = |source| SettingsError::Malformed { file: file.to_path_buf(), source };
        let table = DeTable::parse(text).map_err(malformed)?;
        check_keys(file, text, "", table.get_ref())?;
        let said: SettingsFile = toml::from_str(text).map_err(malformed)?;
        let folder = file.parent().unwrap_or(Path::new(""));
        let identity = IdentityFiles {
            ca: folder.join(said.tls.authority),
            certificate: folder.join(said.tls.certificate),
            key: folder.join(said.tls.key),
        };
        let members = members(file, said.members)?;
        Ok(Self { file: file.to_path_buf(), plex: said.plex, identity, members })
    }

    /// The same settings with this member only, if one is named.
    pub(crate) fn only(mut self, member: Option<MemberName>) -> Result<Self, SettingsError> {
        let Some(member) = member else { return Ok(self) };
        let known = self.members.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ");
        self.members.retain(|(name, _)| *name == member);
        match self.members.is_empty() {
            true => Err(SettingsError::UnknownMember { file: self.file, member, known }),
            false => Ok(self),
        }
    }
}

fn members(file: &Path, said: Vec<Member>) -> Result<Vec<(MemberName, String)>, SettingsError> {
    let file = || file.to_path_buf();
    if said.is_empty() {
        return Err(SettingsError::NoMembers { file: file() });
    }
    let mut members: Vec<(MemberName, String)> = Vec::new();
    for Member { name: member, address } in said {
        if members.iter().any(|(known, _)| *known == member) {
            return Err(SettingsError::MemberTwice { file: file(), member });
        }
        if !is_address(&address) {
            return Err(SettingsError::BadAddress { file: file(), member, address });
        }
        members.push((member, address));
    }
    Ok(members)
}

fn is_address(text: &str) -> bool {
    text.rsplit_once(':').is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok())
}

/// Refuses the first key that is not in [`KEYS`].
fn check_keys(file: &Path, text: &str, table: &str, found: &DeTable<'_>) -> Result<(), SettingsError> {
    let keys = KEYS.iter().find(|(name, _)| *name == table).map_or(&[][..], |(_, keys)| *keys);
    for (key, value) in found {
        let name: &str = key.get_ref();
        if !keys.contains(&name) {
            return Err(unknown_key(file, text, table, key.span().start, name, keys));
        }
        match value.get_ref() {
            DeValue::Table(inner) => check_keys(file, text, name, inner)?,
            DeValue::Array(inner) => {
                let tables = inner.iter().filter_map(|each| each.get_ref().as_table());
                tables.into_iter().try_for_each(|inner| check_keys(file, text, name, inner))?;
            }
            _ => {}
        }
    }
    Ok(())
}

fn unknown_key(
    file: &Path,
    text: &str,
    table: &str,
    offset: usize,
    key: &str,
    keys: &[&str],
) -> SettingsError {
    let before = text.get(..offset).unwrap_or_default();
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let near = keys.iter().min_by_key(|right| strsim::damerau_levenshtein(key, right));
    let near = near.filter(|right| strsim::damerau_levenshtein(key, right) <= right.len() / 2);
    SettingsError::UnknownKey {
        file: file.to_path_buf(),
        line: before.matches('\n').count() + 1,
        column: before[line_start..].chars().count() + 1,
        key: key.to_string(),
        place: if table.is_empty() { "of the settings".to_string() } else { format!("of [{table}]") },
        right: match near {
            Some(right) => format!("did you mean {right}?"),
            None => format!("it takes {}", keys.join(", ")),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::error::Error;

    /// What a story about settings can do.
    #[derive(goldenscript::Command)]
    enum SettingsStory {
        /// Shows what the lines of a settings file mean, or why they are refused.
        Read {
            lines: Vec<String>,
            #[arg(key)]
            member: Option<String>,
        },
    }

    struct Stories;

    impl goldenscript::Runner for Stories {
        type Command = SettingsStory;

        fn run(
            &mut self,
            command: &SettingsStory,
            _: &goldenscript::Context,
        ) -> Result<String, Box<dyn Error>> {
            let SettingsStory::Read { lines, member } = command;
            let file = Path::new("plex/spoc.toml");
            let member = member.as_deref().map(MemberName::new).transpose()?;
            let settings = Settings::parse(file, &lines.join("\n")).and_then(|said| said.only(member));
            Ok(settings.map_or_else(|error| format!("{error}\n"), |settings| format!("{settings:#?}\n")))
        }
    }

    #[test]
    fn settings() {
        goldenscript::run(&mut Stories, "scripts/settings").unwrap();
    }

    #[test]
    fn a_flag_goes_before_the_environment_and_that_before_the_default() {
        let told = |flag: Option<&str>, environment: Option<&str>| {
            Settings::find(flag.map(Path::new), environment.map(OsString::from)).unwrap_err().to_string()
        };
        let by_flag = told(Some("/nowhere/flag.toml"), Some("/nowhere/environment.toml"));
        assert!(
            by_flag.starts_with("the settings in /nowhere/flag.toml, which --config names, can't be read: ")
        );
        let by_environment = told(None, Some("/nowhere/environment.toml"));
        assert!(by_environment.contains("/nowhere/environment.toml, which IMSPLEX_CONFIG names"));
        assert!(told(None, Some("")).starts_with("the settings in spoc.toml, "));
    }

    #[test]
    fn paths_are_relative_to_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("spoc.toml");
        let text = "plex = 'PLEX1'\n[tls]\nauthority = 'ca.pem'\ncertificate = '/etc/op.pem'\nkey = 'certs/key.pem'\n\
                    [[members]]\nname = 'IMS1'\naddress = 'localhost:7101'\n";
        std::fs::write(&file, text).unwrap();
        let settings = Settings::find(Some(&file), None).unwrap();
        assert_eq!(settings.identity.ca, folder.path().join("ca.pem"));
        assert_eq!(settings.identity.certificate, Path::new("/etc/op.pem"));
        assert_eq!(settings.identity.key, folder.path().join("certs/key.pem"));
    }
}
