"""Running the product."""
