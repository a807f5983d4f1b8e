//! TLS 1.3 with certificates on both sides, and nothing older.

use crate::{identity::Identity, verifier::MemberVerifier};
use rustls::{
    ClientConfig, ServerConfig,
    client::Resumption,
    crypto::CryptoProvider,
    server::{NoServerSessionStorage, WebPkiClientVerifier},
    sign::SingleCertAndKey,
    version::TLS13,
};
use std::sync::Arc;
use vocabulary::MemberName;

/// The cryptography in use, named here so that no default of the process can change it.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// Accepts whoever has a certificate of our authority.
pub(crate) fn server_config(identity: &Identity) -> Result<ServerConfig, rustls::Error> {
    let provider = provider();
    let roots = Arc::clone(&identity.roots);
    let verifier = WebPkiClientVerifier::builder_with_provider(roots, Arc::clone(&provider))
        .build()
        .map_err(|error| rustls::Error::General(error.to_string()))?;
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&TLS13])?
        .with_client_cert_verifier(verifier)
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(Arc::clone(&identity.certified))));
    // A resumed session skips the certificates: every connection shows them anew.
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(config)
}

/// Accepts members of our plex, or only the expected one.
pub(crate) fn client_config(
    identity: &Identity,
    expected: Option<MemberName>,
) -> Result<ClientConfig, rustls::Error> {
    let provider = provider();
    let verifier = MemberVerifier::new(identity, expected, provider.signature_verification_algorithms);
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&TLS13])?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_client_cert_resolver(Arc::new(SingleCertAndKey::from(Arc::clone(&identity.certified))));
    config.resumption = Resumption::disabled();
    config.enable_sni = false;
    Ok(config)
}
