//! The words of a test, without a world: a stagehand of the test's own gives what ran.

use std::sync::{Arc, Mutex};

use super::*;
use crate::script::source::Pinned;
use crate::script::{Code, Diagnostics};

fn load(text: &str) -> Result<TestFile, Diagnostics> {
    let files = Pinned([("a.test.rhai".to_owned(), text.to_owned())].into());
    TestFile::load(&files, "a.test.rhai").map(|file| file.expect("it is there"))
}

/// Performs tests; each run completes after one change.
fn performed(text: &str) -> Result<Vec<Tested>, Diagnostics> {
    let stagehand = |_: &Background, _: &std::collections::BTreeMap<String, runbook_model::Value>| {
        Ok(Ran { status: "completed".to_owned(), changes: vec!["a b".to_owned(), "c".to_owned()], ..Ran::default() })
    };
    load(text)?.perform(Arc::new(stagehand))
}

#[test]
fn what_is_given_outside_holds_for_every_test_and_inside_for_one() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&seen);
    let stagehand = move |background: &Background, params: &std::collections::BTreeMap<String, runbook_model::Value>| {
        noted.lock().expect("free").push((background.clone(), params.clone()));
        Ok(Ran::default())
    };
    let file = load(
        r#"given(#{ settings: #{ root: "/srv" }, params: #{ a: 1 } });
           given("fs::read /x", #{ gives: "one" });
           test("one", || { given("fs::read /x", [#{ gives: "two" }, #{ fails: "gone" }]); given(#{ settings: #{ more: 2 }, hosts: #{ web: ["web-1", "web-2"] } }); run(#{ b: true }); });
           test("two", || { run(); });"#,
    )
    .unwrap_or_else(|error| panic!("{error}"));
    let tested = file.perform(Arc::new(stagehand)).unwrap_or_else(|error| panic!("{error}"));
    assert!(tested.iter().all(|tested| tested.wrong.is_none()), "{tested:?}");
    let seen = seen.lock().expect("free");
    let [(first, given), (second, none)] = seen.as_slice() else { panic!("{seen:?}") };
    assert_eq!((first.given.len(), first.given[0].answers.len(), first.settings.len()), (1, 2, 2));
    assert_eq!(given["b"], true);
    assert_eq!((first.hosts["web"].join(" ").as_str(), second.hosts.len()), ("web-1 web-2", 0));
    assert_eq!((second.given[0].answers[0].gives.clone(), second.settings.len(), none.len()), (Some("one".into()), 1, 0));
    assert_eq!(file.background().unwrap_or_else(|error| panic!("{error}")), *second);
}

#[test]
fn what_a_test_expects_is_compared_and_drawn() {
    let tested = performed(
        r#"test("right", || { let ran = run(); assert_eq(ran.changes, ["a b", "c"]); assert_has(ran.changes, "c"); assert(ran.status == "completed"); });
           test("wrong", || {
               let ran = run();
               assert_eq(ran.changes, ["a b", "d"]);
           });
           test("part", || { assert_has(run().status, "fail"); });
           test("plain", || { assert(run().status == "failed", "it should fail"); });
           test("none", || { run().step("x"); });
           test("idle", || { assert(true); });"#,
    )
    .unwrap_or_else(|error| panic!("{error}"));
    let said: Vec<_> = tested.iter().map(|tested| tested.wrong.as_ref().map(ToString::to_string).unwrap_or_default()).collect();
    assert_eq!(said[0], "");
    assert!(
        said[1].contains("a.test.rhai:4:16") && said[1].contains("- wanted \"d\"") && said[1].contains("+ found  \"c\""),
        "{}",
        said[1]
    );
    assert!(said[2].contains("\"fail\" is not in it") && said[3].contains("it should fail"), "{said:?}");
    assert!(said[4].contains("came to no step \"x\"") && said[5].contains("performs nothing"), "{said:?}");
    assert!(tested.iter().skip(1).all(|tested| tested.wrong.as_ref().is_some_and(|wrong| wrong.all[0].code == Code::Expected)));
}

#[test]
fn mistakes_in_a_test_file_are_found() {
    for (text, code, words) in [
        ("tset(\"x\", || 1);", Code::UnknownFunction, "did you mean `test`?"),
        ("command(\"x\", #{});", Code::UnknownFunction, "in a test"),
        ("run(1, 2);", Code::Arity, "`run` takes 0 or 1"),
        ("let x = ;", Code::Syntax, ""),
        ("given(\"a\", #{ exit: 1 });", Code::UnknownOption, "did you mean `exits`?"),
        ("given(\"a\", #{ exits: \"1\" });", Code::BadOption, "wants a number"),
        ("given(\"a\", #{ exits: 1000 });", Code::BadOption, "0 to 255"),
        ("given(\"a\", #{ says: \"perhaps\" });", Code::BadOption, "\"yes\" or \"no\" or \"nothing\""),
        ("given(\"a\", #{ gives: 1, exits: 1 });", Code::BadOption, "several things"),
        ("given(\"a\", #{ body: \"\" });", Code::BadOption, "needs a `status`"),
        ("given(\"fs::exist x\", #{ gives: true });", Code::BadOption, "`fs::exists`, `fs::list`"),
        ("given(\"fs::read x\", #{ says: \"no\" });", Code::BadOption, "nobody is asked"),
        ("given(\"a\", #{ takes: \"soon\", exits: 0 });", Code::BadOption, "takes"),
        ("given(\"a\", #{ exits: 1, after: \"b\" });", Code::BadOption, "`after` is for looks"),
        ("given(\"a\", #{ complains: \"x\" });", Code::BadOption, "other than 0"),
        ("given(#{ hosts: #{ web: \"web-1\" } });", Code::BadOption, "`web` wants a list"),
        ("given(#{ hosts: #{ web: [\"-x\"] } });", Code::BadOption, "`web` wants a list"),
        ("given(\"a\", []);", Code::BadOption, "at least one answer"),
        ("given(\"a\", 5);", Code::BadOption, "wants a map"),
        ("given(#{ setings: #{} });", Code::UnknownOption, "did you mean `settings`?"),
        ("run();", Code::Expected, "outside of a test"),
        ("test(\"a\", || { run(); test(\"b\", || 1); }); ", Code::Expected, ""),
        ("test(\"a\", || run()); test(\"a\", || run());", Code::Expected, "a second test"),
        ("throw \"no\";", Code::ScriptError, "no"),
    ] {
        let found = match performed(text) {
            Err(found) => found,
            Ok(tested) => tested.into_iter().find_map(|tested| tested.wrong).unwrap_or_else(|| panic!("{text}")),
        };
        assert_eq!(found.all[0].code, code, "{text}\n{found}");
        assert!(found.to_string().contains(words), "{text}\n{found}");
    }
    assert!(TestFile::load(&Pinned::default(), "a.test.rhai").is_ok_and(|none| none.is_none()));
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]

    /// Whatever a test file holds, reading and performing it ends with an answer that can be shown.
    #[test]
    fn no_test_is_too_odd_to_be_refused(parts in proptest::collection::vec(proptest::sample::select(vec![
        "given(", "test(\"x\", ", "|| ", "run()", "#{ gives: ", "\"x\"", "[", "]", "}", ")", ";", "assert_eq(", ", ", "loop {", "fn f() {", "f()", ".step(",
        "1", " ", "\n", "ä‹", "\u{1b}[31m", "settings: ", "throw ", "import \"a\" as b;", "this", "`${",
    ]), 0..20)) {
        match performed(&parts.concat()) {
            Ok(tested) => assert!(tested.iter().filter_map(|one| one.wrong.as_ref()).all(|wrong| !wrong.render(false).contains('\u{1b}'))),
            Err(found) => assert!(!found.all.is_empty() && !found.render(false).contains('\u{1b}')),
        }
    }
}
