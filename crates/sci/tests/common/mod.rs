//! A plex's certificates in a folder, and members that listen on loopback.

#![allow(dead_code, reason = "each test program uses a part of it")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that fails to set the scene fails")]

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    date_time_ymd,
};
use sci::{
    Accepted, Connection, DialError, Identity, IdentityFiles, Lane, Limits, Listener, Role,
    certificates::Authority, dial,
};
use std::{cell::RefCell, error::Error, fs, io, net::SocketAddr, path::Path, sync::Once};
use tempfile::TempDir;
use time::{Duration, OffsetDateTime};
use vocabulary::{MemberName, PlexName};

/// The certificates of PLEX1.
pub(crate) struct Certificates {
    pub(crate) folder: TempDir,
    authority: Authority,
}

impl Certificates {
    pub(crate) fn new() -> Self {
        keep_log();
        let folder = tempfile::tempdir().unwrap();
        let authority = Authority::create(PlexName::new("PLEX1").unwrap()).unwrap();
        authority.write(folder.path()).unwrap();
        Self { folder, authority }
    }

    pub(crate) fn identity(&self, role: Role, name: &str) -> Identity {
        let hosts = ["localhost".to_string(), "127.0.0.1".to_string()];
        self.authority.issue(role, name, &hosts).unwrap().write(self.folder.path(), name).unwrap();
        Identity::load(&IdentityFiles::in_folder(self.folder.path(), name)).unwrap()
    }

    pub(crate) async fn listener(&self, name: &str, limits: Limits) -> Listener {
        let identity = self.identity(Role::Member, name);
        Listener::bind("127.0.0.1:0", &identity, limits).await.unwrap()
    }
}

pub(crate) fn member(name: &str) -> MemberName {
    MemberName::new(name).unwrap()
}

pub(crate) async fn dial_as(
    identity: &Identity,
    address: SocketAddr,
    lane: Lane,
) -> Result<Connection, DialError> {
    dial(identity, &address.to_string(), None, lane, &Limits::default()).await
}

/// Has the authority in a folder sign a certificate that it would not issue: any subject (CN, O, OU), good for
/// servers and clients, in the years from one to the other.
pub(crate) fn forge(
    folder: &Path,
    name: &str,
    [cn, o, ou]: [&str; 3],
    years: (i32, i32),
) -> Result<(), Box<dyn Error>> {
    let ca_key = KeyPair::from_pem(&fs::read_to_string(folder.join("ca-key.pem"))?)?;
    let issuer = Issuer::from_ca_cert_pem(&fs::read_to_string(folder.join("ca.pem"))?, ca_key)?;
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, cn);
    params.distinguished_name.push(DnType::OrganizationName, o);
    params.distinguished_name.push(DnType::OrganizationalUnitName, ou);
    params.extended_key_usages =
        vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    params.not_before = date_time_ymd(years.0, 1, 1);
    params.not_after = date_time_ymd(years.1, 1, 1);
    let key = KeyPair::generate()?;
    fs::write(folder.join(format!("{name}.pem")), params.signed_by(&key, &issuer)?.pem())?;
    fs::write(folder.join(format!("{name}-key.pem")), key.serialize_pem())?;
    Ok(())
}

/// An authority, in PEM, that ends so many years from now.
pub(crate) fn authority_for(years: i64) -> String {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.not_after = OffsetDateTime::now_utc() + Duration::days(365 * years);
    params.self_signed(&KeyPair::generate().unwrap()).unwrap().pem()
}

/// Both ends of a connection: the one that dialed, and the one that was accepted by IMS1.
pub(crate) async fn connected(role: Role, lane: Lane, limits: Limits) -> (Connection, Accepted) {
    let certificates = Certificates::new();
    let mut listener = certificates.listener("IMS1", limits).await;
    let identity = certificates.identity(role, "PEER");
    let address = listener.address().to_string();
    let dialing = dial(&identity, &address, Some(member("IMS1")), lane, &limits);
    let (connection, accepted) = tokio::join!(dialing, listener.accept());
    (connection.unwrap(), accepted)
}

thread_local! {
    static LOGGED: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// The warnings of this test so far: a test and all its tasks have a thread to themselves.
pub(crate) fn logged() -> String {
    LOGGED.with_borrow(|bytes| String::from_utf8(bytes.clone()).unwrap())
}

/// One subscriber for the process. With one for each thread, a thread without would decide for all of them that
/// nobody is interested, when it is the first to reach a log line.
fn keep_log() {
    static KEPT: Once = Once::new();
    KEPT.call_once(|| {
        tracing_subscriber::fmt()
            .with_writer(|| ThreadLog)
            .with_ansi(false)
            .with_max_level(tracing::Level::WARN)
            .init();
    });
}

struct ThreadLog;

impl io::Write for ThreadLog {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LOGGED.with_borrow_mut(|log| log.extend_from_slice(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
