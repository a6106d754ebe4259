"""Lists of hosts from Ansible and Zabbix."""

from __future__ import annotations

import json

import pytest
from ruamel.yaml import YAML

from temanashi.workspace.importing.hosts.reading import read_host_list
from temanashi.workspace.importing.hosts.sheets import NoHosts

ANSIBLE = {
    "_meta": {
        "hostvars": {
            "web01": {"ansible_host": "10.0.0.1", "ansible_user": "ops", "ansible_port": 2222, "disk": "/data", "limits": [1, 2]},
            "web02": {
                "ansible_ssh_common_args": "-o ProxyJump=ops@gate:2222,inner",
                "ansible_become_password": "hunter2hunter2",
                "db": {"password": "hunter2hunter2"},
                "key": {"__ansible_vault": "$ANSIBLE_VAULT;1.1"},
                "path": "{{ base }}/x",
                "ansible_python_interpreter": "/usr/bin/python3",
            },
            "here": {"ansible_connection": "local"},
            "win01": {"ansible_connection": "winrm", "ansible_port": 5986},
            "odd": {"ansible_ssh_common_args": '-o ProxyCommand="ssh -q -W %h:%p ops@gate"', "ansible_user": "{{ who }}"},
            "lost": {"ansible_ssh_common_args": "-o ProxyCommand='nc -X 5 %h %p'"},
            "bad name": {},
            "localhost": {},
        }
    },
    "all": {"children": ["ungrouped", "front", "db-servers"]},
    "front": {"hosts": ["web01", "web02", "bad name"]},
    "db-servers": {"children": ["front", "nobody"], "hosts": ["db01"]},
    "ungrouped": {"hosts": ["here"]},
}

ZABBIX = {
    "zabbix_export": {
        "version": "7.0",
        "host_groups": [{"uuid": "x", "name": "Linux servers"}],
        "hosts": [
            {
                "host": "web01",
                "name": "受注Web 1号機",
                "description": "表の\nサーバ",
                "groups": [{"name": "Linux servers"}, {"name": "東京/受注"}],
                "interfaces": [
                    {"type": "SNMP", "ip": "10.9.9.9", "interface_ref": "if2"},
                    {"ip": "10.0.0.1", "port": "10050", "interface_ref": "if1"},
                ],
                "tags": [
                    {"tag": "system", "value": "order"},
                    {"tag": "location", "value": "tokyo"},
                    {"tag": "env", "value": "prod"},
                    {"tag": "critical"},
                ],
                "templates": [{"name": "Linux by Zabbix agent"}],
                "macros": [{"macro": "{$SNMP_COMMUNITY}", "value": "hunter2hunter2"}],
                "inventory_mode": "MANUAL",
                "inventory": {"os": "Debian 12", "location": "osaka"},
            },
            {
                "host": "web02",
                "status": "DISABLED",
                "groups": [{"name": "Linux servers"}],
                "interfaces": [{"useip": "NO", "dns": "web02.example", "ip": "10.0.0.2"}],
            },
            {
                "host": "ad01",
                "templates": [{"name": "Windows by Zabbix agent"}],
                "interfaces": [{"ip": "10.0.0.3"}],
                "proxy": {"name": "p"},
            },
            {"host": "sw01", "inventory": {"location": "osaka"}, "interfaces": [{"type": "SNMP", "ip": "10.0.0.4"}]},
            {"host": "bad host", "interfaces": []},
            {"host": "none", "interfaces": [{"ip": ""}]},
        ],
    }
}


def read(tmp_path, text, name="list", **how):
    (tmp_path / name).write_text(text, encoding="utf-8")
    return read_host_list(tmp_path / name, **how)


def fields(found):
    return {host.name: dict(host.fields) for host in found.hosts.values()}


def keys(found):
    return [(finding.kind, finding.place, finding.message.key.removeprefix("inventory.")) for finding in found.findings]


def test_an_inventory_of_ansible_gives_hosts_groups_and_variables_without_secrets(tmp_path):
    found = read(tmp_path, json.dumps(ANSIBLE))
    assert found.format == "ansible"
    assert fields(found) == {
        "web01": {"address": "10.0.0.1", "user": "ops", "port": 2222, "variables": {"disk": "/data", "limits": [1, 2]}},
        "web02": {"jump": ["gate", "inner"]},
        "db01": {},
        "here": {"transport": "local"},
        "win01": {"shell": "none"},
        "odd": {"jump": ["gate"]},
        "lost": {},
    }
    assert found.groups == {"front": ["web01", "web02"], "db-servers": ["db01", "group:front"]}
    assert set(keys(found)) == {
        ("left", "bad name", "not-a-name"),
        ("left", "localhost", "localhost"),
        ("left", "ansible_become_password", "variable-secret"),
        ("left", "db", "variable-secret"),
        ("left", "key", "variable-secret"),
        ("left", "path", "variable-template"),
        ("left", "ansible_python_interpreter", "variable-ansible"),
        ("left", "ansible_user", "variable-template"),
        ("left", "ansible_ssh_common_args", "variable-proxy"),
    }
    assert "hunter2hunter2" not in str(found)
    assert all(finding.message.text(lang) for finding in found.findings for lang in ("ja", "en"))


def test_variables_of_groups_reach_their_hosts_where_they_were_exported_with_the_groups(tmp_path):
    data = {
        "all": {"children": ["outer", "ungrouped"], "vars": {"ansible_user": "all", "level": "all", "only": 1}},
        "outer": {"children": ["inner"], "vars": {"level": "outer", "outer": True}},
        "inner": {"hosts": ["a"], "vars": {"level": "inner"}},
        "loop": {"children": ["loop"], "hosts": ["b"]},
    }
    found = read(tmp_path, json.dumps(data))
    assert fields(found) == {
        "a": {"user": "all", "variables": {"level": "inner", "only": 1, "outer": True}},
        "b": {"user": "all", "variables": {"level": "all", "only": 1}},
    }


def test_hosts_of_groups_as_mappings_are_read_too(tmp_path):
    assert list(read(tmp_path, json.dumps({"web": {"hosts": {"a": None, "b": None}, "children": {}}})).hosts) == ["a", "b"]


def xml(data):
    def lines(name, value):
        if isinstance(value, list):
            singular = {"host_groups": "host_group", "hosts": "host"}.get(name, name.removesuffix("s"))
            return f"<{name}>{''.join(lines(singular, item) for item in value)}</{name}>"
        if isinstance(value, dict):
            return f"<{name}>{''.join(lines(key, item) for key, item in value.items())}</{name}>"
        return f"<{name}>{value}</{name}>"

    return '<?xml version="1.0" encoding="UTF-8"?>\n' + lines("zabbix_export", data["zabbix_export"])


def yaml(data):
    import io

    stream = io.StringIO()
    YAML(typ="safe", pure=True).dump(data, stream)
    return stream.getvalue()


@pytest.mark.parametrize("written", [json.dumps, yaml, xml])
def test_an_export_of_zabbix_is_read_in_its_three_forms(tmp_path, written):
    found = read(tmp_path, written(ZABBIX))
    assert found.format == "zabbix"
    assert fields(found) == {
        "web01": {
            "address": "10.0.0.1",
            "system": "order",
            "site": "tokyo",
            "tags": ["env=prod", "critical"],
            "note": "受注Web 1号機 / 表の サーバ",
            "variables": {"os": "Debian 12"},
        },
        "web02": {"address": "web02.example", "tags": ["disabled"]},
        "ad01": {"address": "10.0.0.3", "shell": "none"},
        "sw01": {"address": "10.0.0.4", "site": "osaka", "shell": "none"},
        "none": {},
    }
    assert found.groups == {"Linux servers": ["web01", "web02"], "東京/受注": ["web01"]}
    assert set(keys(found)) == {
        ("noted", "web02", "zabbix-disabled"),
        ("noted", "ad01", "windows"),
        ("noted", "sw01", "zabbix-snmp"),
        ("left", "bad host", "not-a-name"),
        ("left", "none", "zabbix-interface"),
        ("noted", "templates", "zabbix-templates"),
        ("noted", "macros", "zabbix-macros"),
        ("noted", "proxy", "zabbix-proxy"),
    }
    assert "hunter2hunter2" not in str(found)


def test_an_export_with_the_numbers_of_older_versions_is_understood(tmp_path):
    data = {
        "zabbix_export": {
            "version": "5.0",
            "hosts": [
                {
                    "host": "a",
                    "status": "1",
                    "interfaces": [
                        {"type": "1", "default": "0", "ip": "10.0.0.9"},
                        {"type": "1", "default": "1", "useip": "0", "dns": "a.example", "ip": "10.0.0.8"},
                    ],
                }
            ],
        }
    }
    assert fields(read(tmp_path, json.dumps(data))) == {"a": {"address": "a.example", "tags": ["disabled"]}}


@pytest.mark.parametrize(
    "data",
    [
        {"zabbix_export": {"version": "7.0"}},
        {"zabbix_export": {"hosts": "x"}},
        {"_meta": {"hostvars": {}}},
        {"all": {"children": []}},
        {"x": 1},
    ],
)
def test_an_export_without_hosts_is_no_list(tmp_path, data):
    with pytest.raises(NoHosts):
        read(tmp_path, json.dumps(data))


def test_a_named_format_is_not_guessed(tmp_path):
    with pytest.raises(NoHosts):
        read(tmp_path, json.dumps(ZABBIX), given="ansible")
