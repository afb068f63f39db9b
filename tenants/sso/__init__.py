"""Single sign-on of one tenant: its identity providers by OpenID Connect and SAML, its domains, its policy."""
