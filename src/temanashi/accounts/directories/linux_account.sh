#!/bin/sh
# temanashi-account: the local accounts of this host, read and changed with the shadow tools.
#
# temanashi sends this text to a host where it works as root. Where it does not, the same text is installed as
# /usr/local/sbin/temanashi-account (owner root, mode 0755) and the only program that sudo lets it run.
#
#   temanashi-account read [LOGIN...]                  what there is to know of these accounts, or of all
#   temanashi-account change LOGIN STATE ACTION...     STATE: the lines about LOGIN as `read` printed them; exit 9 where they differ
#
# Values are arguments and no shell reads them again. A password comes by standard input. Hashes of passwords never leave the host.
# Exit codes: 0 done, 8 refused, 9 not as expected, 1 a tool failed; standard error says why.
set -u
LC_ALL=C; export LC_ALL
umask 077
PATH=/usr/sbin:/usr/bin:/sbin:/bin; export PATH
[ "$(id -u)" = 0 ] || exec sudo -n -- /usr/local/sbin/temanashi-account "$@"

ASIDE=temanashi-aside
STORE=/var/lib/temanashi/accounts
ALLOWED=/etc/temanashi-account.groups

refused() { printf 'temanashi-account: %s\n' "$1" >&2; exit 8; }

# A: the account. Of the password only its state: set, locked (a hash behind !), none (never had one), empty, unknown.
lines_of_accounts() {
  want=" $* " awk -F: '
    FILENAME == "/etc/shadow" {
      r = $2; sub(/^!+/, "", r)
      s = ($2 == "") ? "empty" : (r == "" || r ~ /^[*]/) ? "none" : (r == $2) ? "set" : "locked"
      shadow[$1] = s ":" $3 ":" $8; next
    }
    FILENAME == "/etc/group" {
      name[$3] = $1; n = split($4, member, ",")
      for (i = 1; i <= n; i++) groups[member[i]] = groups[member[i]] "," $1
      next
    }
    $1 == "" || $1 ~ /^[-+]/ || (ENVIRON["want"] != "  " && !index(ENVIRON["want"], " " $1 " ")) { next }
    { print "A:" $1 ":" $3 ":" $4 ":" name[$4] ":" $5 ":" $6 ":" $7 ":" ($1 in shadow ? shadow[$1] : "unknown::") ":" substr(groups[$1], 2) }
  ' /etc/shadow /etc/group /etc/passwd
}

# K: a key that opens the account. S: something of it is kept aside. C: it has a crontab. Links of a user lead root nowhere: what is
# not a key is not printed.
lines_beside() {
  wanted=" $* "
  set --
  while IFS=: read -r l _ _ _ _ h _; do
    case $wanted in "  " | *" $l "*) ;; *) continue ;; esac
    for f in "$h/.ssh/authorized_keys" "$h/.ssh/authorized_keys2"; do
      [ -f "$f" ] && set -- "$@" "$f"
      { [ -e "$f.$ASIDE" ] || [ -L "$f.$ASIDE" ]; } && printf 'S:%s:keys\n' "$l"
    done
    [ -L "$h/.ssh.$ASIDE" ] && printf 'S:%s:link\n' "$l"
    [ -e "$STORE/$l.crontab" ] && printf 'S:%s:crontab\n' "$l"
    if [ -e "/var/spool/cron/crontabs/$l" ] || [ -f "/var/spool/cron/$l" ]; then printf 'C:%s\n' "$l"; fi
  done < /etc/passwd
  [ $# = 0 ] || want="$wanted" awk '
    NR == FNR {
      split($0, a, ":")
      if (ENVIRON["want"] == "  " || index(ENVIRON["want"], " " a[1] " ")) owner[a[6]] = owner[a[6]] " " a[1]
      next
    }
    FNR > 1000 || /^[ \t]*#/ { next }
    match($0, /(ssh-(rsa|dss|ed25519)|ecdsa-sha2-[a-z0-9]+|sk-[a-z0-9-]+@openssh.com)[ \t]+AAAA[A-Za-z0-9+\/=]+/) {
      key = substr($0, RSTART, RLENGTH); sub(/^[^ \t]+[ \t]+/, "", key)
      home = FILENAME; sub(/\/\.ssh\/authorized_keys2?$/, "", home)
      n = split(owner[home], logins, " ")
      for (i = 1; i <= n; i++) print "K:" logins[i] ":" key
    }' /etc/passwd "$@"
}

state_of() { lines_of_accounts "$1" && lines_beside "$1"; }

# F: failed attempts that count. P: processes. X: known here, but not a local account. Volatile, so no part of the state.
volatile() {
  n=0
  if command -v faillock >/dev/null; then n=$(faillock --user "$1" 2>/dev/null | grep -c ' V$'); fi
  [ "$n" = 0 ] || printf 'F:%s:%s\n' "$1" "$n"
  u=$(awk -F: -v l="$1" '$1 == l { print $3; exit }' /etc/passwd)
  if [ -z "$u" ]; then
    getent passwd "$1" >/dev/null 2>&1 && printf 'X:%s\n' "$1"
  elif command -v pgrep >/dev/null; then
    n=$(pgrep -c -U "$u")
    [ "${n:-0}" = 0 ] || printf 'P:%s:%s\n' "$1" "$n"
  fi
  return 0
}

minimum() { n=$(awk '$1 == "UID_MIN" { print $2; exit }' /etc/login.defs 2>/dev/null); printf '%s' "${n:-1000}"; }

report() {
  printf 'T:1:%s\n' "$(minimum)"
  lines_of_accounts "$@" && lines_beside "$@" || exit 1
  awk -F: '$1 !~ /^[-+]/ && $1 != "" { print "G:" $1 ":" $3 ":" $4 }' /etc/group || exit 1
  for l; do volatile "$l"; done
  if command -v lastlog >/dev/null && [ -r /var/log/lastlog ]; then
    if [ $# = 1 ]; then lastlog -u "$1" 2>/dev/null; else lastlog; fi | sed -n '2,$s/^/L:/p'
    printf 'L\n'
  fi
  printf 'E\n'
}

# Account files that another program holds at the moment are tried again, for some seconds.
tool() {
  n=0
  until said=$("$@" 2>&1 </dev/null); do
    n=$((n + 1))
    case $said in *"cannot lock"* | *"try again later"*) [ "$n" -lt 5 ] && sleep 1 && continue ;; esac
    printf '%s\n' "$said" >&2
    exit 1  # useradd has an exit code 9 of its own
  done
}

spool() { for d in /var/spool/cron/crontabs /var/spool/cron; do [ -f "$d/$login" ] && printf '%s' "$d/$login" && return; done; }

# Renamed inside the user's own folder, never through a link that the user made.
set_aside() {
  if [ -L "$home/.ssh" ]; then
    mv -f -T -- "$home/.ssh" "$home/.ssh.$ASIDE" || exit 1
  fi
  for f in "$home/.ssh/authorized_keys" "$home/.ssh/authorized_keys2"; do
    if [ -e "$f" ] || [ -L "$f" ]; then mv -f -T -- "$f" "$f.$ASIDE" || exit 1; fi
  done
  table=$(spool)
  [ -z "$table" ] || { mkdir -p "$STORE" && mv -f -T -- "$table" "$STORE/$login.crontab"; } || exit 1
}

put_back() {
  if [ -L "$home/.ssh.$ASIDE" ] && [ ! -e "$home/.ssh" ]; then mv -T -- "$home/.ssh.$ASIDE" "$home/.ssh" || exit 1; fi
  for f in "$home/.ssh/authorized_keys" "$home/.ssh/authorized_keys2"; do
    if [ -L "$home/.ssh" ]; then break; fi
    if { [ -e "$f.$ASIDE" ] || [ -L "$f.$ASIDE" ]; } && [ ! -e "$f" ]; then mv -T -- "$f.$ASIDE" "$f" || exit 1; fi
  done
  [ ! -e "$STORE/$login.crontab" ] || {
    d=/var/spool/cron/crontabs; [ -d "$d" ] || d=/var/spool/cron
    [ -d "$d" ] && [ ! -e "$d/$login" ] && mv -T -- "$STORE/$login.crontab" "$d/$login"
  } || exit 1
}

end_sessions() {
  command -v pkill >/dev/null || { echo "pkill is not installed: sessions go on" >&2; exit 1; }
  command -v loginctl >/dev/null && loginctl terminate-user "$uid" >/dev/null 2>&1
  for _ in 1 2 3 4 5 6 7 8 9 10; do
    pkill -KILL -U "$uid" || return 0
    sleep 0.2
  done
  echo "processes of $login go on" >&2
  exit 1
}

# As the user: root writes nothing where a user could have put a link.
as_user() { setpriv --reuid="$uid" --regid="$gid" --clear-groups -- "$@"; }

write_keys() {
  [ -d "$home" ] || { echo "there is no folder $home" >&2; exit 1; }
  printf '%s' "$1" | as_user sh -c '
    umask 077
    cd -- "$1" && mkdir -p .ssh && [ ! -L .ssh ] && chmod 700 .ssh && cd .ssh || exit 1
    [ ! -e authorized_keys ] || mv -f -T -- authorized_keys "authorized_keys.temanashi-before" || exit 1
    [ ! -e authorized_keys2 ] || mv -f -T -- authorized_keys2 "authorized_keys2.temanashi-before" || exit 1
    cat > .authorized_keys.new && chmod 600 .authorized_keys.new && mv -f -T -- .authorized_keys.new authorized_keys
  ' sh "$home" || { echo "the keys of $login cannot be written" >&2; exit 1; }
}

former_keys() {
  as_user sh -c '
    cd -- "$1/.ssh" && [ ! -L ../.ssh ] || exit 0
    rm -f -- authorized_keys
    for f in authorized_keys authorized_keys2; do [ ! -e "$f.temanashi-before" ] || mv -f -T -- "$f.temanashi-before" "$f" || exit 1; done
  ' sh "$home" || { echo "the keys of $login cannot be put back" >&2; exit 1; }
}

who() {
  IFS=: read -r _ _ uid gid _ home _ <<EOT
$(awk -v l="$login" -F: '$1 == l { print; exit }' /etc/passwd)
EOT
  [ -n "$uid" ] || { echo "there is no account $login" >&2; exit 1; }
  if [ "$uid" -lt "$(minimum)" ] || [ "$uid" -ge 65534 ]; then refused "$login is an account of the system"; fi
}

permitted() {
  [ -e "$ALLOWED" ] || return 0
  for g in $(printf '%s' "$1" | tr , ' '); do grep -qxF -- "$g" "$ALLOWED" || refused "$g is not among the groups of $ALLOWED"; done
}

nologin() { for f in /usr/sbin/nologin /sbin/nologin /bin/false; do [ -x "$f" ] && printf '%s' "$f" && return; done; }

# All that usermod or useradd can do goes in one call, so that it is done whole or not at all; the rest follows in this order.
change() {
  login=$1 expected=$2
  shift 2
  case $login in "" | *[!a-z0-9_-]* | [!a-z_]*) refused "no name of an account" ;; esac
  [ "${#login}" -le 32 ] || refused "no name of an account"
  mkdir -p "$STORE" || exit 1
  if command -v flock >/dev/null; then { exec 8>"$STORE/lock" && flock -w 20 8; } || { echo "cannot lock" >&2; exit 1; }; fi
  [ "$(state_of "$login")" = "$expected" ] || { state_of "$login" >&2; exit 9; }
  program=usermod options="" remove="" must="" password="" failures="" sessions="" aside="" back="" former="" keys="" with_keys=""
  comment="" shell="" expire="" add=""
  while [ $# -ge 2 ]; do
    case $1 in
      create) program=useradd ;;
      comment) comment=$2 options="$options c" ;;
      shell) shell=$2 options="$options s" ;;
      expire) expire=$2 options="$options e" ;;
      add) add=$2 options="$options G"; permitted "$add" ;;
      lock) options="$options L" ;;
      unlock) options="$options U" ;;
      remove) remove=$2 ;;
      must) must=1 ;;
      password) password=1 ;;
      failures) failures=1 ;;
      sessions) sessions=1 ;;
      aside) aside=1 ;;
      back) back=1 ;;
      former) former=1 ;;
      keys) keys=$2 with_keys=1 ;;
      *) refused "no action $1" ;;
    esac
    shift 2
  done
  [ $# = 0 ] || refused "an action without its value"
  if [ "$program" = usermod ]; then
    who
  elif getent passwd "$login" >/dev/null 2>&1; then
    refused "$login is known to this host already, though not as a local account"
  fi
  [ "$shell" != nologin ] || shell=$(nologin)
  case " $options " in *" s "*) [ -x "$shell" ] || { echo "there is no program $shell" >&2; exit 1; } ;; esac
  set --
  for o in $options; do
    case $o in
      c) set -- "$@" -c "$comment" ;;
      s) set -- "$@" -s "$shell" ;;
      e) set -- "$@" -e "$expire" ;;
      G) if [ "$program" = usermod ]; then set -- "$@" -a; fi; set -- "$@" -G "$add" ;;
      L) set -- "$@" -L ;;
      U) set -- "$@" -U ;;
    esac
  done
  if [ "$program" = useradd ]; then tool useradd -m "$@" -- "$login"; who; elif [ $# -gt 0 ]; then tool usermod "$@" -- "$login"; fi
  for g in $(printf '%s' "$remove" | tr , ' '); do tool gpasswd -d "$login" "$g"; done
  if [ -n "$password" ]; then
    [ "$(command -v printf)" = printf ] || refused "this shell has no printf of its own"
    IFS= read -r secret && [ -n "$secret" ] || { echo "no password came" >&2; exit 1; }
    said=$(printf '%s:%s\n' "$login" "$secret" | chpasswd 2>&1) || { printf '%s\n' "$said" >&2; exit 1; }
    secret=""
  fi
  [ -z "$must" ] || tool chage -d 0 "$login"
  [ -z "$failures" ] || tool faillock --user "$login" --reset
  [ -z "$sessions" ] || end_sessions
  [ -z "$aside" ] || set_aside
  [ -z "$back" ] || put_back
  [ -z "$former" ] || former_keys
  [ -z "$with_keys" ] || write_keys "$keys"
  [ -z "$sessions" ] || end_sessions
  report "$login"
}

case ${1:-} in
  read) shift; report "$@" ;;
  change) shift; [ $# -ge 2 ] || refused "a login and its state"; change "$@" ;;
  *) refused "read or change" ;;
esac
