# The far half: what runs on a host, in its /bin/sh, for one command of a run.
#
# It is handed over as one argument in single quotes, so that any login shell passes it on unread: no single quote, no
# exclamation mark but before a blank or `=`, and no two backslashes in a row may stand in here, comments have a line of
# their own, and each line ends where a blank may follow. What is secret or came from a script arrives on standard input
# and never in an argument.
#
# Standard input: `VERB NONCE RUN KEY A B C REST`, and for `run` a fragment of shell that sets the arguments, exports
# variables and changes the directory, a line with the nonce, and the input of the command. Both outputs carry lines that
# begin with \001RB and the nonce, and between them what the command prints.
#
# Everything about an attempt lies in the file $rb_d and, what the command printed, beside it ($rb_d.out, $rb_d.err).
# Whoever makes that file decides what becomes of the attempt: `run` makes it to start the command, `ask` and `stop` to
# make certain that it is never started any more. Its lines: `NONCE BOOT` or `void`; `relays PID PID`; `begun PID START` or
# `refused WHY`; `left PID NAME` for each one; `ended CODE`. A line without its end does not count.
#
# A command costs what it starts: this shell, two `tee`, `setsid`, the command. All else is done by what is built in.
rb_say() { printf "\001RB%s %s\n" "$rb_n" "$*"; };
rb_note() { { printf "%s\n" "$*" >>"$rb_d"; } 2>/dev/null; };
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
# A home may have come, or gone, since the command was begun.
if [ "$rb_verb" != run ] && [ "$rb_verb" != forget ] && [ ! -e "$rb_d" ]; then
for rb_w in "$HOME/.cache/runbook" "/tmp/runbook-$(id -u)"; do
if [ -O "$rb_w" ] && [ -e "$rb_w/$rb_r/$rb_k" ]; then rb_b=$rb_w; rb_d=$rb_b/$rb_r/$rb_k; fi;
done;
fi;
rb_place() {
{ [ -O "$rb_b" ] && if [ -L "$rb_b" ]; then false; fi; } || return 1;
[ -d "$rb_b/$rb_r" ] || mkdir "$rb_b/$rb_r" 2>/dev/null || [ -d "$rb_b/$rb_r" ];
};
# Makes the file of the attempt; false when there is one. By `true`, because the shell ends when `:` cannot open a file.
rb_make() {
set -C;
{ true >"$rb_d"; } 2>/dev/null;
rb_s=$?;
set +C;
return $rb_s;
};
# Makes certain that nothing is started any more; true when nothing was.
rb_claim() {
if rb_place && rb_make; then rb_note void; fi;
rb_read;
[ "$rb_old" = void ];
};
rb_read() { rb_lines 2>/dev/null <"$rb_d"; };
rb_lines() {
rb_old=;
rb_boot=;
rb_relays=;
rb_begun=;
rb_z=;
IFS=" " read -r rb_old rb_boot;
while IFS= read -r rb_w; do
case $rb_w in
"relays "*) rb_relays=${rb_w#* };;
"begun "*) rb_begun=${rb_w#* };;
"ended "*|"refused "*) rb_z=$rb_w;;
esac;
done;
};
# What is known of a process; false when there is none.
rb_stat() {
{ IFS= read -r rb_v <"/proc/$1/stat"; } 2>/dev/null || return 1;
rb_pid=${rb_v%% *};
rb_c=${rb_v#*\(};
rb_c=${rb_c%\)*};
set -- ${rb_v##*) };
rb_state=$1;
rb_up=$2;
rb_sid=$4;
rb_start=${20};
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
# Opens a pipe for reading as 8; `>/proc/self/fd/8` opens its other end. A here-document is read from one that has no
# name; where it is read from a file (bash before 5.1, ksh, zsh), which the shell does not survive when there is no room for
# one, a pipe is made that loses its name at once.
rb_pipe() {
case ${BASH_VERSION-}${KSH_VERSION-}${ZSH_VERSION-} in
""|5.[1-9]*)
eval "exec 8<<E$rb_l${rb_l}E$rb_l";
if [ -p /proc/self/fd/8 ]; then IFS= read -r rb_w <&8; return; fi;;
esac;
mkfifo "$rb_d.pipe" && exec 8<>"$rb_d.pipe" && rm -f "$rb_d.pipe";
};
# Becomes what takes the stream of 8 to the near half and into a file. The near half may go, and the file is bounded
# (131072 blocks of 512 bytes); the command must not notice either. `tee` leaves out what fails, and /dev/null never does.
rb_relay() {
exec </proc/self/fd/8 2>/dev/null 5<&- 6>&- 7>&- 8<&- 9<&-;
trap "" PIPE XFSZ;
ulimit -f 131072;
exec "$rb_tee" "$rb_d.$1" /dev/null;
};
# The number of the relay that was started last into rb_w. What it is called begins a word of its own for csh.
rb_last() { rb_w="! "; eval "rb_w=\$${rb_w% }"; };
rb_refuse() { rb_note "refused $1"; exit 127; };
# Runs the command. Its session is its own, so that what belongs to it can be found and stopped; which one that is, its
# first process writes down itself before it becomes the command (`self` is the subshell there, which `$$` is not).
rb_run() {
# The command may take the file away, with its directory or by itself: that it was begun is known all the same.
exec 3<"$rb_d";
{ (
rb_stat self || rb_refuse shell;
eval "$rb_t" || rb_refuse shell;
rb_find "$1";
[ -n "$rb_f" ] || rb_refuse "program $PATH";
shift;
export RUNBOOK_ATTEMPT="$rb_r/$rb_k";
rb_note "begun $rb_pid $rb_start" || rb_refuse shell;
exec "$rb_setsid" "$rb_f" "$@" <&9 2>&4 3<&- 4>&- 5<&- 9<&-
); } 4>&2 2>/dev/null;
rb_s=$?;
rb_lines <&3;
exec 3<&-;
if [ -n "$rb_begun" ]; then
rb_p=${rb_begun%% *};
rb_left;
rb_z="ended $rb_s";
rb_note "$rb_z";
else
rb_z=${rb_z:-refused shell};
fi;
rb_say "$rb_z";
rb_say "$rb_z" >&2;
exec >/dev/null 2>&1;
# Somebody whom the command left behind may hold its outputs. The near half hangs up when it has read the lines above.
while IFS= read -r rb_w <&5; do :; done;
if [ "$rb_1" = 0 ]; then rb_4="$rb_4 $rb_k"; else rb_relayed 20 || kill $rb_relays; fi;
rb_forget $rb_4;
};
# Waits until both streams are in their files.
rb_relayed() {
rb_i=0;
until rb_over $rb_relays; do
[ "$rb_i" -lt "$1" ] || return 1;
rb_i=$((rb_i + 1));
rb_nap 0.1;
done;
};
rb_over() {
for rb_w; do
if rb_stat "$rb_w" && [ "$rb_state" != Z ]; then return 1; fi;
done;
};
rb_forget() {
rb_w=$#;
while [ "$rb_w" -gt 0 ]; do
set -- "$@" "$rb_b/$rb_r/$1" "$rb_b/$rb_r/$1.out" "$rb_b/$rb_r/$1.err" "$rb_b/$rb_r/$1.in" "$rb_b/$rb_r/$1.pipe";
shift;
rb_w=$((rb_w - 1));
done;
[ $# -eq 0 ] || rm -f "$@";
};
rb_vacate() {
rb_i=0;
while [ -d "$rb_b/$rb_r" ] && [ "$rb_i" -lt 10 ]; do
rb_i=$((rb_i + 1));
rb_nap 0.2;
rmdir "$rb_b/$rb_r";
done;
};
# How it ended into rb_z; nothing when that is not written yet.
rb_ended() { rb_read; [ -n "$rb_z" ]; };
# The first process into rb_p, if it was begun, and whether it lives.
rb_alive() {
rb_p=${rb_begun%% *};
[ -n "$rb_p" ] || return 1;
rb_stat "$rb_p" && [ "$rb_state" != Z ] && [ "$rb_start" = "${rb_begun#* }" ];
};
# Everybody in the session of the command, and everybody who left it but has its mark.
rb_members() {
for rb_w in /proc/[0-9]*; do rb_member "$1" "${rb_w#/proc/}" "$rb_p"; done;
rb_marked "$1" /proc/[0-9]*/environ;
};
rb_marked() {
rb_u=$1;
shift;
for rb_w in $(grep -lF "RUNBOOK_ATTEMPT=$rb_r/$rb_k" "$@" 2>/dev/null); do
rb_w=${rb_w#/proc/};
rb_member "$rb_u" "${rb_w%/environ}" "";
done;
};
# Names a process when it lives and, if a session is given, belongs to it.
rb_member() {
rb_stat "$2" && [ "$rb_state" != Z ] && { [ -z "$3" ] || [ "$rb_sid" = "$3" ]; } || return 1;
[ "$1" != left ] || rb_note "left $rb_pid $rb_c";
rb_say "$1" "$rb_pid" "$rb_c";
};
# Who lives on behind the command. Numbers are given out in turn, and the last one is known: whoever it started is among
# those between. When these are many, or began at the front again, all processes are looked through. To look for its mark
# takes a program, which is spared where it is plain that somebody else is behind them: the next session of ours, above all.
rb_left() {
IFS=" " read -r rb_w rb_w rb_w rb_w rb_i </proc/loadavg;
[ "$rb_i" -ge "$rb_p" ] && [ $((rb_i - rb_p)) -le 300 ] || { rb_members left; return; };
set --;
while [ "$rb_i" -gt "$rb_p" ]; do
if rb_leads "$rb_i"; then
rb_member left "$rb_i" "$rb_p" || rb_stranger || set -- "$@" "/proc/$rb_i/environ";
fi;
rb_i=$((rb_i - 1));
done;
[ $# -eq 0 ] || rb_marked left "$@";
} 2>/dev/null;
# Whether the process of the last look comes from somebody else for certain: its parent lived before the command did, and
# is nobody to whom the system gives what lost its parent. That is one of those above us, but not the daemon of the session.
rb_stranger() {
rb_e=$rb_up;
rb_o=" ";
rb_w=$PPID;
while [ "$rb_w" -gt 1 ]; do
rb_stat "$rb_w" || return 1;
case $rb_c in sshd*) ;; *) rb_o="$rb_o$rb_w ";; esac;
rb_w=$rb_up;
done;
case "$rb_o$rb_w 1 0 " in *" $rb_e "*) return 1;; esac;
rb_stat "$rb_e" && [ "$rb_start" -lt "${rb_begun#* }" ];
};
# Whether a number is that of a process: threads have numbers of the same kind.
rb_leads() {
[ -e "/proc/$1/status" ] || return 1;
while read -r rb_w rb_v; do
case $rb_w in Tgid:) [ "$rb_v" = "$1" ]; return;; esac;
done <"/proc/$1/status";
return 1;
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
for rb_w in tee setsid; do
rb_v=$rb_w;
rb_find "$rb_v";
[ -n "$rb_f" ] || { rb_say "refused $rb_v"; exit; };
[ "$rb_v" = setsid ] || rb_tee=$rb_f;
done;
rb_setsid=$rb_f;
if rb_make; then :;
elif [ -e "$rb_d" ]; then rb_say again; exit;
else rb_say "refused place $rb_b"; exit;
fi;
rb_o=;
{ read -r rb_o </proc/sys/kernel/random/boot_id; } 2>/dev/null;
rb_note "$rb_n $rb_o" || { rb_say "refused place $rb_b"; exit; };
rb_say data;
rb_say data >&2;
exec 5<&0;
# A look needs no keeping: when nobody hears it, it may end.
if [ "$rb_1" = 0 ]; then rb_run; exit; fi;
# What goes through the relays is in the files: what the command prints, and only behind it a line of ours.
exec 6>&1 7>&2;
rb_pipe || { rb_note "refused place $rb_b"; rb_say "refused place $rb_b"; exit; };
exec >/proc/self/fd/8;
{ rb_relay out; } >&6 &
rb_last;
rb_relays=$rb_w;
rb_pipe || { rb_note "refused place $rb_b"; rb_say "refused place $rb_b"; exit; };
exec 2>/proc/self/fd/8;
{ rb_relay err; } >&7 &
rb_last;
rb_relays="$rb_relays $rb_w";
rb_note "relays $rb_relays";
exec 6>&- 7>&- 8<&-;
rb_run;;
ask)
if [ "$rb_1" = 1 ]; then rb_claim; fi;
[ -e "$rb_d" ] || { rb_say missing; exit; };
rb_read;
if [ "$rb_old" = void ]; then rb_say never; exit; fi;
rb_say open;
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
if [ "$rb_old" = void ]; then rb_say never; exit; fi;
if [ -n "$rb_z" ]; then
rb_relayed 30;
rb_say data "$rb_old";
rb_say data "$rb_old" >&2;
if [ -e "$rb_d.out" ]; then tail -c "+$rb_2" "$rb_d.out"; fi;
if [ -e "$rb_d.err" ]; then tail -c "+$rb_3" "$rb_d.err" >&2; fi;
while IFS= read -r rb_w; do
case $rb_w in "left "*) rb_say "$rb_w";; esac;
done <"$rb_d";
rb_say "$rb_z";
rb_say "$rb_z" >&2;
elif [ "$rb_o" = "$rb_boot" ]; then rb_say "gone $rb_p";
else rb_say "rebooted $rb_p";
fi;;
stop)
if rb_claim; then rb_say never; exit; fi;
[ -e "$rb_d" ] || { rb_say missing; exit; };
rb_say open;
rb_i=0;
until rb_ended || { rb_alive && [ "$rb_sid" = "$rb_p" ]; } || [ "$rb_i" -ge 30 ]; do rb_i=$((rb_i + 1)); rb_nap 0.1; done;
if rb_ended; then rb_say over; exit; fi;
# One that has no session of its own yet cannot be stopped, and may go on.
rb_alive && [ "$rb_sid" = "$rb_p" ] || { rb_say unclear; exit; };
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
rb_forget $rb_1 $rb_2 $rb_3 $rb_4;
rb_say forgotten;
# Nobody waits for a look that is still putting away what it had; then the place of the run is gone as well.
rmdir "$rb_b/$rb_r" 2>/dev/null || { rb_vacate </dev/null >/dev/null 2>&1 & };;
esac
