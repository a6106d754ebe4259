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
# Exit codes: 0 done, 1 a tool failed, 5 a tool is missing, 6 no room or not writable, 7 somebody else changes accounts at the
# moment, 8 refused, 9 not as expected; standard error says why.
set -u
LC_ALL=C; export LC_ALL
umask 077
PATH=/usr/sbin:/usr/bin:/sbin:/bin; export PATH
[ "$(id -u)" = 0 ] || exec sudo -n -- /usr/local/sbin/temanashi-account "$@"

ASIDE=temanashi-aside
STORE=/var/lib/temanashi/accounts
ALLOWED=/etc/temanashi-account.groups

MISSING=5 STUCK=6 BUSY=7
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
  {
    command -v faillock >/dev/null && faillock 2>/dev/null
    echo =
    command -v ps >/dev/null && ps -e -o ruid=
  } | want="$*" awk -F: '
    BEGIN { many = split(ENVIRON["want"], list, " "); for (i = 1; i <= many; i++) wanted[list[i]] }
    $0 == "=" { part++; next }
    !part && /^[a-z_][a-z0-9_-]*:$/ { login = substr($0, 1, length($0) - 1); next }
    !part && / V$/ { failed[login]++ }
    part == 1 { gsub(/ /, ""); running[$0]++ }
    part == 2 && $1 in wanted { here[$1]; if (running[$3]) print "P:" $1 ":" running[$3] }
    END {
      for (l in failed) if (l in wanted) print "F:" l ":" failed[l]
      for (l in wanted) if (!(l in here) && l ~ /^[a-z_][a-z0-9_-]*$/ && !system("getent passwd " l " >/dev/null 2>&1")) print "X:" l
    }' - part=2 /etc/passwd
}

# R: a line of sudoers that may give rights: comments gone, continued lines joined, included files in their place.
rights() {
  awk '
    function name(text) { sub(/^[@#]include(dir)?[ \t]+/, "", text); gsub(/[" \t]+$|^"/, "", text); return text }
    # The lines are in memory before a file is included in one: the same file may be open only once.
    function all(file, deep,    line, more, count, each, i) {
      if (deep > 8) return
      while ((getline line < file) > 0) {
        while (line ~ /\\$/ && (getline more < file) > 0) line = substr(line, 1, length(line) - 1) more
        text[deep, ++count] = line
      }
      close(file)
      for (i = 1; i <= count; i++) {
        line = text[deep, i]
        if (line ~ /^[@#]includedir[ \t]/) folder(name(line), deep)
        else if (line ~ /^[@#]include[ \t]/) all(name(line), deep + 1)
        else if (line !~ /^[ \t]*($|Defaults|#($|[^0-9]))/) { each = file; sub(/.*\//, "", each); print "R:" each ":" line }
      }
    }
    function folder(dir, deep,    command, each, count, i) {
      if (index(dir, "\047")) return
      command = "ls -A -- \047" dir "\047 2>/dev/null"
      while ((command | getline each) > 0) if (each !~ /~$|[.]/) inside[deep, ++count] = each
      close(command)
      for (i = 1; i <= count; i++) all(dir "/" inside[deep, i], deep + 1)
    }
    BEGIN { all("/etc/sudoers", 0) }'
}

minimum() { n=$(awk '$1 == "UID_MIN" { print $2; exit }' /etc/login.defs 2>/dev/null); printf '%s' "${n:-1000}"; }

# G: members of a group. L: when somebody signed in last.
report() {
  printf 'T:2:%s\n' "$(minimum)"
  lines_of_accounts "$@" && lines_beside "$@" || exit 1
  awk -F: '$1 !~ /^[-+]/ && $1 != "" { print "G:" $1 ":" $3 ":" $4 }' /etc/group || exit 1
  [ $# = 0 ] || volatile "$@"
  rights
}

seen() {
  if command -v lastlog >/dev/null && [ -r /var/log/lastlog ]; then
    if [ $# = 1 ]; then lastlog -u "$1" 2>/dev/null; else lastlog; fi | sed -n '2,$s/^/L:/p'
    printf 'L\n'
  fi
}

