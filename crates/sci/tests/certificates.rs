//! The authority for development, as its files are.

#![allow(clippy::unwrap_used, reason = "a test that fails to set the scene fails")]

mod common;

use common::Certificates;
use sci::{
    Identity, IdentityFiles, Role,
    certificates::{Authority, AuthorityError},
};
use std::os::unix::fs::PermissionsExt;

fn mode(path: &std::path::Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn keys_are_for_their_owner_only() {
    let certificates = Certificates::new();
    certificates.identity(Role::Member, "IMS1");
    let folder = certificates.folder.path();
    for key in ["ca-key.pem", "IMS1-key.pem"] {
        assert_eq!(mode(&folder.join(key)), 0o600, "{key}");
    }
    assert_eq!(mode(&folder.join("IMS1.pem")), 0o644);
}

#[test]
fn a_key_that_was_open_to_all_is_closed_when_it_is_issued_again() {
    let certificates = Certificates::new();
    let key = certificates.folder.path().join("IMS1-key.pem");
    std::fs::write(&key, "an older key").unwrap();
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o666)).unwrap();
    certificates.identity(Role::Member, "IMS1");
    assert_eq!(mode(&key), 0o600);
}

#[test]
fn an_authority_goes_on_from_its_files() {
    let certificates = Certificates::new();
    let folder = certificates.folder.path();
    let authority = Authority::load(folder).unwrap();
    assert_eq!(authority.plex().as_str(), "PLEX1");
    authority.issue(Role::ADMINISTRATOR, "jane", &[]).unwrap().write(folder, "jane").unwrap();
    let jane = Identity::load(&IdentityFiles::in_folder(folder, "jane")).unwrap();
    assert_eq!(jane.peer().to_string(), "operator jane of plex PLEX1");
}

#[test]
fn an_authority_is_never_replaced() {
    let certificates = Certificates::new();
    let folder = certificates.folder.path();
    let before = std::fs::read(folder.join("ca-key.pem")).unwrap();
    let another = Authority::create("PLEX1".parse().unwrap()).unwrap();
    assert!(matches!(another.write(folder), Err(AuthorityError::Unwritable { .. })));
    assert_eq!(std::fs::read(folder.join("ca-key.pem")).unwrap(), before);
}

#[test]
fn no_certificate_is_issued_for_what_is_no_name_or_host() {
    let authority = Authority::create("PLEX1".parse().unwrap()).unwrap();
    assert!(matches!(authority.issue(Role::Member, "NOT A NAME", &[]), Err(AuthorityError::Name(_))));
    let hosts = ["höst".to_string()];
    assert!(matches!(authority.issue(Role::Member, "IMS1", &hosts), Err(AuthorityError::NotMade { .. })));
}

#[test]
fn the_key_stays_out_of_what_is_printed() {
    let authority = Authority::create("PLEX1".parse().unwrap()).unwrap();
    let issued = authority.issue(Role::Member, "IMS1", &[]).unwrap();
    assert!(!format!("{issued:?} {authority:?}").contains("PRIVATE KEY"));
}
