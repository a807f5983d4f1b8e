//! What a deck is run on.

use crate::aib::Aib;
use crate::pcb::DbMask;
use crate::program::{Ending, IoMask, Program};
use std::io;
use vocabulary::PcbName;

/// A program that makes the calls of a deck: one of an engine in this process, or one of a member. It waits for locks by
/// itself. PCBs are numbered from 1, which is the I/O PCB.
pub trait Calls {
    /// How many PCBs there are.
    fn pcb_count(&self) -> usize;
    /// The I/O PCB.
    fn io_mask(&self) -> &IoMask;
    /// The mask of a database PCB.
    fn mask(&self, number: usize) -> Option<&DbMask>;
    /// The name of a PCB.
    fn pcb_name(&self, number: usize) -> Option<PcbName>;
    /// How many bytes of the I/O area the last call on a PCB filled, segment by segment.
    fn area_used(&self, number: usize) -> Vec<usize>;
    /// Makes a call.
    ///
    /// # Errors
    /// When it could not be made, and the program is lost.
    fn call(&mut self, number: usize, function: &[u8], area: &mut [u8], ssas: &[&[u8]])
    -> io::Result<Ending>;
    /// Makes a call on the PCB that an AIB names, and leaves in that what came of it.
    ///
    /// # Errors
    /// When it could not be made, and the program is lost.
    fn aib_call(
        &mut self,
        function: &[u8],
        aib: &mut Aib,
        area: &mut [u8],
        ssas: &[&[u8]],
    ) -> io::Result<Ending>;
    /// A symbolic checkpoint, which saves these areas.
    ///
    /// # Errors
    /// When it could not be made, and the program is lost.
    fn checkpoint(&mut self, id: &mut [u8], areas: &[&[u8]]) -> io::Result<Ending>;
    /// XRST, which gives back what a checkpoint saved.
    ///
    /// # Errors
    /// When it could not be made, and the program is lost.
    fn restart(&mut self, area: &mut [u8], areas: &mut [&mut [u8]]) -> io::Result<Ending>;
}

impl Calls for Program {
    fn pcb_count(&self) -> usize {
        self.pcb_count()
    }

    fn io_mask(&self) -> &IoMask {
        self.io_mask()
    }

    fn mask(&self, number: usize) -> Option<&DbMask> {
        self.mask(number)
    }

    fn pcb_name(&self, number: usize) -> Option<PcbName> {
        self.pcb_name(number)
    }

    fn area_used(&self, number: usize) -> Vec<usize> {
        self.area_used(number)
    }

    fn call(
        &mut self,
        number: usize,
        function: &[u8],
        area: &mut [u8],
        ssas: &[&[u8]],
    ) -> io::Result<Ending> {
        loop {
            match Program::call(self, number, function, area, ssas) {
                Ending::Waits => self.wait(),
                ending => return Ok(ending),
            }
        }
    }

    fn aib_call(
        &mut self,
        function: &[u8],
        aib: &mut Aib,
        area: &mut [u8],
        ssas: &[&[u8]],
    ) -> io::Result<Ending> {
        loop {
            match Program::aib_call(self, function, aib, area, ssas) {
                Ending::Waits => self.wait(),
                ending => return Ok(ending),
            }
        }
    }

    fn checkpoint(&mut self, id: &mut [u8], areas: &[&[u8]]) -> io::Result<Ending> {
        Ok(self.checkpoint_symbolic(id, areas))
    }

    fn restart(&mut self, area: &mut [u8], areas: &mut [&mut [u8]]) -> io::Result<Ending> {
        Ok(Program::restart(self, area, areas))
    }
}
