"""Deciding an order without a database: frozen dataclasses in and out.

`optimise.plan_supplier` is the door. Quantities are integers in thousandths of the stock unit,
positions inside the arithmetic are floats in whole stock units, money is in minor units.
"""
