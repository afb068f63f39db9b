"""Azure Front Door and Application Gateway: their access and firewall logs."""
