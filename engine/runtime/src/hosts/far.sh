# The far half: what runs on a host, in its /bin/sh, for one command of a run.
#
# It is handed over as one argument in single quotes, so that any login shell passes it on unread: no single quote, no
# exclamation mark and no two backslashes in a row may stand in here, comments have a line of their own, and each line
# ends where a blank may follow. What is secret or came from a script arrives on standard input and never in an argument.
#
# Standard input: `VERB NONCE RUN KEY A B C REST`, and for `run` a fragment of shell that sets the arguments, exports
# variables and changes the directory, a line with the nonce, and the input of the command. Both outputs carry lines that
# begin with \001RB and the nonce, and between them what the command prints.
#
# Everything about an attempt lies in the private directory $rb_d. Whoever makes that directory decides what becomes of
# the attempt: `run` makes it to start the command, `ask` and `stop` to make certain that it is never started any more.
rb_say() { printf "\001RB%s %s\n" "$rb_n" "$*"; };
rb_l=${IFS#??};
IFS=" " read -r rb_verb rb_n rb_r rb_k rb_1 rb_2 rb_3 rb_4;
if [ -d "$HOME" ] && [ -w "$HOME" ]; then
rb_b=$HOME/.cache/runbook;
[ -d "$rb_b" ] || { mkdir -p "$HOME/.cache"; mkdir -m 700 "$rb_b"; } 2>/dev/null;
else
rb_b=/tmp/runbook-$(id -u);
[ -d "$rb_b" ] || mkdir -m 700 "$rb_b" 2>/dev/null;
fi;
rb_d=$rb_b/$rb_r/$rb_k;
rb_place() {
{ [ -O "$rb_b" ] && if [ -L "$rb_b" ]; then false; fi; } || return 1;
[ -d "$rb_b/$rb_r" ] || mkdir "$rb_b/$rb_r" 2>/dev/null || [ -d "$rb_b/$rb_r" ];
};
# Makes certain that nothing is started any more; true when nothing was.
rb_claim() {
if rb_place && mkdir "$rb_d" 2>/dev/null; then : >"$rb_d/void"; fi;
[ -e "$rb_d/void" ];
};
rb_nap() { sleep "$1" 2>/dev/null || sleep 1; };
# The file of a program into rb_f; nothing when there is none.
rb_find() {
rb_f=;
case $1 in
*/*) if [ -f "$1" ] && [ -x "$1" ]; then rb_f=$1; fi; return;;
esac;
rb_w=$PATH:;
while [ -n "$rb_w" ]; do
rb_e=${rb_w%%:*};
rb_w=${rb_w#*:};
if [ -n "$rb_e" ] && [ -f "$rb_e/$1" ] && [ -x "$rb_e/$1" ]; then rb_f=$rb_e/$1; return; fi;
done;
};
# Takes a stream to the near half and into a file. The near half may go, and the file is bounded (131072 blocks of 512
# bytes); the command must not notice either, so what fails is left out and the rest goes on.
rb_relay() {
trap "" PIPE XFSZ;
ulimit -f 131072;
tee "$rb_d/$1" 2>/dev/null || cat >/dev/null;
{ : >"$rb_d/$1.done"; } 2>/dev/null;
};
rb_refuse() { printf "%s\n" "$1" >"$rb_d/refused"; exit 127; };
# Runs the command. Its session is its own, so that what belongs to it can be found and stopped; which one that is, its
# first process writes down itself before it becomes the command (`self` is the subshell there, which `$$` is not).
rb_run() {
{ (
eval "$rb_t" || rb_refuse shell;
rb_find "$1";
[ -n "$rb_f" ] || rb_refuse "program $PATH";
shift;
export RUNBOOK_ATTEMPT="$rb_r/$rb_k";
IFS= read -r rb_w </proc/self/stat && printf "%s\n" "$rb_w" >"$rb_d/begun" || rb_refuse shell;
exec "$rb_setsid" "$rb_f" "$@" <&9 2>&4 4>&- 5<&- 9<&-
); } 4>&2 2>/dev/null;
rb_s=$?;
if [ -e "$rb_d/begun" ]; then rb_z="ended $rb_s";
else rb_z="refused shell";
if [ -f "$rb_d/refused" ]; then IFS= read -r rb_z <"$rb_d/refused"; rb_z="refused $rb_z"; fi;
fi;
printf "%s\n.\n" "$rb_z" >"$rb_d/status";
rb_say "$rb_z";
rb_say "$rb_z" >&2;
exec >/dev/null 2>&1;
# Somebody whom the command left behind may hold its outputs. The near half hangs up when it has read the lines above.
while IFS= read -r rb_w <&5; do :; done;
[ "$rb_1" = 0 ] || rb_done 20 || { trap "" TERM; kill -TERM 0; : >"$rb_d/out.done"; : >"$rb_d/err.done"; };
set --;
for rb_w in $rb_4; do set -- "$@" "$rb_b/$rb_r/$rb_w"; done;
if [ "$rb_1" = 0 ]; then set -- "$@" "$rb_d"; fi;
[ $# -eq 0 ] || rm -rf "$@";
};
# Waits until both streams are in their files.
rb_done() {
rb_i=0;
until [ -e "$rb_d/out.done" ] && [ -e "$rb_d/err.done" ]; do
[ "$rb_i" -lt "$1" ] || return 1;
rb_i=$((rb_i + 1));
rb_nap 0.1;
done;
};
# How it ended into rb_z; nothing when that is not written yet.
rb_ended() {
rb_z=;
[ -e "$rb_d/status" ] || return 1;
{ IFS= read -r rb_z; IFS= read -r rb_w; } <"$rb_d/status";
[ "$rb_w" = "." ] || { rb_z=; return 1; };
};
# The first process into rb_p, if it was begun, and whether it lives.
rb_alive() {
rb_p=;
[ -e "$rb_d/begun" ] || return 1;
IFS= read -r rb_w <"$rb_d/begun" || return 1;
rb_p=${rb_w%% *};
{ IFS= read -r rb_v <"/proc/$rb_p/stat"; } 2>/dev/null || return 1;
set -- ${rb_w##*) };
rb_w=${20};
set -- ${rb_v##*) };
rb_sid=$4;
[ "$1" != Z ] && [ "${20}" = "$rb_w" ];
};
# Everybody in the session of the command, and everybody who left it but has its mark.
rb_members() {
for rb_w in /proc/[0-9]*/stat; do rb_member "$1" "$rb_w" "$rb_p"; done;
for rb_w in $(grep -lF "RUNBOOK_ATTEMPT=$rb_r/$rb_k" /proc/[0-9]*/environ 2>/dev/null); do
rb_member "$1" "${rb_w%environ}stat" "";
done;
};
rb_member() {
{ IFS= read -r rb_v <"$2"; } 2>/dev/null || return 0;
rb_what=$1;
rb_wanted=$3;
set -- ${rb_v##*) };
[ "$1" != Z ] && { [ -z "$rb_wanted" ] || [ "$4" = "$rb_wanted" ]; } || return 0;
rb_c=${rb_v#*\(};
rb_say "$rb_what" "${rb_v%% *}" "${rb_c%\)*}";
};
case $rb_verb in
run)
rb_t=;
rb_w=;
while IFS= read -r rb_w && [ "$rb_w" != "$rb_n" ]; do rb_t=$rb_t$rb_w$rb_l; done;
# The line was cut before all had come: nothing was begun, and nobody is there to hear it.
[ "$rb_w" = "$rb_n" ] || exit 1;
rb_place || { rb_say "refused place $rb_b"; exit; };
if [ "$rb_2" = "-" ]; then exec 9</dev/null;
else
rb_in=$rb_b/$rb_r/$rb_k.in;
head -c "$rb_2" >"$rb_in";
exec 9<"$rb_in";
[ "$(wc -c <"$rb_in")" -eq "$rb_2" ] || { rm -f "$rb_in"; exit 1; };
rm -f "$rb_in";
fi;
rb_find setsid;
rb_setsid=$rb_f;
[ -n "$rb_setsid" ] || { rb_say "refused setsid"; exit; };
if mkdir "$rb_d" 2>/dev/null; then :;
elif [ -d "$rb_d" ]; then rb_say again; exit;
else rb_say "refused place $rb_b"; exit;
fi;
rb_o=;
{ read -r rb_o </proc/sys/kernel/random/boot_id; } 2>/dev/null;
printf "%s %s\n" "$rb_n" "$rb_o" >"$rb_d/nonce" || { rb_say "refused place $rb_b"; exit; };
rb_say data;
rb_say data >&2;
# A look needs no keeping: when nobody hears it, it may end.
if [ "$rb_1" = 0 ]; then exec 5<&0; rb_run; exit; fi;
# What goes through the relays is in the files: what the command prints, and only behind it a line of ours.
exec 5<&0 6>&1 7>&2;
mkfifo "$rb_d/pipe" || { rb_say "refused place $rb_b"; exit; };
# A pipe with a name for one of the two: a pipeline within a pipeline leaves a shell between that keeps the outer pipe open.
# By `exec`, because a redirection that ends with a group keeps what it replaces open meanwhile.
{ exec <"$rb_d/pipe" >&7 5<&- 6>&- 7>&- 9<&-; rb_relay err; } &
{ exec 2>"$rb_d/pipe" 6>&- 7>&-; rb_run; } | { exec >&6 5<&- 6>&- 7>&- 9<&-; rb_relay out; };
wait;;
ask)
if [ "$rb_1" = 1 ]; then rb_claim; fi;
if [ -e "$rb_d/void" ]; then rb_say never; exit; fi;
[ -d "$rb_d" ] || { rb_say missing; exit; };
rb_say open;
rb_old=;
rb_boot=;
{ read -r rb_old rb_boot <"$rb_d/nonce"; } 2>/dev/null;
rb_o=;
{ read -r rb_o </proc/sys/kernel/random/boot_id; } 2>/dev/null;
rb_m=0;
rb_i=0;
until rb_ended; do
if [ "$rb_o" = "$rb_boot" ] && rb_alive; then rb_m=0; else rb_m=$((rb_m + 1)); fi;
[ "$rb_m" -lt 20 ] || break;
rb_i=$((rb_i + 1));
if [ $((rb_i % 20)) -eq 0 ]; then rb_say still "$rb_p"; fi;
rb_nap 0.2;
done;
if [ -n "$rb_z" ]; then
rb_done 30;
rb_say data "$rb_old";
rb_say data "$rb_old" >&2;
if [ -e "$rb_d/out" ]; then tail -c "+$rb_2" "$rb_d/out"; fi;
if [ -e "$rb_d/err" ]; then tail -c "+$rb_3" "$rb_d/err" >&2; fi;
rb_say "$rb_z";
rb_say "$rb_z" >&2;
elif [ "$rb_o" = "$rb_boot" ]; then rb_say "gone $rb_p";
else rb_say "rebooted $rb_p";
fi;;
stop)
if rb_claim; then rb_say never; exit; fi;
[ -d "$rb_d" ] || { rb_say missing; exit; };
rb_say open;
rb_i=0;
until rb_ended || { rb_alive && [ "$rb_sid" = "$rb_p" ]; } || [ "$rb_i" -ge 30 ]; do rb_i=$((rb_i + 1)); rb_nap 0.1; done;
if rb_ended; then rb_say over; exit; fi;
rb_alive || { rb_say unclear; exit; };
rb_members seen;
kill -TERM "-$rb_p" 2>/dev/null;
kill -CONT "-$rb_p" 2>/dev/null;
rb_i=0;
while kill -0 "-$rb_p" 2>/dev/null && [ "$rb_i" -lt "$rb_1" ]; do rb_i=$((rb_i + 1)); rb_nap 0.1; done;
if kill -0 "-$rb_p" 2>/dev/null; then
rb_members seen;
rb_say killed;
kill -KILL "-$rb_p" 2>/dev/null;
rb_i=0;
while kill -0 "-$rb_p" 2>/dev/null && [ "$rb_i" -lt 50 ]; do rb_i=$((rb_i + 1)); rb_nap 0.1; done;
fi;
rb_members survived;
rb_say stopped;;
forget)
set --;
for rb_w in $rb_1 $rb_2 $rb_3 $rb_4; do set -- "$@" "$rb_b/$rb_r/$rb_w"; done;
[ $# -eq 0 ] || rm -rf "$@";
rmdir "$rb_b/$rb_r" 2>/dev/null;
rb_say forgotten;;
esac
