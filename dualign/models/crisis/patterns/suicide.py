"""Phrases of people who think of ending their life: outright, and in hints."""

from __future__ import annotations

from dualign.models.crisis.patterns.parts import NO, PILLS, PLACE, SELF, SO, TRAIN, WANT, WHOSE

OUTRIGHT: tuple[str, ...] = (
    rf"\b(?:kill|hang|shoot|drown|poison|off|end|neck|unalive|yeet|delete)(?:ed|ing)? {SELF}\b(?! up\b)",
    r"\b(?:hung|drowned|shot|killed|hanged) myself\b",
    rf"\b(?:tak(?:e|es|ing)|took|end(?:s|ed|ing)?) {WHOSE} (?:own )?li(?:fe|ves)\b(?! (?:insurance|in my "
    rf"own hands|in (?:a )?(?:new|better|another|different)|as (?:a|an)|of |savings|story))",
    r"\b(?:commit(?:s|ted|ting)?|attempt(?:s|ed|ing)?|consider(?:s|ed|ing)?|contemplat\w+|plan(?:s|ning)?|"
    r"think(?:s|ing)? (?:of|about)|thoughts? (?:of|about)|want|dream\w* of|die by|died? from) (?:a "
    r")?suicide\b",
    r"\b(?:am|im|is|are|be|been|feel|feels|feeling|felt|getting|becoming|actively|so|very|really|bit|"
    r"still) suicidal\b",
    r"\bsuicidal (?:thoughts?|ideation|feelings?|urges?|again|and|tonight|lately)\b",
    r"\bsuicide (?:is|feels|seems|looks|has been|might be|crosses|again|tonight|would|plan|note|or)\b",
    r"\b(?:my|a|his|her) suicide (?:note|plan|letter|attempt)\b",
    rf"\b{WANT} {SO}(?:to )?{SO}(?:be )?(?:die|dying|dead|death|to be dead|stop existing|not exist|cease "
    rf"to exist)\b(?! (?:of (?:laugh|bored|shame|embarrass|curios)|laughing|for (?:a|some|that|this|the)\b|"
    rf"inside|my hair|his|on (?:this|that) hill|eggs|with laughter|lift|weight|my|her|at (?:my|the) "
    rf"(?:meeting|office)|if i (?:dont|have to)|than (?!live|go|be |stay|spend|wake|face|feel|continue|do "
    rf"this)|haha|lol|lmao))",
    r"\bwant(?:s|ed)? (?:to )?die\b(?! (?:of|laughing|my|her|his|for|haha|lol|lmao))",
    rf"\b{WANT} {SO}(?:not (?:to )?be|stop being) (?:alive|here any ?more|around any ?more)\b",
    rf"\b{NO} (?:\w+ )?(?:want(?:s|ed)? to|wanna|wish to|care to|see (?:myself|me)|plan to|expect to) "
    rf"{SO}(?:live|living|be alive|alive|exist|existing|wake up|go on living|keep living|continue living|"
    rf"carry on living|be (?:here|around) (?:any ?more|any longer)|be on (?:this|the) (?:earth|planet)|go "
    rf"on any ?more|stay alive)\b(?! (?:with (?:my|him|her|them|you|mum|mom|dad)|at (?:home|early|five|"
    rf"six)|early|like this at|in (?:the|this|a|my|his|her|london|new|that)))",
    r"\b(?:better|happier|easier|simpler|best) (?:off )?(?:(?:without me|with me gone|if i (?:was|were|am|"
    r"had) (?:dead|gone|never|not)|if i (?:died|disappeared|vanished|didnt exist|wasnt (?:here|around|"
    r"alive)|just (?:died|disappeared))|when im gone|once im gone)|(?:to be )?dead\b)",
    r"\b(?:i(?:m| am)?|hes|shes|were|being|be) better off dead\b",
    r"\bend(?:ing)? (?:it all|all of (?:it|this)|everything|things? (?:for good|tonight|forever)|this "
    r"misery|my misery|my (?:pain|suffering)|my existence|it (?:tonight|today|tomorrow|now|for good|"
    r"permanently|soon))\b",
    r"\b(?:going to|want to|will|ill|might|about|should i|ready to|of|talk\w*) (?:just )?end(?:ing)? it(?: "
    r"?$| [.!?;,])",
    r"\b(?:never|not|dont|didnt|wont|stop|without) (?:want to |have to |ever )?wak(?:e|ing) up(?: again| "
    r"any ?more| tomorrow| in the morning| one day)?(?= ?[.!?;,\n]| ?$| again| ever)(?! (?:at|early|on "
    r"time|before))",
    r"\b(?:no|any|a|what(?:s| is)? the|see (?:the|any)|find (?:one|a)|one|single) (?:\w+ )?(?:reason|point|"
    r"purpose|use) (?:to|in|of|for|not to) (?:keep |stay |go on |continue |carry on )?(?:liv(?:e|ing)|"
    r"(?:be(?:ing)? )?alive|going on|go on|exist\w*|wak(?:e|ing) up|stay(?:ing)?|kill)\b",
    r"\b(?:nothing|no one|nobody|little|anything|something) (?:left )?(?:to|worth) liv(?:e|ing) for\b",
    r"\b(?:life|living|it|this) (?:is|s|feels|has|was|seems)? ?(?:not|nt|isnt|no longer) worth (?:it|"
    r"living)\b(?<!it is not worth it)",
    r"\bi ?(?:m| am)? tired of (?:being alive|living|life|existing|existence|breathing)\b",
    r"\btired of (?:being alive|existing|breathing|living)\b",
    rf"\b(?:jump(?:ed|ing)?|throw(?:ing)? (?:my ?self|herself|himself)|step(?:ping)?|leap(?:ing)?|"
    rf"walk(?:ing)?|fall(?:ing)?) (?:off|from|out of|in front of|into|under|onto) (?:of )?(?:a|an|the|my|"
    rf"that|this|some|oncoming|moving) ?(?:\w+ )?(?:{PLACE}|{TRAIN}|tracks)\b(?! (?:with (?:joy|"
    rf"excitement)|bandwagon|to conclusions|meme|of joy))",
    rf"\b(?:standing|stand|sit|sitting|stood|sat|im|am|hanging) (?:on|at|over) the (?:edge|ledge|railing|"
    rf"wrong side) of (?:a|the|my) (?:\w+ )?{PLACE}\b",
    r"\b(?:standing|sitting|stood|sat) (?:on|at|by) (?:a|the) (?:\w+ )?(?:bridge|ledge|roof|rooftop|tracks|"
    r"railing)\b",
    rf"\b(?:how (?:high|tall)|tallest|highest|higher than|taller than) "
    rf".{{0,30}}{PLACE}\b.{{0,60}}\b(?:jump|die|end|fall)",
    r"\b(?:lost my job|she left|he left|fired|want it over|cant go on|so low|hopeless) .{0,80}\b(?:tall\w*|"
    r"high\w*) (?:bridges?|buildings?|cliffs?)",
    r"\b(?:lost my job|fired|left me|hopeless).{0,80}\b(?:bridges?|buildings?|"
    r"cliffs?)\b.{0,30}\b(?:tall\w*|high\w*|meters)",
    r"\bwish(?:ed|ing)? (?:that )?i (?:was|were|had|could be|would be) (?:just )?(?:dead|never (?:been "
    r")?born|not alive|never wake|not (?:been )?born|died)\b",
    r"\bwish(?:ed|ing)? (?:that )?(?:i(?:d| would| could| had)?|my life) (?:just |simply )?(?:die|died|end|"
    r"ended|be over|not wake|never woken|never been born|succeeded)\b",
    r"\bnever been born\b",
    rf"\b(?:hope|hoping|wish|want|pray\w*|wouldnt mind|wont mind|glad if|if only).{{0,40}}\b(?:hit|run "
    rf"over|crushed|killed|taken|struck) by (?:a |an |the )?(?:{TRAIN}|cancer|lightning)\b",
    r"\b(?:hope|pray|wish|wouldnt mind if|wouldnt care if).{0,40}\b(?:i (?:dont|do not|didnt|never) wake|"
    r"plane (?:went|goes|crash\w*)|i (?:got|get) cancer|something kills me|i (?:died|die))\b",
    r"\b(?:painless|least painful|easiest|quickest|fastest|(?:best|good|some)(?! way to go)|most effective|"
    r"less painful|peaceful|surest) (?:and \w+ |or \w+ )?(?:way|ways|method|methods) (?:to|of|for) (?:\w+ "
    r")?(?:die|dying|death|kill\w* (?:my|your|one)\w*|go(?! about| forward| from| with| here)|suicide|"
    r"commit\w* suicide|end\w* (?:it|my|your|ones|things|a life|everything)|disappear|say goodbye|leave "
    r"this)",
    r"\bhow (?:many|much) .{0,50}(?:to (?:die|kill|not wake|never wake|end|overdose|od)|(?:dont|do not|"
    r"never|wont) wake|would (?:kill|be fatal|be lethal)|is (?:lethal|fatal|deadly)|until .{0,12}(?:die|"
    r"dead))\b",
    r"\b(?:lethal|fatal|deadly) (?:dose|amount|combination|overdose)\b",
    r"\b(?:write|writing|wrote|written|leave|leaving|left) (?:\w+ ){0,4}(?:suicide|goodbye|farewell|good "
    r"bye|last) (?:note|letter|letters|notes|message)\b(?! to (?:the )?(?:team|colleagues?|company|boss|"
    r"clients?))",
    r"\b(?:i )?wrote the letters\b",
    r"\b(?:i wont|i will not|im not going to|not (?:planning )?to|dont plan to|wont) be (?:here|around|"
    r"alive) (?:by|for|tomorrow|much longer|any ?more|next|after|when|at christmas|in the morning|on)\b",
    r"\bnot (?:just )?be (?:here|around|alive) (?:by|tomorrow|any ?more|next)\b",
    r"\bby the time (?:you|they|anyone) (?:read|reads|see|find|hear)\b",
    r"\b(?:this is|its|final|my last) goodbye\b",
    r"\bgoodbye (?:world|everyone|cruel world|forever)\b",
    r"\b(?:please|and|fighting ,|just|to) (?:tell|let) my (?:mum|mom|mother|dad|kids|wife|husband|son|"
    r"daughter|family|sister|brother|children|parents) (?:that )?(?:i (?:love|loved)|im sorry|know i loved)",
    r"\b(?:bought|have|got|found|holding|tied|tying) (?:the |a |my )?(?:rope|noose|blade and|gun (?:to|in "
    r"my mouth|and))\b",
    r"\bgun (?:to my head|in my (?:mouth|hand)|against my)\b",
    rf"\b(?:staring|looking|stare|look) at (?:the|my|a|all) (?:\w+ )?(?:{PILLS}|bottle of pills|medicine "
    rf"cabinet|gun|knife|rope|noose|blade|bridge)\b",
    r"\b(?:pills|tablets|knife|gun|razor|blade) in my hand",
    r"\b(?:no|only one|one) way out\b(?! of (?:this|the|my) (?:contract|lease|meeting|debt|level|maze|deal))",
    r"\b(?:no|any|a) future (?:for me|with me in)",
    r"\bcant see (?:a|any) future\b",
    r"\b(?:i|id|could|if i|to|would) (?:just )?(?:disappear|vanish|be gone)(?:ed)? (?:for good|forever|"
    r"permanently|and never)|\bif i (?:just )?(?:disappeared|was gone|were gone|vanished|died|wasnt here)\b",
    r"\b(?:anyone|anybody|nobody|no one|everyone|they|would) (?:even |really )?(?:notice|care|miss me|cry|"
    r"be sad) (?:if|when) i (?:was |were |am |had |just )*(?:gone|dead|died|disappeared|killed|hanged|"
    r"ended|vanished|wasnt)",
    r"\b(?:after i(?: a)?m|when i(?: a)?m|once i(?: a)?m|now that i(?: a)?m) (?:gone|dead)\b",
    r"\ban? (?:terrible |huge |only |just a )?burden (?:to|on) (?:every|my (?!team|colleagues|boss|work)|"
    r"them|you|him|her|the (?!team))",
    r"\b(?:let go of|turn|jerk|twist|swerve) the (?:steering )?wheel\b",
    r"\bdriv(?:e|ing) (?:my|the|this) (?:car|truck|bike) (?:\w+ )?(?:into|off|over)\b",
    r"\bslit(?:ting)? my (?:wrists?|throat|own)(?! on)",
    rf"\b(?:take|taking|swallow(?:ing)?|down|took|taken) (?:all|the whole|every|a whole|an entire|too "
    rf"many)(?: of)? ?(?:(?:my|his|her|their|the) (?:\w+ )?|bottle of |box of )?(?:{PILLS}|bottle)\b",
    r"\bcatch(?:ing)? the bus\b(?=.{0,30}(?:one way|tonight|for good|forever))|\bctb\b",
    r"\b(?:done|finished|through) (?:with (?:life|living|being alive|this life|this world)|pretending|"
    r"fighting)\b",
    r"\b(?:im|i am) done (?:fighting|trying to live|living|here on)\b",
    r"\b(?:leave|leaving|say goodbye to|exit|quit) (?:this|the) (?:world|life|earth|planet)\b(?! (?:a|in "
    r"a) (?:better|nicer|bit|little))",
    r"\b(?:plan(?:s|ning)?|preparing|ready) (?:for )?(?:my|to) (?:own )?(?:death|final act|exit|last day)\b",
    r"\bmy own (?:funeral|death)\b",
    r"\b(?:last|final) (?:day|night|act|words|post) (?:on earth|alive|of my "
    r"life)?(?<!words)(?=.{0,30}\b(?:alive|gone|over|life))",
    r"\bmy life is over\b|\b(?:want|need) (?:my life|everything|it all|all of it) to (?:be over|end|stop)\b",
    r"\b(?:death|dying|being dead) (?:sounds|feels|seems|looks|would be) (?:so )?(?:peaceful|like|easier|"
    r"good|better|nice|a relief)\b",
    r"\bthink(?:ing|s)? (?:about|of) (?:my )?(?:dying|death|being dead|killing my ?self|ending (?:it all|"
    r"my life|things|everything))\b",
    r"\bthoughts? of (?:ending|dying|killing my|death|being dead)",
    r"\b(?:rather|sooner) (?:be dead|die(?! than (?!live|go|be |stay|spend|wake|face|feel|continue|do "
    r"this))|not exist|not be alive|not live)\b",
    r"\b(?:didnt|not|never) (?:want to )?(?:make it|survive) (?:through|till|until|to) (?:the )?(?:night|"
    r"tonight|tomorrow|week|weekend|morning|christmas|my birthday)\b",
    r"\bdo(?:ing)? something (?:stupid|drastic|terrible) (?:to (?:my|him|her)sel|tonight)|\bbefore i do "
    r"something stupid\b",
    r"\bmade (?:my |her |his )?peace with (?:it|dying|death)\b",
    r"\bthinking about (?:sewer|ending)\b|\bself ?delet\w+|\b(?:27 club)\b",
)

HINTS: tuple[str, ...] = (
    r"\b(?:i|im|ive|id|ill|me|my|myself)\b[^.!?\n]{0,60}\b(?:to die|suicidal|dying soon|unalive)\b(?! "
    r"(?:haha|lol|lmao|if i dont|than|for|of (?:laugh|bored|embarrass|shame)|laughing|in (?:the|this|my) "
    r"(?:game|level)))",
    r"^ ?(?:just |so |very |feeling |been )*suicidal\b",
    r"\b(?:depressed|sad|lonely|hopeless|miserable|anxious|tired) and suicidal\b",
    r"\bsuicid(?:e|al)[^.!?\n]{0,50}\b(?:my|me|i|myself)\b(?=[^.!?\n]{0,60}\b(?:thought|option|answer|want|"
    r"plan|only|think|tend\w*|attempt|feel|mind|consider|cross|ideation|way|soon|again)\b)",
    r"\bi[^.!?\n]{0,40}\b(?:think|thought|thoughts|plan|tried|try|attempt\w*|consider\w*|about|of|by|"
    r"doing) (?:\w+ )?suicide\b",
    r"\bif i (?:just |already )?(?:were|was|am) (?:dead|gone)\b|\bid be dead\b|\bwould have been dead\b|"
    r"\b(?:i|me) being dead\b",
    r"\b(?:hope|hoping|until|so that|enough|what i take|pray\w*|wish) [^.!?\n]{0,50}\bkills? me\b|\bplease "
    r"kill me\b|\bsomeone kill me\b",
    r"\b(?:world|life) (?:in which |that |where )?(?:i|id) (?:dont |do not )?(?:even )?(?:wish|want|care) "
    r"to (?:live|be in|continue)",
    r"\b(?:is|are|do|but|than|except|left) (?:to )?(?:just )?die\b(?! (?:hard|cast|of|from))|\bhave to "
    r"die\b|\bdeserve death\b|\bdeserves? to die\b",
    r"\b(?:past|through|beyond) (?:this|the|next) (?:week|weekend|month|night|"
    r"year)\b(?=.{0,200}\b(?:goodbye|note|deed|end|die|done)\b)",
    r"\b(?:written|wrote|writing|write|said) (?:all |out )?(?:my |the |some )?(?:goodbyes?|note|notes|"
    r"letters?|will)\b(?=.{0,160}\b(?:ready|deed|lose|before|death|die|gone|tonight|soon|end|pills?|kill|"
    r"sorry|noticed|pick)\b)|\bwriting goodbyes?\b(?! (?:cards?|emails?|party|speech))|\bcopy and paste my "
    r"note\b",
    r"\b(?:do|did|doing|do with) the deed\b|\bready to (?:go|die|leave|end)\b(?! (?:to|home|out|on|for|"
    r"there|back|with))",
    r"\b(?:before i go|when i go|once i go)\b(?=.{0,200}\b(?:goodbye|note|death|debt|things|will)\b)",
    r"\b(?:leave|escape|exit|quit|end|get out of) (?:this |my |the )?(?:\w+ )?(?:life|existence|world|hell|"
    r"nightmare)\b(?! (?:a|in a) (?:better|nicer|bit|little))(?! (?:insurance|behind and start|cycle|phase|"
    r"chapter|story|drawing))(?=.{0,80})",
    r"\b(?:my )?exit from (?:this|the) (?:world|life)\b",
    r"\b(?:going to|might|will|gonna|ready to|just|finally|should i|if i|could|want to|about to|ill|wont) "
    r"(?:just |finally |actually )?(?:do|did|do it|done) it\b(?=.{0,120}\b(?:tonight|tomorrow|soon|this "
    r"week|weekend|family|note|pain|pills?|anymore|too much|painless|nobody|future|horrible he|scared of "
    r"my)\b)",
    r"\b(?:im|i am) going to do it\b(?= ?[.!?]?$)|\bi will do it tonight\b|\bi might do it (?:tonight|"
    r"tomorrow|soon)\b",
    r"\b(?:last |have |ive |i )attempted (?:a|again|twice|once|it|before|last|to (?:end|kill|od|"
    r"overdose))\b|\b(?:failed|previous|another|\w+th|second|third) attempts?\b(?=.{0,120}\b(?:give up|"
    r"therapy|kill|life|die|suicid\w*|broken|sick of)\b)|\bsick of failed attempts?\b|\bsurvived (?:an|my) "
    r"attempt\b",
    r"\b(?:have|got|picked|set|chosen|chose) (?:a |the |my |an )?(?:date|method|day|time|plan)(?: (?:and|"
    r"picked|set|chosen|in place|ready|to end))",
    r"\b(?:way|ways|method|methods|how|option|options|means) (?:of|to|for|can i|could i|do i|would one|to "
    r"get)?(?: \w+){0,3} ?(?:end(?:ing)? (?:ones |my |a |your |this |the )?(?:own )?(?:life|suffering|"
    r"misery|pain|it all|existence)|pass(?:ing)? away|leave this world|drift(?:ing)? away|die|commit "
    r"suicide|say goodbye to this)\b",
    r"\b(?:peaceful|painless|gentle|quick|serene|graceful) (?:end|exit|death|way (?:out|to go)|passing|"
    r"departure|release from)\b|\bpass away (?:peacefully|painlessly|quietly|in my sleep)\b|"
    r"\b(?:peacefully|painlessly|quietly) (?:and \w+ )?(?:pass away|die|go|leave|end|slip away)\b|\bjust "
    r"(?:fucking )?go peacefully\b",
    r"\b(?:end|ending|stop|escape) (?:it|this|things) (?:painlessly|peacefully|quickly|forever|for ever|"
    r"for good|once and for all)\b|\bfinal (?:decision|act|solution) (?:on|of|to|in|for) (?:my )?(?:life|"
    r"problem)",
    r"\b(?:cant|cannot|dont|do not) (?:take|bear|handle|stand|do|carry) (?:this|it|life|living|the pain|"
    r"being alive) (?:life )?any ?(?:more|longer|further)\b(?=.{0,160}\b(?:die|end|life|alive|sorry|done|"
    r"goodbye|forever|way out|permanently|note|pills?|gone|give up)\b)",
    r"\b(?:cant|cannot) (?:go|carry|keep|live) (?:on |going |living |like this |with what i did )*(?:any "
    r"?(?:more|longer|further)|like this any|and want|want)\b",
    r"\b(?:stop|end) living\b|\bgive up on (?:life|living|everything)\b|\bgiving up on (?:life|living)\b|"
    r"\bgiven up on (?:life|living)\b|\bno will to live\b|\bwill to live\b(?=.{0,20}\b(?:gone|lost|again|"
    r"left)\b)|\b(?:lost|no|without|any|my) (?:\w+ )?will to live\b",
    r"\bclose my eyes (?:\w+ ){0,4}?(?:and )?(?:never|not|hoping to not|forever)\b|\bsleep (?:and never "
    r"wake|forever|for ever|for good)\b|\bnot (?:open|wake) (?:them )?again\b|\blast breath\b",
    r"\b(?:what(?:s| is)|wheres|is there|was|the|any) (?:even )?(?:the |any |a )?(?:fucking )?point (?:of|"
    r"in|to) (?:living|life|being alive|being here|existing|going on|staying|continuing)\b|\bwhy (?:am|"
    r"should i be|stay|keep|bother) (?:i )?(?:still )?(?:alive|living|here on)\b|\bwhy (?:shouldnt|dont|"
    r"not) i just (?:die|kill|end)\b",
    r"\b(?:i dont|dont|do not) (?:care|mind) (?:if|whether) i (?:live|die|am alive|wake|survive)|\bdont "
    r"care (?:about|if) (?:living|dying)\b|\blive or die\b",
    r"\bnobody(?:s)? (?:would|will|d) (?:care|cry|notice|miss|look for|come)\b[^.!?]{0,40}\b(?:me|"
    r"i)\b(?=[^.!?]{0,60}\b(?:dead|die|died|gone|week|tonight)\b)",
    r"\bi should (?:just )?(?:be dead|die|not be alive|kill|end it|neck)|\bi (?:dont|do not) deserve to "
    r"(?:live|be alive|exist)\b|\bhate (?:being alive|living|that i(?: a)?m alive|my existence|waking up)\b",
    r"\b(?:be|being|am|is|already) over in a second\b|\b(?:all|it will all|it ll all|everything will) be "
    r"over\b(?=.{0,20}$)|\btomorrow it will all be over\b",
    r"\b(?:sav(?:ed|ing)|stash\w*|hoard\w*|collect\w*|count(?:ed|ing)) (?:up )?(?:my |all my |the |them|"
    r"enough )?(?:\w+ )?(?:pills?|tablets|meds|medication|insulin)\b|\bpills saved up\b",
    r"\b(?:gun|knife|rope|pills|blade|razor|bullets?|belt|it) (?:\w+ ){0,6}?(?:on|for|against) my ?self\b|"
    r"\bbullets? (?:out|in)\b|\btook the (?:gun|bullets|rope)\b|\bexit bag\b|\bnoose\b",
    r"\b(?:die|dying|death|kill my ?self|bleed out|overdose|drown\w*) (?:without|with little|with no) "
    r"pain\b|\bhow (?:long|much|fast|deep|high|many) (?:\w+ ){0,5}?(?:to bleed out|to die|to drown|to jump|"
    r"kill me|jump from to be)\b|\bhow to (?:die|kill my|end my|hang|overdose|od)\b|\bhow i(?: would| "
    r"could|d) do it\b",
    r"\b(?:join|follow|be with|see|meet|reunite with) (?:my |her|him|them)(?:\w+ ){0,3}?(?:in heaven|on "
    r"the other side|again soon|who died)\b|\bmy (?:dead|late) (?:husband|wife|mother|father|mum|mom|dad|"
    r"son|daughter|brother|sister)\b(?=.{0,60}\b(?:join|follow|be with|soon|meet)\b)|\b(?:be with|follow|"
    r"join) my (?:dead|late)\b|\bis dead and (?:id|i would|i want)[^.]{0,30}\b(?:follow|join)\b",
    r"\bheaven (?:must|would|will|is)\b[^?]{0,60}\b(?:soon|nicer|better|go there)\b|\b(?:affairs in order|"
    r"the will the passwords)\b|\bsaid my goodbyes\b|\b(?:say(?:ing)?|writing to say) goodbye (?:to you|"
    r"forever|to everyone|for good)\b|\bafter im gone\b|\bbye forever\b",
    r"\bwho (?:will|would|can|d) (?:feed|take care of|look after|adopt|keep) my (?:\w+ )?(?:dogs?|cats?|"
    r"kids?|mother|mum|mom|pets?|children|plants|horse)\b[^.?!]{0,60}\b(?:gone|happen\w*|tonight|weekend|"
    r"not here|if i)\b|\b(?:someone|somebody) (?:takes|take|will take) care of my\b(?=.{0,40})(?<=last "
    r"wish is that someone takes care of my)",
    r"\b(?:i will|ill|i wont|id|i would) be (?:dead|gone) (?:by|before|soon|tomorrow|tonight|when|next)\b|"
    r"\bpromise (?:\w+ ){0,3}?ill be alive\b|\bdont trust my ?self\b|\bwhat im going to do to my ?self\b|"
    r"\btry to stop me\b",
    r"\b(?:every|each|any) (?:car|truck|train|curve) (?:\w+ )?(?:looks|seems|is)\b[^.]{0,30}\b(?:way|"
    r"chance|out)\b|\bdrive (?:faster|into|off)|\bdriving faster and faster\b|\bwalk(?:ed|ing)? (?:in|into|"
    r"out into|in front of) (?:the )?(?:traffic|cars|the river|the sea|the road|the ocean)\b|\bwithout "
    r"looking when i cross\b|\bdont care if a car\b",
    r"\b(?:standing|stand|stood|sat|sit|sitting) (?:on|at|by|near) (?:the|a|my) (?:\w+ )?(?:balcony|"
    r"platform|bridge|tracks|cliff|roof|railing|edge|ledge)\b|\b(?:cliff|bridge|tracks|roof|river|pier) "
    r"(?:\w+ ){0,5}?(?:calling|calls) me\b|\bleaned (?:towards|into) the (?:train|tracks|edge)\b|\blooking "
    r"at the (?:train )?tracks\b|\bto the (?:cliff|bridge) (?:today|tonight)?(?: and| to)\b",
    r"\b(?:surgery|flight|operation|anesthesia) (?:goes|went|go) wrong\b|\b(?:dont|do not|wont) survive "
    r"(?:the|this) (?:flight|surgery|night|operation)\b|\bwish (?:the|my) (?:cancer|illness|tumou?r) "
    r"(?:would|came|comes|back)|\bmy heart will just stop\b|\bheart (?:to|would|will) (?:just )?stop\b",
    r"\b(?:waste of (?:oxygen|space|air|life)|world doesnt need me|dont belong (?:in|on) this (?:world|"
    r"earth|planet|life))\b|\bburden (?:to|on) (?:everyone|everybody|my family|you all)\b|\bi(?: a)?m a "
    r"burden\b(?! on my team| at work)|\bnot worth saving\b|\bam i worth saving\b",
    r"\b(?:life|living) (?:has|have|had) no (?:meaning|point|purpose)\b|\bwant out (?:of )?(?:life|"
    r"everything|this life)\b|\bout of life\b|\bnot cut out for life\b|\b(?:better|happier|nicer) (?:after|"
    r"once|when) (?:my funeral|im dead|i die|im gone)\b|\bafter my funeral\b|\bmy (?:own )?funeral\b|\bone "
    r"funeral\b",
    r"\b(?:too much of a|such a|just a|im a|the heart of all of it im just a) coward\b(?=.{0,60}\b(?:go "
    r"through|do it|end|die|kill|with it)\b)|\bgo(?:ing)? through with it\b|\bjust too (?:damn "
    r")?scared\b(?=.{0,30}$)",
    r"\b(?:fuck|fucking|hate|done with|sick of|tired of|over) (?:living|life|being alive|existing)\b|"
    r"\bthis life thing any ?more\b|\brip me\b|\bwant to sleep forever\b",
    r"\b(?:harder|hard) to find (?:a|any|one) reason (?:not )?to\b|\breason (?:not to (?:do it|die|kill|"
    r"end)|to (?:stay|live|keep going|go on|continue))\b(?! (?:in (?:this|the|my|a) (?:job|town|city|"
    r"relationship|marriage|group)|with (?:him|her|them)|at (?:work|this|the)|up|late|home|married))",
    r"\bnot scared of (?:dying|death)\b|\blooking forward to (?:it|dying|death)\b(?<=dying any more im "
    r"looking forward to it)|\bwhat its like to be dead\b|\bnever planned to live\b|\bcant imagine "
    r"(?:being|reaching|turning) (?:thirty|forty|\d+)\b|\bcant even die\b|\bmy last day\b(?! (?:at|of "
    r"(?:work|school|holiday|vacation)|in))",
    r"\bwont be a problem\b|\bjust need it to (?:be over|stop|end)\b|\bwant the pain to (?:end|stop|be "
    r"over)\b|\bpain to (?:end|stop) for good\b|\bstops? this pain is death\b|\bnothing left for me "
    r"(?:except|but)\b|\bmake it (?:all )?stop\b(?<=and im going to make it stop)|\bim already gone\b|"
    r"\bthe obvious\b(?<=way out of this other than the obvious)|\bfighting to stay alive\b|\btrying to "
    r"stay alive\b|\bjust want(?:ed)? (?:this|it|everything|all of it|life) to (?:end|stop|be over)\b|"
    r"\bwant it to end\b",
    r"\bdoctor assisted suicide\b|\b(?:river|lake|sea|ocean) (?:and|to) drown\b|\bmy car (?:in|into) the "
    r"river\b|\bsmash my head in\b|\bknife (?:in|into|to) my (?:head|heart|chest|throat|neck|stomach)\b|"
    r"\bshot? me in the head\b|\bshoot me\b|\bbury(?:ing)? myself\b|\bburned alive\b|\bnot (?:just "
    r")?exist(?:ing)?\b(?=.{0,40}\b(?:week|month|anymore|any more)\b)|\bwither away\b|\bforgive my "
    r"existence\b|\bashamed to (?:even )?exist\b",
    r"\bnote for my \w+ to find\b|\b(?:dont|not) think (?:ill|i will|i can|i) (?:can )?(?:make it|survive|"
    r"last) (?:through|till|until|to|past|much longer|another)\b",
    r"\bdisappear (?:for ever|forever|for good)\b|\bdont see the point (?:of|in) (?:getting up|eating|"
    r"being|anything|waking|going on|living|life|it all)\b",
    r"\bgun\b[^.]{0,60}\b(?:looking at it|thinking about it|staring at it)\b|\bhow (?:high|tall) (?:a|the) "
    r"(?:building|bridge|cliff)\b(?=.{0,40}\b(?:be|jump|enough)\b)",
    r"\bgiv(?:ing|en) (?:away )?(?:all )?my (?:things|stuff|belongings|possessions|clothes)\b|\bready to "
    r"(?:meet|see|join|be with) my \w+ again\b",
    r"\bbetter off with (?:the|my) (?:life )?(?:insurance|money)\b|\bend(?:ing)? (?:the|this|my|all) "
    r"suffering\b|\bending life\b|\bmy body to (?:shut down|give up|stop)\b",
    r"\b(?:thing|things|only thing) that (?:keep|keeps|kept|stop|stops) me (?:from|alive|here)\b(?! "
    r"(?:eating|going to|buying|watching|playing))",
    r"\b(?:eternal|permanent|everlasting|final|ultimate|forever) (?:rest|sleep|peace|escape|solution|"
    r"journey|goodbye|freedom|exit|release|silence|act)\b(?! (?:of the|in the|resident))",
    r"\bsuicide (?:spots?|forest|methods?|pact|bridge|attempt|mission for me)\b(?=.{0,200})|\bmethods? "
    r"(?:of|for) (?:suicide|ending|dying|killing|self harm)\b",
    r"\bhow (?:do|did|would|could|can|does) (?:people|someone|a person|somebody|one|i|you) (?:\w+ "
    r")?(?:kill (?:themselves|themself|oneself|yourself|myself)|end (?:their|ones|my) (?:own )?li\w+|take "
    r"(?:their|ones) own|commit suicide|die by suicide|hang (?:my|one|your)sel\w+|overdose)\b",
    r"\b(?:drastic|final|permanent|extreme|irreversible) (?:step|decision|measure|measures|action|way out|"
    r"move)\b(?=.{0,160}\b(?:life|pain|end|suffering|myself|die|anymore|everything)\b)|\b(?:step|decision) "
    r"to end\b",
    r"\bpainless\w*\b[^.!?]{0,50}\b(?:end|die|death|way|method|go|leave|exit|drown|overdose|pass)\b|"
    r"\b(?:end|die|death|way|ways|method|methods|leave|exit|pass)\b[^.!?]{0,50}\b(?:painless\w*|without "
    r"(?:any |causing |much |feeling )?pain|with(?:out)? minimal pain|minimal pain)\b",
    r"\b(?:find|want|need|deserve|seek\w*|long\w* for|wish for)\b[^.!?]{0,40}\b(?:peaceful (?:end|rest|"
    r"death|exit)|eternal|rest in peace|peace in death|final rest|peaceful way)\b",
    r"\bbucket list\b(?=.{0,120}\b(?:end\w*|final|last|before i (?:go|leave|do it))\b)|\bmy final (?:act|"
    r"days?|goodbye|wish|words|hours?)\b|\bplan(?:ning)? my (?:own )?(?:exit|end|death|departure)\b",
    r"\bjump(?:ing|ed)? (?:off|from)\b[^.!?]{0,40}\b(?:cliffs?|bridges?|buildings?|roof\w*|towers?|falls|"
    r"balcony)\b(?! (?:with|for) joy)(?![^.!?]{0,30}\b(?:diving|bungee|swim|safely|licen[cs]e|course|"
    r"game)\b)|\b(?:places?|spots?|location) to (?:die|end it|jump|end my|say goodbye)\b",
    r"\bend (?:my|this) (?:time here|journey|story here|days|chapter on|misery|suffering|pain|existence|"
    r"own existence)\b|\bending my (?:time here|journey|days|misery|suffering|pain|existence|own)\b|"
    r"\bdoubting my (?:own )?existence\b|\bwhy (?:do i|was i|am i) (?:even )?(?:exist|born|alive|here at "
    r"all)\b",
    r"\bfree (?:my ?self|oneself|me) (?:from|by|of) (?:life|this life|ending|this world|existence|the "
    r"burden of)\b|\b(?:escape|escaping) (?:it all|everything|life|from life|this life|reality) (?:forever|"
    r"for good|permanently|by|and)\b|\b(?:escape it all|ending everything)\b",
    r"\b(?:fall|falling|drift|drifting|slip|slipping|fade|fading) (?:away|asleep)? ?(?:forever|for good|"
    r"peacefully|gently|into (?:nothing\w*|darkness|oblivion|death))\b|\bmy (?:soul|"
    r"spirit)\b[^.]{0,30}\b(?:free|leave|rest|released)\b",
    r"\b(?:i|id|ill|im)\b[^.!?]{0,40}\b(?:cease to exist|fade away forever|not be here any ?more|not be "
    r"alive|not have to be alive|go to sleep forever|never wake)\b(?![^.!?]{0,30}\b(?:party|meeting|cabin|"
    r"mountains|beach|speak in public|public|vacation|holiday|stage|class)\b)",
    r"\bno(?:thing|body)?\b[^.!?]{0,30}\b(?:reason|reasons|point)\b[^.!?]{0,25}\b(?:live|living|alive|stay|"
    r"go on|exist|continue|wake up)\b(?! (?:in (?:this|the) (?:job|city|town)|at|with))",
    r"\b(?:only|last|one|biggest|greatest) wish is (?:to (?:be dead|die|go|disappear|not)|death)\b|\bbeing "
    r"dead would\b|\bby my own hand\b|\bbrave enough (?:tonight|to (?:do it|die|jump|end))\b|\bregret that "
    r"i (?:did|survived|lived)\b|\bsurvived my (?:last|first|suicide)\b",
    r"\bend this (?:whole )?(?:thing|shit|crap)\b|\bended it all\b|\bcheck(?:ing)? out (?:permanently|for "
    r"good|of life)\b|\blog(?:ging)? off (?:of )?life\b|\b(?:the )?(?:big|long) sleep\b|\bjust (?:end|"
    r"kill) me\b(?! now (?:haha|lol))|\bswitch me off\b|\bcould just not be here\b|\blife (?:isnt|aint it) "
    r"for me\b",
    r"\b(?:rope|noose)\b[^.!?]{0,60}\b(?:tied|holds?|garage|neck|beam|tree)\b|\b(?:knife|blade|pills?|gun|"
    r"rope)\b[^.!?]{0,60}\b(?:sat with (?:it|them)|bathroom floor|in my bag|next to me|on my lap|just so i "
    r"know)\b|\bknow (?:how|when) (?:,|and|i know where)\b(?=.{0,60}\b(?:where|when)\b)",
    r"\b(?:which|what) (?:of my )?(?:medicines?|pills?|meds|tablets|drugs?|medication) (?:\w+ "
    r"){0,4}?(?:dangerous|deadly|kills?|fatal|lethal|strong enough|take all)\b|\b(?:take|swallow) (?:all "
    r"of them|them all|everything in)\b(?=.{0,60}\b(?:pills?|meds|medicines?|tablets|happens?|die)\b)|"
    r"\bwhat (?:dose|amount)\b[^.!?]{0,60}\bkills?\b",
    r"\b(?:looked|leaned|stood|climbed|looking|leaning) over the (?:railing|edge|ledge)\b|\blegs wanted to "
    r"go\b|\bwant to crash\b|\baccess to everything i need\b|\bwhat i need to end it\b|\bdeath (?:has|is) "
    r"(?:already )?(?:been )?(?:decided|the only (?:treatment|way|answer|cure))\b|\bcut the brake\b|\bturn "
    r"the wheel\b",
    r"\b(?:wont|wont be) (?:need|needing) (?:this|my|the|a)\b[^.!?]{0,30}\b(?:after tonight|any ?more "
    r"after|next (?:winter|year|summer)|soon)\b|\bdont hear from me\b|\bnot around to tell\b|\bif im not "
    r"around\b|\btime is up\b|\bdone being a problem\b|\bi will die too\b|\bnot being here\b(?=.{0,30}\.)|"
    r"\bholding on until\b|\bonly holding on\b",
    r"\b(?:a |made a |suicide )pact\b(?=.{0,60}\b(?:go together|die|sunday|tonight|with)\b)|\bgo together "
    r"(?:on|tonight|this)\b|\bhelium\b(?=.{0,40}\b(?:bought|dont ask|tank|bag)\b)|\bcounting "
    r"down\b(?=.{0,80}\b(?:days|feel|over|again)\b)|\bwhat if i (?:just )?(?:jumped|let go|fell|crashed|"
    r"turned)\b",
)
