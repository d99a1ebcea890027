"""Forecasting a whole shop: demand out of the database, through the engine, and back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import F, Max
from django.utils import timezone

from catalog.models import Product, Supplier, Warehouse
from forecasting.models import Forecast, ForecastRun, Method
from stock.models import DemandMonth
from stock.services.demand import demand_panel
from tenancy.context import Scope, in_current_shop

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from forecasting.engine.choose import SeriesForecast

# Products forecast between two commits: what a killed night has to do again at most.
CHUNK = 50
# Demand older than this changes no forecast and is not read.
HISTORY_DAYS = 730
SHORTEST_HORIZON = 56
LONGEST_HORIZON = 400

Progress = Callable[[int, int], None]
Place = tuple[int, int]  # warehouse id, product id


@dataclass(slots=True)
class MethodTotals:
    """products: forecast by this method. The rest is of those that could be tested, units a week."""

    products: int = 0
    tested: int = 0
    error: float = 0.0
    naive_error: float = 0.0
    units: float = 0.0


@dataclass(slots=True)
class Totals:
    """A run's `errors`: how good the forecasts are, all products together and by method."""

    products: int = 0
    tested: int = 0
    # Tested products for which nothing beat the naive forecast.
    naive_kept: int = 0
    # Rare sellers that the naive forecast would have served better; it is not used for those.
    naive_missed: int = 0
    error: float = 0.0
    naive_error: float = 0.0
    units: float = 0.0
    methods: dict[str, MethodTotals] = field(default_factory=dict)

    def add(self, forecast: SeriesForecast) -> None:
        of_method = self.methods.setdefault(forecast.method, MethodTotals())
        self.products += 1
        of_method.products += 1
        if forecast.error is None or forecast.naive_error is None:
            return
        if forecast.method == Method.SEASONAL_NAIVE:
            self.naive_kept += 1
        elif forecast.naive_error <= forecast.error:
            self.naive_missed += 1
        for totals in (self, of_method):
            totals.tested += 1
            totals.error += forecast.error
            totals.naive_error += forecast.naive_error
            totals.units += forecast.weekly_units


def run_forecast(
    known_to: date, *, scope: Scope = in_current_shop, progress: Progress | None = None
) -> ForecastRun:
    """Forecast every active product from demand known up to `known_to`.

    One run a day of knowledge: running it again replaces its forecasts, chunk by chunk, each in a
    transaction of its own, with the same ones if demand has not changed. Nothing is locked while
    the engine works.
    """
    with scope():
        run = _begin(known_to)
    with scope(write=False):
        places = _places()
    totals = Totals()
    done: set[Place] = set()
    for start in range(0, len(places), CHUNK):
        if progress:
            progress(start, len(places))
        chunk = places[start : start + CHUNK]
        with scope(write=False):
            demand = _demand(chunk, known_to)
        found = _forecast(demand, run.horizon_days)
        with scope():
            _store(run, found)
        for forecast in found.values():
            totals.add(forecast)
        done |= found.keys()
    with scope():
        _finish(run, totals, done)
    if progress:
        progress(len(places), len(places))
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


def _places() -> list[Place]:
    """Where an active product has demand, a warehouse at a time."""
    return list(
        DemandMonth.objects.filter(
            product__in=Product.objects.filter(state=Product.State.ACTIVE),
            warehouse__in=Warehouse.objects.filter(is_active=True),
        )
        .order_by("warehouse_id", "product_id")
        .values_list("warehouse_id", "product_id")
        .distinct()
    )


def _demand(places: list[Place], known_to: date) -> dict[Place, NDArray[np.float64]]:
    """Units per day up to `known_to`, for the places where any day is known."""
    import numpy as np

    demand: dict[Place, NDArray[np.float64]] = {}
    for warehouse_id in sorted({warehouse_id for warehouse_id, _product in places}):
        wanted = [product_id for place_id, product_id in places if place_id == warehouse_id]
        since = known_to - timedelta(days=HISTORY_DAYS)
        products, days, panel = demand_panel(warehouse_id, product_ids=wanted, since=since)
        if not days or days[0] > known_to:
            continue
        length = (known_to - days[0]).days + 1
        padded = np.full((len(products), length), np.nan)
        shared = min(length, panel.shape[1])
        padded[:, :shared] = panel[:, :shared]
        for product_id, series in zip(products, padded, strict=True):
            if np.isfinite(series).any():
                demand[warehouse_id, product_id] = series
    return demand


def _forecast(demand: dict[Place, NDArray[np.float64]], horizon: int) -> dict[Place, SeriesForecast]:
    from forecasting.engine.choose import forecast_series

    return {place: forecast_series(series, horizon) for place, series in demand.items()}


def _store(run: ForecastRun, found: dict[Place, SeriesForecast]) -> None:
    Forecast.objects.bulk_create(
        [
            Forecast(
                run=run,
                warehouse_id=warehouse_id,
                product_id=product_id,
                method=forecast.method,
                mean=[round(float(units), 4) for units in forecast.mean],
                sigma=round(forecast.sigma, 4),
                error=_rounded(forecast.error),
                naive_error=_rounded(forecast.naive_error),
            )
            for (warehouse_id, product_id), forecast in found.items()
        ],
        update_conflicts=True,
        unique_fields=["shop", "run", "warehouse", "product"],
        update_fields=["method", "mean", "sigma", "error", "naive_error"],
    )


def _finish(run: ForecastRun, totals: Totals, done: set[Place]) -> None:
    stored = Forecast.objects.filter(run=run).values_list("pk", "warehouse_id", "product_id")
    gone = [pk for pk, warehouse_id, product_id in stored if (warehouse_id, product_id) not in done]
    Forecast.objects.filter(pk__in=gone).delete()
    run.errors = _in_digits(asdict(totals))
    run.finished_at = timezone.now()
    run.save(update_fields=["errors", "finished_at"])


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _in_digits(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _in_digits(inner) for key, inner in value.items()}
    return round(value, 3) if isinstance(value, float) else value
