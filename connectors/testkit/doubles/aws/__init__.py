"""The AWS double: moto's state behind a layer which enforces what moto does not, and a data plane that
obeys it.
"""
