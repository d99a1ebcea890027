"""Forecasting a whole shop: demand out of the database, through the engine, and back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import F, Max, Min
from django.utils import timezone
from django.utils.translation import gettext as _

from catalog.models import Product, Supplier, Warehouse
from common.errors import BadInput, NotFound
from forecasting.accuracy import Accuracy
from forecasting.models import ENGINE, RIVALS, Comparison, Forecast, ForecastRun, NamedMethod
from forecasting.queries import latest_run
from stock.models import DemandMonth
from stock.services.demand import censored_panel, demand_panel
from tenancy.audit import record
from tenancy.context import Scope, in_current_shop
from tenancy.models import User

if TYPE_CHECKING:
    from forecasting.engine.gallery.rivals import RivalForecast
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
        named = dict(NamedMethod.objects.values_list("product_id", "method"))
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
        alone = _by_named_methods(asked[0], asked[1], named)
        with scope():
            done |= _store(run, found, asked[1], chunk, accuracy, alone)
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


def _by_named_methods(
    panel: Panel, places: Sequence[Place], named: dict[int, str]
) -> dict[int, tuple[str, RivalForecast | None]]:
    """By row, the method its product's owner named and what it forecasts; a handful, one by one."""
    import numpy as np

    from forecasting.engine.gallery import rivals

    return {
        row: (named[product_id], rivals.forecast(panel.part(np.array([row])), named[product_id]))
        for row, (_warehouse_id, product_id) in enumerate(places)
        if product_id in named
    }


def _obey(forecast: Forecast, found: PanelForecast, method: str, rival: RivalForecast | None) -> None:
    """Put the named method in the mix's place, unless its backtest is worse than the naive one.

    parts["named"] says what was named, whether it is used, its error and the mix's.
    """
    score = rival.score if rival else None
    naive = forecast.naive_error
    used = rival is not None and score is not None and naive is not None and score.error <= naive + 1e-4
    forecast.parts["named"] = {
        "method": method,
        "used": used,
        "error": score and round(score.error, 4),
        "mix_error": forecast.error,
        "mix_method": forecast.method,
    }
    if not used or rival is None or score is None:
        return
    import numpy as np

    # The grid's axes are the run's: what was not computed lies like its neighbour before.
    leads = np.searchsorted(rival.leads, found.leads, side="right") - 1
    forecast.method = method
    forecast.mean = rival.mean.tolist()
    forecast.distances = rival.distances[leads].ravel().tolist()
    forecast.error, forecast.bias = round(score.error, 4), score.bias and round(score.bias, 4)
    week = min(_WEEK, len(rival.mean))
    low, high = forecast.grid.sum_quantiles(week, _ONE_SIGMA)
    forecast.sigma = round((high - low) / 2 / week**0.5, 4)
    level = float(rival.mean.mean())
    forecast.parts |= {"level": round(level, 4), "weights": {method: 1.0}, "factors": {}}
    forecast.parts["weekday"] = [round(float(day) / level, 3) if level else 1.0 for day in rival.mean[:_WEEK]]


def _store(
    run: ForecastRun,
    found: PanelForecast,
    places: Sequence[Place],
    chunk: _Chunk,
    accuracy: Accuracy,
    alone: dict[int, tuple[str, RivalForecast | None]],
) -> set[Place]:
    import numpy as np

    run.lead_times, run.levels = list(found.leads), found.levels.tolist()
    run.save(update_fields=["lead_times", "levels"])
    category = dict(zip(chunk.places, chunk.categories, strict=True))
    forecasts = list(_rows(run, found, places))
    for row, (method, rival) in alone.items():
        _obey(forecasts[row], found, method, rival)
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
    """What made the number, for pages: level times multipliers adds up to the mean over the horizon.

    level: units a day. weekday: of the first seven days ahead, as they come. Other
    factors: their mean over the next four weeks. weights: shares of the methods above 1 %.
    """
    parts: dict[str, Any] = {
        "level": round(float(found.level[row]), 4),
        "unknown_days": int(found.unknown[row]),
        "closed_days": int(found.closed[row]),
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


# ---- one product by other methods -------------------------------------------------------------


def compare_methods(
    product: Product, *, scope: Scope = in_current_shop, progress: Progress | None = None
) -> list[Comparison]:
    """Try every well-known method on a product's demand, on the weeks that the last run was tested on.

    One comparison for each warehouse it is forecast in, replaced each time. Raises NotFound before
    the product's first forecast.
    """
    from forecasting.engine.gallery import rivals

    with scope(write=False):
        run = latest_run()
        forecasts = list(Forecast.objects.filter(run=run, product=product)) if run else []
        if run is None or not forecasts:
            raise NotFound(_("This product has no forecast yet. The night makes one once sales are known."))
        first = _first_day(run.known_to)
    total = len(forecasts) * len(RIVALS)
    for number, forecast in enumerate(forecasts):
        chunk = _Chunk(((forecast.warehouse_id, product.pk),), (product.category_id,))
        with scope(write=False):
            asked = _panel(chunk, first, run.known_to, run.horizon_days)
        rows, untested = [_engine_row(forecast)] if forecast.error is not None else [], []
        for place, method in enumerate(RIVALS):
            if progress:
                progress(number * len(RIVALS) + place, total)
            score = rivals.compare(asked[0], method) if asked else None
            if score is None:
                untested.append(method.value)
                continue
            bias = None if score.bias is None else round(score.bias, 4)
            rows.append(
                {"method": method.value, "error": round(score.error, 4), "bias": bias, "tested": score.tested}
            )
        rows.sort(key=lambda row: (row["error"], row["method"] != ENGINE))
        with scope():
            Comparison.objects.update_or_create(
                product=product,
                warehouse_id=forecast.warehouse_id,
                defaults={
                    "known_to": run.known_to,
                    "compared_at": timezone.now(),
                    "rows": rows,
                    "untested": untested,
                },
            )
    with scope(write=False):
        return list(Comparison.objects.filter(product=product))


def _engine_row(forecast: Forecast) -> dict[str, Any]:
    """The mix, also where a named method has taken its place."""
    named = forecast.parts.get("named") or {}
    error = named["mix_error"] if named.get("used") else forecast.error
    bias = None if named.get("used") else forecast.bias
    return {"method": ENGINE, "error": error, "bias": bias, "tested": forecast.parts.get("tested", 0)}


def name_method(product: Product, method: str, *, actor: User) -> None:
    """Have the next nights forecast a product by one method; "" gives it back to the mix.

    Raises BadInput for a method that there is not.
    """
    before = NamedMethod.objects.filter(product=product).first()
    if not method:
        if before is not None:
            record("forecast.unnamed", actor=actor, about=product, before={"method": before.method})
            before.delete()
        return
    if method not in RIVALS:
        raise BadInput.at("method", _("Choose one of the methods of the comparison."))
    if before is not None and before.method == method:
        return
    NamedMethod.objects.update_or_create(
        product=product, defaults={"method": method, "named_at": timezone.now()}
    )
    was = {"method": before.method} if before else None
    record("forecast.named", actor=actor, about=product, before=was, after={"method": method})
