#!/bin/sh
# Control script of the demo service: start, stop, restart, status.
# Each of them may be repeated: it ends in the same state, and says so.
set -u

exe=@EXE@
address=@ADDRESS@

root=$(cd -- "$(dirname -- "$0")/.." && pwd -P) || exit 1
pid_file=$root/run/api.pid
log=$root/run/api.log

# The arguments of a process, or nothing when it has ended: a dead process that nobody has collected yet keeps its number,
# so that `kill -0` still succeeds on it, but it has no arguments any more.
arguments() {
    { tr '\0' ' ' <"/proc/$1/cmdline"; } 2>/dev/null
}

# Whether a process has ended. Not by its arguments: for a moment, a process that is just becoming another program has none.
ended() {
    case $({ sed -n 's/^State:[[:space:]]*//p' <"/proc/$1/status"; } 2>/dev/null) in
    '' | [ZX]*) return 0 ;;
    *) return 1 ;;
    esac
}

# Sets `pid` when the service runs. A number in a file proves nothing, because numbers are used again: the process must
# be our service, for this directory. So a stale file does no harm, and nobody here ever removes it: whoever did could
# remove the one that another start has just written.
running() {
    pid=
    { read -r pid <"$pid_file"; } 2>/dev/null || return 1
    case $pid in '' | *[!0-9]*) return 1 ;; esac
    case $(arguments "$pid") in
    *"demo-service --root $root --address $address "*) return 0 ;;
    *) return 1 ;;
    esac
}

start() {
    if running; then
        echo "already running as process $pid at http://$address"
        return 0
    fi
    cd -- "$root" || return 1
    # A session and an environment of its own: closing the terminal or stopping the runbook leaves the service alone, and
    # nothing of whoever started it (a token, the marker of a step) stays in it for as long as it runs.
    session=
    if command -v setsid >/dev/null 2>&1; then session=setsid; fi
    env -i PATH="$PATH" $session nohup "$exe" demo-service --root "$root" --address "$address" >>"$log" 2>&1 </dev/null &
    child=$!
    # The service writes its pid file once it listens.
    tries=0
    while ! running; do
        if ended "$child" && ! running; then
            echo "the service did not start: $(tail -n 1 -- "$log")" >&2
            return 1
        fi
        tries=$((tries + 1))
        if [ "$tries" -gt 200 ]; then
            echo "the service did not listen within 20 seconds; see $log" >&2
            return 1
        fi
        sleep 0.1
    done
    echo "started as process $pid at http://$address"
}

stop() {
    if ! running; then
        echo "not running"
        return 0
    fi
    stopped=$pid
    kill -TERM "$stopped" 2>/dev/null
    tries=0
    # Until it has ended, not until it has no arguments any more: those go first, and its port is still taken then.
    until ended "$stopped"; do
        tries=$((tries + 1))
        if [ "$tries" -eq 50 ]; then kill -KILL "$stopped" 2>/dev/null; fi
        if [ "$tries" -gt 100 ]; then
            echo "process $stopped does not end" >&2
            return 1
        fi
        sleep 0.1
    done
    echo "stopped process $stopped"
}

case ${1-} in
start) start ;;
stop) stop ;;
restart) stop && start ;;
status)
    if running; then
        echo "running as process $pid at http://$address"
    else
        echo "not running"
        exit 3
    fi
    ;;
*)
    echo "usage: $0 start|stop|restart|status" >&2
    exit 2
    ;;
esac
