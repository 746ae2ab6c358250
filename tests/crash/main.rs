//! Death at every boundary, and every fault of the storage: the real binary, struck from outside.
//!
//! Nothing here is built into the product: it is traced ([`tracer`]) and killed, or its calls fail, at one chosen system
//! call. By itself each sweep takes every so many boundaries; `RUNBOOK_SWEEP=all` takes all of them.

#[path = "../support/mod.rs"]
#[allow(dead_code, unused_imports, reason = "shared with the other tests, each of which needs a part of it")]
mod support;

mod audit_faults;
mod branches;
mod bringing;
mod disk_faults;
mod hanging;
mod keeper_disk;
mod mount;
mod packs;
mod power_cut;
mod scene;
mod settling;
mod state_faults;
mod sweep;
#[cfg(target_arch = "x86_64")]
mod tracer;
