//! The monitoring ports of members, asked as a probe or Prometheus asks them.

use crate::{Binaries, Cluster, ports};
use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// How long an answer may take.
const ANSWER: Duration = Duration::from_secs(5);

/// Where each member is watched.
#[derive(Debug, Clone)]
pub struct MonitoringPorts(BTreeMap<String, String>);

/// What was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The status: 200 where all is well.
    pub status: u16,
    /// The text.
    pub text: String,
}

impl Cluster {
    /// As [`Self::start`], with a monitoring port for each member, and these further keys beside its address.
    pub fn start_monitored(count: usize, keys: &str) -> (Self, MonitoringPorts) {
        let addresses: Vec<_> = ports::free(count).iter().map(|port| format!("127.0.0.1:{port}")).collect();
        let cluster = Self::start_each(Binaries::for_stories().clone(), count, |at| {
            format!("[monitoring]\naddress = \"{}\"\n{keys}", addresses[at])
        });
        let members = cluster.layout().members.iter().cloned();
        let ports = MonitoringPorts(members.zip(addresses).collect());
        (cluster, ports)
    }
}

impl MonitoringPorts {
    /// Where a member is watched.
    pub fn address(&self, member: &str) -> &str {
        self.0.get(member).map(String::as_str).unwrap_or_default()
    }

    /// What a member answers; an error where it does not.
    pub fn get(&self, member: &str, path: &str) -> io::Result<Page> {
        self.ask(member, &format!("GET {path}"))
    }

    /// What a member answers to a method and a path.
    pub fn ask(&self, member: &str, question: &str) -> io::Result<Page> {
        let mut stream = TcpStream::connect(self.address(member))?;
        stream.set_read_timeout(Some(ANSWER))?;
        write!(stream, "{question} HTTP/1.1\r\nHost: member\r\nConnection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Page::parse(&answer).ok_or_else(|| io::Error::other(format!("no answer of HTTP: {answer:?}")))
    }

    /// What `/metrics` of a member says.
    pub fn scrape(&self, member: &str) -> Scrape {
        let page = self.get(member, "/metrics").unwrap_or_else(|error| panic!("{member}: {error}"));
        assert_eq!(page.status, 200, "{}", page.text);
        Scrape(page.text)
    }
}

impl Page {
    fn parse(answer: &str) -> Option<Self> {
        let (head, text) = answer.split_once("\r\n\r\n")?;
        let status = head.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()?;
        Some(Self { status, text: text.to_string() })
    }
}

/// Numbers with names, in the text format of OpenMetrics.
#[derive(Debug, Clone)]
pub struct Scrape(pub String);

impl Scrape {
    /// The number of a name, with its labels if it has some, as the text has them.
    pub fn value(&self, name: &str) -> Option<f64> {
        let number = |line: &str| line.strip_prefix(name)?.strip_prefix(' ')?.split(' ').next()?.parse().ok();
        self.0.lines().find_map(number)
    }

    /// Name and type of everything in it: a counter with its `_total`, a histogram without what it adds.
    pub fn types(&self) -> BTreeMap<String, String> {
        let declared = self.0.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '));
        let named = |(name, kind): (&str, &str)| {
            let end = if kind == "counter" { "_total" } else { "" };
            (format!("{name}{end}"), kind.to_string())
        };
        declared.map(named).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scrape_is_read_by_name_and_labels() {
        let text =
            "# HELP a_b Why.\n# TYPE a_b gauge\na_b 2.0\n# TYPE c counter\nc_total{d=\"e\"} 7\n# EOF\n";
        let scrape = Scrape(text.to_string());
        assert_eq!(scrape.value("a_b"), Some(2.0));
        assert_eq!(scrape.value("c_total{d=\"e\"}"), Some(7.0));
        assert_eq!(scrape.value("c_total"), None);
        assert_eq!(scrape.types()["c_total"], "counter");
    }
}
