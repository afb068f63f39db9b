"""A double of Envoy's admin interface."""
