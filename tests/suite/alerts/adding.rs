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
    place.expect(0, &[&ADD[..], &["linked.yml", "--write"]].concat()).says(&["1 links added"]);
    let added = "    annotations:\r\n      runbook_url: \"https://h/open/rollback-api?service={{ $labels.svc | urlquery }}\"\r\n";
    assert_eq!(place.read("rules.yml"), before.replace("# paged\r\n", &format!("# paged\r\n{added}")));
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
    assert!(fs::symlink_metadata(place.path("linked.yml")).unwrap().is_symlink());
    place.expect(0, &["alerts", "check", "rules.yml"]);
    place.expect(0, &[&ADD[..], &["rules.yml", "--write"]].concat()).says(&["0 links added"]);
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
