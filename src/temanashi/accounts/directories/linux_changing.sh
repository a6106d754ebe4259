# Why nothing can be written: no room, or read-only. The tools themselves call that "cannot lock".
stuck() {
  for d in /etc "$STORE"; do
    said=$( { printf '%08192d' 0 > "$d/.temanashi-room.$$"; } 2>&1) || { printf '%s\n' "$said" >&2; rm -f -- "$d/.temanashi-room.$$"; exit "$STUCK"; }
    rm -f -- "$d/.temanashi-room.$$"
  done
}

# Account files that another program holds at the moment are tried again, for some seconds. The first words may be `given TEXT`:
# that is what the tool reads.
tool() {
  text=""
  [ "$1" != given ] || { text=$2; shift 2; }
  n=0
  until said=$(printf '%s' "$text" | "$@" 2>&1); do
    n=$((n + 1))
    case $said in
      *"cannot lock"* | *"try again later"* | *"lock busy"*)
        (stuck) || exit "$STUCK"
        [ "$n" -ge "5" ] || { sleep 1; continue; }
        printf '%s\n' "$said" >&2
        exit "$BUSY" ;;
    esac
    (stuck) || exit "$STUCK"
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
  command -v loginctl >/dev/null && loginctl terminate-user "$uid" >/dev/null 2>&1
  for _ in 1 2 3 4 5 6 7 8 9 10; do
    pkill -KILL -U "$uid" || return 0
    sleep 0.2
  done
  echo "processes of $login go on" >&2
  exit 1
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

# The tools that the actions need, asked for before anything is touched.
needed() {
  for t; do command -v "$t" >/dev/null || { echo "$t" >&2; exit "$MISSING"; }; done
}

a_name() {
  case $1 in "" | *[!a-z0-9_-]* | [!a-z_]*) refused "no name of $2" ;; esac
  [ "${#1}" -le 32 ] || refused "no name of $2"
}

a_number() {
  case $1 in "" | *[!0-9]* | 0*) refused "no number of an account" ;; esac
  [ "${#1}" -le 5 ] && [ "$1" -ge "$(minimum)" ] && [ "$1" -lt 65534 ] || refused "$1 is a number of the system"
}

a_folder() {
  case $1 in /*) ;; *) refused "no folder" ;; esac
  case $1/ in *[!A-Za-z0-9/_.-]* | *//* | */../* | */./*) refused "no folder" ;; esac
  [ ! -e "$1" ] && [ ! -L "$1" ] || refused "$1 is there already"
}

# What is to be done, and whether it may be. The tools that it takes are found before anything is touched.
understood() {
  program=usermod options="" made="" remove="" must="" password="" failures="" sessions="" aside="" back="" former="" with_former=""
  keys="" with_keys="" more="" opens="" gone="" image="" comment="" shell="" expire="" add="" number="" folder="" primary="" tools="awk"
  while [ $# -ge 2 ]; do
    case $1 in
      create) program=useradd ;;
      uid) number=$2 options="$options u"; a_number "$2" ;;
      home) folder=$2 options="$options d"; a_folder "$2" ;;
      primary) primary=$2 options="$options g"; a_name "$2" "a group"; permitted "$2" ;;
      groups) made=$2 tools="$tools groupadd"; permitted "$2" ;;
      comment) comment=$2 options="$options c" ;;
      shell) shell=$2 options="$options s" ;;
      expire) expire=$2 options="$options e" ;;
      add) add=$2 options="$options G"; permitted "$2" ;;
      lock) options="$options L" ;;
      unlock) options="$options U" ;;
      remove) remove=$2 tools="$tools gpasswd" ;;
      must) must=1 tools="$tools chage" ;;
      password) password=1 tools="$tools chpasswd" ;;
      failures) failures=1 tools="$tools faillock" ;;
      sessions) sessions=1 tools="$tools pkill" ;;
      aside) aside=1 ;;
      back) back=1 ;;
      image) image=$2; case $2 in "" | *[!0-9a-f]*) refused "no name of former keys" ;; esac ;;
      former) former=$2 with_former=1 tools="$tools setpriv"; case $2 in *[!0-9a-f]*) refused "no name of former keys" ;; esac ;;
      keys) keys=$2 with_keys=1 tools="$tools setpriv" ;;
      keys-more) more=$2 tools="$tools setpriv" ;;
      keys-open) opens=1 ;;
      keys-gone) gone=$2 tools="$tools setpriv" ;;
      *) refused "no action $1" ;;
    esac
    shift 2
  done
  [ $# = 0 ] || refused "an action without its value"
  [ "$program" = useradd ] || [ -z "$number$folder" ] || refused "an account keeps its number and its folder"
  [ -z "$with_keys$more$gone" ] || [ -n "$image" ] || refused "keys without the name of the former ones"
  for g in $(printf '%s' "$made" | tr , ' '); do a_name "$g" "a group"; done
  if [ "$program" = useradd ] || [ -n "$options" ]; then tools="$tools $program"; fi
  needed $tools
}

# All that usermod or useradd can do goes in one call, so that it is done whole or not at all.
account_itself() {
  set --
  for o in $options; do
    case $o in
      u) set -- "$@" -u "$number" ;;
      d) set -- "$@" -d "$folder" ;;
      g) set -- "$@" -g "$primary" ;;
      c) set -- "$@" -c "$comment" ;;
      s) set -- "$@" -s "$shell" ;;
      e) set -- "$@" -e "$expire" ;;
      G) if [ "$program" = usermod ]; then set -- "$@" -a; fi; set -- "$@" -G "$add" ;;
      L) set -- "$@" -L ;;
      U) set -- "$@" -U ;;
    esac
  done
  if [ "$program" = useradd ]; then tool useradd -m "$@" -- "$login"; who; elif [ $# -gt 0 ]; then tool usermod "$@" -- "$login"; fi
}

new_password() {
  [ "$(command -v printf)" = printf ] || refused "this shell has no printf of its own"
  IFS= read -r secret && [ -n "$secret" ] || { echo "no password came" >&2; exit 1; }
  tool given "$login:$secret
" chpasswd
  secret="" text=""
}

change() {
  login=$1 expected=$2
  shift 2
  a_name "$login" "an account"
  understood "$@"
  mkdir -p "$STORE" || exit "$STUCK"
  if command -v flock >/dev/null; then
    exec 8>"$STORE/lock" || exit "$STUCK"
    flock -w 20 8 || { echo "another change of accounts goes on" >&2; exit "$BUSY"; }
  fi
  [ "$(state_of "$login")" = "$expected" ] || { state_of "$login" >&2; exit 9; }
  if [ "$program" = usermod ]; then
    who
  elif getent passwd "$login" >/dev/null 2>&1; then
    refused "$login is known to this host already, though not as a local account"
  fi
  [ "$shell" != nologin ] || shell=$(nologin)
  case " $options " in *" s "*) [ -x "$shell" ] || { echo "there is no program $shell" >&2; exit 1; } ;; esac
  for g in $(printf '%s' "$made" | tr , ' '); do
    awk -v g="$g" -F: '$1 == g { found = 1 } END { exit !found }' /etc/group || tool groupadd -- "$g"
  done
  account_itself
  for g in $(printf '%s' "$remove" | tr , ' '); do tool gpasswd -d "$login" "$g"; done
  [ -z "$password" ] || new_password
  [ -z "$must" ] || tool chage -d 0 "$login"
  [ -z "$failures" ] || tool faillock --user "$login" --reset
  [ -z "$sessions" ] || end_sessions
  [ -z "$aside" ] || set_aside
  [ -z "$back" ] || put_back
  [ -z "$with_former" ] || former_keys "$former"
  [ -z "$image" ] || keep_keys "$image"
  [ -z "$with_keys" ] || write_keys "$keys"
  [ -z "$more" ] || add_keys "$more"
  [ -z "$opens" ] || keys_open || { echo "the new key would not open $login, so the old one stays: $why" >&2; exit 1; }
  [ -z "$gone" ] || drop_keys "$gone"
  [ -z "$sessions" ] || end_sessions
  report "$login"
  printf 'E\n'
}

case ${1:-} in
  read) shift; report "$@"; seen "$@"; printf 'E\n' ;;
  change) shift; [ $# -ge 2 ] || refused "a login and its state"; change "$@" ;;
  *) refused "read or change" ;;
esac
