//! The server: the few paths that `kubectl` asks for.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::cluster::Cluster;
use crate::service::{Asked, Service};

/// A cluster with one namespace, `shop`; it is gone with the value.
pub(crate) struct Api {
    service: Service,
    cluster: Arc<Mutex<Cluster>>,
}

impl Api {
    pub(crate) fn start() -> Self {
        let cluster = Arc::new(Mutex::new(Cluster::default()));
        let known = Arc::clone(&cluster);
        let service = Service::start(move |asked| {
            let mut cluster = known.lock().expect("a cluster");
            match answer(&mut cluster, asked) {
                Some(found) => (200, found.to_string()),
                None => (404, missing(&asked.path).to_string()),
            }
        });
        Self { service, cluster }
    }

    /// A deployment with these containers and their images.
    pub(crate) fn deploy(&self, name: &str, images: &[(&str, &str)], replicas: u64) {
        self.cluster.lock().expect("a cluster").add(name, images, replicas);
    }

    pub(crate) fn forget(&self, revision: &str) {
        self.cluster.lock().expect("a cluster").forget(revision);
    }

    /// `kubectl`, as words of a list in Rhai.
    pub(crate) fn kubectl(&self) -> String {
        format!(r#"["kubectl", "--server={}"]"#, self.service.url())
    }

    pub(crate) fn url(&self) -> String {
        self.service.url()
    }

    /// The images and the replicas of a deployment.
    pub(crate) fn state(&self, name: &str) -> String {
        let found = self.cluster.lock().expect("a cluster").deployment(name).expect("a deployment");
        let containers = found["spec"]["template"]["spec"]["containers"].as_array().cloned().unwrap_or_default();
        let images: Vec<_> = containers.iter().map(|one| one["image"].as_str().unwrap_or_default()).collect();
        format!("{} x{}", images.join(" "), found["spec"]["replicas"])
    }
}

fn answer(cluster: &mut Cluster, asked: &Asked) -> Option<Value> {
    let (path, query) = asked.path.split_once('?').unwrap_or((&asked.path, ""));
    let words: Vec<&str> = path.trim_matches('/').split('/').collect();
    let change = || serde_json::from_str::<Value>(&asked.body).expect("JSON");
    let kind =
        || asked.headers.iter().find(|(name, _)| name == "content-type").map(|(_, kind)| kind.as_str()).unwrap_or_default();
    match (asked.method.as_str(), &words[..]) {
        ("GET", ["api"]) => Some(json!({ "kind": "APIVersions", "versions": ["v1"] })),
        ("GET", ["apis"]) => Some(groups()),
        ("GET", ["api", "v1"]) => Some(resources("v1", &[("events", "Event", "ev")])),
        ("GET", ["apis", "apps", "v1"]) => Some(resources(
            "apps/v1",
            &[("deployments", "Deployment", "deploy"), ("deployments/scale", "Scale", ""), ("replicasets", "ReplicaSet", "rs")],
        )),
        ("GET", ["apis", "apps", "v1", "namespaces", "shop", "deployments"]) => {
            Some(list("apps/v1", "Deployment", cluster.deployments().to_vec()))
        }
        ("GET", ["apis", "apps", "v1", "namespaces", "shop", "deployments", name]) => cluster.deployment(name),
        ("PATCH", ["apis", "apps", "v1", "namespaces", "shop", "deployments", name]) => cluster.patch(name, kind(), &change()),
        ("PATCH", ["apis", "apps", "v1", "namespaces", "shop", "deployments", name, "scale"]) => {
            let found = cluster.patch(name, kind(), &change())?;
            Some(
                json!({ "apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": { "name": name, "namespace": "shop" }, "spec": { "replicas": found["spec"]["replicas"] } }),
            )
        }
        ("GET", ["apis", "apps", "v1", "namespaces", "shop", "replicasets"]) => {
            let selector = field(query, "labelSelector").replace("%3D", "=");
            Some(list("apps/v1", "ReplicaSet", cluster.sets(&selector)))
        }
        ("GET", ["api", "v1", "namespaces", "shop", "events"]) => {
            Some(list("v1", "Event", events(&field(query, "fieldSelector"))))
        }
        _ => None,
    }
}

fn field(query: &str, name: &str) -> String {
    let found = query.split('&').find_map(|pair| pair.split_once('=').filter(|(key, _)| *key == name));
    found.map(|(_, value)| value.to_owned()).unwrap_or_default()
}

/// Three about the deployment `web`, in no order.
fn events(selector: &str) -> Vec<Value> {
    if selector != "involvedObject.kind%3DDeployment%2CinvolvedObject.name%3Dweb" {
        return Vec::new();
    }
    let event = |kind: &str, reason: &str, message: &str, minute: u32| {
        json!({ "apiVersion": "v1", "kind": "Event", "metadata": { "name": format!("web.{minute}"), "namespace": "shop" }, "type": kind, "reason": reason, "message": message,
            "count": minute, "lastTimestamp": format!("2026-11-21T03:{minute:02}:00Z"), "involvedObject": { "kind": "Deployment", "name": "web" } })
    };
    // As the scheduler writes them: a series of its own, and no time where the others have it.
    let mut newer = event("Normal", "Late", "In a series", 0);
    newer["lastTimestamp"] = Value::Null;
    newer["eventTime"] = json!("2026-11-21T03:02:00.123456Z");
    newer["series"] = json!({ "count": 4, "lastObservedTime": "2026-11-21T03:09:00.123456Z" });
    newer.as_object_mut().expect("an object").remove("count");
    vec![
        newer,
        event("Warning", "FailedCreate", "the quota is used up", 12),
        event("Normal", "ScalingReplicaSet", "Scaled up", 7),
    ]
}

fn groups() -> Value {
    let version = json!({ "groupVersion": "apps/v1", "version": "v1" });
    json!({ "kind": "APIGroupList", "apiVersion": "v1", "groups": [{ "name": "apps", "versions": [version], "preferredVersion": version }] })
}

fn resources(version: &str, all: &[(&str, &str, &str)]) -> Value {
    let all: Vec<_> = all
        .iter()
        .map(|(name, kind, short)| {
            let mut one = json!({ "name": name, "singularName": kind.to_lowercase(), "namespaced": true, "kind": kind, "verbs": ["get", "list", "patch", "update"], "shortNames": [short] });
            if *kind == "Scale" {
                one["group"] = json!("autoscaling");
                one["version"] = json!("v1");
            }
            one
        })
        .collect();
    json!({ "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": version, "resources": all })
}

fn list(version: &str, kind: &str, items: Vec<Value>) -> Value {
    json!({ "apiVersion": version, "kind": format!("{kind}List"), "metadata": { "resourceVersion": "1" }, "items": items })
}

fn missing(path: &str) -> Value {
    let name = path.rsplit('/').next().unwrap_or_default();
    json!({ "kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "NotFound", "code": 404, "message": format!("\"{name}\" not found") })
}
