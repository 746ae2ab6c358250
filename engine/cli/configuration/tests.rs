//! The layers, on real files.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::json;
use tempfile::TempDir;

use super::*;
use crate::failure::Failure;
use crate::globals::Globals;
use crate::output::style::Palette;

const COMMON: &str = r#"
runbooks = ["runbooks", "more"]
pass_env = ["KUBECONFIG"]

[settings]
api = "http://127.0.0.1:1"
limits = { errors = 0.01, hosts = 3 }

[env.production]
protected = true
settings = { api = "http://10.0.0.1", limits = { hosts = 30 } }
"#;

fn home(toml: &str) -> (TempDir, Surroundings) {
    let dir = TempDir::new().unwrap();
    fs::create_dir_all(dir.path().join("repo/deep/er")).unwrap();
    fs::write(dir.path().join("repo/runbook.toml"), toml).unwrap();
    let surroundings = Surroundings {
        cwd: dir.path().join("repo/deep/er"),
        uid: rustix::process::getuid().as_raw(),
        variables: BTreeMap::from([("HOME".into(), dir.path().join("home").into())]),
    };
    (dir, surroundings)
}

fn user(dir: &Path, toml: &str) {
    fs::create_dir_all(dir.join("home/.config/runbook")).unwrap();
    fs::write(dir.join("home/.config/runbook/config.toml"), toml).unwrap();
}

fn shown(failure: &Failure) -> String {
    failure.rendered(Palette::plain())
}

#[test]
fn is_found_upwards_and_its_paths_start_there() {
    let (dir, surroundings) = home(COMMON);
    let configuration = Configuration::load(&surroundings, &Globals::default()).unwrap();
    let root = dir.path().join("repo");
    assert_eq!(configuration.root, Sourced::new(root.clone(), Origin::Directory));
    assert_eq!(configuration.state_dir, Sourced::new(root.join(".runbook"), Origin::BuiltIn));
    assert_eq!(configuration.runbooks.value, [root.join("runbooks"), root.join("more")]);
    assert_eq!(configuration.runbooks.origin, Origin::File { path: root.join("runbook.toml"), line: 2 });
}

#[test]
fn later_wins_and_remembers_where_it_came_from() {
    let (dir, mut surroundings) = home("state_dir = \"here\"");
    let load = |surroundings: &Surroundings, globals: &Globals| Configuration::load(surroundings, globals).unwrap().state_dir;
    let globals = Globals::default();
    let file = Origin::File { path: dir.path().join("repo/runbook.toml"), line: 1 };
    assert_eq!(load(&surroundings, &globals), Sourced::new(dir.path().join("repo/here"), file));
    user(dir.path(), "# mine\nstate_dir = \"/var/lib/mine\"");
    let file = Origin::File { path: dir.path().join("home/.config/runbook/config.toml"), line: 2 };
    assert_eq!(load(&surroundings, &globals), Sourced::new("/var/lib/mine".into(), file));
    surroundings.variables.insert("RUNBOOK_STATE_DIR".into(), "by-variable".into());
    let variable = Origin::Variable("RUNBOOK_STATE_DIR");
    assert_eq!(load(&surroundings, &globals), Sourced::new(surroundings.cwd.join("by-variable"), variable));
    let globals = Globals { state_dir: Some("/by/flag".into()), ..Globals::default() };
    assert_eq!(load(&surroundings, &globals), Sourced::new("/by/flag".into(), Origin::Flag("--state-dir")));
}

#[test]
fn an_environment_is_laid_over_the_common_settings() {
    let (_dir, surroundings) = home(COMMON);
    let configuration = Configuration::load(&surroundings, &Globals::default()).unwrap();
    let (name, production) = configuration.environment(Some("production")).unwrap();
    assert_eq!((name.as_deref(), production.is_protected()), (Some("production"), true));
    assert_eq!(
        serde_json::Value::from(production.values()),
        json!({ "api": "http://10.0.0.1", "limits": { "errors": 0.01, "hosts": 30 } })
    );
    let (name, common) = configuration.environment(None).unwrap();
    assert_eq!((name, common.values()["api"].as_str()), (None, Some("http://127.0.0.1:1")));
    let failure = configuration.environment(Some("prodution")).unwrap_err();
    assert_eq!(
        shown(&failure),
        "error: there is no environment `prodution`\ndid you mean `--env production`?\nnext: runbook config\n"
    );
}

#[test]
fn every_mistake_is_shown_at_its_place() {
    let (_dir, surroundings) = home("state_dri = \"x\"\nrunbooks = \"runbooks\"\n\n[env.production]\nprotcted = true\n");
    let failure = Configuration::load(&surroundings, &Globals::default()).unwrap_err();
    let shown = shown(&failure);
    assert!(shown.contains("has 3 mistakes"), "{shown}");
    for part in
        ["runbook.toml:1:1", "did you mean `state_dir`?", "^^^^^^^^^", "a list of strings", "runbook.toml:5:1", "`protected`"]
    {
        assert!(shown.contains(part), "{part} in\n{shown}");
    }
}

#[test]
fn broken_toml_is_shown_at_its_place() {
    let (_dir, surroundings) = home("state_dir = \"x\n");
    let shown = shown(&Configuration::load(&surroundings, &Globals::default()).unwrap_err());
    assert!(shown.contains("runbook.toml:1:") && shown.contains('^'), "{shown}");
}

#[test]
fn without_any_file_the_working_directory_is_the_root() {
    let dir = TempDir::new().unwrap();
    let surroundings =
        Surroundings { cwd: dir.path().to_owned(), uid: rustix::process::getuid().as_raw(), variables: BTreeMap::new() };
    let configuration = Configuration::load(&surroundings, &Globals::default()).unwrap();
    assert_eq!((configuration.root.value, configuration.files.len()), (dir.path().to_owned(), 0));
}

#[test]
fn a_file_of_somebody_else_is_not_picked_up_by_chance() {
    let (dir, mut surroundings) = home(COMMON);
    let file = fs::File::open(dir.path().join("repo/runbook.toml")).unwrap();
    surroundings.uid = 77_777;
    if rustix::process::getuid().is_root() {
        rustix::fs::fchown(&file, Some(rustix::fs::Uid::from_raw(66_666)), None).unwrap();
    }
    let failure = Configuration::load(&surroundings, &Globals::default()).unwrap_err();
    assert!(shown(&failure).contains("belongs to another user"), "{}", shown(&failure));
    let globals = Globals { root: Some(dir.path().join("repo")), ..Globals::default() };
    assert!(Configuration::load(&surroundings, &globals).is_ok());
}

#[test]
fn numbers_are_read_as_toml_writes_them() {
    let (_dir, surroundings) =
        home("[settings]\nhex = 0xff\nthousand = 1_000\nhalf = 0.5\nwhen = 2026-01-02\nlist = [1, \"a\"]\n");
    let settings = Configuration::load(&surroundings, &Globals::default()).unwrap().environment(None).unwrap().1.values();
    let expected = json!({ "hex": 255, "thousand": 1000, "half": 0.5, "when": "2026-01-02", "list": [1, "a"] });
    assert_eq!(serde_json::Value::from(settings), expected);
    let (_dir, surroundings) = home("[settings]\nbad = inf\n");
    assert!(Configuration::load(&surroundings, &Globals::default()).is_err());
}

#[test]
fn an_environment_has_hosts_of_its_own_and_a_name_that_could_be_an_option_is_refused() {
    let (_dir, surroundings) = home(
        "[hosts]\nweb = [\"web-1\", \"web-2\"]\ndb = [\"db-1\"]\n\n[env.staging.hosts]\nweb = [\"staging\"]\n\n[ssh]\nconfig = \"ops/ssh\"\nreconnect = \"5s\"\n",
    );
    let configuration = Configuration::load(&surroundings, &Globals::default()).unwrap();
    let of = |env: Option<&str>| configuration.environment(env).unwrap().1.host_groups();
    assert_eq!(of(None)["web"], ["web-1", "web-2"]);
    assert_eq!((of(Some("staging"))["web"].as_slice(), of(Some("staging"))["db"].len()), (["staging".to_owned()].as_slice(), 1));
    assert_eq!(configuration.ssh_config.unwrap().value, configuration.root.value.join("ops/ssh"));
    let (_dir, surroundings) = home(
        "[hosts]\na = [\"-oProxyCommand=id\"]\nb = [\"x\", \"x\"]\nc = []\nd = [\"here\"]\n[ssh]\nreconnect = \"soon\"\nkonfig = \"x\"\n",
    );
    let shown = shown(&Configuration::load(&surroundings, &Globals::default()).unwrap_err());
    for part in ["has 6 mistakes", "`-oProxyCommand=id` is no name of a host", "`x` stands in `b` twice", "`c` has no hosts"] {
        assert!(shown.contains(part), "{part} in\n{shown}");
    }
}

#[test]
fn ones_own_file_asks_for_more_care_and_never_for_less() {
    let common = "[env.production]\nprotected = true\nrequire_rehearsal = \"1d\"\nrequire_real_rehearsal = \"2d\"\nconfirm = { by = [\"@oncall\"], quorum = 2 }\n\n[env.staging]\nprotected = false\nrequire_rehearsal = \"7d\"\n";
    let (dir, surroundings) = home(common);
    let rules =
        |env: &str| Configuration::load(&surroundings, &Globals::default()).unwrap().environment(Some(env)).unwrap().1.rules;
    let (production, staging) = (rules("production"), rules("staging"));
    user(
        dir.path(),
        "[env.production]\nprotected = false\nrequire_rehearsal = \"300d\"\nrequire_real_rehearsal = \"300d\"\nconfirm = true\n",
    );
    assert_eq!(rules("production"), production);
    assert_eq!(rules("staging"), staging);
    user(dir.path(), "[env.staging]\nprotected = true\nrequire_rehearsal = \"1h\"\nconfirm = true\n");
    let own = rules("staging");
    assert!(own.protected.is_some_and(|protected| protected.value) && own.confirm.is_some());
    assert_eq!(own.require_rehearsal.unwrap().value.to_string(), "1h");
    assert_eq!(rules("production"), production);
}

#[test]
fn a_file_that_leads_nowhere_is_a_mistake_and_not_none() {
    let (dir, surroundings) = home("");
    let file = dir.path().join("repo/runbook.toml");
    fs::remove_file(&file).unwrap();
    std::os::unix::fs::symlink("gone.toml", &file).unwrap();
    let named = Globals { root: Some(dir.path().join("repo")), ..Globals::default() };
    for globals in [Globals::default(), named] {
        let failure = Configuration::load(&surroundings, &globals).unwrap_err();
        assert!(shown(&failure).contains("runbook.toml"), "{}", shown(&failure));
    }
}
