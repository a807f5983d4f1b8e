//! How a member shows how it fares: `/livez`, `/readyz` and `/metrics` over plain HTTP.
//!
//! The member counts what happens as it happens ([`Meters`]); everything else is looked at when somebody asks
//! ([`Sight`]), so that a member whom nobody asks spends nothing on it. What each name means is in one table
//! ([`definition`]), from which the page `docs/operating/metrics.md` is made.
//!
//! There is no TLS here, and nobody is asked who he is: the address is one of its own, best on the loopback interface
//! or a network of the operators. Nothing can be changed over it.

mod definition;
mod disk;
mod health;
mod http;
mod meters;
mod readings;
mod sight;

pub use definition::{ALL, Definition, Kind};
pub(crate) use http::{MonitoringPort, serve};
pub(crate) use meters::{Meters, OpenConnection, durations};
pub(crate) use sight::Sight;
