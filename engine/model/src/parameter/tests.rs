//! What a parameter accepts, and how it says no.

use super::*;

fn declared() -> BTreeMap<String, Parameter> {
    let service = Parameter { pattern: Some("[a-z0-9-]{1,63}".to_owned()), ..Parameter::default() };
    let to = Parameter { fallback: Some(Value::from("")), ..Parameter::default() };
    let percent =
        Parameter { kind: Kind::Int, min: Some(1.0), max: Some(100.0), fallback: Some(Value::from(10)), ..Parameter::default() };
    [("service", service), ("to", to), ("percent", percent)].map(|(name, p)| (name.to_owned(), p)).into()
}

fn typed(name: &str, value: &str) -> (String, String, Origin) {
    (name.to_owned(), value.to_owned(), Origin::Typed)
}

#[test]
fn fills_in_fallbacks_and_keeps_origins() {
    let values = resolve(&declared(), &[typed("service", "api"), typed("percent", "50")]).expect("good values");
    assert_eq!(values["percent"], Given { value: Value::from(50), origin: Origin::Typed });
    assert_eq!(values["to"], Given { value: Value::from(""), origin: Origin::Fallback });
}

#[test]
fn of_two_values_that_are_as_near_neither_is_suggested() {
    let release =
        |of: &[&str]| Parameter { kind: Kind::Enum, of: of.iter().map(|&v| v.to_owned()).collect(), ..Parameter::default() };
    assert_eq!(release(&["v1", "v2"]).read("v3").expect_err("none of them"), "one of v1, v2 is wanted");
    assert!(release(&["v1", "v2"]).read("V2").expect_err("none of them").ends_with("did you mean `v2`?"));
    assert!(release(&["canary", "stable"]).read("stabel").expect_err("none of them").ends_with("did you mean `stable`?"));
}

#[test]
fn says_every_problem_at_once() {
    let refused = resolve(&declared(), &[typed("servcie", "api"), typed("percent", "150")]).expect_err("three problems");
    let lines: Vec<_> = refused.iter().map(ToString::to_string).collect();
    assert_eq!(
        lines,
        [
            "there is no parameter `servcie`; did you mean `service`?",
            "`150` is no good value for the parameter `percent`: at most 100 is wanted",
            "the parameter `service` is required: give it with `-p service=…`",
        ]
    );
}

#[test]
fn two_values_for_one_parameter_are_one_too_many() {
    let given = [typed("service", "api"), typed("percent", "5"), typed("service", "api"), typed("service", "web")];
    let refused = resolve(&declared(), &given).expect_err("which of them?");
    assert_eq!(refused, [(); 2].map(|()| Refused::Twice { name: "service".to_owned() }));
}

#[test]
fn a_secret_is_named_by_a_person_and_a_wrong_name_is_never_shown() {
    let secret = Parameter { kind: Kind::Secret, ..Parameter::default() };
    let declared = [("token".to_owned(), secret)].into();
    let given = |value: &str, origin| resolve(&declared, &[("token".to_owned(), value.to_owned(), origin)]);
    assert_eq!(given("db/password", Origin::Typed).expect("a name")["token"].value, "db/password");
    for (value, origin) in [("hunter2 is it!", Origin::Typed), ("db/password", Origin::Link), ("db/password", Origin::Alert)] {
        let refused = given(value, origin).expect_err("no name, or not a person's")[0].to_string();
        assert!(refused.contains("secret") && refused.contains("(not shown)") && !refused.contains(value), "{refused}");
    }
}

#[test]
fn a_list_has_so_many_items_and_each_is_judged() {
    let hosts = Parameter { kind: Kind::List, pattern: Some("[a-z]{1,9}".to_owned()), max: Some(3.0), ..Parameter::default() };
    assert_eq!(hosts.read("a, b").expect("a list"), serde_json::json!(["a", "b"]));
    for (text, why) in
        [("a,b,c,d", "at most 3 items are wanted, this has 4"), ("a,B", "`B`: "), ("a,a", "`a` twice"), ("[1]", "texts")]
    {
        let want = hosts.read(text).expect_err("not good");
        assert!(want.contains(why), "{want}");
    }
    let many: Vec<_> = (0..=list::MOST).map(|n| n.to_string()).collect();
    let any = Parameter { kind: Kind::List, ..Parameter::default() };
    assert!(any.read(&many.join(",")).is_err() && any.read(&many[1..].join(",")).is_ok());
}

#[test]
fn hostile_text_is_refused() {
    let long = "a".repeat(LONGEST + 1);
    for text in ["; rm -rf /", "$(id)", "a\nb", "-rf\0", "ünïcode", "a b", "", long.as_str()] {
        assert!(resolve(&declared(), &[typed("service", text)]).is_err(), "{text:?}");
    }
    let free = Parameter::default();
    assert!(free.read("a\u{1b}]8;;x").is_err() && free.read(&long).is_err() && free.read("it's fine; really $5").is_ok());
}
