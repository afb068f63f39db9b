"""Apigee Edge, in Google's public cloud or on the customer's own machines: its configuration is read, nothing else."""
