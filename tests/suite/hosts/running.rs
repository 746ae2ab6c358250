//! What a command on a host is given, and what comes back.

use super::place;
use super::sshd::Hosts;

#[test]
fn a_command_runs_there_with_its_words_its_environment_and_its_input() {
    let hosts = Hosts::start(&["web-1"]);
    let there = hosts.path("there");
    std::fs::create_dir(&there).expect("a directory");
    let source = r#"
        let r = command("look around", #{
            on: "web-1",
            run: ["sh", "-c", "pwd; echo \"$HOME\"; printf '<%s>' \"$@\" \"$COLOUR\"; cat; echo oops >&2", "sh", "it's", "a  b", "$(id)", "", "tab\there\nnext"],
            env: #{ COLOUR: "gre'en\nblue" },
            cwd: "DIR",
            stdin: "input\n",
            rollback: "nothing",
        });
        print(r.stdout);
        print(`errors: ${r.stderr}`);
        check("the same by a look", || exec::output(["sh", "-c", "echo $HOME; exit 3"], #{ on: "web-1" }).code == 3);
    "#;
    let place = place(&hosts, &source.replace("DIR", &there.display().to_string()));
    let ran = place.expect(0, &["exec", "main"]);
    let journal = place.journal();
    let notes: Vec<_> = journal.iter().filter_map(|record| record["text"].as_str()).collect();
    let home = hosts.path("web-1.home");
    let wanted = format!("{}\n{}\n<it's><a  b><$(id)><><tab\there\nnext><gre'en\nblue>input", there.display(), home.display());
    assert_eq!(notes, [wanted.as_str(), "errors: oops"], "{ran}");
    ran.says(&["look around", "on web-1"]);
    assert_eq!(hosts.kept("web-1"), Vec::<std::path::PathBuf>::new(), "the host has forgotten it");
}
