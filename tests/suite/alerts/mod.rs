//! From rule files to runbooks: `runbook alerts check`, `runbook alerts link`, `runbook link`, `runbook open`.

mod adding;
mod checking;
mod fired;
mod formats;
mod hostile;
mod odd;
mod opening;
mod promql;
mod promtool;
mod rehearsed;

use crate::support::Place;

const RUNBOOK: &str = r#"
let p = runbook(#{
    title: "Roll a service back",
    owner: "payments",
    serves: ["ApiDown", #{ alert: "ApiSlow", labels: #{ team: "pay" } }],
    params: #{
        service: #{ pattern: "[a-z0-9-]{1,63}", from_label: "svc" },
        to: #{ fallback: "" },
    },
});
command("effect", #{ run: ["sh", "-c", "echo ran >> ledger"], rollback: "nothing" });
check("used", || p.service != p.to);
"#;

/// A place with one runbook that serves two alerts.
fn place() -> Place {
    let place = Place::new();
    place.runbook("rollback-api", RUNBOOK);
    place
}

/// A rule file of one alert, with its annotations.
fn rule(alert: &str, annotations: &str) -> String {
    format!("groups:\n- name: g\n  rules:\n  - alert: {alert}\n    expr: sum by (svc) (x) > 1\n    annotations: {annotations}\n")
}
