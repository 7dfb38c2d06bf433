"""The router of the dashboard's pages."""

import streamlit as st

st.set_page_config(page_title="framegate", layout="wide")
st.navigation([st.Page("pages/overview.py", title="Overview")], position="hidden").run()
