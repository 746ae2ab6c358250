use runbook_model::declaration::{Declaration, Serves};
use runbook_model::parameter::Parameter;

use super::*;
use crate::mapping::Known;
use crate::rules::read;

fn known() -> Vec<Known> {
    let service =
        Parameter { pattern: Some("[a-z]{1,9}".to_owned()), from_label: Some("svc".to_owned()), ..Parameter::default() };
    let to = Parameter { fallback: Some("".into()), ..Parameter::default() };
    let serves = Serves { alert: "ApiDown".to_owned(), labels: [("team".to_owned(), "pay".to_owned())].into() };
    let params = [("service".to_owned(), service), ("to".to_owned(), to)].into();
    let declaration = Declaration { serves: vec![serves], params, ..Declaration::default() };
    vec![Known { name: "rollback-api".to_owned(), declaration }]
}

fn wanted() -> Wanted {
    Wanted { base: None, annotation: "runbook_url".to_owned(), severities: Default::default(), external: External::Ignore }
}

fn rules(link: &str) -> String {
    let link = serde_json::Value::from(link);
    format!(
        "groups:\n- rules:\n  - alert: A\n    expr: sum by (svc) (x)\n    labels: {{severity: page}}\n    annotations: {{runbook_url: {link}}}\n"
    )
}

fn of(link: &str) -> Vec<&'static str> {
    judge(&read("f", &rules(link)), &known(), &wanted()).iter().map(|finding| finding.kind.name()).collect()
}

#[test]
fn each_mistake_of_a_link_is_found_and_nothing_else() {
    let open = "https://h/open/rollback-api?service=";
    for (link, found) in [
        (format!("{open}{{{{ $labels.svc | urlquery }}}}"), vec![]),
        (format!("{open}api&to=1.2"), vec![]),
        (format!("{open}api&_alert=x&_fp=1"), vec![]),
        (format!("{open}{{{{ $labels.svc }}}}"), vec!["label-not-escaped"]),
        (format!("{open}{{{{ $labels.node | urlquery }}}}"), vec!["label-maybe-absent"]),
        (format!("{open}{{{{ $labels.svc | urlquery }}"), vec!["template-error"]),
        (format!("{open}NO"), vec!["bad-value"]),
        (format!("{open}api&servcie=x"), vec!["unknown-param"]),
        (format!("{open}api&execute=true&yes=1&dry_run=false"), vec!["reserved-param"; 3]),
        ("https://h/open/rollback-api".to_owned(), vec!["missing-param"]),
        ("https://h/open/rollback-api#x?service=api".to_owned(), vec!["query-after-fragment", "missing-param"]),
        ("https://h/open/rolback-api?service=api".to_owned(), vec!["no-such-runbook"]),
        ("https://h/alert/Other".to_owned(), vec!["no-such-runbook"]),
        ("https://h/alert/apidown?svc={{ $labels.svc | urlquery }}".to_owned(), vec![]),
        ("https://h/alert/ApiDown".to_owned(), vec!["missing-param"]),
        ("https://h/a/{{ $labels.svc }}".to_owned(), vec!["link-from-label"]),
        ("https://{{ $labels.svc }}/open/rollback-api".to_owned(), vec!["link-from-label"]),
        ("https://x@h/open/rollback-api?service=api".to_owned(), vec!["bad-url"]),
        ("javascript:alert(1)".to_owned(), vec!["bad-url"]),
        ("docs/api.md".to_owned(), vec!["bad-url"]),
        ("http://h/open/rollback-api?service=api".to_owned(), vec!["not-https"]),
        ("http://127.0.0.1:8710/open/rollback-api?service=api".to_owned(), vec![]),
        ("https://wiki.example/page".to_owned(), vec![]),
        ("  ".to_owned(), vec!["no-link"]),
    ] {
        assert_eq!(of(&link), found, "{link}");
    }
}

#[test]
fn what_is_ours_and_what_is_wanted_can_be_said() {
    let judged = |link: &str, wanted: &Wanted| {
        judge(&read("f", &rules(link)), &known(), wanted)
            .iter()
            .map(|finding| (finding.kind, finding.severity))
            .collect::<Vec<_>>()
    };
    let based = Wanted { base: Some("https://ops.example/runbook/".to_owned()), external: External::Error, ..wanted() };
    assert_eq!(judged("https://ops.example/runbook/open/nothing", &based), [(Kind::NoSuchRunbook, Severity::Error)]);
    for other in ["https://h/open/nothing", "https://ops.example.evil/runbook/open/rollback-api?service=api"] {
        assert_eq!(judged(other, &based), [(Kind::External, Severity::Error)], "{other}");
    }
    let severe = Wanted { severities: ["critical".to_owned()].into(), ..wanted() };
    assert_eq!(judged("", &severe), []);
    assert_eq!(judged("", &Wanted { severities: ["page".to_owned()].into(), ..wanted() }), [(Kind::NoLink, Severity::Error)]);
}

#[test]
fn a_comment_allows_one_kind_and_no_other() {
    let text = rules("http://h/open/nothing").replace("  - alert", "  # runbook: allow not-https\n  - alert");
    let found = judge(&read("f", &text), &known(), &wanted());
    assert_eq!(found.iter().map(|finding| finding.kind).collect::<Vec<_>>(), [Kind::NoSuchRunbook]);
}

#[test]
fn orphans_and_pages_for_everything_show_over_all_files() {
    let rule = |name: &str| format!("  - alert: {name}\n    expr: up\n    annotations: {{runbook_url: https://wiki/page}}\n");
    let text = |names: &[&str]| format!("groups:\n- rules:\n{}", names.iter().map(|name| rule(name)).collect::<String>());
    let file_of = |name: &str| format!("{name}.rhai");
    let five = [read("f", &text(&["A", "B", "C", "D", "E"]))];
    assert_eq!(generic(&five, &wanted()).len(), 1);
    assert_eq!(generic(&[read("f", &text(&["A", "B", "C", "D"]))], &wanted()), []);
    assert_eq!(orphans(&five, &known(), &file_of)[0].file, "rollback-api.rhai");
    assert_eq!(orphans(&[read("f", &text(&["ApiDown"]))], &known(), &file_of), []);
    assert_eq!(orphans(&[], &known(), &file_of), []);
}
