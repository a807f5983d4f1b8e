//! Who somebody is: what the subject of a certificate says.

use csl::om::OperatorRole;
use std::{fmt, str::FromStr};
use vocabulary::{MemberName, NameError, PlexName};
use x509_parser::prelude::{FromDer, X509Certificate, X509Name};

/// The most characters that the name of an operator or a region has.
const NAME_LENGTH_MAX: usize = 64;

/// What a certificate lets its holder be (subject OU).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// An IMS member: it may listen, and use every lane.
    Member,
    /// An operator: the commands that the role in the certificate allows, and from the role operate on what a region
    /// may.
    Operator(OperatorRole),
    /// A dependent region.
    Region,
}

impl Role {
    /// An operator that may do everything.
    pub const ADMINISTRATOR: Self = Self::Operator(OperatorRole::Administer);

    /// `member`, `operator`, `region`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Operator(_) => "operator",
            Self::Region => "region",
        }
    }

    /// As the OU of a subject has it: as a word, and for an operator with the role behind it: `operator.administer`.
    pub fn unit(self) -> &'static str {
        match self {
            Self::Operator(OperatorRole::Read) => "operator.read",
            Self::Operator(OperatorRole::Operate) => "operator.operate",
            Self::Operator(OperatorRole::Administer) => "operator.administer",
            Self::Member | Self::Region => self.as_str(),
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Role {
    type Err = PeerError;

    /// The role that an OU stands for. A bare `operator` may look: what a certificate does not say, it does not allow.
    fn from_str(text: &str) -> Result<Self, PeerError> {
        let least = Self::Operator(OperatorRole::Read);
        let by_unit = [Self::Member, Self::Region].into_iter().chain(OperatorRole::ALL.map(Self::Operator));
        by_unit
            .map(|role| (role.unit(), role))
            .chain([(least.as_str(), least)])
            .find(|(unit, _)| unit.eq_ignore_ascii_case(text))
            .map(|(_, role)| role)
            .ok_or_else(|| PeerError::UnknownRole { found: text.escape_default().to_string() })
    }
}

/// Somebody with a certificate: a member, an operator or a region of a plex.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// The CN. A member's is a [`MemberName`]; others have 1 to 64 visible ASCII characters.
    pub name: String,
    /// The O.
    pub plex: PlexName,
    /// The OU.
    pub role: Role,
}

/// A certificate that names nobody.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PeerError {
    /// The bytes are no X.509 certificate.
    #[error("it is no X.509 certificate")]
    NotX509,
    /// A part of the subject is no text.
    #[error("the certificate's subject has a {attribute} that is no text")]
    NotText {
        /// `CN (name)`, `O (plex)` or `OU (role)`.
        attribute: &'static str,
    },
    /// A part of the subject is missing, or there more than once.
    #[error("the certificate's subject must have exactly one {attribute}, and has {count}")]
    Attribute {
        /// `CN (name)`, `O (plex)` or `OU (role)`.
        attribute: &'static str,
        /// How often it is there.
        count: usize,
    },
    /// The O is no plex name, or the CN of a member no member name.
    #[error("the certificate's subject is wrong: {0}")]
    Name(#[from] NameError),
    /// The CN of an operator or a region is too long or has invisible characters.
    #[error(
        "the certificate's subject has the CN \"{found}\": it takes 1 to {NAME_LENGTH_MAX} visible ASCII characters"
    )]
    BadName {
        /// What it says, escaped.
        found: String,
    },
    /// The OU is none of the roles.
    #[error(
        "the certificate's subject has the OU \"{found}\": it takes member, region, or operator with a role behind it, such as operator.read"
    )]
    UnknownRole {
        /// What it says, escaped.
        found: String,
    },
}

impl Peer {
    /// Who the subject of this DER certificate names. Whether the certificate is to be trusted is another question.
    pub fn from_certificate(der: &[u8]) -> Result<Self, PeerError> {
        let (_, certificate) = X509Certificate::from_der(der).map_err(|_| PeerError::NotX509)?;
        Self::from_subject(certificate.subject())
    }

    fn from_subject(subject: &X509Name<'_>) -> Result<Self, PeerError> {
        let name = only("CN (name)", subject.iter_common_name())?;
        let plex = only("O (plex)", subject.iter_organization())?;
        let role = only("OU (role)", subject.iter_organizational_unit())?;
        Self::new(role.parse()?, name, PlexName::new(plex)?)
    }

    /// Somebody of this name, which is folded to upper case for a member.
    pub fn new(role: Role, name: &str, plex: PlexName) -> Result<Self, PeerError> {
        let name = match role {
            Role::Member => MemberName::new(name)?.as_str().to_string(),
            Role::Operator(_) | Role::Region => visible(name)?,
        };
        Ok(Self { name, plex, role })
    }

    /// The member's name; nothing for operators and regions.
    pub fn member(&self) -> Option<MemberName> {
        (self.role == Role::Member).then(|| MemberName::new(&self.name).ok()).flatten()
    }
}

fn visible(name: &str) -> Result<String, PeerError> {
    let fits = (1..=NAME_LENGTH_MAX).contains(&name.len());
    if fits && name.bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(name.to_string())
    } else {
        Err(PeerError::BadName { found: name.escape_default().to_string() })
    }
}

/// One value and no more: with two of them, two readers of a certificate could see two different peers.
fn only<'a>(
    attribute: &'static str,
    values: impl Iterator<Item = &'a x509_parser::x509::AttributeTypeAndValue<'a>>,
) -> Result<&'a str, PeerError> {
    let values: Vec<_> = values.collect();
    match values.as_slice() {
        [value] => value.as_str().map_err(|_| PeerError::NotText { attribute }),
        several => Err(PeerError::Attribute { attribute, count: several.len() }),
    }
}

/// `member IMS1 of plex PLEX1`.
impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} of plex {}", self.role, self.name, self.plex)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plex() -> PlexName {
        PlexName::new("PLEX1").unwrap()
    }

    #[test]
    fn a_member_has_a_member_name_and_an_operator_any_visible_one() {
        let member = Peer::new(Role::Member, "ims1", plex()).unwrap();
        assert_eq!(member.to_string(), "member IMS1 of plex PLEX1");
        assert_eq!(member.member(), Some(MemberName::new("IMS1").unwrap()));
        assert!(matches!(Peer::new(Role::Member, "not-a-name", plex()), Err(PeerError::Name(_))));
        let operator = Peer::new(Role::ADMINISTRATOR, "jane.doe@example", plex()).unwrap();
        assert_eq!((operator.name.as_str(), operator.member()), ("jane.doe@example", None));
    }

    #[test]
    fn a_name_that_could_forge_a_log_line_is_refused() {
        for name in ["", "a b", "a\nb", "Müller", &"x".repeat(65)] {
            assert!(matches!(Peer::new(Role::ADMINISTRATOR, name, plex()), Err(PeerError::BadName { .. })));
        }
    }

    #[test]
    fn an_operator_has_the_role_that_the_unit_says_and_the_least_where_it_says_none() {
        for role in [Role::Member, Role::Region].into_iter().chain(OperatorRole::ALL.map(Role::Operator)) {
            assert_eq!(role.unit().to_uppercase().parse(), Ok(role));
        }
        assert_eq!("operator".parse(), Ok(Role::Operator(OperatorRole::Read)));
        assert!("operator.".parse::<Role>().is_err() && "operator.root".parse::<Role>().is_err());
    }

    #[test]
    fn what_is_no_certificate_is_told() {
        assert_eq!(Peer::from_certificate(b"garbage"), Err(PeerError::NotX509));
        assert_eq!("Auditor".parse::<Role>(), Err(PeerError::UnknownRole { found: "Auditor".into() }));
    }
}
