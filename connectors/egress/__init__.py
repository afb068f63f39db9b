"""The only door out: guarded addresses, time-outs, retries with jitter, size limits and rate budgets."""

from connectors.base.errors import ConnectorError
from connectors.egress.client import Egress, EgressResponse
from connectors.egress.policy import EgressPolicy, address_pair

__all__ = ["ConnectorError", "Egress", "EgressPolicy", "EgressResponse", "address_pair"]
