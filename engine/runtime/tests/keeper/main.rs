//! The keeper on real processes.
//!
//! This program is called in three roles: `keeper DIR` is a keeper, `engine DIR KEY PROGRAM…` is an engine that is there to
//! be killed, and without those it runs the tests (all, or those whose names contain one of its arguments).

mod ahead;
mod crashes;
mod disk;
mod ends;
mod outputs;
mod place;
mod ready;
mod stops;
mod terminals;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Mutex;

use runbook_runtime::keeper::{AT_TERMINAL, at_terminal};

type Test = (&'static str, fn());

/// Names the functions of a module as tests.
#[macro_export]
macro_rules! tests {
    ($($name:ident),* $(,)?) => {
        pub(crate) const TESTS: &[(&str, fn())] = &[$((concat!(module_path!(), "::", stringify!($name)), $name)),*];
    };
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["keeper", AT_TERMINAL, ..] => return at_terminal(&std::env::args_os().skip(3).collect::<Vec<_>>()),
        ["keeper", dir] => return runbook_runtime::keeper::serve(Path::new(dir)),
        ["engine", dir, key, ref argv @ ..] => return place::engine(Path::new(dir), key.parse().expect("a number"), argv),
        ["asks-again", dir, key, ref argv @ ..] => {
            return place::asks_again(Path::new(dir), key.parse().expect("a number"), argv);
        }
        _ => {}
    }
    let wanted: Vec<_> = arguments.iter().filter(|argument| !argument.starts_with('-')).collect();
    let all =
        [ahead::TESTS, crashes::TESTS, disk::TESTS, ends::TESTS, outputs::TESTS, ready::TESTS, stops::TESTS, terminals::TESTS]
            .concat();
    let is_wanted = |test: &Test| wanted.is_empty() || wanted.iter().any(|wanted| test.0.contains(wanted.as_str()));
    run(all.into_iter().filter(is_wanted).collect(), arguments.iter().any(|argument| argument == "--list"))
}

#[allow(clippy::print_stdout)]
fn run(tests: Vec<Test>, list_only: bool) -> ExitCode {
    if list_only {
        tests.iter().for_each(|(name, _)| println!("{name}: test"));
        return ExitCode::SUCCESS;
    }
    let (queue, failed) = (Mutex::new(tests.iter()), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let Some((name, test)) = queue.lock().expect("not poisoned: tests run outside").next() else { break };
                    let began = std::time::Instant::now();
                    let passed = catch_unwind(AssertUnwindSafe(test)).is_ok();
                    println!("test {name} ... {} ({} ms)", if passed { "ok" } else { "FAILED" }, began.elapsed().as_millis());
                    if !passed {
                        failed.lock().expect("not poisoned").push(*name);
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().expect("not poisoned");
    println!("\n{} passed, {} failed {failed:?}", tests.len() - failed.len(), failed.len());
    if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
