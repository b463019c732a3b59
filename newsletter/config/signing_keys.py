"""Signing keys that are kept outside the database: in the environment, or in a file (also of systemd's credentials)."""

from __future__ import annotations

from pathlib import Path

from newsletter.config.model import Config
from newsletter.errors import ConfigError

#: 32 characters of base64 are 192 bits.
_MIN_LENGTH = 32
_MAX_FILE_B = 65_536
_HINT = "make one with: openssl rand -hex 32"


def signing_keys(config: Config) -> tuple[bytes, ...]:
    """Return the keys of the setting or of the file, the newest first; they are separated by white space.

    The file is read anew each time, so that a process which serves for months sees a rotated key.

    Raises:
        ConfigError: Both are set, the file cannot be read, or a key is too short.
    """
    text, file, name = config.signing_key, config.signing_key_file, "site.secret"
    if text is not None and file is not None:
        raise ConfigError("site.secret and site.secret_file are both set", hint="keep one of them")
    if file is not None:
        name, text = f"site.secret_file: {file}", _read(file)
    if text is None:
        return ()
    keys = text.split()
    if not keys:
        raise ConfigError(f"{name}: no key", hint=_HINT)
    if any(len(key) < _MIN_LENGTH for key in keys):
        raise ConfigError(f"{name}: a key has fewer than {_MIN_LENGTH} characters", hint=_HINT)
    return tuple(key.encode() for key in keys)


def _read(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            return opened.read(_MAX_FILE_B).decode()
    except OSError as error:
        raise ConfigError(f"site.secret_file: {file}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"site.secret_file: {file}: not text", hint=_HINT) from error
