//! What is drawn of scripts of every shape, as indented lines.

use super::{Item, Outline};
use crate::script::Program;
use crate::script::source::Pinned;

fn outline(texts: &[(&str, &str)]) -> Outline {
    let files = Pinned(texts.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect());
    match Program::load(&files, "main.rhai") {
        Ok(program) => program.outline(),
        Err(wrong) => panic!("{}", wrong.render(false)),
    }
}

fn drawn(body: &str) -> String {
    let mut text = String::new();
    lines(
        &outline(&[("main.rhai", &format!("let p = runbook(#{{ title: \"t\", owner: \"o\" }});\n{body}"))]).items,
        0,
        &mut text,
    );
    text
}

fn lines(items: &[Item], depth: usize, text: &mut String) {
    let indent = "  ".repeat(depth);
    for item in items {
        let (words, inner): (String, &[Item]) = match item {
            Item::Step(step) => {
                let details: Vec<_> = step.details.iter().map(|detail| format!("{}={}", detail.name, detail.text)).collect();
                let back: String = step.rollback.iter().map(|way| format!(" <- {way}")).collect();
                (format!("{}:{} {} [{}]{back}", step.line, step.kind, step.name, details.join("; ")), &step.rollback_steps)
            }
            Item::Choice { arms } => {
                for arm in arms {
                    text.push_str(&format!("{indent}{}\n", arm.when));
                    lines(&arm.items, depth + 1, text);
                }
                continue;
            }
            Item::Phase { name, items, .. } | Item::Repeat { words: name, items } | Item::Call { function: name, items } => {
                (format!("> {name}"), items)
            }
            Item::Parallel { name, over, items, .. } => (format!("> {name} over {over}"), items),
            Item::Stop { why } => (format!("stop: {why}"), &[]),
        };
        text.push_str(&format!("{indent}{words}\n"));
        lines(inner, depth + 1, text);
    }
}

#[test]
fn a_command_is_shown_as_its_author_wrote_it_with_its_way_back() {
    assert_eq!(
        drawn(
            r#"let to = "b";
command(`switch to ${to}`, #{ run: ["ln", "-sfn", `releases/${to}`, "a b", ""], timeout: "10s", rollback: [["ln", "-sfn", "a", "l"], settings.restart] });
command("restart", #{ run: settings.restart, rollback: "nothing", idempotent: true });
command("note", #{ write: #{ path: `/n/${to}.md`, content: "x" } });
command("tell", #{ http: #{ url: "http://h/x", json: 1 }, rollback: || { command("untell", #{ run: ["u"] }); } });
command("pipe", #{ run: sh("a | b") });"#
        ),
        "3:command switch to ${to} [run=ln -sfn releases/${to} 'a b' ''; timeout=10s] <- ln -sfn a l <- ${settings.restart}\n\
         4:command restart [run=${settings.restart}; idempotent=true] <- nothing to take back\n\
         5:command note [write=/n/${to}.md] <- what stood there before\n\
         6:command tell [http=POST http://h/x]\n\
         \x20 6:command untell [run=u]\n\
         7:command pipe [run=sh: a | b]\n"
    );
}

#[test]
fn a_check_says_where_it_looks_and_a_confirm_who_answers() {
    assert_eq!(
        drawn(
            r#"let up = check("up", || { let s = http::get("http://h/", #{ timeout: "1s" }).status; s < 500 && tcp::open("h:1") }, #{ within: "2m", advisory: true });
confirm(`Go on, ${up}?`, #{ by: ["@sre", "eve"], quorum: 2 });"#
        ),
        "2:check up [looks=http::get(\"http://h/\"); looks=tcp::open(\"h:1\"); within=2m; advisory=true]\n\
         3:confirm Go on, ${up}? [by=@sre, eve; quorum=2]\n"
    );
}

#[test]
fn both_sides_of_a_decision_and_a_loop_once() {
    assert_eq!(
        drawn(
            r#"let n = check("n", || fs::exists("/n"));
if n == 1 && (!settings.x || (n + 1).to_string() == "2") { command("a", #{ run: ["a"] }); } else if n == 2 { throw `no ${n}`; } else { command("c", #{ run: ["c"] }); }
for host in settings.hosts { command(`on ${host}`, #{ run: ["h"], on: host }); }
while n != 3 { check("again", || true); }
loop { check("for ever", || true); break; }
do { check("do", || true); } until n == 4;
switch n { 1 => { command("one", #{ run: ["1"] }); }, "two" => confirm("two?"), _ => {} }
try { command("try", #{ run: ["t"] }); } catch { command("mend", #{ run: ["m"] }); }
[1, 2].for_each(|x| command(`item ${x}`, #{ run: ["i"] }));
parallel("all", settings.hosts, #{ max: 3 }, |h| { command(`p ${h}`, #{ run: ["p"] }); });
if n == 5 { let quiet = 1; }"#
        ),
        "2:check n [looks=fs::exists(\"/n\")]\n\
         if n == 1 && (!settings.x || (n + 1).to_string() == \"2\")\n  3:command a [run=a]\n\
         else if n == 2\n  stop: no ${n}\n\
         else\n  3:command c [run=c]\n\
         > for host in settings.hosts\n  4:command on ${host} [run=h; on=host]\n\
         > while n != 3\n  5:check again []\n\
         > again and again\n  6:check for ever []\n\
         > once, and again until n == 4\n  7:check do []\n\
         n is 1\n  8:command one [run=1]\n\
         n is \"two\"\n  8:confirm two? []\n\
         9:command try [run=t]\n\
         when that fails\n  9:command mend [run=m]\n\
         > for_each of [1, 2]\n  10:command item ${x} [run=i]\n\
         > all over settings.hosts\n  11:command p ${h} [run=p]\n"
    );
}

#[test]
fn functions_are_followed_into_modules_and_never_in_a_circle() {
    let main = "let p = runbook(#{ title: \"t\", owner: \"o\" });\nimport \"_lib/m\" as m;\n\
                fn again(n) { check(`n ${n}`, || true); again(n); }\nfn quiet(x) { x + 1 }\n\
                again(quiet(1));\nphase(\"P\", || m::restart(\"api\"));";
    let module = "fn restart(name) { command(`restart ${name}`, #{ run: [\"systemctl\", \"restart\", name] }) }";
    let mut text = String::new();
    let outline = outline(&[("main.rhai", main), ("_lib/m.rhai", module)]);
    lines(&outline.items, 0, &mut text);
    assert_eq!(
        text,
        "> again\n  3:check n ${n} []\n  > again\n\
         > P\n  > m::restart\n    1:command restart ${name} [run=systemctl restart ${name}]\n"
    );
    assert_eq!(outline.steps().iter().map(|step| step.file.as_str()).collect::<Vec<_>>(), ["main.rhai", "_lib/m.rhai"]);
}
