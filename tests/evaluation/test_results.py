import json

import numpy as np
import pytest

from dualign.errors import StoreError
from dualign.evaluation.estimates import Estimate
from dualign.evaluation.results import (
    RESULT,
    ExperimentResult,
    Reading,
    list_results,
    plain,
    read_result,
    result_folder,
    write_result,
)


def result(**changes):
    values = {
        "name": "trial",
        "title": "A trial",
        "settings": {"beta": 0.5, "thresholds": {"safe": [0.1, 0.2]}},
        "tables": {"points": {"expected": [0.1, 0.2], "achieved": np.array([0.1, np.nan])}},
        "findings": ("It holds.",),
        "readings": (Reading(paper="P1 Fig. 3", ours="the same shape", agreement="agrees"),),
        "measurements": {"p": {"reward": Estimate(1.0, 0.5, 1.5)}},
    }
    return ExperimentResult(**{**values, **changes})


def test_a_result_reads_back_as_it_was_written(temporary_store):
    before = list_results()
    folder = write_result(result())
    assert folder == temporary_store / "results" / "trial" == result_folder("trial")
    assert list_results() == sorted([*before, "trial"])
    found = read_result("trial")
    assert found.tables["points"]["achieved"] == [0.1, None]
    assert found.measurements["p"]["reward"] == {"value": 1.0, "low": 0.5, "high": 1.5}
    assert (found.findings, found.readings) == (result().findings, result().readings)


def test_a_result_that_cannot_be_read_is_said(temporary_store):
    write_result(result())
    path = temporary_store / "results" / "trial" / RESULT
    record = json.loads(path.read_text())
    path.write_text(json.dumps({**record, "schema_version": 99}))
    with pytest.raises(StoreError, match="newer"):
        read_result("trial")
    path.write_text("{")
    with pytest.raises(StoreError, match="run 'dualign reproduce trial' again"):
        read_result("trial")
    with pytest.raises(StoreError, match="no result is named 'other'"):
        read_result("other")
    with pytest.raises(StoreError):
        read_result("../trial")


def test_a_table_is_rectangular_and_numbers_are_short():
    with pytest.raises(StoreError, match="lengths"):
        result(tables={"t": {"a": [1], "b": []}})
    assert plain({"x": np.float64(1 / 3), "y": (np.inf, 2)}) == {"x": 0.333333, "y": [None, 2]}
