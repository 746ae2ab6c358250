//! What comes in, as alerts. Each alert is judged by itself: what is common to a group vanishes as soon as two differ, and
//! means nothing at all when some were left out.

use jiff::Timestamp;
use serde::Deserialize;

use super::store::Alert;
use super::{Texts, fingerprint};

/// So many alerts in one message.
const MOST: usize = 10_000;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Group {
    #[serde(default)]
    version: String,
    #[serde(default)]
    group_key: String,
    #[serde(default)]
    truncated_alerts: u64,
    alerts: Vec<One>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct One {
    status: String,
    labels: Texts,
    #[serde(default)]
    annotations: Texts,
    #[serde(default)]
    starts_at: String,
    #[serde(default)]
    fingerprint: String,
}

/// Alertmanager's message, version 4.
pub(super) fn alertmanager(body: &[u8]) -> Result<Vec<Alert>, String> {
    let group: Group = serde_json::from_slice(body).map_err(|error| format!("this is no message of Alertmanager: {error}"))?;
    if group.version != "4" {
        return Err(format!("version 4 is wanted, this is {:?}", group.version));
    }
    alerts("alertmanager", group, true)
}

/// Grafana's message. It leaves out labels of its own, so its fingerprints are not those of what it sends.
pub(super) fn grafana(body: &[u8]) -> Result<Vec<Alert>, String> {
    alerts("grafana", serde_json::from_slice(body).map_err(|error| format!("this is no message of Grafana: {error}"))?, false)
}

fn alerts(source: &str, group: Group, is_exact: bool) -> Result<Vec<Alert>, String> {
    if group.alerts.len() > MOST {
        return Err(format!("at most {MOST} alerts are taken at a time"));
    }
    let one = |one: One| {
        let computed = fingerprint::of(&one.labels);
        if is_exact && one.fingerprint != computed {
            return Err(format!("the fingerprint {:?} is not that of its labels", one.fingerprint));
        }
        if !["firing", "resolved"].contains(&one.status.as_str()) {
            return Err(format!("an alert is firing or resolved, not {:?}", one.status));
        }
        Ok(Alert {
            source: source.to_owned(),
            fingerprint: computed,
            status: one.status,
            labels: one.labels,
            annotations: one.annotations,
            starts_at: one.starts_at,
            group: group.group_key.clone(),
            received: Timestamp::now(),
            truncated: group.truncated_alerts,
            occurred: None,
        })
    };
    group.alerts.into_iter().map(one).collect()
}

#[derive(Deserialize)]
struct Message {
    event: Event,
}

#[derive(Deserialize)]
struct Event {
    event_type: String,
    #[serde(default)]
    occurred_at: String,
    #[serde(default)]
    data: Incident,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Incident {
    id: String,
    title: String,
    created_at: String,
    html_url: Option<String>,
    urgency: Option<String>,
    service: Option<Named>,
}

#[derive(Deserialize)]
struct Named {
    summary: Option<String>,
}

/// PagerDuty's message, version 3: an incident as an alert whose name is its title.
pub(super) fn pagerduty(body: &[u8]) -> Result<Vec<Alert>, String> {
    let message: Message = serde_json::from_slice(body).map_err(|error| format!("this is no message of PagerDuty: {error}"))?;
    let status = match message.event.event_type.as_str() {
        "incident.resolved" => "resolved",
        "incident.triggered" | "incident.acknowledged" | "incident.reopened" | "incident.escalated" | "incident.reassigned" => {
            "firing"
        }
        // There are others, and each has to be acknowledged.
        _ => return Ok(Vec::new()),
    };
    let incident = message.event.data;
    if incident.id.is_empty() {
        return Err("the incident has no id".to_owned());
    }
    let mut labels: Texts = [("alertname".to_owned(), incident.title), ("incident".to_owned(), incident.id.clone())].into();
    labels.extend(incident.urgency.map(|urgency| ("urgency".to_owned(), urgency)));
    labels.extend(incident.service.and_then(|service| service.summary).map(|service| ("service".to_owned(), service)));
    // Its title and urgency may change while it is open: it is the same incident.
    let fingerprint = fingerprint::of(&[("incident".to_owned(), incident.id.clone())].into());
    let annotations = incident.html_url.map(|url| ("incident".to_owned(), url)).into_iter().collect();
    Ok(vec![Alert {
        source: "pagerduty".to_owned(),
        fingerprint,
        status: status.to_owned(),
        labels,
        annotations,
        starts_at: incident.created_at,
        group: incident.id,
        received: Timestamp::now(),
        truncated: 0,
        occurred: message.event.occurred_at.parse().ok(),
    }])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(status: &str, inner: &str, truncated: u32, fingerprint: Option<&str>) -> Vec<u8> {
        let labels: Texts = [("alertname".to_owned(), "X".to_owned())].into();
        let fingerprint = fingerprint.map_or_else(|| fingerprint::of(&labels), str::to_owned);
        serde_json::json!({
            "version": "4", "groupKey": "{}:{a=\"b\"}", "status": status, "truncatedAlerts": truncated,
            "commonLabels": { "alertname": "Y", "service": "wrong" },
            "alerts": [{ "status": inner, "labels": labels, "annotations": {}, "startsAt": "2026-11-21T03:00:00Z", "fingerprint": fingerprint }],
        })
        .to_string()
        .into_bytes()
    }

    #[test]
    fn what_is_common_to_a_group_is_believed_of_none() {
        let alerts = alertmanager(&message("resolved", "firing", 2, None)).unwrap();
        assert!(alerts.len() == 1 && alerts[0].is_firing() && alerts[0].labels.len() == 1);
    }

    #[test]
    fn a_fingerprint_that_is_not_of_its_labels_and_other_nonsense_are_refused() {
        assert!(
            alertmanager(&message("firing", "firing", 0, Some("cbf29ce484222325")))
                .unwrap_err()
                .contains("not that of its labels")
        );
        assert!(grafana(&message("firing", "firing", 0, Some("other"))).is_ok());
        assert!(alertmanager(&message("firing", "odd", 0, None)).is_err());
        assert!(
            alertmanager(b"{\"version\":\"3\",\"alerts\":[]}").is_err()
                && alertmanager(b"\xff").is_err()
                && alertmanager(b"[]").is_err()
        );
    }

    #[test]
    fn an_incident_is_an_alert_and_other_events_are_nothing() {
        let event = |kind: &str| {
            format!(
                r#"{{"event":{{"event_type":"{kind}","data":{{"id":"Q1","title":"API down","service":{{"summary":"api"}}}}}}}}"#
            )
        };
        let alerts = pagerduty(event("incident.triggered").as_bytes()).unwrap();
        assert_eq!((alerts[0].name().as_str(), alerts[0].labels["service"].as_str()), ("API down", "api"));
        assert!(!pagerduty(event("incident.resolved").as_bytes()).unwrap()[0].is_firing());
        assert_eq!(pagerduty(event("service.updated").as_bytes()).unwrap(), []);
        let renamed = pagerduty(event("incident.escalated").replace("API down", "All of it is down").as_bytes()).unwrap();
        assert_eq!((&renamed[0].fingerprint, renamed[0].name().as_str()), (&alerts[0].fingerprint, "All of it is down"));
        let dated = r#""occurred_at":"2026-11-21T03:00:00Z","event_type""#;
        let dated = pagerduty(event("incident.reopened").replace("\"event_type\"", dated).as_bytes()).unwrap();
        assert!(dated[0].is_firing() && dated[0].occurred == "2026-11-21T03:00:00Z".parse().ok());
    }
}
