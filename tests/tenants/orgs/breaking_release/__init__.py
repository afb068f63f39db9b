"""Migrations of the members app in a release that code of before cannot live with."""

import tenants.members.migrations as present

__path__ = [*__path__, *present.__path__]
