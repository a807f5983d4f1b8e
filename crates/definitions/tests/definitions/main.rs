//! Tests of the compiler through its public face: stories, properties, limits.

#![allow(clippy::unwrap_used, reason = "what fails in the helpers of a test fails the test")]

mod ddl_properties;
mod limits;
mod properties;
mod scripts;
mod support;
