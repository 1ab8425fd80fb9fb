"""Tokens of Better Auth and any OIDC issuer, verified: who makes a request."""

from greenroom.kit.auth.authenticators import Authenticator, TokenAuthenticator
from greenroom.kit.auth.dependencies import Authenticated, authenticated, authenticator_of, require
from greenroom.kit.auth.development import DevelopmentBypass, is_loopback, named_actor
from greenroom.kit.auth.issuers import ACCESS_TOKEN, SESSION_TYPES, Issuer
from greenroom.kit.auth.keysource import Timing
from greenroom.kit.auth.provisioning import Account, Accounts
from greenroom.kit.auth.settings import AuthSettings
from greenroom.kit.auth.signatures import TokenError
from greenroom.kit.auth.verifier import Verifier

__all__ = [
    "ACCESS_TOKEN",
    "SESSION_TYPES",
    "Account",
    "Accounts",
    "AuthSettings",
    "Authenticated",
    "Authenticator",
    "DevelopmentBypass",
    "Issuer",
    "Timing",
    "TokenAuthenticator",
    "TokenError",
    "Verifier",
    "authenticated",
    "authenticator_of",
    "is_loopback",
    "named_actor",
    "require",
]
