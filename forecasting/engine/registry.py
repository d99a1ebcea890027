"""The methods a forecast is chosen from; the naive one comes first, for ties."""

from __future__ import annotations

from forecasting.engine import holt_winters, mean_rate, seasonal_naive
from forecasting.engine.method import Method

NAIVE = seasonal_naive.METHOD
METHODS: tuple[Method, ...] = (NAIVE, holt_winters.METHOD, mean_rate.METHOD)
# What a series gets that is too young to test anything on.
UNTESTED = mean_rate.METHOD
