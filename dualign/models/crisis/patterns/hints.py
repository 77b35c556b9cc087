"""Hints in short messages: a dose asked for oneself, a crash on purpose, money for those left, farewells, vanishing."""

from __future__ import annotations

from dualign.models.crisis.patterns.parts import PILLS

_PILLS = rf"(?:{PILLS}|\w*pills|dose|grams?|mg|pack|box|amount|how much of this)"
_MUCH = (
    r"(?:too (?:many|much)|enough|finish|over|quick|lethal|deadly|fatal|wake up|get up again|come back|"
    r"be it|bring me back|save me|to be sure)"
)
_MINE = (
    r"(?:like me|(?:asking|its) for (?:me|myself)|of my (?:size|weight)|my (?:size|weight)|i weigh|"
    r"\d+ "
    r"?(?:kg|kilos?)|i (?:could |can )?take|do i need)"
)
_TEMPTED = (
    r"(?:feel like|think\w*(?: of| about)?|thought (?:of|about)|want to|wanna|tempted to|could(?: just)?|"
    r"pictur\w+|imagin\w+|how easy|urge to)"
)
_THEY = r"(?:family|kids|children|wife|husband|they|theyd|theyll|them|mum|mom|parents)"
_GIVING = r"(?:take care of|look after|feed|find a home for|adopt)"

# Each kind of hint takes a line or two; what is said in earnest and in jest alike is left to the fitted part.
SUICIDE: tuple[str, ...] = (
    rf"^(?=.*\b{_MINE}\b)(?=.*\b{_PILLS}\b).*\b(?:how (?:many|much)|what(?:s| is| happens)?|which|is a whole|"
    rf"if (?:i|someone))\b[^.!?]{{0,110}}\b{_MUCH}\b(?!-)",
    rf"\b{_TEMPTED}\b[^.!?]{{0,40}}\b(?:crash|driv|steer|swerv|aim|ramm?|veer|"
    rf"drift)\w*\b[^.!?]{{0,25}}\b(?:into|at|"
    r"off|under|across) (?:(?:a|the|some|that|my|oncoming) )?(?:\w+ )?(?:tree|wall|pillar|bridge|trucks?|"
    r"lorry|"
    r"river|cliff|traffic|barrier|pole|ditch)\b(?! (?:in|on) (?:the |a |this )?(?:game|icy|ice|snow|"
    r"simulator))",
    rf"\b{_TEMPTED}\b[^.!?]{{0,40}}\b(?:not (?:to )?brak\w+|without braking|let go of the wheel|"
    rf"hands off the wheel|"
    r"cross the middle line)\b|\b(?:twitch|turn|flick|tug|jerk) (?:of|on|"
    r"at) the (?:steering )?wheel\b[^?]{0,20}\b(?:"
    r"done|over|gone)\b|\b(?:wall|tree|cliff|pillar)\b[^.!?]{0,40}\bfoot (?:on the gas|down)\b|\b(?:lorry|"
    r"truck|train) "
    r"would do the rest\b",
    r"\b(?:i|im|id be)\b[^.!?]{0,20}\bworth (?:something|more)\b[^.!?]{0,20}\b(?:dead|gone)\b|"
    r"\bdead im worth\b",
    rf"\b{_THEY}\b[^.!?]{{0,40}}\b(?:insurance|payout|policy)\b[^.!?]{{0,60}}\b(?:worth (?:something|more|"
    rf"anything)|"
    r"(?:if|when|once) i (?:die|go|was|wasnt|were|am)|if im|without me|free of me)\b",
    rf"\b(?:insurance|payout|policy)\b[^.!?]{{0,40}}\b(?:{_THEY}|"
    rf"debts?)\b[^.!?]{{0,30}}\b(?:more than i can|out of "
    r"debt|be (?:set|fine|free)|without me)\b|\bif i (?:go|die|was gone|"
    r"wasnt here)\b[^.!?]{0,30}\b(?:money|insurance|"
    r"payout)\b|\bmoney from my policy\b",
    r"\b(?:disappear|vanish|leave|go away|be gone|fade out|go somewhere|walk (?:away|off|"
    r"into the \w+))\b[^.!?]{0,30}"
    r"\b(?:and|,) (?:not|never|dont) (?:ever )?(?:to )?(?:come (?:back|out)|return|be (?:found|"
    r"seen))\b(?! (?:to|at|"
    r"until|till|before|for) (?!this life))|\b(?:vanish|disappear|gone)\b[^!?]{0,25}\bno (?:way back|"
    r"trace)\b",
    r"\bi (?:just |only |really )?(?:want|wish|need) (?:to|i could) (?:just )?(?:vanish|disappear|"
    r"be erased|be gone|"
    r"fade (?:out|away)|be forgotten)\b(?= ?(?:$|[.,;!]|and be forgotten))|\bmake me disappear\b",
    rf"\bi(?:m| am) (?:done|finished)\b(?! (?:with|for) )[^?]{{0,50}}\b(?:{_GIVING}|be happy|be good|"
    rf"tell (?:my|them|her|"
    r"him))\b",
    rf"\bth(?:ats it from me|at was it|is is where i get off)\b[^?]{{0,50}}\b(?:sorry|{_GIVING}|farewell|"
    rf"be good to|"
    r"love you)\b|\bit ends (?:here )?for me\b",
    r"\b(?:goodbye|bye|farewell)\b[^?]{0,25}\b(?:dont (?:look|search) for me|too hard|i tried|forgive me)\b",
    rf"\b{_GIVING} (?:mum|mom|dad|(?:my|the) \w+)\b[^?]{{0,25}}\b(?:when they find me|i wont be (?:there|"
    rf"here|around)|"
    r"after im gone)\b(?! ?[,.]? (?:until|till|this week|next week|on holiday))",
    r"\btell (?:them|her|him|my \w+) (?:that )?i tried\b(?= ?$| ?[.!])|\bwhen you (?:read|find|"
    r"see) this ill be\b|\bdont "
    r"wait up for me\b[^?]{0,20}\bever\b|\bi wont be needing (?:anything|it|them)\b",
    r"\bi wont (?:see|reach|live to see) (?:my|the|next) [^.!?]{0,15}(?:birthday|christmas|year|summer)\b|"
    r"\bnext "
    r"(?:year|month|summer)\b ?[.,]? ?i wont be (?:there|here|around)\b(?! ?[,.]? (?:holiday|until|till))",
    r"\b(?:doing|do) (?:everybody|everyone|them|you all|the world) a favou?r\b[^.!?]{0,25}\b(?:not being|"
    r"gone|dead|"
    r"disappear\w*|die|dying)\b|\bfree of me\b|\btired of (?:being (?:a person|me)|fighting to (?:stay|"
    r"live))\b|\b(?:no "
    r"use|no good) to (?:anyone|anybody) alive\b",
    r"\bi cant live\b(?= ?$| ?[.!])|\bi cant be saved\b|\bi dont deserve to be here\b|"
    r"\bnever ends unless i\b|\bwhy i "
    r"should(?:nt| not) die\b|\bcant do life\b|^why go on\b(?= ?$| ?[?.!])|\bwhy am i even here\b|"
    r"\bfeel dead already\b",
    r"\b(?:have to|only need to|must|will|ill) be brave (?:just )?(?:once|tonight)\b|"
    r"\btonight ill be brave\b|\bgod "
    r"(?:will )?forgive me for what i\b|\bpray (?:that )?god takes me\b|\blet it be (?:cancer|fatal|"
    r"terminal)\b|"
    r"\bstopped (?:taking|eating)\b[^.!?]{0,30}\b(?:let it come|goes fast|be quick)\b",
    r"\b(?:dont|never) look (?:when|before) i cross\b|\bdoes it hurt (?:when|if) you (?:fall|jump|drown)\b|"
    r"\bmy (?:feet|"
    r"legs) (?:are |hang )?over the edge\b|\bi(?: a)?m (?:on|at the (?:top|edge) of) the (?:bridge|"
    r"car park|ledge|roof)"
    r"(?= ?$| ?[.!])|\bknow (?:which bridge|how to do it and when)\b|\bgun is loaded\b|"
    r"\bfloor window opens\b",
    r"\b(?:wont|dont think (?:ill|i will)|will not) (?:see|be there (?:for|when)|make it to) (?:the |"
    r"another |my |next )?"
    r"(?:summer|spring|winter|autumn|christmas|baby)\b|\b(?:be no|wont be (?:an?|any)) (?:more |another |"
    r"next )"
    r"(?:christmas|mornings?|birthday|spring|summer)\b|\bno more mornings\b|\b(?:wont be a (?:bother|"
    r"burden)) to\b|\byou "
    r"wont hear from me (?:again|any ?more)\b|\blast time i (?:write|talk|speak)\b|\b(?:dont plan|"
    r"no plans) (?:past|beyond) "
    r"(?:this|tonight|tomorrow|next)\b|\bin case (?:nobody|no one) hears from me\b",
    r"\bnothing (?:is )?left to do but go\b|\b(?:feel|felt|am|im) (?:so |finally )?(?:light|calm|peaceful|"
    r"at peace)\b[^.!?]{0,20}"
    r"\b(?:now that|since) ive (?:decided|made up)\b|\bmade up my mind\b[^.!?]{0,20}\b(?:light|calm|"
    r"peace\w*)\b|\bpeaceful im "
    r"now that\b|\bcalm now that ive decided\b|\bthe last thing (?:holding|keeping) me\b|\b(?:is|"
    r"its) the day i (?:go|leave "
    r"you|do it)\b(?! (?:to|on|back))|\bfinally have the courage\b(?= ?$| ?[.!])",
    r"\b(?:nobody|no one|who) would (?:even )?come to (?:the|my) funeral\b|\bcry (?:for )?a (?:week|day|"
    r"month) and\b|\bmove on "
    r"(?:quickly|fast)?\b[^.!?]{0,15}\bif i werent\b|\btaking up (?:space|air)\b|"
    r"\bworld\b[^.!?]{0,25}\bwithout (?:me|people "
    r"like me)\b|\b(?:rich|free|fine|better off) without me\b|\b(?:ruin|destroy) everything i touch\b|"
    r"\bdead weight\b",
    r"\b(?:cant|cannot) (?:carry|do|face|get through|take|survive) (?:this )?(?:another|one more) (?:day|"
    r"night|morning|week)\b|"
    r"\bone more day is too\b|\bcant do tomorrow\b|\b(?:cant see|see no|there is no|theres no|"
    r"no) other way out\b|\bonly one "
    r"(?:way|door) (?:out|left)\b|\brun out of reasons\b|\bend of my (?:strength|rope|tether)\b|"
    r"\bwant to let go\b(?= ?$| ?[."
    r"!])|\bwant to switch off (?:for good|forever)\b|\bto be dark and over\b|\bwant the quiet\b",
    r"\b(?:its |it is )?a long way down\b|\bstood (?:too|very|so) close to the\b|"
    r"\bstation and stood too close\b|\bgarage with "
    r"the engine (?:running|on)\b|\b(?:belt|rope|cord|sheet)\b[^.!?]{0,25}\btied already\b|"
    r"\btested the (?:beam|rope|belt)\b|"
    r"\blooked up how (?:deep|high|long|many)\b|\btrying to freeze\b|\bwanted to freeze\b|"
    r"\brather drift off\b|\bi have the "
    r"means\b|\bive the means\b|\beverything i need in the (?:cupboard|drawer|garage|shed)\b|"
    r"\benough (?:tablets|pills) for that\b",
    r"\b(?:pulled|pull|turn|turned|yank\w*) the (?:steering )?wheel (?:over|round)\b[^?]{0,20}\bwanted\b|"
    r"\b(?:driving|motorway|"
    r"wheel|highway)\b[^!?]{0,30}\b(?:let go of it|shut my eyes|close my eyes)\b|\b(?:shut|"
    r"close) my eyes (?:while|when) "
    r"driving\b|\bfoot down\b[^.!?]{0,20}\blost my nerve\b|\blooks? like an accident\b|\bif i die before\b",
    r"\bwant to (?:evaporate|dissolve)\b|\bnobody ?, nowhere\b|\b(?:somebody|someone|god) would (?:delete|"
    r"erase|end) me\b|\bnever "
    r"be seen (?:alive|again)\b|\b(?:farewell|goodbye)\b[^?]{0,15}\b(?:i mean it|all of you)\b|\b(?:bye|"
    r"sorry) ?[.,]? i cant\b(?= "
    r"?$| ?[.!])|\bit(?: is|s|) ?(?:isnt|not|nt) (?:your|anyones) fault\b[^?]{0,25}\bi just cant\b|"
    r"\b(?:its )?nobodys fault\b[^?]{"
    r"0,15}\bi just cant\b|\bsorry to whoever finds me\b|\btell (?:my|them|her|"
    r"him)\b[^.!?]{0,15}\bit wasnt (?:her|his|their) "
    r"fault\b|\bdone with all of it\b",
)
SELF_HARM: tuple[str, ...] = (
    r"\b(?:long|short) sleeves\b[^.!?]{0,35}\b(?:guess why|would see|(?:so|or) (?:nobody|no one|they))\b|"
    r"\b(?:razors?|"
    r"blades?)\b[^.!?]{0,30}\b(?:bad days|couldnt help|pencil case|calm\w*)\b|\bnew (?:marks|"
    r"cuts) on my (?:arms?|legs?|"
    r"thighs?|wrists?)\b|\bsee blood\b[^.!?]{0,10}\b(?:calm|feel|breathe)\b",
)
DANGER: tuple[str, ...] = (
    r"\bforced (?:him|her)self on me\b|\bflinch (?:whenever|when|every time) (?:he|she)\b|"
    r"\bbruises and a story\b|\breply with "
    r"sound\b|\b(?:locked|locks) (?:me|us) in (?:the|a)\b",
    r"\b(?:chair|wedge|furniture|lock|block)\b[^.!?]{0,30}\bdoor\b[^.!?]{0,30}\b(?:so (?:he|she) cant|"
    r"since (?:he|she) "
    r"moved|because of (?:him|her))\b|\bshoes on in bed\b[^.!?]{0,30}\brun\b|\bcant say (?:it|"
    r"this) out loud\b",
    r"\bif (?:he|she) (?:finds|sees|reads|catches)\b[^.!?]{0,25}\bim dead\b(?=.{0,20}\b(?:meant|means|"
    r"serious|knife|"
    r"last time)\b)|\b(?:nobody|no one) will (?:ever )?find (?:me|my body)\b|\bi told everyone i fell\b|"
    r"\bstarts on me\b",
    r"\bhe(?:s|ll| will) (?:\w+ ){0,3}?(?:home soon|coming up|outside)\b[^.!?]{0,15}\b(?:scared|afraid|"
    r"terrified)\b|\bhes "
    r"drunk again\b|\b(?:father|dad|mother|mum|mom|stepdad|stepfather|uncle|husband) (?:whips|canes|kicks|"
    r"slaps|"
    r"chokes) (?:me|us)\b|\b(?:teacher|coach|priest|uncle|stepdad|stepfather|boss|trainer) (?:touched|"
    r"touches|groped) "
    r"me\b",
)
MEDICAL: tuple[str, ...] = (
    r"\bbleeding (?:wont|doesnt|will not) stop\b|\b(?:shot up|lips|breath\w*|"
    r"unconscious)\b[^.!?]{0,30}\b(?:turning|"
    r"going|gone|are) (?:grey|gray|blue)\b",
)
PSYCHOSIS: tuple[str, ...] = (
    r"\b(?:devil|demons?|satan) (?:is|are|lives?) (?:in|inside) (?:my|me|him|her)\b|"
    r"\bhear them telling me to\b",
)
HARM_TO_OTHERS: tuple[str, ...] = (
    r"\b(?:gun|rifle|weapon|bomb)\b[^.!?]{0,15}\b(?:list of (?:names|people)|know which class)\b|"
    r"\blist of names and "
    r"a(?:n)? (?:gun|rifle|weapon)\b|\bim outside (?:his|her|their) (?:house|flat|home|"
    r"work)\b[^.!?]{0,15}\b(?:knife|gun|"
    r"bat|axe|petrol)\b|\bgun for my (?:teacher|boss|wife|ex|father|class)\b",
)

_WHO = (
    r"(?:friend|mate|sister|brother|son|daughter|mum|mom|mother|dad|father|roommate|flatmate|student|"
    r"girlfriend|"
    r"boyfriend|wife|husband|partner|girl|guy|cousin|colleague|uncle|aunt|he|she|they)"
)
_LOW = (
    r"(?:depress\w+|(?:so|really|very|been|is|was) (?:\w+ )?(?:low|down|sad)|struggling|hung up|drove off|"
    r"logged off|"
    r"(?:switched|turned) off (?:his|her|their|the) phone|(?:doesnt|wont|not|isnt) answer\w*|"
    r"nobody knows where|worried|"
    r"do something|left (?:his|her|their) (?:keys|wallet|phone)|in a (?:dark|bad) (?:place|way))"
)
# A friend's farewell alone may be a holiday; beside low spirits or a phone switched off it is not.
OTHER: tuple[str, ...] = (
    rf"\b{_WHO}\b[^.!?]{{0,40}}\b(?:talking about dying|hates being alive|wont meet again|"
    rf"is at the bridge)\b|\bwith a (?:"
    r"shotgun|gun|knife) and crying\b|\bsince (?:he|she) said (?:he|she) couldnt go on\b",
    rf"^(?=.*\b{_LOW}\b).*\b{_WHO}\b[^!?]{{0,50}}\b(?:text\w*|wrote|writes|sent|posted|messaged|said|says|"
    rf"told|thanked)\b"
    r"[^!?]{0,50}\b(?:goodbye|you (?:were|are) the best|take care|sorry|thank(?:s| you)|for (?:everything|"
    r"being)|love you|"
    r"loved me|dont look for me)\b",
    rf"^(?=.*\b(?:{_LOW}|wont need it)\b).*\b{_WHO}\b[^!?]{{0,50}}\b(?:gave (?:me|away)|asked me to keep)\b",
    rf"\b{_WHO}\b[^!?]{{0,40}}\b(?:dont look for me|asked who would take|hasnt come home and left|"
    rf"better without (?:him|"
    rf"her|them)|wants to be gone|this is (?:his|her) last (?:week|day|night)|is on the (?:bridge|ledge|"
    rf"tracks))\b(?! "
    r"(?:at|of))|\bcleaned (?:his|the) gun\b[^.!?]{0,30}\b(?:hugged|drove|left)\b",
)
