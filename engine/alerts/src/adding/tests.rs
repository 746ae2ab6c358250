use runbook_model::declaration::{Declaration, Serves};
use runbook_model::parameter::Parameter;

use super::plan::applied;
use super::*;
use crate::findings::{External, Wanted, judge};
use crate::mapping::Known;
use crate::rules;

pub(super) fn known() -> Vec<Known> {
    let service = Parameter { from_label: Some("svc".to_owned()), ..Parameter::default() };
    let serves = |alert: &str| Serves { alert: alert.to_owned(), labels: Default::default() };
    let params = [("service".to_owned(), service)].into();
    let declaration = Declaration { serves: vec![serves("A"), serves("B")], params, ..Declaration::default() };
    vec![Known { name: "api".to_owned(), declaration }]
}

pub(super) fn plain() -> Wanted {
    Wanted { base: None, annotation: "runbook_url".to_owned(), severities: Default::default(), external: External::Ignore }
}

fn added(text: &str) -> (String, Vec<Left>) {
    let plan = plan(&rules::read("f", text), text, &known(), "https://h", &plain());
    (plan.after, plan.left)
}

const LINK: &str = "\"https://h/open/api?service={{ $labels.svc | urlquery }}\"";

#[test]
fn a_link_goes_where_its_owner_would_have_put_it() {
    for (before, inserted, behind) in [
        (
            "groups:\n- rules:\n  - alert: A # why\n    expr: up\n",
            format!("    annotations:\n      runbook_url: {LINK}\n"),
            "# why\n",
        ),
        (
            "groups:\r\n- rules:\r\n  - alert: A\r\n    expr: up\r\n",
            format!("    annotations:\r\n      runbook_url: {LINK}\r\n"),
            "A\r\n",
        ),
        (
            "groups:\n- rules:\n  - expr: up\n    alert: \"A\"\n    annotations:\n      # ü\n\n      summary: é # x\n",
            format!("      runbook_url: {LINK}\n"),
            "ü\n\n",
        ),
        (
            "groups:\n- rules:\n  - alert: A\n    annotations: {summary: x}\n",
            format!("\"runbook_url\": {LINK}, "),
            "annotations: {",
        ),
        ("groups:\n- rules:\n  - alert: A\n    annotations: {}\n", format!("\"runbook_url\": {LINK}"), "annotations: {"),
        (
            "{\"groups\": [{\"rules\": [{\"alert\": \"A\", \"expr\": \"up\"}]}]}",
            format!(", \"annotations\": {{\"runbook_url\": {LINK}}}"),
            "\"A\"",
        ),
        (
            "groups:\n- rules:\n  - alert: A\n    annotations: # none yet\n    expr: up\n",
            format!("      runbook_url: {LINK}\n"),
            "none yet\n",
        ),
        (
            "groups:\n- rules:\n  - alert: >-\n      A\n\n    expr: up\n",
            format!("    annotations:\n      runbook_url: {LINK}\n"),
            "A\n\n",
        ),
        ("groups:\n- rules:\n  - alert: A", format!("\n    annotations:\n      runbook_url: {LINK}\n"), "alert: A"),
    ] {
        let (after, left) = added(before);
        let wanted = before.replacen(behind, &format!("{behind}{inserted}"), 1);
        assert_eq!((after.as_str(), left), (wanted.as_str(), vec![]), "{before}");
        assert_eq!(judge(&rules::read("f", &after), &known(), &plain()), [], "{after}");
        assert_eq!(added(&after).0, after, "a second time changes nothing");
    }
}

#[test]
fn a_label_that_the_rule_sets_is_written_out() {
    let (after, _) = added("groups:\n- rules:\n  - alert: A\n    expr: up\n    labels: {svc: \"a b\"}\n");
    assert!(after.contains("/open/api?service=a%20b\""), "{after}");
}

#[test]
fn what_cannot_be_added_safely_is_left_and_said() {
    for (text, why) in [
        ("x: &a {s: t}\ngroups:\n- rules:\n  - alert: A\n    annotations: *a\n", "alias"),
        ("groups:\n- rules:\n  - alert: A\n    annotations: ~\n", "empty"),
        ("groups:\n- rules:\n  - alert: A\n    expr: sum(x)\n", "needs `service`"),
        ("kind: ConfigMap\ndata:\n  r.yaml: |\n    groups:\n    - rules:\n      - alert: A\n", "inside of another file"),
        ("groups:\n- rules:\n  - alert: A\n    annotations: {runbook_url: \"\"}\n", "is empty"),
    ] {
        let (after, left) = added(text);
        assert_eq!(after, text);
        assert!(left.len() == 1 && left[0].why.contains(why), "{text}: {left:?}");
    }
    let (after, left) = added("groups:\n- rules:\n  - alert: Unserved\n  # runbook: allow no-link\n  - alert: A\n");
    assert!(left.is_empty() && !after.contains("annotations"));
}

#[test]
fn an_addition_that_says_something_else_is_refused() {
    let text = "groups:\n- rules:\n  - alert: A\n    expr: up\n";
    let file = rules::read("f", text);
    let good = plan(&file, text, &known(), "https://h", &plain()).additions;
    for insert in [
        "    annotations: {runbook_url: x}\n",
        "    annotations: {runbook_url: \"https://h/open/api?service={{ $labels.svc | urlquery }}\", other: y}\n",
        "    labels: {a: b}\n",
        "# nothing\n",
        "    alert: A\n",
        "  - alert: C\n",
        "---\n",
    ] {
        let odd = Addition { insert: insert.to_owned(), ..good[0].clone() };
        assert_eq!(applied(&file, text, &[odd], "runbook_url"), None, "{insert}");
    }
    assert!(applied(&file, text, &good, "runbook_url").is_some());
}

#[test]
fn what_others_would_get_as_well_is_left_and_hinders_nobody() {
    // `B` has the annotations of the first, which serves no runbook; `C` merges the first rule in.
    let text = "groups:\n- rules:\n  - alert: A\n    annotations: &a\n      s: t\n  - alert: Other\n    annotations: *a\n  - alert: B\n    expr: up\n";
    let (after, left) = added(text);
    assert_eq!(after, text.replace("B\n", &format!("B\n    annotations:\n      runbook_url: {LINK}\n")));
    assert!(left.len() == 1 && left[0].alert == "A" && left[0].why.contains("something else"), "{left:?}");
    let text = "groups:\n- rules:\n  - &base\n    alert: A\n    annotations: {s: t}\n  - <<: *base\n    alert: Other\n";
    assert_eq!((added(text).0.as_str(), added(text).1.len()), (text, 1));
    // One that nobody else has is no hindrance, and a list that stands twice gets its links once.
    let text = "groups:\n- name: a\n  rules: &r\n  - alert: A\n    annotations: &a\n      s: t\n- name: b\n  rules: *r\n";
    let (after, left) = added(text);
    assert_eq!((after.matches("runbook_url").count(), left), (1, vec![]));
}
