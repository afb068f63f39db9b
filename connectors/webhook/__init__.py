"""Alerts as signed HTTP POSTs, after the Standard Webhooks specification."""
