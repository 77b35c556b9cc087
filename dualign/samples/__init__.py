"""Scored samples: formats, strict import, the on-disk store."""

from dualign.samples.apply import fitting_beta
from dualign.samples.child import parse_in_child
from dualign.samples.importing import import_file, open_samples, propose_mapping, read_samples, sample_set_of
from dualign.samples.limits import Limits
from dualign.samples.manifest import Manifest, ScoreInfo
from dualign.samples.mapping import ColumnInfo, ImportMapping, ImportProposal, ScoreColumn, choose_scores
from dualign.samples.parse import Parsed
from dualign.samples.sampleset import SampleSet
from dualign.samples.store import Store

__all__ = [
    "ColumnInfo",
    "ImportMapping",
    "ImportProposal",
    "Limits",
    "Manifest",
    "Parsed",
    "SampleSet",
    "ScoreColumn",
    "ScoreInfo",
    "Store",
    "choose_scores",
    "fitting_beta",
    "import_file",
    "open_samples",
    "parse_in_child",
    "propose_mapping",
    "read_samples",
    "sample_set_of",
]
