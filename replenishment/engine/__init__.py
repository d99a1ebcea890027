"""Deciding orders without a database: frozen dataclasses in and out.

`plan.plan_orders` is the door. Quantities are integers in thousandths of the stock unit, amounts
integers in minor units, unit costs integers in ten-thousandths of a minor unit; inside the
arithmetic stock is a float in whole stock units and an expected cost a float in minor units. A
period is a day or a week, whatever the caller forecasts in.
"""
