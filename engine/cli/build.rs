//! How the program is linked.
//!
//! It can stand anywhere in memory, so every process of it begins by writing some 22,000 addresses. The loader finds the places
//! in a table, which is 0.5 MB long, or 6 KB in the packed form that glibc knows since 2.36 (`DT_RELR`): engine, keeper and the
//! courier of a remote step each start without reading that table.
//!
//! And the kernel maps it sixteen pages at a time around each that is touched. What a run of one step calls is a fifth of the code;
//! as the compiler leaves it, that fifth is scattered over all the rest, and three quarters of the program come to lie in the memory of
//! every process. `order.txt` says what a start needs, and the linker puts it together: half the memory, and a start that is a tenth
//! shorter (`docs/src/reference/costs.md`). What is not on the list works as well, from where it stands. `RUNBOOK_UNORDERED=1` leaves
//! all of it there, for a linker that is put in place of the usual one without a word about it (`mold -run`).
//!
//! What unwinds the stack when something panics is linked into the program, and not found and loaded by each process of it.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::{env, fs};

fn main() {
    println!("cargo::rerun-if-changed=engine/cli/build.rs");
    println!("cargo::rerun-if-changed=engine/cli/order.txt");
    println!("cargo::rerun-if-env-changed=RUNBOOK_UNORDERED");
    let is = |name: &str, value: &str| env::var(name).is_ok_and(|found| found == value);
    // The linker asks for a glibc that knows the form. Where it is older, the program would not start at all.
    let here = env::var("HOST").ok() == env::var("TARGET").ok();
    let native = here && is("CARGO_CFG_TARGET_OS", "linux") && is("CARGO_CFG_TARGET_ENV", "gnu");
    if native && glibc() >= Some((2, 36)) {
        println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
    if native
        && is("CARGO_CFG_TARGET_ARCH", "x86_64")
        && let Some(folder) = unwinder()
    {
        println!("cargo::rustc-link-search=native={folder}");
    }
    if is("TARGET", "x86_64-unknown-linux-gnu") && is("PROFILE", "release") && links_as_usual() {
        match order() {
            Ok(script) => println!("cargo::rustc-link-arg-bins=-T{script}"),
            Err(why) => println!("cargo::warning=the functions of the program are not put in order: {why}"),
        }
    }
}

/// Whether the linker is the one that comes with Rust for this target, and names are as the list has them: another linker may take ten
/// minutes for such a list, or not know it.
fn links_as_usual() -> bool {
    const OTHERS: [&str; 6] = ["linker=", "linker-flavor", "linker-features", "fuse-ld", "link-self-contained", "mold"];
    let flags = env::var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    let named = flags.contains("symbol-mangling-version=v0");
    if !named {
        println!(
            "cargo::warning=the flags of `.cargo/config.toml` are not in effect: a run will take twice the memory that it needs"
        );
    }
    let other = env::var_os("RUSTC_LINKER").is_some() || OTHERS.iter().any(|other| flags.contains(other));
    named && !other && env::var_os("RUNBOOK_UNORDERED").is_none() && comes_with_rust()
}

/// Whether this Rust has a linker of its own: those of distributions have none, and link with that of the system.
fn comes_with_rust() -> bool {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let root = Command::new(rustc).args(["--print", "sysroot"]).output();
    let root = root.ok().and_then(|said| String::from_utf8(said.stdout).ok()).unwrap_or_default();
    Path::new(root.trim()).join("lib/rustlib/x86_64-unknown-linux-gnu/bin/gcc-ld/ld.lld").exists()
}

/// Where the linker finds, by the name of the shared library that unwinds the stack, the one to link with for good: the compiler of
/// this machine has both. Each process is then spared to find, map and prepare a library, a tenth of a millisecond.
fn unwinder() -> Option<String> {
    let said = Command::new("cc").arg("-print-file-name=libgcc_eh.a").output().ok()?;
    let found = String::from_utf8(said.stdout).ok()?;
    // A compiler that has none gives the name back as it is.
    let found = Path::new(found.trim()).is_absolute();
    let folder = Path::new(&env::var_os("OUT_DIR")?).join("unwinder");
    fs::create_dir_all(&folder).ok()?;
    fs::write(folder.join("libgcc_s.so"), "GROUP ( -lgcc_eh -lgcc )\n").ok()?;
    found.then(|| folder.display().to_string())
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
