# Completions of `runbook` for PowerShell: runbook completions powershell | Out-String | Invoke-Expression
Register-ArgumentCompleter -Native -CommandName runbook -ScriptBlock {
    param($word, $ast, $position)
    $before = @($ast.CommandElements | Select-Object -Skip 1 | Where-Object { $_.Extent.EndOffset -lt $position } | ForEach-Object {
            if ($_ -is [System.Management.Automation.Language.StringConstantExpressionAst]) { $_.Value } else { $_.Extent.Text }
        })
    $program = $ast.CommandElements[0].Extent.Text
    $typed = $word -replace "^['""]|['""]$", ''
    $answer = @(& $program complete powershell "--word=$typed" '--' @before 2>$null)
    # Without an answer PowerShell completes files.
    $answer | Select-Object -Skip 1 | ForEach-Object {
        $value, $about = $_ -split "`t", 2
        if (-not $about) { $about = $value }
        [System.Management.Automation.CompletionResult]::new($value, $value, 'ParameterValue', $about)
    }
}
