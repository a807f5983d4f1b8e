//! What is there on every path, without pointers: roots, and the orders between them, each with what was deleted of it.

use crate::shop::{Relation, Rules};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// Which end a program comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Customer,
    Part,
}

/// What a program does. Customers and parts have numbers, and everything a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    /// Inserts a customer or a part.
    Root(Side, u8, u8),
    /// Inserts an order of a customer for a part, through a physical database.
    Order(Side, u8, u8, u8),
    /// Inserts an order with the other end, through a logical database.
    Both(Side, u8, u8, u8, u8),
    /// Deletes a customer or a part.
    DeleteRoot(Side, u8),
    /// Deletes an order.
    DeleteOrder(Side, u8, u8),
    /// Replaces an order and the other end.
    Replace(Side, u8, u8, u8, u8),
    Commit,
    BackOut,
}

pub(crate) fn any_act() -> impl Strategy<Value = Act> {
    let side = || prop::sample::select(vec![Side::Customer, Side::Part]);
    let (key, value) = (|| 1u8..5, || 0u8..4);
    prop_oneof![
        4 => (side(), key(), value()).prop_map(|(side, key, value)| Act::Root(side, key, value)),
        4 => (side(), key(), key(), value()).prop_map(|(side, c, p, value)| Act::Order(side, c, p, value)),
        4 => (side(), key(), key(), value(), value())
            .prop_map(|(side, c, p, value, other)| Act::Both(side, c, p, value, other)),
        2 => (side(), key()).prop_map(|(side, key)| Act::DeleteRoot(side, key)),
        3 => (side(), key(), key()).prop_map(|(side, c, p)| Act::DeleteOrder(side, c, p)),
        3 => (side(), key(), key(), value(), value())
            .prop_map(|(side, c, p, value, other)| Act::Replace(side, c, p, value, other)),
        1 => Just(Act::Commit),
        1 => Just(Act::BackOut),
    ]
}

impl Act {
    /// Where there is no way from the parts, the program comes from the customers.
    pub(crate) fn for_relation(self, relation: Relation) -> Self {
        use Side::Customer;
        match (self, relation) {
            (Self::Order(_, c, p, value), Relation::OneWay) => Self::Order(Customer, c, p, value),
            (Self::Both(_, c, p, value, other), Relation::OneWay) => Self::Both(Customer, c, p, value, other),
            (Self::DeleteOrder(_, c, p), Relation::OneWay) => Self::DeleteOrder(Customer, c, p),
            (Self::Replace(_, c, p, value, other), Relation::OneWay) => {
                Self::Replace(Customer, c, p, value, other)
            }
            (act, _) => act,
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Root {
    value: u8,
    deleted: bool,
}

#[derive(Debug, Clone, Copy)]
struct Order {
    value: u8,
    /// On its physical path, and on its logical one.
    deleted: bool,
    logically_deleted: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct Model {
    relation: Relation,
    rules: [Rules; 3],
    customers: BTreeMap<u8, Root>,
    parts: BTreeMap<u8, Root>,
    /// By customer and part: those that are stored under customers.
    orders: BTreeMap<(u8, u8), Order>,
    /// Those that are stored under parts, where both are.
    pairs: BTreeMap<(u8, u8), u8>,
}

type Outcome = Result<(), &'static str>;

const INSERT: usize = 0;
const DELETE: usize = 1;
const REPLACE: usize = 2;
const CUSTOMERS: usize = 0;
const PARTS: usize = 1;
const ORDERS: usize = 2;

impl Model {
    pub(crate) fn new(relation: Relation, rules: [Rules; 3]) -> Self {
        let (customers, parts, orders, pairs) = Default::default();
        Self { relation, rules, customers, parts, orders, pairs }
    }

    /// Does it, and gives the status. What is refused changed nothing.
    pub(crate) fn act(&mut self, act: &Act) -> &'static str {
        let before = self.clone();
        match self.attempt(*act) {
            Ok(()) => "  ",
            Err(status) => {
                *self = before;
                status
            }
        }
    }

    fn attempt(&mut self, act: Act) -> Outcome {
        match act {
            Act::Root(side, key, value) => insert_root(self.roots(side), key, value),
            Act::Order(side, c, p, value) => {
                self.find_root(side, c, p)?;
                if side == Side::Part && self.relation == Relation::Virtual {
                    // The segment is under the customer.
                    self.find_root(Side::Customer, c, p).map_err(|_| "IX")?;
                }
                self.insert_order(side, c, p, value)
            }
            Act::Both(side, c, p, value, other) => {
                self.find_root(side, c, p)?;
                self.insert_other(side, c, p, other)?;
                self.insert_order(side, c, p, value)
            }
            Act::DeleteRoot(Side::Customer, c) => {
                self.find_root(Side::Customer, c, 0)?;
                self.delete_customer(c)
            }
            Act::DeleteRoot(Side::Part, p) => {
                self.find_root(Side::Part, 0, p)?;
                self.delete_part(p)
            }
            Act::DeleteOrder(side, c, p) => {
                self.find_order(side, c, p)?;
                match (side, self.relation) {
                    (Side::Customer, _) => self.delete_order(c, p),
                    (Side::Part, Relation::Paired) => self.delete_pair(c, p),
                    (Side::Part, _) => self.delete_logically(c, p),
                }
            }
            Act::Replace(side, c, p, value, other) => self.replace(side, c, p, value, other),
            Act::Commit | Act::BackOut => Ok(()),
        }
    }

    fn roots(&mut self, side: Side) -> &mut BTreeMap<u8, Root> {
        if side == Side::Customer { &mut self.customers } else { &mut self.parts }
    }

    fn is_live(roots: &BTreeMap<u8, Root>, key: u8) -> bool {
        roots.get(&key).is_some_and(|root| !root.deleted)
    }

    fn find_root(&mut self, side: Side, c: u8, p: u8) -> Outcome {
        let key = if side == Side::Customer { c } else { p };
        if Self::is_live(self.roots(side), key) { Ok(()) } else { Err("GE") }
    }

    fn find_order(&mut self, side: Side, c: u8, p: u8) -> Outcome {
        self.find_root(side, c, p)?;
        let order = self.orders.get(&(c, p));
        let found = match (side, self.relation) {
            (Side::Customer, _) => order.is_some_and(|order| !order.deleted),
            (Side::Part, Relation::Paired) => self.pairs.contains_key(&(c, p)),
            (Side::Part, _) => order.is_some_and(|order| !order.logically_deleted),
        };
        if found { Ok(()) } else { Err("GE") }
    }

    /// The end of an order that its segment points to.
    fn points_to(&self, side: Side, c: u8, p: u8) -> Outcome {
        let there = match (side, self.relation) {
            (Side::Part, Relation::Paired) => Self::is_live(&self.customers, c),
            _ => Self::is_live(&self.parts, p),
        };
        if there { Ok(()) } else { Err("IX") }
    }

    fn insert_order(&mut self, side: Side, c: u8, p: u8, value: u8) -> Outcome {
        if self.relation == Relation::Paired {
            let taken = match side {
                Side::Customer => self.orders.contains_key(&(c, p)),
                Side::Part => self.pairs.contains_key(&(c, p)),
            };
            if taken {
                return Err("II");
            }
            self.points_to(side, c, p)?;
            self.orders.insert((c, p), Order { value, deleted: false, logically_deleted: false });
            self.pairs.insert((c, p), value);
            return Ok(());
        }
        match self.orders.get_mut(&(c, p)) {
            Some(order) if order.deleted => {
                (order.value, order.deleted) = (value, false);
                Ok(())
            }
            Some(_) => Err("II"),
            None => {
                self.points_to(side, c, p)?;
                self.orders.insert((c, p), Order { value, deleted: false, logically_deleted: false });
                Ok(())
            }
        }
    }

    /// What the insert rule makes of the other end.
    fn insert_other(&mut self, side: Side, c: u8, p: u8, value: u8) -> Outcome {
        let (other, key, of) = match side {
            Side::Customer => (Side::Part, p, PARTS),
            Side::Part => (Side::Customer, c, CUSTOMERS),
        };
        let rule = self.rules[of][INSERT];
        let roots = self.roots(other);
        match (Self::is_live(roots, key), rule) {
            (false, 'P') => Err("IX"),
            (false, _) => insert_root(roots, key, value),
            (true, 'V') => {
                roots.get_mut(&key).unwrap().value = value;
                Ok(())
            }
            (true, _) => Ok(()),
        }
    }

    fn replace(&mut self, side: Side, c: u8, p: u8, value: u8, other: u8) -> Outcome {
        self.find_order(side, c, p)?;
        let is_virtual = side == Side::Part && self.relation == Relation::Virtual;
        let old = match (side, self.relation) {
            (Side::Part, Relation::Paired) => self.pairs[&(c, p)],
            _ => self.orders[&(c, p)].value,
        };
        let rule = |rule: char| match rule {
            'P' => Err("RX"),
            rule => Ok(rule == 'V'),
        };
        if old != value && (!is_virtual || rule(self.rules[ORDERS][REPLACE])?) {
            if let Some(order) = self.orders.get_mut(&(c, p)) {
                order.value = value;
            }
            if let Some(pair) = self.pairs.get_mut(&(c, p)) {
                *pair = value;
            }
        }
        let (of_other, key, of) = match side {
            Side::Customer => (Side::Part, p, PARTS),
            Side::Part => (Side::Customer, c, CUSTOMERS),
        };
        let allowed = self.rules[of][REPLACE];
        let root = self.roots(of_other).get_mut(&key).unwrap();
        if root.value != other && rule(allowed)? {
            root.value = other;
        }
        Ok(())
    }

    fn of_customer(&self, c: u8) -> Vec<(u8, u8)> {
        self.orders.keys().copied().filter(|key| key.0 == c).collect()
    }

    fn pairs_of(&self, side: Side, key: u8) -> Vec<(u8, u8)> {
        let is_of = |pair: &(u8, u8)| if side == Side::Customer { pair.0 == key } else { pair.1 == key };
        self.pairs.keys().copied().filter(is_of).collect()
    }

    /// A rule keeps an order from being deleted on its physical path.
    fn check_order(&self, key: (u8, u8)) -> Outcome {
        let order = &self.orders[&key];
        let has_path = match self.relation {
            Relation::OneWay => false,
            Relation::Virtual => !order.logically_deleted,
            Relation::Paired => self.pairs.contains_key(&key),
        };
        match self.rules[ORDERS][DELETE] == 'P' && has_path && !order.deleted {
            true => Err("DX"),
            false => Ok(()),
        }
    }

    fn delete_customer(&mut self, c: u8) -> Outcome {
        if self.rules[CUSTOMERS][DELETE] == 'P' && !self.pairs_of(Side::Customer, c).is_empty() {
            return Err("DX");
        }
        let orders = self.of_customer(c);
        orders.iter().try_for_each(|&order| self.check_order(order))?;
        self.customers.get_mut(&c).unwrap().deleted = true;
        for &order in &orders {
            self.mark_order(order)?;
        }
        for order in orders {
            self.settle_order(order)?;
        }
        self.settle_customer(c);
        Ok(())
    }

    fn mark_order(&mut self, key: (u8, u8)) -> Outcome {
        let both = self.rules[ORDERS][DELETE] == 'V';
        let Some(order) = self.orders.get_mut(&key).filter(|order| !order.deleted) else { return Ok(()) };
        order.deleted = true;
        order.logically_deleted |= both;
        if both { self.remove_pair(key) } else { Ok(()) }
    }

    fn settle_order(&mut self, key: (u8, u8)) -> Outcome {
        let Some(order) = self.orders.get(&key) else { return Ok(()) };
        if !order.deleted || (self.relation == Relation::Virtual && !order.logically_deleted) {
            return Ok(());
        }
        self.orders.remove(&key);
        let p = key.1;
        let is_last = !self.orders.keys().any(|order| order.1 == p);
        match self.parts.get(&p) {
            Some(part) if part.deleted => self.settle_part(p),
            Some(_) if is_last && self.rules[PARTS][DELETE] == 'V' => self.delete_part(p)?,
            _ => {}
        }
        Ok(())
    }

    fn settle_customer(&mut self, c: u8) {
        let is_kept = !self.of_customer(c).is_empty() || !self.pairs_of(Side::Customer, c).is_empty();
        if !is_kept && self.customers.get(&c).is_some_and(|root| root.deleted) {
            self.customers.remove(&c);
        }
    }

    fn settle_part(&mut self, p: u8) {
        let is_kept =
            self.orders.keys().any(|order| order.1 == p) || !self.pairs_of(Side::Part, p).is_empty();
        if !is_kept && self.parts.get(&p).is_some_and(|root| root.deleted) {
            self.parts.remove(&p);
        }
    }

    fn delete_part(&mut self, p: u8) -> Outcome {
        let is_live = |order: &Order| self.relation != Relation::Virtual || !order.logically_deleted;
        let has = self.orders.iter().any(|(key, order)| key.1 == p && is_live(order));
        if self.rules[PARTS][DELETE] == 'P' && has {
            return Err("DX");
        }
        let pairs = self.pairs_of(Side::Part, p);
        let keeps = |pair: &(u8, u8)| self.orders.contains_key(pair);
        if self.rules[ORDERS][DELETE] == 'P' && pairs.iter().any(keeps) {
            return Err("DX");
        }
        self.parts.get_mut(&p).unwrap().deleted = true;
        for pair in pairs {
            self.delete_pair_unchecked(pair)?;
        }
        self.settle_part(p);
        Ok(())
    }

    fn delete_order(&mut self, c: u8, p: u8) -> Outcome {
        self.check_order((c, p))?;
        self.mark_order((c, p))?;
        self.settle_order((c, p))?;
        self.settle_customer(c);
        Ok(())
    }

    fn delete_pair(&mut self, c: u8, p: u8) -> Outcome {
        if self.rules[ORDERS][DELETE] == 'P' && self.orders.contains_key(&(c, p)) {
            return Err("DX");
        }
        self.delete_pair_unchecked((c, p))
    }

    fn delete_pair_unchecked(&mut self, key: (u8, u8)) -> Outcome {
        if self.rules[ORDERS][DELETE] == 'V'
            && let Some(order) = self.orders.get_mut(&key)
        {
            order.deleted = true;
            self.settle_order(key)?;
            self.settle_customer(key.0);
        }
        self.remove_pair(key)
    }

    /// An order that is stored under a part goes.
    fn remove_pair(&mut self, key: (u8, u8)) -> Outcome {
        if self.pairs.remove(&key).is_none() {
            return Ok(());
        }
        self.settle_part(key.1);
        let c = key.0;
        let is_last = self.pairs_of(Side::Customer, c).is_empty();
        match self.customers.get(&c) {
            Some(customer) if customer.deleted => self.settle_customer(c),
            Some(_) if is_last && self.rules[CUSTOMERS][DELETE] == 'V' => self.delete_customer(c)?,
            _ => {}
        }
        Ok(())
    }

    fn delete_logically(&mut self, c: u8, p: u8) -> Outcome {
        let order = self.orders.get_mut(&(c, p)).unwrap();
        order.logically_deleted = true;
        match self.rules[ORDERS][DELETE] {
            'V' => self.delete_order(c, p)?,
            _ => {
                self.settle_order((c, p))?;
                self.settle_customer(c);
            }
        }
        let is_seen = |order: &(u8, u8)| {
            let order = &self.orders[order];
            !order.deleted && !order.logically_deleted
        };
        let unlinked = !self.of_customer(c).iter().any(is_seen);
        match self.rules[CUSTOMERS][DELETE] == 'B' && unlinked && Self::is_live(&self.customers, c) {
            true => self.delete_customer(c),
            false => Ok(()),
        }
    }

    /// What a PCB shows: keys and data, sorted.
    pub(crate) fn seen(&self, pcb: usize) -> Vec<String> {
        let mut all = Vec::new();
        let live = |roots: &BTreeMap<u8, Root>| -> Vec<(u8, u8)> {
            roots.iter().filter(|(_, root)| !root.deleted).map(|(key, root)| (*key, root.value)).collect()
        };
        if matches!(pcb, 2 | 4) {
            for (c, value) in live(&self.customers) {
                all.push(format!("C{c} C{c}{value:02}"));
                for (key, order) in self.orders.iter().filter(|(key, order)| key.0 == c && !order.deleted) {
                    let (p, value) = (key.1, order.value);
                    let part =
                        if pcb == 4 { format!("P{p}{:02}", self.parts[&p].value) } else { String::new() };
                    all.push(format!("C{c}P{p} P{p}{value:02}{part}"));
                }
            }
        } else {
            for (p, value) in live(&self.parts) {
                all.push(format!("P{p} P{p}{value:02}"));
                for (c, value) in self.buyers(p) {
                    let with =
                        if pcb == 5 { format!("C{c}{:02}", self.customers[&c].value) } else { String::new() };
                    all.push(format!("P{p}C{c} C{c}{value:02}{with}"));
                }
            }
        }
        all.sort();
        all
    }

    fn buyers(&self, p: u8) -> Vec<(u8, u8)> {
        match self.relation {
            Relation::OneWay => Vec::new(),
            Relation::Virtual => {
                let seen = self.orders.iter().filter(|(key, order)| key.1 == p && !order.logically_deleted);
                seen.map(|(key, order)| (key.0, order.value)).collect()
            }
            Relation::Paired => {
                self.pairs.iter().filter(|(key, _)| key.1 == p).map(|(key, value)| (key.0, *value)).collect()
            }
        }
    }
}

fn insert_root(roots: &mut BTreeMap<u8, Root>, key: u8, value: u8) -> Outcome {
    if Model::is_live(roots, key) {
        return Err("II");
    }
    roots.insert(key, Root { value, deleted: false });
    Ok(())
}
