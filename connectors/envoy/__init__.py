"""Envoy and what is built on it (Istio, Envoy Gateway, Contour): their access logs."""
