"""Settings of the product with the next release's migrations, for processes the tests start."""

from controlplane.config.settings import *  # noqa: F403

MIGRATION_MODULES = {"members": "tests.tenants.orgs.next_release"}
