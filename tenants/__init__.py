"""Who: what every customer gets, whatever the product."""
