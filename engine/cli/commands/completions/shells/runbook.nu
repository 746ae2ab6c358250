# Completions of `runbook` for Nushell: runbook completions nushell | save -f runbook.nu, and `source runbook.nu` in config.nu
let runbook_completer_before = ($env.config.completions.external.completer? | default null)
$env.config.completions.external.enable = true
$env.config.completions.external.completer = {|spans|
    if ($spans | first | path basename) == "runbook" {
        let typed = ($spans | last)
        let before = ($spans | skip 1 | drop 1)
        let answer = (do { ^($spans | first) complete nushell $"--word=($typed)" "--" ...$before } | complete)
        if $answer.exit_code == 0 { $answer.stdout | from json } else { null }
    } else if $runbook_completer_before != null {
        do $runbook_completer_before $spans
    }
}
