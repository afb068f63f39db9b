"""Acme's users and attackers: sessions with think time, partners, monitors, crawlers, noise, and planted
attacks.

Only documentation and benchmark address ranges are used (RFC 2544, RFC 5737, RFC 3849).
"""
