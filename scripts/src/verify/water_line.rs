//! The water line: what `control-region` is built from brings no runtime, socket or disk with it.

use std::fmt;

/// The arguments that make cargo print the tree this rule reads: a depth and a package a line.
pub(crate) const TREE: &[&str] =
    &["tree", "--package", "control-region", "--edges", "normal", "--prefix", "depth", "--format", " {p}"];

/// What must not be in it.
const ABOVE: &[&str] = &["tokio", "sled", "openraft", "rustls", "mio"];

/// A way down to something that belongs above the line: each name is a dependency of the one before.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Leak(Vec<String>);

impl fmt::Display for Leak {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (last, way) = self.0.split_last().ok_or(fmt::Error)?;
        write!(f, "{last} is below the water line, by way of {}", way.join(" → "))
    }
}

/// Every way from the root of the tree to something banned.
pub(crate) fn leaks(tree: &str) -> Vec<Leak> {
    let mut way: Vec<String> = Vec::new();
    let mut leaks = Vec::new();
    for (depth, name) in tree.lines().filter_map(parse) {
        way.truncate(depth);
        way.push(name.to_string());
        if ABOVE.contains(&name) {
            leaks.push(Leak(way.clone()));
        }
    }
    leaks
}

/// `2 serde v1.0.228 (*)` is `serde` at depth 2.
fn parse(line: &str) -> Option<(usize, &str)> {
    let mut words = line.split_whitespace();
    Some((words.next()?.parse().ok()?, words.next()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_runtime_below_the_line_is_found_with_the_way_to_it() {
        let tree = "0 control-region v0.1.0 (/r)\n1 csl v0.1.0 (/r)\n2 serde v1.0.228\n\
                    1 plex v0.1.0 (/r)\n2 futures v0.3.31\n3 tokio v1.45.0\n3 slab v0.4.1\n";
        let leaks = leaks(tree);
        assert_eq!(leaks.len(), 1);
        let text = leaks[0].to_string();
        assert_eq!(text, "tokio is below the water line, by way of control-region → plex → futures");
    }

    #[test]
    fn names_that_only_begin_alike_are_no_leaks() {
        assert_eq!(leaks("0 control-region v0.1.0 (/r)\n1 tokio-free v1.0.0\n1 sledge v0.1.0\n"), []);
    }
}
