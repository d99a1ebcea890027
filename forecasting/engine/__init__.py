"""Forecasting without a database: arrays in, frozen dataclasses out.

`choose.forecast_series` is the door; `registry.METHODS` lists what it chooses from.
"""
