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
    // The host puts away behind the end of the run, for which nobody waits. Time bounds a broken test only.
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while !hosts.kept("web-1").is_empty() {
        assert!(std::time::Instant::now() < deadline, "the host has not forgotten it: {:?}", hosts.kept("web-1"));
        std::thread::yield_now();
    }
}

#[test]
fn a_run_that_only_looked_leaves_nothing_there() {
    let hosts = Hosts::start(&["web-1", "web-2"]);
    let source = r#"
        for host in ["web-1", "web-2"] {
            check(`${host} answers`, || exec::output(["true"], #{ on: host }).ok);
        }
    "#;
    let place = place(&hosts, source);
    place.expect(0, &["exec", "main"]);
    for name in ["web-1", "web-2"] {
        let runs = hosts.path(&format!("{name}.home/.cache/runbook"));
        let left = || std::fs::read_dir(&runs).expect("it was there").count();
        // What a look had is put away behind its end, for which nobody waits. Time bounds a broken test only.
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
        while left() > 0 {
            assert!(std::time::Instant::now() < deadline, "{name} has not forgotten the run");
            std::thread::yield_now();
        }
    }
}

#[test]
fn codes_and_signals_come_back_and_255_is_a_code_like_any_other() {
    let hosts = Hosts::start(&["web-1"]);
    let source = r#"
        for code in [3, 255, 127] {
            let tried = attempt(|| command(`exits with ${code}`, #{ on: "web-1", run: ["sh", "-c", "exit \"$1\"", "sh", code], rollback: "nothing" }));
            print(`${tried.error.reason} ${tried.error.code}`);
        }
        command("kills itself", #{ on: "web-1", run: ["sh", "-c", "kill -9 $$"], rollback: "nothing", idempotent: true });
    "#;
    let place = place(&hosts, source);
    let ran = place.expect(1, &["exec", "main"]);
    let journal = place.journal();
    let notes: Vec<_> = journal.iter().filter_map(|record| record["text"].as_str()).collect();
    assert_eq!(notes, ["exited 3", "exited 255", "exited 127"], "{ran}");
    ran.says(&["kills itself", "killed by SIGKILL (9)"]);
}

#[test]
fn output_of_any_length_and_any_bytes_comes_back_whole() {
    let hosts = Hosts::start(&["web-1"]);
    // 24 MiB that hold every byte, marks of the far half among them; both streams at once.
    let script = r#"
        i=0; while [ $i -lt 24 ]; do head -c 1048576 "$1"; i=$((i+1)); done &
        printf '\001RB%s ended 0\n' 0123456789abcdef0123456789abcdef >&2
        head -c 300000 "$1" >&2
        wait
    "#;
    let bytes: Vec<u8> = (0..1_048_576u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let file = hosts.path("bytes");
    std::fs::write(&file, &bytes).expect("a file");
    let source = format!(
        "command(\"prints\", #{{ on: \"web-1\", run: [\"sh\", \"-c\", {script:?}, \"sh\", {:?}], rollback: \"nothing\" }});",
        file.display().to_string()
    );
    let place = place(&hosts, &source);
    place.expect(0, &["exec", "main"]);
    let ended = place.journal().into_iter().find(|record| record["type"] == "step_ended").expect("it ended");
    let exited = &ended["outcome"]["succeeded"]["exited"];
    let digest = |bytes: &[u8], times: usize| {
        let mut digester = runbook_model::digest::Digester::default();
        (0..times).for_each(|_| digester.update(bytes));
        digester.finish().to_string()
    };
    assert_eq!(exited["stdout"]["size"], 24 * 1_048_576);
    assert_eq!(exited["stdout"]["digest"], digest(&bytes, 24));
    let mut wanted = b"\x01RB0123456789abcdef0123456789abcdef ended 0\n".to_vec();
    wanted.extend_from_slice(&bytes[..300_000]);
    assert_eq!(exited["stderr"]["size"], wanted.len());
    assert_eq!(exited["stderr"]["digest"], digest(&wanted, 1));
}

#[test]
fn what_a_command_leaves_behind_does_not_keep_its_step() {
    let hosts = Hosts::start(&["web-1"]);
    let source = r#"
        let r = command("starts a daemon", #{ on: "web-1", run: ["sh", "-c", "sleep 600 & until grep -qx sleep /proc/$!/comm; do :; done; echo started"], rollback: "nothing" });
        print(r.stdout);
    "#;
    let place = place(&hosts, source);
    let began = std::time::Instant::now();
    let ran = place.expect(0, &["exec", "main"]);
    ran.says(&["started", "left running: sleep ("]);
    assert!(began.elapsed() < std::time::Duration::from_secs(30), "it waited for the daemon: {:?}", began.elapsed());
    let ended = place.journal().into_iter().find(|record| record["type"] == "step_ended").expect("it ended");
    let left = ended["outcome"]["succeeded"]["exited"]["left_running"].as_array().expect("a list").clone();
    assert_eq!(left.len(), 1, "the daemon, and nothing of `ssh`: {left:?}");
    let name = std::fs::read_to_string(format!("/proc/{}/comm", left[0]["pid"])).expect("it lives");
    assert_eq!(name.trim(), "sleep");
}

#[test]
fn each_host_of_a_list_is_a_step_of_its_own_and_is_rolled_back_where_it_ran() {
    let hosts = Hosts::start(&["web-1", "web-2"]);
    let source = r#"
        let done = command("mark", #{
            on: hosts("web"),
            run: ["sh", "-c", "echo there > $HOME/mark; echo $HOME"],
            rollback: ["sh", "-c", "mv $HOME/mark $HOME/unmarked"],
        });
        print(done["web-1"].stdout + " " + done["web-2"].stdout);
        command("fails here", #{ run: ["false"] });
    "#;
    let place = place(&hosts, source);
    let ran = place.expect(1, &["exec", "main"]);
    ran.says(&["mark on web-1", "mark on web-2", "web-1.home", "web-2.home"]);
    for host in ["web-1", "web-2"] {
        assert!(hosts.path(&format!("{host}.home/mark")).exists(), "{host}\n{ran}");
    }
    let run = place.newest_run();
    place.expect(6, &["rollback", &run]).says(&["on web-1", "on web-2"]);
    for host in ["web-1", "web-2"] {
        assert!(hosts.path(&format!("{host}.home/unmarked")).exists(), "{host}");
    }
}

#[test]
fn a_secret_in_the_environment_or_the_input_is_in_no_command_line() {
    let hosts = Hosts::start(&["web-1"]);
    let source = r#"
        let token = "hunter2" + "hunter2";
        let count = "cat >/dev/null; cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' '\\n' | awk 'index($0, ENVIRON[\"TOKEN\"]) { n++ } END { print n + 0 }'";
        let hidden = command("hidden", #{ on: "web-1", run: ["sh", "-c", count], env: #{ TOKEN: token }, stdin: token, rollback: "nothing" });
        let shown = command("shown", #{ on: "web-1", run: ["sh", "-c", count, "sh", token], env: #{ TOKEN: token }, rollback: "nothing" });
        print(`${hidden.stdout} ${shown.stdout != "0"}`);
    "#;
    let place = place(&hosts, source);
    place.expect(0, &["exec", "main"]);
    let noted = place.journal().into_iter().find(|record| record["type"] == "noted").expect("a note");
    assert_eq!(noted["text"], "0 true", "in an argument it would have been seen");
}
