# Completions of `runbook` for fish: runbook completions fish | source
function __runbook_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l answer (command $words[1] complete fish "--word=$current" -- $words[2..-1] 2>/dev/null)
    switch "$answer[1]"
        case files
            __fish_complete_path $current
        case directories
            __fish_complete_directories $current ''
        case words beginnings
            for line in $answer[2..-1]
                echo -- $line
            end
    end
end
complete -c runbook -k -f -a '(__runbook_complete)'
