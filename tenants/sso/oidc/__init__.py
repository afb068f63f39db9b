"""OpenID Connect, the relying party's side: discovery, keys, the code exchange and the ID token."""
