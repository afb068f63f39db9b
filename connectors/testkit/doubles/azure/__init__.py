"""A strict double of Azure: Entra tokens, Azure Resource Manager, Log Analytics, and a data plane that obeys WAF policies.

Sources: azure-rest-api-specs (Front Door and Application Gateway WAF 2025-05-01 and 2025-10-01, CDN 2025-04-15, API
Management 2024-05-01, Monitor), "Azure subscription and service limits", the WAF custom-rule pages of both products.
"""
