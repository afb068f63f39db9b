"""The only way in: bound sizes, identify, extract features, classify and redact. Pure but for the tenant's key."""

from controlplane.traffic.door.pipeline import DoorKeys, prepare

__all__ = ["DoorKeys", "prepare"]
