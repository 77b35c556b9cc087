"""Phrases that signal a crisis in plain English words, written by the project, with what takes their "
"force away.

Every pattern reads text as `plain` leaves it: lower case, no apostrophes, shorthand spelt out.
"""

from __future__ import annotations

import re
from typing import Literal

Kind = Literal["suicide", "self_harm", "danger", "medical", "psychosis", "harm_to_others"]

_SELF = r"(?:my ?self|himself|herself|themsel(?:f|ves)|yourself|oneself)"
_ME = r"(?:my ?self|me)"
_WHOSE = r"(?:my|his|her|their|your|ones|one s)"
_WANT = (
    r"(?:want(?:s|ed|ing)?(?: to)?|wanna|wish(?:es|ed|ing)?(?: to| i could| i would)?|would like to|ready "
    r"to|prefer to|"
    r"plan(?:s|ning)?(?: to| on)?|need(?:s)? to|rather|hope(?:s)?(?: to)?|hoping to|going to|longing to|"
    r"decided to|"
    r"thinking (?:of|about)|think(?:s)? (?:of|about)|thought(?:s)? (?:of|about)|deserve(?:s)? to|"
    r"beg(?:ging)? to|able to)"
)
_SO = (
    r"(?:(?:so|really|just|very|badly|honestly|kinda|kind of|all|even|still|always|only|literally|"
    r"fucking|simply) )*"
)
_NO = r"(?:do not|does not|dont|doesnt|didnt|no longer|never|not|cant|cannot)"
_PLACE = (
    r"(?:bridge|roof|rooftop|building|balcony|window|cliff|tower|overpass|ledge|pier|ferry|platform|"
    r"parking garage)"
)
_TRAIN = r"(?:train|subway|metro|tube|tram|bus|car|truck|lorry|traffic|\d+ \w+ train|express)"
_PILLS = (
    r"(?:pills?|tablets?|paracetamol|tylenol|ibuprofen|aspirin|xanax|meds|medication|antidepressants?|"
    r"sleeping pills?|"
    r"insulin|valium|benzos?|opioids?|oxy|fentanyl|heroin|painkillers?|capsules?)"
)
_MINE = r"(?:my|his|her|their|the) (?:\w+ )?"
_PARTNER = (
    r"(?:he|she|they|husband|wife|boyfriend|girlfriend|partner|dad|father|mom|mum|mother|stepdad|"
    r"stepfather|stepmom|"
    r"ex|uncle|brother|boss|pimp|bf|gf|fiance|roommate|son)"
)

STRONG: dict[Kind, tuple[str, ...]] = {
    "suicide": (
        rf"\b(?:kill|hang|shoot|drown|poison|off|end|neck|unalive|yeet|delete)(?:ed|ing)? {_SELF}\b(?! up\b)",
        r"\b(?:hung|drowned|shot|killed|hanged) myself\b",
        rf"\b(?:tak(?:e|es|ing)|took|end(?:s|ed|ing)?) {_WHOSE} (?:own )?li(?:fe|ves)\b"
        r"(?! (?:insurance|in |as |at |of |savings|by \w+ing))",
        r"\b(?:commit(?:s|ted|ting)?|attempt(?:s|ed|ing)?|consider(?:s|ed|ing)?|contemplat\w+|plan(?:s|"
        r"ning)?|"
        r"think(?:s|ing)? (?:of|about)|thoughts? (?:of|about)|want|dream\w* of|die by|died? from) (?:a "
        r")?suicide\b",
        r"\b(?:am|im|is|are|be|been|feel|feels|feeling|felt|getting|becoming|actively|so|very|really|bit|"
        r"still) "
        r"suicidal\b",
        r"\bsuicidal (?:thoughts?|ideation|feelings?|urges?|again|and|tonight|lately)\b",
        r"\bsuicide (?:is|feels|seems|looks|has been|might be|crosses|again|tonight|would|plan|note|or)\b",
        r"\b(?:my|a|his|her) suicide (?:note|plan|letter|attempt)\b",
        rf"\b{_WANT} {_SO}(?:to )?{_SO}(?:be )?(?:die|dying|dead|death|to be dead|stop existing|not exist|"
        r"cease to exist)\b"
        r"(?! (?:of (?:laugh|bored|shame|embarrass|curios)|laughing|for (?:a|some|that|this|the)\b|inside|"
        r"my hair|his|"
        r"on (?:this|that) hill|eggs|it|with laughter|lift|weight|my|her|at (?:my|the) (?:meeting|office)))",
        r"\bwant(?:s|ed)? (?:to )?die\b(?! (?:of|laughing|my|her|his|for))",
        rf"\b{_WANT} {_SO}(?:not (?:to )?be|stop being) (?:alive|here any ?more|around any ?more)\b",
        rf"\b{_NO} (?:\w+ )?(?:want(?:s|ed)? to|wanna|wish to|care to|see (?:myself|me)|plan to|expect to) "
        rf"{_SO}"
        r"(?:live|living|be alive|alive|exist|existing|wake up|go on living|keep living|continue living|"
        r"carry on living|"
        r"be (?:here|around) (?:any ?more|any longer)|be on (?:this|the) (?:earth|planet)|go on any ?more|"
        r"stay alive)\b(?! (?:with (?:my|him|her|them|you|mum|mom|dad)|at (?:home|early|five|six)|early|"
        r"like this at|"
        r"in (?:the|this|a|my|his|her|london|new|that)))",
        r"\b(?:better|happier|easier|simpler|best) (?:off )?(?:(?:without me|with me gone|if i (?:was|were|"
        r"am|had) "
        r"(?:dead|gone|never|not)|if i (?:died|disappeared|vanished|didnt exist|wasnt (?:here|around|alive)|"
        r"just (?:died|disappeared))|when im gone|once im gone)|(?:to be )?dead\b)",
        r"\b(?:i(?:m| am)?|hes|shes|were|being|be) better off dead\b",
        r"\bend(?:ing)? (?:it all|all of (?:it|this)|everything|things? (?:for good|tonight|forever)|this "
        r"misery|"
        r"my misery|my (?:pain|suffering)|my existence|it (?:tonight|today|tomorrow|now|for good|"
        r"permanently|soon))\b",
        r"\b(?:going to|want to|will|ill|might|about|should i|ready to|of|talk\w*) (?:just )?end(?:ing)? "
        r"it(?: ?$| [.!?;,])",
        r"\b(?:never|not|dont|didnt|wont|stop|without) (?:want to |have to |ever )?wak(?:e|ing) up(?: "
        r"again| any ?more|"
        r" tomorrow| in the morning| one day)?(?= ?[.!?;,\n]| ?$| again| ever)(?! (?:at|early|on time|"
        r"before))",
        r"\b(?:no|any|a|what(?:s| is)? the|see (?:the|any)|find (?:one|a)|one|single) (?:\w+ )?(?:reason|"
        r"point|purpose|use) "
        r"(?:to|in|of|for|not to) (?:keep |stay |go on |continue |carry on )?(?:liv(?:e|ing)|(?:be(?:ing)? "
        r")?alive|"
        r"going on|go on|exist\w*|wak(?:e|ing) up|stay(?:ing)?|kill)\b",
        r"\b(?:nothing|no one|nobody|little|anything|something) (?:left )?(?:to|worth) liv(?:e|ing) for\b",
        r"\b(?:life|living|it|this) (?:is|s|feels|has|was|seems)? ?(?:not|nt|isnt|no longer) worth (?:it|"
        r"living)\b"
        r"(?<!it is not worth it)",
        r"\bi ?(?:m| am)? tired of (?:being alive|living|life|existing|existence|breathing)\b",
        r"\btired of (?:being alive|existing|breathing|living)\b",
        rf"\b(?:jump(?:ed|ing)?|throw(?:ing)? (?:my ?self|herself|himself)|step(?:ping)?|leap(?:ing)?|"
        rf"walk(?:ing)?|fall(?:ing)?)"
        rf" (?:off|from|out of|in front of|into|under|onto) (?:of )?(?:a|an|the|my|that|this|some|oncoming|"
        rf"moving) ?"
        rf"(?:\w+ )?(?:{_PLACE}|{_TRAIN}|tracks)\b(?! (?:with (?:joy|excitement)|bandwagon|to conclusions|"
        rf"meme|of joy))",
        rf"\b(?:on|at|over) the (?:edge|ledge|railing|wrong side) of (?:a|the|my) (?:\w+ )?{_PLACE}\b",
        r"\b(?:standing|sitting|stood|sat) (?:on|at|by) (?:a|the) (?:\w+ )?(?:bridge|ledge|roof|rooftop|"
        r"tracks|railing)\b",
        rf"\b(?:how (?:high|tall)|tallest|highest|higher than|taller than) "
        rf".{{0,30}}{_PLACE}\b.{{0,60}}\b(?:jump|die|end|fall)",
        r"\b(?:lost my job|she left|he left|fired|want it over|cant go on|so low|hopeless) "
        r".{0,80}\b(?:tall\w*|high\w*) "
        r"(?:bridges?|buildings?|cliffs?)",
        r"\b(?:lost my job|fired|left me|hopeless).{0,80}\b(?:bridges?|buildings?|"
        r"cliffs?)\b.{0,30}\b(?:tall\w*|high\w*|meters)",
        r"\bwish(?:ed|ing)? (?:that )?i (?:was|were|had|could be|would be) (?:just )?(?:dead|never (?:been "
        r")?born|not alive|"
        r"never wake|not (?:been )?born|died)\b",
        r"\bwish(?:ed|ing)? (?:that )?(?:i(?:d| would| could| had)?|my life) (?:just |simply )?(?:die|died|"
        r"end|ended|be over|"
        r"not wake|never woken|never been born|succeeded)\b",
        r"\bnever been born\b",
        rf"\b(?:hope|hoping|wish|want|pray\w*|wouldnt mind|wont mind|glad if|if only).{{0,40}}\b(?:hit|run "
        rf"over|crushed|"
        rf"killed|taken|struck) by (?:a |an |the )?(?:{_TRAIN}|cancer|lightning)\b",
        r"\b(?:hope|pray|wish|wouldnt mind if|wouldnt care if).{0,40}\b(?:i (?:dont|do not|didnt|never) "
        r"wake|plane (?:went|goes|"
        r"crash\w*)|i (?:got|get) cancer|something kills me|i (?:died|die))\b",
        r"\b(?:painless|least painful|easiest|quickest|fastest|best|most effective|less painful|peaceful|"
        r"surest|good|some) "
        r"(?:and \w+ |or \w+ )?(?:way|ways|method|methods) (?:to|of|for) (?:\w+ )?(?:die|dying|death|"
        r"kill\w* (?:my|your|one)\w*|"
        r"go|suicide|commit\w* suicide|end\w* (?:it|my|your|ones|things|a life|everything)|disappear|say "
        r"goodbye|leave this)",
        r"\bhow (?:many|much) .{0,50}(?:to (?:die|kill|not wake|never wake|end|overdose|od)|(?:dont|do not|"
        r"never|wont) wake|"
        r"would (?:kill|be fatal|be lethal)|is (?:lethal|fatal|deadly)|until .{0,12}(?:die|dead))\b",
        r"\b(?:lethal|fatal|deadly) (?:dose|amount|combination|overdose)\b",
        r"\b(?:write|writing|wrote|written|leave|leaving|left) (?:\w+ ){0,4}(?:suicide|goodbye|farewell|"
        r"good bye|last) "
        r"(?:note|letter|letters|notes|message)\b(?! to (?:the )?(?:team|colleagues?|company|boss|clients?))",
        r"\b(?:i )?wrote the letters\b",
        r"\b(?:i wont|i will not|im not going to|not (?:planning )?to|dont plan to|wont) be (?:here|around|"
        r"alive) (?:by|for|"
        r"tomorrow|much longer|any ?more|next|after|when|at christmas|in the morning|on)\b",
        r"\bnot (?:just )?be (?:here|around|alive) (?:by|tomorrow|any ?more|next)\b",
        r"\bby the time (?:you|they|anyone) (?:read|reads|see|find|hear)\b",
        r"\b(?:this is|its|final|my last) goodbye\b",
        r"\bgoodbye (?:world|everyone|cruel world|forever)\b",
        r"\b(?:tell|let) my (?:mum|mom|mother|dad|kids|wife|husband|son|daughter|family|sister|brother|"
        r"children|parents) "
        r"(?:that )?(?:i (?:love|loved)|im sorry|know i loved)",
        r"\b(?:bought|have|got|found|holding|tied|tying) (?:the |a |my )?(?:rope|noose|blade and|gun (?:to|"
        r"in my mouth|and))\b",
        r"\bgun (?:to my head|in my (?:mouth|hand)|against my)\b",
        rf"\b(?:staring|looking|stare|look) at (?:the|my|a|all) (?:\w+ )?(?:{_PILLS}|bottle of pills|"
        rf"medicine cabinet|gun|"
        r"knife|rope|noose|blade|bridge)\b",
        r"\b(?:pills|tablets|knife|gun|razor|blade) in my hand",
        r"\b(?:no|only one|one) way out\b(?! of (?:this|the|my) (?:contract|lease|meeting|debt|level|maze|"
        r"deal))",
        r"\b(?:no|any|a) future (?:for me|with me in)",
        r"\bcant see (?:a|any) future\b",
        r"\b(?:i|id|could|if i|to|would) (?:just )?(?:disappear|vanish|be gone)(?:ed)? (?:for good|forever|"
        r"permanently|and "
        r"never)|\bif i (?:just )?(?:disappeared|was gone|were gone|vanished|died|wasnt here)\b",
        r"\b(?:anyone|anybody|nobody|no one|everyone|they|would) (?:even |really )?(?:notice|care|miss me|"
        r"cry|be sad) (?:if|when) i "
        r"(?:was |were |am |had |just )*(?:gone|dead|died|disappeared|killed|hanged|ended|vanished|wasnt)",
        r"\b(?:after i(?: a)?m|when i(?: a)?m|once i(?: a)?m|now that i(?: a)?m) (?:gone|dead)\b",
        r"\ban? (?:terrible |huge |only |just a )?burden (?:to|on) (?:every|my|them|you|him|her|the)\b",
        r"\b(?:let go of|turn|jerk|twist|swerve) the (?:steering )?wheel\b",
        r"\bdriv(?:e|ing) (?:my|the|this) (?:car|truck|bike) (?:\w+ )?(?:into|off|over)\b",
        r"\bslit(?:ting)? my (?:wrists?|throat|own)",
        rf"\b(?:take|taking|swallow(?:ing)?|down|took|taken) (?:all|the whole|every|a whole|an entire|too "
        rf"many)(?: of)? ?"
        rf"(?:{_MINE}|bottle of |box of )?(?:{_PILLS}|bottle)\b",
        r"\bcatch(?:ing)? the bus\b(?=.{0,30}(?:one way|tonight|for good|forever))|\bctb\b",
        r"\b(?:done|finished|through) (?:with (?:life|living|being alive|this life|this world)|pretending|"
        r"fighting)\b",
        r"\b(?:im|i am) done (?:fighting|trying to live|living|here on)\b",
        r"\b(?:leave|leaving|say goodbye to|exit|quit) (?:this|the) (?:world|life|earth|planet)\b",
        r"\b(?:plan(?:s|ning)?|preparing|ready) (?:for )?(?:my|to) (?:own )?(?:death|final act|exit|last "
        r"day)\b",
        r"\bmy own (?:funeral|death)\b",
        r"\b(?:last|final) (?:day|night|act|words|post) (?:on earth|alive|of my "
        r"life)?(?<!words)(?=.{0,30}\b(?:alive|gone|over|life))",
        r"\bmy life is over\b|\b(?:want|need) (?:my life|everything|it all|all of it) to (?:be over|end|"
        r"stop)\b",
        r"\b(?:death|dying|being dead) (?:sounds|feels|seems|looks|would be) (?:so )?(?:peaceful|like|"
        r"easier|good|better|nice|a "
        r"relief)\b",
        r"\bthink(?:ing|s)? (?:about|of) (?:my )?(?:dying|death|being dead|killing|ending (?:it|my|things|"
        r"everything))\b",
        r"\bthoughts? of (?:ending|dying|killing my|death|being dead)",
        r"\b(?:rather|sooner) (?:be dead|die|not exist|not be alive|not live)\b",
        r"\b(?:didnt|not|never) (?:want to )?(?:make it|survive) (?:through|till|until|to) (?:the "
        r")?(?:night|tonight|tomorrow|week|"
        r"weekend|morning|christmas|my birthday)\b",
        r"\bdo(?:ing)? something (?:stupid|drastic|terrible) (?:to (?:my|him|her)sel|tonight)|\bbefore i "
        r"do something stupid\b",
        r"\bmade (?:my|her|his) peace with (?:it|dying|death)\b",
        r"\bthinking about (?:sewer|ending)\b|\bself ?delet\w+|\b(?:27 club)\b",
    ),
    "self_harm": (
        r"\b(?:cut|cutting|cuts|burn|burned|burning|hurt|hurting|hurts|harm|harming|harmed|scratch|"
        r"scratching|starve|starving|"
        r"punish|punishing|stab|bite|hit|hitting|injure|injuring|mutilat\w+|bruise) (?:my ?self|herself|"
        r"himself|themselves|"
        r"my (?:own )?(?:arms?|legs?|wrists?|thighs?|skin|body|stomach|hands? on purpose))\b(?! (?:some "
        r"slack|off|out|in the foot|"
        r"at (?:the gym|work|football|training|soccer)|while (?:cooking|shaving|chopping|running)|on "
        r"(?:the (?:oven|stove|pan|paper)|a "
        r"(?:pan|nail|hot))|by accident|accidentally|running|playing|chopping|shaving|cooking|with (?:the|"
        r"a) (?:oven|iron|pan|"
        r"hot)))",
        r"\bself ?harm(?:ed|ing|s)?\b(?! (?:policy|prevention|research|statistics|content|awareness))",
        r"\b(?:been|started|start|keep|am|im|is|back to|stop|stopped|shes|hes|girlfriend is|gf is) "
        r"cutting(?: again)?\b(?! (?:down|back|"
        r"corners|out|calories|carbs|sugar|the|my (?:hair|hours|losses|spending|grass|steps)|class|costs|"
        r"hair|grass|weight|wood|paper|"
        r"onions|vegetables|fabric|through))",
        r"\bcut(?:ting)? again\b|\bi cut last night\b|\bcuts (?:on|all over|along|down) (?:my|her|his|both|"
        r"their)\b",
        r"\b(?:hide|hiding|cover\w*) (?:my |the |her |fresh )?(?:cuts|scars|self harm)\b",
        r"\b(?:razor|blade|lighter|scissors|knife) (?:blades? )?(?:again|to my (?:skin|arm|wrist|leg|"
        r"thigh))\b",
        r"\b(?:made|make|making|see|seeing|watch\w*) (?:my ?self|me|my|it) (?:own )?(?:bleed|blood)\b|"
        r"\bseeing blood\b",
        r"\b(?:urge|urges|need|craving|want) to (?:cut|hurt me|hurt my|harm|bleed|burn my|feel pain)\b",
        r"\bhurting my body\b|\bwant(?:ed)? it to hurt\b|\bdeserve (?:the |this |to be in )?(?:pain|hurt|"
        r"bleed)",
        r"\b(?:bang|banging|hit|hitting|smash\w*|slam\w*) my (?:own )?(?:head|hand|fist)s? (?:against|on|"
        r"into)\b",
        r"\b(?:until|till) (?:i|it|my \w+|they) (?:bleed|bleeds|bled|see stars|split|scar)\b",
        r"\bpunch(?:ed|ing)? (?:the|a|my|walls?).{0,40}(?:hurt|blood|bled|broke|split|knuckles)",
        r"\bcarv(?:e|ed|ing) .{0,30}(?:skin|arm|leg|thigh|wrist|me|body)\b",
        r"\b(?:throw|threw|throwing|made myself throw|make myself throw) up .{0,40}\bblood\b",
        r"\b(?:sh|self injury) (?:again|tonight|and then|relapse|urges)\b|\btempted to sh\b",
        r"\brelaps\w+ .{0,30}\b(?:cut|cuts|blade|wrist|razor)",
    ),
    "danger": (
        rf"\b{_PARTNER} (?:\w+ ){{0,3}}?(?:hit|hits|hitting|beat|beats|beating|chok\w+|strangl\w+|punch\w*|"
        rf"kick\w*|slap\w*|burn(?:s|ed)|"
        r"rap(?:e|ed|es|ing)|stab\w*|bit|shov\w+|slam\w*|threw|throws|drag\w*|grab\w*|attack\w*|molest\w*|"
        r"abus\w*|assault\w*|"
        r"touch(?:es|ed|ing)?|forc\w+|threaten\w*|drugged|stalk\w*) (?:me|my|us|the kids|our)\b(?! "
        r"(?:laugh|at (?:chess|cards|tennis|"
        r"darts|ping|pool|a game|it|every)|in (?:the )?(?:game|tennis|chess|race|cards)|hard with|heart|up "
        r"for|with (?:questions|"
        r"kindness)|to (?:it|the (?:finish|punch))|on the shoulder|deeply))",
        r"\b(?:hits|beats|chokes|punches|slaps|kicks|rapes|abuses|strangles|molests|hurts) (?:me|us)\b(?! "
        r"hard)(?<!life hits me)"
        r"(?<!it hits me)(?<!what hurts me)",
        r"\b(?:hit|hits) me (?:hard|when|where|again|if|with)\b",
        r"\b(?:around|round|on) my (?:throat|neck)\b",
        r"\b(?:he|she|they|who|hell|shell|husband|boyfriend|ex|father|dad|man) (?:\w+ ){0,4}?(?:will|ll|"
        r"would|going to|threaten\w* to|said "
        r"hed|wants to|tried to|trying to|says he will) (?:\w+ )?(?:kill|shoot|stab|hurt|find and kill|"
        r"burn|murder|beat|destroy) "
        r"(?:me|us|my (?:kids|mother|mum|mom|family|dog|sister|brother))\b",
        r"\b(?:ill|he said|says|said).{0,30}\b(?:kill|murder|shoot) (?:me|us) if\b|\bwont live to\b|\bend "
        r"up dead\b",
        r"\b(?:raped|molested|sexually (?:assaulted|abused)|groped|trafficked)\b(?=.{0,80})",
        r"\b(?:i|ive|am|was|been|being|get|getting|gets) (?:\w+ )?(?:raped|beaten|choked|stalked|abused|"
        r"assaulted|strangled|molested|"
        r"blackmailed|trafficked|hit) (?:by|again|every|up|on|last|at|when|tonight|yesterday)\b",
        r"\b(?:comes|came|come|crawls|gets) (?:into|in|to|in to) my (?:room|bed|bedroom)\b",
        r"\btouch(?:es|ed|ing)? (?:me|my) .{0,40}\b(?:night|like|want|where|there|secret|privates?|sleep|"
        r"parts)",
        r"\b(?:our|a|the) (?:little )?secret\b.{0,60}\b(?:touch|dont like|uncle|coach|teacher|hurts|"
        r"scared)|\buncle .{0,40}\bsecret\b",
        r"\bhid(?:e|ing) (?:in|under|from|inside) .{0,50}\b(?:bathroom|closet|him|her|bed|dad|father|"
        r"husband|room|cupboard|wardrobe|"
        r"garage)\b(?=.{0,80}\b(?:he|she|dad|drunk|belt|knife|angry|scared|find|gun|yelling|screaming|"
        r"hit)\b)",
        r"\b(?:hide|hiding|cover\w*|make ?up) (?:over )?(?:the |my |these )?bruises\b|\bbruises? (?:on|"
        r"from|where|he)\b(?=.{0,60}\b(?:he|she|"
        r"husband|dad|boyfriend|hide|grab|him)\b)",
        r"\bscared to (?:go|come|be) home\b|\bafraid (?:to|of) (?:go home|going home|my (?:husband|father|"
        r"dad|boyfriend|partner|wife|ex|"
        r"stepdad))\b|\b(?:scared|terrified|frightened) of (?:him|my (?:husband|boyfriend|father|dad|"
        r"stepdad|ex|partner|wife))\b",
        r"\b(?:locks?|locked|locking) (?:me|us) (?:in|out|up|inside|outside)\b",
        r"\b(?:takes|took|checks|controls) my (?:phone|wages|money|passport|keys)\b.{0,60}\b(?:hits?|"
        r"locks?|hurts?|beats?|goes to work|"
        r"leave|house)",
        r"\b(?:follow(?:ed|s|ing)|stalk(?:ed|s|ing)) me (?:home|to|everywhere|again|from|around|for)\b",
        r"\b(?:outside|at|breaking|banging|kicking) (?:down )?(?:my|the) (?:door|"
        r"window)\b.{0,50}\b(?:knife|gun|police|scared|ex|him|axe|"
        r"dont know)",
        r"\bwith a (?:knife|gun|bat|belt|hammer)\b.{0,40}\b(?:he|door|me|dad|coming|drunk)|\b(?:he|she|dad|"
        r"ex|someone|they).{0,50}\bwith a "
        r"(?:knife|gun|bat|hammer)\b(?=.{0,40}\b(?:door|me|us|outside|here|what to do)\b)",
        r"\b(?:he|she|dad|father|husband|stepdad|mom|mum) (?:\w+ )?(?:is |s |gets )?(?:drunk|angry|"
        r"violent) .{0,60}\b(?:belt|hit|hurt|hospital|"
        r"beat|kill|afraid|scared)",
        r"\b(?:post|share|leak|send|publish)(?:s|ed|ing)? my (?:nudes|pictures|photos|naked|videos?)\b",
        r"\b(?:threw|throws|throwing|smashed) .{0,30}\b(?:at (?:me|my (?:head|face))|next to my head|at "
        r"the wall next)\b",
        r"\bended up in (?:the )?(?:hospital|er|a&e|emergency)\b(?=.{0,80}\b(?:he|she|angry|hit|husband|"
        r"dad)\b)|\b(?:he|she|angry|hit|husband)\b"
        r".{0,60}\bended up in (?:the )?hospital\b",
        r"\bbeat(?:s|ing|en)? (?:my|her|his|the) (?:little |baby |big |own )?(?:brother|sister|mum|mom|"
        r"mother|kids?|son|daughter|baby|dog)\b",
        r"\b(?:hit|hits|hitting|hurts|hurting|abus\w+|beats) (?:my|her|the|our) (?:little |baby |own "
        r")?(?:brother|sister|mum|mom|mother|kids?|"
        r"son|daughter|baby|children)\b",
        r"\bmade (?:me|her) do (?:things|it)\b.{0,40}\b(?:hit|hurt|sex|touch|bed|cries)|\b(?:forced|made) "
        r"me (?:to )?(?:have sex|do sexual|touch)",
    ),
    "medical": (
        rf"\b(?:just |have |ive |already )?(?:took|taken|swallowed|ate|drank|injected|downed|ingested|"
        rf"mixed) (?:\w+ ){{0,4}}?(?:{_PILLS}|bleach|"
        r"poison|antifreeze|drain cleaner|detergent|pods?|too (?:many|much)|whole (?:bottle|pack|box)|"
        r"batter(?:y|ies)|magnets?)\b"
        r"(?! (?:as prescribed|this morning as|for (?:my|a) (?:headache|back|cold|flu|cramps))|of (?:a |my "
        r")?(?:risk|time|space|wine at))",
        r"\boverdos(?:e|ed|ing)(?:s)?\b(?! (?:on|of) (?:chocolate|sugar|cake|netflix|caffeine|cuteness|"
        r"pizza|news|coffee|turkey|ice|sun|tv|"
        r"cheese|social|information|content|nostalgia|christmas|carbs))(?! (?:prevention|crisis|statistics|"
        r"deaths|epidemic|reversal))",
        r"\b(?:crushing|severe|sharp|bad|terrible|sudden) (?:\w+ )?chest pains?\b|\bchest (?:pain|hurts|"
        r"tightness)\b.{0,40}\b(?:arm|jaw|numb|"
        r"breath|sweat)",
        r"\bheart attack\b(?=.{0,30}\b(?:now|think|having|help|right)\b)|\b(?:having|have) a (?:heart "
        r"attack|stroke)\b",
        r"\b(?:face|mouth|side) (?:is |has |s )?(?:drooping|droops|dropped|numb)\b|\b(?:cant|cannot) "
        r"(?:speak|talk|move) (?:properly|one side|his|"
        r"her|my)\b",
        r"\bcant breathe?\b(?! (?:from laughing|laughing|when i think|at work))|\b(?:not|isnt|stopped|"
        r"barely|hardly) breathing\b|\bbreathing "
        r"(?:\w+ )?(?:slow\w*|stopped|weird|shallow)\b",
        r"\b(?:wont|not|cant|cannot|doesnt|isnt|unable to) (?:wak(?:e|ing)|respond\w*|get) (?:him|her|them|"
        r"up to feed|up from)\b|\bcant wake "
        r"(?:him|her|them|my)\b|\bunresponsive\b|\bunconscious\b|\bpassed out and\b|\bwont wake up\b",
        r"\bhaving (?:a )?seizures?\b|\bseizure (?:has|for|that|now|and)\b|\bconvuls\w+",
        r"\b(?:lips|throat|tongue|face) (?:is|are|keeps?) (?:swelling|blue|turning blue|swollen|closing|"
        r"burning)\b|\banaphyla\w+",
        r"\bblood (?:is )?(?:pumping|gushing|spurting|everywhere|pouring)\b|\b(?:wont|not|doesnt|cant) "
        r"stop (?:the )?bleeding\b|\bbleeding (?:out|"
        r"heavily|badly|a lot)\b",
        r"\b(?:baby|toddler|son|daughter|child|kid) (?:\w+ )?(?:ate|swallowed|drank|got "
        r"into)\b.{0,40}\b(?:pills?|tablets?|bleach|batter\w+|iron|"
        r"meds?|medication|poison|cleaner|magnet\w*|pods?)\b",
        r"\b(?:not|havent|havnt|stopped) (?:eaten|eating|drunk|drinking) (?:\w+ )?(?:anything )?(?:for|in) "
        r"(?:\w+ )?(?:days|weeks)\b|\bkeep "
        r"(?:fainting|passing out|blacking out)\b",
        r"\b(?:shooting|shot) up\b.{0,50}\b(?:blue|breath|wake|lips)",
    ),
    "psychosis": (
        r"\b(?:voices?|god|jesus|satan|the devil|demons?|angels?|tv|radio|television|spirits?|aliens?|"
        r"they)(?: \w+){0,3}? "
        r"(?:tell(?:s|ing)?|told|command\w*|order\w*|whisper\w*|saying|say|want(?:s)?|send(?:s|ing)?|"
        r"speak\w*|talk\w*) (?:to )?me\b"
        r".{0,80}\b(?:hurt|kill|jump|burn|escape|die|harm|cut|climb|stop|run|attack|do things|leave|stab|"
        r"messages?|prove|fire)\b",
        r"\b(?:hear|hearing|heard) (?:\w+ ){0,3}?(?:voices?|gods? voice)\b(?! (?:mail|message|over|from "
        r"(?:the )?(?:neighbou?r|street|kitchen|"
        r"next)))",
        r"\bvoices (?:in my head|are|tell|told|say|keep|want|wont)\b",
        r"\bvoice (?:is )?(?:order|tell|command)\w* me\b",
        r"\b(?:im|i am|know im|know i am) (?:actually|already|really) dead\b(?! (?:tired|inside|serious|"
        r"wrong))|\borgans (?:have|are) (?:rott|"
        r"gone|dead)",
        r"\b(?:chip|device|implant|transmitter|tracker|camera) (?:in|inside|under) my (?:head|brain|skin|"
        r"tooth|teeth|arm|body|eye)",
        r"\b(?:fbi|cia|government|neighbou?rs|police|people|they|mafia|agents?|strangers) (?:\w+ "
        r"){0,3}?(?:following|stalking|watching|poison\w*|"
        r"spying on|listening to|after|hunting|pump\w*|tracking|trying to kill|want(?:s)? to kill|plot\w*) "
        r"(?:me|my|gas|us)\b",
        r"\b(?:stalking|following|watching|poisoning|after) me\b.{0,80}\b(?:everywhere|conceal|hid\w+|"
        r"supermarket|cameras?|voices|disguise|"
        r"secretly)\b",
        r"\b(?:replaced|swapped) (?:by|with) (?:a |an )?(?:copy|copies|imposter|impostor|clone|robot|"
        r"double|alien)",
        r"\b(?:havent|not|no|without|hardly) (?:slept|sleep|sleeping|been sleeping)(?: \w+){0,2} (?:for|in|"
        r"since) (?:\w+ )?(?:\d|two|three|four|five|"
        r"six|seven|several|many|days|nights|week)\w*.{0,160}\b(?:energy|chosen|genius|powers?|million|"
        r"empire|invincible|sold|mission|unstoppable|"
        r"abilities|realis\w+|realiz\w+|gas|kill|god|spend\w*|destiny|saviou?r|fly)\b",
        r"\b(?:energy|chosen|genius|powers|invincible|million ideas|unstoppable|abilities|"
        r"amazing)\b.{0,120}\b(?:not been sleeping|without sleep|up "
        r"for (?:the )?(?:past )?\w+ (?:nights|days)|havent slept|no need (?:for|to) sleep|not sleeping|"
        r"dont need (?:to )?sleep)\b",
        r"\b(?:i am|im) (?:the )?(?:chosen one|messiah|jesus|god|christ|a prophet|immortal|invincible|the "
        r"saviou?r|saviou?r)\b(?! (?:awful|damn|in the "
        r"game))|\b(?:prove|know|learned) (?:that )?i can fly\b",
        r"\b(?:new|special|secret) (?:abilities|powers)\b.{0,80}\b(?:jump|fly|sleep|base)",
        r"\bmessages? (?:from|through|in) the (?:tv|television|radio|news)\b|\b(?:tv|television|radio) "
        r"(?:is |keeps )?(?:sending|talking|speaking) "
        r"(?:to )?me\b|\btv is sending me\b",
        r"\b(?:see|seeing) (?:people|things|shadows|figures|faces|someone) (?:\w+ ){0,4}?(?:who|that|"
        r"which) (?:arent|isnt|are not|no one|nobody|"
        r"dont exist|others)\b",
        r"\bdemons? (?:in|inside|from) (?:my|me|the|her|him|our)\b|\bpossessed by\b",
    ),
    "harm_to_others": (
        r"\b(?:going to|gonna|will|ill|want to|wants to|wanna|plan\w* to|ready to|thinking (?:of|about)|"
        r"think about|urge to|could|id|about to|"
        r"afraid i(?: a)?(?:ll|m going to| will| might)?|scared i(?:ll| will| might)?|fantasi\w+ about|"
        r"close to) (?:\w+ )?(?:kill|killing|shoot|"
        r"shooting|stab|stabbing|hurt|hurting|murder|strangle|strangling|strangled|smother|shake|drown|"
        r"poison|attack) (?:my (?:boss|wife|husband|"
        r"ex|mother|mum|mom|dad|father|baby|son|daughter|kids?|children|roommate|teacher|coworkers?|"
        r"boyfriend|girlfriend|brother|sister|"
        r"neighbou?r|family|stepdad|parents)|him|her|them(?: both| all)?|everyone|people|someone|somebody|"
        r"the (?:baby|kids|neighbou?r)|that "
        r"(?:bitch|bastard|guy|man|woman)|kids at)\b(?! (?:feelings|with kindness|for (?:eating|leaving|"
        r"being late|spoil|spoiling|forgetting|"
        r"finishing)|when i see (?:the )?dent|chances|in (?:the )?(?:game|tennis|chess)|if (?:she|he) "
        r"(?:spoils|forgets|finishes)))",
        r"\b(?:shoot up|bomb|blow up|burn down) (?:the|my|a|this) (?:school|office|mosque|church|house|"
        r"building|mall|workplace)\b",
        r"\b(?:list of (?:kids|people)|they|all)\b.{0,40}\b(?:going to|gonna|will) pay\b.{0,60}\b(?:gun|"
        r"rifle|knife)|\b(?:rifle|gun|knife)\b.{0,40}\b"
        r"(?:going to|gonna|will) pay\b|\bwho are going to pay\b.{0,60}\b(?:gun|rifle|knife)",
        r"\b(?:using|use) (?:it|the knife|the gun|a knife|a gun) on (?:my|him|her|them)\b",
        r"\b(?:frightening|horrible|scary|intrusive|violent|bad) thoughts about (?:her|him|the baby|my "
        r"(?:baby|son|daughter|kids?|child|newborn))\b",
        r"\b(?:hurt|shake|smother|drop|drown|harm) (?:my|the) (?:baby|newborn|child|kids?|son|daughter)\b",
        r"\b(?:stab|shoot|kill) them (?:both|all)\b",
    ),
}

# Words about somebody else who may be in danger now.
OTHER = (
    r"\b(?:friend|sister|brother|son|daughter|mum|mom|mother|dad|father|roommate|flatmate|student|"
    r"girlfriend|boyfriend|gf|bf|wife|husband|partner|"
    r"girl|guy|boy|cousin|colleague|coworker|neighbou?r|ex|nephew|niece|aunt|uncle|she|he|they|kid|"
    r"child)\b(?:(?!\bi\b).){0,80}?(?:\bwants? to (?:die|be "
    r"dead)\b|\b(?:doesnt|does not|dont|didnt) want to (?:be here|live|be alive|go on)\b|\bis suicidal\b|"
    r"\bkill (?:him|her|them)sel|\bsuicid\w+|"
    r"\bend(?:ing)? it\b|\b(?:hurt|harm|cut)\w* (?:him|her|them)sel|\bis cutting\b|\btook (?:the|her|his|"
    r"some|a bunch of|all) (?:pills|meds|tablets)|"
    r"\btook his gun\b|\bgoodbye\b.{0,60}\b(?:answer|phone|reach|gone)|\bbetter off without (?:him|her|"
    r"them)\b|\bthreaten\w+ to (?:jump|kill|hurt)|"
    r"\bgave (?:me|away) .{0,40}\b(?:ending|goodbye)|\brazor blades?\b|\bcuts (?:all )?(?:over|on|along)\b)",
)

# Spans in which the writer says that it is not so. They are taken out; what is left is read again.
DENIALS = (
    r"\b(?:im|i am|am|was|were|he is|hes|she is|shes|isnt|not that im|not saying im)? ?(?:definitely |"
    r"really |absolutely |certainly )?not (?:at all |"
    r"actually |really |even |currently |feeling |being )?(?:suicidal|violent|abusive|in (?:any )?(?:real "
    r")?danger|in crisis|self ?harming|a danger|"
    r"going to (?:do anything stupid|hurt|kill|harm|cut|end)\w*(?: (?:my ?self|anyone|my life|it))?|"
    r"planning (?:to|on) (?:hurt|kill|harm|end|anything)\w*"
    r"(?: my ?self| my life)?|thinking (?:of|about) (?:suicide|dying|death|(?:killing|hurting|harming|"
    r"cutting) my ?self|ending (?:my life|it)))\b",
    r"\b(?:i |id |would |ive |have |has |had |will )*never (?:\w+ )?(?:hurt|harm|kill|cut|thought (?:about|"
    r"of)|think (?:about|of)|consider(?:ed)?|wanted to|"
    r"attempt(?:ed)?|want to|tried to|hit|hits|beaten?|threatened|touched|do (?:it|that)|been (?:suicidal|"
    r"violent))(?: (?:my ?self|me|us|suicide|dying|die|"
    r"kill myself|hurt myself|killing myself|hurting myself|harming myself|ending (?:my (?:own )?life|it)|"
    r"taking my (?:own )?life|or threatened me|"
    r"anyone))*\b(?! (?:before|until (?:now|today|recently|this))| so (?:badly|much)| more than)",
    r"\b(?:i )?(?:do not|dont|didnt) (?:really |actually |even )?(?:want|wish|intend|plan|mean) to (?:die|"
    r"kill (?:my ?self|anyone)|hurt (?:my ?self|anyone)|"
    r"harm (?:my ?self|anyone)|end my life)\b(?!(?: ?[,.;])? ?(?:exactly|but|yet|though|just|either|"
    r"anymore but|really but|i want|i just|per se|necessarily))",
    r"\b(?:no|without|zero|not any|dont have|havent (?:had|got)|not had|have not had)(?: any| \w+ing)? "
    r"(?:suicidal |active |current )?(?:thoughts?|intentions?|"
    r"plans?|desire|ideas?|urges?) (?:of|to|about) (?:suicide|self ?harm\w*|(?:kill|hurt|harm|cut)(?:ing)? "
    r"(?:my ?self|anyone)|ending (?:my life|it)|dying|end my "
    r"life|die)\b",
    r"\b(?:isnt|is not|not|nothing to do|not talking) (?:about|with) (?:suicide|self harm|abuse|dying|"
    r"death|hurting myself)\b",
    r"\b(?:dont|do not|never|didnt) hear (?:any )?voices\b(?: or anything)?",
    r"\b(?:hasnt|havent|doesnt|didnt|isnt|never) (?:ever |actually )?(?:hit|hits?|hurt|beat|"
    r"threaten(?:ed)?|touch(?:ed)?|abused?|violent|raped?) (?:me|us|anyone)\b",
    r"\bi (?:am|feel) safe\b",
)

# Spans that only sound like a crisis.
IDIOMS = (
    r"\b(?:kill|killed|killing|kills) (?:my ?self|me) (?:laughing|trying (?:to|not to)|at (?:the gym|work|"
    r"training|leg day)|with (?:work|laughter|boredom|cringe)|for "
    r"(?:not|forgetting|missing)|over (?:this|that|the) (?:code|bug|report|homework|essay|project)|now "
    r"(?:i|lol)|to (?:finish|meet|get (?:this|the)))\b",
    r"\b(?:is|are|was|were|s) (?:really |absolutely |literally |slowly |seriously |actually |just "
    r")?killing (?:me|it|the mood|us)\b(?! (?:slowly and|with|and he|softly))",
    r"\b(?:going to|will|would|ll|gonna) (?:absolutely |literally |actually |so )?(?:kill|murder) me "
    r"(?:when|if|for)\b(?= (?:she|he|they|i|the|my|we|forgetting|this|not|"
    r"missing|losing|breaking|being)\b)(?=.{0,60}\b(?:finds?|sees?|hears?|miss\w*|dent|late|forg\w+|"
    r"grades?|bill|scratch\w*|broke\w*|lost|forgot\w*|stain\w*|homework|exam|"
    r"phone bill|vase|mess|spoil\w*|dishes)\b)",
    r"\b(?:die|dying|died|dead) (?:of|from|with) (?:laughter|laughing|boredom|embarrassment|shame|"
    r"curiosity|cuteness|cringe|jealousy|anticipation|excitement|heat today)\b",
    r"\b(?:nearly|almost|practically|literally|just|could have|so) (?:\w+ )?died? (?:laughing|when he|when "
    r"she|of|inside when)\b|\b(?:dead|die|died|dying) laughing\b",
    r"\bto die for\b|\bdying (?:to|for) (?:a|an|some|ask|see|know|try|meet|hear|tell|go|read|visit|taste|"
    r"watch|find|get)\b|\bdie hard\b|\bdead(?: |-)?(?:line|tired|end|serious|"
    r"set|lift|pan|beat dad|pool|on arrival|battery|weight|sea|man walking)\w*\b",
    r"\b(?:political|career|financial|commercial|social|professional) suicide\b|\bsuicide (?:squad|"
    r"sprints?|burn|lane|king|doors?|by caffeine|grip|squeeze|drill|note in the)\b",
    r"\b(?:shot|shoot|shooting) (?:my ?self|yourself|himself|herself|ourselves) in the foot\b|"
    r"\bkick(?:ing)? my ?self\b|\bbeat(?:ing)? my ?self up\b",
    r"\bcut(?:ting)? my ?self (?:some slack|a (?:slice|piece)|off|loose|shaving|out of|free)\b",
    r"\bend(?:ing)? (?:it|things|everything) with (?:my|him|her|them)\b|\bend my (?:lease|subscription|"
    r"contract|life insurance|membership|day|shift|career|marriage|relationship|"
    r"engagement|friendship|week|year)\b|\bend my life insurance\b|\btake my life (?:back|seriously|in "
    r"(?:a )?new|to the next)\b|\b(?:time|love|best|girl|man|rest) of my life\b",
    r"\bi ?d kill for\b|\bkill for (?:a|an|some|that)\b|\bcould (?:murder|kill) (?:a|an|some|for)\b|"
    r"\bkill(?:ing)? (?:time|two birds|the (?:lights|vibe|engine|mood|process|server|"
    r"music|noise)|switch|a (?:process|job|program|weed)|it (?:at|on|out there))\b|\b(?:kill|killing|"
    r"kills) (?:a |the |my |zombie |child |all )*(?:process\w*|python|thread|"
    r"server|container|weeds?|ants|wasps|mosquitos?|mosquitoes|bees|mould|mold|germs|bacteria|lice|fleas|"
    r"daemon|terminal|port|app|session|job|task|plants?|grass|fly|flies)\b",
    r"\bomg (?:just )?kill me(?: now)?\b|\bkill me now\b(?= ?[,.!]? (?:i|my|lol|haha|it|this|the|ugh))(?! "
    r"i (?:want|mean|cant|beg))|\blol i(?:m| am) dead\b|\bim dead lol\b|\bim dead\b(?= ?[,.!]? "
    r"(?:lol|haha|that|this|omg|at))",
    r"\bjump(?:ed|ing)? (?:off|from) (?:the|a) \w+ (?:with joy|for joy|of joy|with excitement)\b|\bjump "
    r"(?:on|off) the bandwagon\b|\bjump(?:ing)? (?:on|off) (?:a|the) (?:call|plane|train|bus) "
    r"(?:to|with|at|tomorrow)\b|\bbungee jump\w*\b",
    r"\b(?:hang|hanging) (?:out|up|on|in there|with|around)\b|\bhung up\b",
    r"\b(?:voice|voices) (?:mail|message|messages|memo|over|acting|chat|lessons)\b|\bhear (?:your|his|her|"
    r"my mothers|my mums|moms) voice\b",
    r"\bburn(?:ed|t|ing)? (?:my ?self|my (?:\w+ )?(?:hand|arm|finger|tongue|fingers)) (?:on|with|while|"
    r"cooking|by|making|taking)\b|\bburn(?:ed|t)? my (?:arm|hand|finger|tongue) on (?:the|a)\b",
    r"\b(?:beat|beats|killed|murdered|destroyed|slaughtered|crushed) (?:me|us) (?:at|in) (?:chess|tennis|"
    r"cards|darts|pool|\w+ (?:game|kart|final)|the (?:game|race|final|quarter \w+|"
    r"semi \w+)|a (?:game|race)|mario|fifa|scrabble|monopoly|golf|poker)\b",
    r"\bhits? me (?:that|how|hard (?:that|how))\b|\bit hit me (?:that|how|like)\b|\bhit(?:s)? me up\b|"
    r"\bhit (?:on )?me (?:at|with) (?:the|a|your) (?:bar|party|question|best)\b",
    r"\b(?:this|that|last|the|my|each|every) (?:exam|workout|heat|traffic|test|meeting|commute|job|boss|"
    r"class) (?:murdered|killed|destroyed|slaughtered) me\b",
    r"\bbase jump\w*\b(?=.{0,40}\b(?:course|licen[cs]e|instructor|insurance)\b)",
)

# The writer is making something up, or asks about the subject and not for anybody.
ABOUT = (
    r"\b(?:in|for|of) (?:my|a|the|our|this|your) (?:\w+ )?(?:novel|story|book|screenplay|script|play|poem|"
    r"song|film|movie|game|series|show|campaign|essay|thesis|article|homework|"
    r"sociology|psychology|history|class|paper|report|presentation|chapter|scene|research)\b",
    r"\b(?:write|writing|compose|draft|continue|create|describe|summari[sz]e|analy[sz]e|classify|identify|"
    r"explain|translate|review) (?:me |us )?(?:a|an|the|this|some|about|if|whether|how|what|the "
    r"following)\b",
    r"\b(?:can|could|would) you (?:please )?(?:classify|identify|analy[sz]e|determine|tell (?:me )?(?:if|"
    r"whether) (?:this|the following)|summari[sz]e|write|translate|explain|continue)\b",
    r"\b(?:what|which|how) (?:is|are|was|were|does|do|did|has|have) (?:the )?(?:\w+ ){0,3}(?:law|laws|"
    r"research|history|statistics|rates?|policy|policies|studies|signs|symptoms|experts|"
    r"psychologists|therapists|films?|movies?|media|literature|governments?|word|difference|crisis lines?|"
    r"reporting|scientists|documentar\w+)\b",
    r"\b(?:character|protagonist|heroine|hero|villain|detective|plot|fiction\w*|fictional|romeo|juliet|"
    r"hamlet|shakespeare|novel|murder mystery)\b",
    r"\b(?:raise awareness|awareness (?:campaign|week)|prevention (?:program|campaign|day|training)|for "
    r"(?:a )?(?:school|university) (?:project|essay)|documentar\w+)\b",
)
PAST = (
    r"\b(?:years? ago|when i was (?:a )?(?:young\w*|kid|child|teen\w*|little|\d+|a teenager|in (?:school|"
    r"college))|as a (?:teen\w*|kid|child)|in (?:college|high school|the (?:\w+ )?(?:nineties|"
    r"eighties|seventies)|19\d\d|20[01]\d)|used to|before i was born|long ago|back then|in my (?:teens|"
    r"twenties)|decades? ago|(?:clean|sober|free|recovered) (?:for|since))\b",
)
NOW = (
    r"\b(?:again|now|tonight|today|still|lately|these days|back|right now|this week|this morning|yesterday|"
    r"last night|returned|coming back|cant stop|anymore|tomorrow)\b",
)
FIRST = r"\b(?:i|im|ive|id|ill|me|my|myself|mine|we|us|our)\b"


def compiled(patterns: tuple[str, ...]) -> tuple[re.Pattern[str], ...]:
    """The patterns, ready for use."""
    return tuple(re.compile(pattern, re.DOTALL) for pattern in patterns)
