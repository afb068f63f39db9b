"""The deployment as an OpenID Connect issuer that cloud vendors trust instead of a secret."""
