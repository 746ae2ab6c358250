//! `runbook show NAME`: a runbook as a page, in every format, read off the text and never run.

use crate::support::Place;

const RUNBOOK: &str = r#"let p = runbook(#{
    title: "Move <b>the</b> link", owner: "o", links: ["https://wiki.example/move?a=1&b=2", "javascript:alert(1)"],
    params: #{ to: #{ pattern: "[a-z]+", help: "where to" } },
});
let there = check("it is there", || fs::exists(`/srv/${p.to}`));
if there { confirm("Move?"); } else { throw "nothing is there"; }
phase("Move", #{ budget: "1m" }, || {
    for host in settings.hosts {
        command(`move ${host}`, #{ run: ["sh", "-c", "echo ran >> ledger"], rollback: ["mv", "b", "a"], timeout: "10s" });
    }
});
"#;

#[test]
fn a_runbook_is_shown_with_its_steps_in_every_format_and_nothing_is_run() {
    let place = Place::new();
    place.runbook("move", RUNBOOK);
    place.expect(0, &["show", "move"]).says(&[
        "▸ Move · budget 1m",
        "↻ for host in settings.hosts",
        "command  move ${host}",
        "rollback: mv b a",
        "looks: fs::exists(`/srv/${p.to}`)",
        "stops: nothing is there",
    ]);
    let page = place.expect(0, &["show", "move", "--format", "md"]);
    page.says(&["# Move \\<b\\>the\\</b\\> link", "```mermaid", "- **Phase** `Move`", "<https://wiki.example/move?a=1&b=2>"]);
    page.says(&["| `to` | where to | `string like /[a-z]+/` | `required` |", "runbook exec move -p to=… --dry-run"]);
    let page = place.expect(0, &["show", "move", "--format", "html"]);
    page.says(&[
        "<h1>Move &lt;b&gt;the&lt;/b&gt; link</h1>",
        "default-src 'none'",
        "<a href=\"https://wiki.example/move?a=1&amp;b=2\"",
    ]);
    page.is_silent_about(&["<script", "href=\"javascript", "<b>the</b>"]);
    let diagram = place.expect(0, &["show", "move", "--format", "mermaid"]);
    diagram.says(&["flowchart TD", "-->|\"if there\"|", "subgraph g2[\"for host in settings.hosts\"]", "|\"again\"|"]);
    let json = place.expect(0, &["show", "move", "--output", "json"]);
    let page: serde_json::Value = serde_json::from_str(&json.out).expect("one object");
    assert_eq!(page["steps"][2]["items"][0]["items"][0]["rollback"][0], "mv b a", "{page:#}");
    assert_eq!(place.ledger(), Vec::<String>::new());
    assert!(!place.state().exists(), "to look leaves nothing behind");
}

#[test]
fn the_last_rehearsal_is_on_the_page() {
    let place = Place::with("command(\"a\", #{ run: [\"true\"], rollback: \"nothing\" });\n");
    place.expect(0, &["show", "main", "--format", "md"]).is_silent_about(&["Earlier runs"]);
    place.expect(0, &["exec", "main", "--dry-run"]);
    for format in ["text", "md", "html"] {
        place.expect(0, &["show", "main", "--format", format]).says(&["last rehearsed"]);
    }
}

#[test]
fn a_format_is_for_runbooks_and_for_one_reader() {
    let place = Place::with("command(\"a\", #{ run: [\"true\"], rollback: \"nothing\" });\n");
    place.expect(0, &["exec", "main"]);
    let run = place.newest_run();
    place.expect(2, &["show", &run, "--format", "html"]).says(&["is a run", "report"]);
    place.expect(2, &["show", "main", "--format", "html", "--output", "json"]).says(&["exclude each other"]);
    place.expect(2, &["show", "main", "--format", "pdf"]).says(&["mermaid"]);
    place.runbook("broken", "runbook(#{ title: \"t\" });\nchek(\"x\", || true);");
    place.expect(2, &["show", "broken", "--format", "md"]).says(&["RB0003"]);
}
