//! What systems and TLS say of a connection that failed, in words for people.

use rustls::{AlertDescription, CertificateError, Error};
use std::io;

/// Why a connection that stood is broken.
pub(crate) fn broken(error: &io::Error) -> String {
    match error.kind() {
        _ if is_gone(error) => "the other end is gone without a farewell".to_string(),
        io::ErrorKind::TimedOut => "the network acknowledged nothing for too long".to_string(),
        _ => tls(error).map_or_else(|| error.to_string(), of_tls),
    }
}

/// Why TLS with a stranger did not come about.
pub(crate) fn no_tls(error: &io::Error) -> String {
    match is_gone(error) {
        true => "it went away in the middle of the TLS handshake".to_string(),
        false => broken(error),
    }
}

/// How a process that was killed shows, depending on what was under way.
fn is_gone(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    matches!(error.kind(), UnexpectedEof | ConnectionReset | ConnectionAborted | BrokenPipe)
}

/// What is wrong with a certificate.
pub(crate) fn untrusted(error: &CertificateError) -> String {
    match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "it has expired".to_string(),
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "it is not valid yet, or the clock of this machine is wrong".to_string()
        }
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            "it is not issued for servers, as that of a member must be".to_string()
        }
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            "it is issued by another authority than that of this plex".to_string()
        }
        other => other.to_string(),
    }
}

fn tls(error: &io::Error) -> Option<&Error> {
    error.get_ref()?.downcast_ref()
}

fn of_tls(error: &Error) -> String {
    match error {
        Error::NoCertificatesPresented => "it shows no certificate".to_string(),
        Error::InvalidCertificate(reason) => {
            format!("its certificate can't be trusted: {}", untrusted(reason))
        }
        Error::InvalidMessage(_) => "it does not speak TLS".to_string(),
        Error::AlertReceived(AlertDescription::UnknownCA | AlertDescription::BadCertificate) => {
            "it does not accept the certificate of this member".to_string()
        }
        other => format!("TLS failed: {other}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_to_the_manual_of_a_library() {
        let text = "peer closed connection without sending TLS close_notify: https://docs.rs/rustls";
        let gone = io::Error::new(io::ErrorKind::UnexpectedEof, text);
        assert_eq!(broken(&gone), "the other end is gone without a farewell");
        let reset = io::Error::from_raw_os_error(104);
        assert_eq!(broken(&reset), broken(&gone));
        let stranger = io::Error::new(
            io::ErrorKind::InvalidData,
            Error::InvalidCertificate(CertificateError::UnknownIssuer),
        );
        assert_eq!(
            no_tls(&stranger),
            "its certificate can't be trusted: it is issued by another authority than that of this plex"
        );
    }
}
