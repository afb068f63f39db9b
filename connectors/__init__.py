"""Everything that speaks to a customer's or vendor's system. Imports neither Django nor the other packages."""
