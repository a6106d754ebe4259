"""Systems whose alerts we hear: Alertmanager, Zabbix, and whatever speaks as PagerDuty's Events API is spoken to."""
