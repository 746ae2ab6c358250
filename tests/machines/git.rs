//! `std/git` on real repositories: a working copy, a bare one that it is pushed to, and a second working copy of somebody else.

use std::process::Command;

use crate::support::Place;

/// A place with `work` (two commits on `main`, the first one tagged `v1`) and `origin`, to which it was pushed.
fn place() -> Place {
    let place = Place::new();
    place.write("home/.gitconfig", "[user]\n\tname = Alice\n\temail = alice@example.com\n[init]\n\tdefaultBranch = main\n");
    git(&place, ".", &["init", "--quiet", "--bare", "origin"]);
    git(&place, ".", &["clone", "--quiet", "origin", "work"]);
    commit(&place, "work", "first");
    git(&place, "work", &["tag", "v1"]);
    commit(&place, "work", "second");
    git(&place, "work", &["push", "--quiet", "origin", "main"]);
    place
}

#[track_caller]
fn git(place: &Place, dir: &str, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .args(arguments)
        .current_dir(place.path(dir))
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", place.path("home"))
        .output()
        .expect("git");
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
}

/// A commit that writes its own subject into `page`; its id.
fn commit(place: &Place, dir: &str, subject: &str) -> String {
    place.write(&format!("{dir}/page"), subject);
    git(place, dir, &["add", "page"]);
    git(place, dir, &["commit", "--quiet", "--message", subject]);
    git(place, dir, &["rev-parse", "HEAD"])
}

/// Everything that a step may change: what is checked out and what every name means, in both repositories.
fn state(place: &Place) -> String {
    let head = git(place, "work", &["log", "-1", "--format=%H %D", "HEAD"]);
    let both = ["work", "origin"].map(|dir| git(place, dir, &["for-each-ref", "--format=%(refname) %(objectname)"]));
    format!("{head}\n{}\n{}", both.join("\n"), place.read("work/page"))
}

fn runbook(place: &Place, body: &str) {
    place.runbook("main", &format!("import \"std/git\" as git;\n{body}"));
}

#[test]
fn looks_tell_what_git_tells() {
    let place = place();
    let [first, second] = ["v1", "main"].map(|name| git(&place, "work", &["rev-parse", name]));
    git(&place, "work", &["branch", "other", "v1"]);
    let looks = r#"
        check("head", || git::head("work"), #{ expect: "SECOND" });
        check("of a bare one", || git::head("origin"), #{ expect: "SECOND" });
        check("a tag", || git::commit("work", "v1"), #{ expect: "FIRST" });
        check("the branch", || git::branch("work"), #{ expect: "main" });
        check("clean", || git::is_clean("work"));
        check("tags", || git::tags("work"), #{ expect: ["v1"] });
        check("built upon", || git::contains("work", "main", "v1") && git::contains("work", "v1", "v1") && !git::contains("work", "v1", "main"));
        check("between", || git::log("work", "v1", "main"), #{ expect: [#{ commit: "SECOND", author: "Alice", subject: "second" }] });
        check("nothing between", || git::log("work", "main", "v1"), #{ expect: [] });
        check("of the remote", || git::remote_id("work", "origin", "refs/heads/main"), #{ expect: "SECOND" });
        check("whole names only", || git::remote_id("work", "origin", "main"), #{ expect: "" });"#;
    runbook(&place, &looks.replace("FIRST", &first).replace("SECOND", &second));
    place.expect(0, &["exec", "main"]).says(&["11 checks", "completed"]);
    place.write("work/page", "changed");
    place.write("work/a new one", "");
    git(&place, "work", &["checkout", "--quiet", "--detach"]);
    runbook(
        &place,
        r#"check("changes", || git::changes("work"), #{ expect: ["M page", "?? a new one"] });
        check("not clean", || !git::is_clean("work"));
        check("no branch", || git::branch("work"), #{ expect: "" });"#,
    );
    place.expect(0, &["exec", "main"]);
    for (look, says) in [
        (r#"git::commit("work", "v9")"#, "work has no commit \"v9\""),
        (r#"git::commit("work", "--all")"#, "work has no commit \"--all\""),
        (r#"git::branch("runbooks/..")"#, "is no repository"),
        (r#"git::changes("origin")"#, "is no working copy"),
        (r#"git::remote_id("work", "nowhere", "refs/heads/main")"#, "does not answer: fatal: 'nowhere'"),
        (r#"git::remote_id("work", "--upload-pack=touch", "x")"#, "does not answer"),
    ] {
        runbook(&place, &format!("check(\"x\", || {look});"));
        place.expect(1, &["exec", "main"]).says(&[says, "std/git.rhai"]);
    }
}

#[test]
fn a_rollback_leaves_both_repositories_as_they_were() {
    let place = place();
    // Somebody else has pushed a third commit, so that a fetch brings something.
    git(&place, ".", &["clone", "--quiet", "origin", "theirs"]);
    let third = commit(&place, "theirs", "third");
    git(&place, "theirs", &["push", "--quiet", "origin", "main"]);
    for (steps, page, names) in [
        (r#"git::checkout("work", "v1");"#, "first", ""),
        (r#"git::reset("work", "v1");"#, "first", ""),
        (r#"git::tag("work", "v2", "main", ""); git::push_tag("work", "origin", "v2");"#, "second", "v2"),
        (r#"git::tag("work", "v3", "v1", "the \"third\""); git::push_tag("work", "origin", "v3");"#, "second", "v3"),
        (r#"git::push("work", "origin", "v1", "new");"#, "second", "new"),
        (r#"git::push("work", "origin", "origin/main", "main"); git::push("work", "origin", "v1", "x/y");"#, "second", "y"),
    ] {
        git(&place, "work", &["fetch", "--quiet"]);
        let before = state(&place);
        runbook(&place, steps);
        // What a tag would be called is not known before it is there: 3 says so.
        let rehearsed = place.run(&["exec", "main", "--dry-run"]);
        assert!(matches!(rehearsed.code, Some(0 | 3)), "{steps}: {rehearsed}");
        assert_eq!(state(&place), before, "a rehearsal of {steps}");
        place.expect(0, &["exec", "main"]).says(&["completed"]);
        assert_eq!(place.read("work/page"), page, "{steps}");
        assert!(git(&place, "origin", &["for-each-ref", "--format=%(refname:short)"]).contains(names), "{steps}");
        place.expect(6, &["rollback", &place.newest_run()]);
        git(&place, "work", &["fetch", "--quiet", "--prune"]);
        assert_eq!(state(&place), before, "the rollback of {steps}");
    }
    runbook(&place, r#"git::fetch("work", "origin"); check("it is here", || git::commit("work", "origin/main"));"#);
    place.expect(0, &["exec", "main"]);
    assert_eq!(git(&place, "work", &["rev-parse", "origin/main"]), third);
}

#[test]
fn what_would_lose_something_is_refused() {
    let place = place();
    git(&place, ".", &["clone", "--quiet", "origin", "theirs"]);
    commit(&place, "theirs", "third");
    git(&place, "theirs", &["push", "--quiet", "origin", "main"]);
    commit(&place, "work", "another third");
    let before = state(&place);
    for (steps, says) in [
        (r#"git::push("work", "origin", "main", "main");"#, "rejected"),
        (r#"git::tag("work", "v1", "main", "");"#, "has a tag v1 already"),
        (r#"git::tag("work", "a..b", "main", "");"#, "cannot be the name of a tag"),
        (r#"git::push_tag("work", "origin", "v9");"#, "has no tag v9"),
        (r#"git::clone("origin", "work");"#, "work is there already"),
    ] {
        runbook(&place, steps);
        place.expect(1, &["exec", "main"]).says(&[says]);
    }
    place.write("work/page", "unsaved");
    for steps in [r#"git::checkout("work", "v1");"#, r#"git::reset("work", "v1");"#] {
        runbook(&place, steps);
        place.expect(1, &["exec", "main"]).says(&["work has 1 changes that are in no commit: [\"M page\"]"]);
    }
    git(&place, "work", &["checkout", "--quiet", "page"]);
    assert_eq!(state(&place), before);
    git(&place, "work", &["checkout", "--quiet", "--detach"]);
    runbook(&place, r#"git::reset("work", "v1");"#);
    place.expect(1, &["exec", "main"]).says(&["has no branch checked out"]);
}

#[test]
fn a_rollback_does_not_take_away_what_somebody_pushed_since() {
    let place = place();
    runbook(&place, r#"git::push("work", "origin", "v1", "release");"#);
    place.expect(0, &["exec", "main"]);
    let run = place.newest_run();
    git(&place, "work", &["push", "--quiet", "origin", "main:release"]);
    place.expect(7, &["rollback", &run]).says(&["stale info"]);
    assert_eq!(git(&place, "origin", &["log", "-1", "--format=%s", "release"]), "second");
}

#[test]
fn a_clone_arrives_whole_and_goes_whole() {
    let place = place();
    // What a clone that was killed half-way has left is not in the way of the next one.
    place.write("copies/app.part/half", "");
    runbook(&place, r#"git::clone("origin", "copies/app"); git::checkout("copies/app", "v1");"#);
    git(&place, "work", &["push", "--quiet", "origin", "v1"]);
    place.expect(0, &["exec", "main"]);
    assert_eq!(place.read("copies/app/page"), "first");
    assert!(!place.path("copies/app.part").exists());
    place.expect(6, &["rollback", &place.newest_run()]);
    assert!(!place.path("copies/app").exists());
    runbook(&place, r#"git::clone("nowhere", "copies/app");"#);
    place.expect(1, &["exec", "main"]).says(&["repository 'nowhere' does not exist"]);
    assert!(!place.path("copies/app").exists());
}

#[test]
fn a_reset_that_is_taken_back_moves_no_branch_of_somebody_else() {
    // Another branch was checked out since, or there is another commit on ours.
    for since in ["other", "main"] {
        let place = place();
        git(&place, "work", &["branch", "other", "v1"]);
        runbook(&place, r#"git::reset("work", "v1");"#);
        place.expect(0, &["exec", "main"]);
        git(&place, "work", &["checkout", "--quiet", since]);
        if since == "main" {
            commit(&place, "work", "theirs");
        }
        let before = state(&place);
        let ran = place.run(&["rollback", &place.newest_run()]);
        ran.says(&["somebody worked there since"]);
        assert!(ran.code != Some(6), "{ran}");
        assert_eq!(state(&place), before);
    }
}

#[test]
fn a_checkout_that_is_taken_back_leaves_alone_what_somebody_checked_out_since() {
    // A later release on a commit of its own, a branch, and a commit without one.
    for since in ["v2", "other", "theirs"] {
        let place = place();
        git(&place, "work", &["tag", "v2"]);
        git(&place, "work", &["branch", "other", "v1"]);
        runbook(&place, r#"git::checkout("work", "v1");"#);
        place.expect(0, &["exec", "main"]);
        if since == "theirs" {
            commit(&place, "work", "theirs");
        } else {
            git(&place, "work", &["checkout", "--quiet", since]);
        }
        let before = state(&place);
        place.expect(7, &["rollback", &place.newest_run()]).says(&["somebody checked that out since"]);
        assert_eq!(state(&place), before);
        // Theirs is taken back by hand, once to what this run has left and once to what was there before.
        let by_hand = if since == "v2" { "main" } else { "v1" };
        git(&place, "work", &["checkout", "--quiet", by_hand]);
        place.expect(6, &["rollback", &place.newest_run()]);
        assert_eq!(git(&place, "work", &["symbolic-ref", "--short", "HEAD"]), "main");
    }
}

#[test]
fn a_tag_that_somebody_moved_since_is_not_removed() {
    for message in ["", "the second"] {
        let place = place();
        runbook(&place, &format!("git::tag(\"work\", \"v2\", \"main\", \"{message}\");"));
        place.expect(0, &["exec", "main"]);
        git(&place, "work", &["tag", "--force", "v2", "v1"]);
        let before = state(&place);
        place.expect(7, &["rollback", &place.newest_run()]).says(&["somebody moved or removed it since"]);
        assert_eq!(state(&place), before);
    }
}

#[test]
fn a_long_history_is_read_whole() {
    let place = place();
    let many = "seq 1150 | sed 's/.*/commit refs\\/heads\\/main\\ncommitter A <a@b> & +0000\\ndata 100\\n\
                0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789/; \
                1s/$/\\nfrom refs\\/heads\\/main^0/' | git -C work fast-import --quiet";
    let made = Command::new("sh").args(["-c", many]).current_dir(place.path("")).output().expect("sh");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    runbook(
        &place,
        r#"check("the newest thousand", || { let all = git::log("work", "v1", "main"); [all.len(), all[0].commit == git::head("work"), all[999].subject.len()] }, #{ expect: [1000, true, 100] });
        check("all", || git::log("work", "v1", "main~1100").len(), #{ expect: 51 });"#,
    );
    place.expect(0, &["exec", "main"]);
}
