"""Which pages there are, and the frame around each: the lens, the sidebar, the address."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from dualign.ui import session, sidebar
from dualign.ui.chat import page_state, safety
from dualign.ui.show import guarded

_FRAMED = "page_is_framed"
_ICON = str(Path(__file__).with_name("icon.png"))
_PAGES = (
    (
        "lens",
        "Lens",
        "center_focus_strong",
        "What a constraint costs, in one sentence; drag the dual and the set.",
    ),
    ("dual", "Dual", "show_chart", "The dual function, its minimum λ*, and how far to trust it."),
    (
        "geometry",
        "Geometry",
        "hexagon",
        "The image set, the trade-off, and the replies that a policy favours.",
    ),
    (
        "align",
        "Align",
        "model_training",
        "Train the policy for a λ in the background; watch it, compare jobs.",
    ),
    ("chat", "Chat", "forum", "Talk to the policies side by side, at any λ; vote blind."),
    ("evaluate", "Evaluate", "fact_check", "Expected against achieved, and the papers' experiments."),
    ("samples", "Samples", "dataset", "The scored samples: import, inspect, export."),
)


def _navigate() -> st.Page:
    # A local icon: the browser would fetch that of a page's Material symbol from a foreign host.
    st.set_page_config(page_title="dualign", page_icon=_ICON, layout="wide", initial_sidebar_state="auto")
    pages = [
        st.Page(
            f"pages/{name}.py", title=title, icon=f":material/{icon}:", help=words, default=name == "lens"
        )
        for name, title, icon, words in _PAGES
    ]
    return st.navigation(pages)


def run() -> None:
    """Draw the frame and the page that the address names."""
    page = _navigate()
    with guarded():
        if page.url_path == "chat":
            safety.first()
        session.begin()
        if not (page.url_path == "chat" and page_state.plain()):
            sidebar.render()
        session.end()
    st.session_state[_FRAMED] = True
    page.run()


def framed() -> None:
    """Make sure that the page stands in its frame; call it first on every page.

    A server that has not run the router yet takes a folder called ``pages`` for a multipage app of the
    old kind and runs a page that was asked for by its address alone. Naming the pages and running again
    sets it right.
    """
    if not st.session_state.pop(_FRAMED, False):
        _navigate()
        st.rerun()
