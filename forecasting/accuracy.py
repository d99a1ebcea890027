"""How good a run's forecasts are: counts and errors, all together, by category and by method.

What `ForecastRun.errors` holds and the forecasts page shows. Errors are those of past weeks that the
forecast did not know, in stock units.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from forecasting.models import Forecast


@dataclass(slots=True)
class Totals:
    """products: forecast. The rest is of those that could be tested, units a week.

    naive_kept: the naive forecast was clearly better and is used. naive_missed: it was better by
    less than chance may bring, or for a rare seller, and is not used.
    """

    products: int = 0
    tested: int = 0
    naive_kept: int = 0
    naive_missed: int = 0
    error: float = 0.0
    naive_error: float = 0.0
    bias: float = 0.0
    units: float = 0.0

    def add(self, forecast: Forecast, weekly_units: float) -> None:
        self.products += 1
        if forecast.error is None or forecast.naive_error is None:
            return
        self.tested += 1
        if forecast.is_naive:
            self.naive_kept += 1
        elif forecast.naive_error < forecast.error:
            self.naive_missed += 1
        self.error += forecast.error
        self.naive_error += forecast.naive_error
        self.bias += (forecast.bias or 0.0) * weekly_units
        self.units += weekly_units


# Error as a share of the naive one, in tenths: below 0.4, 0.4 to 0.5, ... 1.4 and above.
RATIO_FROM, RATIO_BINS = 3, 12
SAME_AS_NAIVE = 10 - RATIO_FROM  # bins before this one are better


@dataclass(slots=True)
class Accuracy:
    """A whole run. categories are keyed by the category's id, "" for products without one.

    ratios: tested products by their error as a share of the naive one, in RATIO_BINS.
    """

    total: Totals = field(default_factory=Totals)
    categories: dict[str, Totals] = field(default_factory=dict)
    methods: dict[str, Totals] = field(default_factory=dict)
    ratios: list[int] = field(default_factory=lambda: [0] * RATIO_BINS)
    # By level, windows of the backtest at or below that quantile, and all windows' weights.
    _covered: dict[str, float] = field(default_factory=dict)
    _weight: float = 0.0

    def add(self, forecast: Forecast, *, weekly_units: float, category_id: int | None) -> None:
        category = "" if category_id is None else str(category_id)
        for totals in (
            self.total,
            self.categories.setdefault(category, Totals()),
            self.methods.setdefault(forecast.method, Totals()),
        ):
            totals.add(forecast, weekly_units)
        if forecast.error is not None and forecast.naive_error:
            tenth = int(10 * forecast.error / forecast.naive_error + 1e-6) - RATIO_FROM
            self.ratios[min(max(tenth, 0), RATIO_BINS - 1)] += 1

    def add_coverage(self, covered: dict[float, float], weight: int) -> None:
        """The engine's coverage by level over `weight` series."""
        if not covered:
            return
        for level, share in covered.items():
            self._covered[f"{level:g}"] = self._covered.get(f"{level:g}", 0.0) + share * weight
        self._weight += weight

    def as_json(self) -> dict[str, Any]:
        return _in_digits(
            {
                **asdict(self.total),
                "categories": {key: asdict(totals) for key, totals in sorted(self.categories.items())},
                "methods": {key: asdict(totals) for key, totals in sorted(self.methods.items())},
                "ratios": self.ratios,
                "covered": {level: share / self._weight for level, share in self._covered.items()},
            }
        )


def _in_digits(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _in_digits(inner) for key, inner in value.items()}
    return round(value, 4) if isinstance(value, float) else value
