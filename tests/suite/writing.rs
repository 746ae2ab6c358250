//! `runbook new` and `runbook import`: what they write passes what they say to type next.

use std::fs;

use crate::support::Place;

const MARKDOWN: &str = r#"# Restart the shop

When the shop hangs. See [the board](https://example.org/board).

## Look

```console
$ kubectl -n <namespace> get pods
NAME    READY
shop-1  0/1
```

## Restart

- [ ] Tell the team

```bash
kubectl -n $NAMESPACE rollout restart deploy/shop
kubectl -n $NAMESPACE get pods | grep -c Running
```

```sql
SELECT count(*) FROM orders;
```
"#;

#[test]
fn an_imported_runbook_passes_what_comes_next() {
    let place = Place::new();
    place.write("Restart The Shop.md", MARKDOWN);
    let ran = place.expect(0, &["import", "Restart The Shop.md", "--owner", "team-shop"]);
    ran.says(&[
        "2 phases, 3 commands, 5 questions, 1 parameter",
        "parameters: namespace",
        "Restart The Shop.md:23: a block of `sql`",
    ]);
    ran.says(&["next: runbook check restart-the-shop", "next: runbook exec restart-the-shop -p namespace=… --dry-run"]);
    // What rolls a command back is not in the text: that is for a person to say.
    place.expect(0, &["check", "restart-the-shop"]).says(&["has no `rollback`", "2 warnings"]);
    place.expect(0, &["test", "restart-the-shop"]).says(&["goes from its first step to its last"]);
    place.expect(0, &["show", "restart-the-shop"]).says(&["Restart the shop", "team-shop", "<namespace> in Restart The Shop.md"]);
    place.expect(2, &["exec", "restart-the-shop", "--dry-run", "-p", "namespace=-x"]).says(&["namespace"]);
    // Nothing of it is run before somebody said so.
    let waits = place.expect(4, &["exec", "restart-the-shop", "-p", "namespace=shop"]);
    waits.says(&["Run `kubectl -n shop get pods`?"]);
}

#[test]
fn nothing_is_written_over() {
    let place = Place::new();
    place.runbook("mine", "check(\"a\", || true);");
    let before = place.read("runbooks/mine.rhai");
    place.write("mine.md", MARKDOWN);
    place.expect(2, &["import", "mine.md"]).says(&["is there already", "--force"]);
    place.expect(2, &["new", "mine"]).says(&["is there already", "--force"]);
    assert_eq!(place.read("runbooks/mine.rhai"), before);
    assert_eq!(fs::read_dir(place.path("runbooks")).expect("a directory").count(), 1);
    place.expect(0, &["new", "mine", "--force"]);
    assert_ne!(place.read("runbooks/mine.rhai"), before);
}

#[test]
fn it_can_be_printed_instead() {
    let place = Place::new();
    place.write("a.md", MARKDOWN);
    let ran = place.expect(0, &["import", "a.md", "--print"]);
    assert!(ran.out.contains("command(\"kubectl -n <namespace> get pods\""), "{ran}");
    assert!(!place.path("runbooks").exists());
}

#[test]
fn what_cannot_be_imported_is_said_with_its_place() {
    let place = Place::new();
    fs::write(place.path("bytes.md"), b"# A\n\n\xff\n").expect("a file");
    place.expect(2, &["import", "bytes.md"]).says(&["`bytes.md` is not UTF-8: line 3"]);
    place.write("long.md", &"x".repeat((2 << 20) + 1));
    place.expect(2, &["import", "long.md"]).says(&["longer than 2 MiB"]);
    place
        .expect(2, &["import", "none.md"])
        .says(&["there is no file `none.md`", "next: runbook import FILE.md"])
        .is_silent_about(&["os error", "did you mean"]);
    place.expect(2, &["import", "byts.md"]).says(&["did you mean `bytes.md`?"]);
    place.write("rules.yml", "groups:\n- name: a\n  rules: []\n");
    place.expect(2, &["import", "rules.yml"]).says(&["says nothing that is to be done; nothing was written"]);
    assert!(!place.path("runbooks").exists());
    place.write("a.md", "# A\n\n- [ ] Tell them\n");
    place.expect(2, &["import", "a.md", "--name", "../a"]).says(&["cannot be the name of a runbook"]);
    place.expect(0, &["import", "a.md"]).says(&["0 commands"]);
}

#[test]
fn a_new_runbook_passes_what_comes_next() {
    let place = Place::new();
    place.expect(0, &["new", "db/fail-over", "--title", "Fail \"it\" over", "-p", "target", "-p", "reason"]);
    place.expect(0, &["check", "--strict"]);
    place.expect(0, &["test", "db/fail-over"]).says(&["and back"]);
    place.expect(0, &["exec", "db/fail-over", "--dry-run", "-p", "target=x", "-p", "reason=y"]);
    place.expect(0, &["exec", "db/fail-over", "--yes", "-p", "target=x", "-p", "reason=y"]);
    place.expect(2, &["new", "x", "-p", "A-b"]).says(&["`A-b` cannot be the name of a parameter"]);
    place
        .expect(2, &["new", "x", "-p", "host", "-p", "port", "-p", "host"])
        .says(&["the parameter `host` is given twice; nothing was written"])
        .is_silent_about(&["document"]);
    assert!(!place.path("runbooks/x.rhai").exists());
    place.expect(2, &["new"]).says(&["needs a name"]);
    for name in ["/x", "a//b", "..", "a b", "x.rhai", ""] {
        place.expect(2, &["new", name]).says(&["cannot be the name of a runbook"]);
    }
}

#[test]
fn at_a_terminal_it_asks_for_what_is_missing() {
    let place = Place::new();
    let mut terminal = place.terminal(&["new"]);
    terminal.until("What does it do").keys("Turn it off\r");
    terminal.until("[turn-it-off]").keys("\r").until("Which team").keys("team-a\r");
    terminal.until("parameters").keys("which when\r");
    terminal.end().with(0).says(&["turn-it-off.rhai"]);
    place.expect(0, &["show", "turn-it-off"]).says(&["Turn it off", "team-a", "which", "when"]);
}

#[test]
fn a_name_under_which_nobody_would_find_it_is_refused() {
    let place = Place::new();
    place.expect(0, &["new", "api"]);
    for name in ["api.test", "db/api.d", "a/b/c/d/e/f/g/h"] {
        place.expect(2, &["new", name]).says(&["cannot be the name of a runbook", "next:"]);
    }
    place.write("a.md", "- [ ] Tell them\n");
    place.expect(2, &["import", "a.md", "--name", "api.test", "--force"]).says(&["cannot be the name of a runbook"]);
    place.expect(0, &["test", "api"]);
    place.expect(0, &["new", "a/b/c/d/e/f/g"]);
    place.expect(0, &["check", "a/b/c/d/e/f/g"]);
}

#[test]
fn what_nobody_could_run_is_not_written() {
    let place = Place::new();
    for elsewhere in ["../elsewhere", "/nowhere/at/all", "a/../../elsewhere", "a/../runbooks"] {
        place.write("repo/runbook.toml", &format!("runbooks = [\"{elsewhere}\"]\n"));
        place.expect(2, &["-C", "repo", "new", "api"]).says(&["outside of the root", "config --show-origin says"]);
    }
    assert!(!place.path("elsewhere").exists());
}

#[test]
fn a_runbook_of_that_name_in_another_directory_is_not_put_out_of_sight() {
    let place = Place::new();
    place.write("runbook.toml", "runbooks = [\"ours\", \"theirs\"]\n");
    place.write("theirs/api.rhai", "runbook(#{ title: \"Theirs\", owner: \"team\" });\ncheck(\"a\", || true);\n");
    place.expect(2, &["new", "api"]).says(&["theirs/api.rhai", "is there already", "another name"]);
    assert!(!place.path("ours").exists());
    place.expect(0, &["new", "api", "--force"]).says(&["ours/api.rhai"]);
}

#[test]
fn a_mistake_of_what_was_typed_has_its_own_way_out() {
    let place = Place::new();
    for name in ["let", "fn", "switch", "null"] {
        place
            .expect(2, &["new", "x", "-p", name])
            .says(&[&format!("`{name}` cannot be the name of a parameter"), "Rhai"])
            .is_silent_about(&["document"]);
    }
    place.expect(2, &["new", "x", "--title", ""]).says(&["a title is one line"]).is_silent_about(&["document"]);
    place.expect(0, &["new", "x", "--title", "About @HEAD@ and @SHOWN@", "-p", "a"]);
    place.expect(0, &["show", "x"]).says(&["About @HEAD@ and @SHOWN@"]);
    place.expect(0, &["test", "x"]);
}

#[test]
fn a_text_of_another_encoding_says_how_to_turn_it() {
    let place = Place::new();
    let utf16: Vec<u8> = "\u{feff}# A\r\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    fs::write(place.path("a.md"), utf16).expect("a file");
    place.expect(2, &["import", "a.md"]).says(&["`a.md` is not UTF-8: line 1", "next: iconv -f UTF-16 -t UTF-8"]);
}
