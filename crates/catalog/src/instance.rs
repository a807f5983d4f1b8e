//! One version of one definition.

use definitions::Definition;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, fmt, sync::Arc};
use vocabulary::{DbdName, InstanceStamp, ResourceName, encoding};

/// A definition as it is stored: encoded, and shared by whoever holds it.
#[derive(Clone, PartialEq, Eq)]
pub struct Content(Arc<[u8]>);

impl Content {
    /// The stored form of a definition.
    pub fn of(definition: &Definition) -> Self {
        Self(encoding::encode(definition).into())
    }

    /// What stands where there is to be no definition any more.
    pub fn none() -> Self {
        Self(Arc::new([]))
    }

    /// Whether it stands for none.
    pub fn is_none(&self) -> bool {
        self.0.is_empty()
    }

    /// The definition back again.
    pub fn definition(&self) -> Result<Definition, encoding::DecodeError> {
        encoding::decode("definition", &self.0)
    }

    /// Its size in the staging data set and the directory.
    pub fn byte_count(&self) -> u64 {
        self.0.len() as u64
    }
}

impl From<Vec<u8>> for Content {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes.into())
    }
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.0.len())
    }
}

impl Serialize for Content {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Content {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;
        impl serde::de::Visitor<'_> for Bytes {
            type Value = Content;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the bytes of a definition")
            }
            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Content, E> {
                Ok(Content(bytes.into()))
            }
            fn visit_byte_buf<E>(self, bytes: Vec<u8>) -> Result<Content, E> {
                Ok(Content(bytes.into()))
            }
        }
        deserializer.deserialize_byte_buf(Bytes)
    }
}

/// What the rules of the catalog need to know of a definition, so that they never decode one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// A GSAM DBD, which OPTION(UPDATEPSB) may activate although it is a DBD.
    pub gsam: bool,
    /// The DBDs it names: those of a PSB's PCBs, the index and logical DBDs of a DBD.
    pub references: BTreeSet<DbdName>,
}

/// A definition on its way into the catalog.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewInstance {
    /// What it defines.
    pub name: ResourceName,
    /// Which version of it.
    pub stamp: InstanceStamp,
    /// What the rules need to know of it.
    pub facts: Facts,
    /// The definition.
    pub content: Content,
}

impl NewInstance {
    /// What drops a definition: an instance without one. It is pending until an activation takes the name away.
    pub fn drop_of(name: ResourceName, stamp: InstanceStamp) -> Self {
        Self { name, stamp, facts: Facts::default(), content: Content::none() }
    }

    /// The instance of this definition with this timestamp.
    pub fn of(definition: &Definition, stamp: InstanceStamp) -> Self {
        let (gsam, references) = match definition {
            Definition::Dbd(dbd) => (dbd.is_gsam(), dbd.references()),
            Definition::Psb(psb) => (false, psb.references()),
        };
        Self {
            name: definition.name(),
            stamp,
            facts: Facts { gsam, references },
            content: Content::of(definition),
        }
    }
}

/// A version that the catalog holds. Its name and timestamp are its key in the record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instance {
    /// What the rules need to know of it.
    pub facts: Facts,
    /// The definition.
    pub content: Content,
}

impl Instance {
    /// Whether it stands for a definition that is to be dropped.
    pub fn is_drop(&self) -> bool {
        self.content.is_none()
    }
}

/// What an instance is to its record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum InstanceKind {
    /// In the directory: members work with it.
    Active,
    /// In the staging data set: the next IMPORT makes it active.
    Pending,
    /// Was active once, and is kept by retention.
    Prior,
}

impl fmt::Display for InstanceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Active => "ACTIVE",
            Self::Pending => "PENDING",
            Self::Prior => "PRIOR",
        })
    }
}
