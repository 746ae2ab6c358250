//! What the script room relies on in Rhai, tried against the pinned version. Every one of these was different in some
//! release; all of them must pass before the pin moves.

#![allow(deprecated, reason = "Rhai marks its volatile interface so; the version is pinned")]

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use rhai::module_resolvers::StaticModuleResolver;
use rhai::packages::{Package, StandardPackage};
use rhai::{
    AST, ASTNode, Array, Dynamic, Engine, EvalAltResult, Expr, FnPtr, Map, Module, NativeCallContext, NativeCallContextStore,
    Position, Scope, Stmt,
};

type Called = Result<Dynamic, Box<EvalAltResult>>;

fn engine() -> Engine {
    let mut engine = Engine::new_raw();
    engine.register_global_module(StandardPackage::new().as_shared_module());
    engine.set_optimization_level(rhai::OptimizationLevel::None);
    engine
}

/// Evaluates `main` with `lib` as a module of that name, both with functions and constants of the same names.
fn with_module(engine: &mut Engine, lib: &str, main: &str) -> Called {
    let mut ast = engine.compile(lib).expect("the module is Rhai");
    ast.set_source("lib");
    let module = Module::eval_ast_as_new(Scope::new(), &ast, engine)?;
    let mut resolver = StaticModuleResolver::new();
    resolver.insert("lib", module);
    engine.set_module_resolver(resolver);
    let mut ast = engine.compile(main).expect("the script is Rhai");
    ast.set_source("main");
    engine.eval_ast(&ast)
}

#[test]
fn a_closure_of_main_called_inside_a_module_uses_the_functions_of_main() {
    let result = with_module(
        &mut engine(),
        "fn who() { \"lib\" } fn run(f) { f.call() + who() }",
        "import \"lib\" as lib; fn who() { \"main\" } lib::run(|| who())",
    );
    assert_eq!(result.expect("it runs").into_string().as_deref(), Ok("mainlib"));
}

#[test]
fn a_closure_of_main_called_by_a_native_function_inside_a_module_uses_the_functions_of_main() {
    let mut engine = engine();
    engine.register_fn("native", |ctx: NativeCallContext, f: FnPtr| -> Called { f.call_within_context(&ctx, ()) });
    let result = with_module(
        &mut engine,
        "fn who() { \"lib\" } fn run(f) { native(f) + native(|| who()) }",
        "import \"lib\" as lib; fn who() { \"main\" } lib::run(|| who())",
    );
    assert_eq!(result.expect("it runs").into_string().as_deref(), Ok("mainlib"));
}

#[test]
fn a_stored_closure_is_called_after_its_script_has_failed() {
    let kept: Arc<Mutex<Vec<(FnPtr, NativeCallContextStore)>>> = Arc::default();
    let mut engine = engine();
    let keeping = Arc::clone(&kept);
    engine.register_fn("keep", move |ctx: NativeCallContext, mut f: FnPtr| {
        for captured in f.iter_curry_mut() {
            *captured = captured.flatten_clone();
        }
        keeping.lock().expect("no panic").push((f, ctx.store_data()));
    });
    let failed = engine.run("fn twice(n) { n * 2 } for n in [10, 50, 100] { keep(|| twice(n)); } throw \"enough\";");
    assert!(failed.is_err());
    let results: Vec<i64> = kept
        .lock()
        .expect("no panic")
        .iter()
        .rev()
        .map(|(f, context)| f.call_within_context(&context.create_context(&engine), ()).expect("the closure runs"))
        .collect();
    assert_eq!(results, [200, 100, 20], "each closure has the loop variable of its own turn");
}

#[test]
fn without_copies_closures_share_the_loop_variable() {
    let mut engine = engine();
    engine.register_fn("all", |ctx: NativeCallContext, list: Array| -> Result<Array, Box<EvalAltResult>> {
        list.into_iter().map(|f| f.cast::<FnPtr>().call_within_context(&ctx, ())).collect()
    });
    let results: Array = engine.eval("let list = []; for n in [1, 2] { list.push(|| n); } all(list)").expect("it runs");
    // If this begins to give 1 and 2, the copies in `closure.rs` are no longer needed.
    let numbers: Vec<_> = results.iter().map(|n| n.as_int().expect("a number")).collect();
    assert_eq!(numbers, [2, 2]);
}

#[test]
fn terminated_alone_can_be_caught_and_a_sticky_flag_cannot() {
    let stopped = Arc::new(AtomicBool::new(false));
    let terminated = || Box::new(EvalAltResult::ErrorTerminated(Dynamic::UNIT, Position::NONE));
    let build = |sticky: bool| {
        let mut engine = engine();
        let raising = Arc::clone(&stopped);
        engine.register_fn("step", move |_: i64| -> Called {
            raising.store(sticky, Ordering::SeqCst);
            Err(terminated())
        });
        let asking = Arc::clone(&stopped);
        engine.on_progress(move |_| asking.load(Ordering::SeqCst).then_some(Dynamic::UNIT));
        engine
    };
    let script = "try { [1].map(|x| step(x)); } catch { } 7";
    assert_eq!(build(false).eval::<i64>(script).ok(), Some(7), "`map` makes a catchable error of it");
    stopped.store(false, Ordering::SeqCst);
    assert!(build(true).eval::<i64>(script).is_err());
}

#[test]
fn switch_on_a_captured_variable_takes_its_branch() {
    let script = "let x = 2; let f = || switch x { 1 => 10, 2 => 20, _ => 0 }; x = 1; f.call() + switch x { 1 => 1, _ => 0 }";
    assert_eq!(engine().eval::<i64>(script).expect("it runs"), 11);
}

#[test]
fn operations_inside_native_callbacks_are_seen_by_on_progress() {
    for script in ["loop { }", "[1].map(|x| { loop { } });", "let n = 0; while n >= 0 { n += 1; }"] {
        let mut engine = engine();
        let operations = AtomicU64::new(0);
        engine.on_progress(move |_| (operations.fetch_add(1, Ordering::Relaxed) > 20_000).then_some(Dynamic::UNIT));
        assert!(engine.run(script).is_err(), "{script}");
    }
}

#[test]
fn recursion_and_bombs_are_stopped_by_limits() {
    let mut engine = engine();
    engine.set_max_call_levels(48).set_max_expr_depths(64, 48).set_max_string_size(1 << 20).set_max_array_size(10_000);
    let deep = format!("{}1{}", "(".repeat(100_000), ")".repeat(100_000));
    let scripts = [
        "fn f(n) { f(n + 1) } f(0)",
        "fn f(n) { [n].map(|x| f(x)) } f(0)",
        "let s = \"x\"; loop { s += s; }",
        "let a = [1]; loop { a += a; }",
        "\"x\".pad(4000000000, \"y\")",
        deep.as_str(),
    ];
    // The depth of the stack is the caller's business: the room runs scripts on 256 MiB.
    std::thread::Builder::new()
        .stack_size(256 << 20)
        .spawn({
            let scripts: Vec<_> = scripts.iter().map(ToString::to_string).collect();
            move || {
                for script in scripts {
                    assert!(engine.run(&script).is_err(), "{}", &script[..script.len().min(40)]);
                }
            }
        })
        .expect("a thread")
        .join()
        .expect("no panic");
}

#[test]
fn comparison_operators_can_be_overridden() {
    let mut engine = engine();
    engine.set_fast_operators(false);
    engine.register_fn("==", |_: i64, _: rhai::ImmutableString| -> Result<bool, Box<EvalAltResult>> { Err("unlike".into()) });
    let error = engine.run("let a = 5;\nif a == \"5\" { }").expect_err("unlike types");
    assert!(error.to_string().starts_with("Runtime error: unlike") && error.position() == Position::new(2, 6), "{error}");
    assert_eq!(engine.eval::<bool>("5 == 5 && \"a\" == \"a\" && 1 == 1.0").ok(), Some(true));
}

#[test]
fn the_position_of_a_call_is_known_to_the_function_and_its_file_is_not_always() {
    let mut engine = engine();
    engine.set_default_tag(Dynamic::from("tagged"));
    engine.register_fn("place", |ctx: NativeCallContext| {
        let tag = ctx.tag().map(ToString::to_string).unwrap_or_default();
        format!("{}:{:?}:{tag}", ctx.call_source().unwrap_or_default(), ctx.call_position())
    });
    let result =
        with_module(&mut engine, "fn run(f) { f.call() + \" \" + place() }", "import \"lib\" as lib;\nlib::run(||\n  place())");
    // The closure stands in `main`: `Spots::place` corrects this. If it becomes `main`, that is no longer needed.
    assert_eq!(result.expect("it runs").into_string().as_deref(), Ok("lib:3:3:tagged lib:1:30:tagged"));
}

#[test]
fn literal_maps_keep_the_positions_of_their_keys() {
    let ast: AST = engine().compile("f(#{\n  a: 1,\n  b: #{ c: 2 } });").expect("it is Rhai");
    let mut keys = Vec::new();
    ast.walk(&mut |path| {
        if let Some(ASTNode::Expr(Expr::Map(map, _))) = path.last() {
            keys.extend(map.0.iter().map(|(key, _)| (key.name.to_string(), key.pos.line(), key.pos.position())));
        }
        true
    });
    let at = |name: &str, line, column| (name.to_owned(), Some(line), Some(column));
    assert_eq!(keys, [at("a", 2, 3), at("b", 3, 3), at("c", 3, 9)]);
}

#[test]
fn a_debugger_sees_every_deciding_statement_before_it_runs() {
    let seen: Arc<Mutex<Vec<&str>>> = Arc::default();
    let mut engine = engine();
    let seeing = Arc::clone(&seen);
    engine.register_debugger(
        |_, debugger| debugger,
        move |_, _, node, _, _| {
            if let ASTNode::Stmt(statement) = node {
                seeing.lock().expect("no panic").push(match statement {
                    Stmt::If(..) => "if",
                    Stmt::Switch(..) => "switch",
                    Stmt::For(..) => "for",
                    _ => return Ok(rhai::debugger::DebuggerCommand::StepInto),
                });
            }
            Ok(rhai::debugger::DebuggerCommand::StepInto)
        },
    );
    engine
        .run("fn f(x) { if x { 1 } else { 2 } } let l = [1].map(|x| switch x { 1 => 2, _ => 3 }); for i in l { f(true); } let y = if true { 1 };")
        .expect("it runs");
    assert_eq!(*seen.lock().expect("no panic"), ["switch", "for", "if", "if"]);
}

/// With the feature `metadata`, Rhai refuses a comment with three slashes that stands before anything but a function.
#[test]
fn a_comment_may_stand_anywhere() {
    assert_eq!(engine().eval::<i64>("/// one\nlet a = 1;\n/** two */ a + 1").ok(), Some(2));
}

#[test]
fn maps_iterate_in_the_order_of_their_keys() {
    let keys: Array = engine().eval("#{ b: 1, a: 2, C: 3, _d: 4 }.keys()").expect("it runs");
    assert_eq!(keys.iter().map(ToString::to_string).collect::<Vec<_>>(), ["C", "_d", "a", "b"]);
    let map: Map = engine().eval("let m = #{}; m.z = 1; m.y = 2; m").expect("it runs");
    assert_eq!(map.keys().map(ToString::to_string).collect::<Vec<_>>(), ["y", "z"]);
}
