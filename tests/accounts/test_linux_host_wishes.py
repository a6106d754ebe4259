"""What only accounts of hosts have, on a real one: numbers, folders, first groups, new groups, and keys that are rotated."""

import subprocess

import pytest

from fixtures_sshd import make_key
from temanashi.accounts.faults import AccountRefused, BadAccountValue, WishRefused
from temanashi.accounts.host_wishes import HostWish
from temanashi.accounts.model import Scope
from temanashi.accounts.names import check_home, check_uid, fingerprint_of
from temanashi.accounts.wishes import told
from temanashi.text import LANGUAGES


@pytest.fixture
def wished(linux):
    """Read, plan and apply with what only hosts have; the fields and the account."""

    def done(login, do="set", *, before=None, **more):
        fields = {name: more.pop(name) for name in ("groups", "name", "shell") if name in more}
        wish = linux.wish(
            do=do, login=login, before=before, **fields, on_host=HostWish(**more).model_dump(mode="json") if more else None
        )
        seen = linux.directory.read(Scope(logins=(login,)))
        changes = linux.directory.plan(wish, seen)
        for change in changes:
            for lang in LANGUAGES:
                assert not told(change).text(lang).startswith("accounts.")
        after = linux.directory.apply(wish, changes, seen, secret=None) if changes else seen
        return [change.field for change in changes], after.account(login)

    return done


def public(key):
    return key.with_suffix(".pub").read_text().strip()


def test_a_new_account_gets_its_number_folder_first_group_and_groups_that_were_missing(wished, linuxhost):
    more = {
        "uid": 20501,
        "home": "/home/elsewhere",
        "primary_group": "staff2",
        "create_groups": True,
        "groups": ("made1", "staff2"),
    }
    fields, account = wished("numbered1", "join", **more)
    assert fields == ["new_groups", "account", "shell", "groups", "uid", "home", "primary_group"]
    assert (account.native_id, account.home, account.primary_group, account.groups) == (
        "20501",
        "/home/elsewhere",
        "staff2",
        ("made1",),
    )
    assert linuxhost.line("group", "numbered1") == []
    files = linuxhost.files()
    assert wished("numbered1", "join", **more)[0] == []
    assert linuxhost.files() == files


def test_a_number_and_a_folder_stay_and_a_group_that_is_missing_is_told(wished, linuxhost):
    linuxhost.inside("useradd", "-m", "stays1")
    files = linuxhost.files()
    stays = [
        ({"uid": 20999}, "its number stays"),
        ({"home": "/srv/x"}, "its folder stays"),
        ({"primary_group": "nowhere"}, "nowhere"),
    ]
    for more, words in stays:
        with pytest.raises(WishRefused, match=words):
            wished("stays1", **more)
    with pytest.raises(AccountRefused, match="there already"):
        wished("fresh2", "join", home="/home/stays1")
    uid = int(linuxhost.line("passwd", "stays1")[2])
    with pytest.raises(AccountRefused, match="not unique"):
        wished("fresh2", "join", uid=uid)
    with pytest.raises(AccountRefused, match="number of the system"):
        wished("fresh2", "join", uid=12)
    assert linuxhost.files() == files


def test_exactly_these_groups_takes_all_others_away_and_undo_brings_them_back(wished, linuxhost):
    for group in ("exact1", "exact2", "exact3"):
        linuxhost.inside("groupadd", group)
    linuxhost.inside("useradd", "-m", "-G", "exact1,exact2", "exactly1")
    files = linuxhost.files()
    _, before = wished("exactly1")
    fields, account = wished("exactly1", groups=("exact3",), exact_groups=True, primary_group="exact1")
    assert (sorted(fields), account.groups, account.primary_group) == (["groups", "primary_group"], ("exact3",), "exact1")
    fields, account = wished("exactly1", "restore", before=before.facts())
    assert account.facts() == before.facts()
    assert linuxhost.files() == files


def test_a_key_is_rotated_others_stay_and_the_old_one_comes_back(wished, linuxhost, tmp_path):
    old = linuxhost.person("rotate1")
    new, other = make_key(tmp_path / "new"), make_key(tmp_path / "other")
    line = f'no-pty,command="id -un" {public(other)}'
    linuxhost.inside("sh", "-c", "cat >> /home/rotate1/.ssh/authorized_keys", text=f"# kept by hand\n{line}")
    before_text = linuxhost.inside("cat", "/home/rotate1/.ssh/authorized_keys")
    _, before = wished("rotate1")
    more = {"add_keys": (public(new),), "drop_keys": (fingerprint_of(public(old)),)}
    fields, account = wished("rotate1", **more)
    assert fields == ["keys"]
    assert account.keys == tuple(sorted(fingerprint_of(public(key)) for key in (new, other)))
    assert linuxhost.inside("cat", "/home/rotate1/.ssh/authorized_keys") == f"# kept by hand\n{line}\n{public(new)}\n"
    assert [linuxhost.login("rotate1", key=key) for key in (old, new, other)] == ["refused", "rotate1", "rotate1"]
    assert wished("rotate1", **more)[0] == []
    fields, account = wished("rotate1", "restore", before=before.facts())
    assert (fields, account.keys) == (["keys"], before.keys)
    assert linuxhost.inside("cat", "/home/rotate1/.ssh/authorized_keys") == before_text
    assert linuxhost.login("rotate1", key=old) == "rotate1"


def test_while_the_new_key_would_not_open_the_account_the_old_one_stays(wished, linuxhost, tmp_path):
    old = linuxhost.person("rotate2")
    new = make_key(tmp_path / "new")
    more = {"add_keys": (public(new),), "drop_keys": (fingerprint_of(public(old)),)}
    linuxhost.inside("chmod", "777", "/home/rotate2")
    with pytest.raises(AccountRefused, match="others may write /home/rotate2"):
        wished("rotate2", **more)
    linuxhost.inside("chmod", "755", "/home/rotate2")
    for setting, words in (("AuthorizedKeysFile /etc/keys/%u", "reads keys from"), ("PubkeyAuthentication no", "takes no keys")):
        linuxhost.inside("sh", "-c", 'cp /etc/ssh/sshd_config /tmp/kept.$$ && echo "$1" > /etc/ssh/sshd_config', "sh", setting)
        with pytest.raises(AccountRefused, match=words):
            wished("rotate2", **more)
    linuxhost.inside("sh", "-c", "echo 'AuthorizedKeysFile /home/%u/.ssh/authorized_keys' > /etc/ssh/sshd_config")
    assert linuxhost.login("rotate2", key=old) == "rotate2"
    # The new one had come already: it goes on from there.
    fields, account = wished("rotate2", **more)
    assert (fields, account.keys) == (["keys"], (fingerprint_of(public(new)),))
    assert [linuxhost.login("rotate2", key=key) for key in (old, new)] == ["refused", "rotate2"]


def test_a_former_key_that_is_not_known_any_more_cannot_come_back_and_the_present_one_stays(wished, linuxhost, tmp_path):
    old = linuxhost.person("rotate3")
    new = make_key(tmp_path / "new")
    _, before = wished("rotate3")
    wished("rotate3", add_keys=(public(new),), drop_keys=(fingerprint_of(public(old)),))
    linuxhost.inside("sh", "-c", "rm /home/rotate3/.ssh/*.before-*")
    with pytest.raises(AccountRefused, match="not known any more"):
        wished("rotate3", "restore", before=before.facts())
    assert linuxhost.login("rotate3", key=new) == "rotate3"


def test_only_the_newest_ten_former_files_of_keys_are_kept(wished, linuxhost, tmp_path):
    linuxhost.person("rotate4")
    for number in range(13):
        wished("rotate4", add_keys=(f"ssh-ed25519 {_blob(number)} k{number}",))
    assert len(linuxhost.inside("sh", "-c", "ls -d /home/rotate4/.ssh/*.before-*").split()) == 10


def _blob(number):
    import base64

    return base64.b64encode(b"\x00\x00\x00\x0bssh-ed25519\x00\x00\x00 " + bytes([number]) * 32).decode()


def test_a_folder_of_keys_that_is_a_link_is_not_followed(wished, linuxhost, tmp_path):
    new = make_key(tmp_path / "new")
    linuxhost.person("linker2")
    rooted = linuxhost.inside("sh", "-c", "cat ~root/.ssh/authorized_keys")
    linuxhost.inside("sh", "-c", "cd /home/linker2 && rm -r .ssh && ln -s ~root/.ssh .ssh")
    with pytest.raises(AccountRefused, match="cannot be written"):
        wished("linker2", add_keys=(public(new),))
    assert linuxhost.inside("sh", "-c", "cat ~root/.ssh/authorized_keys") == rooted


def test_the_same_key_cannot_come_and_go(tmp_path):
    key = make_key(tmp_path / "id")
    with pytest.raises(ValueError, match="same-key"):
        HostWish(add_keys=(public(key),), drop_keys=(fingerprint_of(public(key)),))


@pytest.mark.parametrize(
    "text",
    ["home", "/", "/home/../etc", "/home/./x", "/home//x", "/home/x y", "/home/x;id", "/home/山田", "/" + "a" * 201, "/-x/.y"],
)
def test_a_folder_that_is_none_is_refused(text):
    with pytest.raises(BadAccountValue):
        check_home(text)


@pytest.mark.parametrize("text", ["0", "-1", "65534", "999999", "1e3", "１００１", "0x10", "", " 5"])
def test_a_number_that_is_none_is_refused(text):
    with pytest.raises(BadAccountValue):
        check_uid(text)


@pytest.mark.parametrize(
    "words",
    [
        ["uid", "0"],
        ["uid", "12;id"],
        ["home", "/etc"],
        ["home", "/home/../srv/x"],
        ["home", "relative"],
        ["primary", "a b"],
        ["groups", "Bad!"],
        ["keys", "ssh-ed25519 AAAA"],
        ["image", "../../x"],
        ["former", "../x"],
    ],
    ids=" ".join,
)
def test_the_program_on_the_host_refuses_such_values_by_itself(linux, linuxhost, words):
    files = linuxhost.files()
    enter = ["nsenter", "--mount", "--pid", "--target", str(linuxhost.init), "--", "sh", "-c", linux.program(), "x"]
    done = subprocess.run([*enter, "change", "fresh3", "", "create", "", *words], capture_output=True, text=True, check=False)
    assert done.returncode == 8, done.stderr
    assert linuxhost.files() == files
