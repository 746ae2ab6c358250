//! What becomes of Markdown; and that nothing in it becomes more than text.

use std::collections::BTreeMap;

use proptest::prelude::*;
use runbook_model::parameter::Parameter;
use runbook_runtime::script::{Pinned, Program, at_depth};

use super::{Imported, import};

fn imported(text: &str) -> Imported {
    let imported = import(text, "x.md", "x", "team");
    read(&imported.runbook).unwrap_or_else(|wrong| panic!("{wrong}\n{}", imported.runbook));
    imported
}

fn read(source: &str) -> Result<(), String> {
    let sources = Pinned(BTreeMap::from([("x.rhai".to_owned(), source.to_owned())]));
    let read = at_depth(|| Program::load(&sources, "x.rhai").and_then(|program| program.describe()));
    read.map(drop).map_err(|diagnostics| diagnostics.render(false))
}

/// What `run` of the commands of a block becomes.
#[track_caller]
fn runs(language: &str, block: &str) -> Vec<String> {
    let imported = imported(&format!("# T\n\n```{language}\n{block}\n```\n"));
    let mut all: Vec<String> = Vec::new();
    for line in imported.runbook.lines() {
        let line = line.trim();
        if let Some(run) = line.strip_prefix("run: ") {
            all.push(run.trim_end_matches(',').to_owned());
        } else if line.starts_with('"') && all.last().is_some_and(|last| last.ends_with('+')) {
            let last = all.last_mut().expect("a line above");
            last.push_str(line.trim_end_matches(','));
        }
    }
    all
}

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
fn what_is_secret_is_no_parameter() {
    let text = "```sh\ncurl -u me:<api token> -H \"X: $DB_PASSWORD\" http://x/{{ns}}\n```";
    let imported = imported(text);
    assert_eq!(imported.parameters.keys().collect::<Vec<_>>(), ["ns"]);
    assert!(imported.notes.iter().any(|(line, note)| *line == 2 && note.contains("API_TOKEN")), "{:?}", imported.notes);
    assert_eq!(
        runs("sh", "curl -u me:<api token> -H \"X: $DB_PASSWORD\""),
        [r#"sh("curl -u me:\"${API_TOKEN:?}\" -H \"X: ${DB_PASSWORD:?}\"")"#]
    );
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
fn a_value_is_no_code_for_a_shell_further_on() {
    let imported = imported("```sh\nssh web 'systemctl stop <unit>'\n```");
    let pattern =
        imported.runbook.lines().find_map(|line| line.split_once("pattern: \"")?.1.split_once('"')).expect("a pattern").0;
    let parameter = Parameter { pattern: Some(pattern.to_owned()), ..Parameter::default() };
    let accepts = |value: &str| parameter.accept(&value.into()).is_ok();
    assert!(accepts("api@1.service") && accepts("a/b:c"));
    for value in ["x; rm -rf /", "$(id)", "`id`", "a b", "-rf", "a'b", "x\ny", "~", "*", "a|b", "a&b", ""] {
        assert!(!accepts(value), "{value}");
    }
}

#[test]
fn a_huge_text_is_read_in_no_time_that_anybody_notices() {
    let began = std::time::Instant::now();
    for text in [
        format!("```sh\n{}", "ls\n".repeat(300_000)),
        format!("```console\n$ echo '\n{}", "x\n".repeat(300_000)),
        "<a ".repeat(300_000),
        "# \n".repeat(100_000),
    ] {
        drop(import(&text, "x.md", "x", "team"));
    }
    assert!(began.elapsed().as_secs() < 60, "{:?}", began.elapsed());
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
fn text_becomes_questions_in_the_order_of_the_document() {
    let imported = imported(
        "# How to\n\nAbout it.\n\n## One\n\nRead [this](https://a.b/c) first.\n\n- [ ] Tell them\n\n```sh\nls\n```\n\nAfterwards.\n\n## Empty\n\n## One\n\ntext\n",
    );
    assert_eq!(imported.counts, [2, 1, 4]);
    let at = |text: &str| imported.runbook.find(text).unwrap_or_else(|| panic!("`{text}` is missing in\n{}", imported.runbook));
    assert!(at("title: \"How to\"") < at("\"https://a.b/c\",") && at("//! About it.") < at("phase(\"One\""));
    assert!(at("Read this (https://a.b/c) first.") < at("confirm(\"Tell them\"") || at("Tell them") > 0);
    assert!(at("command(\"ls\"") < at("One: done?") && at("── Empty") < at("phase(\"One (2)\""));
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
fn the_way_back_is_no_step_forward() {
    let text = "# T\n\n## Do\n\n```sh\nsystemctl stop x\n```\n\n## Rollback\n\nWhen it hangs.\n\n### First\n\n```sh\nsystemctl start <unit>\n```\n\n## After\n\n- [ ] Tell them\n";
    let imported = imported(text);
    assert_eq!(imported.counts, [2, 1, 2], "{}", imported.runbook);
    assert!(imported.parameters.is_empty(), "what only the way back needs is no parameter yet");
    assert!(imported.runbook.contains("//     rollback: [\"systemctl\", \"start\", p.unit],"), "{}", imported.runbook);
    assert!(imported.runbook.contains("// When it hangs."));
    let lines: Vec<_> = imported.notes.iter().filter(|(_, note)| note.contains("way back")).map(|(line, _)| *line).collect();
    assert_eq!(lines, [9, 13]);
    // A runbook whose own business is to take something back goes forward.
    for text in ["# Roll back the API\n\n## Roll back\n\n```sh\nid\n```\n", "# T\n\n## Revert\n\n```sh\nid\n```\n"] {
        assert_eq!(import(text, "x.md", "x", "team").counts, [1, 1, 1], "{text}");
    }
}

#[test]
fn a_question_shows_the_values_that_the_command_gets() {
    let asked = |block: &str| imported(&format!("```sh\n{block}\n```\n")).runbook;
    assert!(asked("rm -f /q/<queue id>.lock").contains("confirm(\"Run `rm -f /q/\" + p.queue_id + \".lock`?\");"));
    // What is secret stands there by its name only.
    assert!(asked("login <user> $API_TOKEN").contains("confirm(\"Run `login \" + p.user + \" $API_TOKEN`?\");"));
    let long = asked(&format!("echo {} <a>", "x".repeat(300)));
    assert!(long.contains("…`?\");") && long.contains("a: p.a") | long.contains("p.a]"), "{long}");
}

#[test]
fn a_command_in_an_item_is_run_and_in_a_sentence_noted() {
    let imported = imported(
        "# T\n\n## Fix\n\n1. Stop: `sudo systemctl stop postfix`\n2. Look at the board\n3. Start: `sudo systemctl start postfix`\n4. If it hangs, `systemctl kill postfix` helps\n",
    );
    assert_eq!(imported.counts, [1, 2, 3], "{}", imported.runbook);
    let at = |text: &str| imported.runbook.find(text).unwrap_or_else(|| panic!("`{text}` is missing in\n{}", imported.runbook));
    assert!(at("\"stop\", \"postfix\"") < at("Look at the board") && at("Look at the board") < at("\"start\", \"postfix\""));
    assert_eq!(imported.notes.len(), 1);
    assert!(imported.notes[0].0 == 8 && imported.notes[0].1.contains("`systemctl kill postfix`"), "{:?}", imported.notes);
}

/// Pieces that mean something to Markdown, to a shell or to Rhai.
fn piece() -> impl Strategy<Value = String> {
    let sharp = prop::sample::select(vec![
        "`",
        "```",
        "```sh\n",
        "\n```\n",
        "\n",
        "\r\n",
        "\n\n",
        "\"",
        "\\",
        "'",
        "${",
        "}",
        "#{",
        "*/",
        "/*",
        "//",
        "//!",
        "<",
        ">",
        "<a>",
        "<x y>",
        "{{b}}",
        "$C",
        "${D}",
        "YOUR_E",
        "$ ",
        "> ",
        "# ",
        "## ",
        "- [ ] ",
        "1. ",
        "| a | b |\n|---|---|\n| c | d |\n",
        "[x](y)",
        "![z](w)",
        "command(\"pwned\", #{ run: [\"touch\", \"/pwned\"] });",
        "\");\ncommand(\"pwned\"",
        "|",
        "&&",
        ";",
        "\0",
        "\u{7}",
        "\u{2028}",
        "\u{202e}",
        "\u{e000}",
        "\u{feff}",
        "<!--",
        "-->",
        "---\n",
        "title: x\n",
        "cat <<EOF\n",
        "EOF\n",
        "    ",
        "\t",
        "let ",
        "in",
        "ä",
        "\u{1f600}",
    ]);
    prop_oneof![4 => sharp.prop_map(str::to_owned), 1 => any::<String>()]
}

/// The code of a script: without its comments, and with `"` for each text.
fn code(source: &str) -> String {
    let mut code = String::new();
    let mut letters = source.chars().peekable();
    while let Some(c) = letters.next() {
        match c {
            '/' if letters.peek() == Some(&'/') => {
                letters.by_ref().find(|c| *c == '\n');
            }
            '"' => {
                code.push('"');
                loop {
                    match letters.next() {
                        Some('\\') => drop(letters.next()),
                        Some('"') => break,
                        Some('\n') | None => panic!("a text that does not end: {source}"),
                        Some(_) => {}
                    }
                }
            }
            c => code.push(c),
        }
    }
    code
}

proptest! {
    /// The words of the skeleton are ours, whatever the document says: what it says stands in texts and comments.
    #[test]
    fn no_document_writes_code(pieces in prop::collection::vec(piece(), 0..40)) {
        const OURS: [&str; 17] = [
            "let", "p", "runbook", "title", "owner", "params", "links", "help", "pattern", "phase", "confirm", "details", "command", "run", "sh",
            "rollback", "idempotent",
        ];
        let imported = import(&pieces.concat(), "x.md", "x", "team");
        prop_assert!(read(&imported.runbook).is_ok(), "{}", imported.runbook);
        let code = code(&imported.runbook);
        for word in code.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|word| !word.is_empty()) {
            prop_assert!(OURS.contains(&word) || word == "true" || imported.parameters.contains_key(word), "`{}` in\n{}", word, imported.runbook);
        }
        prop_assert!(code.chars().all(|c| c.is_alphanumeric() || "_ \n\"#{}()[]:,;.+=|".contains(c)), "{}", code);
        prop_assert_eq!(code.matches("command(").count(), imported.counts[1]);
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
fn variables_for_what_is_typed_below_stand_in_its_environment() {
    let text = "# T\n\n## A\n\n```sh\nexport KUBECONFIG=/etc/kube/prod\n```\n\n```sh\nkubectl get pods\n```\n\n## B\n\n```sh\nuptime\n```\n";
    let imported = imported(text);
    assert_eq!(imported.counts[1], 2, "{}", imported.runbook);
    assert!(imported.runbook.contains("fallback: \"/etc/kube/prod\" }"), "{}", imported.runbook);
    assert_eq!(imported.runbook.matches("env: #{ KUBECONFIG: p.kubeconfig },").count(), 1, "{}", imported.runbook);
}

#[test]
fn a_variable_that_only_a_shell_can_tell_or_that_is_secret_is_left_with_a_word() {
    for line in ["export ID=$(hostname)", "export DB_PASSWORD=hunter2"] {
        let imported = imported(&format!("# T\n\n```sh\n{line}\n```\n"));
        assert!(imported.runbook.contains("// TODO: no command below has this variable"), "{}", imported.runbook);
        assert_eq!((imported.counts[1], imported.notes.len()), (0, 1));
        assert!(!imported.runbook.contains("hunter2"), "{}", imported.runbook);
        assert!(imported.parameters.is_empty(), "{:?}", imported.parameters);
    }
}

#[test]
fn a_mark_of_the_byte_order_at_the_beginning_is_no_text() {
    let imported = imported("\u{feff}# Restart\r\n\r\n## Look\r\n\r\n```sh\r\nuptime\r\n```\r\n");
    assert!(imported.runbook.contains("title: \"Restart\"") && !imported.runbook.contains('\u{fffd}'), "{}", imported.runbook);
    let imported = self::imported("\u{feff}---\ntitle: Fail over\n---\n\n- [ ] Tell them\n");
    assert!(imported.runbook.contains("title: \"Fail over\""), "{}", imported.runbook);
}

#[test]
fn an_apostrophe_hides_no_value_that_the_shell_would_put_there() {
    assert_eq!(
        runs("sh", "psql -c \"UPDATE x SET a='$NAME' WHERE b=<id>\" | y"),
        [r#"sh("psql -c \"UPDATE x SET a='${name}' WHERE b=${id}\" | y", #{ id: p.id, name: p.name })"#]
    );
    assert_eq!(
        runs("sh", "echo \"it's done\" && rm -rf /srv/$RELEASE"),
        [r#"sh("echo \"it's done\" && rm -rf /srv/\"${release}\"", #{ release: p.release })"#]
    );
}

#[test]
fn an_apostrophe_in_a_comment_or_a_here_document_opens_no_quote() {
    assert_eq!(
        runs("bash", "cd /srv\n# it's <old>\nrm -rf <release> $NAME"),
        [
            r##"sh("set -e\n" +"cd /srv\n" +"# it's <old>\n" +"rm -rf \"${release}\" \"${name}\"", #{ name: p.name, release: p.release })"##
        ]
    );
    assert_eq!(
        runs("sh", "cat <<EOF > <file>\nit's $WHO\nEOF\nrm <path>"),
        [
            r#"sh("cat <<EOF > \"${file}\"\n" +"it's ${who}\n" +"EOF\n" +"rm \"${path}\"", #{ file: p.file, path: p.path, who: p.who })"#
        ]
    );
}

#[test]
fn a_shell_puts_nothing_into_a_here_document_in_quotes() {
    let nginx = "cat <<'EOF' > x.conf\nproxy_set_header Host $host;\nEOF\nnginx -s $SIGNAL";
    assert_eq!(
        runs("sh", nginx),
        [
            r#"sh("cat <<'EOF' > x.conf\n" +"proxy_set_header Host $host;\n" +"EOF\n" +"nginx -s \"${signal}\"", #{ signal: p.signal })"#
        ]
    );
}

#[test]
fn what_a_loop_reads_is_no_parameter_and_what_an_argument_names_is() {
    let names = |line: &str| imported(&format!("```sh\n{line}\n```")).parameters.into_keys().collect::<Vec<_>>();
    for line in [
        "kubectl get pods -A | while read ns pod rest; do kubectl delete pod -n $ns $pod; done",
        "cat x | while IFS=, read -r a b; do echo $a $b; done",
        "read -rp 'Sure? ' ANSWER && echo $ANSWER",
        "if OUT=$(id); then echo $OUT; fi",
        "f() { local a b=1; echo $a $b; }; f",
        "A=1 B=2; echo $A $B",
        "for ((i=0; i<3; i++)); do echo $i; done",
    ] {
        assert!(names(line).is_empty(), "{line}: {:?}", names(line));
    }
    for line in ["make deploy ENV=$ENV", "docker run -e ENV=$ENV image", "env ENV=$ENV x", "curl -d ENV=$ENV http://x | y"] {
        assert_eq!(names(line), ["env"], "{line}");
    }
}

#[test]
fn the_template_of_a_program_is_no_placeholder() {
    let names = |line: &str| imported(&format!("```sh\n{line}\n```")).parameters.into_keys().collect::<Vec<_>>();
    for line in [
        "docker inspect -f '{{range .Networks}}{{.IPAddress}}{{end}}' x",
        "docker inspect --format '{{json .State}}' x",
        "kubectl get po -o go-template='{{range .items}}{{if .x}}{{index .y 0}}{{else}}-{{end}}{{end}}'",
    ] {
        assert!(names(line).is_empty(), "{line}: {:?}", names(line));
    }
    assert_eq!(names("docker stop {{ name }} {{end user}}"), ["end_user", "name"]);
}

#[test]
fn a_box_keeps_the_number_that_its_text_begins_with() {
    let imported = imported("## A\n\n- [ ] 3 replicas are up\n- [ ] .env is there\n1. [ ] 2. is done\n2. [ ] -v is off\n");
    for question in ["3 replicas are up", ".env is there", "2. is done", "-v is off"] {
        assert!(imported.runbook.contains(&format!("confirm(\"{question}\"")), "`{question}` in {}", imported.runbook);
    }
}

#[test]
fn what_stands_above_the_first_command_is_read_before_it_without_a_heading_too() {
    let imported = imported("# T\n\n1. Tell the team\n2. Run:\n\n   ```sh\n   systemctl restart x\n   ```\n");
    assert_eq!(imported.counts, [0, 1, 1]);
    let asked = imported.runbook.find("confirm(").expect("a question");
    assert!(imported.runbook[asked..].contains("1. Tell the team"), "{}", imported.runbook);
    // What is only about the runbook is no question.
    assert_eq!(self::imported("# T\n\nAbout it.\n\n## One\n\n- [ ] x\n").counts, [1, 0, 1]);
}

#[test]
fn what_is_commented_out_is_not_read() {
    let imported = imported("## A\n\n<!--\n- [ ] old\nrm -rf /old\n-->\n\nSee <!-- hidden --> it.\n\n<b>bold</b>\n\n- [ ] new\n");
    for gone in ["old\n", "rm -rf", "-->", "hidden"] {
        assert!(!imported.runbook.contains(gone), "`{gone}` in {}", imported.runbook);
    }
    assert!(imported.runbook.contains("See  it.") && imported.runbook.contains("bold"), "{}", imported.runbook);
}

#[test]
fn who_opens_a_shell_elsewhere_is_told_that_the_runbook_goes_on_here() {
    let notes = |line: &str| imported(&format!("```sh\n{line}\nsystemctl restart x\n```")).notes;
    for line in [
        "ssh web-1",
        "ssh -p 2222 -i key ann@web-1",
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
    for line in ["ssh web-1 uptime", "ssh -V", "kubectl exec web-0 -- ls", "sudo ls"] {
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
        "kubectl get pods -w",
        "kubectl get pods --watch",
        "docker logs --tail 9 -f x",
        "ping web-1",
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
    ] {
        assert!(!noted(line), "{line}");
    }
}

#[test]
fn a_block_that_sets_variables_without_export_is_one_of_parameters_too() {
    let imported = imported("# T\n\n## A\n\n```sh\nNAMESPACE=shop\n```\n\n```sh\nkubectl -n $NAMESPACE get pods\n```\n");
    assert_eq!(imported.counts[1], 1, "{}", imported.runbook);
    assert!(imported.runbook.contains("fallback: \"shop\""), "{}", imported.runbook);
}

#[test]
fn a_question_about_several_lines_shows_them_all() {
    let imported = imported("## A\n\nLook first.\n\n```sh\ncd /srv\nrm -rf <release>\n```\n");
    let (asked, _) = imported.runbook.split_once("command(").expect("a command");
    let (_, asked) = asked.split_once("confirm(").expect("a question");
    assert!(
        asked.contains("Look first.") && asked.contains("    cd /srv\\n") && asked.contains("    rm -rf <release>"),
        "{asked}"
    );
}

#[test]
fn tags_alone_are_no_text_that_somebody_reads() {
    let imported = imported(
        "# T\n\n## A\n\n<details>\n<summary>If it hangs</summary>\n\n```sh\nuptime\n```\n\n</details>\n\n## B\n\n- [ ] x\n",
    );
    assert_eq!(imported.counts, [2, 1, 2], "{}", imported.runbook);
    assert!(imported.runbook.contains("If it hangs"), "{}", imported.runbook);
    let imported = self::imported("## A\n\n<namespace>\n");
    assert!(imported.runbook.contains("details: \"<namespace>\""), "who knows what it stands for: {}", imported.runbook);
}
