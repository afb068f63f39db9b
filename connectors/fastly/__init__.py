"""Fastly: requests that real-time log streaming delivers, and requests of the Next-Gen WAF."""
