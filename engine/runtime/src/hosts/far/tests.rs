//! The far half alone, in every shell that a host may have.

use std::io::{Read as _, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::*;

/// The last is one that reads its here-documents from files, as bash did before 5.1.
const SHELLS: [&[&str]; 4] =
    [&["dash"], &["bash", "--posix"], &["busybox", "sh"], &["env", "BASH_COMPAT=5.0", "bash", "--posix"]];

/// A session with the far half: `request` is what stands behind the nonce.
fn session(shell: &[&str], home: &Path, verb: &str, rest: &str, body: &str) -> Child {
    let mut child = Command::new(shell[0])
        .args(&shell[1..])
        .args(["-c", &script()])
        .env_clear()
        .env("PATH", format!("{}/bin:/usr/local/bin:/usr/bin:/bin", home.display()))
        .env("HOME", home)
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("a shell");
    // Found by its mark among all processes of the machine, so no two may share one.
    let run = home.file_name().expect("a name").to_string_lossy();
    let text = format!("{verb} n0 {run} k1 {rest}\n{body}");
    // One that has said all it wants to say has ended, and reads no more.
    child.stdin.as_mut().expect("piped").write_all(text.as_bytes()).unwrap_or(());
    child
}

/// The session with its input closed, to its end: both outputs, with the marks made readable.
fn whole(mut child: Child) -> (String, String) {
    drop(child.stdin.take());
    let output = child.wait_with_output().expect("it ends");
    let shown = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace("\u{1}RBn0 ", "@");
    (shown(&output.stdout), shown(&output.stderr))
}

fn run(shell: &[&str], home: &Path, command: &str) -> (String, String) {
    whole(session(shell, home, "run", "1 - -", &format!("set -- /bin/sh -c '{command}'\nn0\n")))
}

/// What is kept of the attempts of a home.
fn kept(home: &Path) -> Vec<String> {
    let run = home.join(".cache/runbook").join(home.file_name().expect("a name"));
    let names = std::fs::read_dir(run).expect("a run").map(|entry| entry.expect("an entry").file_name());
    let mut names: Vec<_> = names.map(|name| name.to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

fn in_every_shell(test: impl Fn(&[&str], &Path)) {
    for shell in SHELLS {
        let home = tempfile::tempdir().expect("a home");
        test(shell, home.path());
    }
}

#[test]
fn a_command_is_run_once_and_how_it_ended_is_kept_with_what_it_printed() {
    in_every_shell(|shell, home| {
        let counted = home.join("counted");
        let command = format!("echo x >> {}; echo out; echo err >&2; exit 7", counted.display());
        let (out, err) = run(shell, home, &command);
        assert_eq!((out.as_str(), err.as_str()), ("@data\nout\n@ended 7\n", "@data\nerr\n@ended 7\n"), "{shell:?}");
        assert_eq!(run(shell, home, &command).0, "@again\n", "{shell:?}");
        assert_eq!(std::fs::read_to_string(&counted).expect("it ran"), "x\n", "{shell:?}");
        // From the third byte of one stream on, and from the first of the other.
        let (out, err) = whole(session(shell, home, "ask", "1 3 1", ""));
        assert_eq!(out, "@open\n@data n0\nt\n@ended 7\n@ended 7\n", "{shell:?}");
        assert_eq!(err, "@data n0\nerr\n@ended 7\n@ended 7\n", "{shell:?}");
        assert_eq!(whole(session(shell, home, "stop", "10", "")).0, "@open\n@over\n", "{shell:?}");
        assert_eq!(whole(session(shell, home, "forget", "k1", "")).0, "@forgotten\n", "{shell:?}");
        assert!(!home.join(".cache/runbook").join(home.file_name().expect("a name")).exists(), "{shell:?}");
        assert_eq!(whole(session(shell, home, "ask", "0 1 1", "")).0, "@missing\n", "{shell:?}");
    });
}

#[test]
fn what_was_asked_about_before_it_was_begun_is_never_begun() {
    in_every_shell(|shell, home| {
        for verb in ["ask", "stop"] {
            assert_eq!(whole(session(shell, home, verb, "1 1 1", "")).0, "@never\n", "{shell:?} {verb}");
        }
        assert_eq!(run(shell, home, "echo x > $HOME/ran").0, "@again\n", "{shell:?}");
        assert!(!home.join("ran").exists(), "{shell:?}");
    });
}

#[test]
fn a_command_does_not_notice_that_nobody_listens_any_more() {
    in_every_shell(|shell, home| {
        let go = home.join("go");
        let status = Command::new("mkfifo").arg(&go).status();
        assert!(status.expect("mkfifo").success());
        // More than all pipes between hold, so that a command that is not relieved would wait for ever.
        let command =
            format!("echo begun; read x < {}; head -c 3000000 /dev/zero; head -c 3000000 /dev/zero >&2; exit 3", go.display());
        let mut child = session(shell, home, "run", "1 - -", &format!("set -- /bin/sh -c '{command}'\nn0\n"));
        let mut begun = [0; 16];
        child.stdout.as_mut().expect("piped").read_exact(&mut begun).expect("it begins");
        drop((child.stdin.take(), child.stdout.take(), child.stderr.take()));
        std::fs::write(&go, "go\n").expect("it reads");
        let (out, err) = whole(session(shell, home, "ask", "1 1 1", ""));
        assert!(out.ends_with("@ended 3\n") && err.ends_with("@ended 3\n"), "{shell:?}");
        assert_eq!(out.matches('\0').count() + err.matches('\0').count(), 6_000_000, "{shell:?}");
        child.wait().expect("it has ended");
    });
}

#[test]
fn what_is_cut_short_before_all_has_come_is_not_begun() {
    in_every_shell(|shell, home| {
        let ran = home.join("ran");
        let set = format!("set -- /bin/sh -c 'cat > {}'\n", ran.display());
        for (rest, body) in [("1 - -", set.clone()), ("1 20 -", format!("{set}n0\nten bytes!"))] {
            let (out, _) = whole(session(shell, home, "run", rest, &body));
            assert_eq!(out, "", "{shell:?}");
        }
        assert!(!ran.exists(), "{shell:?}");
        let (out, _) = whole(session(shell, home, "run", "1 10 -", &format!("{set}n0\nten bytes!")));
        assert_eq!(out, "@data\n@ended 0\n", "{shell:?}");
        assert_eq!(std::fs::read_to_string(&ran).expect("it ran"), "ten bytes!", "{shell:?}");
        assert_eq!(kept(home), ["k1", "k1.err", "k1.out"], "{shell:?}: the input is not kept");
    });
}

#[test]
fn what_cannot_be_started_is_refused_with_the_reason() {
    in_every_shell(|shell, home| {
        let refused = |body: &str, key: &str| {
            let text = format!("run n0 run {key} 1 - -\n{body}\nn0\n");
            let mut child = Command::new(shell[0])
                .args(&shell[1..])
                .args(["-c", &script()])
                .env("HOME", home)
                .process_group(0)
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .expect("a shell");
            child.stdin.as_mut().expect("piped").write_all(text.as_bytes()).expect("it reads");
            whole(child).0
        };
        assert!(refused("set -- no-such-program", "a").starts_with("@data\n@refused program /"), "{shell:?}");
        assert_eq!(
            refused("set -- true\ncd -- /no/such/place 2>/dev/null || rb_refuse cwd", "b"),
            "@data\n@refused cwd\n",
            "{shell:?}"
        );
        // A name that the shell keeps for itself.
        assert!(refused("set -- true\nreadonly X\nexport X=1", "c").starts_with("@data\n@refused shell"), "{shell:?}");
    });
}

#[test]
fn a_command_is_stopped_with_all_that_belongs_to_it() {
    in_every_shell(|shell, home| {
        let command = "trap \"\" TERM; sleep 611 & (exec setsid sleep 612) & echo begun; wait; wait; sleep 613";
        let mut child = session(shell, home, "run", "1 - -", &format!("set -- /bin/sh -c '{command}'\nn0\n"));
        let mut begun = [0; 16];
        child.stdout.as_mut().expect("piped").read_exact(&mut begun).expect("it begins");
        let (out, _) = whole(session(shell, home, "stop", "5", ""));
        let pids = |word: &str| -> Vec<String> {
            out.lines().filter_map(|line| Some(line.strip_prefix(word)?.split_once(' ')?.0.to_owned())).collect()
        };
        assert!(out.starts_with("@open\n@seen ") && out.contains("@killed\n") && out.ends_with("@stopped\n"), "{shell:?} {out}");
        let survived = pids("@survived ");
        assert_eq!(survived.len(), 1, "{shell:?}: the one that left the session is named, and not killed\n{out}");
        let (out, _) = whole(child);
        assert!(out.ends_with("@ended 137\n"), "{shell:?} {out}");
        let status = Command::new("kill").args(["-9", &survived[0]]).status();
        assert!(status.expect("kill").success(), "{shell:?}");
    });
}

#[test]
fn who_lives_on_behind_a_command_is_named_and_nobody_else_is() {
    // Few processes are looked at one by one; many are searched for the mark.
    for others in [0, 400] {
        in_every_shell(|shell, home| {
            let go = home.join("go");
            assert!(Command::new("mkfifo").arg(&go).status().expect("mkfifo").success());
            let command = format!(
                "echo begun; read x < {}; i=0; while [ $i -lt {others} ]; do ( exit 0 ); i=$((i + 1)); done; true & wait; \
                 sleep 621 >/dev/null 2>&1 & echo stays $!; setsid sleep 622 >/dev/null 2>&1 & echo stays $!; exit 5",
                go.display()
            );
            let mut child = session(shell, home, "run", "1 - -", &format!("set -- /bin/sh -c '{command}'\nn0\n"));
            let mut begun = [0; 16];
            child.stdout.as_mut().expect("piped").read_exact(&mut begun).expect("it begins");
            let mut stranger = Command::new("sleep").arg("623").spawn().expect("a stranger");
            std::fs::write(&go, "go\n").expect("it reads");
            let (out, _) = whole(child);
            stranger.kill().and_then(|()| stranger.wait()).expect("ours");
            // From behind the end of what was printed: in there it stands as well.
            let (asked, _) = whole(session(shell, home, "ask", "1 100000 1", ""));
            let pids = |out: &str, word: &str| {
                let of = |line: &str| line.strip_prefix(word)?.split(' ').next().map(str::to_owned);
                let mut pids: Vec<_> = out.lines().filter_map(of).collect();
                pids.sort();
                pids.dedup();
                pids
            };
            let stay = pids(&out, "stays ");
            Command::new("kill").arg("-9").args(&stay).status().expect("kill");
            assert_eq!((stay.len(), pids(&out, "@left ")), (2, stay.clone()), "{shell:?}: {out}");
            assert_eq!(pids(&asked, "@left "), stay, "{shell:?}: whoever asks later is told, too\n{asked}");
            assert!(out.ends_with("@ended 5\n"), "{shell:?}: {out}");
        });
    }
}

/// The next session of ours is one, which is opened when a command has only just ended.
#[test]
fn nobody_is_searched_who_has_plainly_another_parent() {
    for is_plain in [true, false] {
        in_every_shell(|shell, home| {
            // All are searched when many processes were started meanwhile, by whomever, or the numbers began at the front again.
            let name = home.file_name().expect("a name").to_string_lossy();
            let tried = (0..5).find_map(|turn| searched(shell, &home.join(format!("{name}-{turn}")), is_plain));
            assert_eq!(tried, Some(!is_plain), "{shell:?}");
        });
    }
}

/// Whether somebody is searched who was started beside a command, by a parent that is older than the command; where it is not plain
/// who that was, the parent is gone. Nothing when all processes of the machine were searched.
fn searched(shell: &[&str], home: &Path, is_plain: bool) -> Option<bool> {
    let [bin, searched, pid, go, tell] = ["bin", "searched", "pid", "go", "tell"].map(|name| home.join(name));
    std::fs::create_dir_all(&bin).expect("a directory");
    let grep = format!("#!/bin/sh\necho \"$@\" > {}\nPATH=/usr/bin:/bin exec grep \"$@\"\n", searched.display());
    std::fs::write(bin.join("grep"), grep).expect("a file");
    assert!(Command::new("chmod").arg("+x").arg(bin.join("grep")).status().expect("chmod").success());
    assert!(Command::new("mkfifo").args([&go, &tell]).status().expect("mkfifo").success());
    let starts = format!("sleep 624 & echo $! > {};", pid.display());
    let starts = if is_plain { starts } else { format!("( {starts} );") };
    let script = format!("read x < {}; {starts} echo x > {}; wait", tell.display(), go.display());
    let mut other = Command::new("sh").args(["-c", &script]).process_group(0).spawn().expect("sh");
    // Starts are counted in hundredths of a second; behind the time stands how long nothing was to be done.
    let clock = || std::fs::read_to_string("/proc/uptime").expect("Linux").split(' ').next().map(str::to_owned);
    let now = clock();
    while clock() == now {
        std::thread::yield_now();
    }
    let (out, _) = run(shell, home, &format!("echo x > {}; read x < {}", tell.display(), go.display()));
    assert!(out.ends_with("@ended 0\n") && !out.contains("@left"), "{shell:?}: {out}");
    rustix::process::kill_process_group(rustix::process::Pid::from_child(&other), rustix::process::Signal::KILL).expect("ours");
    other.wait().expect("ours");
    let read = |file: &Path| std::fs::read_to_string(file).unwrap_or_default();
    let (all, environ) = (read(&searched), format!("/proc/{}/environ", read(&pid).trim()));
    let has = |wanted: &str| all.split_whitespace().any(|word| word == wanted);
    (!has("/proc/1/environ")).then(|| has(&environ))
}

#[test]
fn every_login_shell_passes_it_on_as_it_is() {
    let script = script();
    // fish reads two backslashes as one, csh reads an exclamation mark and no line break, all end at a single quote.
    for odd in ["'", "\\\\", "\n"] {
        assert!(!script.contains(odd), "{odd:?} stands in the script");
    }
    for login in ["bash", "dash", "zsh", "fish", "tcsh"] {
        let Ok(mut child) = Command::new(login)
            .args(["-c", command()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
        else {
            continue; // not installed here
        };
        child.stdin.as_mut().expect("piped").write_all(b"ask n0 no-such-run k1 0 1 1\n").expect("it reads");
        assert_eq!(whole(child), ("@missing\n".to_owned(), String::new()), "{login}");
    }
    let harmless = script.matches("!=").count() + script.matches("! ").count();
    assert_eq!(script.matches('!').count(), harmless, "csh reads `!` but before a blank or `=`");
}

#[test]
fn what_is_kept_is_bounded_and_what_is_printed_is_not() {
    in_every_shell(|shell, home| {
        let (out, _) = run(shell, home, "head -c 70000000 /dev/zero; echo; echo end");
        assert!(out.ends_with("\nend\n@ended 0\n") && out.len() > 70_000_000, "{shell:?}: {}", out.len());
        let kept = home.join(".cache/runbook").join(home.file_name().expect("a name")).join("k1.out");
        let size = std::fs::metadata(kept).expect("kept").len();
        assert!((67_000_000..=67_108_864).contains(&size), "{shell:?}: {size}");
    });
    in_every_shell(|shell, home| {
        // With neither a reader nor room in the file it is let go on all the same.
        let command = "echo begun; head -c 140000000 /dev/zero && exit 4";
        let mut child = session(shell, home, "run", "1 - -", &format!("set -- /bin/sh -c '{command}'\nn0\n"));
        let mut begun = [0; 16];
        child.stdout.as_mut().expect("piped").read_exact(&mut begun).expect("it begins");
        drop((child.stdin.take(), child.stdout.take(), child.stderr.take()));
        let (out, _) = whole(session(shell, home, "ask", "1 67108865 1", ""));
        assert!(out.ends_with("@ended 4\n"), "{shell:?}: {out}");
        child.wait().expect("it has ended");
    });
}

#[test]
fn a_command_that_takes_its_own_traces_away_was_begun_all_the_same() {
    in_every_shell(|shell, home| {
        // What is written there at that very moment makes `rm` fail, and complain of it.
        let gone = "n=0; until rm -rf $HOME/.cache 2>/dev/null || [ $((n += 1)) -gt 1000 ]; do :; done";
        let (out, err) = run(shell, home, &format!("echo effect; {gone}; exit 3"));
        assert_eq!((out.as_str(), err.as_str()), ("@data\neffect\n@ended 3\n", "@data\n@ended 3\n"), "{shell:?}");
    });
}

#[test]
fn a_home_that_comes_later_hides_nothing_that_was_begun_without_it() {
    in_every_shell(|shell, home| {
        let late = home.join(home.file_name().expect("a name"));
        let (out, _) = run(shell, &late, "exit 4");
        assert_eq!(out, "@data\n@ended 4\n", "{shell:?}");
        std::fs::create_dir(&late).expect("a home");
        let (asked, _) = whole(session(shell, &late, "ask", "1 1 1", ""));
        assert!(asked.ends_with("@ended 4\n") && !asked.contains("never"), "{shell:?}: {asked}");
        let (stopped, _) = whole(session(shell, &late, "stop", "1", ""));
        assert!(stopped.contains("@over"), "{shell:?}: {stopped}");
    });
}
