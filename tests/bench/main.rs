//! What things cost: we, a floor below which nobody can come, and others, measured in turn on the same machine.
//!
//! ```text
//! cargo bench --bench costs                         everything, five rounds
//! cargo bench --bench costs -- --rounds 3 T1 T9     only these
//! cargo bench --bench costs -- --smoke              every path once, small; nothing is judged by the clock
//! cargo bench --bench costs -- --markdown           the table as docs/src/reference/costs.md has it
//! cargo bench --bench costs -- --program PATH       of another program than the one that is built along
//! cargo bench --bench costs -- --order              nothing of that: writes engine/cli/order.txt
//! ```
//!
//! Ratios within one run mean something, absolute times do not. A rival that is not installed is named and left out.
//!
//! The program that is built along is not quite the one that is handed on: what only tests need has features of packages built
//! into it, such as all tables of Unicode. `cargo build --release`, a copy of that, and `--program` measure the other.

mod bare_pack;
mod branches;
mod commit;
mod floor;
mod flow;
mod flushes;
mod growth;
mod invented;
mod measured;
mod options;
#[cfg(target_arch = "x86_64")]
mod order;
mod ours;
mod output;
mod place;
mod remote;
mod replay;
mod rivals;
mod rounds;
mod sample;
mod start;
mod steps;
mod targets;
mod trail;
mod verdict;
mod viewers;
mod workflows;

use std::process::ExitCode;

use options::Options;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let told: Vec<&str> = words.iter().map(String::as_str).collect();
    // The parts that this program plays in its own measurements, each a process of its own.
    match told.as_slice() {
        ["floor", rest @ ..] => return floor::play(rest),
        ["measure", report, program, arguments @ ..] => return measured::play(report, program, arguments),
        _ => {}
    }
    let Some(options) = Options::read(&told) else { return ExitCode::from(2) };
    if !options.bench {
        // `cargo test --all-targets` runs this as well; it is no test.
        return ExitCode::SUCCESS;
    }
    if let Some(program) = options.program.as_deref()
        && let Err(why) = place::measure_instead(program)
    {
        output::tell(&format!("costs: {}: {why}", program.display()));
        return ExitCode::from(2);
    }
    if options.order {
        #[cfg(target_arch = "x86_64")]
        let written = order::write();
        #[cfg(not(target_arch = "x86_64"))]
        let written = Err("the order of the program is only known where breakpoints are: on x86-64".to_owned());
        return written.map_or_else(
            |why| {
                output::tell(&format!("costs: {why}"));
                ExitCode::FAILURE
            },
            |()| ExitCode::SUCCESS,
        );
    }
    targets::measure(&options)
}
