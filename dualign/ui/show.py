"""Rendering shared by the pages: figures with their text twin, trust, errors as a sentence."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from plotly import graph_objects as go

from dualign.duality import Reliability
from dualign.errors import DualignError
from dualign.figures import theme as themes
from dualign.samples.export import csv_text
from dualign.ui import session
from dualign.ui.analysis import View
from dualign.ui.texts import md, sentence
from dualign.ui.words import GLOSSARY, LIGHT_WORDS

_LOG = logging.getLogger("dualign.app")


@contextmanager
def guarded() -> Iterator[None]:
    """Show a DualignError as its sentence; log anything else and show a short notice. Both end the run."""
    try:
        yield
    except DualignError as error:
        st.error(md(error, 600), icon=":material/block:")
        st.stop()
    except Exception as error:
        # Streamlit steers reruns and stops by exceptions of its own, which must pass.
        if type(error).__module__.startswith("streamlit."):
            raise
        _LOG.exception("A page failed")
        st.error(
            "Something went wrong here. The details are in the log of the server.", icon=":material/error:"
        )
        st.stop()


def notes() -> None:
    """What was repaired in the address, said once, on whichever page it opened."""
    # A place of its own: notes that came and went between the elements of a page would have what follows mounted
    # anew, and a hand on the lens would lose it.
    with st.container():
        for note in session.notes():
            st.info(md(note, 400), icon=":material/info:")


def look() -> themes.Theme:
    """The theme of the figures: that of the page."""
    return themes.theme(st.context.theme.type)


def figure(
    drawing: go.Figure,
    columns: Mapping[str, NDArray[Any]],
    *,
    key: str,
    sentence: str,
    about: Mapping[str, str | float] | None = None,
    on_pick: Callable[[], None] | None = None,
) -> None:
    """A figure with its text twin: a sentence, the table behind it, CSV and SVG to take away.

    Parameters
    ----------
    drawing
        The figure.
    columns
        What it shows, as plain columns.
    key
        Unique on the page; also names the exported files.
    sentence
        What the figure says, for those who do not see it.
    about
        What the figure was computed from: further columns of the CSV, the same in every row.
    on_pick
        Called when a point is clicked; the selection is in the session under ``key``.
    """
    config = {
        "displaylogo": False,
        "responsive": True,
        "toImageButtonOptions": {"format": "svg", "filename": f"dualign-{key}"},
        "modeBarButtonsToRemove": ["select2d", "lasso2d", "autoScale2d", "zoomIn2d", "zoomOut2d"],
    }
    st.markdown(f"**{md(themes.title_of(drawing), 300)}**")
    if on_pick is None:
        st.plotly_chart(drawing, key=key, theme=None, config=config, alt=sentence)
    else:
        st.plotly_chart(
            drawing,
            key=key,
            theme=None,
            config=config,
            alt=sentence,
            on_select=on_pick,
            selection_mode="points",
        )
    with st.popover("In words and numbers", icon=":material/notes:", type="tertiary"):
        st.markdown(md(sentence, 800))
        st.dataframe(_table(columns), hide_index=True, height=260, alt=f"Numbers behind: {sentence[:120]}")
        with st.container(horizontal=True):
            st.download_button(
                "CSV",
                lambda: to_csv(columns, about),
                file_name=f"dualign-{key}.csv",
                mime="text/csv",
                key=f"{key}_csv",
                icon=":material/download:",
                on_click="ignore",
            )
        st.caption("SVG: the camera in the figure's own toolbar.")


def _table(columns: Mapping[str, NDArray[Any]]) -> Any:
    import pandas as pd

    return pd.DataFrame({name: pd.Series(np.asarray(values)) for name, values in columns.items()})


def to_csv(columns: Mapping[str, NDArray[Any]], about: Mapping[str, str | float] | None = None) -> bytes:
    """Columns as CSV, ``about`` repeated in every row; text that a spreadsheet would run as a formula is quoted."""
    rows = max((len(np.atleast_1d(values)) for values in columns.values()), default=0)
    kept = {name: np.full(rows, value) for name, value in (about or {}).items() if name not in columns}
    whole = {**columns, **kept}
    return csv_text(whole, (row.values() for row in themes.twin(whole))).encode()


def trust(reliable: Reliability, *, at_optimum: bool = True) -> None:
    """The trust light in words, its reasons a click away; it speaks of λ* wherever the lens stands."""
    words, icon, colour = LIGHT_WORDS[reliable.trust.light]
    st.badge(md(f"{'Trust' if at_optimum else 'Trust in λ*'}: {words}"), icon=icon, color=colour)  # type: ignore[arg-type]
    with st.popover("Why", type="tertiary"):
        for reason in reliable.trust.reasons:
            st.markdown("- " + md(reason, 400))
        st.caption(
            "Green needs enough effective samples and a Pareto k-hat below its threshold, pooled and per "
            "prompt; red means the weights sit on a handful of replies."
        )


def reading(reliable: Reliability | None, view: View) -> None:
    """How far to trust what is shown, what its words mean, and constraints that hang together, in one place."""
    with st.container(gap="small"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            if reliable is not None:
                trust(reliable, at_optimum=view.at_optimum)
            glossary()
        if view.feasible and not view.priced:
            st.warning(md(sentence(view.solution.message), 500), icon=":material/warning:")
        for dependence in view.solution.dependent:
            st.info(md(f"{dependence}.", 500), icon=":material/link:")


def glossary() -> None:
    """Every word and sign of the pages, a click away."""
    with st.popover("Words and signs", icon=":material/menu_book:", type="tertiary"):
        st.markdown("\n".join(f"- **{md(word)}**: {md(meaning, 300)}" for word, meaning in GLOSSARY))


def records(rows: list[dict[str, str]], *, alt: str) -> None:
    """A small table of words and numbers, as plain text."""
    import pandas as pd

    st.dataframe(pd.DataFrame(rows), hide_index=True, alt=alt, height="content")
