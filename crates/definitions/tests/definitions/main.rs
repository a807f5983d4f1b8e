//! Tests of the compiler through its public face: stories, properties, limits.

mod limits;
mod properties;
mod scripts;
mod support;
