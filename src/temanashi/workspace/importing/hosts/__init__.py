"""Lists of hosts from what a company already has: Excel, CSV, Ansible, Zabbix. Nothing that is read is ever run."""
