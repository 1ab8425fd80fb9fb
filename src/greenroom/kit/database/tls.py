"""TLS for asyncpg from libpq's parameters, with libpq's meaning.

https://www.postgresql.org/docs/current/libpq-ssl.html (PostgreSQL 18)
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

MODES: Final = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
_OPPORTUNISTIC: Final = ("allow", "prefer")
_WORDS: Final = {"true": "require", "1": "require", "false": "disable", "0": "disable"}  # ``?ssl=true`` of other drivers
_VERSIONS: Final = {"TLSv1.2": ssl.TLSVersion.TLSv1_2, "TLSv1.3": ssl.TLSVersion.TLSv1_3}
_SYSTEM: Final = "system"


class TlsError(ValueError):
    """The parameters ask for what cannot be; the message names the parameter."""


def connect_arguments(given: Mapping[str, str]) -> tuple[dict[str, Any], list[str]]:
    """Return arguments of ``asyncpg.connect``, and notes of what was decided beyond the letter.

    Raises ``TlsError`` for an unknown mode, a file that cannot be read, or a mode that does not go with the rest.
    """
    if not given:
        return {}, []
    rootcert = given.get("sslrootcert", "")
    mode = given.get("sslmode", "verify-full" if rootcert == _SYSTEM else "prefer")
    mode = _WORDS.get(mode.lower(), mode)
    if mode not in MODES:
        raise TlsError(f"sslmode is one of {', '.join(MODES)}")
    if rootcert == _SYSTEM and mode != "verify-full":
        raise TlsError("sslrootcert=system needs sslmode=verify-full")
    direct = _direct(given, mode)
    if mode == "disable":
        return {"ssl": False}, []
    if mode in _OPPORTUNISTIC:
        # asyncpg falls back to no TLS for these two words only, and makes a context without verification of its own.
        beside = sorted(set(given) - {"sslmode", "sslnegotiation"})
        notes = [f"{', '.join(beside)}: not used with sslmode={mode}, which verifies nothing"] if beside else []
        return {"ssl": mode}, notes
    context, notes = _context(given, mode, rootcert)
    return {"ssl": context} | ({"direct_tls": True} if direct else {}), notes


def _direct(given: Mapping[str, str], mode: str) -> bool:
    negotiation = given.get("sslnegotiation", "postgres")
    if negotiation not in {"postgres", "direct"}:
        raise TlsError("sslnegotiation is postgres or direct")
    if negotiation == "direct" and mode not in MODES[3:]:
        raise TlsError("sslnegotiation=direct needs sslmode=require or stronger")
    return negotiation == "direct"


def _context(given: Mapping[str, str], mode: str, rootcert: str) -> tuple[ssl.SSLContext, list[str]]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = mode == "verify-full"
    notes = _trust(context, mode, rootcert)
    if crl := given.get("sslcrl"):
        _load("sslcrl", crl, lambda: context.load_verify_locations(cafile=crl))
        context.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF
    if certificate := given.get("sslcert"):
        key, password = given.get("sslkey"), given.get("sslpassword", "")
        # An empty password, and never a question at the terminal.
        _load("sslcert", certificate, lambda: context.load_cert_chain(certificate, key, lambda: password))
    context.minimum_version = _version(given, "ssl_min_protocol_version") or ssl.TLSVersion.TLSv1_2
    if highest := _version(given, "ssl_max_protocol_version"):
        context.maximum_version = highest
    # PostgreSQL 17 asks for it where TLS comes first: sslnegotiation=direct.
    context.set_alpn_protocols(["postgresql"])
    return context, notes


def _trust(context: ssl.SSLContext, mode: str, rootcert: str) -> list[str]:
    users_own = Path("~/.postgresql/root.crt").expanduser()
    if not rootcert and users_own.exists():
        rootcert = str(users_own)
    if rootcert and rootcert != _SYSTEM:
        # A root certificate makes ``require`` verify the chain: libpq does so, for compatibility.
        _load("sslrootcert", rootcert, lambda: context.load_verify_locations(cafile=rootcert))
        return []
    if mode == "require":
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return []
    context.load_default_certs()
    return [] if rootcert else [f"sslmode={mode}: no sslrootcert was given; the system's certificates are trusted"]


def _load(name: str, path: str, load: Any) -> None:  # noqa: ANN401  # ssl's loaders return nothing of use
    try:
        load()
    except OSError as error:
        raise TlsError(f"{name}: {path} cannot be read as certificates ({type(error).__name__})") from None


def _version(given: Mapping[str, str], name: str) -> ssl.TLSVersion | None:
    version = given.get(name)
    if version is None:
        return None
    if version not in _VERSIONS:
        raise TlsError(f"{name} is one of {', '.join(_VERSIONS)}")
    return _VERSIONS[version]
