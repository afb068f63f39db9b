"""Which store the settings name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connectors.bucket.blob import BlobStore
from connectors.bucket.s3 import S3Store
from connectors.bucket.stores import Store

if TYPE_CHECKING:
    from connectors.bucket.manifest import BucketSettings
    from connectors.egress import Egress


def store_of(settings: BucketSettings, egress: Egress) -> Store:
    """The store, not yet asked anything."""
    return BlobStore(settings, egress) if settings.provider == "azure" else S3Store(settings, egress)
