//! A disk in memory that fails when it is told to.

use std::cell::RefCell;
use std::rc::Rc;

use rustix::io::{Errno, Result};

use super::disk::Disk;

/// What is to fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// Every flush.
    Flush,
    /// Every reservation.
    Reserve,
    /// Writing, once this many more bytes were taken.
    WriteAfter(usize),
}

#[derive(Default)]
struct Script {
    bytes: Vec<u8>,
    flushed: usize,
    flushes: usize,
    writes: usize,
    reserved: u64,
    at_most: Option<usize>,
    fault: Option<(Fault, Errno)>,
}

/// Clones are the same disk, so that a test can look while a journal writes.
#[derive(Default, Clone)]
pub(super) struct ScriptedDisk(Rc<RefCell<Script>>);

impl ScriptedDisk {
    pub(super) fn bytes(&self) -> Vec<u8> {
        self.0.borrow().bytes.clone()
    }

    /// How many bytes were there at the last flush that succeeded.
    pub(super) fn flushed(&self) -> usize {
        self.0.borrow().flushed
    }

    /// How often a flush was tried.
    pub(super) fn flushes(&self) -> usize {
        self.0.borrow().flushes
    }

    /// How often something was written.
    pub(super) fn writes(&self) -> usize {
        self.0.borrow().writes
    }

    pub(super) fn reserved(&self) -> u64 {
        self.0.borrow().reserved
    }

    /// One write takes no more than this many bytes.
    pub(super) fn at_most(&self, bytes: usize) {
        self.0.borrow_mut().at_most = Some(bytes);
    }

    pub(super) fn fail(&self, fault: Fault, error: Errno) {
        self.0.borrow_mut().fault = Some((fault, error));
    }

    pub(super) fn heal(&self) {
        self.0.borrow_mut().fault = None;
    }

    /// Somebody else writes.
    pub(super) fn intrude(&self, bytes: &[u8]) {
        self.0.borrow_mut().bytes.extend_from_slice(bytes);
    }
}

impl Disk for ScriptedDisk {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        let mut script = self.0.borrow_mut();
        let mut taken = bytes.len().min(script.at_most.unwrap_or(usize::MAX));
        if let Some((Fault::WriteAfter(left), error)) = script.fault {
            if left == 0 {
                return Err(error);
            }
            taken = taken.min(left);
            script.fault = Some((Fault::WriteAfter(left - taken), error));
        }
        script.bytes.extend_from_slice(&bytes[..taken]);
        script.writes += 1;
        Ok(taken)
    }

    fn flush(&mut self) -> Result<()> {
        let mut script = self.0.borrow_mut();
        script.flushes += 1;
        match script.fault {
            Some((Fault::Flush, error)) => Err(error),
            _ => {
                script.flushed = script.bytes.len();
                Ok(())
            }
        }
    }

    fn reserve(&mut self, offset: u64, length: u64) -> Result<()> {
        let mut script = self.0.borrow_mut();
        match script.fault {
            Some((Fault::Reserve, error)) => Err(error),
            _ => {
                assert!(offset <= script.reserved.max(script.bytes.len() as u64), "a hole in what is set aside");
                script.reserved = script.reserved.max(offset + length);
                Ok(())
            }
        }
    }

    fn length(&self) -> Result<u64> {
        Ok(self.0.borrow().bytes.len() as u64)
    }

    fn trim(&mut self, length: u64) -> Result<()> {
        let mut script = self.0.borrow_mut();
        assert_eq!(length, script.bytes.len() as u64, "records cut off");
        script.reserved = length;
        Ok(())
    }
}
