"""Debian's Dovecot on loopback: one IMAP mailbox over a Maildir that a test fills, and logins for Postfix."""

from __future__ import annotations

import getpass
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

DOVECOT = shutil.which("dovecot") or shutil.which("dovecot", path="/usr/sbin")


@dataclass(frozen=True)
class Mailbox:
    """Its ports, its files and its login."""

    port: int
    #: The port of the authentication service for Postfix.
    auth_port: int
    maildir: Path
    username: str = "ada"
    password: str = "open-sesame"  # noqa: S105 - only for this test


_CONFIG = """
protocols = imap
listen = 127.0.0.1
base_dir = {root}/run
state_dir = {root}/state
log_path = {root}/log
ssl = required
ssl_cert = <{root}/cert.pem
ssl_key = <{root}/key.pem
default_internal_user = {internal}
default_internal_group = {internal}
default_login_user = {login}
first_valid_uid = 0
first_valid_gid = 0
mail_location = maildir:{maildir}
mail_uid = {user}
mail_gid = {user}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={user} gid={user} home={root}
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = 0
  }}
  inet_listener imaps {{
    port = {port}
    ssl = yes
  }}
}}
service auth {{
  inet_listener {{
    address = 127.0.0.1
    port = {auth_port}
  }}
}}
service anvil {{
  chroot =
}}
"""


@contextmanager
def mailbox(certificate: trustme.LeafCert) -> Iterator[Mailbox]:
    """Serve a mailbox."""
    assert DOVECOT is not None
    with tempfile.TemporaryDirectory(prefix="imap") as folder:  # the paths of its sockets must be short
        root = Path(folder)
        certificate.cert_chain_pems[0].write_to_path(root / "cert.pem")
        certificate.private_key_pem.write_to_path(root / "key.pem")
        with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as other:
            port, auth_port = one.getsockname()[1], other.getsockname()[1]
        box = Mailbox(port, auth_port, root / "box")
        for name in ("new", "cur", "tmp"):
            (box.maildir / name).mkdir(parents=True)
        user = internal = login = getpass.getuser()
        if user == "root":  # Dovecot then requires other users for its login processes and for the mail
            user, internal, login = "mail", "dovecot", "dovenull"
            for path in (root, box.maildir, *box.maildir.iterdir()):
                shutil.chown(path, user, user)
        root.chmod(0o755)
        config = _CONFIG.format(
            root=root,
            port=port,
            auth_port=auth_port,
            maildir=box.maildir,
            password=box.password,
            user=user,
            internal=internal,
            login=login,
        )
        (root / "dovecot.conf").write_text(config, encoding="utf-8")
        process = subprocess.Popen([DOVECOT, "-F", "-c", str(root / "dovecot.conf")])
        try:
            while not _listens(port):
                if process.poll() is not None:
                    raise RuntimeError((root / "log").read_text(encoding="utf-8"))
                time.sleep(0.02)
            yield box
        finally:
            process.terminate()
            process.wait()


def _listens(port: int) -> bool:
    """Whether something accepts connections at this port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
