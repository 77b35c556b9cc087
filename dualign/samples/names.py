"""What the names of columns say: roles, identifiers, rewards, utilities and costs."""

from __future__ import annotations

import re

from dualign.samples.shapes import PROMPTS

ROLES: dict[str, tuple[str, ...]] = {
    "prompt": (*PROMPTS, "question_text", "questiontext", "user", "user_input"),
    "response": (
        *("response", "completion", "answer", "output", "reply", "generation", "response_text"),
        *("model_response", "generated_text", "answertext", "text"),
    ),
    "group": ("group", "category", "topic", "subset", "domain", "prompt_group"),
    "response_id": ("response_id", "sample_id", "reply_id", "completion_id"),
    "response_label": ("response_label", "model", "model_name", "generator", "source_model", "policy"),
    "log_prob": ("log_prob", "logp_ref", "logprob", "ref_logp", "ref_logprob", "log_probs"),
    "log_weight": ("log_weight", "log_weights"),
    "prompt_weight": ("prompt_weight", "prompt_weights"),
    "n_tokens": ("n_tokens", "num_tokens", "response_tokens"),
    "truncated": ("truncated",),
}
TYPED = {"log_prob", "log_weight", "prompt_weight", "n_tokens"}
PROMPT_IDS = (
    "prompt_id",
    "question_id",
    "questionid",
    "qid",
    "prompt_key",
    "instruction_id",
    "prompt_idx",
    "id",
)
NO_SCORE = re.compile(
    r"(.*_)?(id|ids|idx|index|rank|seed|turn|timestamp|date|year|split|label_id|row|length|n_words|count|views)"
    # Pandas keeps the labels of its rows under these names.
    r"|__index_level_\d+__|unnamed.*|column \d+|num_.*|n_.*",
    re.IGNORECASE,
)
CAMEL_ID = re.compile(r".*[a-z](ID|Id|Idx|Index)")
# Texts that repeat because they sort replies or rows, not because they are prompts.
KIND = re.compile(r"type|categor|label|split|class|kind|source|lang|topic|model|name|author", re.IGNORECASE)
ASKED = re.compile(r"prompt|question|instruction|query|message|context|input", re.IGNORECASE)
REWARD = (
    "reward",
    "helpful",
    "helpfulness",
    "r",
    "quality",
    "score",
    "rm_score",
    "overall_score",
    "better",
    "rating",
)
UTILITY = re.compile(r"harmless|safe|honest|truthful|utility|^g\d*$|polite|correct|humor", re.IGNORECASE)
COST = re.compile(
    r"cost|toxic|severity|harmful|^harm$|unsafe|violation|risk|verbosity|penalty|offens", re.IGNORECASE
)
# "non_toxic", "low_risk", "toxicity_free": a cost's word turned round makes a utility.
TURNED = re.compile(
    r"(^|[^a-z])(no|non|not|low|lower|less|without|anti|never)[^a-z]*(toxic|risk|harm|offens|severity|violation|unsafe|cost)"
    r"|(toxic|risk|harm|offens|severity|violation|unsafe)[a-z]*[^a-z]*(free|less|avoid|reduc|mitigat|prevent|refus)",
    re.IGNORECASE,
)
# Attributes of HelpSteer2 and UltraFeedback: which of them pull against the reward.
KNOWN: dict[str, tuple[str, tuple[str, ...], str]] = {
    "helpsteer2": (
        "helpfulness",
        ("verbosity",),
        "verbosity is the attribute that pulls against helpfulness; it is taken as a cost, so the constraint asks "
        "for shorter replies",
    ),
    "ultrafeedback": (
        "helpfulness",
        ("honesty", "truthfulness"),
        "the aspects that a helpful reply may give up",
    ),
    "pku-saferlhf": (
        "better",
        ("safe",),
        "safe is 1 for a safe reply, better 1 for the preferred one of its pair",
    ),
}


def is_cost(name: str) -> bool:
    """Whether a score of this name is better when smaller."""
    return COST.search(name) is not None and TURNED.search(name) is None


def is_utility(name: str) -> bool:
    """Whether a score of this name is one to be kept up."""
    return not is_cost(name) and bool(UTILITY.search(name) or TURNED.search(name))
