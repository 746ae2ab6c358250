//! Headings, items, boxes and prose.

use super::{import, imported};

#[test]
fn a_huge_text_is_read_in_no_time_that_anybody_notices() {
    let began = std::time::Instant::now();
    for text in [
        format!("```sh\n{}", "ls\n".repeat(300_000)),
        format!("```console\n$ echo '\n{}", "x\n".repeat(300_000)),
        "<a ".repeat(300_000),
        "# \n".repeat(100_000),
    ] {
        drop(import(&text, "x.md", "x", "team"));
    }
    assert!(began.elapsed().as_secs() < 60, "{:?}", began.elapsed());
}

#[test]
fn text_becomes_questions_in_the_order_of_the_document() {
    let imported = imported(
        "# How to\n\nAbout it.\n\n## One\n\nRead [this](https://a.b/c) first.\n\n- [ ] Tell them\n\n```sh\nls\n```\n\nAfterwards.\n\n## Empty\n\n## One\n\ntext\n",
    );
    assert_eq!(imported.counts, [2, 1, 4]);
    let at = |text: &str| imported.runbook.find(text).unwrap_or_else(|| panic!("`{text}` is missing in\n{}", imported.runbook));
    assert!(at("title: \"How to\"") < at("\"https://a.b/c\",") && at("//! About it.") < at("phase(\"One\""));
    assert!(at("Read this (https://a.b/c) first.") < at("confirm(\"Tell them\"") || at("Tell them") > 0);
    assert!(at("command(\"ls\"") < at("One: done?") && at("── Empty") < at("phase(\"One (2)\""));
}

#[test]
fn the_way_back_is_no_step_forward() {
    let text = "# T\n\n## Do\n\n```sh\nsystemctl stop x\n```\n\n## Rollback\n\nWhen it hangs.\n\n### First\n\n```sh\nsystemctl start <unit>\n```\n\n## After\n\n- [ ] Tell them\n";
    let imported = imported(text);
    assert_eq!(imported.counts, [2, 1, 2], "{}", imported.runbook);
    assert!(imported.parameters.is_empty(), "what only the way back needs is no parameter yet");
    assert!(imported.runbook.contains("//     rollback: [\"systemctl\", \"start\", p.unit],"), "{}", imported.runbook);
    assert!(imported.runbook.contains("// When it hangs."));
    let lines: Vec<_> = imported.notes.iter().filter(|(_, note)| note.contains("way back")).map(|(line, _)| *line).collect();
    assert_eq!(lines, [9, 13]);
    // A runbook whose own business is to take something back goes forward.
    for text in ["# Roll back the API\n\n## Roll back\n\n```sh\nid\n```\n", "# T\n\n## Revert\n\n```sh\nid\n```\n"] {
        assert_eq!(import(text, "x.md", "x", "team").counts, [1, 1, 1], "{text}");
    }
}

#[test]
fn a_command_in_an_item_is_run_and_in_a_sentence_noted() {
    let imported = imported(
        "# T\n\n## Fix\n\n1. Stop: `sudo systemctl stop postfix`\n2. Look at the board\n3. Start: `sudo systemctl start postfix`\n4. If it hangs, `systemctl kill postfix` helps\n",
    );
    assert_eq!(imported.counts, [1, 2, 3], "{}", imported.runbook);
    let at = |text: &str| imported.runbook.find(text).unwrap_or_else(|| panic!("`{text}` is missing in\n{}", imported.runbook));
    assert!(at("\"stop\", \"postfix\"") < at("Look at the board") && at("Look at the board") < at("\"start\", \"postfix\""));
    assert_eq!(imported.notes.len(), 1);
    assert!(imported.notes[0].0 == 8 && imported.notes[0].1.contains("`systemctl kill postfix`"), "{:?}", imported.notes);
}

#[test]
fn a_mark_of_the_byte_order_at_the_beginning_is_no_text() {
    let imported = imported("\u{feff}# Restart\r\n\r\n## Look\r\n\r\n```sh\r\nuptime\r\n```\r\n");
    assert!(imported.runbook.contains("title: \"Restart\"") && !imported.runbook.contains('\u{fffd}'), "{}", imported.runbook);
    let imported = super::imported("\u{feff}---\ntitle: Fail over\n---\n\n- [ ] Tell them\n");
    assert!(imported.runbook.contains("title: \"Fail over\""), "{}", imported.runbook);
}

#[test]
fn a_box_keeps_the_number_that_its_text_begins_with() {
    let imported = imported("## A\n\n- [ ] 3 replicas are up\n- [ ] .env is there\n1. [ ] 2. is done\n2. [ ] -v is off\n");
    for question in ["3 replicas are up", ".env is there", "2. is done", "-v is off"] {
        assert!(imported.runbook.contains(&format!("confirm(\"{question}\"")), "`{question}` in {}", imported.runbook);
    }
}

#[test]
fn what_stands_above_the_first_command_is_read_before_it_without_a_heading_too() {
    let imported = imported("# T\n\n1. Tell the team\n2. Run:\n\n   ```sh\n   systemctl restart x\n   ```\n");
    assert_eq!(imported.counts, [0, 1, 1]);
    let asked = imported.runbook.find("confirm(").expect("a question");
    assert!(imported.runbook[asked..].contains("1. Tell the team"), "{}", imported.runbook);
    // What is only about the runbook is no question.
    assert_eq!(super::imported("# T\n\nAbout it.\n\n## One\n\n- [ ] x\n").counts, [1, 0, 1]);
}

#[test]
fn what_is_commented_out_is_not_read() {
    let imported = imported("## A\n\n<!--\n- [ ] old\nrm -rf /old\n-->\n\nSee <!-- hidden --> it.\n\n<b>bold</b>\n\n- [ ] new\n");
    for gone in ["old\n", "rm -rf", "-->", "hidden"] {
        assert!(!imported.runbook.contains(gone), "`{gone}` in {}", imported.runbook);
    }
    assert!(imported.runbook.contains("See  it.") && imported.runbook.contains("bold"), "{}", imported.runbook);
}

#[test]
fn a_question_about_several_lines_shows_them_all() {
    let imported = imported("## A\n\nLook first.\n\n```sh\ncd /srv\nrm -rf <release>\n```\n");
    let (asked, _) = imported.runbook.split_once("command(").expect("a command");
    let (_, asked) = asked.split_once("confirm(").expect("a question");
    assert!(
        asked.contains("Look first.") && asked.contains("    cd /srv\\n") && asked.contains("    rm -rf <release>"),
        "{asked}"
    );
}

#[test]
fn tags_alone_are_no_text_that_somebody_reads() {
    let imported = imported(
        "# T\n\n## A\n\n<details>\n<summary>If it hangs</summary>\n\n```sh\nuptime\n```\n\n</details>\n\n## B\n\n- [ ] x\n",
    );
    assert_eq!(imported.counts, [2, 1, 2], "{}", imported.runbook);
    assert!(imported.runbook.contains("If it hangs"), "{}", imported.runbook);
    let imported = super::imported("## A\n\n<namespace>\n");
    assert!(imported.runbook.contains("details: \"<namespace>\""), "who knows what it stands for: {}", imported.runbook);
}
