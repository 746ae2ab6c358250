//! The alerts of a rule file, whatever it is wrapped in: a rule file of Prometheus, Thanos, Mimir or Loki, what their rulers and their
//! interfaces give back, a `PrometheusRule`, a `VMRule`, a `List`, a `ConfigMap`, values of a chart, the output of Jsonnet, provisioning
//! and exports of Grafana; YAML or JSON.

mod allowed;
mod embedded;
mod file;
mod foreign;
mod rule;
mod search;

#[cfg(test)]
mod tests;

pub use file::{File, Rule, Said};
pub use search::{MOST, read};
