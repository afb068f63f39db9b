"""Google Cloud load balancers with Cloud Armor: their request log."""
