//! How a member shows how it fares: `/livez`, `/readyz` and `/metrics` over plain HTTP.
//!
//! The member counts what happens as it happens (`Meters`); everything else is looked at when somebody asks
//! (`Sight`), so that a member whom nobody asks spends nothing on it. What each name means is in one table
//! ([`ALL`]), from which the page `docs/operating/metrics.md` is made.
//!
//! Where an endpoint of OpenTelemetry is configured, every activation also becomes a trace (`Traces`), to which each
//! member adds what it saw.
//!
//! There is no TLS here, and nobody is asked who he is: the address is one of its own, best on the loopback interface
//! or a network of the operators. Nothing can be changed over it.

mod definition;
mod disk;
mod health;
mod http;
mod meters;
mod otlp;
mod readings;
mod sight;
mod spans;

pub use definition::{ALL, Definition, Kind};
pub(crate) use http::{MonitoringPort, serve};
pub(crate) use meters::{Meters, OpenConnection, durations};
pub use otlp::OtlpEndpoint;
pub(crate) use otlp::{Origin, Traces};
pub(crate) use sight::Sight;
