//! `ims certificates`: development certificates for a plex, its members and its operators.

use csl::om::OperatorRole;
use csl::om::grammar::roles::NoOperatorRole;
use sci::Role;
use sci::certificates::{Authority, AuthorityError, holder, retire_others};
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

    /// New certificates also for those who have one; an operator keeps the role where none is given
    #[arg(long)]
    renew: bool,

    /// A new authority issues from now on; the present ones stay trusted beside it
    #[arg(long)]
    new_authority: bool,

    /// Only the newest authority stays trusted
    #[arg(long, conflicts_with = "new_authority")]
    retire_authorities: bool,

    /// The members
    #[arg(value_name = "MEMBER")]
    members: Vec<MemberName>,
}

/// An operator to be: a name, and the role behind a colon.
#[derive(Debug, Clone)]
struct Operator {
    name: String,
    role: Option<OperatorRole>,
}

impl FromStr for Operator {
    type Err = NoOperatorRole;

    fn from_str(text: &str) -> Result<Self, NoOperatorRole> {
        Ok(match text.rsplit_once(':') {
            Some((name, role)) => Self { name: name.to_string(), role: Some(role.parse()?) },
            None => Self { name: text.to_string(), role: None },
        })
    }
}

impl Operator {
    /// The role that is asked for, or else that of the certificate that is renewed.
    fn role(&self, folder: &Path) -> Result<Role, AuthorityError> {
        let file = folder.join(format!("{}.pem", self.name));
        match self.role {
            Some(role) => Ok(Role::Operator(role)),
            None if file.exists() => Ok(holder(&file)?.role),
            None => Ok(Role::ADMINISTRATOR),
        }
    }
}

/// Makes them. Certificates that are there already stay as they are, unless they are to be renewed.
pub fn make(args: &CertificateArgs) -> Result<Vec<PathBuf>, AuthorityError> {
    let authority = authority(args)?;
    let hosts = if args.host.is_empty() {
        vec!["localhost".to_string(), "127.0.0.1".to_string()]
    } else {
        args.host.clone()
    };
    let members = args.members.iter().map(|member| (Role::Member, member.to_string()));
    let mut operators = Vec::new();
    for operator in &args.operator {
        operators.push((operator.role(&args.out)?, operator.name.clone()));
    }
    let mut made = Vec::new();
    for (role, name) in members.chain(operators) {
        let file = args.out.join(format!("{name}.pem"));
        if args.renew || !file.exists() {
            authority.issue(role, &name, &hosts)?.write(&args.out, &name)?;
            made.push(file);
        }
    }
    // Last, so that whoever is renewed in the same call is not shut out.
    if args.retire_authorities {
        retire_others(&args.out)?;
    }
    Ok(made)
}

fn authority(args: &CertificateArgs) -> Result<Authority, AuthorityError> {
    let present = has_authority(&args.out);
    if present && !args.new_authority {
        return Authority::load(&args.out);
    }
    let authority = Authority::create(args.plex)?;
    if present {
        authority.succeed(&args.out)?
    } else {
        authority.write(&args.out)?
    }
    Ok(authority)
}

fn has_authority(folder: &Path) -> bool {
    folder.join("ca.pem").exists()
}
