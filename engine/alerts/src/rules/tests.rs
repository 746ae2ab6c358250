use super::*;

const RULE: &str = "groups:\n- name: g\n  rules:\n  - record: r\n    expr: up\n  - alert: A\n    expr: up == 0\n    labels: {team: t, zone: \"{{ $labels.zone }}\"}\n    annotations: {summary: s}\n";

fn indented(text: &str, by: usize) -> String {
    text.lines().map(|line| format!("{}{line}\n", " ".repeat(by))).collect()
}

#[test]
fn alerts_are_found_whatever_they_are_wrapped_in() {
    let inner = indented(RULE, 4);
    let crd = |kind: &str| format!("apiVersion: x/v1\nkind: {kind}\nspec:\n{}", indented(RULE, 2));
    for (text, line) in [
        (RULE.to_owned(), 6),
        (format!("namespace: tenant\n{RULE}"), 7),
        (crd("PrometheusRule"), 9),
        (crd("VMRule"), 9),
        (format!("apiVersion: v1\nkind: Service\n---\n{}", crd("PrometheusRule")), 12),
        (format!("kind: List\nitems:\n- kind: PrometheusRule\n  spec:\n{inner}"), 10),
        (format!("kind: ConfigMap\ndata:\n  x.yaml: |\n{inner}"), 9),
        (RULE.replace('\n', "\r\n"), 6),
    ] {
        let file = read("f", &text);
        assert_eq!(file.unread, None, "{text}");
        let [rule] = file.rules.as_slice() else { panic!("{text}: {file:?}") };
        assert_eq!((rule.alert.as_str(), rule.place.line), ("A", line), "{text}");
        assert_eq!(rule.fixed, [("team".to_owned(), "t".to_owned())].into());
        assert!(rule.computed.contains("zone") && rule.annotations["summary"].text == "s");
    }
}

#[test]
fn json_and_grafana_are_read() {
    let json = "{\n\t\"groups\": [{\"rules\": [{\"alert\": \"A\", \"expr\": \"up\", \"annotations\": {\"x\": \"\\u00e9\"}}]}]}";
    assert_eq!(read("f", json).rules[0].annotations["x"].text, "é");
    let grafana = "apiVersion: 1\ngroups:\n- rules:\n  - uid: u\n    title: High load\n    labels: {a: b}\n";
    assert_eq!(read("f", grafana).rules[0].alert, "High load");
}

#[test]
fn what_is_no_rule_file_is_said_and_skipped() {
    let why = |text: &str| read("f", text).skipped.first().cloned().map(|(_, why)| why).unwrap_or_default();
    assert!(why("rule_files: [a]\ntests: []\n").contains("unit test"));
    assert!(why("{{- if .Values.x }}\ngroups: []\n{{- end }}\n").contains("Helm"));
    assert!(why("some: thing\n").contains("no rule file"));
    assert_eq!(read("f", "").skipped, []);
    assert!(read("f", "groups: [\n").unread.is_some());
}

#[test]
fn prometheus_stops_after_the_first_document_and_kubernetes_does_not() {
    let two = format!("{RULE}---\n{RULE}");
    let file = read("f", &two);
    assert_eq!((file.rules.len(), file.unread_documents.len()), (1, 1));
    let crd = format!("kind: PrometheusRule\napiVersion: x\nspec:\n{}", indented(RULE, 2));
    assert_eq!(read("f", &format!("{crd}---\n{crd}")).rules.len(), 2);
}

#[test]
fn a_bomb_of_rules_ends() {
    let mut text =
        "r: &r [{alert: A}, {alert: A}, {alert: A}, {alert: A}, {alert: A}, {alert: A}, {alert: A}, {alert: A}]\ngroups:\n"
            .to_owned();
    for _ in 0..20_000 {
        text.push_str("- rules: *r\n");
    }
    let file = read("f", &text);
    assert!(file.rules.len() == MOST && file.unread.unwrap().message.contains("more than"));
}

#[test]
fn comments_allow_what_they_stand_beside() {
    let text = "groups:\n- rules:\n  # runbook: allow no-link, generic-link\n  - alert: A\n    expr: up\n  - alert: B # runbook: allow not-https\n    expr: up\n  - alert: C\n";
    let file = read("f", text);
    let allowed: Vec<_> = file.rules.iter().map(|rule| rule.allowed.iter().map(String::as_str).collect::<Vec<_>>()).collect();
    assert_eq!(allowed, [vec!["generic-link", "no-link"], vec!["not-https"], vec![]]);
}
