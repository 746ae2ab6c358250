//! Every layout of a runbook whose author is out for trouble, and of a plain one.

use proptest::prelude::*;
use runbook_model::declaration::{Declaration, Serves};
use runbook_model::parameter::Parameter;
use runbook_runtime::script::{Arm, Detail, Item, Outline, StepOutline};

use super::{Sheet, html, markdown, mermaid, text};
use crate::output::style::Palette;

fn step(kind: &str, name: &str) -> StepOutline {
    StepOutline { kind: kind.to_owned(), name: name.to_owned(), ..StepOutline::default() }
}

/// A sheet that says `word` wherever an author may say something.
fn saying(word: &str) -> Sheet {
    let word = || word.to_owned();
    let detail = || Detail { name: "run".to_owned(), text: word() };
    let command = StepOutline { details: vec![detail()], rollback: vec![word()], ..step("command", &word()) };
    let items = vec![
        Item::Phase {
            name: word(),
            details: vec![detail()],
            items: vec![Item::Step(command), Item::Step(step("confirm", &word()))],
        },
        Item::Choice { arms: vec![Arm { when: word(), items: vec![Item::Stop { why: word() }] }] },
        Item::Repeat { words: word(), items: vec![Item::Step(step("check", &word()))] },
        Item::Parallel { name: word(), over: word(), details: vec![detail()], items: vec![] },
        Item::Call { function: word(), items: vec![Item::Step(step("rollback", &word()))] },
    ];
    let parameter =
        Parameter { help: Some(word()), pattern: Some(word()), fallback: Some(word().into()), ..Parameter::default() };
    let declaration = Declaration {
        title: word(),
        about: Some(word()),
        owner: Some(word()),
        links: vec![word(), format!("https://{}", word()), "javascript:alert(1)".to_owned()],
        serves: vec![Serves { alert: word(), labels: [(word(), word())].into() }],
        params: [(word(), parameter)].into(),
        ..Declaration::default()
    };
    let secrets = vec![(word(), Some(word()))];
    Sheet { name: word(), file: word(), declaration, secrets, outline: Outline { items }, earlier: vec![word()] }
}

proptest! {
    #[test]
    fn no_word_becomes_markup(word in "[<>&\"'`|;#%{}()\\[\\]\\\\*_~=a-z\u{0}-\u{1f}\u{202e} -]{1,24}") {
        let harmless = html::page(&saying("x"));
        let page = html::page(&saying(&word));
        // As many tags as with a word that means nothing: what stands between them made none.
        let codes = |page: &str| page.matches("code>").count();
        prop_assert_eq!(page.matches('<').count() - codes(&page), harmless.matches('<').count() - codes(&harmless), "{}", page);
        prop_assert!(!page.contains("<script") && !page.contains("href=\"javascript"));
        let lines = |sheet: &Sheet| mermaid::diagram(sheet).lines().count();
        prop_assert_eq!(lines(&saying(&word)), lines(&saying("x")));
        for line in mermaid::diagram(&saying(&word)).lines() {
            prop_assert!(line.matches('"').count() % 2 == 0 && !line.contains('`'), "{line}");
        }
        let shown = text::steps(&saying(&word), Palette::plain());
        prop_assert!(!shown.contains(|c: char| c.is_control() && c != '\n'), "{shown:?}");
        prop_assert_eq!(shown.lines().count(), text::steps(&saying("x"), Palette::plain()).lines().count());
    }

    #[test]
    fn markdown_has_no_tag_and_no_heading_of_the_authors(word in "[<>&\"'`|#{}()\\[\\]\\\\*_~=@a-z0-9. -]{1,24}") {
        let page = markdown::document(&saying(&word));
        let mut tags = 0;
        let mut headings = 0;
        let mut fenced = false;
        for event in pulldown_cmark::Parser::new_ext(&page, pulldown_cmark::Options::ENABLE_TABLES) {
            use pulldown_cmark::{Event, Tag, TagEnd};
            match event {
                Event::Start(Tag::CodeBlock(_)) => fenced = true,
                Event::End(TagEnd::CodeBlock) => fenced = false,
                Event::Html(_) | Event::InlineHtml(_) if !fenced => tags += 1,
                Event::Start(Tag::Heading { .. }) => headings += 1,
                Event::Start(Tag::Link { dest_url, .. }) => prop_assert!(dest_url.starts_with("https://"), "{dest_url}"),
                _ => {}
            }
        }
        prop_assert_eq!(tags, 0, "{}", page);
        prop_assert_eq!(headings, 1 + "Alerts Links Parameters Secrets Diagram Steps Earlier Run".split(' ').count(), "{}", page);
    }
}

#[test]
fn a_diagram_leads_from_the_beginning_to_the_end_and_stops_where_the_run_does() {
    let stop = Item::Stop { why: "no".to_owned() };
    let arms = vec![
        Arm { when: "if a".to_owned(), items: vec![stop] },
        Arm { when: "else".to_owned(), items: vec![Item::Step(step("command", "go"))] },
    ];
    let round = Item::Repeat { words: "for h in hosts".to_owned(), items: vec![Item::Step(step("check", "up"))] };
    let sheet = Sheet { outline: Outline { items: vec![Item::Choice { arms }, round] }, ..Sheet::default() };
    let diagram = mermaid::diagram(&sheet);
    let arrows: Vec<_> = diagram.lines().map(str::trim).filter(|line| line.contains("-->")).collect();
    // begin, fork, stop, go, up, completed: nothing follows the stop, and the round comes back to itself.
    let wanted = ["n1 --> n2", "n2 -->|\"if a\"| n3", "n2 -->|\"else\"| n4", "n4 --> n5", "n5 -->|\"again\"| n5", "n5 --> n6"];
    assert_eq!(arrows, wanted, "{diagram}");
}

#[test]
fn prose_keeps_its_paragraphs_and_what_the_author_indented() {
    let about = "For the night.\n\n1. not a list\n- nor this\n\nSettings:\n  api   the <address>\n  root  the directory";
    let declaration = Declaration { title: "T".to_owned(), about: Some(about.to_owned()), ..Declaration::default() };
    let page = markdown::document(&Sheet { declaration, ..Sheet::default() });
    assert!(
        page.contains("For the night.\n\n1\\. not a list\n\\- nor this\n\nSettings:\n\n```text\n  api   the <address>\n  root  the directory\n```"),
        "{page}"
    );
}
