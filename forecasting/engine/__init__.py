"""Forecasting without a database: arrays in, frozen dataclasses out.

`forecast.forecast_panel` is the door: a `panel.Panel` in, a `panel.PanelForecast` out.
"""
