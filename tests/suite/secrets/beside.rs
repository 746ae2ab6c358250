//! Secrets that are fetched while another command runs already.

use std::fs;

use crate::support::Place;

use super::canary::{AGE, Search};

#[test]
fn what_one_branch_fetches_is_hidden_in_what_commands_beside_it_print() {
    let place = Place::with(
        r#"
        parallel("both", ["prints", "gives"], #{ max: 2 }, |which| {
            if which == "prints" {
                command("print", #{ run: ["sh", "-c", "echo > began; cat go; cat kept; head -c 200000 /dev/zero; cat kept"], rollback: "nothing" });
            } else {
                command("wait", #{ run: ["cat", "began"], rollback: "nothing" });
                command("give", #{ run: ["sh", "-c", "echo \"$PW\" > kept; echo > go"], env: #{ PW: secret("x/late") }, rollback: "nothing" });
            }
        });
        "#,
    );
    place.write("runbook.toml", &format!("[secrets]\n\"x/late\" = {{ command = [\"echo\", \"{AGE}\"] }}\n"));
    place.fifo("began");
    place.fifo("go");
    place.expect(0, &["exec", "main"]);
    assert!(place.read("kept").contains(AGE));
    let (search, journal) = (Search::new(), place.journal_path());
    let kept = fs::read_dir(journal.with_file_name("keeper")).expect("what the keeper keeps");
    for path in kept.map(|entry| entry.expect("an entry").path()).chain([journal]) {
        search.clean(&path.display().to_string(), &fs::read(&path).unwrap_or_default());
    }
}
