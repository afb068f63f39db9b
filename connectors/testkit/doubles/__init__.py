"""Strict vendor doubles: separate processes that speak a vendor's protocol on 127.0.0.1.

A request that no vendor would accept must fail here. Nothing in the product knows about them: it is given
endpoint URLs and credentials. Start commands are in ``docs/demo.md``.
"""
