"""Debian's Postfix on loopback with its own configuration: TLS, authentication, and a Maildir for accepted mail."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import trustme

from tests.imap import DOVECOT, mailbox

MISSING = (
    "Debian's postfix and dovecot-imapd are not installed"
    if not (shutil.which("postfix") and DOVECOT)
    else "Postfix starts as root only"
    if os.geteuid() != 0
    else ""
)

#: What takes longer has hung.
_DEADLINE_S = 120.0
_MAIN = """
compatibility_level = 3.6
queue_directory = {root}/queue
data_directory = {root}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
maillog_file = {root}/log
maillog_file_prefixes = {root}
myhostname = mx.example
mydestination =
mynetworks =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
alias_maps =
default_transport = discard:
virtual_mailbox_domains = delivered.example
virtual_mailbox_base = {root}
virtual_mailbox_maps = static:box/
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
virtual_minimum_uid = 1
smtpd_tls_cert_file = {root}/cert.pem
smtpd_tls_key_file = {root}/key.pem
smtpd_tls_security_level = encrypt
smtpd_tls_auth_only = yes
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_relay_restrictions = permit_sasl_authenticated, reject
smtpd_recipient_restrictions = check_recipient_access texthash:{root}/access, permit
smtpd_client_connection_rate_limit = 0
smtpd_error_sleep_time = 0
smtpd_hard_error_limit = 1000
smtpd_soft_error_limit = 1000
"""
_MASTER = """
127.0.0.1:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
tlsmgr unix - - n 1000? 1 tlsmgr
anvil unix - - n - 1 anvil
proxymap unix - - n - - proxymap
postlog unix-dgram n - n - 1 postlogd
"""


@dataclass(frozen=True)
class Postfix:
    """Its port and login, its log, and the messages it delivered."""

    port: int
    root: Path
    username: str
    password: str

    @property
    def log(self) -> str:
        """The content of its log file."""
        path = self.root / "log"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    def delivered(self, count: int) -> list[bytes]:
        """Wait for `count` messages to delivered.example; return them, with local line ends."""
        deadline = time.monotonic() + _DEADLINE_S
        while len(found := [path.read_bytes() for path in (self.root / "box" / "new").glob("*")]) < count:
            assert time.monotonic() < deadline, self.log
            time.sleep(0.05)
        return found


@contextmanager
def postfix(certificate: trustme.LeafCert, *, access: str = "", **settings: str) -> Iterator[Postfix]:
    """Run a Postfix; `access` is an access(5) table of recipients, and `settings` override main.cf."""
    with tempfile.TemporaryDirectory(prefix="postfix") as folder, mailbox(certificate) as logins:
        root = Path(folder)
        root.chmod(0o755)
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        settings["smtpd_sasl_path"] = f"inet:127.0.0.1:{logins.auth_port}"
        _write_files(root, port, certificate, access, settings)
        command = ["postfix", "-c", str(root / "etc")]
        subprocess.run([*command, "start"], check=True, capture_output=True)
        try:
            _wait_for(port)
            yield Postfix(port, root, logins.username, logins.password)
        finally:
            subprocess.run([*command, "stop"], check=False, capture_output=True)


def _write_files(root: Path, port: int, certificate: trustme.LeafCert, access: str, settings: dict[str, str]) -> None:
    for name in ("etc", "queue", "data", "box"):
        (root / name).mkdir()
    shutil.chown(root / "data", "postfix")
    shutil.chown(root / "box", "nobody", "nogroup")
    certificate.cert_chain_pems[0].write_to_path(root / "cert.pem")
    certificate.private_key_pem.write_to_path(root / "key.pem")
    nobody = (root / "box").stat()
    main = _MAIN.format(root=root, uid=nobody.st_uid, gid=nobody.st_gid)
    main += "".join(f"{name} = {value}\n" for name, value in settings.items())
    (root / "etc" / "main.cf").write_text(main, encoding="utf-8")
    (root / "etc" / "master.cf").write_text(_MASTER.format(port=port), encoding="utf-8")
    (root / "access").write_text(access, encoding="utf-8")


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + _DEADLINE_S
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise RuntimeError("Postfix did not start")
