"""Charts as SVG from the server: marks stretch with the page, words keep their size.

An outer svg without a viewBox holds texts, rectangles and hairlines at percent places; a nested one
that may be stretched holds the paths. Values are in the chart's own units; None is not known, and a
line breaks there. The same numbers stand in a table beside each chart.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, floor, log10

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from common.templatetags.ui import units

WIDTH = 1_000  # of the stretched part
ABOVE, BELOW = 36, 24  # pixels for words over and under the marks


def nice_step(highest: float, most: int = 4) -> float:
    """The distance of at most `most` hairlines from zero to `highest`: 1, 2 or 5 and zeros."""
    if highest <= 0:
        return 1.0
    rough = highest / most
    size = 10.0 ** floor(log10(rough))
    return next(factor * size for factor in (1, 2, 5, 10) if factor * size >= rough * 0.999_999)


class Chart:
    """Over `places` equal steps along, from zero up to at least `highest`."""

    def __init__(self, *, places: int, highest: float, height: int, label: str) -> None:
        self.places = max(places, 1)
        self.step = nice_step(highest)
        self.top = max(ceil(highest / self.step - 1e-9), 1) * self.step
        self.height = height
        self.label = label
        self._under: list[SafeString] = []
        self._paths: list[SafeString] = []
        self._over: list[SafeString] = []

    # ---- places ------------------------------------------------------------------------------

    def x(self, place: float) -> float:
        """Percent of the width; a whole number is the middle of its step."""
        return (place + 0.5) / self.places * 100

    def y(self, value: float) -> float:
        """Pixels from the top; never below the axis."""
        room = self.height - ABOVE - BELOW
        return self.height - BELOW - max(value, 0) / self.top * room

    def _point(self, place: int, value: float) -> str:
        return f"{self.x(place) / 100 * WIDTH:.1f} {self.y(value):.1f}"

    # ---- marks -------------------------------------------------------------------------------

    def axes(self, unit: str) -> None:
        """The base line, hairlines with their values, and the unit once at the uppermost."""
        self._under.append(_line("axis", self.y(0)))
        count = round(self.top / self.step)
        for number in range(1, count + 1):
            value = number * self.step
            self._under.append(_line("grid", self.y(value)))
            shown = units(value)
            text = f"{shown} {unit}" if number == count else shown
            self._over.append(
                format_html('<text class="halo" x="0" y="{}">{}</text>', f"{self.y(value) - 4:.1f}", text)
            )

    def line(self, values: Sequence[float | None], style: str, *, start: int = 0) -> None:
        """A path through the known values, broken where one is missing; alone it is a dot."""
        for run_start, run in _runs(values):
            if len(run) == 1:
                place = start + run_start
                self._over.append(
                    format_html(
                        '<circle class="dot full" cx="{}%" cy="{}" r="3"/>',
                        f"{self.x(place):.2f}",
                        f"{self.y(run[0]):.1f}",
                    )
                )
                continue
            points = " ".join(self._point(start + run_start + n, value) for n, value in enumerate(run))
            self._paths.append(format_html('<path class="{}" d="M{}"/>', style, points))

    def band(self, low: Sequence[float], high: Sequence[float], style: str, *, start: int = 0) -> None:
        """The area between two lines; it never goes below zero."""
        up = [self._point(start + n, value) for n, value in enumerate(high)]
        down = [self._point(start + n, value) for n, value in enumerate(low)]
        points = " ".join(up + down[::-1])
        self._paths.insert(0, format_html('<path class="{}" d="M{}z"/>', style, points))

    def unknown(self, place: int) -> None:
        """A hatched step: something is not known, or the shelf was empty."""
        width = 100 / self.places
        for fill in ("out", "hatched"):
            self._rect(place * width, width, ABOVE, self.y(0), fill)

    def say(self, place: float, words: Sequence[str], style: str = "") -> None:
        """Up to two lines of words over the marks, in the middle of a step; the first one is bold."""
        for number, text in enumerate(words):
            self._over.append(
                format_html(
                    '<text class="mid halo {}" x="{}%" y="{}">{}</text>',
                    f"say {style}" if number == 0 else "wide",
                    f"{min(max(self.x(place), 10), 90):.2f}",
                    12 + 15 * number,
                    text,
                )
            )

    def today(self, place: float, word: str) -> None:
        """A dotted line before `place`."""
        x = f"{place / self.places * 100:.2f}"
        self._over.append(
            format_html(
                '<line class="today" x1="{0}%" x2="{0}%" y1="20" y2="{1}"/>'
                '<text class="end say halo" x="{0}%" dx="-6" y="30">{2}</text>',
                x,
                f"{self.y(0):.1f}",
                word,
            )
        )

    def name_place(self, place: int, word: str, style: str = "") -> None:
        """A word under the axis, where its step begins."""
        x = f"{place / self.places * 100:.2f}"
        self._over.append(
            format_html('<text class="{}" x="{}%" y="{}">{}</text>', style, x, self.height - 6, word)
        )

    def bar(self, x: float, width: float, value: float, style: str) -> None:
        """A bar from the base line up; x and width in percent."""
        self._rect(x, width, self.y(value), self.y(0), style)

    def _rect(self, x: float, width: float, top: float, base: float, style: str) -> None:
        mark = format_html(
            '<rect class="{}" x="{}%" y="{}" width="{}%" height="{}"/>',
            style,
            f"{x:.2f}",
            f"{top:.1f}",
            f"{width:.2f}",
            f"{max(base - top, 0):.1f}",
        )
        self._under.append(mark)

    # ---- the picture -------------------------------------------------------------------------

    def render(self) -> SafeString:
        return format_html(
            '<svg class="chart" height="{height}" role="img" aria-label="{label}">{under}'
            '<svg viewBox="0 0 {width} {height}" width="100%" height="{height}" preserveAspectRatio="none">'
            "{paths}</svg>{over}</svg>",
            height=self.height,
            label=self.label,
            width=WIDTH,
            under=_joined(self._under),
            paths=_joined(self._paths),
            over=_joined(self._over),
        )


def spark(values: Sequence[float | None], label: str) -> SafeString:
    """A line of a few values, as wide as a word, without axes; it starts at zero."""
    chart = Chart(
        places=len(values), highest=max([v for v in values if v is not None] + [1e-9]), height=24, label=""
    )
    top = max([value for value in values if value is not None], default=0) or 1
    points = [(place, None if value is None else 22 - 20 * value / top) for place, value in enumerate(values)]
    paths = []
    for start, run in _runs([y for _place, y in points]):
        along = " ".join(f"{chart.x(start + n) * 10:.1f} {y:.1f}" for n, y in enumerate(run))
        paths.append(format_html('<path class="past" d="M{}{}"/>', along, "h.1" if len(run) == 1 else ""))
    return format_html(
        '<svg class="chart spark" height="24" role="img" aria-label="{}"><svg viewBox="0 0 {} 24"'
        ' width="100%" height="24" preserveAspectRatio="none">{}</svg></svg>',
        label,
        WIDTH,
        _joined(paths),
    )


# Once per page with hatched charts; a url(#hatch) finds it anywhere in the document.
HATCH = mark_safe(
    '<svg width="0" height="0" class="sprite" aria-hidden="true"><defs><pattern id="hatch" width="6"'
    ' height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><path class="hatch"'
    ' d="M0 0v6"/></pattern></defs></svg>'
)


def _runs(values: Sequence[float | None]) -> list[tuple[int, list[float]]]:
    """Stretches of known values, each with where it starts."""
    runs: list[tuple[int, list[float]]] = []
    for place, value in enumerate(values):
        if value is None:
            continue
        if runs and runs[-1][0] + len(runs[-1][1]) == place:
            runs[-1][1].append(value)
        else:
            runs.append((place, [value]))
    return runs


def _line(style: str, y: float) -> SafeString:
    return format_html('<line class="{0}" x1="0" x2="100%" y1="{1}" y2="{1}"/>', style, f"{y:.1f}")


def _joined(parts: list[SafeString]) -> SafeString:
    return format_html_join("", "{}", ((part,) for part in parts))


def dumbbell(own: float, other: float, *, low: float, high: float, label: str) -> SafeString:
    """Two values on one line between `low` and `high`: the full dot is ours, left of the other is good."""
    lines = [12.5, 37.5, 62.5, 87.5]

    def x(value: float) -> float:
        # The outer lines stand for `low` and `high`; what lies beyond is drawn at the edge.
        return min(max(12.5 + 75 * (value - low) / (high - low), 2.0), 98.0)

    grid = [format_html('<line class="grid" x1="{0}%" x2="{0}%" y1="0" y2="22"/>', place) for place in lines]
    return format_html(
        '<svg class="chart" height="22" role="img" aria-label="{label}">{grid}'
        '<line class="gap{good}" x1="{own}%" x2="{other}%" y1="11" y2="11"/>'
        '<circle class="dot grey" cx="{other}%" cy="11" r="5"/>'
        '<circle class="dot{full}" cx="{own}%" cy="11" r="5.5"/></svg>',
        label=label,
        grid=_joined(grid),
        good=" good" if own < other else "",
        full=" full" if own < other else "",
        own=f"{x(own):.1f}",
        other=f"{x(other):.1f}",
    )


def columns(
    counts: Sequence[int], *, bold: int, label: str, unit: str, words: tuple[str, str, str]
) -> SafeString:
    """Bars side by side, the first `bold` of them in the colour of the forecast.

    words: what the left end, the end of the bold ones and the right end of the axis mean.
    """
    chart = Chart(places=len(counts), highest=max([*counts, 1]), height=206, label=label)
    chart.axes(unit)
    width = 100 / len(counts)
    for place, count in enumerate(counts):
        style = "bar fore" if place < bold else "bar"
        chart.bar(place * width + width * 0.06, width * 0.88, count, style)
    for place, word, style in zip((0, bold, len(counts)), words, ("", "mid", "end"), strict=True):
        chart.name_place(place, word, style)
    return chart.render()
