use std::path::Path;

use runbook_model::observation::Observation;
use runbook_model::path::StepPath;
use runbook_model::step::Confirm;
use runbook_runtime::world::scripted::Unanswered;

use super::*;
use crate::output::style::Palette;

fn read(text: &str) -> Result<Answers, String> {
    Answers::of(text, Path::new("x.test.toml")).map_err(|failure| failure.rendered(Palette::plain()))
}

#[test]
fn mistakes_are_found_before_anything_runs() {
    for (text, says) in [
        ("[commands]\n\"a\" = { exit = 1 }", "unknown field `exit`"),
        ("[sees]\n\"x\" = { after = \"a\" }", "say what is seen"),
        ("[sees]\n\"x\" = { value = 1, content = \"\" }", "one thing"),
        ("[commands]\n\"a\" = { status = 200, prints = \"\" }", "for requests"),
        ("[commands]\n\"a\" = { takes = \"soon\" }", "`takes`"),
        ("[confirms]\n\"a\" = \"perhaps\"", "{ choose"),
        ("[look]\n", "look"),
    ] {
        let refused = read(text).expect_err(text);
        assert!(refused.contains(says) && refused.contains("x.test.toml"), "{text}: {refused}");
    }
}

#[test]
fn what_is_suggested_can_be_read() {
    let path = StepPath::root().child("Which \"one\"?", 1);
    let choices = vec!["blue".to_owned()];
    let link = "/a \"b\"".to_owned();
    let text = suggestion(&[
        Unanswered::Look(format!("fs::read_link {link}"), Observation::ReadLink { path: link }),
        Unanswered::Confirm(path, Confirm { choices, ..Confirm::default() }),
    ]);
    let answers = read(&text).expect("a suggestion is no mistake");
    assert_eq!((answers.sees.len(), answers.confirms.len()), (1, 1), "{text}");
}
