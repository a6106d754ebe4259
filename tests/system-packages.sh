#!/bin/sh
# The servers and fonts that tests use beside Python: Chromium, Noto CJK, Pango, Poppler, PostgreSQL, OpenSSH, OpenLDAP, Samba, BusyBox,
# Alertmanager, and the monitoring plugins that ours are held against. Installs what is missing when run as root on Debian or Ubuntu; else prints the command. In CI
# (variable CI is set) something missing is a failure.
set -u

missing=""
command -v chromium >/dev/null 2>&1 || command -v chromium-browser >/dev/null 2>&1 || command -v google-chrome >/dev/null 2>&1 \
    || missing="$missing chromium"
[ -n "$(find /usr/share/fonts /usr/local/share/fonts -name 'NotoSansCJK*' 2>/dev/null | head -n 1)" ] || missing="$missing fonts-noto-cjk"
command -v initdb >/dev/null 2>&1 || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing="$missing postgresql"
PATH="$PATH:/usr/sbin:/sbin" command -v sshd >/dev/null 2>&1 || missing="$missing openssh-server"
command -v ssh >/dev/null 2>&1 || missing="$missing openssh-client"
command -v busybox >/dev/null 2>&1 || missing="$missing busybox"
{ command -v localedef >/dev/null 2>&1 && [ -e /usr/share/i18n/locales/ja_JP ]; } || missing="$missing locales"
[ -e /usr/lib/nagios/plugins/check_http ] || missing="$missing monitoring-plugins-basic"
[ -e /usr/lib/nagios/plugins/check_dns ] || missing="$missing monitoring-plugins-standard"
command -v nslookup >/dev/null 2>&1 || missing="$missing bind9-dnsutils"
PATH="$PATH:/usr/sbin:/sbin" command -v slapd >/dev/null 2>&1 || missing="$missing slapd"
PATH="$PATH:/usr/sbin:/sbin" ldconfig -p 2>/dev/null | grep -q libpangoft2-1.0 || missing="$missing libpangoft2-1.0-0"
command -v prometheus-alertmanager >/dev/null 2>&1 || command -v alertmanager >/dev/null 2>&1 || missing="$missing prometheus-alertmanager"
command -v pdftotext >/dev/null 2>&1 || missing="$missing poppler-utils"
command -v sudo >/dev/null 2>&1 || missing="$missing sudo"
# A domain controller: without its modules Samba cannot make one.
command -v samba-tool >/dev/null 2>&1 || missing="$missing samba"
[ -d /usr/share/samba/setup ] || missing="$missing samba-ad-provision"
[ -n "$(find /usr/lib -path '*/samba/ldb/samba_dsdb.so' 2>/dev/null | head -n 1)" ] || missing="$missing samba-dsdb-modules"
[ -n "$(find /usr/lib -path '*/samba/vfs/acl_xattr.so' 2>/dev/null | head -n 1)" ] || missing="$missing samba-vfs-modules"
PATH="$PATH:/usr/sbin:/sbin" command -v winbindd >/dev/null 2>&1 || missing="$missing winbind"
command -v pkill >/dev/null 2>&1 || missing="$missing procps"
[ -z "$missing" ] && exit 0

command="apt-get install -y --no-install-recommends$missing"
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installing$missing" >&2
    # Without this policy Debian starts a database server of its own, which no test uses.
    policy=/usr/sbin/policy-rc.d
    [ -e "$policy" ] || { printf '#!/bin/sh\nexit 101\n' > "$policy"; chmod +x "$policy"; ours=1; }
    apt-get update -q >/dev/null && DEBIAN_FRONTEND=noninteractive $command -q >/dev/null
    status=$?
    [ "${ours:-}" = 1 ] && rm -f "$policy"
    [ "$status" = 0 ] && exit 0
    echo "Could not install$missing" >&2
fi
echo "Some tests need$missing. On Debian or Ubuntu: sudo apt-get update && sudo $command" >&2
[ -z "${CI:-}" ] || exit 1
echo "Tests that need them are skipped." >&2
