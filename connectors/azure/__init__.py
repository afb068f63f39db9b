"""Azure: Front Door, Application Gateway and API Management, their logs, and blocks in WAF policies."""
