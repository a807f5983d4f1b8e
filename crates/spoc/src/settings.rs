//! What the settings file says: which plex, who asks, and whom; and how answers are printed.
//!
//! A file has one plex, or several as `[contexts.NAME]`, of which `context` says the one that is meant where nothing
//! else does.

use crate::args::{Args, OutputFormat, TableLayout, WAIT_S_MAX};
use sci::{IdentityFiles, named_file};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use toml::de::{DeTable, DeValue};
use vocabulary::{MemberName, PlexName};

const DEFAULT_FILE: &str = "spoc.toml";
/// Where settings of a user are, below the folder of such settings.
const USER_FILE: &str = "imsplex/spoc.toml";

/// Settings that can't be used: which file, and what in it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SettingsError {
    #[error(
        "the settings in {}, which {named_by}, can't be read: {source}. Name them with --config FILE or IMSPLEX_CONFIG",
        file.display()
    )]
    Unreadable { file: PathBuf, named_by: &'static str, source: io::Error },
    /// The TOML error has the line, marks the place and names the key.
    #[error("{}: {}", file.display(), source.to_string().trim_end())]
    Malformed { file: PathBuf, source: toml::de::Error },
    #[error("{}, line {line}, column {column}: {key} is not a key {place}: {right}", file.display())]
    UnknownKey { file: PathBuf, line: usize, column: usize, key: String, place: String, right: String },
    #[error("{}: there is no context {context}: {right}", file.display())]
    UnknownContext { file: PathBuf, context: String, right: String },
    #[error("{}: no context is named, and there are {known}: name one with --context or IMSPLEX_CONTEXT, or with context in this file", file.display())]
    NoContext { file: PathBuf, known: String },
    #[error("{}: wait = {wait} is no time to wait: it takes 1 to {WAIT_S_MAX} seconds", file.display())]
    BadWait { file: PathBuf, wait: u64 },
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

/// How answers are printed, and how long they are waited for, as far as the file says.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
pub(crate) struct Preferences {
    pub(crate) context: Option<String>,
    pub(crate) output: Option<OutputFormat>,
    pub(crate) layout: Option<TableLayout>,
    /// Seconds.
    pub(crate) wait: Option<u64>,
}

/// A settings file with keys that are known; what they say is looked at when it is asked for.
pub(crate) struct SettingsFile {
    file: PathBuf,
    text: String,
    pub(crate) preferences: Preferences,
    /// The contexts by name.
    contexts: BTreeMap<String, Context>,
}

#[derive(Deserialize)]
struct Contexts {
    #[serde(default)]
    contexts: BTreeMap<String, Context>,
}

#[derive(Debug, Deserialize)]
struct Context {
    plex: PlexName,
    tls: Tls,
    members: Vec<Member>,
}

impl Context {
    fn member_names(&self) -> String {
        self.members.iter().map(|member| member.name.as_str()).collect::<Vec<_>>().join(",")
    }
}

#[derive(Debug, Deserialize)]
struct Tls {
    authority: PathBuf,
    certificate: PathBuf,
    key: PathBuf,
}

#[derive(Debug, Deserialize)]
struct Member {
    name: MemberName,
    address: String,
}

/// A key: what it is called, what it is where it is left out, and what it is for.
struct Key {
    name: &'static str,
    default: &'static str,
    meaning: &'static str,
}

const fn key(name: &'static str, default: &'static str, meaning: &'static str) -> Key {
    Key { name, default, meaning }
}

const PLEX: Key = key("plex", "needed", "name of the plex");
const TLS: Key = key("tls", "needed", "who asks: see `[tls]`");
const MEMBERS: Key =
    key("members", "needed", "whom to ask, in this order until one answers: see `[[members]]`");

/// The keys of each table, as the structures above have them. A context is a table of any name in `contexts`.
const KEYS: &[(&str, &[Key])] = &[
    (
        "",
        &[
            PLEX,
            TLS,
            MEMBERS,
            key(
                "context",
                "–",
                "the context that is meant where neither `--context` nor `IMSPLEX_CONTEXT` says one",
            ),
            key(
                "contexts",
                "–",
                "further plexes, each a table `[contexts.NAME]` with `plex`, `tls` and `members`",
            ),
            key("output", "`\"table\"`", "how answers are printed: `\"table\"`, `\"json\"`, `\"xml\"`"),
            key("layout", "`\"wrap\"`", "how wide tables are laid out: `\"wrap\"`, `\"bycol\"`, `\"byrsc\"`"),
            key("wait", "`300`", "seconds that answers are waited for, 1 to 59999"),
        ],
    ),
    ("context", &[PLEX, TLS, MEMBERS]),
    (
        "tls",
        &[
            key("authority", "needed", "PEM certificate of the authority of the plex"),
            key(
                "certificate",
                "needed",
                "PEM certificate of the operator. Its common name is the operator's, its organization the plex, its unit \
                 `operator` with a role behind it ([roles.md](operating/roles.md))",
            ),
            key("key", "needed", "PEM private key of that certificate"),
        ],
    ),
    (
        "members",
        &[
            key("name", "needed", "IMSID; `--member NAME` asks only that one"),
            key("address", "needed", "host and port on which it listens"),
        ],
    ),
];

/// The file that holds the settings, and what named it.
fn find(flag: Option<&Path>, user_folder: Option<&Path>) -> (PathBuf, &'static str) {
    let user_file = user_folder.map(|folder| folder.join(USER_FILE));
    match (flag, user_file) {
        (Some(file), _) => (file.to_path_buf(), "--config or IMSPLEX_CONFIG names"),
        (None, Some(file)) if !Path::new(DEFAULT_FILE).exists() && file.exists() => {
            (file, "are those of this user")
        }
        (None, _) => (PathBuf::from(DEFAULT_FILE), "are used where nothing names others"),
    }
}

/// Where settings of this user are kept.
fn user_folder() -> Option<PathBuf> {
    let set = |name| std::env::var_os(name).filter(|value: &OsString| !value.is_empty()).map(PathBuf::from);
    set("XDG_CONFIG_HOME").or_else(|| Some(set("HOME")?.join(".config")))
}

impl SettingsFile {
    /// The file that the operator names, else the one in this folder, else that of the user.
    pub(crate) fn read(args: &Args) -> Result<Self, SettingsError> {
        let (file, named_by) = find(args.config.as_deref(), user_folder().as_deref());
        match named_file::read_text(&file, named_file::SETTINGS_BYTES_MAX) {
            Ok(text) => Self::parse(&file, text),
            Err(source) => Err(SettingsError::Unreadable { file, named_by, source }),
        }
    }

    fn parse(file: &Path, text: String) -> Result<Self, SettingsError> {
        let malformed = |source| SettingsError::Malformed { file: file.to_path_buf(), source };
        let table = DeTable::parse(&text).map_err(malformed)?;
        check_keys(file, &text, "", table.get_ref())?;
        let preferences: Preferences = toml::from_str(&text).map_err(malformed)?;
        if let Some(wait) = preferences.wait.filter(|wait| !(1..=WAIT_S_MAX).contains(wait)) {
            return Err(SettingsError::BadWait { file: file.to_path_buf(), wait });
        }
        let Contexts { contexts } = toml::from_str(&text).map_err(malformed)?;
        Ok(Self { file: file.to_path_buf(), text, preferences, contexts })
    }

    /// The settings of one plex: of the context named, else of that which the file names, else of the one there is.
    pub(crate) fn settings(mut self, context: Option<&str>) -> Result<Settings, SettingsError> {
        let said = match context.or(self.preferences.context.as_deref()).map(str::to_string) {
            Some(name) => self.contexts.remove(&name).ok_or_else(|| self.unknown_context(name))?,
            None if self.contexts.is_empty() || self.has_unnamed() => toml::from_str(&self.text)
                .map_err(|source| SettingsError::Malformed { file: self.file.clone(), source })?,
            None => return Err(SettingsError::NoContext { known: self.names(), file: self.file }),
        };
        Settings::of(&self.file, said)
    }

    /// Whether the file has a plex outside of its contexts.
    fn has_unnamed(&self) -> bool {
        DeTable::parse(&self.text)
            .is_ok_and(|table| table.get_ref().keys().any(|key| key.get_ref() == "plex"))
    }

    /// Each context: its name, its plex, its members.
    pub(crate) fn contexts(&self) -> impl Iterator<Item = (&str, PlexName, String)> {
        self.contexts.iter().map(|(name, context)| (name.as_str(), context.plex, context.member_names()))
    }

    /// The plex outside of the contexts, and its members.
    pub(crate) fn unnamed(&self) -> Option<(PlexName, String)> {
        let said: Context = toml::from_str(&self.text).ok()?;
        Some((said.plex, said.member_names()))
    }

    fn names(&self) -> String {
        self.contexts.keys().map(String::as_str).collect::<Vec<_>>().join(", ")
    }

    fn unknown_context(&self, context: String) -> SettingsError {
        let near =
            self.contexts.keys().find(|name| strsim::damerau_levenshtein(&context, name) <= name.len() / 2);
        let right = match (near, self.contexts.is_empty()) {
            (Some(near), _) => format!("did you mean {near}?"),
            (None, true) => "the file has none; write one as [contexts.NAME]".to_string(),
            (None, false) => format!("the file has {}", self.names()),
        };
        SettingsError::UnknownContext { file: self.file.clone(), context, right }
    }
}

impl Settings {
    fn of(file: &Path, said: Context) -> Result<Self, SettingsError> {
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

/// The tables of keys, in Markdown.
pub(crate) fn reference() -> String {
    let section = |(table, keys): &(&str, &[Key])| {
        let heading = match *table {
            "" => String::new(),
            "members" => "### `[[members]]`\n\n".to_string(),
            table => format!("### `[{table}]`\n\n"),
        };
        let row = |key: &Key| format!("| `{}` | {} | {} |\n", key.name, key.default, key.meaning);
        let rows = keys.iter().map(row).collect::<String>();
        format!("{heading}| Key | Default | Meaning |\n|---|---|---|\n{rows}")
    };
    let sections = KEYS.iter().filter(|(table, _)| *table != "context");
    sections.map(section).collect::<Vec<_>>().join("\n")
}

/// Refuses the first key that is not in [`KEYS`].
fn check_keys(file: &Path, text: &str, table: &str, found: &DeTable<'_>) -> Result<(), SettingsError> {
    let keys = KEYS.iter().find(|(name, _)| *name == table).map_or(&[][..], |(_, keys)| *keys);
    for (key, value) in found {
        let name: &str = key.get_ref();
        if !keys.iter().any(|key| key.name == name) {
            return Err(unknown_key(file, text, table, key.span().start, name, keys));
        }
        match value.get_ref() {
            DeValue::Table(inner) if table.is_empty() && name == "contexts" => {
                let contexts = inner.iter().filter_map(|(_, context)| context.get_ref().as_table());
                contexts.into_iter().try_for_each(|context| check_keys(file, text, "context", context))?;
            }
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
    keys: &[Key],
) -> SettingsError {
    let names: Vec<_> = keys.iter().map(|key| key.name).collect();
    let before = text.get(..offset).unwrap_or_default();
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let near = names.iter().min_by_key(|right| strsim::damerau_levenshtein(key, right));
    let near = near.filter(|right| strsim::damerau_levenshtein(key, right) <= right.len() / 2);
    SettingsError::UnknownKey {
        file: file.to_path_buf(),
        line: before.matches('\n').count() + 1,
        column: before[line_start..].chars().count() + 1,
        key: key.to_string(),
        place: match table {
            "" => "of the settings".to_string(),
            "context" => "of a context".to_string(),
            table => format!("of [{table}]"),
        },
        right: match near {
            Some(right) => format!("did you mean {right}?"),
            None => format!("it takes {}", names.join(", ")),
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
            #[arg(key)]
            context: Option<String>,
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
            let SettingsStory::Read { lines, member, context } = command;
            let file = Path::new("plex/spoc.toml");
            let member = member.as_deref().map(MemberName::new).transpose()?;
            let settings = SettingsFile::parse(file, lines.join("\n"))
                .and_then(|said| said.settings(context.as_deref())?.only(member));
            Ok(settings.map_or_else(|error| format!("{error}\n"), |settings| format!("{settings:#?}\n")))
        }
    }

    #[test]
    fn settings() {
        goldenscript::run(&mut Stories, "scripts/settings").unwrap();
    }

    #[test]
    fn what_is_named_goes_before_the_file_of_this_folder_and_that_before_the_one_of_the_user() {
        let folder = tempfile::tempdir().unwrap();
        let user_file = folder.path().join(USER_FILE);
        let found = |flag: Option<&str>| find(flag.map(Path::new), Some(folder.path())).0;
        assert_eq!(found(Some("/nowhere/flag.toml")), Path::new("/nowhere/flag.toml"));
        assert_eq!(found(None), Path::new(DEFAULT_FILE));
        std::fs::create_dir_all(user_file.parent().unwrap()).unwrap();
        std::fs::write(&user_file, "").unwrap();
        assert_eq!(found(None), user_file);
    }

    #[test]
    fn the_page_about_configuration_says_of_every_key_what_the_parser_knows_of_it() {
        const BEGIN: &str = "<!-- Made from the code: keys of an operator. -->\n";
        const END: &str = "<!-- End of what is made from the code. -->\n";
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/configuration.md");
        let page = std::fs::read_to_string(&path).unwrap();
        let (head, rest) = page.split_once(BEGIN).unwrap();
        let (_, tail) = rest.split_once(END).unwrap();
        let made = format!("{head}{BEGIN}\n{}\n{END}{tail}", reference());
        if std::env::var_os("UPDATE_GOLDENFILES").is_some() {
            std::fs::write(&path, &made).unwrap();
        } else {
            assert!(page == made, "{}: run this test with UPDATE_GOLDENFILES=1", path.display());
        }
    }

    #[test]
    fn every_key_of_the_tables_is_one_that_the_structures_take() {
        let text = "plex = 'PLEX1'\ncontext = 'A'\noutput = 'json'\nlayout = 'wrap'\nwait = 1\n\
                    [tls]\nauthority = 'a'\ncertificate = 'b'\nkey = 'c'\n\
                    [[members]]\nname = 'IMS1'\naddress = 'a:1'\n[contexts.A]\nplex = 'PLEX2'\nmembers = []\n\
                    tls = { authority = 'a', certificate = 'b', key = 'c' }\n";
        let table: toml::Table = toml::from_str(text).unwrap();
        let known = |name: &str| {
            let keys = KEYS.iter().find(|(table, _)| *table == name).unwrap().1;
            let mut names: Vec<_> = keys.iter().map(|key| key.name.to_string()).collect();
            names.sort();
            names
        };
        let sorted = |table: &toml::Table| {
            let mut names: Vec<_> = table.keys().cloned().collect();
            names.sort();
            names
        };
        assert_eq!(sorted(&table), known(""));
        assert_eq!(sorted(table["tls"].as_table().unwrap()), known("tls"));
        assert_eq!(sorted(table["members"][0].as_table().unwrap()), known("members"));
        assert_eq!(sorted(table["contexts"]["A"].as_table().unwrap()), known("context"));
        SettingsFile::parse(Path::new("spoc.toml"), text.to_string()).map(drop).unwrap();
    }

    #[test]
    fn paths_are_relative_to_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("spoc.toml");
        let text = "plex = 'PLEX1'\n[tls]\nauthority = 'ca.pem'\ncertificate = '/etc/op.pem'\nkey = 'certs/key.pem'\n\
                    [[members]]\nname = 'IMS1'\naddress = 'localhost:7101'\n";
        let settings = SettingsFile::parse(&file, text.to_string()).unwrap().settings(None).unwrap();
        assert_eq!(settings.identity.ca, folder.path().join("ca.pem"));
        assert_eq!(settings.identity.certificate, Path::new("/etc/op.pem"));
        assert_eq!(settings.identity.key, folder.path().join("certs/key.pem"));
    }
}
