"""What a person in a crisis is told: written by the project, never by a model. Lines of help, checked by "
"hand."""

from __future__ import annotations

from dataclasses import dataclass

EMERGENCY = "112 (Europe), 911 (US, Canada), 999 (UK), 000 (Australia)"
LINES = (
    ("US and Canada", "988", "call or text, suicide and crisis lifeline"),
    ("UK and Ireland", "116 123", "Samaritans, free, day and night"),
    ("Elsewhere", "findahelpline.com", "lines by country and subject"),
)


@dataclass(frozen=True)
class Guidance:
    """A heading, what to say, and further lines for this kind of crisis."""

    heading: str
    words: str
    lines: tuple[tuple[str, str, str], ...] = ()


_TALK = (
    "Thank you for saying it. You do not have to carry this alone, and you do not have to decide anything "
    "tonight. "
    "Please talk to a person now: call or text one of these lines, or tell somebody near you exactly what "
    "you "
    "wrote here. If you might act on it, move away from what you could use, and call the emergency number."
)
GUIDANCE: dict[str, Guidance] = {
    "suicide": Guidance("If you are thinking about ending your life", _TALK),
    "self_harm": Guidance(
        "If you are hurting yourself, or about to",
        "It says how much pain there is, and it can get easier with help. If a wound is deep, does not "
        "stop bleeding, "
        "or you took something, get medical help now. Otherwise put some distance between you and what you "
        "would "
        "use, and talk to a person: these lines are for this too.",
    ),
    "danger": Guidance(
        "If someone is hurting or threatening you",
        "What is done to you is not your fault. If you are in danger now, get to a place with other people "
        "or a locked "
        "door and call the emergency number. The lines below help with safe plans, also when you cannot "
        "leave yet. "
        "Somebody may see this screen: clear the conversation when you are done.",
        (
            ("US, domestic violence", "1-800-799-7233", "call, or text START to 88788"),
            ("US, sexual assault", "1-800-656-4673", "RAINN"),
            ("UK, domestic abuse", "0808 2000 247", "free, day and night"),
            ("UK, under 19", "0800 1111", "Childline"),
        ),
    ),
    "medical": Guidance(
        "If this is a medical emergency, call now",
        "Call the emergency number first, then read on. If too much of something was taken, do not wait "
        "for signs and "
        "do not make anyone vomit; keep the package. Stay with a person who does not wake up, lay them on "
        "their side, "
        "and do what the call taker says.",
        (("US, poisoning", "1-800-222-1222", "Poison Help, day and night"),),
    ),
    "psychosis": Guidance(
        "If voices, visions or racing thoughts push you to act",
        "What you notice is real to you, and it can be treated. Please do not act on it now. Stay with "
        "someone you "
        "trust, tell them what you told this page, and call a doctor, one of these lines, or the emergency "
        "number if you or "
        "somebody else could get hurt.",
    ),
    "harm_to_others": Guidance(
        "If you might hurt somebody",
        "A thought is not a deed, and there is time. Put distance between you and the other person and "
        "anything you "
        "could use, and call one of these lines or the emergency number now. If a child or baby is with "
        "you, lay the "
        "baby down in a safe place, close the door, and call. Thoughts like these after a birth are "
        "common, and they "
        "are treated.",
    ),
    "other_person": Guidance(
        "If you are worried about somebody",
        "Ask them plainly whether they think about suicide; asking does not put it into their head. Stay "
        "with them or on the "
        "phone, keep means away, and do not promise to keep it secret. If they said goodbye, took "
        "something or cannot be "
        "reached, call the emergency number. The lines below also advise those who help.",
    ),
}


def guidance(kind: str) -> Guidance:
    """What is said for a kind of crisis; that for suicide where the kind is unknown."""
    return GUIDANCE.get(kind, GUIDANCE["suicide"])
