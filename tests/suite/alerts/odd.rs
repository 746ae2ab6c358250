//! Odd files: what Prometheus takes is read, what it refuses is refused, and large ones come to an end.

use std::process::Command;

use super::{place, rule};
use crate::support::Place;

fn utf16(text: &str, mark: [u8; 2], unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
    mark.into_iter().chain(text.encode_utf16().flat_map(unit)).collect()
}

/// Whether `promtool` loads a file, and whether we do.
fn judged(place: &Place, bytes: &[u8]) -> (bool, bool) {
    let file = place.path("odd.yml");
    std::fs::write(&file, bytes).expect("a file");
    let promtool = Command::new("promtool").args(["check", "rules"]).arg(&file).output().expect("promtool");
    let ours = place.run(&["alerts", "check", "odd.yml"]);
    (promtool.status.success(), ours.code != Some(2))
}

#[test]
fn odd_files_are_read_where_prometheus_reads_them() {
    let place = place();
    let plain = rule("A", "{summary: é}");
    let json = "{\n\t\"groups\": [\n\t\t{\"name\": \"g\", \"rules\": [{\"alert\": \"A\", \"expr\": \"up\", \"annotations\": {\"s\": \"\\u00e9\"}}]}\n\t]\n}";
    let merged = "groups:\n- name: g\n  rules:\n  - &base\n    alert: A\n    expr: up\n    labels: &l {a: b}\n  - <<: *base\n    alert: B\n    labels:\n      <<: *l\n      c: d\n";
    let with = |from: &str, to: &str| plain.replace(from, to).into_bytes();
    for (what, bytes, wanted) in [
        ("plain", plain.clone().into_bytes(), true),
        ("nothing", Vec::new(), true),
        ("a comment only", b"# nothing\n".to_vec(), true),
        ("a byte order mark", [b"\xef\xbb\xbf", plain.as_bytes()].concat(), true),
        ("CRLF", with("\n", "\r\n"), true),
        ("UTF-16, little-endian", utf16(&plain, [0xff, 0xfe], u16::to_le_bytes), true),
        ("UTF-16, big-endian", utf16(&plain, [0xfe, 0xff], u16::to_be_bytes), true),
        ("JSON with tabs", json.into(), true),
        ("anchors and merges", merged.into(), true),
        ("a directive", [b"%YAML 1.1\n---\n", plain.as_bytes(), b"...\n"].concat(), true),
        ("no line end at the end", plain.trim_end().into(), true),
        ("a folded block", with("sum by (svc) (x) > 1", ">-\n      sum by (svc)\n\n      (x) > 1"), true),
        ("a block with its indentation", with("sum by (svc) (x) > 1", "|2\n      sum by (svc) (x) > 1"), true),
        ("quotes over lines", with("{summary: é}", "{summary: 'a\n      b'}"), true),
        ("a key in quotes", with("  - alert:", "  - \"alert\":"), true),
        ("a tag", with("alert: A", "alert: !!str A"), true),
        ("Latin-1", plain.chars().map(|c| u8::try_from(c).unwrap()).collect(), false),
        ("a NUL", with("é", "a\0b"), false),
        ("a tab for indentation", with("    expr", "\texpr"), false),
        ("a key twice", with("    expr: ", "    alert: B\n    expr: "), false),
        ("a list that is never closed", with("{summary: é}", "[a"), false),
        ("an alias of nothing", with("{summary: é}", "*nothing"), false),
        ("a text that is never closed", with("{summary: é}", "\"a"), false),
    ] {
        assert_eq!(judged(&place, &bytes), (wanted, wanted), "{what}: promtool, and ours");
    }
}

#[test]
fn thousands_of_rules_are_judged_one_by_one() {
    let place = place();
    let one = |n: usize| {
        format!(
            "  - alert: A{n}\n    expr: sum by (svc) (rate(x{{n=\"{n}\"}}[5m])) > 1\n    for: 5m\n    labels: {{severity: page}}\n    \
             annotations:\n      runbook_url: https://h/open/rollback-api?service={{{{ $labels.{} | urlquery }}}}\n",
            if n.is_multiple_of(1_000) { "pod" } else { "svc" }
        )
    };
    place.write("big.yml", &format!("groups:\n- name: g\n  rules:\n{}", (1..=10_000).map(one).collect::<String>()));
    place.expect(0, &["alerts", "check", "big.yml"]).says(&[
        "big.yml:6003:",
        "10000 alerts, 10000 with a link, 0 errors, 11 warnings",
        "A7000: the label `pod`",
    ]);
}
