use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use super::{place, rule};

const ADD: [&str; 4] = ["alerts", "link", "--base", "https://h"];

#[test]
fn links_are_shown_first_and_written_when_asked() {
    let place = place();
    let before = "# ours\r\ngroups:\r\n- name: g\r\n  rules:\r\n  - alert: ApiDown # paged\r\n    expr: sum by (svc) (x)\r\n    for:   5m\r\n";
    let file = place.write("rules.yml", before);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    symlink(&file, place.path("linked.yml")).unwrap();
    let shown = place.expect(0, &[&ADD[..], &["linked.yml"]].concat());
    assert!(
        shown.out.contains("+      runbook_url: \"https://h/open/rollback-api?service={{ $labels.svc | urlquery }}\""),
        "{}",
        shown.out
    );
    assert_eq!(place.read("rules.yml"), before);
    place.expect(0, &[&ADD[..], &["linked.yml", "--write"]].concat()).says(&["1 link added"]);
    let added = "    annotations:\r\n      runbook_url: \"https://h/open/rollback-api?service={{ $labels.svc | urlquery }}\"\r\n";
    assert_eq!(place.read("rules.yml"), before.replace("# paged\r\n", &format!("# paged\r\n{added}")));
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
    assert!(fs::symlink_metadata(place.path("linked.yml")).unwrap().is_symlink());
    place.expect(0, &["alerts", "check", "rules.yml"]);
    place.expect(0, &[&ADD[..], &["rules.yml", "--write"]].concat()).says(&["nothing to add, 0 left to a person"]);
}

#[test]
fn what_a_person_has_to_write_is_said_and_left() {
    let place = place();
    let text = format!(
        "kind: ConfigMap\ndata:\n  r.yaml: |\n{}",
        rule("ApiDown", "{}").replace('\n', "\n    ").replacen("groups", "    groups", 1)
    );
    place.write("map.yml", text.trim_end());
    place.expect(0, &[&ADD[..], &["map.yml", "--write"]].concat()).says(&["map.yml:7", "RB0044", "1 left to a person"]);
    assert_eq!(place.read("map.yml"), text.trim_end());
    place.expect(2, &["alerts", "link", "map.yml"]).says(&["where is the page?"]);
    place.write("runbook.toml", "[serve]\nurl = \"https://ops.example\"\n");
    place.write("r.yml", &rule("ApiDown", "{}"));
    let shown = place.expect(0, &["alerts", "link", "r.yml"]).out;
    assert!(shown.contains("https://ops.example/open/rollback-api"), "{shown}");
}

#[test]
fn one_file_that_cannot_be_done_keeps_nothing_from_the_others() {
    let place = place();
    place.write("a.yml", "groups: [");
    let utf16: Vec<u8> =
        [0xff, 0xfe].into_iter().chain(rule("ApiDown", "{}").encode_utf16().flat_map(u16::to_le_bytes)).collect();
    fs::write(place.path("b.yml"), &utf16).unwrap();
    let good = place.write("c.yml", &rule("ApiDown", "{}"));
    let before = place.photograph();
    place.expect(2, &[&ADD[..], &["gone.yml", "a.yml", "b.yml", "c.yml"]].concat()).says(&[
        "gone.yml",
        "a.yml",
        "2 links to add",
    ]);
    assert_eq!(place.photograph(), before, "showing writes nothing");
    let ran = place.expect(2, &[&ADD[..], &["gone.yml", "a.yml", "b.yml", "c.yml", "--write", "--diff"]].concat());
    ran.says(&["RB0041", "UTF-16", "RB0044", "1 link added"]);
    assert!(ran.out.contains("--- c.yml") && ran.out.contains("\n+"), "{ran}");
    assert!(fs::read_to_string(good).unwrap().contains("runbook_url"));
    assert_eq!(fs::read(place.path("b.yml")).unwrap(), utf16);
    place.expect(2, &[&ADD[..], &["a.yml", "--annotation", "x: y"]].concat()).says(&["no name of an annotation"]);
}

/// Whoever wrote `serves` wrong, or nowhere, is told which alerts wait for it, and is not told to write nothing.
#[test]
fn alerts_that_no_runbook_serves_are_named() {
    let place = place();
    place.write(
        "r.yml",
        &format!("{}  - {{alert: Orphan, expr: y}}\n  - {{alert: \"Odd\\e[2J\", expr: y}}\n", rule("Lonely", "{}")),
    );
    let ran = place.expect(0, &[&ADD[..], &["r.yml"]].concat());
    ran.says(&["nothing to add, 0 left to a person", "no runbook serves `Lonely`, `Odd", "`Orphan`: `runbook alerts check`"]);
    ran.is_silent_about(&["--write", "\u{1b}", "more"]);
    let many: String = (10..60).map(|nth| format!("  - {{alert: A{nth}, expr: y}}\n")).collect();
    place.write("many.yml", &format!("{}{many}", rule("ApiDown", "{}")));
    place.expect(0, &[&ADD[..], &["many.yml"]].concat()).says(&[
        "1 link to add: `--write` writes it",
        "`A10`",
        "`A21` and 38 more",
    ]);
}

#[test]
fn prometheus_takes_the_file_in_each_style() {
    let place = place();
    let plain = rule("ApiDown", "{summary: x}");
    for (name, text) in [
        ("flow", plain.clone()),
        ("none", plain.replace("    annotations: {summary: x}\n", "")),
        ("null", plain.replace(" {summary: x}", " # none yet")),
        ("block", plain.replace("{summary: x}", "\n        summary: |-\n          a: b\n\n          c")),
        ("crlf", plain.replace('\n', "\r\n")),
        ("open", plain.replace("    annotations: {summary: x}\n", "").trim_end().to_owned()),
        ("folded", plain.replace("alert: ApiDown", "alert: >-\n      ApiDown")),
        ("quoted", plain.replace("alert: ApiDown", "\"alert\" : 'ApiDown'   # paged")),
        (
            "json",
            "{\"groups\": [{\"name\": \"g\", \"rules\": [{\"alert\": \"ApiDown\", \"expr\": \"sum by (svc) (x)\"}]}]}".to_owned(),
        ),
        ("anchored", plain.replace("annotations: ", "annotations: &a ")),
        (
            "deep",
            plain
                .replace("\n  - alert", "\n      -   alert")
                .replace("\n    ", "\n          ")
                .replace("\n            -  ", "\n      -  "),
        ),
    ] {
        place.write(&format!("rules/{name}.yml"), &text);
    }
    place.expect(0, &[&ADD[..], &["rules", "--write"]].concat()).says(&["11 links added, 0 left"]);
    place.expect(0, &["alerts", "check", "rules"]).says(&["11 alerts, 11 with a link, 0 errors, 0 warnings"]);
    let files: Vec<_> = fs::read_dir(place.path("rules")).unwrap().map(|entry| entry.unwrap().path()).collect();
    let ran = std::process::Command::new("promtool").args(["check", "rules"]).args(files).output().expect("promtool");
    let told = String::from_utf8_lossy(&[ran.stdout, ran.stderr].concat()).into_owned();
    assert!(ran.status.success() && told.matches("SUCCESS: 1 rules found").count() == 11, "{told}");
}
