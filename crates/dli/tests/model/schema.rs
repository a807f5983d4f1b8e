//! Random databases: their definitions as source, and as the model needs them.

use proptest::prelude::*;

/// A segment type.
#[derive(Debug, Clone)]
pub(crate) struct Type {
    pub(crate) name: String,
    pub(crate) parent: Option<usize>,
    pub(crate) level: usize,
    /// There is a sequence field; true when it is unique.
    pub(crate) key: Option<bool>,
    pub(crate) rule: Rule,
    pub(crate) variable: bool,
    pointer: &'static str,
    double: bool,
    group: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rule {
    First,
    Last,
    Here,
}

/// A database.
#[derive(Debug, Clone)]
pub(crate) struct Schema {
    pub(crate) types: Vec<Type>,
    /// Anchor points and blocks; none for HIDAM.
    pub(crate) hdam: Option<(u32, u32)>,
    spill: Option<u32>,
    /// POS=MULTIPLE
    pub(crate) multiple: bool,
}

/// Bytes of the data of a segment of fixed length, and the most of one of variable length.
pub(crate) const FIXED: usize = 8;
pub(crate) const VARIABLE_MAX: usize = 90;
pub(crate) const VARIABLE_MIN: usize = 6;

impl Type {
    /// Where the key begins.
    pub(crate) fn key_at(&self) -> usize {
        if self.variable { 2 } else { 0 }
    }

    /// There is one of it under a parent, at most.
    pub(crate) fn is_alone(&self) -> bool {
        self.pointer == "NT"
    }

    /// The key of a segment: one byte, or none.
    pub(crate) fn key_of<'d>(&self, data: &'d [u8]) -> &'d [u8] {
        if self.key.is_some() { &data[self.key_at()..self.key_at() + 1] } else { &[] }
    }
}

impl Schema {
    /// The types under one, in order.
    pub(crate) fn children(&self, kind: usize) -> impl Iterator<Item = usize> + '_ {
        (0..self.types.len()).filter(move |&child| self.types[child].parent == Some(kind))
    }

    /// The types from the root to one.
    pub(crate) fn path(&self, kind: usize) -> Vec<usize> {
        let mut path = self.types[kind].parent.map_or_else(Vec::new, |parent| self.path(parent));
        path.push(kind);
        path
    }

    /// Bytes of the concatenated key down to a type.
    pub(crate) fn key_bytes(&self, kind: usize) -> usize {
        self.path(kind).iter().filter(|&&kind| self.types[kind].key.is_some()).count()
    }

    /// The DBDs and a PSB.
    pub(crate) fn source(&self) -> Vec<String> {
        let mut lines = Vec::new();
        let access = match self.hdam {
            Some((anchors, blocks)) => {
                let spill = self.spill.map_or(String::new(), |bytes| format!(",{bytes}"));
                format!("HDAM,RMNAME=(DFSHDC40,{anchors},{blocks}{spill})")
            }
            None => "HIDAM".into(),
        };
        lines.push(format!(" DBD NAME=TESTDB,ACCESS={access}"));
        for group in 0..=2 {
            let of_group = || self.types.iter().filter(move |kind| kind.group == group);
            if of_group().next().is_some() {
                lines.push(format!(" DATASET DD1=TESTD{},SIZE=512", group + 1));
                of_group().for_each(|kind| self.segment(kind, &mut lines));
            }
        }
        lines.push(" DBDGEN".into());
        if self.hdam.is_none() {
            for line in [
                " DBD NAME=TESTIX,ACCESS=INDEX",
                " DATASET DD1=TESTI1,SIZE=512",
                " SEGM NAME=IXSEG,PARENT=0,BYTES=1",
                " FIELD NAME=(IXKEY,SEQ,U),BYTES=1,START=1",
                " LCHILD NAME=(S0,TESTDB),INDEX=K0",
                " DBDGEN",
            ] {
                lines.push(line.into());
            }
        }
        let key_bytes = (0..self.types.len()).map(|kind| self.key_bytes(kind)).max().unwrap_or(0);
        lines.push(format!(
            " PCB TYPE=DB,DBDNAME=TESTDB,PROCOPT=AP,KEYLEN={},POS={}",
            key_bytes.max(1),
            if self.multiple { 'M' } else { 'S' }
        ));
        for kind in &self.types {
            let parent = kind.parent.map_or("0".to_string(), |parent| self.types[parent].name.clone());
            lines.push(format!(" SENSEG NAME={},PARENT={parent}", kind.name));
        }
        lines.push(" PSBGEN PSBNAME=TESTPSB".into());
        lines
    }

    fn segment(&self, kind: &Type, lines: &mut Vec<String>) {
        let parent = match kind.parent {
            None => "0".to_string(),
            Some(parent) => {
                let pointer = if kind.double { "DBLE" } else { "SNGL" };
                format!("(({},{pointer}))", self.types[parent].name)
            }
        };
        let bytes = match kind.variable {
            true => format!("({VARIABLE_MAX},{VARIABLE_MIN})"),
            false => FIXED.to_string(),
        };
        let rule = match kind.rule {
            Rule::First => "FIRST",
            Rule::Last => "LAST",
            Rule::Here => "HERE",
        };
        let (name, pointer) = (&kind.name, kind.pointer);
        lines.push(format!(" SEGM NAME={name},PARENT={parent},BYTES={bytes},PTR={pointer},RULES=(,{rule})"));
        let start = kind.key_at() + 1;
        if let Some(unique) = kind.key {
            let unique = if unique { 'U' } else { 'M' };
            lines.push(format!(" FIELD NAME=(K{},SEQ,{unique}),BYTES=1,START={start}", &name[1..]));
        }
        lines.push(format!(" FIELD NAME=F{},BYTES=1,START={}", &name[1..], start + 1));
        if kind.parent.is_none() && self.hdam.is_none() {
            lines.push(" LCHILD NAME=(IXSEG,TESTIX),PTR=INDX".into());
        }
    }
}

prop_compose! {
    fn any_type()(
        parent in any::<prop::sample::Index>(),
        key in prop::option::weighted(0.8, any::<bool>()),
        rule in prop::sample::select(vec![Rule::First, Rule::Last, Rule::Here]),
        variable in prop::bool::weighted(0.3),
        pointer in prop::sample::select(vec!["T", "TB", "T", "TB", "NT"]),
        double in any::<bool>(),
    ) -> (prop::sample::Index, Type) {
        let kind = Type {
            name: String::new(), parent: None, level: 1, key, rule, variable, pointer, double, group: 0,
        };
        (parent, kind)
    }
}

/// A random database: a tree of up to six types, on up to four levels.
pub(crate) fn any_schema() -> impl Strategy<Value = Schema> {
    let hdam = prop::option::weighted(0.6, (1u32..4, 1u32..5));
    let spill = prop::option::weighted(0.3, 40u32..200);
    (prop::collection::vec(any_type(), 1..7), hdam, spill, any::<bool>(), any::<bool>()).prop_map(build)
}

/// Types and where each hangs, anchor points and blocks, RMBYTES, several data sets, POS=MULTIPLE.
type Drawn = (Vec<(prop::sample::Index, Type)>, Option<(u32, u32)>, Option<u32>, bool, bool);

/// The types in hierarchical order, each under its parent.
fn build((drawn, hdam, spill, split, multiple): Drawn) -> Schema {
    let mut parents: Vec<Option<usize>> = vec![None];
    let mut levels = vec![1];
    for (at, (parent, _)) in drawn.iter().enumerate().skip(1) {
        let candidates: Vec<usize> = (0..at).filter(|&one| levels[one] < 4).collect();
        let parent = candidates[parent.index(candidates.len())];
        parents.push(Some(parent));
        levels.push(levels[parent] + 1);
    }
    let mut order = Vec::new();
    preorder(0, &parents, &mut order);
    let place = |old: usize| order.iter().position(|&one| one == old);
    let types = order.iter().enumerate().map(|(new, &old)| {
        let mut kind = drawn[old].1.clone();
        kind.name = format!("S{new}");
        kind.parent = parents[old].and_then(place);
        kind.level = levels[old];
        if new == 0 {
            kind.key = Some(hdam.is_none() || kind.key.unwrap_or(true));
            kind.double = false;
            kind.pointer = if kind.is_alone() { "T" } else { kind.pointer };
        }
        // Those that come later in the hierarchy are in other data sets, so that the order of statements stays hierarchical.
        kind.group = if split { new * 3 / order.len() } else { 0 };
        kind
    });
    Schema { types: types.collect(), hdam, spill, multiple }
}

fn preorder(at: usize, parents: &[Option<usize>], order: &mut Vec<usize>) {
    order.push(at);
    for child in 0..parents.len() {
        if parents[child] == Some(at) {
            preorder(child, parents, order);
        }
    }
}
