#compdef runbook
# Completions of `runbook` for zsh: source <(runbook completions zsh), or as a file `_runbook` in a directory of `fpath`.
_runbook() {
    local kind line
    local -a before answer values shown extra
    (( CURRENT > 2 )) && before=("${(@Q)words[2,CURRENT-1]}")
    answer=("${(@f)$(${(Q)words[1]/#\~\//$HOME/} complete zsh --word="${(Q)PREFIX}" -- "${(@)before}" 2>/dev/null)}")
    kind=$answer[1]
    case $kind in
    files) _files; return ;;
    directories) _files -/; return ;;
    beginnings) extra=(-S '') ;;
    esac
    for line in "${(@)answer[2,-1]}"; do
        [[ -n $line ]] || continue
        values+=("${line%%$'\t'*}")
        shown+=("${${line/$'\t'/  }%%[[:space:]]#}")
    done
    (( $#values )) || return 1
    compadd -l -V runbook -d shown "${(@)extra}" -M 'm:{a-zA-Z}={A-Za-z}' -a values
}
if [[ ${funcstack[1]-} == _runbook ]]; then _runbook "$@"; else compdef _runbook runbook; fi
