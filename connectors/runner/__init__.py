"""The remote runner: a small program at the customer that only calls out and relays our requests to listed addresses.

``wire`` is what both sides exchange; the rest runs at the customer. It knows neither Django nor any vendor: a
connector runs in our workers as always and its requests, one by one, are sent from here.
"""
