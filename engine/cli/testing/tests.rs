//! What programs read of a test, and what is suggested to people.

use runbook_model::Value;
use runbook_model::observation::Observation;
use runbook_model::path::StepPath;
use runbook_model::step::Confirm;
use runbook_runtime::script::Pinned;
use runbook_runtime::script::testing::TestFile;
use runbook_runtime::world::scripted::Unanswered;

use super::*;
use crate::literal::{literal, quoted};

fn given(text: &str) -> Vec<runbook_runtime::script::testing::Given> {
    let files = Pinned([("a.test.rhai".to_owned(), text.to_owned())].into());
    let file = TestFile::load(&files, "a.test.rhai").unwrap_or_else(|error| panic!("{error}")).expect("it is there");
    file.background().unwrap_or_else(|error| panic!("{error}")).given
}

#[test]
fn what_is_suggested_can_be_read() {
    let path = StepPath::root().child("Which \"one\"?", 1);
    let choices = vec!["blue".to_owned()];
    let link = "/a \"b\"".to_owned();
    let text = suggestion(&[
        Unanswered::Look(format!("fs::read_link {link}"), Observation::ReadLink { path: link.clone() }),
        Unanswered::Look(format!("fs::read_link {link}"), Observation::ReadLink { path: link }),
        Unanswered::Confirm(path, Confirm { choices, ..Confirm::default() }),
    ]);
    let given = given(&text);
    assert_eq!(given.len(), 2, "{text}");
    assert_eq!(given[1].answers[0].chooses.as_deref(), Some("blue"));
}

proptest::proptest! {
    /// Whatever a run has seen comes back out of the text that is recorded of it.
    #[test]
    fn a_literal_is_read_as_what_it_was(text in ".{0,40}", number: i64, flag: bool) {
        let value = Value::from(vec![Value::from(text.clone()), number.into(), flag.into(), Value::Null]);
        let read = given(&format!("given(\"x\", #{{ gives: {} }});", literal(&value)));
        proptest::prop_assert_eq!(read[0].answers[0].gives.as_ref(), Some(&value), "{}", quoted(&text));
    }
}

#[test]
fn a_build_server_can_read_the_results() {
    let wrong = "error[RB0031]: <a> & \"b\"\u{1b}[31m\nmore".to_owned();
    let suites =
        [Suite { runbook: "a&b".to_owned(), cases: vec![("fine".to_owned(), 1500, None), ("<odd>".to_owned(), 2, Some(wrong))] }];
    let xml = Suite::document(&suites);
    assert!(xml.contains("<testsuites name=\"runbook\" tests=\"2\" failures=\"1\">"), "{xml}");
    assert!(xml.contains("<testcase classname=\"a&amp;b\" name=\"fine\" time=\"1.500\"/>"), "{xml}");
    assert!(xml.contains("message=\"error[RB0031]: &lt;a&gt; &amp; &quot;b&quot;\u{fffd}[31m\""), "{xml}");
    assert!(!xml.contains('\u{1b}'));
}
