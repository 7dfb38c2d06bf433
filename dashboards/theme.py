"""Marks, and colours that colour-blind people can distinguish (Okabe and Ito 2008)."""

from collections.abc import Mapping

# A state is shown by its mark and its word; the worst comes first.
MARKS: Mapping[str, str] = {
    "breached": "◆",
    "burning": "▲",
    "gap": "◍",
    "stale": "◌",
    "ok": "●",
    "no traffic": "○",
}
SERIES = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00")

# Streamlit's options, set here so that nothing depends on files in the user's home.
OPTIONS: Mapping[str, str | bool] = {
    "theme.base": "light",
    "theme.primaryColor": SERIES[0],
    "browser.gatherUsageStats": False,
    "client.toolbarMode": "viewer",
    "client.showErrorDetails": "none",
    "server.fileWatcherType": "none",
}
