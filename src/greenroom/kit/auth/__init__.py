"""Tokens of Better Auth and any OIDC issuer, verified; what they say becomes an actor."""
