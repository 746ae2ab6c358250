//! Which commands a text has, and what runs them.

use super::{imported, runs};

#[test]
fn what_needs_no_shell_is_a_list_of_words() {
    assert_eq!(runs("sh", "systemctl restart 'my service'"), [r#"["systemctl", "restart", "my service"]"#]);
    assert_eq!(runs("bash", "a one\\\n  two\nb"), [r#"["a", "one", "two"]"#, r#"["b"]"#]);
    assert_eq!(
        runs("bash", "kubectl -n <name space> get deploy/<app>"),
        [r#"["kubectl", "-n", p.name_space, "get", "deploy/" + p.app]"#]
    );
}

#[test]
fn what_needs_one_gets_its_values_as_variables() {
    assert_eq!(runs("sh", "ls | wc -l"), [r#"sh("ls | wc -l")"#]);
    assert_eq!(runs("sh", "grep <what> x | wc"), [r#"sh("grep \"${what}\" x | wc", #{ what: p.what })"#]);
    assert_eq!(runs("sh", "echo \"a <b>\" 'c <d>' | x"), [r#"sh("echo \"a ${b}\" 'c '\"${d}\"'' | x", #{ b: p.b, d: p.d })"#]);
    assert_eq!(runs("sh", "echo $APP ${APP}; x"), [r#"sh("echo \"${app}\" \"${app}\"; x", #{ app: p.app })"#]);
    assert_eq!(runs("sh", "echo '$APP' $HOME $1 $(id) \\$X; x"), [r#"sh("echo '$APP' $HOME $1 $(id) \\$X; x")"#]);
    assert_eq!(runs("sh", "cat <<EOF\n<a>\nEOF"), [r#"sh("cat <<EOF\n" +"${a}\n" +"EOF", #{ a: p.a })"#]);
}

#[test]
fn a_command_ends_where_the_shell_says_and_not_before() {
    assert_eq!(runs("console", "$ ls # don't\nrm -rf /\n$ id"), [r#"sh("ls # don't")"#, r#"["id"]"#]);
    assert_eq!(runs("sh", "ls # it's\nid"), [r#"sh("ls # it's")"#, r#"["id"]"#]);
    assert_eq!(runs("sh", "ls |\n  wc -l\nid").len(), 2);
    assert_eq!(runs("console", "$ a &&\n> b\nsaid").len(), 1);
    assert_eq!(runs("sh", "cd /gone\nrm -rf x"), [r#"sh("set -e\n" +"cd /gone\n" +"rm -rf x")"#]);
}

#[test]
fn lines_that_need_each_other_stay_together() {
    for script in ["for i in 1 2\ndo echo $i\ndone", "X=1\necho $X", "cd /tmp\nls", "cat <<EOF\n$ no prompt\nEOF", "echo 'a\nb'"]
    {
        assert_eq!(runs("bash", script).len(), 1, "{script}");
    }
    assert!(imported("```sh\nX=1\necho $X\n```").parameters.is_empty(), "what a script sets is no parameter");
}

#[test]
fn of_a_session_only_what_was_typed_is_run() {
    let typed = [r#"["ls"]"#, r#"["id", "-u"]"#];
    assert_eq!(runs("console", "$ ls\nrm -rf /\n$ id \\\n> -u\n0"), typed);
    assert_eq!(runs("", "$ ls\nrm -rf /\n$ id -u"), typed);
    assert_eq!(runs("console", "# ls\nrm -rf /\n# id -u"), typed);
    assert_eq!(runs("", "root@db-1:~# ls\nrm -rf /\n[ann@web ~]$ id -u"), typed);
    assert_eq!(runs("sh", "# rm -rf /\nls # comment"), [r#"sh("ls # comment")"#]);
}

#[test]
fn what_root_types_is_run_and_what_may_be_a_comment_is_said() {
    let as_root = [r#"["systemctl", "stop", "app"]"#, r#"["rm", "-rf", "/srv/x"]"#];
    for shell in ["sudo -i", "sudo -s", "sudo su -", "su", "su - root", "sudo -u root -i"] {
        let block = format!("$ {shell}\n# systemctl stop app\n# rm -rf /srv/x\nremoved");
        assert_eq!(runs("console", &block)[1..], as_root, "{shell}");
    }
    assert_eq!(runs("", "root@web-1:~# id\n# systemctl stop app\n# rm -rf /srv/x")[1..], as_root);
    assert_eq!(runs("console", "# id\n# systemctl stop app\n# rm -rf /srv/x")[1..], as_root);
    // Whoever leaves the shell of root is nobody whose `#` is a prompt.
    let left = "$ sudo -i\n# systemctl stop app\n# exit\n$ ls\n# rm -rf /\n$ id";
    assert_eq!(runs("console", left).len(), 5, "sudo -i, systemctl, exit, ls, id");
    // Elsewhere it may be a comment or a command: a person has to say.
    let imported = imported("# T\n\n```console\n# first this\n$ ls\n# rm -rf /\nx\n$ sudo systemctl start app\n```\n");
    assert_eq!(imported.counts[1], 2, "{}", imported.runbook);
    let lines: Vec<_> = imported.notes.iter().filter(|(_, note)| note.contains("comment or a command of root")).collect();
    assert_eq!(lines.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [4, 6], "{:?}", imported.notes);
    assert!(lines[1].1.contains("`# rm -rf /`"), "{lines:?}");
    let told = imported.runbook.lines().find(|line| line.contains("rm -rf")).expect("it is kept").trim();
    assert!(told.starts_with("//"), "{}", imported.runbook);
    assert!(imported.runbook.contains("// first this"), "what stands above the first command is not lost: {}", imported.runbook);
    // What was written into a file is no line that root types.
    assert_eq!(runs("console", "$ sudo -i\n# cat > /etc/x <<EOF\n# a comment of it\nEOF\n# id").len(), 3);
}

#[test]
fn what_is_no_shell_is_shown_and_not_run() {
    for language in ["sql", "yaml", "python", "json", "promql", "", "powershell"] {
        let imported = imported(&format!("# T\n\n## P\n\n```{language}\nDROP TABLE x;\n```\n"));
        assert_eq!(imported.counts, [1, 0, 1], "{language}");
        assert_eq!(imported.notes.len(), 1, "{language}");
        assert!(imported.runbook.contains("DROP TABLE x;"));
    }
}

#[test]
fn what_only_looks_is_known_for_it() {
    let looks = |line: &str| imported(&format!("```sh\n{line}\n```")).runbook.contains("rollback: \"nothing\"");
    for line in ["kubectl get pods", "kubectl -n x --context=y describe pod z", "systemctl status x", "df -h", "git log"] {
        assert!(looks(line), "{line}");
    }
    for line in [
        "kubectl -n get delete pod",
        "systemctl restart x",
        "rm -rf x",
        "kubectl exec -it x -- ls",
        "tail -f x",
        "df > x",
        "date -s 1",
        "hostname x",
        "journalctl --vacuum-size=1M",
        "git branch -D x",
    ] {
        assert!(!looks(line), "{line}");
    }
}

#[test]
fn a_loop_over_continued_lines_of_a_session_is_one_command() {
    let session = "$ for i in 1 2; do\n>   echo $i\n> done\n1\n2\n$ uptime";
    assert_eq!(runs("console", session), [r#"sh("for i in 1 2; do\n" +"  echo $i\n" +"done")"#, r#"["uptime"]"#]);
}

#[test]
fn what_only_bash_understands_is_run_by_bash_with_its_values_as_arguments() {
    assert_eq!(
        runs("bash", "if [[ -f <file> ]]; then rm <file>; fi"),
        [r#"["bash", "-c", "file=\"${1}\"; if [[ -f \"${file}\" ]]; then rm \"${file}\"; fi", "bash", p.file]"#]
    );
    assert_eq!(runs("sh", "[ -f x ] && y"), [r#"sh("[ -f x ] && y")"#]);
}

#[test]
fn who_opens_a_shell_elsewhere_is_told_that_the_runbook_goes_on_here() {
    let notes = |line: &str| imported(&format!("```sh\n{line}\nsystemctl restart x\n```")).notes;
    for line in [
        "ssh web-1",
        "ssh -p 2222 -i key ann@web-1",
        "ssh -toStrictHostKeyChecking=No -i~/.ssh/OPS web-1",
        "kubectl exec -it web-0 -- bash",
        "docker exec -ti web sh",
        "sudo -i",
        "su - postgres",
    ] {
        let notes = notes(line);
        assert!(
            notes.iter().any(|(at, note)| *at == 2 && note.contains(line) && note.contains("goes on here")),
            "{line}: {notes:?}"
        );
    }
    for line in ["ssh web-1 uptime", "ssh -V", "ssh -fN web-1", "ssh -O exit web-1", "kubectl exec web-0 -- ls", "sudo ls"] {
        assert!(!notes(line).iter().any(|(_, note)| note.contains("goes on here")), "{line}");
    }
}

#[test]
fn a_command_that_does_not_end_by_itself_is_said() {
    let noted = |line: &str| {
        imported(&format!("```sh\n{line}\n```")).notes.iter().any(|(_, note)| note.contains("does not end by itself"))
    };
    for line in [
        "journalctl -fu nginx",
        "journalctl -xef",
        "tail -F x",
        "tail -f x | grep -F y",
        "kubectl get pods -w",
        "kubectl get pods --watch",
        "docker logs --tail 9 -f x",
        "ping web-1",
        "ping web-1 | grep -c ttl",
    ] {
        assert!(noted(line), "{line}");
    }
    for line in [
        "journalctl -u nginx",
        "kubectl apply -f x.yaml",
        "tail -n 5 x",
        "ping -c 3 web-1",
        "kubectl -n f get pods",
        "docker build -f x .",
        "docker exec -w /app web ls",
        "tail -n 5 x | cut -d: -f1",
        "journalctl -u nginx | grep -F error",
    ] {
        assert!(!noted(line), "{line}");
    }
}
