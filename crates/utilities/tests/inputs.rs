//! What is given to a utility is damaged, cut off, of something else, or does not fit; disks fail. Nothing of that is taken
//! for whole, and each is said in words that name it.

#![allow(clippy::unwrap_used, reason = "what fails in the helpers of a test fails the test")]

use dasd::memory::{MemoryBlockSet, MemorySequentialSet};
use dasd::{BlockSet, DataSetError, Fault, Faulty, SequentialSet};
use dbrc::{Access, Authorization, Recon, ShareLevel};
use definitions::acb::Dmb;
use definitions::report::{Input, generate};
use dli::{DataSets, Engine, Settings, StatusCode};
use std::sync::Arc;
use utilities::{CopyHead, LogMark, UtilityError};
use vocabulary::{DbdName, LogSequence, MemberName, Moment};

const DBD: &str = " DBD NAME=SHOPDB,ACCESS=HDAM,RMNAME=(DFSHDC40,2,20)
 DATASET DD1=SHOPDD,SIZE=512
 SEGM NAME=ORDER,PARENT=0,BYTES=20
 FIELD NAME=(ORDERNO,SEQ,U),BYTES=4,START=1
 SEGM NAME=ITEM,PARENT=ORDER,BYTES=(40,8),PTR=TB
 FIELD NAME=(ITEMNO,SEQ,U),BYTES=2,START=3
 SEGM NAME=NOTE,PARENT=ORDER,BYTES=10,PTR=T
 DBDGEN
";
const PSB: &str = " PCB TYPE=DB,DBDNAME=SHOPDB,PROCOPT=A,KEYLEN=6
 SENSEG NAME=ORDER,PARENT=0
 SENSEG NAME=ITEM,PARENT=ORDER
 SENSEG NAME=NOTE,PARENT=ORDER
 PSBGEN PSBNAME=CLERK
";
const ORDERS: u64 = 40;

fn name() -> DbdName {
    "SHOPDB".parse().unwrap()
}

fn dmb(source: &str) -> Dmb {
    let report = generate(&[Input { name: "source", bytes: source.as_bytes() }]);
    report.dmbs.get(&name()).cloned().unwrap_or_else(|| unreachable!("{}", report.to_text()))
}

fn authorization() -> Authorization {
    let mut recon = Recon::new();
    recon.register(name(), ShareLevel::One);
    recon.authorize(MemberName::new("IMS1").unwrap(), name(), Access::Exclusive).unwrap()
}

fn engine(source: &str, disk: impl BlockSet + 'static) -> Result<Arc<Engine>, String> {
    let engine = Engine::new(Settings { buffers: 16, ..Settings::default() });
    let mut sets = DataSets::new();
    sets.insert("SHOPDD".parse().unwrap(), Box::new(disk));
    let opened = engine.open(&authorization(), Arc::new(dmb(source)), None, sets);
    opened.map(|_| Arc::new(engine)).map_err(|error| error.to_string())
}

/// A database with orders, and what was unloaded of it.
fn unloaded() -> (MemoryBlockSet, MemorySequentialSet) {
    let disk = MemoryBlockSet::new(512);
    let engine = engine(DBD, disk.clone()).unwrap();
    let source = format!("{DBD}{PSB}");
    let report = generate(&[Input { name: "source", bytes: source.as_bytes() }]);
    let mut program = engine.schedule(&report.psb_blocks[&"CLERK".parse().unwrap()]).unwrap();
    for order in 0..ORDERS {
        let order_ssa = format!("ORDER   (ORDERNO = {order:04})");
        let mut insert = |data: &[u8], ssas: &[&[u8]]| {
            let mut area = [b' '; 60];
            area[..data.len()].copy_from_slice(data);
            program.call(2, b"ISRT", &mut area, ssas);
            assert_eq!(program.mask(2).unwrap().status(), StatusCode::OK.bytes());
        };
        insert(format!("{order:04} ORDER").as_bytes(), &[b"ORDER    "]);
        let mut item = (10 + order as u16 % 30).to_be_bytes().to_vec();
        item.extend(format!("01 ITEM {}", "X".repeat(30)).bytes());
        insert(&item, &[order_ssa.as_bytes(), b"ITEM     "]);
        insert(b"NOTE", &[order_ssa.as_bytes(), b"NOTE     "]);
    }
    program.commit().unwrap();
    drop(program);
    let mut file = MemorySequentialSet::new(b"");
    utilities::unload(&engine, &dmb(DBD), Moment(1), &mut file, &mut |_| {}).unwrap();
    engine.close(&name()).unwrap();
    (disk, file)
}

fn reload(source: &str, file: &MemorySequentialSet) -> Result<u64, UtilityError> {
    let dmb = dmb(source);
    let block_bytes = dli::block_bytes(&dmb.data_sets[0]);
    let engine = engine(source, MemoryBlockSet::new(block_bytes)).unwrap();
    let counts = utilities::reload(&engine, &dmb, file, &mut |_| {})?;
    assert_eq!(engine.check(&name()), Vec::new());
    Ok(counts.iter().map(|count| count.segments).sum())
}

fn head() -> CopyHead {
    let mark = LogMark { sequence: LogSequence(1), stamp: Moment(1), checksum: 1 };
    let dd = "SHOPDD".parse().unwrap();
    CopyHead { database: name(), dbd: name(), dd, block_bytes: 512, run: Moment(1), mark }
}

fn copy(disk: &MemoryBlockSet) -> MemorySequentialSet {
    let mut file = MemorySequentialSet::new(b"");
    utilities::copy_data_set(disk, &head(), &mut file, &mut |_| {}).unwrap();
    file
}

fn restore(file: &MemorySequentialSet) -> Result<MemoryBlockSet, UtilityError> {
    let disk = MemoryBlockSet::new(512);
    utilities::restore(file, None, &disk, &mut |_| {})?;
    Ok(disk)
}

#[test]
fn a_byte_that_changed_and_an_end_that_is_missing_are_found() {
    let (disk, file) = unloaded();
    let copied = copy(&disk);
    assert_eq!(reload(DBD, &file).unwrap(), 3 * ORDERS);
    assert_eq!(restore(&copied).unwrap().block_count(), disk.block_count());
    for (bytes, is_refused) in [
        (file.bytes(), &(|file: &_| reload(DBD, file).is_err()) as &dyn Fn(&MemorySequentialSet) -> bool),
        (copied.bytes(), &|file: &_| restore(file).is_err()),
    ] {
        for at in (0..bytes.len()).step_by(37).chain(0..40).chain(bytes.len() - 40..bytes.len()) {
            let mut changed = bytes.clone();
            changed[at] ^= 0x20;
            assert!(is_refused(&MemorySequentialSet::new(&changed)), "byte {at} of {}", bytes.len());
            assert!(is_refused(&MemorySequentialSet::new(&bytes[..at])), "{at} bytes of {}", bytes.len());
        }
        let longer = [&bytes[..], b"!"].concat();
        assert!(is_refused(&MemorySequentialSet::new(&longer)), "something behind the end");
    }
    assert!(matches!(reload(DBD, &copied), Err(UtilityError::Input { .. })), "a copy is no unload");
}

#[test]
fn a_changed_definition_is_taken_where_every_segment_fits() {
    let (_, file) = unloaded();
    let all = 3 * ORDERS;
    for (from, to) in [
        ("SIZE=512", "SIZE=4096"),
        ("(DFSHDC40,2,20)", "(DFSHDC40,5,7,100)"),
        ("SEGM NAME=NOTE", "SEGM NAME=RETURN,PARENT=ORDER,BYTES=30\n SEGM NAME=NOTE"),
        ("BYTES=10,PTR=T\n", "BYTES=(30,6),PTR=TB\n"),
        ("BYTES=20\n", "BYTES=80,PTR=TB\n"),
    ] {
        assert!(DBD.contains(from), "{from}");
        assert_eq!(reload(&DBD.replace(from, to), &file).unwrap(), all, "{to}");
    }
}

#[test]
fn what_does_not_fit_is_named() {
    let (_, file) = unloaded();
    for (from, to, words) in [
        ("BYTES=20\n", "BYTES=12\n", "segment ORDER with key 00"),
        ("(40,8)", "(20,8)", "segment ITEM with key 01"),
        (
            "NAME=ITEM",
            "NAME=PART",
            "segment ITEM with key (unknown), number 2 of the unload, does not fit: the DBD",
        ),
        ("NAME=NOTE,PARENT=ORDER", "NAME=NOTE,PARENT=ITEM", "segment NOTE was under ORDER"),
    ] {
        assert!(DBD.contains(from), "{from}");
        let error = reload(&DBD.replace(from, to), &file).unwrap_err();
        assert!(error.to_string().contains(words), "{to}: {error}");
    }
}

#[test]
fn a_data_set_that_is_open_damaged_or_another_is_not_copied() {
    let (disk, _) = unloaded();
    let mut file = MemorySequentialSet::new(b"");
    let mut copy = |head: &CopyHead| utilities::copy_data_set(&disk, head, &mut file, &mut |_| {});
    let other = CopyHead { dbd: "OTHERDB".parse().unwrap(), ..head() };
    assert!(matches!(copy(&other), Err(UtilityError::Other { .. })));
    let engine = engine(DBD, disk.clone()).unwrap();
    assert!(matches!(copy(&head()), Err(UtilityError::NotClosed { .. })));
    engine.close(&name()).unwrap();
    copy(&head()).unwrap();
    let mut block = vec![0; 512];
    disk.read(3, &mut block).unwrap();
    block[300] ^= 1;
    disk.write(disk.admitted(), 3, &block).unwrap();
    assert!(matches!(copy(&head()), Err(UtilityError::Block { block: 3, .. })));
}

/// A sequential set that is full after so many bytes.
#[derive(Debug)]
struct Small(MemorySequentialSet, u64);

impl SequentialSet for Small {
    fn byte_count(&self) -> u64 {
        self.0.byte_count()
    }

    fn read(&self, at: u64, into: &mut [u8]) -> Result<usize, DataSetError> {
        self.0.read(at, into)
    }

    fn append(&mut self, bytes: &[u8]) -> Result<(), DataSetError> {
        match self.byte_count() + bytes.len() as u64 > self.1 {
            true => Err(DataSetError::Full { set: "the file".into(), reason: "no room".into() }),
            false => self.0.append(bytes),
        }
    }

    fn truncate(&mut self, byte_count: u64) -> Result<(), DataSetError> {
        self.0.truncate(byte_count)
    }

    fn sync(&mut self) -> Result<(), DataSetError> {
        self.0.sync()
    }
}

#[test]
fn a_disk_that_is_full_or_fails_is_told_of_and_what_is_left_is_nothing_whole() {
    let (disk, file) = unloaded();
    let copied = copy(&disk);
    for room in (0..copied.byte_count()).step_by(997) {
        let mut small = Small(MemorySequentialSet::new(b""), room);
        let outcome = utilities::copy_data_set(&disk, &head(), &mut small, &mut |_| {});
        assert!(matches!(outcome, Err(UtilityError::DataSet(DataSetError::Full { .. }))), "{room} bytes");
        assert!(restore(&small.0).is_err(), "{room} bytes");
    }
    let mut reloads = 0;
    for good in 0.. {
        for fault in [Fault::Full, Fault::Io] {
            let mut faulty = Faulty::new(MemoryBlockSet::new(512));
            faulty.fail_after(good, fault);
            let restored = utilities::restore(&copied, None, &faulty, &mut |_| {});
            let mut faulty = Faulty::new(MemoryBlockSet::new(512));
            faulty.fail_after(good, fault);
            let Ok(engine) = engine(DBD, faulty) else { continue };
            let reloaded = utilities::reload(&engine, &dmb(DBD), &file, &mut |_| {}).is_ok()
                && engine.close(&name()).is_ok();
            reloads += u64::from(reloaded);
            assert!(restored.is_ok() || good < 60, "the restored data set has fewer blocks");
        }
        if reloads >= 2 {
            break;
        }
        assert!(good < 1000, "it ends some time");
    }
}

#[test]
fn what_segments_elsewhere_point_into_is_neither_unloaded_nor_reloaded() {
    let (_, file) = unloaded();
    let related = DBD.replace(
        " SEGM NAME=NOTE,PARENT=ORDER,BYTES=10,PTR=T\n",
        " LCHILD NAME=(PART,SHOPDB),PTR=NONE
 SEGM NAME=PART,PARENT=((ORDER),(ITEM,V,SHOPDB)),BYTES=10,PTR=(T,LP)\n",
    );
    let refused = reload(&related, &file).unwrap_err();
    assert!(matches!(refused, UtilityError::Related(dbd) if dbd == name()), "{refused}");
    let engine = engine(&related, MemoryBlockSet::new(512)).unwrap();
    let mut into = MemorySequentialSet::new(b"");
    let refused = utilities::unload(&engine, &dmb(&related), Moment(1), &mut into, &mut |_| {}).unwrap_err();
    assert!(matches!(refused, UtilityError::Related(_)), "{refused}");
}
