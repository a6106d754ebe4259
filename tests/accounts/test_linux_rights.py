"""Who is privileged by sudoers: the words of sudoers(5), and files as they lie on a real host."""

import pytest

from temanashi.accounts.directories.linux_rights import read_rights
from temanashi.accounts.model import Scope

NOBODY = {"staff": "50"}

CASES = [
    ("hanako ALL=(ALL:ALL) ALL", "sudo ALL (site)"),
    ("hanako ALL=(root) NOPASSWD: /usr/bin/systemctl restart web", "sudo /usr/bin/systemctl restart web (site)"),
    ("hanako ALL=(oracle) ALL", "sudo ALL as oracle (site)"),
    ("hanako ALL=(oracle, %dba : dba) ALL", "sudo ALL as oracle, %dba (site)"),
    ("hanako ALL = ALL", "sudo ALL (site)"),
    ("taro, hanako ALL=ALL", "sudo ALL (site)"),
    ("taro ,hanako web1=ALL", "sudo ALL (site)"),
    ('"hanako" ALL=ALL', "sudo ALL (site)"),
    ("#1001 ALL=ALL", "sudo ALL (site)"),
    ("%staff ALL=ALL", "sudo ALL (site)"),
    ("%#50 ALL=ALL", "sudo ALL (site)"),
    ("ALL ALL=(ALL) /usr/bin/id", "sudo /usr/bin/id (site)"),
    ("ADMINS ALL=ALL", "sudo ALL (site)"),
    ("INNER ALL=ALL", "sudo ALL (site)"),
    ("hanako ALL=ALL # for the night shift", "sudo ALL (site)"),
    ("hanako ALL=(root) NOPASSWD: SETENV: " + "/usr/bin/" + "x" * 80, "sudo /usr/bin/" + "x" * 50 + "… (site)"),
    ("taro ALL=ALL", None),
    ("%other ALL=ALL", None),
    ("ALL, !hanako ALL=ALL", None),
    ("ALL, ! hanako ALL=ALL", None),
    ("!hanako, ALL ALL=ALL", "sudo ALL (site)"),
    ("#100 ALL=ALL", None),
    ("EMPTY ALL=ALL", None),
    ("ROUND ALL=ALL", None),
    ("Defaults:hanako env_keep=X", None),
    ("Cmnd_Alias HANAKO = /bin/sh", None),
    ("a line without meaning", None),
]
ALIASES = "User_Alias ADMINS = taro, hanako : INNER = ADMINS : EMPTY = nobody : ROUND = ROUND"


@pytest.mark.parametrize(("line", "told"), CASES, ids=[line for line, _ in CASES])
def test_a_line_of_sudoers_gives_its_right_to_whom_it_names(line, told):
    rights = read_rights([("sudoers", ALIASES), ("site", line)])
    assert rights.of("hanako", "1001", NOBODY) == ([told] if told else [])


def test_rights_in_included_files_continued_lines_and_groups_make_an_account_privileged(linux, linuxhost):
    linuxhost.inside("groupadd", "nightshift")
    for login, more in (("byfile", ""), ("bygroup", "nightshift"), ("bysudo", "sudo"), ("nothing1", "")):
        linuxhost.inside("useradd", *(["-G", more] if more else []), login)
    text = "# of the site\nUser_Alias NIGHT = \\\n  byfile, %nightshift\nNIGHT ALL=(root) \\\n  /usr/bin/systemctl\n"
    linuxhost.inside("sh", "-c", "cat > /etc/sudoers.d/night; echo 'nothing1 ALL=ALL' > /etc/sudoers.d/night.bak", text=text)
    linuxhost.inside("sh", "-c", "mkdir -p /etc/more && echo '@include /etc/more/deep' > /etc/sudoers.d/zz-more")
    linuxhost.inside("sh", "-c", "echo 'bygroup ALL=(www-data) ALL' > /etc/more/deep")
    try:
        linuxhost.inside("visudo", "-cf", "/etc/sudoers.d/night")
        found = {one.login: one.privileged for one in linux.directory.read(Scope()).accounts}
    finally:
        linuxhost.inside("sh", "-c", "rm -r /etc/sudoers.d/night* /etc/sudoers.d/zz-more /etc/more")
    assert found["byfile"] == "sudo /usr/bin/systemctl (night)"
    assert found["bygroup"] == "sudo /usr/bin/systemctl (night), sudo ALL as www-data (deep)"
    assert found["bysudo"] == "sudo"
    assert found["nothing1"] == ""
    assert found["root"] == "uid 0"


def test_files_that_include_each_other_end(linux, linuxhost):
    linuxhost.inside("sh", "-c", "echo '@include /etc/sudoers.d/round' > /etc/sudoers.d/round")
    try:
        assert linux.directory.read(Scope(logins=("root",))).account("root").privileged == "uid 0"
    finally:
        linuxhost.inside("rm", "/etc/sudoers.d/round")
