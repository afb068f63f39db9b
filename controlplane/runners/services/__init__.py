"""Runners: the only writers, and the way through one."""

from controlplane.runners.services.enrolling import create, delete, enrol, known, renew
from controlplane.runners.services.relaying import relay_through
from controlplane.runners.services.work import clear, hand_out, put, take

__all__ = ["clear", "create", "delete", "enrol", "hand_out", "known", "put", "relay_through", "renew", "take"]
