//! Little runbooks, made at random, through the same sweep.

use std::fmt::Write as _;

use proptest::prelude::*;

use super::*;
use crate::world::scripted::Act;

/// A piece of a runbook.
#[derive(Debug, Clone)]
enum Piece {
    Command(Doing),
    /// A look that passes.
    Check,
    Confirm,
    Note,
    /// `rollback(…)`, as a command line or as a block.
    Owed(bool),
    Phase(Vec<Piece>),
    Loop(u8, Vec<Piece>),
    /// `parallel(…)`, over so many items, so many at a time.
    Parallel(u8, u8, Vec<Piece>),
    /// `attempt(|| …)`, with something to do when it fails.
    Caught(Doing),
}

/// A command.
#[derive(Debug, Clone)]
struct Doing {
    back: Back,
    idempotent: bool,
    settled: bool,
    retries: u8,
    /// How many of its attempts fail before one succeeds.
    fails: u8,
}

#[derive(Debug, Clone, Copy)]
enum Back {
    Undeclared,
    Nothing,
    One,
    Two,
    Block,
    IfFailed,
    File,
}

fn doing() -> impl Strategy<Value = Doing> {
    let back = prop::sample::select(vec![
        Back::Undeclared,
        Back::Nothing,
        Back::One,
        Back::One,
        Back::Two,
        Back::Block,
        Back::IfFailed,
        Back::File,
    ]);
    let fails = prop_oneof![5 => Just(0_u8), 2 => 1..3_u8];
    (back, any::<bool>(), any::<bool>(), 0..2_u8, fails).prop_map(|(back, idempotent, settled, retries, fails)| Doing {
        back,
        idempotent,
        settled,
        retries,
        fails,
    })
}

fn pieces() -> impl Strategy<Value = Vec<Piece>> {
    let leaf = prop_oneof![
        6 => doing().prop_map(Piece::Command),
        1 => Just(Piece::Check),
        1 => Just(Piece::Confirm),
        1 => Just(Piece::Note),
        1 => any::<bool>().prop_map(Piece::Owed),
        1 => doing().prop_map(Piece::Caught),
    ];
    let nested = leaf.prop_recursive(2, 5, 2, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..3).prop_map(Piece::Phase),
            (1..3_u8, prop::collection::vec(inner, 1..2)).prop_map(|(times, body)| Piece::Loop(times, body)),
        ]
    });
    // A branch has no branches in it.
    let branches = (1..4_u8, 1..4_u8, prop::collection::vec(nested.clone(), 1..3));
    let piece = prop_oneof![4 => nested, 1 => branches.prop_map(|(items, max, body)| Piece::Parallel(items, max, body))];
    prop::collection::vec(piece, 1..4)
}

/// The text of a runbook, and what its world has to know.
#[derive(Debug, Default)]
struct Written {
    text: String,
    names: u32,
    /// Each settled command by its name, and each command with how often it fails.
    settled: Vec<String>,
    failing: Vec<(String, u8)>,
    /// The `parallel` that is being written, and how many items it has.
    inside: Option<(String, u8)>,
}

impl Piece {
    /// Whether a command in it fails by itself.
    fn fails(&self) -> bool {
        match self {
            Self::Command(doing) | Self::Caught(doing) => doing.fails > 0,
            Self::Phase(body) | Self::Loop(_, body) | Self::Parallel(_, _, body) => body.iter().any(Self::fails),
            Self::Check | Self::Confirm | Self::Note | Self::Owed(_) => false,
        }
    }
}

impl Written {
    fn pieces(&mut self, pieces: &[Piece]) {
        for piece in pieces {
            self.piece(piece);
        }
    }

    fn piece(&mut self, piece: &Piece) {
        let n = self.next();
        match piece {
            Piece::Command(doing) => {
                let call = self.command(n, doing);
                self.line(&format!("{call};"));
            }
            Piece::Check => self.line(&format!("check(\"check {n}\", || fs::read_link(\"/always\") == \"there\");")),
            Piece::Confirm => self.line(&format!("confirm(\"question {n}?\");")),
            Piece::Note => self.line(&format!("print(\"note {n}\");")),
            Piece::Owed(false) => self.line(&format!("rollback(\"owed {n}\", [\"back\", \"{n}\"]);")),
            Piece::Owed(true) => self.line(&format!(
                "rollback(\"owed {n}\", || {{ command(\"in block {n}\", #{{ run: [\"back\", \"{n}\"], rollback: \"nothing\" }}); }});"
            )),
            Piece::Phase(body) => {
                self.line(&format!("phase(\"phase {n}\", || {{"));
                self.pieces(body);
                self.line("});");
            }
            // The steps of each round have the same names: they are told apart by their number.
            Piece::Loop(times, body) => {
                self.line(&format!("for round in 0..{times} {{"));
                self.pieces(body);
                self.line("}");
            }
            Piece::Parallel(items, max, body) => {
                let keys = (1..=*items).map(|item| item.to_string()).collect::<Vec<_>>().join(", ");
                // Which other branches have begun when one fails is a matter of luck: where some do, they may.
                let may = if body.iter().any(Piece::fails) { ", max_failures: \"100%\"" } else { "" };
                self.line(&format!("parallel(\"all {n}\", [{keys}], #{{ max: {max}{may} }}, |item| {{"));
                self.inside = Some((format!("all {n}"), *items));
                self.pieces(body);
                self.inside = None;
                self.line("});");
            }
            Piece::Caught(doing) => {
                let (call, other) = (self.command(n, doing), self.next());
                self.line(&format!(
                    "if !attempt(|| {call}).ok {{ command(\"other {other}\", #{{ run: [\"do\", \"other\"], rollback: [\"back\", \"other\"] }}); }}"
                ));
            }
        }
    }

    fn command(&mut self, n: u32, doing: &Doing) -> String {
        let name = format!("step {n}");
        let what = match doing.back {
            Back::File => format!("write: #{{ path: \"/file/{n}\", content: \"{n}\" }}"),
            _ => format!("run: [\"do\", \"{n}\"]"),
        };
        let back = match doing.back {
            Back::Undeclared | Back::File => String::new(),
            Back::Nothing => ", rollback: \"nothing\"".to_owned(),
            Back::One => format!(", rollback: [\"back\", \"{n}\"]"),
            Back::IfFailed => format!(", rollback: [\"back\", \"{n}\"], rollback_if_failed: true"),
            Back::Two => format!(", rollback: [[\"back\", \"{n}\", \"1\"], [\"back\", \"{n}\", \"2\"]]"),
            Back::Block => format!(
                ", rollback: || {{ for part in 0..2 {{ command(\"part\", #{{ run: [\"back\", \"{n}\", `${{part}}`], rollback: \"nothing\" }}); }} }}"
            ),
        };
        let idempotent = if doing.idempotent { ", idempotent: true" } else { "" };
        let retry = if doing.retries > 0 { format!(", retry: {}", doing.retries) } else { String::new() };
        // In a loop one look cannot tell which round made what it sees; only steps outside of one are settled.
        let alone = self.inside.is_none() && !self.text.contains("for round");
        let settled = if doing.settled && alone {
            self.settled.push(name.clone());
            format!(", settled_by: || fs::read_link(\"/made/{n}\") == \"there\"")
        } else {
            String::new()
        };
        if doing.fails > 0 {
            // In branches the attempts at steps of one name come in any order: each counts by itself.
            match &self.inside {
                None => self.failing.push((name.clone(), doing.fails)),
                Some((all, items)) => {
                    let steps = (1..=*items).map(|item| (format!("*{all}/{item}/*{name}"), doing.fails));
                    self.failing.extend(steps);
                }
            }
        }
        format!("command(\"{name}\", #{{ {what}{back}{idempotent}{retry}{settled} }})")
    }

    fn next(&mut self) -> u32 {
        self.names += 1;
        self.names
    }

    fn line(&mut self, line: &str) {
        writeln!(self.text, "{line}").expect("writing to a String does not fail");
    }
}

fn subject_of(pieces: &[Piece], failing: bool, rolls_back: bool) -> Subject {
    let mut written = Written::default();
    written.pieces(pieces);
    let Written { text, settled, failing: names, .. } = written;
    let world = move || {
        let mut world = ScriptedWorld::new().look("fs::read_link /always", Sight::value("there"));
        for name in &settled {
            let look = format!("fs::read_link /made/{}", name.trim_start_matches("step "));
            world = world.look_after(&look, name, Sight::value("there")).look(&look, Sight::value("absent"));
        }
        for (name, fails) in names.iter().filter(|_| failing) {
            for _ in 0..*fails {
                world = world.command(name, Act::exits(1));
            }
            world = world.command(name, Act::exits(0));
        }
        world
    };
    subject(if rolls_back { ", on_failure: \"rollback\"" } else { "" }, &text, world)
}

/// Each case is some hundred runs; `PROPTEST_CASES` asks for more of them.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(8)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), max_shrink_iters: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_runbook_keeps_the_promise(pieces in pieces(), failing in any::<bool>(), rolls_back in any::<bool>()) {
        let subject = subject_of(&pieces, failing, rolls_back);
        let swept = swept(&subject);
        prop_assert!(swept.violations.is_empty(), "{}", first(&subject, &swept));
    }
}

/// It failed, the engine died behind it, and its look says that its effect is not there: it may have done a part all the same.
#[test]
fn what_failed_unseen_owes_what_it_owes_when_it_fails() {
    let doing = Doing { back: Back::IfFailed, idempotent: false, settled: true, retries: 0, fails: 1 };
    let subject = subject_of(&[Piece::Phase(vec![Piece::Command(doing)])], true, false);
    let swept = swept(&subject);
    assert!(swept.violations.is_empty(), "{}", first(&subject, &swept));
}
