//! How the program is linked.
//!
//! It can stand anywhere in memory, so every process of it begins by writing some 45,000 addresses. The loader finds the places
//! in a table, which is 1.1 MB long, or 13 KB in the packed form that glibc knows since 2.36 (`DT_RELR`): engine, keeper and the
//! courier of a remote step each start without reading that megabyte.

use std::env;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=engine/cli/build.rs");
    let is = |name: &str, value: &str| env::var(name).is_ok_and(|found| found == value);
    // The linker asks for a glibc that knows the form. Where it is older, the program would not start at all.
    let here = env::var("HOST").ok() == env::var("TARGET").ok();
    if here && is("CARGO_CFG_TARGET_OS", "linux") && is("CARGO_CFG_TARGET_ENV", "gnu") && glibc() >= Some((2, 36)) {
        println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}

/// The version of the C library of this machine.
fn glibc() -> Option<(u32, u32)> {
    let said = Command::new("getconf").arg("GNU_LIBC_VERSION").output().ok()?;
    let text = String::from_utf8(said.stdout).ok()?;
    let (major, rest) = text.trim().strip_prefix("glibc ")?.split_once('.')?;
    let minor = rest.split('.').next()?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}
