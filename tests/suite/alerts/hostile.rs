use super::{place, rule};

#[test]
fn what_cannot_be_read_ends_with_2_and_takes_nothing_from_the_others() {
    let place = place();
    place.write("good.yml", &rule("A", "{}"));
    std::fs::write(place.path("latin.yml"), b"groups: # \xe9\n").unwrap();
    place.write("twice.yml", "groups: []\ngroups: []\n");
    place.write("deep.yml", &"[".repeat(100_000));
    for (file, says) in [
        ("latin.yml", "not UTF-8 (line 1"),
        ("twice.yml", "stands there twice"),
        ("deep.yml", "not-read"),
        ("gone.yml", "RB0041"),
    ] {
        place.expect(2, &["alerts", "check", file, "good.yml"]).says(&[says, "good.yml:4"]);
    }
    place.expect(2, &["alerts", "check", "/dev/zero"]).says(&["longer than 64 MiB"]);
}

#[test]
fn aliases_do_not_multiply() {
    let place = place();
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x]\n".to_owned();
    for n in 1..60 {
        let before = format!("*a{}", n - 1);
        bomb.push_str(&format!("a{n}: &a{n} [{}]\n", vec![before; 8].join(", ")));
    }
    place.write("bomb.yml", &format!("{bomb}groups: *a59\n"));
    place.expect(0, &["alerts", "check", "bomb.yml"]).says(&["0 alerts"]);
}

#[test]
fn names_of_alerts_move_no_cursor() {
    let place = place();
    place.write("r.yml", &rule("\"A\\e]0;evil\\a\\u202e\"", "{}"));
    let ran = place.expect(1, &["alerts", "check", "r.yml"]);
    assert!(!ran.err.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{}", ran.err);
}

#[test]
fn what_is_no_rule_file_is_skipped_and_said() {
    let place = place();
    place.write("chart.yml", "{{- if .Values.rules }}\ngroups: []\n{{- end }}\n");
    place.write("tests.yml", "rule_files: [a]\ntests: []\n");
    place.write("two.yml", &format!("{0}---\n{0}", rule("A", "{runbook_url: https://x/y}")));
    place.expect(0, &["alerts", "check", "chart.yml", "tests.yml"]).says(&["render it first", "unit test"]);
    place.expect(1, &["alerts", "check", "two.yml"]).says(&["unread-document"]);
}
