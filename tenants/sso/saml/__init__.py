"""SAML 2.0, the service provider's side: requests out, responses in, metadata both ways. Pure but for XML."""
