//! Fields, and the maps that give one stretch of a segment several readings.

use serde::{Deserialize, Serialize};
use vocabulary::{FieldName, SegmentName};

/// A FIELD statement, with the DFSMARSH after it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Field {
    /// NAME=. A field without one is known to the catalog alone and is not in the DMB.
    pub name: Option<FieldName>,
    /// NAME=(name,SEQ,U|M).
    pub sequence: Option<Sequence>,
    /// EXTERNALNAME=, up to 128 characters; none where it is NAME= that serves as one.
    pub external_name: Option<String>,
    /// BYTES=.
    pub bytes: Option<u32>,
    /// START=: the first byte within the segment, counted from 1.
    pub start: Option<u32>,
    /// TYPE=.
    pub kind: FieldKind,
    /// DATATYPE=.
    pub data_type: Option<DataType>,
    /// MAXBYTES=: the greatest length of an array.
    pub bytes_max: Option<u32>,
    /// MINOCCURS=.
    pub occurrences_min: Option<u32>,
    /// MAXOCCURS=.
    pub occurrences_max: Option<u32>,
    /// RELSTART=: the first byte within the structure or array that PARENT= names.
    pub relative_start: Option<u32>,
    /// PARENT=: the external name of that structure or array.
    pub parent: Option<String>,
    /// REDEFINES=: the external name of the field whose bytes these are.
    pub redefines: Option<String>,
    /// DEPENDSON=: the external name of the field that says how often this one occurs.
    pub depends_on: Option<String>,
    /// STARTAFTER=: the external name of the field that this one comes after.
    pub start_after: Option<String>,
    /// CASENAME=: the case in which the bytes have this meaning.
    pub case: Option<String>,
    /// REMARKS=.
    pub remarks: Option<String>,
    /// DFSMARSH.
    pub marshaller: Option<Marshaller>,
}

impl Field {
    /// A field that stands for a part of the concatenated key (`/CK...`) or makes an index entry unique (`/SX...`).
    pub fn is_system_related(&self) -> bool {
        self.name.as_ref().is_some_and(is_system_related)
    }

    /// What it is called in messages.
    pub fn called(&self) -> &str {
        let name = self.name.as_ref().map(FieldName::as_str);
        name.or(self.external_name.as_deref()).unwrap_or("(without a name)")
    }
}

/// A name that begins with a slash.
pub fn is_system_related(name: &FieldName) -> bool {
    name.as_str().starts_with('/')
}

/// Whether two twins can have the same key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Sequence {
    /// U: they can't.
    Unique,
    /// M: they can.
    Multiple,
}

/// TYPE=. Comparisons go byte by byte whatever it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum FieldKind {
    /// C: characters.
    #[default]
    Character,
    /// P: packed decimal.
    Packed,
    /// X: hexadecimal.
    Hexadecimal,
    /// F: binary fullword (MSDB).
    Fullword,
    /// H: binary halfword (MSDB).
    Halfword,
}

/// DATATYPE=: what a program in a typed language sees.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataType {
    /// `CHAR`, `DECIMAL`, ...
    pub name: String,
    /// The first number in parentheses: the precision of a decimal.
    pub precision: Option<u32>,
    /// The second number: its scale.
    pub scale: Option<u32>,
}

/// DFSMARSH: how the bytes of a field become a value.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Marshaller {
    /// ENCODING=, up to 25 characters.
    pub encoding: Option<String>,
    /// INTERNALTYPECONVERTER=, up to 30.
    pub internal_type_converter: Option<String>,
    /// USERTYPECONVERTER=, up to 256.
    pub user_type_converter: Option<String>,
    /// PROPERTIES=(key=value,...).
    pub properties: Vec<(String, String)>,
    /// PATTERN=, up to 50.
    pub pattern: Option<String>,
    /// ISSIGNED=.
    pub signed: Option<bool>,
    /// URL=, up to 256.
    pub url: Option<String>,
    /// OVERFLOW=, up to 8.
    pub overflow: Option<String>,
}

impl Marshaller {
    /// It says nothing.
    pub(crate) fn is_blank(&self) -> bool {
        *self == Self::default()
    }
}

/// DFSMAP: a field whose value says how the segment is to be read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Map {
    /// NAME=, up to 128 characters.
    pub name: String,
    /// DEPENDINGON=: the external name of the field that decides.
    pub depending_on: String,
    /// CTLSEGNM=: the segment on the path whose field that is; none when it is this one.
    pub control_segment: Option<SegmentName>,
    /// REMARKS=.
    pub remarks: Option<String>,
    /// The DFSCASE statements that name this map.
    pub cases: Vec<Case>,
}

/// DFSCASE: one reading.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Case {
    /// NAME=, up to 128 characters.
    pub name: String,
    /// CASEID=: the value of the deciding field, up to 256 characters.
    pub id: String,
    /// CASEIDTYPE=X: the value is written in hexadecimal.
    pub id_hexadecimal: bool,
    /// REMARKS=.
    pub remarks: Option<String>,
}
