//! `ims certificates`: development certificates for a plex, its members and its operators.

use csl::om::OperatorRole;
use csl::om::grammar::roles::NoOperatorRole;
use sci::Role;
use sci::certificates::{Authority, AuthorityError};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use vocabulary::{MemberName, PlexName};

/// What certificates are wanted.
#[derive(Debug, clap::Args)]
pub struct CertificateArgs {
    /// The plex that they are for
    #[arg(long, value_name = "NAME")]
    plex: PlexName,

    /// The folder that they go to; an authority that is there already is used again
    #[arg(long, value_name = "DIR")]
    out: PathBuf,

    /// An operator, with the role read, operate or administer [default: administer]; may be given several times
    #[arg(long, value_name = "NAME[:ROLE]")]
    operator: Vec<Operator>,

    /// A host name or address that the members' certificates name [default: localhost and 127.0.0.1]
    #[arg(long, value_name = "HOST")]
    host: Vec<String>,

    /// The members
    #[arg(value_name = "MEMBER")]
    members: Vec<MemberName>,
}

/// An operator to be: a name, and the role behind a colon.
#[derive(Debug, Clone)]
struct Operator {
    name: String,
    role: OperatorRole,
}

impl FromStr for Operator {
    type Err = NoOperatorRole;

    fn from_str(text: &str) -> Result<Self, NoOperatorRole> {
        Ok(match text.rsplit_once(':') {
            Some((name, role)) => Self { name: name.to_string(), role: role.parse()? },
            None => Self { name: text.to_string(), role: OperatorRole::Administer },
        })
    }
}

/// Makes them. Certificates that are there already stay as they are.
pub fn make(args: &CertificateArgs) -> Result<Vec<PathBuf>, AuthorityError> {
    let authority = authority(args)?;
    let hosts = if args.host.is_empty() {
        vec!["localhost".to_string(), "127.0.0.1".to_string()]
    } else {
        args.host.clone()
    };
    let members = args.members.iter().map(|member| (Role::Member, member.to_string()));
    let operators =
        args.operator.iter().map(|operator| (Role::Operator(operator.role), operator.name.clone()));
    let mut made = Vec::new();
    for (role, name) in members.chain(operators) {
        let file = args.out.join(format!("{name}.pem"));
        if !file.exists() {
            authority.issue(role, &name, &hosts)?.write(&args.out, &name)?;
            made.push(file);
        }
    }
    Ok(made)
}

fn authority(args: &CertificateArgs) -> Result<Authority, AuthorityError> {
    if has_authority(&args.out) {
        return Authority::load(&args.out);
    }
    let authority = Authority::create(args.plex)?;
    authority.write(&args.out)?;
    Ok(authority)
}

fn has_authority(folder: &Path) -> bool {
    folder.join("ca.pem").exists()
}
