"""Phrases of a medical emergency, and of voices, visions and mania that push to act."""

from __future__ import annotations

from dualign.models.crisis.patterns.parts import PILLS

MEDICAL: tuple[str, ...] = (
    rf"\b(?:just |have |ive |already )?(?:took|taken|swallowed|ate|drank|injected|downed|ingested|mixed) "
    rf"(?:\w+ ){{0,4}}?(?:{PILLS}|bleach|poison|antifreeze|drain cleaner|detergent|pods?|too (?:many|much)|"
    rf"whole (?:bottle|pack|box)|batter(?:y|ies)|magnets?)\b(?! (?:as prescribed|this morning as|for (?:my|"
    rf"a) (?:headache|back|cold|flu|cramps))|of (?:a |my )?(?:risk|time|space|wine at))",
    r"\boverdos(?:e|ed|ing)(?:s)?\b(?! on (?!\w* ?(?:pills?|meds|medication|heroin|fentanyl|xanax|tylenol|"
    r"paracetamol|insulin|sleeping|my|his|her|drugs|opioids|cocaine|alcohol|aspirin|oxy|pain)))(?! (?:on|"
    r"of) (?:chocolate|sugar|cake|netflix|caffeine|cuteness|pizza|news|coffee|turkey|ice|sun|tv|cheese|"
    r"social|information|content|nostalgia|christmas|carbs))(?! (?:prevention|crisis|statistics|deaths|"
    r"epidemic|reversal))",
    r"\b(?:crushing|severe|sharp|bad|terrible|sudden) (?:\w+ )?chest pains?\b|\bchest (?:pain|hurts|"
    r"tightness)\b.{0,40}\b(?:arm|jaw|numb|breath|sweat)",
    r"\bheart attack\b(?=.{0,30}\b(?:now|think|having|help|right)\b)|\b(?:having|have) a (?:heart attack|"
    r"stroke)\b",
    r"\b(?:face|mouth|side) (?:is |has |s )?(?:drooping|droops|dropped|numb)\b|\b(?:cant|cannot) (?:speak|"
    r"talk|move) (?:properly|one side|his|her|my)\b",
    r"\bcant breathe?\b(?! (?:in (?:my|this|our|the) (?:own )?(?:house|home|relationship|marriage|job|"
    r"family|town)|from laughing|laughing|when i think|at work))|\b(?:not|isnt|stopped|barely|hardly) "
    r"breathing\b(?! in (?:my|his|her) sleep)|\bbreathing (?:\w+ )?(?:slow\w*|stopped|weird|shallow)\b",
    r"\b(?:wont|not|cant|cannot|doesnt|isnt|unable to) (?:wak(?:e|ing)|respond\w*) (?:him|her|them|up to "
    r"feed|up from)\b|\bcant wake (?:him|her|them|my)\b|\bunresponsive\b|\bunconscious\b|\bpassed out "
    r"and\b|\bwont wake up\b",
    r"\bhaving (?:a )?seizures?\b|\bseizure (?:has|for|that|now|and)\b|\bconvuls\w+",
    r"\b(?:lips|throat|tongue|face) (?:is|are|keeps?) (?:swelling|blue|turning blue|swollen|closing|"
    r"burning)\b|\banaphyla\w+",
    r"\bblood (?:is )?(?:pumping|gushing|spurting|everywhere|pouring)\b|\b(?:wont|not|doesnt|cant) stop "
    r"(?:the )?bleeding\b|\bbleeding (?:out|heavily|badly|a lot)\b",
    r"\b(?:baby|toddler|son|daughter|child|kid) (?:\w+ )?(?:ate|swallowed|drank|got "
    r"into)\b.{0,40}\b(?:pills?|tablets?|bleach|batter\w+|iron|meds?|medication|poison|cleaner|magnet\w*|"
    r"pods?)\b",
    r"\b(?:not|havent|havnt|stopped) (?:eaten|eating|drunk|drinking) (?:\w+ )?(?:anything )?(?:for|in) "
    r"(?:\w+ )?(?:days|weeks)\b|\bkeep (?:fainting|passing out|blacking out)\b",
    r"\b(?:shooting|shot) up\b.{0,50}\b(?:blue|breath|wake|lips)",
    r"\b(?:friend|brother|sister|he|she|dad|mum|mom|father|mother|roommate|husband|wife|gf|bf|kid|baby|son|"
    r"daughter|someone)\b[^.!?]{0,60}\b(?:isnt|not|stopped|cant|wont|hasnt) (?:moving|responding|breathing|"
    r"wake|waking|stand|speak properly)\b",
    r"\b(?:collapsed|passed out|fainted|unconscious|electrocuted|turned blue|going blue|lips blue|stiff "
    r"neck|confused and (?:sweat|slurr|cant|feverish|shak)\w*|coughing up blood|vomiting blood)\b|"
    r"\bbleed(?:ing)? (?:and it (?:doesnt|wont|isnt)|that wont|heavily|a lot|out|through)\b|\bdoesnt stop "
    r"bleeding\b|\bmonths pregnant and\b[^.]{0,30}\bbleed",
    r"\b(?:anything|nothing) to (?:eat|drink)(?: or (?:eat|drink))? (?:for|in) (?:\w+ )?(?:days|weeks)\b|"
    r"\b(?:not|havent|hasnt) (?:had|eaten|drunk)[^.]{0,40}\bfor (?:two|three|four|five|six|seven|eight|"
    r"nine|ten|\d+) days\b|\bcant stand up (?:any ?more|anymore)\b",
    r"\b(?:ive |i )?(?:just )?(?:took|taken|swallowed|had|popped|downed) (?:like |about |around |at least |"
    r"over |almost )?(?:\d{2,}|ten|twelve|fifteen|twenty|thirty|forty|fifty|sixty|a hundred|so many|too "
    r"many|too much|a lot of|a whole|all|loads of|handfuls? of)\b(?=[^.!?]{0,40}\b(?:pills?|tablets?|"
    r"paracetamol|tylenol|aspirin|ibuprofen|xanax|meds|medication|capsules|sleeping|advil|insulin|"
    r"antidepressants?|of them|at once)\b)|\binjected more than\b|\bmore than (?:usual|"
    r"prescribed)\b(?=.{0,60}\b(?:chest|weird|strange|dizzy|faint)\b)|\beating them one by one\b|\bjust "
    r"took the pills?\b|\btook the rest of my\b",
    r"\b(?:tried to|going to|want to|try to) (?:od|overdose)\b|\b(?:by mistake|"
    r"accidentally)\b[^.]{0,40}\b(?:dizzy|faint|weird|blood pressure|three times)\b|\bempty pill bottle\b|"
    r"\b(?:am i|is she|is he|will i|will she) going to be (?:okay|ok|alright)\b(?=.{0,10}$)|\bheartbeat "
    r"feels wrong\b|\bthroat is closing\b",
    r"\bi think (?:im|i am|hes|shes) dying\b|\bthink i overdosed?\b",
    r"\b(?:call|need|should i call|calling) (?:an? )?(?:ambulance|911|999|112|paramedics?)\b(?! (?:number|"
    r"center|centre|in (?:my|the) (?:novel|story)))|\b(?:gas leak|carbon monoxide|choking on|anaphyl\w+|"
    r"snake bit\w*|bitten by a snake|drown(?:ed|ing) in the pool)\b",
    r"\b(?:blue lips|lips (?:are |went |turned )?blue|cant feel (?:his|her|a) pulse|no pulse|not conscious|"
    r"foaming|slurred speech|slurring|speech is slurred|half of (?:his|her|my) (?:face|body)|vision "
    r"(?:went|is) (?:black|gone)|worst headache of my life|coughing (?:up )?blood)\b",
    r"\b(?:too many|too much|whole bottle of|double the|twice the|all the|all my|all his|all her) (?:\w+ "
    r"){0,2}(?:pills?|tablets?|meds|medication|insulin|sleeping pills|painkillers?|paracetamol|tylenol|"
    r"xanax)\b(?! (?:a year|in the world|are expensive|cost))",
    r"\b(?:cant|cannot|couldnt|suddenly cant) (?:lift|move|feel|find (?:his|her|my) words|see (?:on|out of|"
    r"with) (?:one|my)|swallow|get up|catch my breath|stop (?:vomiting|throwing up|shaking|coughing))\b(?! "
    r"(?:the needle|on|forward|past|anything for|nothing))|\btalk(?:s|ing)? nonsense\b|\bcant find (?:his|"
    r"her|my|the right) words\b(?=.{0,60})(?<=headache and cant find his words)",
    r"\b(?:pain|pressure|elephant|tight\w*|hurts?)\b[^.!?]{0,50}\b(?:jaw|left arm|sweat\w*|chest)\b|"
    r"\bchest\b[^.!?]{0,50}\b(?:elephant|jaw|sweat\w*|crushing|pressing|going crazy|hurts? after)\b|\bmy "
    r"chest hurts\b|\bheart is (?:going crazy|racing and|stopping|skipping and)\b|\bsweating cold\b|\bcold "
    r"sweat\b(?=.{0,40}\b(?:chest|pain|arm)\b)",
    r"\b(?:face|tongue|throat|lips|eyes?) (?:is|are|gets?|getting|keeps?) (?:\w+ )?(?:swelling|swollen|"
    r"thick|closing|tight|blue|numb)\b|\bfingers are blue\b|\bstung by (?:a|an)\b[^.!?]{0,50}\b(?:tongue|"
    r"throat|breath|swell\w*|dizzy)\b|\b(?:limp|lifeless|floppy) now\b|\bhad a fit\b|\bblood in my "
    r"(?:vomit|stool|urine)\b|\bvomit\w* blood\b|\b(?:lot of|lots of|so much) blood\b|\bblood everywhere\b",
    r"\b(?:fell|fallen|hit (?:his|her|my) head)\b[^.!?]{0,60}\b(?:not answering|not moving|out for|"
    r"unconscious|vomiting|cant get up|hip|doesnt (?:react|answer|wake))\b|\b(?:doesnt|not|isnt) (?:react|"
    r"reacting|responsive)\b|\bsnoring weirdly\b|\bbaby move\b(?=.{0,40}\b(?:since|yesterday|weeks)\b)|"
    r"\bhavent felt the baby\b|\b(?:weeks|months) pregnant\b[^.!?]{0,40}\b(?:blood|bleed\w*|pain|cramps|"
    r"fell)\b|\bchainsaw\b(?=.{0,30}\bblood\b)",
    r"\b(?:took|taken|drank|smoked|snorted|swallowed|ate|mixed|did|had|downed|"
    r"inhaled)\b[^.!?]{0,60}\b(?:heart is (?:going|racing)|chest hurts?|see double|cant move|burning hot|"
    r"ears are ringing|dizzy and|coughing and|cant stop vomiting|feel(?:ing)? (?:really )?(?:weird|strange|"
    r"sick)|something in my drink|antifreeze|bleach|berries)\b|\btill the pills\b|\bpills i took\b|"
    r"\bsomething in my drink\b",
    r"\b(?:pills?|tablets|dose|medicine|meds)\b[^.!?]{0,40}\b(?:twice|three times|are missing|some are "
    r"missing|by (?:mistake|accident)|accidentally)\b|\baccidentally gave\b|\bbottle (?:of )?(?:cough "
    r"syrup|pills|vodka) and (?:took|the rest)\b|\b(?:downed|took|swallowed) (?:all )?(?:of )?(?:my|his|"
    r"her|their|the) (?:\w+ )?(?:meds|pills|tablets|medication|insulin)\b(?! (?:as|this morning|today as|"
    r"on time|like))|\bmy (?:bro|brother|friend|dad|mum|mom|sister|son|daughter) drank (?:antifreeze|"
    r"bleach|drain|windex)\b",
)

PSYCHOSIS: tuple[str, ...] = (
    r"\b(?:voices?|god|jesus|satan|the devil|demons?|angels?|tv|radio|television|spirits?|aliens?)(?: "
    r"\w+){0,3}? (?:tell(?:s|ing)?|told|command\w*|order\w*|whisper\w*|saying|say|want(?:s)?|send(?:s|"
    r"ing)?|speak\w*|talk\w*) (?:to )?me\b.{0,80}\b(?:hurt|kill|jump|burn|escape|die|harm|cut|climb|stop|"
    r"run|attack|do things|leave|stab|messages?|prove|fire)\b",
    r"\b(?:hear|hearing|heard) (?:\w+ ){0,3}?(?:voices?|gods? voice)\b(?! (?:mail|message|over|from (?:the "
    r")?(?:neighbou?r|street|kitchen|next)))",
    r"\bvoices (?:in my head|are|tell|told|say|keep|want|wont)\b",
    r"\bvoice (?:is )?(?:order|tell|command)\w* me\b",
    r"\b(?:im|i am|know im|know i am) (?:actually|already|really) dead\b(?! (?:tired|inside|serious|"
    r"wrong))|\borgans (?:have|are) (?:rott|gone|dead)",
    r"\b(?:chip|device|implant|transmitter|tracker|camera) (?:in|inside|under) my (?:head|brain|skin|tooth|"
    r"teeth|arm|body|eye)",
    r"\b(?:fbi|cia|government|neighbou?rs|police|people|they|mafia|agents?|strangers) (?:\w+ "
    r"){0,3}?(?:following me|stalking me|watching me|poison\w* (?:me|us|my)|spying on (?:me|us)|listening "
    r"to (?:me|my)|(?:is|are) after (?:me|us)|hunting (?:me|us)|pump\w* gas|tracking me|trying to kill "
    r"(?:me|us)|want(?:s)? to kill (?:me|us)|plot\w* against)\b",
    r"\b(?:stalking|following|watching|poisoning|after) me\b.{0,80}\b(?:everywhere|conceal|hid\w+|"
    r"supermarket|cameras?|voices|disguise|secretly)\b",
    r"\b(?:replaced|swapped) (?:by|with) (?:a |an )?(?:copy|copies|imposter|impostor|clone|robot|double|"
    r"alien)",
    r"\b(?:havent|not|no|without|hardly) (?:slept|sleep|sleeping|been sleeping)(?: \w+){0,2} (?:for|in|"
    r"since) (?:\w+ )?(?:\d|two|three|four|five|six|seven|several|many|days|nights|"
    r"week)\w*.{0,160}\b(?:energy|chosen|genius|powers?|million|empire|invincible|sold|mission|unstoppable|"
    r"abilities|realis\w+|realiz\w+|gas|kill|god|spend\w*|destiny|saviou?r|fly)\b",
    r"\b(?:energy|chosen|genius|powers|invincible|million ideas|unstoppable|abilities|"
    r"amazing)\b.{0,120}\b(?:not been sleeping|without sleep|up for (?:the )?(?:past )?\w+ (?:nights|days)|"
    r"havent slept|no need (?:for|to) sleep|not sleeping|dont need (?:to )?sleep)\b",
    r"\b(?:i am|im) (?:the )?(?:chosen one|messiah|jesus|god|christ|a prophet|immortal|invincible|the "
    r"saviou?r|saviou?r)\b(?! (?:awful|damn|in the game))|\b(?:prove|know|learned) (?:that )?i can fly\b",
    r"\b(?:new|special|secret) (?:abilities|powers)\b.{0,80}\b(?:jump|fly|sleep|base)",
    r"\bmessages? (?:from|through|in) the (?:tv|television|radio|news)\b|\b(?:tv|television|radio) (?:is |"
    r"keeps )?(?:sending|talking|speaking) (?:to )?me\b|\btv is sending me\b",
    r"\b(?:see|seeing) (?:people|things|shadows|figures|faces|someone) (?:\w+ ){0,4}?(?:who|that|which) "
    r"(?:arent|isnt|are not|no one|nobody|dont exist|others)\b",
    r"\bdemons? (?:in|inside|from) (?:my|me|the|her|him|our)\b|\bpossessed by\b",
    r"\b(?:cameras?|chips?|microphones?|implants?) (?:in|inside|behind|on) my (?:eyes?|walls?|head|room|"
    r"house|teeth|skin|body|phone and)\b|\b(?:in|inside|behind) my walls\b|\bmy thoughts are (?:being "
    r")?(?:broadcast|stolen|read|controlled|not mine)\b|\b(?:food|water) is poisoned\b|\bpoison(?:ing)? my "
    r"(?:food|water|coffee)\b|\bin on it\b",
    r"\b(?:satan|the devil|god|demons?|angels?|shadows?|spirits?|ghosts?|aliens?|the dead|"
    r"voices?)\b[^.!?]{0,60}\b(?:told me|tells me|tell me|speaks? to me|whisper\w*|wants? (?:blood|me)|"
    r"calling me|commands?|ordered|orders me|that i must|says? (?:i|to))\b(?! (?:that (?:it|everything) "
    r"(?:will|is)|in (?:the )?(?:bible|church|prayer)))",
    r"\b(?:man|woman|people|they|lady|anchor) on (?:the )?(?:news|tv|television|"
    r"radio)\b[^.]{0,60}\b(?:about me|to me|tells me|talking to)\b|\b(?:is|are) talking (?:about me|to me) "
    r"(?:on|through) the (?:news|tv|radio)\b|\bchange (?:their|his) faces?\b|\bpeople are following me\b|"
    r"\beverywhere i go\b(?=.{0,40}\bfollow)",
    r"\b(?:dont|do not) need (?:to )?sleep\b|\b(?:havent|not|hasnt) slept (?:for|in) (?:a week|days|\w+ "
    r"(?:days|nights))\b[^!]{0,60}\b(?:amazing|great|energy|bought|fantastic|brilliant|wonderful|genius)\b|"
    r"\bsecret of the universe\b|\btell the president\b|\b(?:isnt|is not) (?:really )?my (?:wife|husband|"
    r"mother|real)\b|\bi am dead and\b|\badmit it\b(?<=dead and nobody will admit it)",
    r"\bsee (?:dead|the dead)\b|\bi hallucinate\b|\bhear and see things\b|\bhear(?:ing)? and see(?:ing)? "
    r"things?\b|\b(?:losing|lost) (?:my )?(?:mind|grip|marbles)\b(?=.{0,80}\b(?:hear|see|voices?|end|kill|"
    r"real)\b)|\bstepping off the roof\b|\bdemon in\b",
    r"\b(?:voices?|whispers?)\b[^.!?]{0,50}\b(?:tell|telling|told|order\w*|command\w*|want|say|saying|"
    r"scream\w*|louder|stop|kill|hurt|follow)\b(?! (?:mail|over|lessons|message))(?<!voices in the hall)|"
    r"\bsomeone (?:is )?(?:controlling|reading|stealing) my (?:mind|thoughts|brain)\b",
    r"\b(?:im|i am|i was|ive been) (?:being )?(?:watched|monitored|recorded|poisoned|hunted|spied on|"
    r"chosen by god|the messiah|on a mission from)\b|\bsecret (?:messages|signals|"
    r"signs)\b[^.!?]{0,40}\b(?:me|to me|for me)\b|\bdont need (?:any )?(?:sleep|food) any ?more\b",
    r"\b(?:son of god|chosen one|save the world|end is (?:on|near)|numbers told me|mind control|under my "
    r"skin|answered my thoughts|put voices|taste the (?:chip|poison)|filmed through|through my own eyes|"
    r"worms (?:under|in)|isnt human|not human|swapped (?:him|her|them)|no face|take over the (?:church|"
    r"world|government))\b",
    r"\b(?:baby|mother|wife|husband|father|son|daughter|friend) isnt (?:my|really my|a) (?:baby|mother|"
    r"wife|husband|father|son|daughter|human|person|real)\b|\b(?:is|are|hes|shes) one of them\b|\bfollow "
    r"me in\b|\bsame number plate\b|\bplanning behind the wall\b|\bhow theyll get me\b|\b(?:dont|doesnt) "
    r"need to (?:eat|sleep)\b|\bawake since\b|\bput(?:s)? something in my (?:food|drink|water)\b",
    r"\b(?:told|tells?|telling|says?|said|gave|wants) (?:me |him |her )?[^.!?]{0,40}\b(?:mission|who is "
    r"evil|whom to punish|who to punish|walk into the fire|go to the tower|my turn to disappear|to die so "
    r"that|has to die|must die|have to die)\b|\bvoice in the (?:radiator|wall|tv|radio|fan|vent|pipe)\w*\b|"
    r"\b(?:stopped|off) my (?:medication|meds)\b(?=.{0,80}\b(?:god|voices?|know that|clear|see)\b)|\bideas "
    r"are pouring\b|\bhasnt slept for (?:days|nights)\b",
)
