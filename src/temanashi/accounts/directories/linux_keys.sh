# As the user: root writes nothing where a user could have put a link.
as_user() { setpriv --reuid="$uid" --regid="$gid" --clear-groups -- "$@"; }

IN_KEYS='
  umask 077
  cd -- "$1" && mkdir -p .ssh && [ ! -L .ssh ] && chmod 700 .ssh && cd .ssh || exit 1
  put() { cat > .authorized_keys.new && chmod 600 .authorized_keys.new && mv -f -T -- .authorized_keys.new "$1"; }
'

# What is replaced stays beside it, named after the keys that were in it; the newest ten of these stay.
keep_keys() {
  [ -d "$home" ] || { echo "there is no folder $home" >&2; exit 1; }
  as_user sh -c "$IN_KEYS"'
    for f in authorized_keys authorized_keys2; do
      [ ! -f "$f" ] || cp -p -- "$f" "$f.before-$2" || exit 1
      ls -t | grep -x "$f[.]before-[0-9a-f]*" | tail -n +11 | while IFS= read -r old; do rm -f -- "$old"; done
    done
  ' sh "$home" "$1" || { echo "the keys of $login cannot be written" >&2; exit 1; }
}

write_keys() {
  printf '%s' "$1" | as_user sh -c "$IN_KEYS"'
    put authorized_keys && rm -f -- authorized_keys2
  ' sh "$home" || { echo "the keys of $login cannot be written" >&2; exit 1; }
}

add_keys() {
  printf '%s' "$1" | as_user sh -c "$IN_KEYS"'
    { [ ! -f authorized_keys ] || awk 1 authorized_keys; cat; } | put authorized_keys
  ' sh "$home" || { echo "the keys of $login cannot be written" >&2; exit 1; }
}

# Lines with these keys go, whatever their options; all others stay as they are, byte by byte.
drop_keys() {
  gone="$1" as_user sh -c "$IN_KEYS"'
    for f in authorized_keys authorized_keys2; do
      [ -f "$f" ] || continue
      awk "$2" "$f" > .kept && { cmp -s .kept "$f" || put "$f" < .kept; } && rm -f .kept || exit 1
    done
  ' sh "$home" '
    BEGIN { n = split(ENVIRON["gone"], a, " "); for (i = 1; i <= n; i++) gone[a[i]] }
    !/^[ \t]*#/ && match($0, /(ssh-(rsa|dss|ed25519)|ecdsa-sha2-[a-z0-9]+|sk-[a-z0-9-]+@openssh.com)[ \t]+AAAA[A-Za-z0-9+\/=]+/) {
      key = substr($0, RSTART, RLENGTH); sub(/^[^ \t]+[ \t]+/, "", key)
      if (key in gone) next
    }
    { print }' || { echo "the keys of $login cannot be written" >&2; exit 1; }
}

former_keys() {
  as_user sh -c "$IN_KEYS"'
    [ -z "$2" ] || [ -f "authorized_keys.before-$2" ] || [ -f "authorized_keys2.before-$2" ] || exit 3
    for f in authorized_keys authorized_keys2; do
      if [ -n "$2" ] && [ -f "$f.before-$2" ]; then put "$f" < "$f.before-$2" || exit 1; else rm -f -- "$f" || exit 1; fi
    done
  ' sh "$home" "$1"
  case $? in 0) ;; 3) refused "the former keys of $login are not known any more" ;; *) echo "the keys of $login cannot be put back" >&2; exit 1 ;; esac
}

# Whether sshd would read a key of this account where it was put; before an old one goes, the new one must open.
keys_open() {
  told=$(sshd -T -C "user=$login,host=localhost,addr=127.0.0.1" 2>/dev/null)
  case $told in *"pubkeyauthentication no"*) why="sshd takes no keys" && return 1 ;; esac
  files=$(printf '%s\n' "$told" | sed -n 's/^authorizedkeysfile //p')
  found=""
  for f in ${files:-.ssh/authorized_keys}; do
    case $f in
      .ssh/authorized_keys | %h/.ssh/authorized_keys | "$home/.ssh/authorized_keys") found=1 ;;
      *%u*) [ "${f%%%u*}$login${f#*%u}" != "$home/.ssh/authorized_keys" ] || found=1 ;;
    esac
  done
  [ -n "$found" ] || { why="sshd reads keys from $files" && return 1; }
  case $told in *"strictmodes no"*) return 0 ;; esac
  for f in "$home" "$home/.ssh" "$home/.ssh/authorized_keys"; do
    owner=$(as_user stat -L -c %u -- "$f") && mode=$(as_user stat -L -c %a -- "$f") || { why="$f cannot be seen" && return 1; }
    { [ "$owner" = "$uid" ] || [ "$owner" = 0 ]; } && [ $((0$mode & 022)) = 0 ] || { why="others may write $f" && return 1; }
  done
}

