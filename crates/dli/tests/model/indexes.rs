//! Random secondary indexes.

use crate::schema::{Field, Schema, Type};
use proptest::prelude::*;

/// A secondary index.
#[derive(Debug, Clone)]
pub(crate) struct Index {
    pub(crate) target: usize,
    pub(crate) source: usize,
    pub(crate) unique: bool,
    pub(crate) constant: bool,
    /// Fields of the source, by their letters.
    pub(crate) search: Vec<Field>,
    subsequence: Vec<Field>,
    /// The concatenated key of the source tells equal search keys apart.
    path_key: bool,
    pub(crate) null: Option<u8>,
    symbolic: bool,
}

/// What an index is drawn from: source and target, what its key is of, and how it is.
#[derive(Debug, Clone)]
pub(crate) struct Drawn {
    source: prop::sample::Index,
    target: prop::sample::Index,
    search: &'static str,
    subsequence: &'static str,
    path_key: bool,
    unique: bool,
    constant: bool,
    null: Option<u8>,
    symbolic: bool,
}

prop_compose! {
    pub(crate) fn any_index()(
        source in any::<prop::sample::Index>(),
        target in any::<prop::sample::Index>(),
        search in prop::sample::select(vec!["F", "F", "G", "FG", "KF"]),
        subsequence in prop::sample::select(vec!["", "", "G", "H"]),
        path_key in prop::bool::weighted(0.2),
        unique in prop::bool::weighted(0.3),
        constant in any::<bool>(),
        null in prop::option::weighted(0.4, b'A'..b'F'),
        symbolic in prop::bool::weighted(0.2),
    ) -> Drawn {
        Drawn { source, target, search, subsequence, path_key, unique, constant, null, symbolic }
    }
}

impl Drawn {
    pub(crate) fn build(&self, schema: &Schema) -> Index {
        let source = self.source.index(schema.types.len());
        let path = schema.path(source);
        let fields = |letters: &str| -> Vec<Field> {
            let of_source = schema.types[source].fields();
            of_source.into_iter().filter(|field| letters.contains(field.letter)).collect()
        };
        Index {
            target: path[self.target.index(path.len())],
            source,
            unique: self.unique,
            constant: self.constant,
            search: fields(self.search),
            subsequence: fields(self.subsequence),
            path_key: self.path_key && schema.key_bytes(source) > 0,
            null: self.null,
            symbolic: self.symbolic,
        }
    }
}

impl Index {
    pub(crate) fn search_bytes(&self) -> usize {
        self.search.iter().map(|field| field.bytes).sum()
    }

    /// Where the search fields are in a key.
    pub(crate) fn search_at(&self) -> std::ops::Range<usize> {
        let from = usize::from(self.constant);
        from..from + self.search_bytes()
    }

    /// No two entries have the same search fields.
    pub(crate) fn search_is_unique(&self) -> bool {
        self.unique && self.subsequence.is_empty() && !self.path_key
    }

    fn key_bytes(&self, schema: &Schema) -> usize {
        let path = if self.path_key { schema.key_bytes(self.source) } else { 0 };
        let rest: usize = self.subsequence.iter().map(|field| field.bytes).sum();
        usize::from(self.constant) + self.search_bytes() + rest + path
    }

    /// The key of a segment's entry; none if it has none. `path` is its concatenated key.
    pub(crate) fn key(&self, data: &[u8], path: &[u8]) -> Option<Vec<u8>> {
        let mut key: Vec<u8> = self.constant.then_some(b'@').into_iter().collect();
        for field in &self.search {
            key.extend_from_slice(data.get(field.at..field.at + field.bytes)?);
        }
        if self.null.is_some_and(|null| key[usize::from(self.constant)..].iter().all(|&byte| byte == null)) {
            return None;
        }
        for field in &self.subsequence {
            match data.get(field.at..field.at + field.bytes) {
                Some(value) => key.extend_from_slice(value),
                None => key.extend(missing(field)),
            }
        }
        if self.path_key {
            key.extend_from_slice(path);
        }
        Some(key)
    }

    /// The statements behind the target's SEGM.
    pub(crate) fn of_target(&self, number: usize, types: &[Type]) -> [String; 2] {
        let source = &types[self.source].name;
        let names = |fields: &[Field]| -> Vec<String> {
            fields.iter().map(|field| format!("{}{}", field.letter, &source[1..])).collect()
        };
        let mut operands =
            format!("NAME=X{number},SEGMENT={source},SRCH=({})", names(&self.search).join(","));
        let mut subsequence = names(&self.subsequence);
        if self.path_key {
            subsequence.push(format!("/CK{}", &source[1..]));
        }
        if !subsequence.is_empty() {
            operands += &format!(",SUBSEQ=({})", subsequence.join(","));
        }
        if self.constant {
            operands += ",CONST=@";
        }
        if let Some(null) = self.null {
            operands += &format!(",NULLVAL=C'{}'", char::from(null));
        }
        operands += &format!(",DDATA=(/SX{})", &source[1..]);
        let entry = format!(" LCHILD NAME=(XS{number},XDB{number}),PTR=INDX");
        let statement = format!(" XDFLD {operands}");
        // A card has 71 columns of a statement.
        let statement = match statement.split_at_checked(71) {
            Some((first, rest)) if !rest.is_empty() => format!("{first}X\n{:15}{rest}", ""),
            _ => statement,
        };
        [entry, statement]
    }

    /// The DBD of the index.
    pub(crate) fn source(&self, number: usize, schema: &Schema) -> Vec<String> {
        let key = self.key_bytes(schema);
        let target = &schema.types[self.target].name;
        let path = if self.symbolic { schema.key_bytes(self.target) } else { 0 };
        let sequence = if self.unique { 'U' } else { 'M' };
        let pointer = if self.symbolic { "SYMB" } else { "SNGL" };
        vec![
            format!(" DBD NAME=XDB{number},ACCESS=INDEX"),
            format!(" DATASET DD1=XDD{number},SIZE=512"),
            format!(" SEGM NAME=XS{number},PARENT=0,BYTES={}", key + 4 + path + number),
            format!(" FIELD NAME=(XK{number},SEQ,{sequence}),BYTES={key},START=1"),
            format!(" LCHILD NAME=({target},TESTDB),INDEX=X{number},PTR={pointer}"),
            " DBDGEN".into(),
        ]
    }
}

/// What an entry has for a field that its source is too short for.
fn missing(field: &Field) -> Vec<u8> {
    let mut value = vec![if field.kind == 'C' { b'0' } else { 0 }; field.bytes];
    if field.kind == 'P' {
        value[field.bytes - 1] = 0x0f;
    }
    value
}
