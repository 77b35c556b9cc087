"""A message brought to plain lower-case words, whatever the writer or a keyboard did to it.

Undone are: invisible characters, accents and look-alike letters of other scripts, full-width and styled letters,
figures and signs that stand for letters, letters spaced out or held down, common misspellings, chat shorthand.
Apostrophes go ("don't" is ``dont``), so that the phrase patterns need one spelling. Text that is not Latin is kept
as it is for the phrase list of other languages.
"""

from __future__ import annotations

import re
import unicodedata

# A longer message is refused by the page; the detector reads the beginning and the end of anything.
LONGEST = 20_000

_LOOK_ALIKE = str.maketrans(
    "аеорсухіїјѕԁһԛԝьвкмнтАЕОРСУХІЈЅВКМНТαεορτυικνχβΑΒΕΖΗΙΚΜΝΟΡΤΥΧıɑɡɩℓ",
    "aeopcyxiijsdhqwbbkmhtaeopcyxijsbkmhtaeoptuiknxbabezhikmnoptyxiagil",
)
_QUOTES = re.compile("[\u2018\u2019\u201b\u02bc\u2032`´']")
_LEETS = (str.maketrans("013457@$€!|", "oieastaseil"), str.maketrans("013457@$€!|", "oleastaseli"))
_SIGNS = "a-z0-9@$€|"
_LEET_WORD = re.compile(
    rf"(?<![{_SIGNS}])(?=[{_SIGNS}!]*[a-z])(?=[{_SIGNS}!]*[0-9@$€|!])[{_SIGNS}!]*[{_SIGNS}](?!!)"
)
# fmt: off
_MASKED = frozenset((
    "kill", "killing", "killed", "die", "dies", "dying", "dead", "death", "suicide", "suicidal", "myself", "my", "self",
    "me", "i", "to", "want", "wanna", "life", "live", "alive", "hope", "cut", "cutting", "hurt", "harm", "kms", "blood",
    "bleed", "pills", "rape", "raped", "overdose", "jump", "hang", "end", "it", "all",
))
# fmt: on
_MEASURE = re.compile(
    r"\d+(?:\.\d+)?(?:mg|g|kg|ml|cl|l|cm|mm|m|km|k|am|pm|h|s|min|st|nd|rd|th|yo|f|x|hrs?|years?)"
)
_SPACED = re.compile(r"(?<![a-z0-9])(?:[a-z][ .\-_*/]{1,2}){2,}[a-z](?![a-z0-9])")
_HELD = re.compile(r"([a-z])\1{2,}")
_OVERDOSED = re.compile("\\bod[‘’']d\\b")
_SPLIT = re.compile(
    r"\b(don|can|won|isn|wasn|didn|doesn|couldn|wouldn|shouldn|haven|hasn|hadn|aren|ain|"
    r"i|you|he|she|it|we|they|that|there) (t|m|ve|ll|re|d|s)\b"
)
_SHORT = {
    "do not": "dont",
    "does not": "doesnt",
    "did not": "didnt",
    "can not": "cant",
    "cannot": "cant",
    "is not": "isnt",
    "will not": "wont",
    "would not": "wouldnt",
    "have not": "havent",
    "has not": "hasnt",
    "i am": "im",
    "i have": "ive",
    "i will": "ill",
}
_CONTRACTED = re.compile(rf"\b(?:{'|'.join(_SHORT)})\b")
_TORN = re.compile(r"\b(gon|wan) na\b")
_TO = re.compile(r"\b(want|need|going|ready|try|trying) (?:2|too)\b")
_WORD = re.compile(r"[a-z0-9]+|[^\W\d_a-z]+|[.!?\n;,]")

# Words whose misspellings matter here, with the ones met most; single slips of longer words are found by distance.
_SPELLINGS = {
    "killing": "kiling killin klling unaliving",
    "die": "dy diee dai",
    "dying": "dieing dyin diying",
    "dead": "ded daed deadd",
    "life": "lif lyf lyfe lfe lifee",
    "live": "liv livee",
    "living": "livin liveing",
    "want": "wnat wan wnt wantt whant",
    "wish": "whish wihs",
    "have": "hav hve",
    "feel": "fel feeel",
    "reason": "reson resaon",
    "going": "goin goign",
    "commit": "comit commmit",
    "all": "al",
    "wanna": "wana wannna",
    "myself": "mysel myslef mself meself mysef myselff mysellf miself",
    "suicide": "suiside sucide suicde suiced sueside suicied suacide suicid suisid sewerslide sewerside sewercide "
    "suecide",
    "suicidal": "suicdal sucidal suisidal suicidle suicidial sewerslidal",
    "anymore": "anymor nymore anymoar anymre",
    "hurt": "hurtt hert hrt",
    "cutting": "cuttin cuting",
    "every": "evry evrey",
    "think": "thnk thikn fink",
    "thinking": "thinkin thinkn thnking finking",
    "about": "abt abot bout",
    "tonight": "tn tonite 2nite 2night tonght",
    "tomorrow": "tmrw tmr tomoro tomorow tmrow tommorow tommorrow",
    "going to": "gonna gona gunna gon finna boutta",
    "want to": "wanna wana",
    "was": "wa wuz wus",
    "trying to": "tryna",
    "because": "bc cuz coz becuz becos",
    "right now": "rn",
    "you": "u ya",
    "are": "r",
    "your": "ur",
    "people": "ppl",
    "please": "pls plz",
    "with": "w wif",
    "what": "wat wut",
    "though": "tho",
    "really": "rly rlly",
    "i do not know": "idk",
    "not going to lie": "ngl",
    "i am going to": "imma ima",
    "got to": "gotta",
    "kill myself": "kms",
    "kill yourself": "kys",
    "kill": "unalive unaliv kil kll kiil klil kiill",
    "killed": "unalived",
    "overdose": "od",
    "overdosed": "oded odied",
    "overdosing": "oding",
}
_FIX: dict[str, str] = {}
for _right, _wrongs in _SPELLINGS.items():
    for _wrong in _wrongs.split():
        _FIX[_wrong] = _right
_OFTEN = (
    "killing",
    "kill",
    "want",
    "alive",
    "living",
    "jump",
    "tired",
    "hurt",
    "dying",
    "death",
    "dead",
    "pills",
    "anymore",
)
_REAL = frozenset(
    ("ill", "ant", "live", "liv", "tied", "tire", "tried", "ding", "dad", "ead", "ills", "hut", "pill", "kin")
)


def _slips(word: str) -> set[str]:
    """A word with one letter left out or two neighbours swapped, first letter kept."""
    dropped = {word[:k] + word[k + 1 :] for k in range(1, len(word))}
    swapped = {word[:k] + word[k + 1] + word[k] + word[k + 2 :] for k in range(1, len(word) - 1)}
    return (dropped | swapped) - {word}


for _right in _OFTEN:
    for _wrong in _slips(_right) - _REAL:
        if len(_wrong) > 2:
            _FIX.setdefault(_wrong, _right)
_FIX |= {
    "killn": "killing",
    "wanan": "want to",
    "kll": "kill",
    "dnt": "dont",
    "cnt": "cant",
    "suey": "suicide",
}
_NEAR = ("suicide", "suicidal", "myself", "overdose", "overdosed")
_NOT_NEAR = {*_NEAR, "suicides", "overdoses"}


def plain(text: str) -> str:
    """``text`` as plain lower-case words and sentence marks, single spaces between them.

    Parameters
    ----------
    text
        Anything; of a text over `LONGEST` characters the beginning and the end are read.
    """
    if len(text) > LONGEST:
        text = text[: LONGEST // 2] + "\n" + text[-LONGEST // 2 :]
    text = unicodedata.normalize("NFKC", text)
    text = "".join(
        c for c in text if c in "\n\t" or unicodedata.category(c) not in ("Cf", "Cc", "Mn", "Co", "Cn")
    )
    if _mixed(text):
        text = " ".join(_unmask(word) for word in text.split(" "))
    text = text.lower()
    text = "".join(c for c in unicodedata.normalize("NFD", text) if not "\u0300" <= c <= "\u036f")
    text = unicodedata.normalize("NFC", text)
    text = _OVERDOSED.sub("overdosed", text)
    text = _QUOTES.sub("", text)
    text = _SPLIT.sub(r"\1\2", text)
    text = _TORN.sub(r"\1na", text)
    text = _SPACED.sub(lambda found: re.sub(r"[^a-z]", "", found.group()), text)
    text = _LEET_WORD.sub(_unleet, text)
    text = _HELD.sub(_unhold, text)
    text = " ".join(_fixed(word) for word in _WORD.findall(text))
    return _CONTRACTED.sub(lambda found: _SHORT[found.group()], _TO.sub(r"\1 to", text))


def _mixed(text: str) -> bool:
    return any("\u0370" <= c <= "\u052f" or c in "ıɑɡɩℓ" for c in text)


def _unmask(word: str) -> str:
    """A word of look-alikes in Latin letters; one written in another script throughout is left alone."""
    latin = word.translate(_LOOK_ALIKE)
    foreign = any("\u0370" <= c <= "\u052f" for c in latin)
    wholly = not any("a" <= c.lower() <= "z" for c in word)
    return word if foreign or (wholly and len(word) > 1 and latin.lower() not in _MASKED) else latin


def _unleet(found: re.Match[str]) -> str:
    word = found.group()
    if _MEASURE.fullmatch(word) or word.isdigit() or word in ("2nite", "2night"):
        return word
    readings = [word.translate(leets) for leets in _LEETS]
    return next((reading for reading in readings if reading in _MASKED), readings[0])


def _unhold(found: re.Match[str]) -> str:
    return found.group(1)


def _fixed(word: str) -> str:
    if word in _FIX:
        return _FIX[word]
    if 5 < len(word) < 12 and word.isascii():
        for right in _NEAR:
            if word not in _NOT_NEAR and _one_slip(word, right):
                return right
    return word


def _one_slip(word: str, right: str) -> bool:
    """Whether one letter was dropped, added, changed or swapped with its neighbour."""
    if abs(len(word) - len(right)) > 1 or word[0] != right[0]:
        return False
    start = 0
    while start < min(len(word), len(right)) and word[start] == right[start]:
        start += 1
    a, b = word[start:], right[start:]
    return a[1:] == b or a == b[1:] or a[1:] == b[1:] or (a[:2] == b[:2][::-1] and a[2:] == b[2:])
