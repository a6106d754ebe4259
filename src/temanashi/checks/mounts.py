"""The mounted file systems of a host: which are meant, how full they are, and which of them do not answer."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from temanashi.hosts.command import Script

__all__ = ["ALL", "Mount", "Usage", "ask_mounts", "chosen", "facts_of", "parse_mounts", "parse_usages"]

ALL = "all"
"""Every real file system."""

# Those that answer from memory whatever happens to a disk or a server; any other may hang, and is asked on its own.
LOCAL = ("ext2", "ext3", "ext4", "xfs", "btrfs", "zfs", "vfat", "tmpfs", "overlay", "f2fs", "jfs", "reiserfs", "bcachefs", "ubifs")
NETWORK = ("nfs", "nfs4", "cifs", "smb3", "smbfs", "ceph", "glusterfs", "lustre", "gpfs", "ocfs2", "gfs2", "afs", "fuse.*")
# Memory, images that are always full, and layers of containers say nothing that an operator acts on.
UNREAL = ("tmpfs", "overlay", "fuse.gvfsd-fuse", "fuse.portal", "fuse.lxcfs", "fuse.snapfuse")
REAL = tuple(kind for kind in (*LOCAL, *NETWORK, "exfat", "ntfs", "ntfs3", "hfsplus", "fuseblk") if kind not in UNREAL)

# $1: tenths of seconds; $2: types that never hang; $3: types of `all`; then mount points and globs, `all`, and `!` before what is
# left out. What may hang is asked in the background: the list and the others are printed whatever it does. Killed processes that
# the kernel does not let go are not waited for.
_SCRIPT = r"""
limit=$1 local=" $2 " real=" $3 "; shift 3
set -f
IFS='
'
lines=$(cat /proc/self/mounts) || exit 1
echo mounts read
for line in $lines; do
  device=${line%% *} line=${line#* }
  where=${line%% *} line=${line#* }
  type=${line%% *}
  case $where in
    *\\*) where=$(printf '%b.' "$(printf %s "$where" | sed 's/\\\([0-7][0-7][0-7]\)/\\0\1/g')"); where=${where%.};;
  esac
  take=
  for pattern; do
    case $pattern in
      '!'*) pattern=${pattern#!}; case $where in $pattern) continue 2;; esac; case $type in $pattern) continue 2;; esac;;
      all) case $type in fuse.*) take=1;; *) case $real in *" $type "*) take=1;; esac; esac; [ "$where" != / ] || take=1;;
      *) case $where in $pattern) take=1;; esac;;
    esac
  done
  [ -n "$take" ] || continue
  printf 'mount %s %s %s\n' "$type" "$device" "$where"
  case $local in
    *" $type "*) safe="$safe$where
";;
    *) slow="$slow$where
";;
  esac
done
if [ -n "$safe" ]; then stat -f -c 'room %S %b %f %a %c %d %n' $safe 2>&1; fi
[ -n "$slow" ] || exit 0
children=
for where in $slow; do
  stat -f -c 'room %S %b %f %a %c %d %n' "$where" 2>&1 &
  children="$children $!"
done
IFS=' '
tries=0
while [ "$tries" -lt "$limit" ]; do
  sleep 0.1 2>/dev/null || sleep 1
  alive=
  for child in $children; do kill -0 "$child" 2>/dev/null && alive="$alive $child"; done
  [ -n "$alive" ] || exit 0
  tries=$((tries + 1))
done
kill -9 $alive 2>/dev/null
exit 0
"""

_MOUNT = re.compile(r"^mount (\S+) (\S+) (/.*)$")
_ROOM = re.compile(r"^room (\d+) (\d+) (\d+) (\d+) (\d+) (\d+) (/.*)$")


def ask_mounts(patterns: Sequence[str], *, exclude: Sequence[str], hang_after: float) -> Script:
    """The command that lists the mounts that are meant and how full they are; seconds after which one is taken for hung."""
    words = (*(f"!{pattern}" for pattern in exclude), *patterns)
    return Script(_SCRIPT, str(max(1, round(hang_after * 10))), " ".join(LOCAL), " ".join(REAL), *words, env={"LC_ALL": "C"})


class Mount(NamedTuple):
    """A mounted file system: its type, its device, and where it is."""

    type: str
    device: str
    where: str


class Usage(NamedTuple):
    """How full a file system is, in bytes and inodes. Percents are None where it has no such limit (btrfs and inodes, /proc)."""

    total: int
    used: int
    free: int
    inodes: int
    inodes_free: int

    @property
    def percent(self) -> float | None:
        """Used / (used + available), as df says: what a user can still write counts, not what root keeps back."""
        room = self.used + self.free
        return 100 * self.used / room if room > 0 else None

    @property
    def inodes_percent(self) -> float | None:
        """The share of inodes in use."""
        return 100 * (self.inodes - self.inodes_free) / self.inodes if self.inodes > 0 else None


def parse_mounts(text: str) -> dict[str, Mount] | None:
    """The mounts that are meant, by place; of several on one place the last, which hides the others. None when no list was read."""
    if "mounts read" not in text.splitlines():
        return None
    found = (Mount(*match.groups()) for line in text.splitlines() if (match := _MOUNT.match(line)))
    return {mount.where: mount for mount in found}


def parse_usages(text: str) -> dict[str, Usage]:
    """How full each is, by place."""
    rows = (match for line in text.splitlines() if (match := _ROOM.match(line)))
    found = {}
    for row in rows:
        block, total, free, available, inodes, inodes_free = map(int, row.groups()[:6])
        # Some network file systems say more available than free, or count negative numbers as very large ones.
        used = max(total - free, 0)
        found[row[7]] = Usage(total * block, used * block, min(available, total) * block, inodes, inodes_free)
    return found


def chosen(mounts: Mapping[str, Mount], patterns: Sequence[str]) -> Iterator[Mount]:
    """The mounts that are meant, in order of their places. `all` leaves out what is not real, and second places of one device."""
    named = [pattern for pattern in patterns if pattern != ALL]
    devices: set[str] = set()
    for mount in sorted(mounts.values(), key=lambda mount: (len(mount.where), mount.where)):
        if any(mount.where == pattern or fnmatchcase(mount.where, pattern) for pattern in named) or (
            ALL in patterns and _real(mount) and mount.device not in devices
        ):
            yield mount
        devices.add(mount.device)


def _real(mount: Mount) -> bool:
    if any(fnmatchcase(mount.type, pattern) for pattern in UNREAL):
        return mount.where == "/"  # the root of a container
    return any(fnmatchcase(mount.type, pattern) for pattern in REAL)


def facts_of(mount: Mount, usage: Usage) -> dict[str, Any]:
    """What is kept of a file system."""
    return {
        "path": mount.where,
        "type": mount.type,
        "total": usage.total,
        "used": usage.used,
        "free": usage.free,
        "used_percent": None if usage.percent is None else round(usage.percent, 3),
        "inodes_percent": None if usage.inodes_percent is None else round(usage.inodes_percent, 3),
    }
