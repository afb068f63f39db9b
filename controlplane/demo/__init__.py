"""The sample company "Acme": its backend, its vendor estates, its users and its attackers, all as plain
processes.

Nothing here imports Django and nothing in the product imports this: the product is given URLs and
credentials.
"""
