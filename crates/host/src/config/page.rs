//! The page about configuration, as far as the code says it.

use super::{
    Activation, AuditKeys, Consensus, Databases, Key, LimitKeys, Listen, Log, MemberFile, Monitoring,
    Neighbour, RetentionKeys, Tls, keys::Table,
};

/// A heading, what stands below it, and the keys.
type Section = (&'static str, &'static str, Vec<Key>);

fn sections() -> [Section; 12] {
    [
        ("", "", MemberFile::keys()),
        ("[listen]", "", Listen::keys()),
        ("[tls]", TLS, Tls::keys()),
        ("[[members]]", MEMBERS, Neighbour::keys()),
        ("[consensus]", "Leave it out on a local network.", Consensus::keys()),
        ("[activation]", "", Activation::keys()),
        ("[retention]", "", RetentionKeys::keys()),
        ("[audit]", AUDIT, AuditKeys::keys()),
        ("[databases]", DATABASES, Databases::keys()),
        ("[limits]", LIMITS, LimitKeys::keys()),
        ("[log]", "", Log::keys()),
        ("[monitoring]", "", Monitoring::keys()),
    ]
}

const TLS: &str = "\
`ims certificates --plex NAME --out DIR MEMBER... --operator NAME` makes an authority and certificates. It keeps an
authority and certificates that it finds in the folder. `--operator NAME:read` makes an operator that may look only
([roles.md](operating/roles.md)).

The three files are read again when they change ([certificates.md](operating/certificates.md)).";

const AUDIT: &str = "\
How much the audit record holds ([audit.md](operating/audit.md)). What the master is told counts for all members.";

const DATABASES: &str = "\
How the member has its databases ([databases.md](operating/databases.md)). Its log is in `log` in the data folder.";

const LIMITS: &str = "\
What operators and others may take of a member. Each refusal is told ([limits.md](operating/limits.md)).";

const MEMBERS: &str = "\
The founding members, this one included, one table each. The list matters when the plex forms; who belongs to it
later is recorded in the plex.";

/// The keys of a member's configuration, table by table, in Markdown.
pub fn reference() -> String {
    sections().iter().map(section).collect::<Vec<_>>().join("\n")
}

fn section((heading, text, keys): &Section) -> String {
    let heading = if heading.is_empty() { String::new() } else { format!("### `{heading}`\n\n") };
    let text = if text.is_empty() { String::new() } else { format!("{text}\n\n") };
    let rows: String = keys.iter().map(row).collect();
    format!("{heading}{text}| Key | Value | Default | Limits | Meaning |\n|---|---|---|---|---|\n{rows}")
}

fn row(key: &Key) -> String {
    let kind = key.unit().map_or(key.kind.to_string(), |unit| format!("{}, {unit}", key.kind));
    let default = key.default.as_ref().map_or("needed".to_string(), |default| format!("`{default}`"));
    let limits = key.limits.as_ref();
    let limits = limits.map_or("–".to_string(), |limits| format!("{} to {}", limits.start(), limits.end()));
    format!("| `{}` | {kind} | {default} | {limits} | {} |\n", key.name, key.meaning)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    const BEGIN: &str = "<!-- Made from the code: keys of a member. -->\n";
    const END: &str = "<!-- End of what is made from the code. -->\n";

    #[test]
    fn the_page_about_configuration_says_of_every_key_what_the_parser_knows_of_it() {
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
    fn every_key_is_explained_and_every_default_is_within_its_limits() {
        for (heading, _, keys) in sections() {
            for key in keys {
                assert!(!key.meaning.is_empty(), "{heading} {}", key.name);
                if let (Some(limits), Some(default)) = (&key.limits, &key.default) {
                    assert!(limits.contains(&default.parse().unwrap()), "{heading} {}", key.name);
                }
            }
        }
    }
}
