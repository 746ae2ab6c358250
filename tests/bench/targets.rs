//! All targets, in turn.

use std::process::ExitCode;

use crate::options::Options;
use crate::output::{print, tell};
use crate::verdict::Table;
use crate::{branches, flow, remote, replay, start, steps, trail, viewers, workflows};

/// Measures what is wanted and prints the table. It fails when something could not be measured, and, unless it is only
/// a smoke test, when a target was missed.
pub(crate) fn measure(options: &Options) -> ExitCode {
    let mut table = Table::default();
    steps::measure(options, &mut table);
    workflows::measure(options, &mut table);
    replay::measure(options, &mut table);
    let parts = [
        branches::measure(options, &mut table),
        start::measure(options, &mut table),
        flow::measure(options, &mut table),
        remote::measure(options, &mut table),
        trail::measure(options, &mut table),
        viewers::measure(options, &mut table),
    ];
    let broken: Vec<_> = parts.into_iter().filter_map(Result::err).collect();
    broken.iter().for_each(|why| tell(&format!("not measured: {why}")));
    let missed = table.print(options.markdown, options.smoke);
    if options.smoke {
        print("\nsmoke: everything ran; only what is counted is judged");
    }
    if broken.is_empty() && missed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
