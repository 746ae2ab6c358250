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
        // What the rulers of Mimir, Cortex and Loki give back: a list of groups for each tenant's namespace.
        (format!("tenant/one:\n{}", RULE.strip_prefix("groups:\n").unwrap()), 6),
        // A mixin evaluated as a whole, and the output of a jsonnet program.
        (format!("_config: {{a: b}}\nprometheusAlerts:\n{}", indented(RULE, 2)), 8),
        (format!("setup-rule:\n{}", indented(&crd("PrometheusRule"), 2)), 10),
        // Values of a chart.
        (format!("server:\n  a: b\nserverFiles:\n  alerting_rules.yml:\n{inner}"), 10),
        // A list within a list, as `kubectl` gives it for several kinds.
        (format!("kind: List\nitems:\n- kind: PrometheusRuleList\n  items:\n  - spec:\n{}", indented(RULE, 6)), 11),
        // A patch of a manifest.
        (format!("- kind: PrometheusRule\n  spec:\n{inner}"), 8),
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
    // A stream of JSON texts, one a line.
    let stream = "{\"kind\": \"List\", \"items\": []}\n---\n{\"spec\": {\"groups\": [{\"rules\": [{\"alert\": \"A\"}]}]}}\n";
    assert_eq!(read("f", stream).rules.len(), 1);
    let api = "{\"status\": \"success\", \"data\": {\"groups\": [{\"name\": \"g\", \"rules\": [{\"state\": \"inactive\", \"name\": \"A\", \"query\": \"sum(x)\", \"labels\": {}, \"annotations\": {}, \"type\": \"alerting\"}, {\"name\": \"r\", \"query\": \"x\", \"type\": \"recording\"}]}]}}";
    let file = read("f", api);
    let [rule] = file.rules.as_slice() else { panic!("{file:?}") };
    assert_eq!((rule.alert.as_str(), rule.expression.as_deref()), ("A", Some("sum(x)")));
    assert!(rule.node.is_err());
    let grafana = "apiVersion: 1\ngroups:\n- rules:\n  - uid: u\n    title: High load\n    labels: {a: b}\n";
    assert_eq!(read("f", grafana).rules[0].alert, "High load");
    for (export, line) in [
        // Of the provisioning interface, of the operator, of the ruler of Grafana.
        ("[{\"id\": 1, \"uid\": \"u\", \"title\": \"High load\", \"data\": [], \"annotations\": {\"runbook_url\": \"x\"}}]", 1),
        (
            "kind: GrafanaAlertRuleGroup\nspec:\n  rules:\n  - title: High load\n    condition: A\n    annotations: {runbook_url: x}\n",
            4,
        ),
        (
            "folder:\n- name: g\n  rules:\n  - expr: ''\n    annotations: {runbook_url: x}\n    grafana_alert: {title: High load, data: []}\n",
            6,
        ),
    ] {
        let file = read("f", export);
        let [rule] = file.rules.as_slice() else { panic!("{export}: {file:?}") };
        assert_eq!((rule.alert.as_str(), rule.place.line, rule.expression.as_deref()), ("High load", line, None), "{export}");
        assert_eq!(rule.annotations["runbook_url"].text, "x");
    }
}

#[test]
fn what_is_no_rule_file_is_said_and_skipped() {
    let why = |text: &str| read("f", text).skipped.first().cloned().map(|(_, why)| why).unwrap_or_default();
    assert!(why("rule_files: [a]\ntests: []\n").contains("unit test"));
    assert!(why("{{- if .Values.x }}\ngroups: []\n{{- end }}\n").contains("Helm"));
    assert!(why("{% raw %}\ngroups: []\n").contains("Jinja"));
    assert!(why("some: thing\n").contains("no rule file"));
    assert!(why("title: d\npanels:\n- alert: {name: x, message: y}\n").contains("before version 11"));
    assert!(why("kind: PrometheusRule\nspec: {}\n").contains("no `spec.groups`"));
    for nothing in ["groups: []\n", "kind: Role\nrules:\n- apiGroups: [x]\n  verbs: [get]\n", "kind: List\nitems: []\n"] {
        assert_eq!(why(nothing), "", "{nothing}");
    }
    let jsonnet = read("a.libsonnet", "{\n  prometheusAlerts+:: { groups+: [] },\n}\n");
    assert!(jsonnet.unread.is_none() && jsonnet.skipped[0].1.contains("Jsonnet"), "{jsonnet:?}");
    // A template that reads as YAML for a while is a template all the same.
    let half = read("f", &format!("{RULE}{{{{- if .Values.more }}}}\n  - alert: B\n{{{{- end }}}}\n"));
    assert!(half.rules.is_empty() && half.unread.is_none() && half.skipped.len() == 1, "{half:?}");
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
    for _ in 0..30_000 {
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

#[test]
fn each_text_of_a_config_map_is_a_file_with_places_of_its_own() {
    let quoted = serde_json::Value::from(RULE);
    let text = format!(
        "kind: ConfigMap\ndata:\n  one.rules: |-\n{}  README: |\n    groups of rules: [\n  two.yaml: {quoted}\n  three: |\n\n{}",
        indented(RULE, 4),
        indented(&RULE.replace("alert: A", "alert: C"), 6)
    );
    let file = read("f", &text);
    assert_eq!(file.unread, None, "{file:?}");
    let lines: Vec<_> = text.lines().collect();
    let places: Vec<_> = file.rules.iter().map(|rule| (rule.alert.as_str(), rule.place.line, rule.place.column)).collect();
    let find = |part: &str| lines.iter().position(|line| line.contains(part)).unwrap() + 1;
    let column = |line: usize, part: &str| lines[line - 1].find(part).unwrap() + 1;
    let (first, second, third) = (find("alert: A"), find("two.yaml"), find("alert: C"));
    assert_eq!(
        places,
        [
            ("A", first, column(first, "alert: ") + 7),
            ("A", second, column(second, "\"groups")),
            ("C", third, column(third, "alert: ") + 7)
        ]
    );
    let broken = "kind: ConfigMap\ndata:\n  a.yaml: |\n    groups:\n    - rules: [\n";
    assert!(read("f", broken).unread.is_some());
}

#[test]
fn nesting_that_nobody_writes_is_not_walked_for_ever() {
    let mut text = "a0: &a0 {rules: [{alert: A}]}\n".to_owned();
    for n in 1..30 {
        let inner: Vec<_> = (0..9).map(|key| format!("k{key}: *a{}", n - 1)).collect();
        text.push_str(&format!("a{n}: &a{n} {{{}}}\n", inner.join(", ")));
    }
    let file = read("f", &text);
    assert!(file.unread.unwrap().message.contains("aliases") || file.rules.len() == MOST);
}
