# Completions of `runbook` for bash 4.4 or later: source <(runbook completions bash)
_runbook() {
    local IFS=$'\n' answer listing=()
    # Typed a second time, the key lists: only then may words carry what they are.
    if [[ $COMP_TYPE == 63 ]]; then listing=(--listing); fi
    mapfile -t answer < <("${1/#\~\//$HOME/}" complete bash --word="$2" --line="${COMP_LINE:0:COMP_POINT}" "${listing[@]}" 2>/dev/null)
    COMPREPLY=("${answer[@]:1}")
    case ${answer[0]-} in
    beginnings) compopt -o nospace ;;
    files) compopt -o default ;;
    directories) compopt -o dirnames ;;
    esac
}
complete -o nosort -F _runbook runbook
