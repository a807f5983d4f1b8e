//! Random definitions: customers, parts, and the orders that are between them.

use crate::model::{Act, Side};
use proptest::prelude::*;

/// How orders hang on parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Relation {
    OneWay,
    Virtual,
    Paired,
}

/// Insert, delete and replace rule.
pub(crate) type Rules = [char; 3];

#[derive(Debug, Clone)]
pub(crate) struct Shop {
    pub(crate) relation: Relation,
    /// Of customers, parts and orders.
    pub(crate) rules: [Rules; 3],
    customers_hdam: bool,
    parts_hdam: bool,
    /// Pointers of the roots, of an order, and to the first and last order.
    root: &'static str,
    twin: &'static str,
    logical_twin: &'static str,
    double: bool,
}

/// A call of an act. Where something `change`s, a get hold call comes first, and that says what is given.
pub(crate) struct Step {
    pub(crate) pcb: usize,
    pub(crate) function: &'static str,
    pub(crate) ssas: Vec<String>,
    pub(crate) data: String,
    pub(crate) change: Option<fn(&str, &str) -> String>,
}

pub(crate) fn any_shop() -> impl Strategy<Value = Shop> {
    let relation = prop::sample::select(vec![Relation::OneWay, Relation::Virtual, Relation::Paired]);
    let rule = || prop::sample::select(vec!['P', 'L', 'V']);
    let rules = || (rule(), rule(), rule()).prop_map(|(insert, delete, replace)| [insert, delete, replace]);
    let delete = prop::sample::select(vec!['P', 'L', 'V', 'B']);
    let all = (rules(), delete, rules(), rules());
    let all = all
        .prop_map(|([insert, _, replace], delete, parts, orders)| [[insert, delete, replace], parts, orders]);
    let pointers = (
        prop::sample::select(vec!["T", "TB"]),
        prop::sample::select(vec!["T", "TB"]),
        prop::sample::select(vec!["LT", "LTB"]),
        any::<bool>(),
    );
    (relation, all, any::<[bool; 2]>(), pointers).prop_map(|(relation, mut rules, hdam, pointers)| {
        // B is for the physical parents of logical children that have virtual ones.
        if relation != Relation::Virtual && rules[0][1] == 'B' {
            rules[0][1] = 'L';
        }
        let (root, twin, logical_twin, double) = pointers;
        let [customers_hdam, parts_hdam] = hdam;
        Shop { relation, rules, customers_hdam, parts_hdam, root, twin, logical_twin, double }
    })
}

fn letters(rules: Rules) -> String {
    rules.iter().collect()
}

impl Shop {
    /// The PCBs that are read to see everything.
    pub(crate) fn pcbs(&self) -> Vec<usize> {
        if self.relation == Relation::OneWay { vec![2, 3, 4] } else { vec![2, 3, 4, 5] }
    }

    pub(crate) fn source(&self) -> Vec<String> {
        let [customers, parts, orders] = self.rules.map(letters);
        let access = |hdam: bool| match hdam {
            true => "HDAM,RMNAME=(DFSHDC40,1,3)",
            false => "HIDAM",
        };
        let logical_twin = if self.relation == Relation::Virtual { self.logical_twin } else { "PAIRED" };
        let pointers = match self.relation {
            Relation::OneWay => format!("({},LP)", self.twin),
            _ => format!("({},LP,{logical_twin})", self.twin),
        };
        let number = if self.double { "DBLE" } else { "SNGL" };
        let mut lines = vec![
            format!(" DBD NAME=CUST,ACCESS={}", access(self.customers_hdam)),
            " DATASET DD1=CUSTDD,SIZE=512".into(),
            format!(" SEGM NAME=CUSTOMER,PARENT=0,BYTES=4,PTR={},RULES={customers}", self.root),
            " FIELD NAME=(CKEY,SEQ,U),BYTES=2,START=1".into(),
        ];
        if !self.customers_hdam {
            lines.push(" LCHILD NAME=(CUSTIX,CUSTI),PTR=INDX".into());
        }
        if self.relation == Relation::Paired {
            lines.push(" LCHILD NAME=(BUYER,PARTS),PTR=NONE,PAIR=ORDER".into());
        }
        lines.extend([
            format!("{:<71}X", " SEGM NAME=ORDER,PARENT=((CUSTOMER),(PART,VIRTUAL,PARTS)),"),
            format!("               BYTES=4,PTR={pointers},RULES={orders}"),
            " FIELD NAME=(OKEY,SEQ,U),BYTES=2,START=1".into(),
            " DBDGEN".into(),
            format!(" DBD NAME=PARTS,ACCESS={}", access(self.parts_hdam)),
            " DATASET DD1=PARTSDD,SIZE=512".into(),
            format!(" SEGM NAME=PART,PARENT=0,BYTES=4,PTR={},RULES={parts}", self.root),
            " FIELD NAME=(PKEY,SEQ,U),BYTES=2,START=1".into(),
        ]);
        if !self.parts_hdam {
            lines.push(" LCHILD NAME=(PARTIX,PARTI),PTR=INDX".into());
        }
        match self.relation {
            Relation::OneWay => lines.push(" LCHILD NAME=(ORDER,CUST),PTR=NONE".into()),
            Relation::Virtual => lines.extend([
                format!(" LCHILD NAME=(ORDER,CUST),PTR={number},PAIR=BUYER"),
                " SEGM NAME=BUYER,PARENT=PART,PTR=PAIRED,SOURCE=((ORDER,DATA,CUST))".into(),
                " FIELD NAME=(BKEY,SEQ,U),BYTES=2,START=1".into(),
            ]),
            Relation::Paired => lines.extend([
                " LCHILD NAME=(ORDER,CUST),PTR=NONE,PAIR=BUYER".into(),
                format!("{:<71}X", " SEGM NAME=BUYER,PARENT=((PART),(CUSTOMER,VIRTUAL,CUST)),"),
                format!("               BYTES=4,PTR={pointers},RULES={orders}"),
                " FIELD NAME=(BKEY,SEQ,U),BYTES=2,START=1".into(),
            ]),
        }
        lines.push(" DBDGEN".into());
        let index = |name: &str, dd: &str, segment: &str, of: &str, field: &str| {
            vec![
                format!(" DBD NAME={name},ACCESS=INDEX"),
                format!(" DATASET DD1={dd},SIZE=512"),
                format!(" SEGM NAME={segment},PARENT=0,BYTES=2"),
                " FIELD NAME=(IXKEY,SEQ,U),BYTES=2,START=1".to_string(),
                format!(" LCHILD NAME=({of}),INDEX={field}"),
                " DBDGEN".to_string(),
            ]
        };
        if !self.customers_hdam {
            lines.extend(index("CUSTI", "CUSTIDD", "CUSTIX", "CUSTOMER,CUST", "CKEY"));
        }
        if !self.parts_hdam {
            lines.extend(index("PARTI", "PARTIDD", "PARTIX", "PART,PARTS", "PKEY"));
        }
        lines.extend(self.logical());
        lines
    }

    fn logical(&self) -> Vec<String> {
        let mut lines: Vec<String> = [
            " DBD NAME=SALES,ACCESS=LOGICAL",
            " DATASET LOGICAL",
            " SEGM NAME=WHO,PARENT=0,SOURCE=((CUSTOMER,DATA,CUST))",
            " SEGM NAME=SALE,PARENT=WHO,SOURCE=((ORDER,DATA,CUST),(PART,DATA,PARTS))",
            " DBDGEN",
        ]
        .map(String::from)
        .into();
        let both = self.relation != Relation::OneWay;
        if both {
            lines.extend([
                " DBD NAME=DEMAND,ACCESS=LOGICAL".into(),
                " DATASET LOGICAL".into(),
                " SEGM NAME=WHAT,PARENT=0,SOURCE=((PART,DATA,PARTS))".into(),
                format!("{:<71}X", " SEGM NAME=NEED,PARENT=WHAT,"),
                "               SOURCE=((BUYER,DATA,PARTS),(CUSTOMER,DATA,CUST))".into(),
                " DBDGEN".into(),
            ]);
        }
        let pcb = |dbd: &str, segments: &[(&str, &str)]| {
            let mut lines = vec![format!(" PCB TYPE=DB,DBDNAME={dbd},PROCOPT=A,KEYLEN=8")];
            let named = segments.iter().map(|(name, parent)| format!(" SENSEG NAME={name},PARENT={parent}"));
            lines.extend(named);
            lines
        };
        lines.extend(pcb("CUST", &[("CUSTOMER", "0"), ("ORDER", "CUSTOMER")]));
        let buyer = [("PART", "0"), ("BUYER", "PART")];
        lines.extend(pcb("PARTS", if both { &buyer } else { &buyer[..1] }));
        lines.extend(pcb("SALES", &[("WHO", "0"), ("SALE", "WHO")]));
        if both {
            lines.extend(pcb("DEMAND", &[("WHAT", "0"), ("NEED", "WHAT")]));
        }
        lines.push(" PSBGEN PSBNAME=SHOP".into());
        lines
    }

    /// The calls of an act.
    pub(crate) fn calls(&self, act: &Act) -> Vec<Step> {
        let root = |side: Side, key: u8| match side {
            Side::Customer => format!("CUSTOMER(CKEY    = C{key})"),
            Side::Part => format!("PART    (PKEY    = P{key})"),
        };
        let step =
            |pcb, function, ssas: Vec<String>, data: String| Step { pcb, function, ssas, data, change: None };
        let insert = |pcb, ssas: &[&str], data: String| {
            vec![step(pcb, "ISRT", ssas.iter().map(ToString::to_string).collect(), data)]
        };
        let physical = |side: Side| if side == Side::Customer { 2 } else { 3 };
        let logical = |side: Side| if side == Side::Customer { 4 } else { 5 };
        let of = |side: Side, customer: u8, part: u8| match side {
            Side::Customer => (customer, part, 'P', format!("WHO     (CKEY    = C{customer})"), "SALE    "),
            Side::Part => (part, customer, 'C', format!("WHAT    (PKEY    = P{part})"), "NEED    "),
        };
        match *act {
            Act::Root(side, key, value) => {
                let (name, letter) =
                    if side == Side::Customer { ("CUSTOMER", 'C') } else { ("PART    ", 'P') };
                insert(physical(side), &[name], format!("{letter}{key}{value:02}"))
            }
            Act::Order(side, customer, part, value) => {
                let (above, other, letter, ..) = of(side, customer, part);
                let name = if side == Side::Customer { "ORDER   " } else { "BUYER   " };
                let root = root(side, above);
                insert(physical(side), &[&root, name], format!("{letter}{other}{value:02}"))
            }
            Act::Both(side, customer, part, value, of_other) => {
                let (_, other, letter, root, name) = of(side, customer, part);
                let data = format!("{letter}{other}{value:02}{letter}{other}{of_other:02}");
                insert(logical(side), &[&root, name], data)
            }
            Act::DeleteRoot(side, key) => {
                let change: fn(&str, &str) -> String = |held, _| held.to_string();
                let ssas = vec![root(side, key)];
                vec![Step { change: Some(change), ..step(physical(side), "DLET", ssas, String::new()) }]
            }
            Act::DeleteOrder(side, customer, part) => {
                let (_, other, letter, root, name) = of(side, customer, part);
                let field = if side == Side::Customer { "OKEY" } else { "BKEY" };
                let change: fn(&str, &str) -> String = |held, _| held.to_string();
                let ssas = vec![root, format!("{name}({field:<8}= {letter}{other})")];
                vec![Step { change: Some(change), ..step(logical(side), "DLET", ssas, String::new()) }]
            }
            Act::Replace(side, customer, part, value, of_other) => {
                let (_, other, letter, root, name) = of(side, customer, part);
                let field = if side == Side::Customer { "OKEY" } else { "BKEY" };
                let change: fn(&str, &str) -> String =
                    |held, new| format!("{}{}{}{}", &held[..2], &new[..2], &held[4..6], &new[2..]);
                let ssas = vec![root, format!("{name}({field:<8}= {letter}{other})")];
                let data = format!("{value:02}{of_other:02}");
                vec![Step { change: Some(change), ..step(logical(side), "REPL", ssas, data) }]
            }
            Act::Commit | Act::BackOut => Vec::new(),
        }
    }
}
