//! What this process shows to others: its certificate and key, and the authority that it trusts.

use crate::{
    named_file,
    peer::{Peer, PeerError},
    tls,
};
use rustls::{
    CertificateError, RootCertStore,
    pki_types::{CertificateDer, PrivateKeyDer, UnixTime, pem, pem::PemObject},
    server::WebPkiClientVerifier,
    sign::CertifiedKey,
};
use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};
use x509_parser::prelude::{FromDer, X509Certificate};

/// Where an identity is: three PEM files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityFiles {
    /// Certificate of the plex's authority; several, while one authority takes over from another.
    pub ca: PathBuf,
    /// The own certificate first, then those between it and the authority, if any.
    pub certificate: PathBuf,
    /// The key of the own certificate: PKCS #8, PKCS #1 or SEC 1, not encrypted.
    pub key: PathBuf,
}

impl IdentityFiles {
    /// `ca.pem`, `NAME.pem` and `NAME-key.pem`: the layout that [`crate::certificates::Authority`] writes.
    pub fn in_folder(folder: &Path, name: &str) -> Self {
        Self {
            ca: folder.join("ca.pem"),
            certificate: folder.join(format!("{name}.pem")),
            key: folder.join(format!("{name}-key.pem")),
        }
    }
}

/// An identity that can't be used, and which file to look at.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// The file is missing, or may not be read.
    #[error("{} can't be read: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file has no certificate in it.
    #[error("{} has no certificate in it: it takes PEM text that begins with -----BEGIN CERTIFICATE-----", path.display())]
    NoCertificate {
        /// The file.
        path: PathBuf,
    },
    /// The file has no private key in it.
    #[error("{} has no private key in it: it takes PEM text that begins with -----BEGIN PRIVATE KEY-----", path.display())]
    NoKey {
        /// The file.
        path: PathBuf,
    },
    /// The file begins as PEM, and does not go on so.
    #[error("{} is damaged: {reason}. Copy or issue it again", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What the reader met.
        reason: String,
    },
    /// The subject of the certificate names no member, operator or region.
    #[error("{} names nobody of a plex: {source}", path.display())]
    NotAnIdentity {
        /// The file.
        path: PathBuf,
        /// What is wrong with the subject.
        source: PeerError,
    },
    /// The key is another one.
    #[error("the key in {} does not belong to the certificate in {}: take both from the same issue", key.display(), certificate.display())]
    KeyMismatch {
        /// File of the certificate.
        certificate: PathBuf,
        /// File of the key.
        key: PathBuf,
    },
    /// A key of a kind that is not known here.
    #[error("the key in {} can't be used: {reason}", path.display())]
    KeyUnusable {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The certificate's time is over.
    #[error("the certificate in {} expired at {at}: issue a new one", path.display())]
    Expired {
        /// The file.
        path: PathBuf,
        /// The last moment it was valid.
        at: String,
    },
    /// The certificate's time has not come.
    #[error("the certificate in {} is valid from {from} on: check the clock of this machine", path.display())]
    NotYetValid {
        /// The file.
        path: PathBuf,
        /// The first moment it is valid.
        from: String,
    },
    /// Another authority issued the certificate.
    #[error("the certificate in {} is not issued by the authority in {}: take both from the same plex", certificate.display(), ca.display())]
    OtherAuthority {
        /// File of the certificate.
        certificate: PathBuf,
        /// File of the authority.
        ca: PathBuf,
    },
    /// The certificate is not one for this use.
    #[error("the certificate in {} can't be used: {reason}", path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
}

/// Certificate, key and authority of this process, checked against each other. Cheap to clone.
#[derive(Clone)]
pub struct Identity {
    pub(crate) peer: Peer,
    pub(crate) roots: Arc<RootCertStore>,
    pub(crate) certified: Arc<CertifiedKey>,
    ends: Vec<End>,
    authorities: usize,
}

/// When something that an identity rests on ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    /// The file.
    pub path: PathBuf,
    /// The last second in which it is valid, since 1970.
    pub at_s: i64,
    /// The same for people.
    pub at: String,
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Identity").field("peer", &self.peer).finish_non_exhaustive()
    }
}

impl Identity {
    /// Reads and checks the three files. Blocks on the file system.
    pub fn load(files: &IdentityFiles) -> Result<Self, IdentityError> {
        let authorities = read_certificates(&files.ca)?;
        let roots = Arc::new(roots_of(&files.ca, &authorities)?);
        let chain = read_certificates(&files.certificate)?;
        check_validity(&files.certificate, &chain[0])?;
        let peer = Peer::from_certificate(&chain[0])
            .map_err(|source| IdentityError::NotAnIdentity { path: files.certificate.clone(), source })?;
        check_chain(files, &roots, &chain)?;
        // Of several authorities the first to end counts: from then on none of the file is taken.
        let first = authorities.iter().filter_map(|der| end(&files.ca, der)).min_by_key(|end| end.at_s);
        let ends = end(&files.certificate, &chain[0]).into_iter().chain(first).collect();
        let certified = Arc::new(certified_key(files, chain)?);
        Ok(Self { peer, roots, certified, ends, authorities: authorities.len() })
    }

    /// When the certificate ends, and the first of the authorities.
    pub fn ends(&self) -> &[End] {
        &self.ends
    }

    /// How many authorities are trusted.
    pub fn authorities(&self) -> usize {
        self.authorities
    }

    /// Who this process is.
    pub fn peer(&self) -> &Peer {
        &self.peer
    }
}

fn end(path: &Path, der: &[u8]) -> Option<End> {
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    let last = certificate.validity().not_after;
    Some(End { path: path.to_path_buf(), at_s: last.timestamp(), at: last.to_string() })
}

fn roots_of(path: &Path, authorities: &[CertificateDer<'static>]) -> Result<RootCertStore, IdentityError> {
    let mut roots = RootCertStore::empty();
    for certificate in authorities {
        check_validity(path, certificate)?;
        roots.add(certificate.clone()).map_err(|error| IdentityError::Damaged {
            path: path.to_path_buf(),
            reason: error.to_string(),
        })?;
    }
    Ok(roots)
}

/// The certificates of a file, at least one.
fn read_certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, IdentityError> {
    let certificates = CertificateDer::pem_slice_iter(&read(path)?)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| damaged(path, &error))?;
    if certificates.is_empty() {
        return Err(IdentityError::NoCertificate { path: path.to_path_buf() });
    }
    Ok(certificates)
}

fn read_key(path: &Path) -> Result<PrivateKeyDer<'static>, IdentityError> {
    PrivateKeyDer::from_pem_slice(&read(path)?).map_err(|error| match error {
        pem::Error::NoItemsFound => IdentityError::NoKey { path: path.to_path_buf() },
        other => damaged(path, &other),
    })
}

fn read(path: &Path) -> Result<Vec<u8>, IdentityError> {
    named_file::read(path, named_file::SETTINGS_BYTES_MAX)
        .map_err(|source| IdentityError::Unreadable { path: path.to_path_buf(), source })
}

fn damaged(path: &Path, error: &pem::Error) -> IdentityError {
    let reason = match error {
        pem::Error::MissingSectionEnd { .. } => "a section has no -----END line".to_string(),
        pem::Error::IllegalSectionStart { .. } => "a -----BEGIN line is wrong".to_string(),
        other => other.to_string(),
    };
    IdentityError::Damaged { path: path.to_path_buf(), reason }
}

fn check_validity(path: &Path, der: &[u8]) -> Result<(), IdentityError> {
    let path = path.to_path_buf();
    let no_certificate = "a section is no X.509 certificate";
    let (_, certificate) = X509Certificate::from_der(der)
        .map_err(|_| IdentityError::Damaged { path: path.clone(), reason: no_certificate.to_string() })?;
    let (validity, now) = (certificate.validity(), x509_parser::time::ASN1Time::now());
    if now > validity.not_after {
        return Err(IdentityError::Expired { path, at: validity.not_after.to_string() });
    }
    if now < validity.not_before {
        return Err(IdentityError::NotYetValid { path, from: validity.not_before.to_string() });
    }
    Ok(())
}

/// Checks the own chain as a member would: what would be refused everywhere is better told at the start.
fn check_chain(
    files: &IdentityFiles,
    roots: &Arc<RootCertStore>,
    chain: &[CertificateDer<'static>],
) -> Result<(), IdentityError> {
    let unusable = |reason: String| IdentityError::Unusable { path: files.certificate.clone(), reason };
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::clone(roots), tls::provider())
        .build()
        .map_err(|error| unusable(error.to_string()))?;
    match verifier.verify_client_cert(&chain[0], &chain[1..], UnixTime::now()) {
        Ok(_) => Ok(()),
        Err(rustls::Error::InvalidCertificate(
            CertificateError::UnknownIssuer | CertificateError::BadSignature,
        )) => Err(IdentityError::OtherAuthority {
            certificate: files.certificate.clone(),
            ca: files.ca.clone(),
        }),
        Err(other) => Err(unusable(other.to_string())),
    }
}

fn certified_key(
    files: &IdentityFiles,
    chain: Vec<CertificateDer<'static>>,
) -> Result<CertifiedKey, IdentityError> {
    CertifiedKey::from_der(chain, read_key(&files.key)?, &tls::provider()).map_err(|error| match error {
        rustls::Error::InconsistentKeys(_) => {
            IdentityError::KeyMismatch { certificate: files.certificate.clone(), key: files.key.clone() }
        }
        other => IdentityError::KeyUnusable { path: files.key.clone(), reason: other.to_string() },
    })
}
