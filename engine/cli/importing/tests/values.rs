//! What differs from run to run: placeholders, variables, secrets.

use runbook_model::parameter::Parameter;

use super::{imported, runs};

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
fn a_question_shows_the_values_that_the_command_gets() {
    let asked = |block: &str| imported(&format!("```sh\n{block}\n```\n")).runbook;
    assert!(asked("rm -f /q/<queue id>.lock").contains("confirm(\"Run `rm -f /q/\" + p.queue_id + \".lock`?\");"));
    // What is secret stands there by its name only.
    assert!(asked("login <user> $API_TOKEN").contains("confirm(\"Run `login \" + p.user + \" $API_TOKEN`?\");"));
    let long = asked(&format!("echo {} <a>", "x".repeat(300)));
    assert!(long.contains("…`?\");") && long.contains("a: p.a") | long.contains("p.a]"), "{long}");
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
        "export A=1 \\\n  B=2\necho $A $B",
        "function f { X=1; echo $X; }; f",
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
fn a_block_that_sets_variables_without_export_is_one_of_parameters_too() {
    let imported = imported("# T\n\n## A\n\n```sh\nNAMESPACE=shop\n```\n\n```sh\nkubectl -n $NAMESPACE get pods\n```\n");
    assert_eq!(imported.counts[1], 1, "{}", imported.runbook);
    assert!(imported.runbook.contains("fallback: \"shop\""), "{}", imported.runbook);
}
