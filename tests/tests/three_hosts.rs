//! Whoever has nothing but the page can set up three members on three hosts, change what they work from, lose a network
//! and a host, put another in its place, renew certificates, and read why each of it happened.

use end_to_end::{Binaries, Document, Network};
use std::fs;
use std::io;
use std::path::Path;

fn holds(network: Network) -> io::Result<()> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/operating/three-hosts.md");
    let page = Document::parse(&fs::read_to_string(&path)?);
    let outcome = page.run_on_hosts(Binaries::for_stories(), network)?;
    if std::env::var_os("UPDATE_GOLDENFILES").is_some() {
        fs::write(&path, outcome.page.text())?;
    }
    assert!(outcome.wrong.is_empty(), "{}:\n{}", path.display(), outcome.wrong.join("\n\n"));
    Ok(())
}

#[test]
fn three_members_on_three_hosts_go_as_the_page_says() -> io::Result<()> {
    holds(Network::of_this_machine())
}

/// The same where hosts can't have networks of their own, so that it is no surprise on a machine that can't give them.
#[test]
fn three_members_on_three_addresses_of_this_machine_go_as_the_page_says() -> io::Result<()> {
    holds(Network::Loopback)
}
