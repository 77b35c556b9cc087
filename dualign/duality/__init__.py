"""The dual of constrained alignment from scored samples: numerics alone, arrays in, frozen results out."""

from dualign.duality.assess import Reliability, assess
from dualign.duality.constraints import chance_utility, group_share, group_utility
from dualign.duality.contour import DualContour, dual_contour
from dualign.duality.curve import DualCurve, dual_curve
from dualign.duality.dependence import dependent_constraints
from dualign.duality.dual import dual_function, dual_gradient, dual_hessian
from dualign.duality.effective import EffectiveSampleSize
from dualign.duality.evaluate import DualEvaluation, evaluate_dual, log_weights, tilted_weights
from dualign.duality.feasibility import Feasibility, check_feasibility, reachable_threshold, unmet_alone
from dualign.duality.geometry import (
    Hyperplane,
    ImageBoundary,
    Tangent,
    image_boundary,
    supporting_hyperplane,
    tangent,
)
from dualign.duality.jackknife import JackknifeResult, jackknife
from dualign.duality.khat import ParetoKhat, pareto_khat
from dualign.duality.problem import AlignmentProblem, Form, ScoredSamples
from dualign.duality.projected_gradient import GradientDescent, projected_gradient
from dualign.duality.solve import DualSolution, Outcome, solve_dual
from dualign.duality.statements import Threshold, build_problem, form_of, parse_thresholds, single_form
from dualign.duality.streaming import (
    ArrayBlocks,
    BlockSource,
    ScoreBlock,
    StreamedSolution,
    solve_streaming,
)
from dualign.duality.tradeoff import (
    FeasibleRange,
    RegularizationPath,
    TradeoffBand,
    TradeoffCurve,
    feasible_range,
    multiplier_for_threshold,
    regularization_path,
    threshold_for_multiplier,
    tradeoff_band,
    tradeoff_curve,
)
from dualign.duality.trust import Trust

__all__ = [
    "AlignmentProblem",
    "ArrayBlocks",
    "BlockSource",
    "DualContour",
    "DualCurve",
    "DualEvaluation",
    "DualSolution",
    "EffectiveSampleSize",
    "Feasibility",
    "FeasibleRange",
    "Form",
    "GradientDescent",
    "Hyperplane",
    "ImageBoundary",
    "JackknifeResult",
    "Outcome",
    "ParetoKhat",
    "RegularizationPath",
    "Reliability",
    "ScoreBlock",
    "ScoredSamples",
    "StreamedSolution",
    "Tangent",
    "Threshold",
    "TradeoffBand",
    "TradeoffCurve",
    "Trust",
    "assess",
    "build_problem",
    "chance_utility",
    "check_feasibility",
    "dependent_constraints",
    "dual_contour",
    "dual_curve",
    "dual_function",
    "dual_gradient",
    "dual_hessian",
    "evaluate_dual",
    "feasible_range",
    "form_of",
    "group_share",
    "group_utility",
    "image_boundary",
    "jackknife",
    "log_weights",
    "multiplier_for_threshold",
    "pareto_khat",
    "parse_thresholds",
    "projected_gradient",
    "reachable_threshold",
    "regularization_path",
    "single_form",
    "solve_dual",
    "solve_streaming",
    "supporting_hyperplane",
    "tangent",
    "threshold_for_multiplier",
    "tilted_weights",
    "tradeoff_band",
    "tradeoff_curve",
    "unmet_alone",
]
