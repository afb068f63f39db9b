"""Migrations of the members app as a next release would have them: the present ones and those in this folder."""

import tenants.members.migrations as present

__path__ = [*__path__, *present.__path__]
