"""What the forecasts page says about a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from catalog.models import Category
from common.charts import columns, dumbbell
from forecasting.accuracy import RATIO_BINS, SAME_AS_NAIVE
from forecasting.models import Forecast, ForecastRun

# The error and the naive error of categories are drawn between these, in percent of units sold.
_AXIS_STEP = 10
_LOW, _HIGH = "0.05", "0.95"


@dataclass(frozen=True, slots=True)
class CategoryRow:
    """Shares are whole percents of units sold in a week."""

    name: str
    products: int
    error: int
    naive_error: int
    bias: int
    used: str  # "forecast", "naive" or "mixed"
    chart: SafeString


def finding(run: ForecastRun) -> dict[str, Any]:
    """The first paragraph: what the forecasts are worth against the naive one."""
    errors = run.errors
    sold = errors.get("units") or 0
    covered = errors.get("covered") or {}
    band = covered[_HIGH] - covered[_LOW] if _HIGH in covered and _LOW in covered else None
    return {
        "totals": errors,
        "beaten": errors.get("tested", 0) - errors.get("naive_kept", 0) - errors.get("naive_missed", 0),
        "untested": errors.get("products", 0) - errors.get("tested", 0),
        "error_share": round(100 * errors["error"] / sold) if sold else None,
        "naive_share": round(100 * errors["naive_error"] / sold) if sold else None,
        "bias_share": round(100 * errors.get("bias", 0) / sold) if sold else None,
        "band_share": None if band is None else round(100 * band),
        "chart": _ratios(errors),
    }


def _ratios(errors: dict[str, Any]) -> SafeString | None:
    counts = errors.get("ratios") or []
    if len(counts) != RATIO_BINS or not sum(counts):
        return None
    better = sum(counts[:SAME_AS_NAIVE])
    return columns(
        counts,
        bold=SAME_AS_NAIVE,
        label=_("%(better)d products are forecast better than naive, %(rest)d are not")
        % {"better": better, "rest": sum(counts) - better},
        unit=_("products"),
        words=(_("a third of it"), _("same as naive"), _("half more")),
    )


def axis(rows: list[dict[str, Any]]) -> list[int]:
    """Four round percents that all errors of categories lie between, as far as that goes."""
    shares = [share for row in rows for share in (row["error"], row["naive_error"])]
    low = min(shares) // _AXIS_STEP * _AXIS_STEP
    step = max(-(-(max(shares) - low) // (3 * _AXIS_STEP)), 1) * _AXIS_STEP
    return [low + step * number for number in range(4)]


def by_category(run: ForecastRun) -> tuple[list[int], list[CategoryRow]]:
    """The percents of the axis, and categories by what they sell; those never tested are left out."""
    found = {
        key: totals
        for key, totals in (run.errors.get("categories") or {}).items()
        if totals["tested"] and totals["units"] > 0
    }
    names = dict(Category.objects.filter(pk__in=[key for key in found if key]).values_list("pk", "name"))
    rows = [
        {
            "name": names.get(int(key), _("deleted category")) if key else _("Without a category"),
            "totals": totals,
            **{
                name: round(100 * totals[name] / totals["units"]) for name in ("error", "naive_error", "bias")
            },
        }
        for key, totals in sorted(found.items(), key=lambda entry: -entry[1]["units"])
    ]
    if not rows:
        return [], []
    ticks = axis(rows)
    return ticks, [_row(row, ticks) for row in rows]


def _row(row: dict[str, Any], ticks: list[int]) -> CategoryRow:
    totals = row["totals"]
    used = (
        "naive"
        if totals["naive_kept"] == totals["tested"]
        else "mixed"
        if totals["naive_kept"]
        else "forecast"
    )
    label = _("%(name)s: forecast %(error)d %%, naive %(naive)d %%") % {
        "name": row["name"],
        "error": row["error"],
        "naive": row["naive_error"],
    }
    return CategoryRow(
        name=row["name"],
        products=totals["products"],
        error=row["error"],
        naive_error=row["naive_error"],
        bias=row["bias"],
        used=used,
        chart=dumbbell(row["error"], row["naive_error"], low=ticks[0], high=ticks[-1], label=label),
    )


def quantiles(forecast: Forecast, days: list[int], levels: list[float]) -> list[dict[str, Any]]:
    """Sums of the first days with their quantiles, for the API."""
    grid = forecast.grid
    return [
        {
            "days": count,
            "mean": round(grid.expected(count), 3),
            "quantiles": {
                f"{level:g}": round(value, 3)
                for level, value in zip(levels, grid.sum_quantiles(count, levels), strict=True)
            },
        }
        for count in days
    ]
