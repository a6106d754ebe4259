"""Reading on in a log where the last look ended, on the host: through rotation, truncation and compression, each line once."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from temanashi.hosts.command import Script

__all__ = ["FIRST_LOOK", "Reading", "ask_log", "parse_reading"]

FIRST_LOOK = 64 * 1024
"""Bytes at the end of a log that are read when nothing is known of it yet."""
SENT = 400_000
"""Bytes of lines that are sent at most."""

# $1 file; $2 to $5 inode, offset, mark and time of change where the last look ended (- at first); $6 bytes to read at most; $7
# bytes at the first look; then texts: only lines with one of them are sent. The mark is two checksums, of the bytes at the
# beginning and of those before the offset: it tells a file that was truncated and has grown again, and finds the copy or the
# compressed file that has the lines not read yet. A file that has not changed at all costs one process.
# A line that has not ended yet is left for the next look, unless it is longer than 64 KiB. What is read is bounded, not what a line
# may be: NULs, and lines of a gigabyte, pass.
_SCRIPT = r"""
file=$1 inode=$2 offset=$3 mark=$4 time=$5 limit=$6 first=$7; shift 7
from() {
  case $1 in
    *.gz) gzip -dc "$1" | tail -c "+$(($2 + 1))";;
    *.bz2) bzip2 -dc "$1" | tail -c "+$(($2 + 1))";;
    *.xz) xz -dc "$1" | tail -c "+$(($2 + 1))";;
    *.zst) zstd -dcq "$1" | tail -c "+$(($2 + 1))";;
    *) tail -c "+$(($2 + 1))" "$1";;
  esac 2>/dev/null
}
begins() {
  near=$2; [ "$near" -le 256 ] || near=256
  sum=$(from "$1" 0 | head -c "$near" | cksum)
  printf %s "${sum%% *}"
}
mark() {
  begins "$1" "$2"
  near=$2; [ "$near" -le 256 ] || near=256
  sum=$(from "$1" $(($2 - near)) | head -c "$near" | cksum)
  printf %s "-${sum%% *}"
}
length() {
  case $1 in
    *.gz|*.bz2|*.xz|*.zst) from "$1" 0 | wc -c;;
    *) stat -L -c %s "$1";;
  esac
}
sieve() {
  if [ $# -gt 0 ]; then
    for text; do set -- "$@" -e "$text"; shift; done
    tr -d '\000' | grep -aF "$@" | cut -b 1-2000
  else
    tr -d '\000' | cut -b 1-2000
  fi
}
now=$(stat -L -c '%i %s %Z' "$file" 2>&1)
case $now in
  [0-9]*)
    if [ "$now" = "$inode $offset $time" ]; then
      echo state=same; echo "at=$inode $offset $mark $time"; echo behind=0; echo --
      exit 0
    fi
    size=${now#* } size=${size% *} now=${now%% *}; [ -r "$file" ] || { echo state=denied; exit 0; };;
  *"No such file"*) now=none size=0;;
  *) echo state=refused; printf '%s\n' "$now"; exit 0;;
esac
parts= state=same
if [ "$offset" = - ]; then
  state=first
  [ "$now" != none ] || { echo state=missing; exit 0; }
  offset=$((size > first ? size - first : 0))
  parts="$offset $file"
elif [ "$now" = "$inode" ] && [ "$size" -ge "$offset" ] && [ "$(mark "$file" "$offset")" = "$mark" ]; then
  parts="$offset $file"
else
  state=lost newer=
  stem=${file%.*} ending=.${file##*.}
  case ${file##*/} in *.*) ;; *) ending=/;; esac  # which no name has
  IFS='
'
  for old in $(ls -1td "$file".[0-9]* "$file"-[0-9]* "$stem".[0-9]*"$ending"* "$stem"-[0-9]*"$ending"* "$file".old "$file".prev \
    2>/dev/null | head -n 60); do
    [ -f "$old" ] && [ -r "$old" ] || continue
    if [ "$offset" -eq 0 ]; then
      [ "$(stat -L -c %i "$old")" = "$inode" ] && state=rotated
    elif [ "$(begins "$old" "$offset")" = "${mark%-*}" ] && [ "$(mark "$old" "$offset")" = "$mark" ]; then
      state=rotated
    fi
    if [ "$state" = rotated ]; then
      parts="$offset $old
$newer"
      break
    fi
    newer="0 $old
$newer"
  done
  [ "$now" = none ] || parts="${parts:+$parts
}0 $file"
fi
echo "state=$state"
set -f
IFS='
'
plan= left=$limit behind=0
for part in $parts; do
  at=${part%% *} name=${part#* }
  long=$(length "$name") || continue
  take=$((long - at))
  if [ "$left" -le 0 ]; then behind=$((behind + take)); continue; fi
  [ "$take" -le "$left" ] || { behind=$((behind + take - left)); take=$left; }
  left=$((left - take))
  if [ "$take" -gt 0 ] && { [ "$name" = "$file" ] || [ "$left" -le 0 ]; }; then
    edge=$((take > 65536 ? 65536 : take))
    if [ "$(from "$name" $((at + take - 1)) | head -c 1 | wc -l)" -eq 0 ]; then
      open=$(from "$name" $((at + take - edge)) | head -c "$edge" | tail -n 1 | wc -c)
      [ "$open" -ge 65536 ] || take=$((take - open))
    fi
  fi
  plan="$plan$at $take $name
"
  ended=$((at + take)) where=$name
done
if [ -n "$where" ]; then echo "at=$(stat -L -c %i "$where") $ended $(mark "$where" "$ended") $(stat -L -c %Z "$where")"; fi
[ "$now" != none ] || echo gone=yes
echo "behind=$behind"
for part in $plan; do
  rest=${part#* }; echo "part=${rest%% *} ${rest#* }"
done
echo --
for part in $plan; do
  at=${part%% *} rest=${part#* }
  take=${rest%% *} name=${rest#* }
  [ "$take" -gt 0 ] && { from "$name" "$at" | head -c "$take"; echo; }
done | sieve "$@" | head -c 400001
exit 0
"""
_POSITION = ("inode", "offset", "mark", "time")
_FIELD = re.compile(r"^(state|at|behind|gone|part)=(.*)$", re.MULTILINE)


class Reading(NamedTuple):
    """What a look at a log gave.

    `state`: first, same, rotated (the lines before the rotation are here too), lost (the file with them was not found), missing,
    denied, refused. `position` is where the next look begins; `octets` were read now, `behind` are left. `cut`: more lines were
    found than are sent.
    """

    state: str
    position: dict[str, str] | None
    octets: int
    behind: int
    gone: bool
    cut: bool
    lines: tuple[bytes, ...]
    said: str


def ask_log(path: str, remembered: Mapping[str, Any], *, limit: int, texts: Sequence[str]) -> Script:
    """The command that reads on after `remembered` (a `Reading.position`), at most `limit` bytes."""
    last = [str(remembered.get(name, "-")) for name in _POSITION]
    known = last if all(value != "-" for value in last) else ["-"] * len(_POSITION)
    return Script(_SCRIPT, path, *known, str(limit), str(FIRST_LOOK), *texts, env={"LC_ALL": "C"})


def parse_reading(output: bytes) -> Reading | None:
    """None when the output is not what the script prints."""
    head, marker, data = output.partition(b"\n--\n")
    text = head.decode("utf-8", "replace")
    fields = dict(_FIELD.findall(text))
    if "state" not in fields:
        return None
    if not marker:
        rest = text.splitlines()[1:]
        return Reading(fields["state"], None, 0, 0, gone=False, cut=False, lines=(), said=" ".join(rest)[:300])
    at = fields.get("at", "").split()
    position = dict(zip(_POSITION, at, strict=True)) if len(at) == len(_POSITION) else None
    parts = [value for name, value in _FIELD.findall(text) if name == "part"]
    octets = sum(int(part.partition(" ")[0]) for part in parts)
    cut = len(data) > SENT
    lines = data[:SENT].split(b"\n")
    return Reading(
        fields["state"],
        position,
        octets,
        int(fields.get("behind", "0")),
        gone="gone" in fields,
        cut=cut,
        lines=tuple(line for line in (lines[:-1] if cut else lines) if line),
        said="",
    )
