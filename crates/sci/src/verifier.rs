//! How a dialing process judges the certificate of the member it reached.
//!
//! The chain is checked by webpki, as for any TLS server: signed by the authority, in its time, issued for
//! servers. The name is not: a web browser compares a DNS name, while a plex knows members by their IMS names,
//! wherever they run today. So the subject is compared instead: O with our plex, OU with `member`, CN with the
//! member that was to be reached, when that is known. This happens inside the handshake, before our own
//! certificate is shown.

use crate::{
    identity::Identity,
    peer::{Peer, PeerError, Role},
};
use rustls::{
    CertificateError, DigitallySignedStruct, OtherError, RootCertStore, SignatureScheme,
    client::{
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        verify_server_cert_signed_by_trust_anchor,
    },
    crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime},
    server::ParsedCertificate,
};
use std::sync::Arc;
use vocabulary::{MemberName, PlexName};

/// A certificate of our authority whose subject is not the one we look for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SubjectMismatch {
    #[error("it belongs to {0}")]
    OtherPlex(Peer),
    #[error("it belongs to {0}")]
    OtherMember(Peer),
    #[error("it belongs to {0}, which is no member")]
    NoMember(Peer),
    #[error(transparent)]
    Nobody(#[from] PeerError),
}

#[derive(Debug)]
pub(crate) struct MemberVerifier {
    roots: Arc<RootCertStore>,
    algorithms: WebPkiSupportedAlgorithms,
    plex: PlexName,
    expected: Option<MemberName>,
}

impl MemberVerifier {
    pub(crate) fn new(
        identity: &Identity,
        expected: Option<MemberName>,
        algorithms: WebPkiSupportedAlgorithms,
    ) -> Self {
        Self { roots: Arc::clone(&identity.roots), algorithms, plex: identity.peer.plex, expected }
    }

    fn check_subject(&self, der: &[u8]) -> Result<(), SubjectMismatch> {
        let peer = Peer::from_certificate(der)?;
        if peer.plex != self.plex {
            Err(SubjectMismatch::OtherPlex(peer))
        } else if peer.role != Role::Member {
            Err(SubjectMismatch::NoMember(peer))
        } else if self.expected.is_some() && peer.member() != self.expected {
            Err(SubjectMismatch::OtherMember(peer))
        } else {
            Ok(())
        }
    }
}

impl ServerCertVerifier for MemberVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let certificate = ParsedCertificate::try_from(end_entity)?;
        verify_server_cert_signed_by_trust_anchor(
            &certificate,
            &self.roots,
            intermediates,
            now,
            self.algorithms.all,
        )?;
        self.check_subject(end_entity)
            .map_err(|mismatch| CertificateError::Other(OtherError(Arc::new(mismatch))))?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
