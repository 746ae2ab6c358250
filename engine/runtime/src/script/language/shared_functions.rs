//! Functions that all engines share.

use rhai::{FuncRegistration, Module, RhaiNativeFunc, Shared, Variant};

use super::sandbox::make_packages;

/// Functions and properties that ask no stage anything: they are the same for every script, and made once in a process. To give
/// them to each engine anew would take longer than to read a short runbook.
#[derive(Debug)]
pub(in crate::script) struct SharedFunctions(Module);

impl SharedFunctions {
    /// What `taught` says, to be given to engines.
    pub(in crate::script) fn of(taught: impl FnOnce(&mut Self)) -> Shared<Module> {
        // Names are hashed with a seed, which is set there: before it is, a function would be filed where nobody looks for it.
        make_packages();
        let mut shared = Self(Module::new());
        taught(&mut shared);
        shared.0.into()
    }

    /// A function, or an operator.
    pub(in crate::script) fn function<A: 'static, const N: usize, const X: bool, R: Variant + Clone, const F: bool>(
        &mut self,
        name: &str,
        function: impl RhaiNativeFunc<A, N, X, R, F> + Send + Sync + 'static,
    ) {
        FuncRegistration::new(name).in_global_namespace().set_into_module(&mut self.0, function);
    }

    /// A property that can be read.
    pub(in crate::script) fn property<A: 'static, const X: bool, R: Variant + Clone, const F: bool>(
        &mut self,
        name: &str,
        function: impl RhaiNativeFunc<A, 1, X, R, F> + Send + Sync + 'static,
    ) {
        FuncRegistration::new_getter(name).set_into_module(&mut self.0, function);
    }

    /// What `x[…]` gives.
    pub(in crate::script) fn index<A: 'static, const X: bool, R: Variant + Clone, const F: bool>(
        &mut self,
        function: impl RhaiNativeFunc<A, 2, X, R, F> + Send + Sync + 'static,
    ) {
        FuncRegistration::new_index_getter().set_into_module(&mut self.0, function);
    }

    /// What people call a type.
    pub(in crate::script) fn named<T>(&mut self, name: &str) {
        self.0.set_custom_type::<T>(name);
    }
}
