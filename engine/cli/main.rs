//! The program `runbook`. Everything is in the library, so that tests can reach it.

fn main() -> std::process::ExitCode {
    runbook_cli::main()
}
