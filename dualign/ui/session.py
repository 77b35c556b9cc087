"""The lens state of one browser session: read from the address, kept across pages, with undo and a pin."""

from __future__ import annotations

import streamlit as st

from dualign.errors import StoreError
from dualign.ui import data
from dualign.ui.history import History, Place
from dualign.ui.state import LensSettings, Query, Restored, from_query, has_own, to_query

_HISTORY, _WRITTEN, _NOTES = "lens_history", "lens_written", "lens_notes"


def begin() -> None:
    """Take the lens from the session, or from the address on the first run and after Back or Forward."""
    query = _address()
    written: Query | None = st.session_state.get(_WRITTEN)
    known = data.names()
    if not known:
        raise StoreError(
            "the store holds no sample set: import a file with 'dualign import FILE --name NAME', then reload."
        )
    if _HISTORY not in st.session_state:
        restored = _restore(query, known)
        st.session_state[_HISTORY] = History((Place(restored.settings, restored.pinned),))
        st.session_state[_NOTES] = restored.notes
    elif written is not None and has_own(query) and query != written:
        restored = _restore(query, known)
        _put(history().commit(Place(restored.settings, restored.pinned)))
        st.session_state[_NOTES] = restored.notes
    elif current().samples not in known:
        st.session_state[_NOTES] = (f"The set '{current().samples}' is no longer stored.",)
        commit(data.bounds(known[0]).start)


def _restore(query: Query, known: list[str]) -> Restored:
    wanted = {known[0], *(name for name in query.get("set", []) if name in known)}
    for packed in query.get("pin", []):
        wanted |= {name for name in known if packed.startswith(f"set={name}&")}
    others = [name for name in query.get("set", []) if name not in known and name in data.all_names()]
    if others:
        st.session_state["samples_shown"] = others[-1]
    bounds = {name: data.bounds(name) for name in wanted}
    lacking = {name: f"{data.lacking(name)}: {data.way_on(name)}" for name in others}
    return from_query(query, bounds, default=known[0], unscored=lacking)


def end() -> None:
    """Write the lens into the address."""
    if _HISTORY not in st.session_state:
        return
    query = to_query(current(), pinned())
    if _address() != query:
        # A page may have parameters of its own, which stand beside those of the lens.
        others = {n: st.query_params.get_all(n) for n in st.query_params if not has_own([n])}
        st.query_params.from_dict({**query, **others})
    st.session_state[_WRITTEN] = query


def _address() -> Query:
    return {name: st.query_params.get_all(name) for name in st.query_params if has_own([name])}


def current() -> LensSettings:
    """The lens as it is now."""
    return history().present.lens


def commit(settings: LensSettings) -> None:
    """Make ``settings`` the lens; what was undone is forgotten."""
    _put(history().look(settings))


def undo() -> None:
    """Go one place back."""
    _put(history().undo())


def redo() -> None:
    """Go one undone place forward."""
    _put(history().redo())


def reset() -> None:
    """Back to the set's own defaults; what is pinned stays."""
    commit(data.bounds(current().samples).start)


def history() -> History:
    """The stack of places."""
    found: History = st.session_state[_HISTORY]
    return found


def _put(stack: History) -> None:
    st.session_state[_HISTORY] = stack


def pinned() -> LensSettings | None:
    """The view kept for comparison, if any."""
    return history().present.pinned


def pin(settings: LensSettings | None) -> None:
    """Keep a view for comparison; None lets it go. Undo takes it back."""
    _put(history().pin(settings))


def swap() -> None:
    """Make the pinned view the lens and pin the lens, as one step."""
    now = history().present
    if now.pinned is not None:
        _put(history().commit(Place(now.pinned, now.lens)))


def notes() -> tuple[str, ...]:
    """Sentences about what was repaired in the address; said once."""
    found: tuple[str, ...] = st.session_state.pop(_NOTES, ())
    return found
