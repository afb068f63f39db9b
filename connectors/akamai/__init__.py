"""Akamai: security events of the SIEM API, and requests that DataStream 2 delivers."""
