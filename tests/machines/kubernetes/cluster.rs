//! What a cluster knows of one namespace, and what its controller of deployments makes of a change.

use serde_json::{Value, json};

use super::patch;

const REVISION: &str = "deployment.kubernetes.io/revision";
/// The numbers that a replica set had before it was returned to.
const HISTORY: &str = "deployment.kubernetes.io/revision-history";

/// Deployments and their replica sets. An image with `broken` in its name never becomes available, one with `stuck` in it not within its deadline either;
/// one with `slow` in it does when the deployment was looked at some times.
#[derive(Default)]
pub(super) struct Cluster {
    deployments: Vec<Value>,
    sets: Vec<Value>,
    /// How often a slow rollout is looked at until it is complete.
    patience: u32,
    names: u32,
}

impl Cluster {
    pub(super) fn add(&mut self, name: &str, images: &[(&str, &str)], replicas: u64) {
        self.names += 1;
        let containers: Vec<_> = images.iter().map(|(name, image)| json!({ "name": name, "image": image })).collect();
        let labels = json!({ "app": name });
        self.deployments.push(json!({
            "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": { "name": name, "namespace": "shop", "uid": format!("uid-{}", self.names), "generation": 1, "annotations": {} },
            "spec": { "replicas": replicas, "selector": { "matchLabels": labels }, "progressDeadlineSeconds": 600,
                "template": { "metadata": { "labels": labels }, "spec": { "containers": containers } } },
            "status": {},
        }));
        self.settle(name);
    }

    pub(super) fn deployment(&mut self, name: &str) -> Option<Value> {
        let at = self.deployments.iter().position(|one| one["metadata"]["name"] == name)?;
        self.patience = self.patience.saturating_sub(1);
        let patience = self.patience;
        let one = &mut self.deployments[at];
        one["status"] = status(one, patience);
        Some(one.clone())
    }

    pub(super) fn deployments(&self) -> &[Value] {
        &self.deployments
    }

    /// The replica sets with these labels, `name=value`; all for "".
    pub(super) fn sets(&self, selector: &str) -> Vec<Value> {
        let wanted = |set: &&Value| match selector.split_once('=') {
            Some((name, value)) => set["metadata"]["labels"][name] == value,
            None => true,
        };
        self.sets.iter().filter(wanted).cloned().collect()
    }

    /// The cluster forgets a replica set, as it does with the oldest.
    pub(super) fn forget(&mut self, revision: &str) {
        self.sets.retain(|set| set["metadata"]["annotations"][REVISION] != revision);
    }

    pub(super) fn patch(&mut self, name: &str, kind: &str, change: &Value) -> Option<Value> {
        let one = self.deployments.iter_mut().find(|one| one["metadata"]["name"] == name)?;
        patch::apply(kind, one, change);
        prune(&mut one["spec"]["template"]);
        let generation = one["metadata"]["generation"].as_u64().expect("a number");
        one["metadata"]["generation"] = json!(generation + 1);
        self.settle(name);
        self.deployment(name)
    }

    /// The controller: a template has one replica set, which gets the next revision whenever it becomes the current one.
    fn settle(&mut self, name: &str) {
        let Some(deployment) = self.deployments.iter_mut().find(|one| one["metadata"]["name"] == name) else { return };
        let uid = deployment["metadata"]["uid"].clone();
        let number = |set: &Value| {
            set["metadata"]["annotations"][REVISION].as_str().and_then(|text| text.parse::<u64>().ok()).unwrap_or(0)
        };
        let ours = |set: &&mut Value| set["metadata"]["ownerReferences"][0]["uid"] == uid;
        let last = self.sets.iter_mut().filter(ours).map(|set| number(set)).max().unwrap_or(0);
        self.sets.iter_mut().filter(ours).for_each(|set| set["spec"]["replicas"] = json!(0));
        let template = &deployment["spec"]["template"];
        let plain = |set: &Value| {
            let mut template = set["spec"]["template"].clone();
            template["metadata"]["labels"].as_object_mut().map(|labels| labels.remove("pod-template-hash"));
            template
        };
        let at = self.sets.iter_mut().position(|set| ours(&&mut *set) && plain(set) == *template).unwrap_or_else(|| {
            self.names += 1;
            let hash = format!("{:x}", 0x9e37_79b9_u32.wrapping_mul(self.names));
            let mut labels = template["metadata"]["labels"].clone();
            labels["pod-template-hash"] = json!(hash);
            let mut template = template.clone();
            template["metadata"]["labels"] = labels.clone();
            self.sets.push(json!({
                "apiVersion": "apps/v1", "kind": "ReplicaSet",
                "metadata": { "name": format!("{name}-{hash}"), "namespace": "shop", "uid": format!("uid-{}", self.names), "labels": labels, "annotations": {},
                    "ownerReferences": [{ "apiVersion": "apps/v1", "kind": "Deployment", "name": name, "uid": uid, "controller": true }] },
                "spec": { "replicas": 0, "selector": { "matchLabels": labels }, "template": template },
                "status": {},
            }));
            self.patience = 4;
            self.sets.len() - 1
        });
        let set = &mut self.sets[at];
        if number(set) < last || last == 0 {
            let former = set["metadata"]["annotations"][REVISION].as_str().map(str::to_owned);
            if let Some(former) = former {
                let known = set["metadata"]["annotations"][HISTORY].as_str().map(|known| format!("{known},"));
                set["metadata"]["annotations"][HISTORY] = json!(known.unwrap_or_default() + &former);
            }
            set["metadata"]["annotations"][REVISION] = json!((last + 1).to_string());
        }
        set["spec"]["replicas"] = deployment["spec"]["replicas"].clone();
        deployment["metadata"]["annotations"][REVISION] = set["metadata"]["annotations"][REVISION].clone();
    }
}

/// What is null or an empty object is the same as nothing: typed clients send both, and a server keeps neither.
fn prune(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.values_mut().for_each(prune);
            fields.retain(|_, value| !value.is_null() && value.as_object().is_none_or(|fields| !fields.is_empty()));
        }
        Value::Array(items) => items.iter_mut().for_each(prune),
        _ => {}
    }
}

fn status(deployment: &Value, patience: u32) -> Value {
    let replicas = deployment["spec"]["replicas"].as_u64().expect("a number");
    let images = deployment["spec"]["template"]["spec"]["containers"].to_string();
    let stuck = images.contains("stuck");
    let available = if images.contains("broken") || stuck || (images.contains("slow") && patience > 0) { 0 } else { replicas };
    let (holds, reason) = if stuck { ("False", "ProgressDeadlineExceeded") } else { ("True", "NewReplicaSetAvailable") };
    let mut status = json!({
        "observedGeneration": deployment["metadata"]["generation"],
        "replicas": replicas, "updatedReplicas": replicas, "availableReplicas": available, "readyReplicas": available,
        "conditions": [{ "type": "Progressing", "status": holds, "reason": reason }],
    });
    // As Kubernetes does, what is 0 is left out.
    status.as_object_mut().expect("an object").retain(|_, value| value.as_u64() != Some(0));
    status
}
