"""What the page says, without a browser."""

from dataclasses import replace

from framegate.dashboards.views.clips import latest_cards
from framegate.dashboards.views.freshness import freshness
from framegate.dashboards.views.latency import latency_chart
from framegate.dashboards.views.objectives import objective_rows
from framegate.dashboards.views.quality import score_chart, unscored_sentence
from framegate.slo.judging.status import statuses
from framegate.telemetry.signals.names import JobState
from tests.slo.records import BY_NAME, METRIC, NOW, SECOND, evidence, job, score

OBJECTIVES = list(BY_NAME.values())


def test_no_data_is_not_ok() -> None:
    assert freshness(watermark_ns=None, read_ns=NOW)[0] == "no data"


def test_old_data_is_called_stale() -> None:
    state, sentence = freshness(watermark_ns=NOW - 3600 * SECOND, read_ns=NOW)
    assert state == "stale"
    assert sentence.startswith("STALE: data as of 15:40:00Z, 60 min old")


def test_fresh_data_says_its_age() -> None:
    assert freshness(watermark_ns=NOW - 3 * SECOND, read_ns=NOW) == (
        "ok",
        "data as of 16:39:57Z, 3 s old",
    )


def test_objectives_in_trouble_come_first_and_none_is_ok_without_traffic() -> None:
    jobs = [job(f"j{n}", ttfp=0.1) for n in range(8)] + [job("bad", state=JobState.FAILED)]
    rows = objective_rows(statuses(OBJECTIVES, evidence(OBJECTIVES, jobs)))
    assert rows[0]["state"] == "◆ breached"
    assert {row["objective"]: row["state"] for row in rows}["batch-success"] == "○ no traffic"
    assert len(rows) == len(OBJECTIVES)


def test_the_latency_chart_has_a_point_per_playable_job_and_a_line_per_limit() -> None:
    jobs = [job("a", ttfp=0.25), job("b")]
    chart = latency_chart(jobs, statuses(OBJECTIVES, evidence(OBJECTIVES, jobs)))
    points, limits = (layer["data"]["values"] for layer in chart["layer"])
    assert [(point["job"], point["seconds"]) for point in points] == [("a", 0.25)]
    assert {limit["workload"]: limit["limit"] for limit in limits} == {
        "batch": 60.0,
        "interactive": 2.0,
        "realtime": 1.0,
    }


def test_scores_are_shown_with_their_number_and_unscored_clips_with_the_reason() -> None:
    scores = [score(0.9), score(0.8, name="k"), replace(score(None, name="l"), reason="404")]
    chart = score_chart(scores, METRIC)
    assert {row["model"] for row in chart["data"]["values"]} == {"m (n 2)"}
    assert unscored_sentence(scores) == "1 clip could not be scored; most common reason: 404"
    assert unscored_sentence(scores[:2]) is None


def test_only_finished_clips_that_a_browser_can_fetch_are_played() -> None:
    clip = "http://127.0.0.1/clip"
    jobs = [
        replace(job("old", at=NOW - 9), clip_url=clip),
        replace(job("new", at=NOW - 1), clip_url=clip, prompt="a ball"),
        replace(job("file", at=NOW), clip_url="file:///etc/passwd"),
        replace(job("script", at=NOW), clip_url="javascript:alert(1)"),
        replace(job("failed", at=NOW, state=JobState.FAILED), clip_url=clip),
    ]
    cards = latest_cards(jobs, [score(0.5, name="new")], count=4)
    assert [card.title for card in cards] == ["a ball", "old"]
    assert cards[0].lines[1] == f"{METRIC}: 0.500"
    assert cards[1].lines[1] == "not scored yet"
