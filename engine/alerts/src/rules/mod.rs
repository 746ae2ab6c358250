//! The alerts of a rule file, whatever it is wrapped in: a rule file of Prometheus, Thanos, Mimir or Loki, a `PrometheusRule`, a
//! `VMRule`, a `List`, a `ConfigMap`, provisioning of Grafana; YAML or JSON.

mod allowed;
mod file;
mod find;

#[cfg(test)]
mod tests;

pub use file::{File, Rule, Said};
pub use find::{MOST, read};
