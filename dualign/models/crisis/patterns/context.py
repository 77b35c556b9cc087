"""What gives a phrase its force or takes it away: denials, idioms, talk about a subject, the past."""

from __future__ import annotations

# Words about somebody else who may be in danger now.
OTHER: tuple[str, ...] = (
    r"\b(?:friend|sister|brother|son|daughter|mum|mom|mother|dad|father|roommate|flatmate|student|"
    r"girlfriend|boyfriend|gf|bf|wife|husband|partner|girl|guy|boy|cousin|colleague|coworker|neighbou?r|ex|"
    r"nephew|niece|aunt|uncle|she|he|they|kid|child)\b(?:(?!\bi\b).){0,80}?(?:\bwants? to (?:die|be "
    r"dead)\b|\b(?:doesnt|does not|dont|didnt) want to (?:be here|live|be alive|go on)\b|\bis suicidal\b|"
    r"\bkill (?:him|her|them)sel|\b(?:suicidal|(?:threaten\w*|talk\w*|think\w*|consider\w*|plan\w*|"
    r"attempt\w*|tried|note|thoughts|sounds like a)[^.]{0,20} suicid\w+|suicide (?:note|attempt|plan))|"
    r"\bend(?:ing)? it\b|\b(?:hurt|harm|cut)\w* (?:him|her|them)sel|\bis cutting\b|\btook (?:the|her|his|"
    r"some|a bunch of|all) (?:pills|meds|tablets)|\btook his gun\b|\bgoodbye\b.{0,60}\b(?:answer|phone|"
    r"reach|gone)|\bbetter off without (?:him|her|them)\b|\bthreaten\w+ to (?:jump|kill|hurt)|\bgave (?:me|"
    r"away) .{0,40}\b(?:ending|goodbye)|\brazor blades?\b|\bcuts (?:all )?(?:over|on|along)\b)",
    r"\b(?:friend|sister|brother|son|daughter|he|she|they|someone)\b[^.!?]{0,60}\b(?:not|isnt|wont|hasnt|"
    r"cant) (?:picking up|answer\w*|reply\w*|respond\w*|reach\w*)[^.!?]{0,50}\bgoodbye\b|\bgave away "
    r"(?:his|her|their)[^.!?]{0,60}\b(?:hugged|goodbye|talking)\b|\bstopped talking[^.!?]{0,40}\bgave "
    r"away\b|\bposted that (?:he|she|they)\w* ending\b",
    r"\b(?:sister|brother|friend|son|daughter|mum|mom|dad|wife|husband|roommate|boy|girl|bro|colleague|"
    r"teacher|kid|grandma|grandpa|she|he)\b[^.!?]{0,70}\b(?:goodbye video|locked (?:her|him)self in|"
    r"barricaded|cuts up (?:her|his) arms|nobody will miss (?:him|her)|wouldnt? see anyone|for when (?:hes|"
    r"shes) ready|when shes ready|own grave|wants? to die|shoot (?:him|her)self|over (?:soon|sooner)|"
    r"doesnt see a reason|end it|is being beaten|broken wrist again|hasnt been seen|hoards? (?:her|his) "
    r"(?:tablets|pills)|balcony every night|stopped eating and|burns on (?:his|her) hands|picture of pills|"
    r"love you sorry|has a plan)\b|\bkeep my (?:sister|brother|friend|son|daughter|mum|mom|dad|wife|"
    r"husband) safe\b|\btold me to look after\b|\bcant reach (?:him|her|them)\b(?=.{0,20})(?<=i cant reach "
    r"her)",
)

# The writer says that it is not so, or tells of a death. Such a span is taken out; what is left is read again.
DENIALS: tuple[str, ...] = (
    r"\b(?:im|i am|am|was|were|he is|hes|she is|shes|isnt|not that im|not saying im)? ?(?:definitely |"
    r"really |absolutely |certainly )?not (?:at all |actually |really |even |currently |feeling |being "
    r")?(?:suicidal|violent|abusive|in (?:any )?(?:real )?danger|in crisis|self ?harming|a danger|going to "
    r"(?:do anything stupid|hurt|kill|harm|cut|end)\w*(?: (?:my ?self|anyone|my life|it))?|planning (?:to|"
    r"on) (?:hurt|kill|harm|end|anything)\w*(?: my ?self| my life)?|thinking (?:of|about) (?:suicide|dying|"
    r"death|(?:killing|hurting|harming|cutting) my ?self|ending (?:my life|it)))\b",
    r"\b(?:i |id |would |ive |have |has |had |will )*never (?:\w+ )?(?:hurt|harm|kill|cut|thought (?:about|"
    r"of)|think (?:about|of)|consider(?:ed)?|wanted to|attempt(?:ed)?|want to|tried to|hit|hits|beaten?|"
    r"threatened|touched|do (?:it|that)|been (?:suicidal|violent))(?: (?:my ?self|me|us|suicide|dying|die|"
    r"kill myself|hurt myself|killing myself|hurting myself|harming myself|ending (?:my (?:own )?life|it)|"
    r"taking my (?:own )?life|or threatened me|anyone))*\b(?! (?:before|until (?:now|today|recently|this))|"
    r" so (?:badly|much)| more than)",
    r"\b(?:i )?(?:do not|dont|didnt) (?:really |actually |even )?(?:want|wish|intend|plan|mean) to (?:die|"
    r"kill (?:my ?self|anyone)|hurt (?:my ?self|anyone)|harm (?:my ?self|anyone)|end my life)\b(?!(?: "
    r"?[,.;])? ?(?:exactly|but|yet|though|just|either|anymore but|really but|per se|necessarily))",
    r"\b(?:no|without|zero|not any|dont have|havent (?:had|got)|not had|have not had)(?: any| \w+ing)? "
    r"(?:suicidal |active |current )?(?:thoughts?|intentions?|plans?|desire|ideas?|urges?) (?:of|to|about) "
    r"(?:suicide|self ?harm\w*|(?:kill|hurt|harm|cut)(?:ing)? (?:my ?self|anyone)|ending (?:my life|it)|"
    r"dying|end my life|die)\b",
    r"\b(?:isnt|is not|not|nothing to do|not talking) (?:about|with) (?:suicide|self harm|abuse|dying|"
    r"death|hurting myself)\b",
    r"\b(?:dont|do not|never|didnt) hear (?:any )?voices\b(?: or anything)?",
    r"\b(?:hasnt|havent|doesnt|didnt|isnt|never|nobody|no one|wont|dont) (?:ever |actually |even )?(?:hit|"
    r"hits?|hurts?|beats?|threaten(?:s|ed)?|touch(?:es|ed)?|abused?|violent|raped?) (?:me|us|anyone)\b(?! "
    r"(?:hard|that|often|as|every|any ?more))",
    r"\bi (?:am|feel) safe\b",
    r"\b(?:dont|never|wouldnt|didnt|not) (?:ever |going to )?(?:want(?:ed)? |mean |meant |trying )?(?:to "
    r")?hurt (?:him|her|them|anyone|anybody|my \w+)\b|\basked (?:me )?(?:if|whether) i [^.!?]{0,60}[.!?] i "
    r"(?:dont|didnt|do not|said no)\b",
    r"\b(?:lost|losing|loses|lose) (?:my|our|her|his|a|their) (?:\w+ )?\w+ to suicide\b|\b(?:friend|"
    r"brother|sister|son|daughter|father|dad|mother|mum|mom|uncle|aunt|cousin|classmate|grandfather|"
    r"grandmother|husband|wife|he|she|who|people)(?: \w+){0,3} (?:died (?:by|of) (?:suicide|an overdose)|"
    r"die by suicide|killed (?:him|her|them)sel\w+|took (?:his|her|their) own li\w+)\b",
    r"\b(?:no|not any|without any) wish to (?:die|be dead|hurt)\b|\b(?:dont|never|didnt) think (?:of|"
    r"about) (?:suicide|dying|death|killing my ?self|ending (?:it|my life))\b|\basked about (?:self harm|"
    r"suicide|abuse)\b[^.!?]{0,10}[.!?] ?no\b",
)

# Spans that only sound like a crisis.
IDIOMS: tuple[str, ...] = (
    r"\b(?:kill|killed|killing|kills) (?:my ?self|me) (?:laughing|trying (?:to|not to)|at (?:the gym|work|"
    r"training|leg day)|with (?:work|laughter|boredom|cringe)|for (?:not|forgetting|missing)|over (?:this|"
    r"that|the) (?:code|bug|report|homework|essay|project)|now (?:i|lol)|to (?:finish|meet|get (?:this|"
    r"the)))\b",
    r"\b(?:is|are|was|were|s) (?:really |absolutely |literally |slowly |seriously |actually |just "
    r")?killing (?:me|it|the mood|us)\b(?! (?:slowly and|with|and he|softly))",
    r"\b(?:going to|will|would|ll|gonna) (?:absolutely |literally |actually |so )?(?:kill|murder) me "
    r"(?:when|if|for)\b(?= (?:she|he|they|im|ive|i|the|my|we|forgetting|this|not|missing|losing|breaking|"
    r"being)\b)(?=.{0,60}\b(?:finds?|sees?|hears?|miss\w*|dent|late|forg\w+|grades?|bill|scratch\w*|"
    r"broke\w*|lost|forgot\w*|stain\w*|homework|exam|phone bill|vase|mess|spoil\w*|dishes)\b)",
    r"\b(?:die|dying|died|dead) (?:of|from|with) (?:laughter|laughing|boredom|embarrassment|shame|"
    r"curiosity|cuteness|cringe|jealousy|anticipation|excitement|heat today)\b",
    r"\b(?:nearly|almost|practically|literally|just|could have|so) (?:\w+ )?died? (?:laughing|when he|when "
    r"she|of|inside when)\b|\b(?:dead|die|died|dying) laughing\b",
    r"\bto die for\b|\bdying (?:to|for) (?:a|an|some|ask|see|know|try|meet|hear|tell|go|read|visit|taste|"
    r"watch|find|get)\b|\bdie hard\b|\bdead(?: |-)?(?:line|tired|end|serious|set|lift|pan|beat dad|pool|on "
    r"arrival|battery|weight|sea|man walking)\w*\b",
    r"\b(?:political|career|financial|commercial|social|professional) suicide\b|\bsuicide (?:squad|"
    r"sprints?|burn|lane|king|doors?|by caffeine|grip|squeeze|drill|note in the)\b",
    r"\b(?:shot|shoot|shooting) (?:my ?self|yourself|himself|herself|ourselves) in the foot\b|"
    r"\bkick(?:ing)? my ?self\b|\bbeat(?:ing)? my ?self up\b",
    r"\bcut(?:ting)? my ?self (?:some slack|a (?:slice|piece)|off|loose|shaving|out of|free)\b",
    r"\bend(?:ing)? (?:it|things|everything) with (?:my|him|her|them)\b|\bend my (?:lease|subscription|"
    r"contract|life insurance|membership|day|shift|career|marriage|relationship|engagement|friendship|week|"
    r"year)\b|\bend my life insurance\b|\btake my life (?:back|seriously|in (?:a )?new|to the next)\b|"
    r"\b(?:time|love|best|girl|man|rest) of my life\b",
    r"\bi ?d kill for\b|\bkill for (?:a|an|some|that)\b|\bcould (?:murder|kill) (?:a|an|some|for)\b|"
    r"\bkill(?:ing)? (?:time|two birds|the (?:lights|vibe|engine|mood|process|server|music|noise)|switch|a "
    r"(?:process|job|program|weed)|it (?:at|on|out there))\b|\b(?:kill|killing|kills) (?:a |the |my |"
    r"zombie |child |all )*(?:process\w*|python|thread|server|container|weeds?|ants|wasps|mosquitos?|"
    r"mosquitoes|bees|mould|mold|germs|bacteria|lice|fleas|daemon|terminal|port|app|session|job|task|"
    r"plants?|grass|fly|flies)\b",
    r"\bomg (?:just )?kill me(?: now)?\b|\bkill me now\b(?= ?[,.!]? (?:i|my|lol|haha|it|this|the|ugh))(?! "
    r"i (?:want|mean|cant|beg))|\blol i(?:m| am) dead\b|\bim dead lol\b|\bim dead\b(?= ?[,.!]? (?:lol|haha|"
    r"that|this|omg|at))",
    r"\bjump(?:ed|ing)? (?:off|from) (?:the|a) \w+ (?:with joy|for joy|of joy|with excitement)\b|\bjump "
    r"(?:on|off) the bandwagon\b|\bjump(?:ing)? (?:on|off) (?:a|the) (?:call|plane|train|bus) (?:to|with|"
    r"at|tomorrow)\b|\bbungee jump\w*\b",
    r"\b(?:hang|hanging) (?:out|up|on|in there|with|around)\b|\bhung up\b",
    r"\b(?:voice|voices) (?:mail|message|messages|memo|over|acting|chat|lessons)\b|\bhear (?:your|his|her|"
    r"my mothers|my mums|moms) voice\b",
    r"\bburn(?:ed|t|ing)? (?:my ?self|my (?:\w+ )?(?:hand|arm|finger|tongue|fingers)) (?:on|while|cooking|"
    r"making|taking)\b|\bburn(?:ed|t)? my (?:arm|hand|finger|tongue) on (?:the|a)\b",
    r"\b(?:beat|beats|killed|murdered|destroyed|slaughtered|crushed) (?:me|us) (?:at|in) (?:chess|tennis|"
    r"cards|darts|pool|\w+ (?:game|kart|final)|the (?:game|race|final|quarter \w+|semi \w+)|a (?:game|"
    r"race)|mario|fifa|scrabble|monopoly|golf|poker)\b",
    r"\bhits? me (?:that|how|hard (?:that|how))\b|\bit hit me (?:that|how|like)\b|\bhit(?:s)? me up\b|"
    r"\bhit (?:on )?me (?:at|with) (?:the|a|your) (?:bar|party|question|best)\b",
    r"\b(?:this|that|last|the|my|each|every) (?:exam|workout|heat|traffic|test|meeting|commute|job|boss|"
    r"class) (?:murdered|killed|destroyed|slaughtered) me\b",
    r"\bbase jump\w*\b(?=.{0,40}\b(?:course|licen[cs]e|instructor|insurance)\b)",
    r"\b(?:be|stay) here any ?more[ ,.]+(?:this|the|its) (?:\w+ )?(?:party|meeting|class|job|town|office|"
    r"school|boring|place|hotel|lecture)\b|\b(?:going to|gonna) die if i dont (?:get|see|eat|find|win|"
    r"have)\b|\bfeels? like (?:im|i was|i am) going to die\b(?=.{0,40}\b(?:coaster|gym|ride|squats|again "
    r"please)\b)",
    r"\b(?:drank|drunk|had) too much (?:wine|beer|coffee|tea|cola|juice)\b(?! (?:and|"
    r"with) (?:\w+ )?(?:pills|meds|"
    r"tablets))|\bhits the (?:snooze|gym|road|sack|brakes|shops)\b|\bfainted giving blood\b|"
    r"\brope for the (?:swing|"
    r"boat|tent|dog|garden)\b|\ba burden on the dance floor\b|\bburn(?:ed|t) my ?self (?:a (?:little|"
    r"bit) )?on the "
    r"(?:oven|stove|hob|kettle|iron|grill)\b(?! (?:again )?(?:because|on purpose))",
    r"\bwont be here (?:next week|tomorrow|on \w+) ?,? (?:im )?(?:on )?(?:holiday|vacation|travel\w*)\b|"
    r"\bbeen awake since "
    r"(?:two|three|four|five|six|\d)(?: ?am)?\b(?= ?$| ?[.!])|\b(?:stood|standing|"
    r"waiting) on the platform\b[^.!?]{0,30}"
    r"\b(?:cancel\w*|late|delay\w*)\b|\bon the roof\b[^.!?]{0,25}\b(?:stars|sunset|fireworks|aerial|"
    r"tiles)\b|\bsleep "
    r"forever\b[^.!?]{0,20}\b(?:pillows?|mattress|blankets?)\b",
    r"\b(?:took|take) my (?:pills|tablets|meds) (?:with|at|after|before) (?:breakfast|lunch|dinner|food|"
    r"noon|bed)\b|\blooked "
    r"over the railing and saw\b",
    r"\bthrew me under the bus\b|\bbury my ?self in\b|\b(?:phone|laptop|computer|car|plants?|printer|"
    r"career|battery)\b[^.!?]{0,20}\b(?:committed suicide|is suicidal|theyre suicidal)\b",
)

# The writer is making something up, or asks about the subject and not for anybody.
ABOUT: tuple[str, ...] = (
    r"\b(?:in|for|of) (?:my|a|the|our|this|your) (?:\w+ )?(?:novel|story|book|screenplay|script|play|poem|"
    r"song|film|movie|game|series|show|campaign|essay|thesis|article|homework|sociology|psychology|history|"
    r"class|paper|report|presentation|chapter|scene|research)\b",
    r"\b(?:write|writing|compose|draft|continue|create|describe|summari[sz]e|analy[sz]e|classify|identify|"
    r"explain|translate|review) (?:me |us )?(?:a|an|the|this|some|about|if|whether|how|what|the following)\b",
    r"\b(?:can|could|would) you (?:please )?(?:classify|identify|analy[sz]e|determine|tell (?:me )?(?:if|"
    r"whether) (?:this|the following)|summari[sz]e|write|translate|explain|continue)\b",
    r"\b(?:what|which|how) (?:is|are|was|were|does|do|did|has|have) (?:the )?(?:\w+ ){0,3}(?:law|laws|"
    r"research|history|statistics|rates?|policy|policies|studies|signs|symptoms|experts|psychologists|"
    r"therapists|films?|movies?|media|literature|governments?|word|difference|crisis lines?|reporting|"
    r"scientists|documentar\w+)\b",
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
    r"\bhow many (?:people|men|women|teenagers|teens|students|veterans)\b|\brisk factors?\b|\baccording to "
    r"(?:research|studies|experts)\b|\bfactors (?:for|of|behind)\b",
)

# A text is put up for judgement: what it says is not the writer's own.
QUOTED: tuple[str, ...] = (
    r"\b(?:classify|identify|identif\w+|analy[sz]e|analy[sz]ing|determine|evaluate|assess|interpret|judge|"
    r"categorize|detect|tell (?:me )?(?:if|whether)|can you (?:read|check|see) if)\b.{0,120}\b(?:text|"
    r"paragraph|sentence|statement|passage|post|expression|piece|excerpt|message|quote|writing|person)\b",
    r"\b(?:this|the following|a) (?:piece of )?(?:text|paragraph|sentence|statement|passage|post) (?:is |"
    r"that |which )?(?:discuss\w*|express\w*|contain\w*|depict\w*|about|said|says|saying|convey\w*|"
    r"concern\w*|suggest\w*)\b",
)

PAST: tuple[str, ...] = (
    r"\b(?:years? ago|when i was (?:a )?(?:young\w*|kid|child|teen\w*|little|\d+|a teenager|in (?:school|"
    r"college))|as a (?:teen\w*|kid|child)|in (?:college|high school|the (?:\w+ )?(?:nineties|eighties|"
    r"seventies)|19\d\d|20[01]\d)|used to|before i was born|long ago|back then|in my (?:teens|twenties)|"
    r"decades? ago|when we were (?:kids|children|students|young|little)|as a kid|(?:clean|sober|free|"
    r"recovered) (?:for|since))\b",
)

NOW: tuple[str, ...] = (
    r"\b(?:again|right now|tonight|still|lately|these days|back|this week|this morning|yesterday|last "
    r"night|returned|coming back|cant stop|any ?more|tomorrow|now i (?:want|feel|think|cant|cut|wish|am|"
    r"keep)|today i (?:cut|want|tried|wanted|took|almost|nearly))\b",
)
