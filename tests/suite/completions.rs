//! Completions in real shells: keys are typed, the shell completes, and what it would then run is looked at.

use std::path::PathBuf;
use std::process::Command;

use crate::support::Place;
use crate::support::terminal::Terminal;

/// A name that would do something if a shell ever read it as more than a name.
const HOSTILE: &str = "a $(touch pwned) 'q\" `touch pwned`; touch pwned";

const MAIN: &str = r##"
let p = runbook(#{
    title: "Completes",
    owner: "team",
    params: #{
        service: #{ help: "Which one" },
        size: #{ type: "enum", of: ["small", "x; touch pwned"], fallback: "small" },
        dry: #{ type: "bool", fallback: false },
    },
});
check("look", || p.service != "" && p.size != "" && !p.dry);
"##;

fn stage() -> Place {
    let place = Place::with(MAIN);
    place.write("runbook.toml", "[env.production]\nprotected = true\n[env.staging]\nsettings.x = 1\n");
    place.runbook("asks", r#"confirm("Go on?", #{ choices: ["blue one", "green"] });"#);
    place.runbook(HOSTILE, "");
    place.runbook("nl\ntouch pwned", "");
    place.runbook("endless", "loop {}");
    place.expect(0, &["exec", "main", "-p", "service=api"]);
    place.expect(4, &["exec", "asks"]);
    place
}

fn in_path() -> std::ffi::OsString {
    let program = PathBuf::from(env!("CARGO_BIN_EXE_runbook"));
    let first = program.parent().expect("a directory").to_owned();
    let rest = std::env::var_os("PATH").unwrap_or_default();
    std::env::join_paths([first].into_iter().chain(std::env::split_paths(&rest))).expect("a path")
}

fn shell(place: &Place, program: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(place.path("")).env_clear().env("PATH", in_path()).env("HOME", place.path("home"));
    command
}

/// A shell at a terminal that has loaded the completions.
fn loaded(place: &Place, program: &str, arguments: &[&str], load: &str) -> Terminal {
    let mut terminal = Terminal::of(200, &[("TERM", "dumb")], &shell(place, program, arguments));
    // Parted, so that the echo of the line is not taken for the prompt.
    terminal.keys(&format!("PS1='rea''dy> '; {load}\n")).until("ready> ");
    terminal
}

/// Types, and has the shell print the words that it would have run.
#[track_caller]
fn completes(terminal: &mut Terminal, typed: &str, wanted: &[&str]) {
    let words: String = wanted.iter().map(|word| format!("<{word}>")).collect();
    terminal.keys(typed).keys("\x01printf '<%s>' \n").until(&words).until("ready> ");
}

/// `home` is how the shell completes a directory of that name.
fn everything(place: &Place, terminal: &mut Terminal, home: &str) {
    completes(terminal, "runbook exe\tma\t", &["runbook", "exec", "main"]);
    completes(terminal, "runbook exec main -p serv\tapi", &["runbook", "exec", "main", "-p", "service=api"]);
    completes(terminal, "runbook exec main -p size=sm\t", &["runbook", "exec", "main", "-p", "size=small"]);
    completes(terminal, "runbook exec main -p 'size=x\t", &["runbook", "exec", "main", "-p", "size=x; touch pwned"]);
    completes(terminal, "runbook exec main -p size=x\t", &["runbook", "exec", "main", "-p", "size=x; touch pwned"]);
    completes(terminal, "runbook exec main --env=pr\t", &["runbook", "exec", "main", "--env=production"]);
    completes(terminal, "runbook show a\\ \t", &["runbook", "show", HOSTILE]);
    completes(terminal, "runbook show 'a \t", &["runbook", "show", HOSTILE]);
    completes(terminal, "runbook show nl\t", &["runbook", "show", "nl"]);
    let waiting = place.newest_run();
    completes(terminal, "runbook answer \t", &["runbook", "answer", &waiting]);
    completes(terminal, "runbook resume \t", &["runbook", "resume", &waiting]);
    completes(terminal, "runbook answer 01\t --choose bl\t", &["runbook", "answer", &waiting, "--choose", "blue one"]);
    completes(terminal, "runbook import RE\t", &["runbook", "import", "README.md"]);
    completes(terminal, "runbook -C hom\t", &["runbook", "-C", home]);
    assert!(!place.path("pwned").exists(), "a name was run");
}

#[test]
fn bash_completes_and_runs_nothing_that_a_name_holds() {
    let place = stage();
    place.write("README.md", "");
    let mut terminal = loaded(&place, "bash", &["--norc", "--noprofile", "-i"], "source <(runbook completions bash)");
    everything(&place, &mut terminal, "home/");
    terminal.keys("runbook answer \t").until(&place.newest_run());
    terminal.keys("\x15runbook diff 01\t\t\t").until("(asks: waiting, ").until("(main: completed, ");
    terminal.keys("\x15exit\n");
    terminal.end().with(0);
}

#[test]
fn zsh_completes_and_runs_nothing_that_a_name_holds() {
    let place = stage();
    place.write("README.md", "");
    let load = "bindkey -e; autoload -Uz compinit && compinit -D -u; source <(runbook completions zsh)";
    let mut terminal = loaded(&place, "zsh", &["-f", "-i"], load);
    everything(&place, &mut terminal, "home");
    terminal.keys("runbook diff \t\t").until("asks: waiting, ").until("main: completed, ");
    terminal.keys("\x15exit\n");
    terminal.end().with(0);
}

/// What fish would offer for a line, and how it would put it there.
fn by_fish(place: &Place, line: &str) -> String {
    let script = "runbook completions fish | source; complete --escape --do-complete $argv[1]";
    let output = shell(place, "fish", &["--no-config", "-c", script, line]).output().expect("fish");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn fish_completes_and_runs_nothing_that_a_name_holds() {
    let place = stage();
    place.write("README.md", "");
    let waiting = place.newest_run();
    assert_eq!(by_fish(&place, "runbook exec ma"), "main\trunbooks/main.rhai\n");
    assert_eq!(by_fish(&place, "runbook exec main -p serv"), "service=\tWhich one (string), required\n");
    assert!(by_fish(&place, "runbook exec main -p size=").contains("size=small\tunless given\n"));
    assert!(by_fish(&place, "runbook resume ").starts_with(&format!("{waiting}\tasks: waiting, ")));
    assert_eq!(by_fish(&place, "runbook answer ").lines().count(), 1);
    assert!(by_fish(&place, "runbook import RE").starts_with("README.md"));
    // Written so that fish reads it as one word.
    let hostile = by_fish(&place, "runbook show a\\ ");
    let word = hostile.split('\t').next().unwrap_or_default();
    let said = shell(&place, "fish", &["--no-config", "-c", &format!("printf '<%s>' {word}")]).output().expect("fish");
    assert_eq!(String::from_utf8_lossy(&said.stdout), format!("<{HOSTILE}>"));
    assert_eq!(by_fish(&place, "runbook show nl"), "");
    assert!(!place.path("pwned").exists(), "a name was run");
}

#[test]
fn looking_for_what_could_come_next_changes_nothing_and_never_hangs_or_complains() {
    let place = stage();
    let files = || {
        let tree = Command::new("find").arg(place.path("")).args(["-printf", "%p %s %T@\n"]).output().expect("find").stdout;
        String::from_utf8_lossy(&tree).into_owned()
    };
    let tree = files();
    for line in [
        &["complete", "zsh", "--word=", "--", "resume"][..],
        &["complete", "zsh", "--word=", "--", "exec", "main", "-p"],
        &["complete", "zsh", "--word=", "--", "exec", "endless", "-p"],
        &["complete", "zsh", "--word=", "--", "-C", "nowhere", "exec"],
        &["complete", "zsh", "--word=", "--", "--log", "log", "answer", &place.newest_run()],
        &["complete", "no-such-shell", "--nonsense"],
        &["complete"],
    ] {
        let ran = place.expect(0, line);
        assert_eq!(ran.err, "", "{line:?}");
    }
    assert_eq!(files(), tree);
    place.write("runbook.toml", "this is no TOML");
    assert_eq!(place.expect(0, &["complete", "zsh", "--word=", "--", "exec"]).out, "words\n");
}
