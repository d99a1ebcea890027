"""What the forecasts page says about a run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from catalog.models import Category, Product
from common.charts import Chart, columns, dumbbell
from common.templatetags.ui import day as write_day
from common.templatetags.ui import units
from common.units import QUANTITY_SCALE
from forecasting.accuracy import RATIO_BINS, SAME_AS_NAIVE
from forecasting.models import ENGINE, Comparison, Forecast, ForecastRun, Method
from forecasting.queries import latest_run

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


# ---- one product -------------------------------------------------------------------------------

_WEEKS = 8
_WEEK = 7
# By less than this share of its error another method may be better by chance.
_CHANCE = 0.05


@dataclass(frozen=True, slots=True)
class WeekAhead:
    """Stock units; nine of ten cases lie between the outer ends, half of them between the inner ones."""

    first: date
    mean: float
    low90: float
    low50: float
    high50: float
    high90: float


@dataclass(frozen=True, slots=True)
class Part:
    """quantity: what it adds to a usual week, in thousandths of the stock unit, to the tenth."""

    label: str
    percent: int
    quantity: int


@dataclass(frozen=True, slots=True)
class Compared:
    """One method's error of a week in stock units; bias in percent of what was sold."""

    label: str
    method: str
    error: float
    bias: int | None
    tested: int
    is_engine: bool


@dataclass(frozen=True, slots=True)
class PlaceForecast:
    """A product's forecast in one warehouse, as its page shows it."""

    forecast: Forecast
    weeks: list[WeekAhead]
    chart: SafeString
    weekly_level: float
    weekdays: list[tuple[date, int, int]]
    parts: list[Part]
    weights: list[tuple[str, int]]
    named: dict[str, Any]
    named_label: str
    comparison: Comparison | None
    compared: list[Compared]
    untested: list[str]
    better: Compared | None
    by_chance: bool


def places_of(product: Product) -> list[PlaceForecast]:
    """The latest run's forecasts of a product, the warehouse that sells most first."""
    run = latest_run()
    if run is None:
        return []
    compared = {one.warehouse_id: one for one in Comparison.objects.filter(product=product)}
    found = Forecast.objects.filter(run=run, product=product).select_related("run", "warehouse")
    rows = [_place(forecast, compared.get(forecast.warehouse_id)) for forecast in found]
    return sorted(rows, key=lambda row: (-row.weeks[0].mean, row.forecast.warehouse_id))


def _place(forecast: Forecast, comparison: Comparison | None) -> PlaceForecast:
    parts = forecast.parts
    level = float(parts.get("level", 0.0))
    begin = forecast.run.known_to + timedelta(days=1)
    weeks = _weeks_ahead(forecast, begin)
    rows = _compared(comparison)
    engine = next((row for row in rows if row.is_engine), None)
    better = rows[0] if rows and engine and not rows[0].is_engine and rows[0].error < engine.error else None
    named = parts.get("named") or {}
    return PlaceForecast(
        forecast=forecast,
        weeks=weeks,
        chart=_weeks_chart(forecast, weeks),
        weekly_level=_WEEK * level,
        weekdays=[
            (begin + timedelta(days=number), _percent(factor), _tenths(level * (factor - 1)))
            for number, factor in enumerate(parts.get("weekday", []))
        ],
        parts=[
            Part(_part_label(name), _percent(factor), _tenths(_WEEK * level * (factor - 1)))
            for name, factor in parts.get("factors", {}).items()
        ],
        weights=sorted(
            ((_method_label(name), round(100 * share)) for name, share in parts.get("weights", {}).items()),
            key=lambda row: -row[1],
        ),
        named=named,
        named_label=_method_label(named["method"]) if named else "",
        comparison=comparison,
        compared=rows,
        untested=[_method_label(name) for name in comparison.untested] if comparison else [],
        better=better,
        by_chance=bool(better and engine and better.error > (1 - _CHANCE) * engine.error),
    )


def _weeks_ahead(forecast: Forecast, begin: date) -> list[WeekAhead]:
    grid = forecast.grid
    weeks = []
    for number in range(min(_WEEKS, max(len(grid.mean) // _WEEK, 1))):
        skip = number * _WEEK
        low90, low50, high50, high90 = grid.sum_quantiles(_WEEK, (0.05, 0.25, 0.75, 0.95), skip=skip)
        mean = grid.expected(_WEEK, skip=skip)
        weeks.append(WeekAhead(begin + timedelta(days=skip), mean, low90, low50, high50, high90))
    return weeks


def _weeks_chart(forecast: Forecast, weeks: list[WeekAhead]) -> SafeString:
    label = _("Expected sales of %(weeks)d weeks, from %(first)s to %(last)s a week") % {
        "weeks": len(weeks),
        "first": units(weeks[0].mean),
        "last": units(weeks[-1].mean),
    }
    chart = Chart(places=len(weeks), highest=max(week.high90 for week in weeks), height=220, label=label)
    chart.axes(_("sold a week"))
    chart.band([week.low50 for week in weeks], [week.high50 for week in weeks], "b50")
    chart.band([week.low90 for week in weeks], [week.high90 for week in weeks], "b90")
    chart.line([week.mean for week in weeks], "fore")
    for place in range(0, len(weeks), 2):
        chart.name_place(place, write_day(weeks[place].first).partition(" ")[2])
    return chart.render()


def _compared(comparison: Comparison | None) -> list[Compared]:
    return [
        Compared(
            label=_("The mix") if row["method"] == ENGINE else _method_label(row["method"]),
            method=row["method"],
            error=row["error"],
            bias=None if row["bias"] is None else round(100 * row["bias"]),
            tested=row["tested"],
            is_engine=row["method"] == ENGINE,
        )
        for row in (comparison.rows if comparison else [])
    ]


def _percent(factor: float) -> int:
    return round(100 * (factor - 1))


def _tenths(amount: float) -> int:
    """Thousandths of the stock unit, to the tenth of a unit."""
    return round(amount * 10) * (QUANTITY_SCALE // 10)


def _method_label(code: str) -> str:
    return str(Method(code).label) if code in Method.values else code


def _part_label(name: str) -> str:
    labels = {
        "month_part": _("Part of the month"),
        "season": _("Season of the year"),
        "events": _("Events"),
        "drivers": _("Other things known ahead"),
        "price": _("Price and promotion"),
    }
    return labels.get(name, name)
