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
        r"(?! (?:insurance|in my own hands|in (?:a )?(?:new|better|another|different)|as (?:a|an)|of |"
        r"savings|story))",
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
        r"on (?:this|that) hill|eggs|with laughter|lift|weight|my|her|at (?:my|the) (?:meeting|office)))",
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
        # Broad words of dying, said of oneself.
        r"\b(?:i|im|ive|id|ill|me|my|myself)\b[^.!?\n]{0,60}\b(?:to die|suicidal|dying soon|unalive)\b(?! "
        r"(?:for|of (?:laugh|bored|"
        r"embarrass|shame)|laughing|in (?:the|this|my) (?:game|level)))",
        r"^ ?(?:just |so |very |feeling |been )*suicidal\b",
        r"\b(?:depressed|sad|lonely|hopeless|miserable|anxious|tired) and suicidal\b",
        r"\bsuicid(?:e|al)[^.!?\n]{0,50}\b(?:my|me|i|myself)\b(?=[^.!?\n]{0,60}\b(?:thought|option|answer|"
        r"want|plan|only|think|tend\w*|attempt|feel|"
        r"mind|consider|cross|ideation|way|soon|again)\b)",
        r"\bi[^.!?\n]{0,40}\b(?:think|thought|thoughts|plan|tried|try|attempt\w*|consider\w*|about|of|by|"
        r"doing) (?:\w+ )?suicide\b",
        r"\bif i (?:just |already )?(?:were|was|am) (?:dead|gone)\b|\bid be dead\b|\bwould have been "
        r"dead\b|\b(?:i|me) being dead\b",
        r"\b(?:hope|hoping|until|so that|enough|what i take|pray\w*|wish) [^.!?\n]{0,50}\bkills? me\b|"
        r"\bplease kill me\b|\bsomeone kill me\b",
        r"\b(?:world|life) (?:in which |that |where )?(?:i|id) (?:dont |do not )?(?:even )?(?:wish|want|"
        r"care) to (?:live|be in|continue)",
        r"\b(?:is|are|do|but|than|except|left) (?:to )?(?:just )?die\b(?! (?:hard|cast|of|from))|\bhave to "
        r"die\b|\bdeserve death\b|\bdeserves? to die\b",
        r"\b(?:past|through|beyond) (?:this|the|next) (?:week|weekend|month|night|"
        r"year)\b(?=.{0,200}\b(?:goodbye|note|deed|end|die|done)\b)",
        r"\b(?:written|wrote|writing|write|said) (?:all |out )?(?:my |the |some )?(?:goodbyes?|note|notes|"
        r"letters?|will)\b(?=.{0,160}\b(?:ready|deed|lose|"
        r"before|death|die|gone|tonight|soon|end|pills?|kill|sorry|noticed|pick)\b)|\bwriting goodbyes?\b|"
        r"\bcopy and paste my note\b",
        r"\b(?:do|did|doing|do with) the deed\b|\bready to (?:go|die|leave|end)\b(?! (?:to|home|out|on|for|"
        r"there|back|with))",
        r"\b(?:before i go|when i go|once i go)\b(?=.{0,200}\b(?:goodbye|note|death|debt|things|will)\b)",
        r"\b(?:leave|escape|exit|quit|end|get out of) (?:this |my |the )?(?:\w+ )?(?:life|existence|world|"
        r"hell|nightmare)\b(?! (?:insurance|behind and start|"
        r"cycle|phase|chapter|story|drawing))(?=.{0,80})",
        r"\b(?:my )?exit from (?:this|the) (?:world|life)\b",
        r"\b(?:going to|might|will|gonna|ready to|just|finally|should i|if i|could|want to|about to|ill|"
        r"wont) (?:just |finally |actually )?(?:do|did|do it|done)"
        r" it\b(?=.{0,120}\b(?:tonight|tomorrow|soon|this week|weekend|family|note|pain|pills?|anymore|too "
        r"much|painless|nobody|future|horrible he|scared of "
        r"my)\b)",
        r"\b(?:im|i am) going to do it\b(?= ?[.!?]?$)|\bi will do it tonight\b|\bi might do it (?:tonight|"
        r"tomorrow|soon)\b",
        r"\b(?:last |have |ive |i )attempted (?:a|again|twice|once|it|before|last|to (?:end|kill|od|"
        r"overdose))\b|\b(?:failed|previous|another|\w+th|second|third) "
        r"attempts?\b(?=.{0,120}\b(?:give up|therapy|kill|life|die|suicid\w*|broken|sick of)\b)|\bsick of "
        r"failed attempts?\b|\bsurvived (?:an|my) attempt\b",
        r"\b(?:have|got|picked|set|chosen|chose) (?:a |the |my |an )?(?:date|method|day|time|plan)(?: "
        r"(?:and|picked|set|chosen|in place|ready|to end))",
        r"\b(?:way|ways|method|methods|how|option|options|means) (?:of|to|for|can i|could i|do i|would one|"
        r"to get)?(?: \w+){0,3} ?(?:end(?:ing)? (?:ones |my |a |your |this |the )?"
        r"(?:own )?(?:life|suffering|misery|pain|it all|existence)|pass(?:ing)? away|leave this world|"
        r"drift(?:ing)? away|die|commit|say goodbye to this)\b",
        r"\b(?:peaceful|painless|gentle|quick|serene|graceful) (?:end|exit|death|way (?:out|to go)|passing|"
        r"departure|release from)\b|\bpass away (?:peacefully|painlessly|quietly|in"
        r" my sleep)\b|\b(?:peacefully|painlessly|quietly) (?:and \w+ )?(?:pass away|die|go|leave|end|slip "
        r"away)\b|\bjust (?:fucking )?go peacefully\b",
        r"\b(?:end|ending|stop|escape) (?:it|this|things) (?:painlessly|peacefully|quickly|forever|for "
        r"ever|for good|once and for all)\b|\bfinal (?:decision|act|solution) (?:on|of|to|in|for)"
        r" (?:my )?(?:life|problem)",
        r"\b(?:cant|cannot|dont|do not) (?:take|bear|handle|stand|do|carry) (?:this|it|life|living|the "
        r"pain|being alive) (?:life )?any ?(?:more|longer|further)\b(?=.{0,160}\b(?:die|end|life|"
        r"alive|sorry|done|goodbye|forever|way out|permanently|note|pills?|gone|give up)\b)",
        r"\b(?:cant|cannot) (?:go|carry|keep|live) (?:on |going |living |like this |with what i did "
        r")*(?:any ?(?:more|longer|further)|like this any|and want|want)\b",
        r"\b(?:stop|end) living\b|\bgive up on (?:life|living|everything)\b|\bgiving up on (?:life|"
        r"living)\b|\bgiven up on (?:life|living)\b|\bno will to live\b|\bwill to "
        r"live\b(?=.{0,20}\b(?:gone|lost|"
        r"again|left)\b)|\b(?:lost|no|without|any|my) (?:\w+ )?will to live\b",
        r"\bclose my eyes (?:\w+ ){0,4}?(?:and )?(?:never|not|hoping to not|forever)\b|\bsleep (?:and "
        r"never wake|forever|for ever|for good)\b|\bnot (?:open|wake) (?:them )?again\b|\blast breath\b",
        r"\b(?:what(?:s| is)|wheres|is there|was|the|any) (?:even )?(?:the |any |a )?(?:fucking )?point "
        r"(?:of|in|to) (?:living|life|being alive|being here|existing|going on|staying|continuing)\b|\bwhy "
        r"(?:am|should"
        r" i be|stay|keep|bother) (?:i )?(?:still )?(?:alive|living|here on)\b|\bwhy (?:shouldnt|dont|not) "
        r"i just (?:die|kill|end)\b",
        r"\b(?:i dont|dont|do not) (?:care|mind) (?:if|whether) i (?:live|die|am alive|wake|survive)|"
        r"\bdont care (?:about|if) (?:living|dying)\b|\blive or die\b",
        r"\bnobody(?:s)? (?:would|will|d) (?:care|cry|notice|miss|look for|come)\b[^.!?]{0,40}\b(?:me|"
        r"i)\b(?=[^.!?]{0,60}\b(?:dead|die|died|gone|week|tonight)\b)",
        r"\bi should (?:just )?(?:be dead|die|not be alive|kill|end it|neck)|\bi (?:dont|do not) deserve "
        r"to (?:live|be alive|exist)\b|\bhate (?:being alive|living|that i(?: a)?m alive|my existence|"
        r"waking up)\b",
        r"\b(?:be|being|am|is|already) over in a second\b|\b(?:all|it will all|it ll all|everything will) "
        r"be over\b(?=.{0,20}$)|\btomorrow it will all be over\b",
        r"\b(?:sav(?:ed|ing)|stash\w*|hoard\w*|collect\w*|count(?:ed|ing)) (?:up )?(?:my |all my |the |"
        r"them|enough )?(?:\w+ )?(?:pills?|tablets|meds|medication|insulin)\b|\bpills saved up\b",
        r"\b(?:gun|knife|rope|pills|blade|razor|bullets?|belt|it) (?:\w+ ){0,6}?(?:on|for|against) my "
        r"?self\b|\bbullets? (?:out|in)\b|\btook the (?:gun|bullets|rope)\b|\bexit bag\b|\bnoose\b",
        r"\b(?:die|dying|death|kill my ?self|bleed out|overdose|drown\w*) (?:without|with little|with no) "
        r"pain\b|\bhow (?:long|much|fast|deep|high|many) (?:\w+ ){0,5}?(?:to bleed out|to die|to drown|to "
        r"jump|kill me|"
        r"jump from to be)\b|\bhow to (?:die|kill my|end my|hang|overdose|od)\b|\bhow i(?: would| could|d) "
        r"do it\b",
        r"\b(?:join|follow|be with|see|meet|reunite with) (?:my |her|him|them)(?:\w+ ){0,3}?(?:in heaven|"
        r"on the other side|again soon|who died)\b|\bmy (?:dead|late) (?:husband|wife|mother|father|mum|"
        r"mom|dad|son|"
        r"daughter|brother|sister)\b(?=.{0,60}\b(?:join|follow|be with|soon|meet)\b)|\b(?:be with|follow|"
        r"join) my (?:dead|late)\b|\bis dead and (?:id|i would|i want)[^.]{0,30}\b(?:follow|join)\b",
        r"\bheaven (?:must|would|will|is)\b[^?]{0,60}\b(?:soon|nicer|better|go there)\b|\b(?:affairs in "
        r"order|the will the passwords)\b|\bsaid my goodbyes\b|\b(?:say(?:ing)?|writing to say) goodbye "
        r"(?:to you|forever|to everyone|for "
        r"good)\b|\bafter im gone\b|\bbye forever\b",
        r"\bwho (?:will|would|can|d) (?:feed|take care of|look after|adopt|keep) my (?:\w+ )?(?:dogs?|"
        r"cats?|kids?|mother|mum|mom|pets?|children|plants|horse)\b[^.?!]{0,60}\b(?:gone|happen\w*|tonight|"
        r"weekend|not here|if i)\b|\b(?:someone|"
        r"somebody) (?:takes|take|will take) care of my\b(?=.{0,40})(?<=last wish is that someone takes "
        r"care of my)",
        r"\b(?:will|wont|ill|would) be (?:dead|gone) (?:by|before|soon|tomorrow|tonight|when|next)\b|"
        r"\bpromise (?:\w+ ){0,3}?ill be alive\b|\bdont trust my ?self\b|\bwhat im going to do to my "
        r"?self\b|\btry to stop me\b",
        r"\b(?:every|each|any) (?:car|truck|train|curve) (?:\w+ )?(?:looks|seems|is)\b[^.]{0,30}\b(?:way|"
        r"chance|out)\b|\bdrive (?:faster|into|off)|\bdriving faster and faster\b|\bwalk(?:ed|ing)? (?:in|"
        r"into|out into|in front of) "
        r"(?:the )?(?:traffic|cars|the river|the sea|the road|the ocean)\b|\bwithout looking when i "
        r"cross\b|\bdont care if a car\b",
        r"\b(?:standing|stand|stood|sat|sit|sitting) (?:on|at|by|near) (?:the|a|my) (?:\w+ )?(?:balcony|"
        r"platform|bridge|tracks|cliff|roof|railing|edge|ledge)\b|\b(?:cliff|bridge|tracks|roof|river|"
        r"pier) (?:\w+ ){0,5}?(?:calling|calls) me\b|\bleaned (?:"
        r"towards|into) the (?:train|tracks|edge)\b|\blooking at the (?:train )?tracks\b|\bto the (?:cliff|"
        r"bridge) (?:today|tonight)?(?: and| to)\b",
        r"\b(?:surgery|flight|operation|anesthesia) (?:goes|went|go) wrong\b|\b(?:dont|do not|wont) "
        r"survive (?:the|this) (?:flight|surgery|night|operation)\b|\bwish (?:the|my) (?:cancer|illness|"
        r"tumou?r) (?:would|came|comes|back)|\bmy heart will just stop\b|"
        r"\bheart (?:to|would|will) (?:just )?stop\b",
        r"\b(?:waste of (?:oxygen|space|air|life)|world doesnt need me|dont belong (?:in|on) this (?:world|"
        r"earth|planet|life))\b|\bburden (?:to|on) (?:everyone|everybody|my family|you all)\b|\bi(?: a)?m "
        r"a burden\b|\bnot worth saving\b|\bam i worth saving\b",
        r"\b(?:life|living) (?:has|have|had) no (?:meaning|point|purpose)\b|\bwant out (?:of )?(?:life|"
        r"everything|this life)\b|\bout of life\b|\bnot cut out for life\b|\b(?:better|happier|nicer) "
        r"(?:after|once|when) (?:my funeral|im dead|i die|im gone)\b|\bafter my "
        r"funeral\b|\bmy (?:own )?funeral\b|\bone funeral\b",
        r"\b(?:too much of a|such a|just a|im a|the heart of all of it im just a) "
        r"coward\b(?=.{0,60}\b(?:go through|do it|end|die|kill|with it)\b)|\bgo(?:ing)? through with it\b|"
        r"\bjust too (?:damn )?scared\b(?=.{0,30}$)",
        r"\b(?:fuck|fucking|hate|done with|sick of|tired of|over) (?:living|life|being alive|existing)\b|"
        r"\bthis life thing any ?more\b|\brip me\b|\bwant to sleep forever\b",
        r"\b(?:harder|hard) to find (?:a|any|one) reason (?:not )?to\b|\breason (?:not to (?:do it|die|"
        r"kill|end)|to (?:stay|live|keep going|go on|continue))\b(?! (?:in (?:this|the|my|a) (?:job|town|"
        r"city|relationship|marriage|group)|with (?:him|her|them)|at "
        r"(?:work|this|the)|up|late|home|married))",
        r"\bnot scared of (?:dying|death)\b|\blooking forward to (?:it|dying|death)\b(?<=dying any more im "
        r"looking forward to it)|\bwhat its like to be dead\b|\bnever planned to live\b|\bcant imagine "
        r"(?:being|reaching|turning) (?:thirty|forty|\d+)\b|\bcant even die\b|"
        r"\bmy last day\b(?! (?:at|of (?:work|school|holiday|vacation)|in))",
        r"\bwont be a problem\b|\bjust need it to (?:be over|stop|end)\b|\bwant the pain to (?:end|stop|be "
        r"over)\b|\bpain to (?:end|stop) for good\b|\bstops? this pain is death\b|\bnothing left for me "
        r"(?:except|but)\b|\bmake it (?:all )?stop\b(?<=and im going to make it "
        r"stop)|\bim already gone\b|\bthe obvious\b(?<=way out of this other than the obvious)|\bfighting "
        r"to stay alive\b|\btrying to stay alive\b|\bjust want(?:ed)? (?:this|it|everything|all of it|"
        r"life) to (?:end|stop|be over)\b|\bwant it to end\b",
        r"\bdoctor assisted suicide\b|\b(?:river|lake|sea|ocean) (?:and|to) drown\b|\bmy car (?:in|into) "
        r"the river\b|\bsmash my head in\b|\bknife (?:in|into|to) my (?:head|heart|chest|throat|neck|"
        r"stomach)\b|\bshot? me in the head\b|\bshoot me\b|\bbury(?:ing)? myself\b|\bburned "
        r"alive\b|\bnot (?:just )?exist(?:ing)?\b(?=.{0,40}\b(?:week|month|anymore|any more)\b)|\bwither "
        r"away\b|\bforgive my existence\b|\bashamed to (?:even )?exist\b",
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
        r"\bi cut\b(?= ?(?:[.!?,]|$|and|again|too deep|last|today|because|so))(?! (?:and (?:paste|run)|"
        r"the))|\bcut too deep\b|\bfresh cuts\b|\bnew (?:scars|cuts)\b|\bhow deep (?:can|do|should) i cut\b",
        r"\b(?:hid|hide|keep|carry|found) (?:the|a|my) (?:blade|razor)s?\b|\b(?:razor|blade|scissors|knife|"
        r"lighter|needle) (?:\w+ ){0,3}?(?:on|to|against|across) (?:my (?:leg|arm|skin|wrist|thigh|self|"
        r"own)|myself)\b|\bused (?:a|the) "
        r"(?:razor|blade|knife|scissors)\b|\bused them on my ?self\b",
        r"\b(?:hurt|hurting|harm|harming|cut|cutting|burn|burning|punish|punishing) (?:oneself|your ?self|"
        r"my body|themselves)\b|\bpunish my body\b|\bpain is the only thing\b|\bonly (?:thing|way) (?:that "
        r"|i )?(?:makes me feel|can feel|feel) (?:real|alive|anything)\b|\bonly pain\b",
        r"\b(?:was|been|months?|year|years) clean\b[^.]{0,40}\b(?:and )?(?:last night|today|yesterday|"
        r"tonight|until|wasnt|relapse)|\bclean (?:for )?[^.]{0,30}\band last night i wasnt\b|\bmy sleeves "
        r"are stuck\b|\bstuck to my arm\b|\bburn my ?self\b(?! (?:on|while|cooking|by accident))",
        r"\bpurg(?:e|ed|ing)\b[^.]{0,40}\b(?:faint\w*|blood|every meal|six times|passed out)\b|\bthrew up "
        r"blood\b|\bbroken my (?:finger|hand|knuckles?) punching\b|\bpick(?:ing)? my skin until\b|\bself "
        r"injur\w+|\bmutilat\w+",
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
        r"\b(?:not|dont feel|isnt|never|no longer|feel un|un) ?safe (?:at|in my|in our|with|here|around|"
        r"going) (?:home|house|him|her|my|at home)?\b|\bunsafe at home\b",
        r"\b(?:gun|knife|weapon)\b[^.!?]{0,50}\b(?:use it on|on us|on me|at me|to my|point\w*|if i)\b|"
        r"\b(?:he|she|they|dad|ex|husband|boyfriend) (?:has|got|have) (?:a |his )?(?:gun|guns|knife)\b",
        r"\b(?:break|breaking|broke) (?:into my|in to my|my (?:arm|legs?|nose|rib|ribs|jaw|teeth|neck)|"
        r"everything)\b(?=.{0,80})(?! (?:heart|skiing|playing|at football))(?<!i broke my arm)(?<!i broke "
        r"my leg)",
        r"\b(?:has been|keeps?|been|is|was|started) (?:touching|groping|molesting|grooming|stalking|"
        r"hitting|beating|threatening|blackmailing|choking|hurting|following|abusing|raping|watching) "
        r"me\b(?! (?:to (?:do|be)|with (?:his|her) (?:cute|bad)))",
        r"\b(?:blackmail\w*|extort\w*|sextort\w*) (?:me|us)?\b(?=.{0,80}\b(?:me|pictures?|photos?|naked|"
        r"nudes?|money|send)\b)",
        r"\b(?:took|takes|taken|stole|hides?) my (?:keys|phone|passport|money|papers|wages)\b|\bwont let "
        r"me (?:leave|go out|out of|see (?:my|any)|call|work|have money)\b|\bnot allowed to (?:leave|go "
        r"out|see my (?:family|friends))\b",
        r"\b(?:man|guy|someone|stranger|he|ex) (?:is |s |keeps |has been )?(?:following|followed|watching|"
        r"stalking|waiting for) me\b|\bwaits? (?:outside|for me outside)\b|\bhe(?:s|ll| will)? (?:\w+ "
        r")?find me\b|\b(?:scared|afraid|terrified) (?:that )?(?:he|she|they)(?:ll| will|d| would) (?:hurt|"
        r"kill|find|hit|beat)",
        r"\b(?:push(?:ed|es)|threw|dragged|slammed|pinned|held|shoved) (?:me|my head) (?:down|against|into|"
        r"by|on|to|off|out)\b|\bpushed me\b|\bhit me\b(?! (?:up|with a (?:pillow|great|question|snowball)|"
        r"that|like|how|hard how|on the shoulder))",
        r"\b(?:left|leaves|leave) us alone\b[^.]{0,40}\b(?:days|food|nights)\b|\bno "
        r"food\b[^.]{0,40}\b(?:mum|mom|dad|parents|home|us|days)\b|\btheres no food\b|\blocked my ?self "
        r"in\b|\bforce(?:d|s)? (?:me|us|her) (?:to|into)\b(?=.{0,60}\b(?:sex|marry|things|touch|drink|eat|"
        r"watch|pills?|do)\b)",
        r"\b(?:marry|marriage)\b[^.]{0,50}\b(?:never met|forced|dont want|against my will|abroad)\b|\bsend "
        r"me abroad to marry\b|\bforced marriage\b|\bblack eye\b|\b(?:need(?:ed)?|got) "
        r"stitches\b(?=.{0,40})(?<=no to him i needed stitches)|\bcover (?:up )?the bruises\b",
        r"\b(?:when|if|after|every time) (?:hes|he is|shes|he gets|she gets|dad is|he comes home) (?:drunk|"
        r"angry|mad|high)\b|\bwhat hell do (?:when|if|to)\b|\bsorry (?:each|every) time afterwards\b|"
        r"\bsleep in the car with\b|\bhes in the next room\b|\bhave to be quiet\b(?=.{0,30}\b(?:he|she|"
        r"room)\b)",
        r"\b(?:all the girls|our little secret|special game|wont tell anyone|dont tell (?:your )?(?:mum|"
        r"mom|parents))\b[^.]{0,40}\b(?:him|coach|do this|uncle|touch|teacher)|\bcoach "
        r"says\b[^.]{0,30}\b(?:girls|boys|secret)\b|\btrying to break into\b|\bscreams? every night\b|"
        r"\bhas bruises\b",
        r"\b(?:burns?|burned) me with\b|\bcaregiver (?:hits|hurts|beats)\b|\b(?:he|she|they) (?:hits?|"
        r"beats?|chokes?|kicks?|slaps?) (?:me|us|him|her|the (?:kids|dog|baby))\b(?! (?:at|in) (?:chess|"
        r"cards|tennis|\w+ games?))|\bthreatened to (?:kill|hurt|shoot|stab|take the kids|burn)\b|"
        r"\bhit(?:s|ting)? me where\b",
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
        r"\b(?:friend|brother|sister|he|she|dad|mum|mom|father|mother|roommate|husband|wife|gf|bf|kid|baby|"
        r"son|daughter|someone)\b[^.!?]{0,60}\b(?:isnt|not|stopped|cant|wont|hasnt) (?:moving|responding|"
        r"breathing|wake|waking|answering|respond|stand|speak)\b",
        r"\b(?:collapsed|passed out|fainted|unconscious|electrocuted|turned blue|going blue|lips blue|"
        r"stiff neck|confused and|coughing up blood|vomiting blood)\b|\bbleed(?:ing)? (?:and it (?:doesnt|"
        r"wont|isnt)|that wont|heavily|a lot|out|through)\b|\bdoesnt stop bleeding\b|\bmonths pregnant "
        r"and\b[^.]{0,30}\bbleed",
        r"\b(?:anything|nothing) to (?:eat|drink)(?: or (?:eat|drink))? (?:for|in) (?:\w+ )?(?:days|"
        r"weeks)\b|\b(?:not|havent|hasnt) (?:had|eaten|drunk)[^.]{0,40}\bfor (?:two|three|four|five|six|"
        r"seven|eight|nine|ten|\d+) days\b|\bcant stand up (?:any ?more|anymore)\b",
        r"\b(?:ive |i )?(?:just )?(?:took|taken|swallowed|had|popped|downed) (?:like |about |around |at "
        r"least |over |almost )?(?:\d{2,}|ten|twelve|fifteen|twenty|thirty|forty|fifty|sixty|a hundred|so "
        r"many|too many|too much|a lot of|a whole|all|loads of|handfuls? of)\b(?=[^.!?]{0,40}\b(?:pills?|"
        r"tablets?|"
        r"paracetamol|tylenol|aspirin|ibuprofen|xanax|meds|medication|capsules|sleeping|advil|insulin|"
        r"antidepressants?|of them|at once)\b)|\binjected more than\b|\bmore than (?:usual|"
        r"prescribed)\b(?=.{0,60}\b(?:chest|weird|strange|dizzy|faint)\b)|\beating them one by one\b|"
        r"\bjust took the pills?\b|\btook the rest of my\b",
        r"\b(?:tried to|going to|want to|try to) (?:od|overdose)\b|\b(?:by mistake|"
        r"accidentally)\b[^.]{0,40}\b(?:dizzy|faint|weird|blood pressure|three times)\b|\bempty pill "
        r"bottle\b|\b(?:am i|is she|is he|will i|will she) going to be (?:okay|ok|alright)\b(?=.{0,10}$)|"
        r"\bheartbeat feels wrong\b|\bthroat is closing\b",
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
        r"\b(?:cameras?|chips?|microphones?|bugs?|implants?) (?:in|inside|behind|on) my (?:eyes?|walls?|"
        r"head|room|house|teeth|skin|body|phone and)\b|\b(?:in|inside|behind) my walls\b|\bmy thoughts are "
        r"(?:being )?(?:broadcast|stolen|read|controlled|not mine)\b|\b(?:food|water) is poisoned\b|"
        r"\bpoison(?:ing)? my (?:food|water|coffee)\b|\bin on it\b",
        r"\b(?:satan|the devil|god|demons?|angels?|shadows?|spirits?|ghosts?|aliens?|the dead|"
        r"voices?)\b[^.!?]{0,60}\b(?:told me|tells me|tell me|speaks? to me|whisper\w*|wants? (?:blood|me)|"
        r"calling me|commands?|ordered|orders me|that i must|says? (?:i|to))\b(?! (?:that (?:it|"
        r"everything) (?:will|is)|in (?:the )?(?:bible|church|prayer)))",
        r"\b(?:man|woman|people|they|lady|anchor) on (?:the )?(?:news|tv|television|"
        r"radio)\b[^.]{0,60}\b(?:about me|to me|tells me|talking to)\b|\b(?:is|are) talking (?:about me|to "
        r"me) (?:on|through) the (?:news|tv|radio)\b|\bchange (?:their|his) faces?\b|\bpeople are "
        r"following me\b|\beverywhere i go\b(?=.{0,40}\bfollow)",
        r"\b(?:dont|do not) need (?:to )?sleep\b|\b(?:havent|not|hasnt) slept (?:for|in) (?:a week|days|"
        r"\w+ (?:days|nights))\b[^!]{0,60}\b(?:amazing|great|energy|bought|fantastic|brilliant|wonderful|"
        r"genius)\b|\bsecret of the universe\b|\btell the president\b|\b(?:isnt|is not) (?:really )?my "
        r"(?:wife|husband|mother|real)\b|\bi am dead and\b|\badmit it\b(?<=dead and nobody will admit it)",
        r"\bsee (?:dead|the dead)\b|\bi hallucinate\b|\bhear and see things\b|\bhear(?:ing)? and "
        r"see(?:ing)? things?\b|\b(?:losing|lost) (?:my )?(?:mind|grip|marbles)\b(?=.{0,80}\b(?:hear|see|"
        r"voices?|end|kill|real)\b)|\bstepping off the roof\b|\bdemon in\b",
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
        r"\b(?:want to|going to|will|ill|could|might|thinking (?:of|about)|about|plan\w*|imagin\w+ (?:how "
        r")?id?|how id|think about|thoughts of) (?:kill|killing|stab|stabbing|shoot|shooting|smother|"
        r"smothering|strangl\w+|poison|poisoning|drown|drowning|hurt|hurting) (?:my|him|her|them|someone|"
        r"somebody|people|everyone)\b(?! (?:feelings|with "
        r"kindness|chances|career|ankle|knee|back|shoulder|foot|arm|hand|head|leg|wrist|finger|for "
        r"(?:eating|leaving|being late|spoiling|forgetting)))(?<!hurt my)(?<!hurting my)",
        r"\bshook my baby\b|\b(?:got|have|bring|brought|taking) (?:the |a |my |his )?(?:weapons?|guns?|"
        r"rifle|knife)\b[^.]{0,40}\b(?:school|pay|house|work|them|him|her)\b|\bdriving to (?:his|her|"
        r"their) house\b|\btheyll all pay\b|\bill do more harm to others\b|\bforce them to see me\b|\bkill "
        r"(?:him|her|them|my coworker|my ex)\b(?=.{0,40}\b(?:good|real|tonight|tomorrow|soon|gun|knife|"
        r"comes home)\b)",
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
    r"\b(?:novels?|stories|movies|films?|books?|literature|art|scenes?|characters?|documentar\w+|works|"
    r"accounts|episodes?|series|poems?|songs?|paintings?) (?:\w+ ){0,4}?(?:that|which|who|where|about|"
    r"depict\w*|portray\w*|deal\w*|explor\w*|featur\w*|touch\w*)\b",
    r"\b(?:have you (?:ever )?(?:come across|read|seen|heard)|do you know (?:of )?(?:any|some)|can you "
    r"recommend|could you (?:suggest|recommend)|any (?:recommendations|books|movies|novels|films)|"
    r"considered (?:as )?self harm|heard any fictional)\b",
    r"\b(?:raise awareness|awareness (?:campaign|week)|prevention (?:program|campaign|day|training)|for "
    r"(?:a )?(?:school|university) (?:project|essay)|documentar\w+)\b",
)
# A text is put up for judgement: what it says is not the writer's own.
QUOTED = (
    r"\b(?:classify|identify|identif\w+|analy[sz]e|analy[sz]ing|determine|evaluate|assess|interpret|judge|"
    r"categorize|detect|tell (?:me )?(?:if|whether)|can you (?:read|check|see) if)\b.{0,120}"
    r"\b(?:text|paragraph|sentence|statement|passage|post|expression|piece|excerpt|message|quote|writing|"
    r"person)\b",
    r"\b(?:this|the following|a) (?:piece of )?(?:text|paragraph|sentence|statement|passage|post) (?:is |"
    r"that |which )?(?:discuss\w*|express\w*|contain\w*|depict\w*|about|said|says|saying|convey\w*|"
    r"concern\w*|suggest\w*)\b",
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
