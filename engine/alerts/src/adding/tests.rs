use proptest::prelude::*;
use runbook_model::declaration::{Declaration, Serves};
use runbook_model::parameter::Parameter;

use super::*;
use crate::findings::{External, judge};

fn known() -> Vec<Known> {
    let service = Parameter { from_label: Some("svc".to_owned()), ..Parameter::default() };
    let serves = |alert: &str| Serves { alert: alert.to_owned(), labels: Default::default() };
    let params = [("service".to_owned(), service)].into();
    let declaration = Declaration { serves: vec![serves("A"), serves("B")], params, ..Declaration::default() };
    vec![Known { name: "api".to_owned(), declaration }]
}

fn plain() -> Wanted {
    Wanted { base: None, annotation: "runbook_url".to_owned(), severities: Default::default(), external: External::Ignore }
}

fn added(text: &str) -> (String, Vec<Left>) {
    let file = rules::read("f", text);
    let (additions, left) = propose(&file, text, &known(), "https://h", &plain());
    (applied(&file, text, &additions, "runbook_url").expect("the same rules"), left)
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
        ("groups:\n- rules:\n  - alert: A\n    annotations:\n", "empty"),
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
    let (good, _) = propose(&file, text, &known(), "https://h", &plain());
    for insert in [
        "    annotations: {runbook_url: x, other: y}\n",
        "    labels: {a: b}\n",
        "# nothing\n",
        "    alert: A\n",
        "  - alert: C\n",
    ] {
        let odd = Addition { insert: insert.to_owned(), ..good[0].clone() };
        let refused = applied(&file, text, &[odd], "runbook_url").unwrap_err();
        assert!(refused.to_string().contains("nothing was written"), "{insert}");
    }
    assert!(applied(&file, text, &good, "runbook_url").is_ok());
}

proptest! {
    /// Whatever stands around: taking the added text away gives the file as it was.
    #[test]
    fn nothing_else_is_touched(
        names in proptest::collection::vec("[ABC]", 1..5),
        comment in "( #[ a-zé{}:\"']{0,12})?",
        crlf in any::<bool>(),
        annotated in any::<bool>(),
    ) {
        let end = if crlf { "\r\n" } else { "\n" };
        let mut text = format!("groups:{comment}{end}- rules:{end}");
        for name in &names {
            text.push_str(&format!("    - alert: {name}{comment}{end}      expr: up{end}"));
            if annotated {
                text.push_str(&format!("      annotations:{comment}{end}        s: é{comment}{end}"));
            }
        }
        let file = rules::read("f", &text);
        prop_assume!(file.unread.is_none());
        let (additions, left) = propose(&file, &text, &known(), "https://h", &plain());
        prop_assert_eq!(additions.len(), names.iter().filter(|name| *name != "C").count());
        prop_assert!(left.is_empty());
        let mut back = applied(&file, &text, &additions, "runbook_url").expect("the same rules");
        for addition in &additions {
            back = back.replacen(&addition.insert, "", 1);
        }
        prop_assert_eq!(back, text);
    }
}
