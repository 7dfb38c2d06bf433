"""Marks and colours that colour-blind people can tell apart (Okabe and Ito 2008)."""

from collections.abc import Mapping

# A state is told by its mark and its word; the worst first.
MARKS: Mapping[str, str] = {
    "breached": "◆",
    "burning": "▲",
    "stale": "◌",
    "ok": "●",
    "no traffic": "○",
}
SERIES = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00")

# Streamlit's own options, in the form it reads from the environment, so that nothing depends on
# files in a user's home.
OPTIONS: Mapping[str, str] = {
    "STREAMLIT_THEME_BASE": "light",
    "STREAMLIT_THEME_PRIMARY_COLOR": "#0072B2",
    "STREAMLIT_BROWSER_GATHER_USAGE_STATS": "false",
    "STREAMLIT_CLIENT_TOOLBAR_MODE": "viewer",
    "STREAMLIT_CLIENT_SHOW_ERROR_DETAILS": "none",
    "STREAMLIT_SERVER_FILE_WATCHER_TYPE": "none",
}
