"""The first page: objectives, time to first playable, scores, the latest clips."""

import time

import streamlit as st

from framegate.dashboards.data import DashboardData, fetch_dashboard_data
from framegate.dashboards.views.clips import latest_cards
from framegate.dashboards.views.freshness import freshness
from framegate.dashboards.views.latency import latency_chart
from framegate.dashboards.views.objectives import objective_rows
from framegate.dashboards.views.quality import metric_names, score_chart, unscored_sentence
from framegate.telemetry.client.collector_url import collector_url

REFRESH_SECONDS = 10
CLIP_COUNT = 4


@st.cache_data(ttl=REFRESH_SECONDS / 2, max_entries=4, show_spinner=False)  # type: ignore[untyped-decorator]
def cached_dashboard_data(url: str) -> DashboardData | None:
    return fetch_dashboard_data(url, now_ns=time.time_ns())


@st.fragment(run_every=REFRESH_SECONDS)  # type: ignore[untyped-decorator]
def render_summary() -> None:
    """Everything except the clips, which would stop playing at each refresh."""
    url = collector_url()
    data = cached_dashboard_data(url)
    if data is None:
        st.error(f"NO DATA: the collector at {url} is unreachable or rejected the request.")
        return
    state, sentence = freshness(watermark_ns=data.watermark_ns, read_ns=data.read_ns)
    (st.caption if state == "ok" else st.warning)(sentence)
    st.dataframe(objective_rows(data.statuses), hide_index=True, width="stretch", height="content")
    st.subheader("Time to first playable")
    st.vega_lite_chart(latency_chart(data.jobs, data.statuses), width="stretch")
    st.subheader("Scores by model version")
    render_scores(data)


def render_scores(data: DashboardData) -> None:
    names = metric_names(data.scores)
    if not names:
        st.info("No clip has been scored yet.")
        return
    for column, metric in zip(st.columns(len(names)), names, strict=True):
        column.vega_lite_chart(score_chart(data.scores, metric), width="stretch")
    if sentence := unscored_sentence(data.scores):
        st.warning(sentence)


def render_clips() -> None:
    """The newest clips when the page was opened; reload the page for newer ones."""
    data = cached_dashboard_data(collector_url())
    cards = latest_cards(data.jobs, data.scores, count=CLIP_COUNT) if data else []
    st.subheader("Latest clips")
    if not cards:
        st.info("No clip is complete yet.")
        return
    for column, card in zip(st.columns(CLIP_COUNT), cards, strict=False):
        column.video(card.url, loop=True, autoplay=True, muted=True)
        column.markdown(f"**{card.title}**")
        for line in card.lines:
            column.caption(line)


st.title("framegate")
render_summary()
render_clips()
