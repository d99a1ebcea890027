"""Forecasting a whole shop: demand out of the database, through the engine, and back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import F, Max, Min
from django.utils import timezone

from catalog.models import Product, Supplier, Warehouse
from forecasting.accuracy import Accuracy
from forecasting.models import Forecast, ForecastRun
from stock.models import DemandMonth
from stock.services.demand import censored_panel, demand_panel
from tenancy.context import Scope, in_current_shop

if TYPE_CHECKING:
    from forecasting.engine.panel import Panel, PanelForecast

# Products forecast together: enough to learn from each other, and few enough for any machine.
CHUNK = 4_000
# Demand older than this changes no forecast and is not read.
HISTORY_DAYS = 1_100
SHORTEST_HORIZON = 56
LONGEST_HORIZON = 400
_BATCH = 500
# The middle 68 % of a normal distribution are two standard errors wide.
_ONE_SIGMA = (0.1587, 0.8413)
_WEEK = 7

Progress = Callable[[int, int], None]
Place = tuple[int, int]  # warehouse id, product id


@dataclass(frozen=True, slots=True)
class _Chunk:
    """Places that are forecast together, with the category of each product."""

    places: tuple[Place, ...]
    categories: tuple[int | None, ...]


def run_forecast(
    known_to: date, *, scope: Scope = in_current_shop, progress: Progress | None = None
) -> ForecastRun:
    """Forecast every product that is not archived from demand known up to `known_to`.

    One run a day of knowledge: running it again replaces its forecasts, chunk by chunk, each in a
    transaction of its own, with the same ones if demand has not changed. Nothing is locked while
    the engine works.
    """
    with scope():
        run = _begin(known_to)
    with scope(write=False):
        chunks = _chunks()
        first = _first_day(known_to)
    total = sum(len(chunk.places) for chunk in chunks)
    accuracy = Accuracy()
    done: set[Place] = set()
    passed = 0
    for chunk in chunks:
        if progress:
            progress(passed, total)
        passed += len(chunk.places)
        with scope(write=False):
            asked = _panel(chunk, first, known_to, run.horizon_days)
        if asked is None:
            continue
        found = _forecast(asked[0])
        with scope():
            done |= _store(run, found, asked[1], chunk, accuracy)
        accuracy.add_coverage(dict(found.covered), len(found.keys))
    with scope():
        _finish(run, accuracy, done)
    if progress:
        progress(total, total)
    return run


def _begin(known_to: date) -> ForecastRun:
    longest = Supplier.objects.filter(is_active=True).aggregate(
        days=Max(F("lead_time_days") + F("review_days"))
    )["days"]
    # Sales may be known to four weeks ago only, and an order covers the days from then on.
    horizon = min(max(SHORTEST_HORIZON, (longest or 0) + 28), LONGEST_HORIZON)
    run, made = ForecastRun.objects.get_or_create(known_to=known_to, defaults={"horizon_days": horizon})
    if not made and run.horizon_days != horizon:
        run.horizon_days = horizon
        run.save(update_fields=["horizon_days"])
    return run


def _chunks() -> list[_Chunk]:
    """Where a product has demand, a warehouse and a category after the other."""
    places = list(
        DemandMonth.objects.filter(
            product__in=Product.objects.exclude(state=Product.State.ARCHIVED),
            warehouse__in=Warehouse.objects.filter(is_active=True),
        )
        .order_by()
        .values_list("warehouse_id", "product_id", "product__category_id")
        .distinct()
    )
    places.sort(key=lambda place: (place[0], place[2] or 0, place[1]))
    count = -(-len(places) // CHUNK)
    chunks = []
    for number in range(count):
        # Of about equal size: a small rest would have to learn alone.
        part = places[len(places) * number // count : len(places) * (number + 1) // count]
        chunks.append(
            _Chunk(
                tuple((warehouse, product) for warehouse, product, _category in part),
                tuple(category for _warehouse, _product, category in part),
            )
        )
    return chunks


def _first_day(known_to: date) -> date:
    """The same for all chunks, so that all forecasts have the same axes."""
    month = DemandMonth.objects.aggregate(first=Min("month"))["first"] or known_to
    return min(max(month, known_to - timedelta(days=HISTORY_DAYS)), known_to)


def _panel(chunk: _Chunk, first: date, known_to: date, horizon: int) -> tuple[Panel, list[Place]] | None:
    """The demand of a chunk up to `known_to`, and the places of its rows; None if no day is known."""
    import numpy as np

    from forecasting.engine.panel import Panel

    length = (known_to - first).days + 1
    demand = np.full((len(chunk.places), length), np.nan, dtype=np.float32)
    at_least = np.zeros(demand.shape, dtype=bool)
    rows = {place: row for row, place in enumerate(chunk.places)}
    for warehouse_id in sorted({warehouse_id for warehouse_id, _product in chunk.places}):
        wanted = [product_id for place_id, product_id in chunk.places if place_id == warehouse_id]
        products, days, sold = demand_panel(warehouse_id, product_ids=wanted, since=first)
        if not days or days[0] > known_to:
            continue
        least = censored_panel(warehouse_id, product_ids=wanted, since=first)
        # Whole months are read: cut what lies before the first day and after what is known.
        skip = max((first - days[0]).days, 0)
        start = max((days[0] - first).days, 0)
        width = min(len(days) - skip, length - start)
        here = [rows[warehouse_id, product_id] for product_id in products]
        demand[here, start : start + width] = sold[:, skip : skip + width]
        at_least[here, start : start + width] = least[:, skip : skip + width]
    told = np.flatnonzero(np.isfinite(demand).any(axis=1))
    if not told.size:
        return None
    places = [chunk.places[row] for row in told]
    categories = np.array([chunk.categories[row] or 0 for row in told])
    warehouses = np.array([warehouse_id for warehouse_id, _product in places])
    panel = Panel(
        keys=tuple(f"{warehouse_id}/{product_id}" for warehouse_id, product_id in places),
        demand=demand[told],
        first=np.datetime64(first),
        freq="D",
        horizon=horizon,
        category=np.unique(categories, return_inverse=True)[1],
        group=np.unique(warehouses, return_inverse=True)[1],
        at_least=at_least[told],
    )
    return panel, places


def _forecast(panel: Panel) -> PanelForecast:
    from forecasting.engine.forecast import forecast_panel

    return forecast_panel(panel)


def _store(
    run: ForecastRun,
    found: PanelForecast,
    places: Sequence[Place],
    chunk: _Chunk,
    accuracy: Accuracy,
) -> set[Place]:
    import numpy as np

    run.lead_times, run.levels = list(found.leads), found.levels.tolist()
    run.save(update_fields=["lead_times", "levels"])
    category = dict(zip(chunk.places, chunk.categories, strict=True))
    forecasts = list(_rows(run, found, places))
    for place, forecast, rate in zip(places, forecasts, found.demand_rate, strict=True):
        units = 0.0 if np.isnan(rate) else float(rate) * _WEEK
        accuracy.add(forecast, weekly_units=units, category_id=category[place])
    Forecast.objects.bulk_create(
        forecasts,
        batch_size=_BATCH,
        update_conflicts=True,
        unique_fields=["shop", "run", "warehouse", "product"],
        update_fields=["method", "mean", "distances", "sigma", "error", "naive_error", "bias", "parts"],
    )
    return set(places)


def _rows(run: ForecastRun, found: PanelForecast, places: Sequence[Place]) -> Iterator[Forecast]:
    week = min(_WEEK, run.horizon_days)
    low, high = found.sum_quantiles(week, _ONE_SIGMA).T
    sigma = (high - low) / 2 / week**0.5
    for row, (warehouse_id, product_id) in enumerate(places):
        yield Forecast(
            run=run,
            warehouse_id=warehouse_id,
            product_id=product_id,
            method=found.methods[int(found.method[row])],
            mean=found.mean[row].tolist(),
            distances=found.distances[row].ravel().tolist(),
            sigma=round(float(sigma[row]), 4),
            error=_rounded(found.error[row]),
            naive_error=_rounded(found.naive_error[row]),
            bias=_rounded(found.bias[row]),
            parts=_parts(found, row),
        )


def _parts(found: PanelForecast, row: int) -> dict[str, Any]:
    """What made the number, for pages: the level times these multipliers is the mean.

    level: units a day. weekday: of the first seven days ahead, as they come. Other
    factors: their mean over the next four weeks. weights: shares of the methods above 1 %.
    """
    parts: dict[str, Any] = {
        "level": round(float(found.level[row]), 4),
        "unknown_days": int(found.unknown[row]),
        "tested": int(found.tested[row]),
        "weights": {
            name: round(float(share), 3)
            for name, share in zip(found.methods, found.weights[row], strict=True)
            if share >= 0.01
        },
        "factors": {},
    }
    for name, values in found.factors.items():
        if name == "weekday":
            parts["weekday"] = [round(float(value), 3) for value in values[row, :_WEEK]]
        elif name not in ("closed", "none"):
            parts["factors"][name] = round(float(values[row, : 4 * _WEEK].mean()), 3)
    return parts


def _finish(run: ForecastRun, accuracy: Accuracy, done: set[Place]) -> None:
    stored = Forecast.objects.filter(run=run).values_list("pk", "warehouse_id", "product_id")
    gone = [pk for pk, warehouse_id, product_id in stored if (warehouse_id, product_id) not in done]
    Forecast.objects.filter(pk__in=gone).delete()
    run.errors = accuracy.as_json()
    run.finished_at = timezone.now()
    run.save(update_fields=["errors", "finished_at"])


def _rounded(value: float) -> float | None:
    return None if value != value else round(float(value), 4)
