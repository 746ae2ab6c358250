//! The one place of the benchmark that prints.

/// A remark beside the results.
#[expect(clippy::print_stderr, reason = "a program of its own, not the command line")]
pub(crate) fn tell(line: &str) {
    eprintln!("{line}");
}

/// A line of the results.
#[expect(clippy::print_stdout, reason = "a program of its own, not the command line")]
pub(crate) fn print(line: &str) {
    println!("{line}");
}
