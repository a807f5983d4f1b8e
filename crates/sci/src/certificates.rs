//! An authority for development: it issues the certificates of a plex that runs on a laptop or in CI.
//!
//! Where a company has an authority of its own, that one issues them instead; what counts is the subject (see
//! [`crate::Peer`]), the key usages below, and for members that they may be TLS servers *and* clients.

use crate::{
    named_file,
    peer::{Peer, PeerError, Role},
};
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose,
    IsCa, Issuer, KeyPair, KeyUsagePurpose, PublicKeyData,
};
use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};
use time::{Duration, OffsetDateTime};
use vocabulary::{NameError, PlexName};

/// Two machines' clocks may differ by so much when a certificate is new.
const CLOCK_SLACK: Duration = Duration::days(1);
const AUTHORITY_LIFE: Duration = Duration::days(3_650);
const CERTIFICATE_LIFE: Duration = Duration::days(825);

/// Certificates that could not be made, read or written.
#[derive(Debug, thiserror::Error)]
pub enum AuthorityError {
    /// A file can't be read.
    #[error("{} can't be read: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file can't be written.
    #[error("{} can't be written: {source}", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The authority's files are no certificate and key.
    #[error("{} is no authority: {reason}. Create one in an empty folder", path.display())]
    NotAnAuthority {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// Nobody can be called so.
    #[error("no certificate can be issued: {0}")]
    Name(#[from] PeerError),
    /// The certificate could not be made, for instance because a host is neither a DNS name nor an address.
    #[error("the certificate of {name} could not be made: {source}")]
    NotMade {
        /// Whose it was to be.
        name: String,
        /// Why.
        source: rcgen::Error,
    },
}

/// A certificate with its key, both PEM.
#[derive(Clone, PartialEq, Eq)]
pub struct Issued {
    /// The certificate.
    pub cert_pem: String,
    /// Its private key, PKCS #8.
    pub key_pem: String,
}

/// The key stays out of logs.
impl std::fmt::Debug for Issued {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Issued").field("cert_pem", &self.cert_pem).finish_non_exhaustive()
    }
}

/// A certificate authority of one plex.
pub struct Authority {
    plex: PlexName,
    certificate_pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Authority").field("plex", &self.plex).finish_non_exhaustive()
    }
}

impl Authority {
    /// A new authority with a new key, valid for ten years.
    pub fn create(plex: PlexName) -> Result<Self, AuthorityError> {
        let not_made = |source| AuthorityError::NotMade { name: format!("the authority of {plex}"), source };
        let key = KeyPair::generate().map_err(not_made)?;
        let params = authority_params(plex);
        let certificate = params.self_signed(&key).map_err(not_made)?;
        Ok(Self { plex, certificate_pem: certificate.pem(), issuer: Issuer::new(params, key) })
    }

    /// The authority whose `ca.pem` and `ca-key.pem` are in this folder: of several in `ca.pem`, the first.
    pub fn load(folder: &Path) -> Result<Self, AuthorityError> {
        let (certificate, key) = (folder.join("ca.pem"), folder.join("ca-key.pem"));
        let certificate_pem = read(&certificate)?;
        let key_pair = KeyPair::from_pem(&read(&key)?).map_err(|error| not_an_authority(&key, &error))?;
        let plex = authority_plex(&certificate, &certificate_pem, &key_pair)?;
        let issuer = Issuer::from_ca_cert_pem(&certificate_pem, key_pair)
            .map_err(|error| not_an_authority(&certificate, &error))?;
        Ok(Self { plex, certificate_pem, issuer })
    }

    /// Whose certificates it issues.
    pub fn plex(&self) -> PlexName {
        self.plex
    }

    /// Its own certificate: what everyone in the plex trusts.
    pub fn certificate_pem(&self) -> &str {
        &self.certificate_pem
    }

    /// A certificate with a new key, valid for 825 days. The hosts (DNS names, IP addresses) are for web browsers
    /// and the like; members don't look at them.
    pub fn issue(&self, role: Role, name: &str, hosts: &[String]) -> Result<Issued, AuthorityError> {
        let peer = Peer::new(role, name, self.plex)?;
        let key = KeyPair::generate().map_err(|source| not_made(&peer, source))?;
        let certificate = self.sign(&peer, hosts, &key).map_err(|source| not_made(&peer, source))?;
        Ok(Issued { cert_pem: certificate.pem(), key_pem: key.serialize_pem() })
    }

    fn sign(&self, peer: &Peer, hosts: &[String], key: &KeyPair) -> Result<Certificate, rcgen::Error> {
        let mut params = CertificateParams::new(hosts)?;
        params.distinguished_name = subject(&peer.name, peer.plex, Some(peer.role));
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = usages(peer.role);
        params.use_authority_key_identifier_extension = true;
        valid_for(&mut params, CERTIFICATE_LIFE);
        params.signed_by(key, &self.issuer)
    }

    /// Writes `ca.pem` and `ca-key.pem` into the folder, which is made if need be. An authority that is there
    /// already is not replaced: every certificate it issued would be worthless.
    pub fn write(&self, folder: &Path) -> Result<(), AuthorityError> {
        make_folder(folder)?;
        write_new(&folder.join("ca-key.pem"), &self.issuer.key().serialize_pem(), 0o600)?;
        write_new(&folder.join("ca.pem"), &self.certificate_pem, 0o644)
    }
}

impl Authority {
    /// Puts this authority before those in the folder, which are trusted beside it until [`retire_others`]. Its key takes
    /// the place of theirs.
    pub fn succeed(&self, folder: &Path) -> Result<(), AuthorityError> {
        let path = folder.join("ca.pem");
        let bundle = format!("{}{}", self.certificate_pem, read(&path)?);
        write_over(&path, &bundle, 0o644)?;
        write_over(&folder.join("ca-key.pem"), &self.issuer.key().serialize_pem(), 0o600)
    }
}

/// Leaves only the first authority in the `ca.pem` of a folder. Whoever has a certificate of another one is shut out.
pub fn retire_others(folder: &Path) -> Result<(), AuthorityError> {
    let path = folder.join("ca.pem");
    let text = read(&path)?;
    let end = text.find(PEM_END).map(|at| at + PEM_END.len());
    let first = end.and_then(|end| text.get(..end)).ok_or_else(|| AuthorityError::NotAnAuthority {
        path: path.clone(),
        reason: "it has no certificate in it".to_string(),
    })?;
    write_over(&path, &format!("{first}\n"), 0o644)
}

const PEM_END: &str = "-----END CERTIFICATE-----";

/// Whose certificate a PEM file has.
pub fn holder(path: &Path) -> Result<Peer, AuthorityError> {
    let text = read(path)?;
    let (_, pem) = x509_parser::pem::parse_x509_pem(text.as_bytes()).map_err(|_| PeerError::NotX509)?;
    Ok(Peer::from_certificate(&pem.contents)?)
}

impl Issued {
    /// Writes `NAME.pem` and `NAME-key.pem` into the folder, which is made if need be, over what was there.
    pub fn write(&self, folder: &Path, name: &str) -> Result<(), AuthorityError> {
        make_folder(folder)?;
        write_over(&folder.join(format!("{name}-key.pem")), &self.key_pem, 0o600)?;
        write_over(&folder.join(format!("{name}.pem")), &self.cert_pem, 0o644)
    }
}

fn authority_params(plex: PlexName) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = subject(&format!("Authority of {plex}"), plex, None);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    valid_for(&mut params, AUTHORITY_LIFE);
    params
}

fn subject(name: &str, plex: PlexName, role: Option<Role>) -> DistinguishedName {
    let mut subject = DistinguishedName::new();
    subject.push(DnType::OrganizationName, plex.as_str());
    if let Some(role) = role {
        subject.push(DnType::OrganizationalUnitName, role.unit());
    }
    subject.push(DnType::CommonName, name);
    subject
}

/// Only a member may be a server, so that a stolen operator certificate can't pose as a member.
fn usages(role: Role) -> Vec<ExtendedKeyUsagePurpose> {
    match role {
        Role::Member => vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth],
        Role::Operator(_) | Role::Region => vec![ExtendedKeyUsagePurpose::ClientAuth],
    }
}

fn valid_for(params: &mut CertificateParams, life: Duration) {
    let now = OffsetDateTime::now_utc();
    params.not_before = now - CLOCK_SLACK;
    params.not_after = now + life;
}

/// Whose authority a certificate is of. A key that another authority left behind would issue certificates that nobody
/// trusts.
fn authority_plex(path: &Path, pem: &str, key: &KeyPair) -> Result<PlexName, AuthorityError> {
    let no_authority = |reason: String| AuthorityError::NotAnAuthority { path: path.to_path_buf(), reason };
    let (_, pem) =
        x509_parser::pem::parse_x509_pem(pem.as_bytes()).map_err(|error| no_authority(error.to_string()))?;
    let certificate = pem.parse_x509().map_err(|error| no_authority(error.to_string()))?;
    if certificate.public_key().raw != key.subject_public_key_info() {
        return Err(no_authority("ca-key.pem is the key of another authority".to_string()));
    }
    let organization = certificate.subject().iter_organization().next();
    let name = organization.and_then(|value| value.as_str().ok()).unwrap_or_default();
    PlexName::new(name).map_err(|error: NameError| no_authority(error.to_string()))
}

fn not_an_authority(path: &Path, error: &rcgen::Error) -> AuthorityError {
    AuthorityError::NotAnAuthority { path: path.to_path_buf(), reason: error.to_string() }
}

fn not_made(peer: &Peer, source: rcgen::Error) -> AuthorityError {
    AuthorityError::NotMade { name: peer.to_string(), source }
}

fn read(path: &Path) -> Result<String, AuthorityError> {
    named_file::read_text(path, named_file::SETTINGS_BYTES_MAX)
        .map_err(|source| AuthorityError::Unreadable { path: path.to_path_buf(), source })
}

fn make_folder(folder: &Path) -> Result<(), AuthorityError> {
    fs::create_dir_all(folder).map_err(|source| unwritable(folder, source))
}

fn write_new(path: &Path, text: &str, mode: u32) -> Result<(), AuthorityError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(mode);
    write_with(&options, path, text, mode)
}

/// Writes aside and renames, so that a member which reads the file meanwhile finds the old one or the new one, whole.
fn write_over(path: &Path, text: &str, mode: u32) -> Result<(), AuthorityError> {
    let aside = path.with_extension("pem.new");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(mode);
    write_with(&options, &aside, text, mode)?;
    fs::rename(&aside, path).map_err(|source| unwritable(path, source))
}

fn write_with(options: &OpenOptions, path: &Path, text: &str, mode: u32) -> Result<(), AuthorityError> {
    let written = options.open(path).and_then(|mut file| {
        // A file that was there keeps its mode through an open, and a key must not stay readable.
        file.set_permissions(fs::Permissions::from_mode(mode))?;
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    written.map_err(|source| unwritable(path, source))
}

fn unwritable(path: &Path, source: io::Error) -> AuthorityError {
    AuthorityError::Unwritable { path: path.to_path_buf(), source }
}
