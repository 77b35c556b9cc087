"""Exceptions of dualign: every message says what is wrong, the values seen, and what to do."""

from __future__ import annotations


class DualignError(Exception):
    """A sentence for the user: shown as it stands on a page or on stderr, never with a traceback."""


class InvalidInputError(DualignError, ValueError):
    """An argument or array that cannot be used as given (shape, range, NaN, unknown name)."""


class SampleFileError(DualignError):
    """A sample file that cannot be read exactly: names the file and, where known, row and column."""


class StoreError(DualignError):
    """The store cannot do what was asked: missing or existing name, failed checksum, newer schema."""


class ModelError(DualignError):
    """A model, adapter or scorer that is missing, unreadable or unfit for the request."""


class BackendError(DualignError):
    """A generation back end (server or process) that did not answer as needed."""


class JobError(DualignError):
    """A job that cannot be started, found or changed as asked."""
