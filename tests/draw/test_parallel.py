"""Pictures of parallel runs, against the events that they are drawn from."""

import math
import re

import numpy as np
import pytest

from microgd import data, draw, nn, parallel
from microgd.descent import SURFACES
from microgd.draw.parallel.lanes import messages, spans, trips, within
from microgd.draw.parallel.page import page
from microgd.draw.parallel.spring import page as spring_page
from microgd.draw.parallel.spring import race
from microgd.draw.parallel.table import columns, plain
from microgd.draw.parallel.timeline import overview, timeline
from microgd.experiments.elastic import Ball, elastic
from microgd.parallel import EASGD, Event, Record

ALGORITHMS = list(parallel.algorithms.NAMES)


def train(algorithm="downpour", workers=3, epochs=4, **options):
    model, moons = nn.MLP([2, 6, 6, 2], rng=0), data.moons(200, rng=0)
    return parallel.train(model, moons, algorithm, workers, "simulated", epochs=epochs, **options)


def column(plot, name):
    """The values of a column, in whichever source of a figure has it."""
    sources = {id(r.data_source): r.data_source.data for r in plot.renderers}
    return [list(found[name]) for found in sources.values() if name in found]


# --- lanes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_spans_fill_each_workers_time_without_overlap(algorithm):
    record = train(algorithm, latency=0.1)
    for me in range(record.workers):
        mine = sorted((s for s in spans(record) if s.worker == me), key=lambda s: s.start)
        assert mine[0].start == 0
        assert [s.end for s in mine[:-1]] == pytest.approx([s.start for s in mine[1:]])
        assert all(s.end > s.start for s in mine)
        waited = sum(s.end - s.start for s in mine if s.what.startswith("waits"))
        assert waited == pytest.approx(record.waited[me])


def test_a_trip_begins_with_the_pull_of_its_version_and_ends_with_its_push():
    record = train(latency=0.05)
    found = list(trips(record))
    assert [trip.end for trip in found] == record.times.tolist()
    for trip in found:
        pulls = {e.time for e in record.of("pull", trip.worker) if e.read == trip.event.read}
        assert trip.start in pulls
        assert trip.start < trip.end


def test_messages_are_those_received_in_the_order_sent():
    found = list(messages(train("model-parallel", latency=0.2)))
    assert found
    assert all(m.end - m.start >= 0.2 - 1e-9 for m in found)
    assert {(m.sender, m.receiver) for m in found} == {(0, 1), (1, 2), (2, 1), (1, 0)}


def test_a_message_that_never_arrived_is_left_out():
    lonely = Record("a", "simulated", 2, events=[Event(1.0, 0, "send", other=1)])
    assert list(messages(lonely)) == []


def test_within_ends_before_the_next_update():
    record = train()
    some = within(record, 5)
    assert len(some.losses) == 5
    assert some.events == record.events[: len(some.events)]
    assert within(record, 10**6) is record


def test_a_replaced_worker_does_not_compute_while_it_is_dead():
    events = [
        Event(1.0, 0, "pull", since=1.0), Event(2.0, 0, "died"), Event(5.0, 0, "replaced"),
        Event(6.0, 0, "pull", since=6.0),
    ]  # fmt: skip
    found = [(s.start, s.end) for s in spans(Record("a", "processes", 1, events=events))]
    assert found == [(0.0, 1.0), (5.0, 6.0)]


# --- the timeline --------------------------------------------------------------------------------


def test_an_arrow_passes_over_as_many_versions_as_it_is_stale():
    record = train()
    plot = timeline(record)
    (xs,), heads = column(plot, "xs"), sorted(column(plot, "end")[0])
    stale = column(plot, "staleness")[0]
    for way, count in zip(xs, stale, strict=True):
        between = [t for t in heads if way[0] + 1e-9 < t < way[-1] - 1e-9]
        assert len(between) == count


def test_the_timeline_shows_every_update_with_its_numbers():
    record = train("hogwild", write=0.5)
    plot = timeline(record)
    pushes = record.of("push")
    assert column(plot, "loss")[0] == [e.loss for e in pushes]
    assert column(plot, "written")[0] == [str(e.written[0]) for e in pushes]
    lost = next(c for c in column(plot, "count") if c)
    assert sum(lost) == record.lost > 0


@pytest.mark.parametrize("kind", ["died", "replaced", "refused"])
def test_what_befell_a_worker_is_marked_in_its_lane(kind):
    record = train()
    record.events.append(Event(3.0, 1, kind))
    labels = [item.label.value for item in timeline(record).legend[0].items]
    assert any(kind in label for label in labels)


def test_only_the_beginning_of_a_long_run_is_in_view_and_all_of_it_can_be():
    record = train(epochs=40)
    plot = timeline(record)
    assert plot.x_range.end < record.seconds / 4
    assert plot.x_range.bounds[1] >= record.seconds
    below = overview(record, plot)
    assert below.x_range.end == plot.x_range.bounds[1]
    assert below.tools[0].x_range is plot.x_range


def test_a_run_of_thousands_of_updates_is_drawn_up_to_the_limit(monkeypatch):
    monkeypatch.setattr("microgd.draw.parallel.timeline.MOST", 50)
    monkeypatch.setattr("microgd.draw.parallel.page.MOST", 50)
    record = train(epochs=20)
    assert len(column(timeline(record), "xs")[0]) == 50 < len(record.losses)
    assert "first 50 updates" in page(record)


def test_a_run_without_events_is_refused():
    empty = Record("Downpour", "simulated", 2)
    with pytest.raises(ValueError, match="nothing has happened"):
        timeline(empty)
    with pytest.raises(ValueError, match="no update"):
        draw.staleness(empty)
    with pytest.raises(ValueError, match="nothing to see"):
        page(empty)


# --- histogram, losses, lost writes --------------------------------------------------------------


@pytest.mark.parametrize("workers", [1, 3, 12])
def test_the_histogram_counts_every_update_once(workers):
    record = train(workers=workers)
    plot = draw.staleness(record)
    counts, lefts = column(plot, "count"), column(plot, "left")
    total = np.sum(counts, axis=0)
    assert total.sum() == len(record.losses)
    values, expected = np.unique(record.staleness, return_counts=True)
    found = dict(zip(np.round(np.array(lefts[0]) + 0.44).tolist(), total.tolist(), strict=True))
    assert {k: found[k] for k in values} == dict(zip(values, expected, strict=True))


def test_wide_bins_say_what_they_hold():
    events = [Event(float(k), 0, "push", staleness=float(k), loss=1.0) for k in range(100)]
    plot = draw.staleness(Record("a", "simulated", 1, events=events))
    assert column(plot, "of")[0][:2] == ["0 to 2", "3 to 5"]
    assert sum(column(plot, "count")[0]) == 100


def test_losses_are_drawn_against_updates_and_against_time():
    record = train(epochs=2)
    for against, along in (("updates", range(1, 1 + len(record.losses))), ("time", record.times)):
        plot = draw.losses(record, against)
        assert column(plot, "x")[0] == pytest.approx(list(along))
        assert column(plot, "y")[0] == pytest.approx(record.losses)


def test_many_losses_are_means_of_equal_parts():
    record = train(epochs=60)
    y = column(draw.losses(record), "y")[0]
    assert len(y) == 100 < len(record.losses)
    parts = [part.mean() for part in np.array_split(record.losses, 100)]
    assert y == pytest.approx(parts)


def test_several_runs_are_compared_by_name():
    plot = draw.losses({"fresh": train("synchronous"), "stale": train()}, "time")
    assert [item.label.value for item in plot.legend[0].items] == ["fresh", "stale"]
    with pytest.raises(ValueError, match="did you mean 'time'"):
        draw.losses(train(), "times")


def test_lost_writes_are_shares_and_need_a_run_without_a_lock():
    record = train("hogwild", write=0.5)
    plot = draw.lost_writes({1.0: record})
    assert column(plot, "y")[0] == [record.lost / record.written]
    with pytest.raises(ValueError, match=r"Downpour, wrote nothing.*parallel.Hogwild"):
        draw.lost_writes({0.1: train()})


def test_lost_writes_over_less_than_two_decades_have_numbers_at_both_ends():
    records = {share: train("hogwild", write=share) for share in (0.06, 0.3, 1.0)}
    plot = draw.lost_writes(records)
    for axis, name in ((plot.xaxis[0], "x"), (plot.yaxis[0], "y")):
        ticks, values = axis.ticker.ticks, column(plot, name)[0]
        assert min(values) / 10 < ticks[0] <= min(values) <= max(values) <= 2 * ticks[-1]
        assert len(ticks) >= 3
    (points,) = plot.select(name="points")
    assert points.glyph.fill_alpha == 1  # what was measured is seen


def test_a_run_that_lost_nothing_is_counted_in_the_title():
    alone = train("hogwild", workers=1)
    assert draw.lost_writes({0.5: alone}).title.text.endswith("(1 lost none)")


# --- table, page, notebook -----------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_the_table_adds_up(algorithm):
    record = train(algorithm)
    found = columns(record)
    updates = [int(cell.replace(",", "")) for cell in found["updates"]]
    assert sum(updates[:-1]) == updates[-1] == len(record.losses)
    assert found["worker"] == ["0", "1", "2", "all"]
    assert float(found["staleness"][-1]) == pytest.approx(record.staleness.mean(), abs=0.005)


def test_what_real_processes_lost_is_not_known_and_not_told_as_none():
    events = [Event(1.0, 0, "push", staleness=0.0, loss=1.0, count=5)]
    found = {
        where: Record("Hogwild", where, 1, events=events) for where in ("simulated", "processes")
    }
    assert columns(found["simulated"])["lost"] == ["0.00%"]
    assert columns(found["processes"])["lost"] == [""]
    assert "lost" not in plain(found["processes"])


@pytest.mark.parametrize("width", [30, 40, 60, 80])
def test_the_table_fits(width):
    assert max(map(len, plain(train("hogwild", latency=0.1), width).splitlines())) <= width


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_page_asks_nobody(algorithm, tmp_path):
    record = train(algorithm)
    path = record.save(tmp_path / "run.html")
    text = path.read_text(encoding="utf-8")
    own = re.sub(r"<script>.*?</script>", "", text, flags=re.DOTALL)
    assert not re.search(r'(src|href)="?(https?:)?//', own)
    assert f"{len(record.losses):,} updates" in text
    assert ("On springs" in own) == (record.algorithm == "EASGD")


def test_a_notebook_gets_the_page_and_the_table():
    record = train()
    bundle = record._repr_mimebundle_()
    assert bundle["text/plain"] == repr(record)
    assert "sandbox" in bundle["text/html"]
    assert "staleness" in bundle["text/html"].partition("<pre>")[2]


def test_a_long_run_is_a_table_only_in_a_notebook(monkeypatch):
    monkeypatch.setattr("microgd.draw.parallel.notebook.MOST_UPDATES", 3)
    assert "<iframe" not in train()._repr_mimebundle_()["text/html"]


def test_what_is_drawn_is_what_is_written():
    record = train()
    text = page(record)
    assert timeline(record).title.text in text
    assert all(f"<td>{cell}</td>" in text for cell in columns(record)["loss"])


# --- springs -------------------------------------------------------------------------------------


def test_a_ball_has_the_height_of_the_surface_and_its_gradient_with_noise():
    ball, rows = Ball(SURFACES["beale"]), np.array([[0.5, -1.0], [0.1, 0.2]])
    value = ball(rows)
    value.backward()
    start = SURFACES["beale"].start
    assert value.item() == pytest.approx(SURFACES["beale"](*start))
    expected = SURFACES["beale"].gradient(start) + rows.mean(0)
    assert ball.w.grad == pytest.approx(expected)


def test_the_centre_and_the_workers_are_where_elastic_averaging_puts_them():
    lr, rho, workers = 0.1, 2.0, 3
    found = elastic("bowl", EASGD(lr=lr, rho=rho), workers, steps=8, noise=0.0)
    ways = race(found.record, found.surface)
    x = {me: np.array(found.surface.start) for me in range(workers)}
    centre = np.array(found.surface.start)
    for k, event in enumerate(found.record.of("push"), 1):
        me = event.worker
        assert ways[f"worker {me}"].points[k] == pytest.approx(x[me])
        pull = lr * rho * (x[me] - centre)
        centre = centre + pull
        x[me] = x[me] - lr * found.surface.gradient(tuple(x[me])) - pull
        assert ways["centre"].points[k] == pytest.approx(centre)


def test_workers_without_springs_are_where_their_gradients_were():
    found = elastic("bowl", parallel.Downpour(lr=0.1), 2, steps=6)
    ways = race(found.record, found.surface)
    made = [np.array(found.surface.start), *(e.centre for e in found.record.of("push"))]
    for k, event in enumerate(found.record.of("push"), 1):
        expected = made[event.read[0]]
        assert ways[f"worker {event.worker}"].points[k] == pytest.approx(expected)


def test_losses_of_a_race_are_heights_of_the_surface():
    found = elastic("himmelblau", workers=2, steps=5)
    run = race(found.record, found.surface)["worker 1"]
    heights = [found.surface(*place) for place in run.points]
    assert run.losses == pytest.approx(heights)


def test_the_page_of_springs_joins_each_worker_to_the_centre(tmp_path):
    found = elastic("bowl", workers=3, steps=4)
    text = found.save(tmp_path / "springs.html").read_text(encoding="utf-8")
    assert '"springs":[[0,1],[0,2],[0,3]]' in text
    assert "In a meeting both move by 0.04 of the way between them." in text
    assert "sandbox" in found._repr_mimebundle_()["text/html"]


def test_a_run_that_was_not_traced_has_no_places():
    with pytest.raises(ValueError, match="trace=True"):
        spring_page(train("easgd"), SURFACES["bowl"])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"surface": "bowel"}, "did you mean 'bowl'"),
        ({"steps": 0}, "steps is 0; give 1 or more"),
        ({"noise": -1.0}, "noise is -1.0; give 0 or more"),
        ({"noise": math.nan}, "noise is nan"),
        ({"workers": 0}, "workers is 0; give 1 or more"),
    ],
)
def test_bad_options_of_a_run_on_a_surface_are_told(options, message):
    with pytest.raises(ValueError, match=message):
        elastic(**{"surface": "bowl", **options})


def test_the_same_seed_gives_the_same_run_on_a_surface():
    one, two = (elastic("beale", workers=2, steps=5, rng=3).record for _ in range(2))
    other = elastic("beale", workers=2, steps=5, rng=4).record
    assert one.to_dict() == two.to_dict() != other.to_dict()
