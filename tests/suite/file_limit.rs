//! Files that may not grow (`ulimit -f`): a limit that the kernel enforces with a deadly signal.

use std::process::Command;

use crate::support::{Place, Ran};

/// The binary under a limit of so many bytes a file, in a place.
pub(crate) fn limited(place: &Place, bytes: u32, arguments: &[&str]) -> Ran {
    let like = place.command(arguments);
    let mut command = Command::new("dash");
    // Counted in blocks of 512 bytes.
    command.args(["-c", &format!("ulimit -f {}; exec \"$0\" \"$@\"", bytes / 512)]).arg(like.get_program()).args(like.get_args());
    command.current_dir(like.get_current_dir().expect("a place")).env_clear();
    command.envs(like.get_envs().filter_map(|(name, value)| Some((name, value?))));
    Ran::of(command)
}

#[test]
fn a_journal_that_may_not_grow_ends_the_run_in_an_orderly_way() {
    let place = Place::with(
        // What is wanted stands in the journal alone, and what is printed in the keeper's ledger as well: that has room left.
        r#"let wanted = "";
        wanted.pad(8000, "x");
        for n in range(0, 6) {
            command(`step ${n}`, #{
                run: ["sh", "-c", `echo ${n} >> ledger; yes | head -c 12000`],
                env: #{ WANTED: wanted },
                rollback: "nothing",
            });
        }"#,
    );
    let stopped = limited(&place, 60 << 10, &["exec", "main", "--unsealed", "a test"]);
    assert_eq!(stopped.code, Some(130), "{stopped}");
    stopped.says(&[
        "File too large",
        "`ulimit -f",
        "the journal is on the file system `",
        "the end is not written down",
        "runbook resume",
    ]);
    let done = place.ledger();
    assert!((1..6).contains(&done.len()), "{done:?}");
    // The step whose end did not fit has ended all the same, and the keeper knows how.
    place.expect(0, &["resume"]);
    assert_eq!(place.ledger(), ["0", "1", "2", "3", "4", "5"], "each once");
}

#[test]
fn an_output_that_may_not_grow_costs_its_rest_and_not_the_step() {
    let place = Place::with(
        r#"command("talks", #{ run: ["sh", "-c", "yes | head -c 300000; echo end >> ledger"], rollback: "nothing" });"#,
    );
    let ran = limited(&place, 200 << 10, &["exec", "main", "--unsealed", "a test"]);
    assert_eq!(place.ledger(), ["end"], "{ran}");
    assert_eq!(ran.code, Some(0), "{ran}");
    let lost = 300_000 - (200 << 10);
    ran.says(&[&format!("{lost} bytes of standard output could not be kept in a file: File too large")]);
}
