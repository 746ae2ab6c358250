//! `tenant-onboarding` on a platform that counts what it makes.

mod platform;
mod tenants;

pub(crate) use tenants::exercised;
