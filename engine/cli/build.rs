//! How the program is linked.
//!
//! It can stand anywhere in memory, so every process of it begins by writing some 26,000 addresses. The loader finds the places
//! in a table, which is 0.6 MB long, or 10 KB in the packed form that glibc knows since 2.36 (`DT_RELR`): engine, keeper and the
//! courier of a remote step each start without reading that table.
//!
//! And the kernel maps it sixteen pages at a time around each that is touched. What a run of one step calls is a sixth of the code;
//! as the compiler leaves it, that sixth is scattered over all the rest, and three quarters of the program come to lie in the memory of
//! every process. `order.txt` says what a start needs, and the linker puts it together: half the memory, and a start that is a tenth
//! shorter (`docs/src/reference/costs.md`). What is not on the list works as well, from where it stands.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::{env, fs};

fn main() {
    println!("cargo::rerun-if-changed=engine/cli/build.rs");
    println!("cargo::rerun-if-changed=engine/cli/order.txt");
    let is = |name: &str, value: &str| env::var(name).is_ok_and(|found| found == value);
    // The linker asks for a glibc that knows the form. Where it is older, the program would not start at all.
    let here = env::var("HOST").ok() == env::var("TARGET").ok();
    if here && is("CARGO_CFG_TARGET_OS", "linux") && is("CARGO_CFG_TARGET_ENV", "gnu") && glibc() >= Some((2, 36)) {
        println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
    if is("TARGET", "x86_64-unknown-linux-gnu") && is("PROFILE", "release") && links_as_usual() {
        match order() {
            Ok(script) => println!("cargo::rustc-link-arg-bins=-Wl,-T,{script}"),
            Err(why) => println!("cargo::warning=the functions of the program are not put in order: {why}"),
        }
    }
}

/// Whether the linker is the one that comes with Rust for this target: another may take ten minutes for such a list, or not know it.
fn links_as_usual() -> bool {
    let flags = env::var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    env::var_os("RUSTC_LINKER").is_none() && !["linker=", "linker-flavor", "fuse-ld"].iter().any(|other| flags.contains(other))
}

/// Writes `order.txt` as a script for the linker.
fn order() -> Result<String, String> {
    let list = fs::read_to_string("engine/cli/order.txt").map_err(|error| format!("engine/cli/order.txt: {error}"))?;
    let mut script = "SECTIONS {\n  .text.hot : {\n".to_owned();
    for name in list.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        // The second is where functions stand that are marked as rarely called: a vector that grows is one.
        writeln!(script, "    *(.text.{name} .text.unlikely.{name})").map_err(|error| error.to_string())?;
    }
    script.push_str("  }\n}\nINSERT BEFORE .text;\n");
    let place = Path::new(&env::var("OUT_DIR").map_err(|error| error.to_string())?).join("order.ld");
    fs::write(&place, script).map_err(|error| format!("{}: {error}", place.display()))?;
    Ok(place.display().to_string())
}

/// The version of the C library of this machine.
fn glibc() -> Option<(u32, u32)> {
    let said = Command::new("getconf").arg("GNU_LIBC_VERSION").output().ok()?;
    let text = String::from_utf8(said.stdout).ok()?;
    let (major, rest) = text.trim().strip_prefix("glibc ")?.split_once('.')?;
    let minor = rest.split('.').next()?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}
