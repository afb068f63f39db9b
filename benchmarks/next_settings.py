"""Settings of the product with the next release's migrations."""

from controlplane.config.settings import *  # noqa: F403

MIGRATION_MODULES = {"members": "benchmarks.next_release"}
