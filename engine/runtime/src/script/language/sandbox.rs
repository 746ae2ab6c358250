//! The engine of Rhai with everything taken out that is not a function of its arguments, and with limits.

use std::sync::{LazyLock, Once};

use rhai::packages::{
    BasicArrayPackage, BasicBlobPackage, BasicMapPackage, BasicMathPackage, BitFieldPackage, CorePackage, LogicPackage,
    MoreStringPackage, Package,
};
use rhai::{Engine, Module, OptimizationLevel, Shared};

use super::vocabulary::MODULES;
use super::{bytes, json};

/// The functions of Rhai itself, as far as a script may have them, and behind them what takes the place of some. They are made
/// once in a process: to make them takes longer than to read a runbook.
static PACKAGES: LazyLock<[Shared<Module>; 10]> = LazyLock::new(|| {
    [
        CorePackage::new().as_shared_module(),
        BitFieldPackage::new().as_shared_module(),
        LogicPackage::new().as_shared_module(),
        BasicMathPackage::new().as_shared_module(),
        BasicArrayPackage::new().as_shared_module(),
        BasicBlobPackage::new().as_shared_module(),
        BasicMapPackage::new().as_shared_module(),
        MoreStringPackage::new().as_shared_module(),
        json::module().into(),
        bytes::module().into(),
    ]
});

/// Makes what all engines share.
pub(in crate::script) fn make_packages() {
    // Closures are named by a hash; a fixed seed gives them the same names in every process, so that a replay that
    // prints one prints the same. The seed also hashes the names of functions: every engine and every package of the process
    // has to be made here, because one made before the seed is set would not find its own functions afterwards.
    static SEED: Once = Once::new();
    SEED.call_once(|| {
        let fixed = rhai::config::hashing::set_hashing_seed(Some([0x72, 0x75, 0x6e, 0x62]));
        if fixed.is_err() {
            tracing::debug!("the hashing seed of Rhai was already set");
        }
    });
    LazyLock::force(&PACKAGES);
}

/// An engine that can parse, and compute, and nothing else.
pub(in crate::script) fn bare() -> Engine {
    make_packages();
    let mut engine = Engine::new_raw();
    for package in PACKAGES.iter() {
        engine.register_global_module(Shared::clone(package));
    }
    engine
        .set_max_call_levels(48)
        .set_max_expr_depths(64, 48)
        .set_max_string_size(4 * 1024 * 1024)
        .set_max_array_size(100_000)
        .set_max_map_size(20_000)
        .set_max_variables(2_000)
        .set_max_functions(1_000)
        .set_max_modules(200);
    engine
        .set_strict_variables(true)
        .set_fail_on_invalid_map_property(true)
        // Slower loops for comparison operators that can be overridden, and for errors that know their position.
        .set_fast_operators(false)
        .set_optimization_level(OptimizationLevel::None)
        .disable_symbol("eval")
        .disable_symbol("curry");
    engine
}

/// Tells an engine that only parses which modules there are.
pub(in crate::script) fn declare_modules(engine: &mut Engine) {
    for (name, _) in MODULES {
        engine.register_static_module(name, Module::new().into());
    }
}
