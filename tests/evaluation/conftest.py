"""The tiny model and its letters, shared with the tests of alignment."""

from tests.alignment.conftest import stored_set, tiny_folder, tiny_set

__all__ = ["stored_set", "tiny_folder", "tiny_set"]
