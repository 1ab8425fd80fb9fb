"""The actor that a verified token speaks of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from greenroom.kit.actors import Actor, ActorKind
from greenroom.kit.auth.claims import is_clean, is_identifier
from greenroom.kit.auth.issuers import ACCESS_TOKEN, Issuer
from greenroom.kit.auth.signatures import TokenError

MAX_NAME: Final = 200
_KINDS: Final[Mapping[Any, ActorKind]] = {"human": ActorKind.HUMAN, "agent": ActorKind.AGENT}
"""What the claim ``actor_type`` may say; nobody from outside is the system."""


def actor(claims: Mapping[str, Any], issuer: Issuer, typ: str) -> Actor:
    """Return who acts, by the first line that holds. Raises ``TokenError``.

    ==============================================  ==========================================================
    claim ``act`` (RFC 8693, section 4.1)           ``act.sub`` acts on behalf of ``sub``; an agent unless
                                                    ``act.actor_type`` says human
    claim ``actor_type``                            ``sub``, of that kind
    ``typ`` is at+jwt and ``sub`` is ``client_id``  the agent ``sub``: a client with its own credentials
                                                    (RFC 9068, section 2.2)
    otherwise                                       the human ``sub``
    ==============================================  ==========================================================
    """
    subject: str = claims["sub"]
    if "act" in claims:
        acting = _acting(claims["act"], claims["iss"])
        return _made(acting, acting["sub"], _kind(acting, ActorKind.AGENT), claims, issuer, on_behalf_of=subject)
    by_itself = typ == ACCESS_TOKEN and claims.get("client_id") == subject
    kind = _kind(claims, ActorKind.AGENT if by_itself else ActorKind.HUMAN)
    return _made(claims, subject, kind, claims, issuer)


def _acting(act: Any, token_issuer: str) -> Mapping[str, Any]:  # noqa: ANN401  # whatever JSON holds
    # Nested actors are history: "not to be considered in access control decisions" (RFC 8693, section 4.1).
    if not isinstance(act, dict) or not is_identifier(act.get("sub")) or act.get("iss", token_issuer) != token_issuer:
        raise TokenError("The token does not name who acts")
    return act


def _kind(claims: Mapping[str, Any], default: ActorKind) -> ActorKind:
    if "actor_type" not in claims:
        return default
    said = claims["actor_type"]
    if not isinstance(said, str) or said not in _KINDS:
        raise TokenError("The token names an unknown kind of actor")
    return _KINDS[said]


def _made(
    person: Mapping[str, Any],
    identity: str,
    kind: ActorKind,
    claims: Mapping[str, Any],
    issuer: Issuer,
    *,
    on_behalf_of: str | None = None,
) -> Actor:
    return Actor(
        kind,
        identity,
        issuer.realm or issuer.issuer,
        name=_text(person.get("name")),
        email=_text(person.get("email")),
        on_behalf_of=on_behalf_of,
        scopes=_scopes(claims, issuer),
        claims=claims,
    )


def _scopes(claims: Mapping[str, Any], issuer: Issuer) -> frozenset[str]:
    """Read the claim ``scope``, a list parted by blanks (RFC 8693, section 4.2)."""
    if "scope" not in claims:
        return issuer.scopes
    scope = claims["scope"]
    return frozenset(scope.split()) if isinstance(scope, str) else frozenset()


def _text(value: Any) -> str | None:  # noqa: ANN401  # whatever JSON holds
    """Return what can be stored and shown: what people call themselves is no reason to refuse them."""
    if not isinstance(value, str):
        return None
    clean = "".join(character for character in value if is_clean(character)).strip()[:MAX_NAME]
    return clean or None
