from __future__ import annotations

from xml.etree import ElementTree

import pytest

from common.charts import Chart, nice_step


@pytest.mark.parametrize(
    ("highest", "step"), [(0, 1), (1, 0.5), (4, 1), (5, 2), (33, 10), (80, 20), (81, 50), (0.003, 0.001)]
)
def test_hairlines_stand_at_round_numbers_and_are_four_at_most(highest, step):
    assert nice_step(highest) == pytest.approx(step)
    assert highest <= 4 * nice_step(highest) * 1.000_001


def test_a_line_breaks_where_nothing_is_known_and_a_lonely_value_is_a_dot():
    chart = Chart(places=6, highest=10, height=100, label="Sales")
    chart.line([1, 2, None, 4, None, 6], "past")
    svg = ElementTree.fromstring(chart.render())
    assert [path.get("class") for path in svg.iter("path")] == ["past"]
    assert len(list(svg.iter("circle"))) == 2


def test_marks_stay_inside_the_picture_and_bands_never_go_below_zero():
    chart = Chart(places=4, highest=50, height=200, label="Sales")
    chart.axes("sold a week")
    chart.band([-20, 0], [50, 30], "b90", start=2)
    chart.unknown(1)
    chart.today(2, "Now")
    svg = ElementTree.fromstring(chart.render())
    (band,) = svg.iter("path")
    numbers = [float(text) for text in band.get("d")[1:-1].split()]
    assert max(numbers[1::2]) == chart.y(0)
    assert all(0 <= x <= 1_000 for x in numbers[0::2])
    for bar in svg.iter("rect"):
        assert 0 <= float(bar.get("x").rstrip("%")) <= 100
        assert float(bar.get("y")) + float(bar.get("height")) <= 200


def test_words_in_a_chart_are_text_and_never_markup():
    chart = Chart(places=1, highest=1, height=100, label='"><script>')
    chart.axes("<b>")
    svg = ElementTree.fromstring(chart.render())
    assert svg.get("aria-label") == '"><script>'
    assert not list(svg.iter("script"))
    assert not list(svg.iter("b"))


def test_the_picture_needs_no_inline_style():
    chart = Chart(places=2, highest=1, height=100, label="x")
    chart.line([1, 1], "fore")
    assert "style=" not in chart.render()
