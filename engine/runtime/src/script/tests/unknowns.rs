//! What a rehearsal cannot know.

use super::*;

#[test]
fn unknown_values_flow_through_text_and_stop_decisions() {
    let unknown = "let u = command(\"build\", #{ run: [\"make\"] });\n";
    let (asked, ending) = play(
        &program(&format!(
            "{unknown}{}",
            r#"
let tag = u.stdout.to_upper();
let image = `reg/${tag}:1` + "-x";
command("push", #{ run: ["push", image, u.lines[0], "a-" + tag], rollback: ["rm", tag], env: #{ TAG: tag } });
let v = check("sees", || u.stdout == "x");
command(`use ${v}`, #{ run: ["x", v] });
print(`${u.code + 1}`);
let known = command("known", #{ run: ["x"], assume: "v7\n" });
if known.stdout == "v7" { print("assumed"); }
"#
        )),
        &mut rehearsing,
    );
    assert_eq!(ending, Ending::Completed, "{}", shown(&ending));
    let steps = specs(&asked);
    let StepKind::Command(push) = &steps[1].1.kind else { panic!("{:?}", steps[1]) };
    let mark = "‹output of \"build\"›";
    assert_eq!(argv_of(&push.change), ["push", &format!("reg/{mark}:1-x"), mark, &format!("a-{mark}")]);
    assert_eq!(steps[3].1.name, "use ‹result of \"sees\"›");
    assert_eq!(notes(&asked), [mark, "assumed"]);
    for decision in [
        "if u.stdout == \"x\" { print(1); }",
        "if u.ok { print(1); }",
        "if !u.ok { print(1); }",
        "while u.ok { print(1); }",
        "let x = u.stdout; switch x { \"a\" => print(1), _ => print(2) }",
        "switch u.stdout { \"a\" => print(1), _ => print(2) }",
        "let t = `v${u.stdout}`; switch t { \"a\" => print(1), _ => print(2) }",
        "for line in u.lines { print(line); }",
        "if u.stdout.contains(\"x\") { print(1); }",
        "if u.stdout.is_empty() { print(1); }",
        "if `${u.stdout}` == \"\" { print(1); }",
        "if \"x\" in u.lines { print(1); }",
        "if u.lines.len() > 3 { print(1); }",
        "if [1, 2].contains(u.code) { print(1); }",
        "fn f(x) { x } if f(u.ok) { print(1); }",
        "let t = `${u.stdout}`; if t.starts_with(\"a\") { print(1); }",
        "let t = `${u.stdout}`; if t.to_upper() == \"X\" { print(1); }",
        "let t = `${u.stdout}`; if t.len > 3 || t.len() > 3 { print(1); }",
        "let t = `${u.stdout}`; if t.split(\"o\")[0] == \"a\" { print(1); }",
        "let t = `${u.stdout}`; if t.sub_string(0, 3) == \"a\" { print(1); }",
        "if u.ok && true { print(1); }",
        "if true && u.ok { print(1); }",
        "if u.ok || false { print(1); }",
        "let l = [1, 2]; if l[u.code] == 1 { print(1); }",
        "if u in [1, 2] { print(1); }",
        "do { print(1); } while u.ok;",
        "if #{ a: u.code } == #{ a: 1 } { print(1); }",
        "if u == () { print(1); }",
        "fn f(x) { switch x { \"a\" => print(1), _ => print(2) } } f(u.code);",
        "phase(\"p\", || { switch u.code { 1 => print(1), _ => print(2) } });",
        "let v = if true { switch u.code { 1 => print(1), _ => print(2) } };",
        "let r = if u.ok { 1 } else { 2 };",
        "try { if u.code == 1 { print(1); } } catch { print(2); }",
    ] {
        let (asked, ending) = play(&program(&format!("{unknown}{decision}")), &mut rehearsing);
        let Ending::Unknowable(diagnostics) = &ending else { panic!("{decision}: {}", shown(&ending)) };
        assert!(notes(&asked).is_empty(), "{decision}");
        assert_eq!(diagnostics.location().map(|at| at.line), Some(3), "{decision}\n{diagnostics}");
        assert!(diagnostics.to_string().contains("assume"), "{diagnostics}");
    }
    let text = unknowable(&format!("{unknown}if u.stdout == \"x\" {{ print(1); }}")).to_string();
    assert!(text.contains("the output of \"build\" is not known in a rehearsal, but `==` depends on it"), "{text}");
    assert!(text.contains("withheld here"), "{text}");
}

#[test]
fn a_look_that_depends_on_an_unknown_is_unknown_and_takes_no_look() {
    let unknown = "let u = command(\"build\", #{ run: [\"make\"] });\n";
    for check in [
        "check(\"c\", || exec::output([\"cat\", u.stdout]).ok);",
        "check(\"c\", || http::get(`http://127.0.0.1/${u.stdout}`).status);",
        "check(\"c\", || http::get(\"http://127.0.0.1/\", #{ headers: #{ a: `${u.stdout}` } }).status);",
        "check(\"c\", || u);",
        "check(\"c\", || [1, #{ a: `x${u.stdout}` }]);",
        "check(\"c\", || 1, #{ expect: u.code });",
        "check(\"c\", || { let x = u.code == 1; x });",
        "check(\"c\", || if u.ok { 1 } else { 2 });",
    ] {
        let (asked, ending) = play(&program(&format!("{unknown}{check}\nprint(\"on\");")), &mut rehearsing);
        assert_eq!(ending, Ending::Completed, "{check}: {}", shown(&ending));
        let looks: Vec<_> =
            asked.iter().filter(|asked| matches!(asked, Operation::Looked { look: Look::Unknown { .. }, .. })).collect();
        assert_eq!((looks.len(), notes(&asked).len()), (1, 1), "{check}: {asked:?}");
        assert!(!asked.iter().any(|asked| matches!(asked, Operation::Observe { .. })), "{check}");
    }
}

#[test]
fn what_is_changed_by_an_unknown_is_unknown_and_decides_nothing() {
    let unknown = "let u = command(\"build\", #{ run: [\"make\"] });\n";
    for decision in [
        "let s = \"v=@v@\"; s.replace(\"@v@\", u.stdout); if s == \"v=@v@\" { print(1); }",
        "let s = \"abc\"; s.truncate(u.code); if s == \"abc\" { print(1); }",
        "let l = [1, 2]; l += u.lines; if l.len() == 3 { print(1); }",
        "let l = [1, 2]; l.truncate(u.code); if l.len() == 2 { print(1); }",
        "let l = [1, 2]; l.remove(u.code); for i in l { print(i); }",
        "let l = [2, u.code]; l.sort(); if l[0] == 2 { print(1); }",
        "let m = #{ a: 1 }; m.remove(u.stdout); if \"a\" in m { print(1); }",
        "for i in 0..u.code { print(i); }",
        "for i in 1..=u.code { print(i); }",
        "for i in 0..u.code + 1 { print(i); }",
        "for key in u.json().keys() { print(key); }",
        "let r = attempt(|| #{ a: 1 }.set(u.stdout, 2)); if !r.ok { print(1); }",
        "let r = attempt(|| [1, 2][u.code]); if !r.ok { print(1); }",
        "command(\"x\", #{ run: [\"x\"], timeout: u.stdout });",
        "command(\"x\", #{ run: [\"x\"], timeout: `${u.stdout}s` });",
        "command(\"x\", #{ run: [\"x\"], retry: u.code });",
        "command(\"x\", #{ run: u.lines });",
        "command(\"x\", #{ run: [\"x\"], rollback: u.lines });",
        "command(\"x\", #{ write: #{ path: \"/x\", content: \"x\", mode: u.code } });",
        "confirm(\"Which?\", #{ choices: u.lines });",
        "parallel(\"p\", [1], #{ max: u.code }, |i| i);",
        "print(hosts(u.stdout));",
        "let s = secret(u.stdout);",
    ] {
        let (asked, ending) = play(&program(&format!("{unknown}{decision}")), &mut rehearsing);
        let Ending::Unknowable(diagnostics) = &ending else { panic!("{decision}: {}", shown(&ending)) };
        assert!(notes(&asked).is_empty(), "{decision}");
        assert_eq!(diagnostics.location().map(|at| at.line), Some(3), "{decision}\n{diagnostics}");
    }
}

#[test]
fn an_unknown_that_is_put_into_something_is_shown_there() {
    let unknown = "let u = command(\"build\", #{ run: [\"make\"] });\n";
    let body = r#"
let s = "v=@v@;"; s.replace("@v@", u.stdout); print(s);
print(#{ a: [u.stdout], n: 1 }.to_json());
let s = "a"; s += u.stdout; print(s);
command("post", #{ http: #{ url: u.stdout, method: `${u.stdout}` } });
throw u.stdout;
"#;
    let (asked, ending) = play(&program(&format!("{unknown}{body}")), &mut rehearsing);
    let mark = "‹output of \"build\"›";
    let json = format!("{{\"a\":[{mark:?}],\"n\":1}}");
    assert_eq!(notes(&asked), [format!("v={mark};"), json, format!("a{mark}")]);
    let Ending::Failed(failure) = &ending else { panic!("{}", shown(&ending)) };
    assert!(failure.diagnostics.to_string().contains(&format!("]: {mark}")), "{}", failure.diagnostics);
}
