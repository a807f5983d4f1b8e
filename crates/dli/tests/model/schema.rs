//! Random databases: their definitions as source, and as the model needs them.

use crate::indexes::{Drawn as DrawnIndex, Index, any_index};
use proptest::prelude::*;
use std::collections::BTreeSet;

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
    /// The program is not sensitive to it.
    pub(crate) hidden: bool,
    /// Its own processing options; none for those of the PCB.
    options: &'static str,
    /// The fields that the program sees; none when it sees all.
    pub(crate) sees: Option<Vec<Seen>>,
    /// The secondary indexes that search arguments may name (INDICES=, PROCSEQ=).
    pub(crate) indexed: Vec<usize>,
    /// TYPE= of its third field.
    third: char,
    pointer: &'static str,
    double: bool,
    group: usize,
}

/// A field of the DBD.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Field {
    /// K: the key; F, G, H.
    pub(crate) letter: char,
    pub(crate) at: usize,
    pub(crate) bytes: usize,
    /// TYPE=
    pub(crate) kind: char,
}

/// A field that the program sees.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen {
    pub(crate) field: Field,
    pub(crate) in_area: usize,
    pub(crate) replaceable: bool,
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
    /// The high keys of the partitions of a HALDB; none for a database in one piece.
    pub(crate) high_keys: Option<Vec<u8>>,
    spill: Option<u32>,
    /// POS=MULTIPLE
    pub(crate) multiple: bool,
    /// PROCOPT= of the PCB.
    options: &'static str,
    /// MAXQ=
    pub(crate) enqueues_max: usize,
    /// Its secondary indexes.
    pub(crate) indexes: Vec<Index>,
    /// The types are seen in the order of this index: its target is the root, and what was above is below.
    pub(crate) sequence: Option<usize>,
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

    /// The fields of the DBD.
    pub(crate) fn fields(&self) -> Vec<Field> {
        let key = self.key_at();
        let field = |letter, at, bytes, kind| Field { letter, at, bytes, kind };
        let mut fields = vec![field('F', key + 1, 1, 'C'), field('G', key + 3, 3, self.third)];
        if self.key.is_some() {
            fields.insert(0, field('K', key, 1, 'C'));
        }
        if self.variable {
            fields.push(field('H', 20, 5, 'C'));
        }
        fields
    }

    /// Bytes of it in the I/O area, where it is of fixed length there.
    pub(crate) fn area_bytes(&self) -> Option<usize> {
        let fields = self.sees.as_ref()?;
        fields.iter().map(|seen| seen.in_area + seen.field.bytes).max()
    }

    /// Where the program sees the key in the I/O area.
    pub(crate) fn key_in_area(&self) -> Option<usize> {
        self.key?;
        match &self.sees {
            None => Some(self.key_at()),
            Some(fields) => fields.iter().find(|seen| seen.field.letter == 'K').map(|seen| seen.in_area),
        }
    }

    /// Whether a search argument can name a field.
    pub(crate) fn can_name(&self, letter: char) -> bool {
        let seen = |fields: &Vec<Seen>| fields.iter().any(|seen| seen.field.letter == letter);
        letter == 'K' || self.sees.as_ref().is_none_or(seen)
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

    /// The types that the program is sensitive to.
    pub(crate) fn visible(&self) -> Vec<usize> {
        (0..self.types.len()).filter(|&kind| !self.types[kind].hidden).collect()
    }

    /// Whether the program may do this with segments of a type: G, I, R, D, P, K.
    pub(crate) fn may(&self, kind: usize, letter: char) -> bool {
        let own = self.types[kind].options;
        let options = if own.is_empty() { self.options } else { own };
        let all = options.contains('A') && "GIRD".contains(letter);
        let implied = letter == 'G' && options.contains(['R', 'D']);
        options.contains(letter) || all || implied
    }

    /// What a program sees in the order of an index, and which type each is that it sees: the target, what is above it,
    /// the nearest first, what is below it.
    pub(crate) fn in_sequence(&self, number: usize) -> (Self, Vec<usize>) {
        let target = self.indexes[number].target;
        let mut above = self.path(target);
        above.pop();
        let mut seen = vec![target];
        seen.extend(above.iter().rev());
        let below = |kind: &usize| *kind != target && self.path(*kind).contains(&target);
        seen.extend((0..self.types.len()).filter(below));
        let types = seen.iter().enumerate().map(|(at, &real)| {
            let parent = match at {
                0 => None,
                at if at <= above.len() => Some(at - 1),
                _ => seen.iter().position(|&one| Some(one) == self.types[real].parent),
            };
            let indexed = if at == 0 { vec![number] } else { Vec::new() };
            Type { parent, indexed, hidden: false, options: "", sees: None, ..self.types[real].clone() }
        });
        let mut types: Vec<Type> = types.collect();
        for at in 0..types.len() {
            types[at].level = types[at].parent.map_or(1, |parent| types[parent].level + 1);
        }
        (Self { types, hdam: None, options: "GP", sequence: Some(number), ..self.clone() }, seen)
    }

    /// Whether a get call may return segments of a type.
    pub(crate) fn returns(&self, kind: usize) -> bool {
        self.may(kind, 'G')
    }

    /// The program reads without integrity, and locks nothing.
    pub(crate) fn is_dirty(&self) -> bool {
        self.options.contains('O')
    }

    /// The same database, seen by a program that may do everything.
    pub(crate) fn opened(&self) -> Self {
        let open = |kind: &Type| Type { hidden: false, options: "", sees: None, ..kind.clone() };
        Self { types: self.types.iter().map(open).collect(), options: "AP", ..self.clone() }
    }

    /// There is a DBD of a primary index.
    fn has_index(&self) -> bool {
        self.hdam.is_none() && self.high_keys.is_none()
    }

    /// The partitions: the name and the high key of each.
    pub(crate) fn partitions(&self) -> Vec<(String, Vec<u8>)> {
        let keys = self.high_keys.iter().flatten().enumerate();
        keys.map(|(at, key)| (format!("PART{at}"), vec![*key])).collect()
    }

    /// The partition that a root belongs to.
    pub(crate) fn home(&self, key: &[u8]) -> usize {
        let above = |high: &&u8| key.first().is_some_and(|first| first > high);
        self.high_keys.iter().flatten().take_while(above).count()
    }

    /// The DBDs and two PSBs: TESTPSB, and FILLPSB that may do everything.
    pub(crate) fn source(&self) -> Vec<String> {
        let mut lines = Vec::new();
        let haldb = if self.high_keys.is_some() { "P" } else { "" };
        let access = match self.hdam {
            Some((anchors, blocks)) => {
                let spill = self.spill.map_or(String::new(), |bytes| format!(",{bytes}"));
                format!("{haldb}HDAM,RMNAME=(DFSHDC40,{anchors},{blocks}{spill})")
            }
            None => format!("{haldb}HIDAM"),
        };
        lines.push(format!(" DBD NAME=TESTDB,ACCESS={access}"));
        for group in 0..=2 {
            let of_group = || self.types.iter().filter(move |kind| kind.group == group);
            if of_group().next().is_some() {
                if self.high_keys.is_none() {
                    lines.push(format!(" DATASET DD1=TESTD{},SIZE=512", group + 1));
                }
                of_group().for_each(|kind| self.segment(kind, &mut lines));
            }
        }
        lines.push(" DBDGEN".into());
        if self.has_index() {
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
        for (number, index) in self.indexes.iter().enumerate() {
            lines.extend(index.source(number, self));
        }
        let key_bytes = (0..self.types.len()).map(|kind| self.key_bytes(kind)).max().unwrap_or(0);
        self.view("TESTPSB", key_bytes, &mut lines);
        self.opened().view("FILLPSB", key_bytes, &mut lines);
        for number in 0..self.indexes.len() {
            self.in_sequence(number).0.view(&format!("SEQPSB{number}"), key_bytes + 10, &mut lines);
        }
        lines
    }

    fn view(&self, name: &str, key_bytes: usize, lines: &mut Vec<String>) {
        let (options, position) = (self.options, if self.multiple { 'M' } else { 'S' });
        let key_bytes = key_bytes.max(1);
        let sequence = self.sequence.map_or(String::new(), |number| format!(",PROCSEQ=XDB{number}"));
        lines.push(format!(
            " PCB TYPE=DB,DBDNAME=TESTDB,PROCOPT={options},KEYLEN={key_bytes},POS={position}{sequence}"
        ));
        for kind in self.types.iter().filter(|kind| !kind.hidden) {
            let parent = kind.parent.map_or("0".to_string(), |parent| self.types[parent].name.clone());
            let own =
                if kind.options.is_empty() { String::new() } else { format!(",PROCOPT={}", kind.options) };
            let named: Vec<String> = kind.indexed.iter().map(|number| format!("XDB{number}")).collect();
            let indices = match self.sequence {
                None if !named.is_empty() => format!(",INDICES=({})", named.join(",")),
                _ => String::new(),
            };
            lines.push(format!(" SENSEG NAME={},PARENT={parent}{own}{indices}", kind.name));
            for seen in kind.sees.iter().flatten() {
                let replace = if seen.replaceable { "YES" } else { "NO" };
                let (letter, start) = (seen.field.letter, seen.in_area + 1);
                lines.push(format!(
                    " SENFLD NAME={letter}{},START={start},REPLACE={replace}",
                    &kind.name[1..]
                ));
            }
        }
        lines.push(format!(" PSBGEN PSBNAME={name},MAXQ={}", self.enqueues_max));
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
        let group = match self.high_keys {
            Some(_) => format!(",DSGROUP={}", char::from(b'A' + kind.group as u8)),
            None => String::new(),
        };
        let first = format!(" SEGM NAME={name},PARENT={parent},BYTES={bytes},PTR={pointer},");
        lines.push(format!("{first:<71}X"));
        lines.push(format!("{:15}RULES=(,{rule}){group}", ""));
        for Field { letter, at, bytes, kind: of } in kind.fields() {
            let sequence = match (letter, kind.key) {
                ('K', Some(true)) => ",SEQ,U",
                ('K', Some(false)) => ",SEQ,M",
                _ => "",
            };
            let (number, start) = (&name[1..], at + 1);
            lines.push(format!(
                " FIELD NAME=({letter}{number}{sequence}),BYTES={bytes},START={start},TYPE={of}"
            ));
        }
        let place = self.types.iter().position(|other| other.name == *name);
        if self.indexes.iter().any(|index| Some(index.source) == place) {
            let number = &name[1..];
            lines.push(format!(" FIELD NAME=/SX{number}"));
            lines.push(format!(
                " FIELD NAME=/CK{number},BYTES={},START=1",
                self.key_bytes(place.unwrap()).max(1)
            ));
        }
        if kind.parent.is_none() && self.has_index() {
            lines.push(" LCHILD NAME=(IXSEG,TESTIX),PTR=INDX".into());
        }
        for (number, index) in
            self.indexes.iter().enumerate().filter(|(_, index)| Some(index.target) == place)
        {
            lines.extend(index.of_target(number, &self.types));
        }
    }
}

prop_compose! {
    fn any_type()(
        parent in any::<prop::sample::Index>(),
        key in prop::option::weighted(0.8, any::<bool>()),
        rule in prop::sample::select(vec![Rule::First, Rule::Last, Rule::Here]),
        variable in prop::bool::weighted(0.3),
        pointer in prop::sample::select(vec!["T", "TB", "T", "TB", "NT", "H", "HB", "H", "HB"]),
        double in any::<bool>(),
        hidden in prop::bool::weighted(0.1),
        options in prop_oneof![2 => Just(""), 1 => prop::sample::select(OPTIONS)],
        third in prop::sample::select(vec!['C', 'P', 'X']),
        sees in prop::option::weighted(0.3, prop::collection::vec(any::<(u8, bool)>(), 1..5)),
    ) -> (prop::sample::Index, Type) {
        let mut kind = Type {
            name: String::new(), parent: None, level: 1, key, rule, variable, hidden, options, sees: None, third,
            indexed: Vec::new(),
            pointer, double, group: 0,
        };
        kind.sees = sees.map(|drawn| seen_fields(&kind, &drawn));
        (parent, kind)
    }
}

/// What a SENSEG may say of its segments.
const OPTIONS: &[&str] =
    &["G", "GP", "GI", "GIP", "GR", "GRP", "GRD", "GD", "I", "IP", "K", "KP", "A", "AP", "R", "GIRD"];

/// Some of the fields in any order, with gaps between.
fn seen_fields(kind: &Type, drawn: &[(u8, bool)]) -> Vec<Seen> {
    let mut fields = kind.fields();
    let mut end = 0;
    let mut seen = Vec::new();
    for &(choice, replaceable) in drawn {
        if fields.is_empty() {
            break;
        }
        let field = fields.remove(usize::from(choice) % fields.len());
        let in_area = end + usize::from(choice / 64) % 3;
        end = in_area + field.bytes;
        seen.push(Seen { field, in_area, replaceable });
    }
    seen
}

/// A random database: a tree of up to six types, on up to four levels.
pub(crate) fn any_schema() -> impl Strategy<Value = Schema> {
    let hdam = prop::option::weighted(0.6, (1u32..4, 1u32..5));
    let spill = prop::option::weighted(0.3, 40u32..200);
    let options = prop_oneof![
        3 => Just("AP"),
        1 => prop::sample::select(vec!["A", "GP", "GIP", "IP", "GRDP", "GOP", "GONP", "GOTP"]),
    ];
    let high_keys = prop::option::weighted(0.4, prop::collection::btree_set(b'A'..b'F', 0..4));
    let program = (any::<bool>(), options, 1usize..4, high_keys);
    let indexes = prop_oneof![
        1 => Just(Vec::new()),
        1 => prop::collection::vec(any_index(), 1..4),
    ];
    (prop::collection::vec(any_type(), 1..7), hdam, spill, any::<bool>(), program, indexes).prop_map(build)
}

/// Types and where each hangs, anchor points and blocks, RMBYTES, several data sets; POS=MULTIPLE, PROCOPT=, MAXQ=; secondary
/// indexes.
type Drawn = (
    Vec<(prop::sample::Index, Type)>,
    Option<(u32, u32)>,
    Option<u32>,
    bool,
    (bool, &'static str, usize, Option<BTreeSet<u8>>),
    Vec<DrawnIndex>,
);

/// The types in hierarchical order, each under its parent.
fn build((drawn, hdam, spill, split, (multiple, options, enqueues_max, cuts), indexes): Drawn) -> Schema {
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
            kind.hidden = false;
            kind.pointer = if kind.is_alone() { "T" } else { kind.pointer };
        }
        // Who reads without integrity updates nothing.
        if options.contains('O') && !["", "G", "GP", "K"].contains(&kind.options) {
            kind.options = "";
        }
        // Those that come later in the hierarchy are in other data sets, so that the order of statements stays hierarchical.
        kind.group = if split { new * 3 / order.len() } else { 0 };
        kind
    });
    let mut types: Vec<Type> = types.collect();
    if cuts.is_some() {
        // A HALDB has no hierarchic pointers.
        for kind in &mut types {
            kind.pointer = match kind.pointer {
                "H" => "T",
                "HB" => "TB",
                pointer => pointer,
            };
        }
    }
    fit_pointers(&mut types);
    for kind in 1..types.len() {
        types[kind].hidden |= types[kind].parent.is_some_and(|parent| types[parent].hidden);
    }
    let indexed = (Vec::new(), None);
    // The last partition takes all that is above the others.
    let high_keys: Option<Vec<u8>> = cuts.map(|cuts| cuts.into_iter().chain([0xff]).collect());
    let indexes = if high_keys.is_some() { Vec::new() } else { indexes };
    let mut schema = Schema {
        types,
        hdam,
        high_keys,
        spill,
        multiple,
        options,
        enqueues_max,
        indexes: indexed.0,
        sequence: indexed.1,
    };
    schema.indexes = indexes.iter().map(|index| index.build(&schema)).collect();
    for (number, target) in schema.indexes.iter().map(|index| index.target).enumerate() {
        schema.types[target].indexed.push(number);
    }
    schema
}

/// Hierarchic pointers lead through one data set, and what they lead through has as many of them.
fn fit_pointers(types: &mut [Type]) {
    for kind in 0..types.len() {
        let level = types[kind].level;
        let under = types[kind + 1..].iter().take_while(|other| other.level > level);
        let groups: Vec<usize> = under.map(|other| other.group).collect();
        let own = if kind == 0 { groups.first().copied() } else { Some(types[kind].group) };
        if types[kind].pointer.starts_with('H') && groups.iter().any(|&group| Some(group) != own) {
            types[kind].pointer = "T";
        }
        let Some(parent) = types[kind].parent.filter(|&parent| types[parent].pointer.starts_with('H')) else {
            continue;
        };
        // The first dependent of a root says how it is.
        let backward = match types[parent].parent {
            None => types[1].pointer.ends_with('B'),
            Some(_) => types[parent].pointer.ends_with('B'),
        };
        types[kind].pointer = match (types[kind].pointer.starts_with('H'), backward) {
            (true, true) => "HB",
            (true, false) => "H",
            (false, true) => "TB",
            (false, false) => "T",
        };
    }
}

fn preorder(at: usize, parents: &[Option<usize>], order: &mut Vec<usize>) {
    order.push(at);
    for child in 0..parents.len() {
        if parents[child] == Some(at) {
            preorder(child, parents, order);
        }
    }
}
