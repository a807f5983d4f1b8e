//! The grammar in words: help for one command, and the reference of all. Both are made from the table, so they tell
//! what the parser takes.

use super::grammar::{
    COMMANDS, COMMON, Form, KeywordRow, Kind, ResourceRow, VerbRow, What, command_of, dbrc_words, offered,
    roles, verb_of,
};

/// The commands that members carry out, a line each: in short, and what it does.
pub fn overview() -> String {
    offered().map(|(verb, resource)| overview_line(verb, resource)).collect()
}

fn overview_line(verb: &VerbRow, resource: &ResourceRow) -> String {
    format!("{:<16} {}\n", verb.command(resource), resource.says)
}

/// Help about the commands that some words begin: all of a verb, or one with its keywords. `None` where they begin
/// none.
pub fn help(words: &[&str]) -> Option<String> {
    let (word, rest) = words.split_first()?;
    if dbrc_words(word).is_some() {
        return command_of(COMMANDS, word, None).map(|(verb, resource)| help_on(verb, resource));
    }
    let verb = verb_of(COMMANDS, word.strip_prefix('/').unwrap_or(word))?;
    let Some(word) = rest.first() else {
        let lines: String = verb.offered().map(|resource| overview_line(verb, resource)).collect();
        return (!lines.is_empty()).then_some(lines);
    };
    let resource = verb.offered().find(|resource| resource.is_called(word, verb.form))?;
    Some(help_on(verb, resource))
}

fn help_on(verb: &VerbRow, resource: &'static ResourceRow) -> String {
    let (syntax, name) = (syntax(verb, resource), verb.command(resource));
    let mut text = format!("{syntax}\n\n{name} {}.\nIt takes {}.\n", resource.says, role(verb, resource));
    let own = keywords(resource).into_iter();
    for (name, row) in own.chain(COMMON.iter().map(|row| (row.name.to_string(), row))) {
        text.push_str(&format!("\n  {}\n      {}.\n", written(&name, row), row.says));
    }
    text
}

/// The role that a command takes.
fn role(verb: &VerbRow, resource: &ResourceRow) -> String {
    let role = roles::of_resource(verb.verb, resource.resource);
    let looking = roles::looking_keywords(verb.verb, resource.resource);
    looking.fold(format!("the role {role}"), |text, (keyword, word)| {
        let open = keyword.trim_end_matches(')');
        format!(
            "{text}, and with {open}({word}){} the role {}",
            &keyword[open.len()..],
            roles::OperatorRole::Read
        )
    })
}

/// How a command is written, on a line: `{QUERY|QRY} DB [NAME(name,..)] [SHOW(ALL,DEFN,..)]`.
pub fn syntax(verb: &VerbRow, resource: &ResourceRow) -> String {
    let slash = if verb.form == Form::Type1 { "/" } else { "" };
    let mut text = match verb.form {
        Form::Dbrc => verb.command(resource),
        _ => format!("{slash}{{{}|{}}} {}", verb.name, verb.abbreviation, resource.name),
    };
    for row in resource.keywords {
        let written = match (verb.form, row.kind) {
            (Form::Type1, Kind::One(what) | Kind::Several(what)) => parameter(what),
            _ => written(row.name, row),
        };
        text.push_str(&if row.required { format!(" {written}") } else { format!(" [{written}]") });
    }
    text
}

/// A keyword with what it takes; a path such as `SET(RATE)` takes it innermost.
fn written(path: &str, row: &KeywordRow) -> String {
    if let Kind::Alone = row.kind {
        return path.to_string();
    }
    let open = path.trim_end_matches(')');
    format!("{open}({}){}", content(row.kind), &path[open.len()..])
}

fn content(kind: Kind) -> String {
    match kind {
        Kind::One(What::Flag(words)) => words.join("|"),
        Kind::Several(What::Flag(words)) => words.join(","),
        Kind::Alone => String::new(),
        Kind::One(what) => parameter(what),
        Kind::Several(what) => format!("{},..", parameter(what)),
        Kind::Nested(rows) => rows.iter().map(|row| written(row.name, row)).collect::<Vec<_>>().join(" "),
    }
}

fn parameter(what: What) -> String {
    match what {
        What::Flag(words) => words.join("|"),
        What::Dbd | What::Dd | What::Group => "name".to_string(),
        What::Pair => "(dbd,ddn)".to_string(),
        What::Moment => "'yyyy.ddd hh:mm:ss.f'".to_string(),
        What::DataSet => "dsname".to_string(),
        What::Generic => "name*".to_string(),
        What::User => "user*".to_string(),
        What::Member | What::Route => "member".to_string(),
        What::Number { least, most } => format!("{least}..{most}"),
        What::Text => "'text'".to_string(),
        What::Hex => "hexadecimal".to_string(),
        What::Rba => "rba".to_string(),
        What::Stamp => "yydddhhmmssth".to_string(),
        What::Wait => "seconds|mmm:ss".to_string(),
    }
}

/// Every keyword that takes parameters, by its path, in the order of the table.
fn keywords(resource: &'static ResourceRow) -> Vec<(String, &'static KeywordRow)> {
    fn below(
        path: Option<&str>,
        rows: &'static [KeywordRow],
        found: &mut Vec<(String, &'static KeywordRow)>,
    ) {
        for row in rows {
            let path = path.map_or(row.name.to_string(), |path| {
                let open = path.trim_end_matches(')');
                format!("{open}({}){}", row.name, &path[open.len()..])
            });
            match row.kind {
                Kind::Nested(rows) => below(Some(&path), rows, found),
                _ => found.push((path, row)),
            }
        }
    }
    let mut found = Vec::new();
    below(None, resource.keywords, &mut found);
    found
}

const REFERENCE_HEAD: &str = "\
# Command reference

Every command that members of this release carry out. This page is made from the grammar that commands are parsed
with (`cargo xtask fix` writes it anew); how answers are read is told in [commands.md](commands.md).

Keywords come in any order, letters are as good small as great, a leading `/` is passed over, and `/* comments */` are
blanks. What stands in brackets may be left out; of words with `|` between them one is given, of words with a comma
between them one or several. `name*` is a name that may be generic: `*` stands for any characters, `%` for exactly
one. A name may stand in quotes. Which role a certificate has is told in [roles.md](roles.md).
";

/// The reference of all commands, as a page of Markdown.
pub fn reference() -> String {
    let mut text = REFERENCE_HEAD.to_string();
    text.push_str("\n| Command | Short | What it does |\n|---|---|---|\n");
    for (verb, resource) in offered() {
        let name = verb.command(resource);
        let short = match verb.form {
            Form::Dbrc => name.clone(),
            _ => format!("{} {}", verb.abbreviation, resource.name),
        };
        let anchor = name.to_lowercase().replace(' ', "-").replace('.', "");
        text.push_str(&format!("| [{name}](#{anchor}) | `{short}` | {} |\n", resource.says));
    }
    for (verb, resource) in offered() {
        text.push_str(&section(verb, resource));
    }
    text.push_str("\n## Keywords of every command\n\n");
    text.push_str(&keyword_table(COMMON.iter().map(|row| (row.name.to_string(), row))));
    text.push_str(
        "\nA program may put a command into an envelope: `CMD(QUERY DB NAME(ACCT*)) ROUTE(IMS1,IMS2) WAIT(30)`.\n",
    );
    text
}

fn section(verb: &VerbRow, resource: &'static ResourceRow) -> String {
    let head = format!("\n## {}\n\n`{}`\n\n", verb.command(resource), syntax(verb, resource));
    let says = format!("It {}. It takes {}.\n\n", resource.says, role(verb, resource));
    head + &says + &keyword_table(keywords(resource).into_iter())
}

fn keyword_table<'a>(rows: impl Iterator<Item = (String, &'a KeywordRow)>) -> String {
    let mut text = "| Keyword | Takes | What it is for |\n|---|---|---|\n".to_string();
    for (path, row) in rows {
        let takes = match row.kind {
            Kind::Alone => "nothing".to_string(),
            kind => format!("`{}`", content(kind).replace('|', "\\|")),
        };
        let needed = match (row.required, path.contains('(')) {
            (true, true) => " (needed there)",
            (true, false) => " (needed)",
            (false, _) => "",
        };
        text.push_str(&format!("| `{path}`{needed} | {takes} | {} |\n", row.says));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_on_a_command_has_its_syntax_and_every_keyword() {
        let text = help(&["imp", "defn"]).unwrap();
        assert!(text.starts_with(
            "{IMPORT|IMP} DEFN SOURCE(CATALOG) [OPTION(DELPENDERR,REFRESHPSB,UPDATEPSB)] [FOR(IMSID(member,..))]\n"
        ));
        assert!(text.contains("\n  FOR(IMSID(member,..))\n      the members.\n"), "{text}");
        assert!(text.contains("\n  WAIT(seconds|mmm:ss)\n"), "{text}");
    }

    #[test]
    fn help_on_a_verb_lists_its_commands_and_nobody_is_helped_with_what_nobody_carries_out() {
        assert_eq!(help(&["/UPD"]).unwrap().lines().count(), 5);
        assert_eq!(help(&["CREATE"]), None);
        assert_eq!(help(&["NONSENSE"]), None);
        assert_eq!(help(&[]), None);
    }

    #[test]
    fn the_reference_has_every_command_that_is_carried_out_and_no_other() {
        let page = reference();
        for verb in COMMANDS {
            for resource in verb.resources {
                let heading = format!("\n## {}\n", verb.command(resource));
                let is_offered = verb.offered().any(|row| row.resource == resource.resource);
                assert_eq!(page.contains(&heading), is_offered, "{heading}");
            }
        }
    }
}
