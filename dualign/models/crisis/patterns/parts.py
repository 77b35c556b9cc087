"""Parts that several phrases share."""

from __future__ import annotations

WANT = (
    r"(?:want(?:s|ed|ing)?(?: to)?|wanna|wish(?:es|ed|ing)?(?: to| i could| i would)?|would like to|ready "
    r"to|prefer to|plan(?:s|ning)?(?: to| on)?|need(?:s)? to|rather|hope(?:s)?(?: to)?|hoping to|going to|"
    r"longing to|decided to|thinking (?:of|about)|think(?:s)? (?:of|about)|thought(?:s)? (?:of|about)|"
    r"deserve(?:s)? to|beg(?:ging)? to|able to)"
)
PILLS = (
    r"(?:pills?|tablets?|paracetamol|tylenol|ibuprofen|aspirin|xanax|meds|medication|antidepressants?|"
    r"sleeping pills?|insulin|valium|benzos?|opioids?|oxy|fentanyl|heroin|painkillers?|capsules?)"
)
PARTNER = (
    r"(?:he|she|they|husband|wife|boyfriend|girlfriend|partner|dad|father|mom|mum|mother|stepdad|"
    r"stepfather|stepmom|ex|uncle|brother|boss|pimp|bf|gf|fiance|roommate|son)"
)
PLACE = (
    r"(?:bridge|roof|rooftop|building|balcony|window|cliff|tower|overpass|ledge|pier|ferry|platform|"
    r"parking garage)"
)
TRAIN = r"(?:train|subway|metro|tube|tram|bus|car|truck|lorry|traffic|\d+ \w+ train|express)"
SELF = r"(?:my ?self|himself|herself|themsel(?:f|ves)|yourself|oneself)"
SO = (
    r"(?:(?:so|really|just|very|badly|honestly|kinda|kind of|all|even|still|always|only|literally|fucking|"
    r"simply) )*"
)
NO = r"(?:do not|does not|dont|doesnt|didnt|no longer|never|not|cant|cannot)"
WHOSE = r"(?:my|his|her|their|your|ones|one s)"
