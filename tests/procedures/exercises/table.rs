//! Which runbook goes through which exercises.

use std::collections::BTreeSet;
use std::path::Path;

use super::exercise::Exercise::{self, EachChangeFailed, RolledBack};
use super::exercise::Row;
use crate::{backup_postgres, cache, changing_data, failover_postgres, onboarding, postgres_add_index, secret, web};

/// One test for each, so that they go on beside each other.
macro_rules! table {
    ($($name:ident => $row:expr;)*) => {
        $(
            #[test]
            fn $name() {
                let row: Row = $row;
                row.exercise();
            }
        )*

        fn rows() -> Vec<Row> {
            vec![$($row),*]
        }
    };
}

/// A row without exceptions.
const fn row(runbook: &'static str, stage: fn() -> Box<dyn super::Exercised>) -> Row {
    Row { runbook, stage, rehearsal: 0, excused: &[], passed_over: &[], blocked: &[] }
}

const NO_WAY_BACK: &[(Exercise, &str)] =
    &[(RolledBack, "what was removed does not come back: the runbook says so before it asks")];

table! {
    backfill => row("backfill", changing_data::backfill);
    backup_postgres => row("backup-postgres", backup_postgres::backup);
    blue_green_switch => row("blue-green-switch", web::blue_green_switch::exercised);
    canary_release => row("canary-release", web::canary_release::exercised);
    certificate_renewal => row("certificate-renewal", web::certificate_renewal::exercised);
    deploy_service => row("deploy-service", web::deploy_service::exercised);
    failover_postgres => Row {
        excused: &[(RolledBack, "a promotion is for good: the rollback refuses at the fence, which a test of its own proves")],
        ..row("failover-postgres", failover_postgres::exercised)
    };
    flag_kill_switch => Row { passed_over: &["tell people"], ..row("flag-kill-switch", web::flag_kill_switch::exercised) };
    go_live => Row { rehearsal: 3, ..row("go-live", web::go_live::exercised) };
    health_sweep => Row {
        excused: &[(EachChangeFailed, "it changes nothing"), (RolledBack, "it changes nothing")],
        ..row("health-sweep", web::health_sweep::exercised)
    };
    incident_response => Row {
        passed_over: &["call level 1", "tell who leads", "tell people that it is over"],
        ..row("incident-response", web::incident_response::exercised)
    };
    migrate_schema => row("migrate-schema", changing_data::migrate_schema);
    postgres_add_index => row("postgres-add-index", postgres_add_index::exercised);
    postgres_slow_queries => Row {
        excused: &[(RolledBack, "a connection that was ended was ended; the report can be taken back, and a test of its own does")],
        ..row("postgres-slow-queries", changing_data::slow_queries)
    };
    redis_flush_namespace => Row { excused: NO_WAY_BACK, ..row("redis-flush-namespace", cache::exercised) };
    restore_drill_postgres => Row { blocked: &["write the report"], ..row("restore-drill-postgres", backup_postgres::drill) };
    rollback_api => row("rollback-api", web::rollback_api::exercised);
    rotate_secret => Row {
        blocked: &["give web the new value", "give worker the new value", "keep the old value as the former one"],
        ..row("rotate-secret", secret::exercised)
    };
    tenant_onboarding => row("tenant-onboarding", onboarding::exercised);
}

/// Runbooks that are exercised by another program of tests, which has to name them: what they drive takes a machine of its own.
const ELSEWHERE: [(&str, &str); 2] = [("kubernetes-rollback", "tests/machines"), ("restart-service", "tests/machines")];

/// Whether a file below this directory of the repository has the text.
fn is_named(text: &str, directory: &Path) -> bool {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).any(|path| match path.is_dir() {
        true => is_named(text, &path),
        false => std::fs::read_to_string(path).unwrap_or_default().contains(text),
    })
}

#[test]
fn every_shipped_runbook_is_in_the_table_and_every_exception_has_a_reason() {
    let files = std::fs::read_dir(format!("{}/runbooks", env!("CARGO_MANIFEST_DIR"))).expect("the runbooks");
    let names = files.map(|file| file.expect("a file").file_name().to_string_lossy().into_owned());
    let mut shipped: BTreeSet<_> =
        names.filter_map(|name| Some(name.strip_suffix(".rhai")?.to_owned())).filter(|name| !name.ends_with(".test")).collect();
    for (runbook, directory) in ELSEWHERE {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join(directory);
        assert!(!shipped.remove(runbook) || is_named(runbook, &directory), "{runbook} is exercised nowhere");
    }
    let rows = rows();
    let listed: BTreeSet<_> = rows.iter().map(|row| row.runbook.to_owned()).collect();
    assert_eq!(listed, shipped);
    assert_eq!(rows.len(), shipped.len(), "one is listed twice");
    for (runbook, why) in rows.iter().flat_map(|row| row.excused.iter().map(|(_, why)| (row.runbook, why))) {
        assert!(why.len() > 10, "{runbook}: why not?");
    }
}
