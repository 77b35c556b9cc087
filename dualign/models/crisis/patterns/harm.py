"""Phrases of people who hurt themselves, or are about to hurt somebody."""

from __future__ import annotations

SELF_HARM: tuple[str, ...] = (
    r"\b(?:cut|cutting|cuts|burn|burned|burning|hurt|hurting|hurts|harm|harming|harmed|scratch|scratching|"
    r"starve|starving|punish|punishing|stab|bite|hit|hitting|injure|injuring|mutilat\w+|bruise) (?:my "
    r"?self|herself|himself|themselves|my (?:own )?(?:arms?|legs?|wrists?|thighs?|skin|body|stomach|hands? "
    r"on purpose))\b(?! (?:some slack|off|out|in the foot|at (?:the gym|work|football|training|soccer)|"
    r"while (?:cooking|shaving|chopping|running)|on (?:the (?:oven|stove|pan|paper)|a (?:pan|nail|hot))|by "
    r"accident|accidentally|running|playing|chopping|shaving|cooking|with (?:the|a) (?:oven|iron|pan|hot)))",
    r"\bself ?harm(?:ed|ing|s)?\b(?! (?:policy|prevention|research|statistics|content|awareness))",
    r"\b(?:been|started|start|keep|am|im|is|back to|stop|stopped|shes|hes|girlfriend is|gf is) cutting(?: "
    r"again)?\b(?! (?:down|back|corners|out|calories|carbs|sugar|the|my (?:hair|hours|losses|spending|"
    r"grass|steps)|class|costs|hair|grass|weight|wood|paper|onions|vegetables|fabric|through))",
    r"\bcut(?:ting)? again\b|\bi cut last night\b|\bcuts (?:on|all over|along|down) (?:my|her|his|both|"
    r"their)\b",
    r"\b(?:hide|hiding|cover\w*) (?:my |the |her |fresh )?(?:cuts|scars|self harm)\b",
    r"\b(?:razor|blade|lighter|scissors|knife) (?:blades? )?(?:again|to my (?:skin|arm|wrist|leg|thigh))\b",
    r"\b(?:made|make|making|see|seeing|watch\w*) (?:my ?self|me|my|it) (?:own )?(?:bleed|blood)\b|\bseeing "
    r"blood\b",
    r"\b(?:urge|urges|need|craving|want) to (?:cut(?! (?:back|down|out|off|it|my hair|the|costs|calories|"
    r"carbs|sugar|ties|a|corners))|hurt me|hurt my|harm|bleed|burn my|feel pain)\b",
    r"\bhurting my body\b|\bwant(?:ed)? it to hurt\b|\bdeserve (?:the |this |to be in )?(?:pain|hurt|bleed)",
    r"\b(?:bang|banging|hit|hitting|smash\w*|slam\w*) my (?:own )?(?:head|hand|fist)s? (?:against|into|on "
    r"(?:walls?|floors?))\b",
    r"\b(?:until|till) (?:i|it|my \w+|they) (?:bleed|bleeds|bled|see stars|split|scar)\b",
    r"\bpunch(?:ed|ing)? (?:the|a|my|walls?).{0,40}(?:hurt|blood|bled|broke|split|knuckles)",
    r"\bcarv(?:e|ed|ing) .{0,30}(?:skin|arm|leg|thigh|wrist|me|body)\b",
    r"\b(?:throw|threw|throwing|made myself throw|make myself throw) up .{0,40}\bblood\b",
    r"\b(?:sh|self injury) (?:again|tonight|and then|relapse|urges)\b|\btempted to sh\b",
    r"\brelaps\w+ .{0,30}\b(?:cut|cuts|blade|wrist|razor)",
    r"\bi cut\b(?= ?(?:[.!?,]|$|and|again|too deep|last|today|because|so))(?! (?:and (?:paste|run)|the))|"
    r"\bcut too deep\b|\bfresh cuts\b|\bnew (?:scars|cuts)\b|\bhow deep (?:can|do|should) i cut\b",
    r"\b(?:hid|hide|keep|carry|found) (?:the|a|my) (?:blade|razor)s?\b|\b(?:razor|blade|scissors|knife|"
    r"lighter|needle) (?:\w+ ){0,3}?(?:on|to|against|across) (?:my (?:leg|arm|skin|wrist|thigh|self|own)|"
    r"myself)\b|\bused (?:a|the) (?:razor|blade|knife|scissors)\b|\bused them on my ?self\b",
    r"\b(?:hurt|hurting|harm|harming|cut|cutting|burn|burning|punish|punishing) (?:oneself|your ?self|my "
    r"body|themselves)\b|\bpunish my body\b|\bpain is the only thing\b|\bonly (?:thing|way) (?:that |i "
    r")?(?:makes me feel|can feel|feel) (?:real|alive|anything)\b|\bonly pain\b",
    r"\b(?:was|been|months?|year|years) clean\b[^.]{0,40}\b(?:and )?(?:last night|today|yesterday|tonight|"
    r"until|wasnt|relapse)|\bclean (?:for )?[^.]{0,30}\band last night i wasnt\b|\bmy sleeves are stuck\b|"
    r"\bstuck to my arm\b|\bburn my ?self\b(?! (?:on|while|cooking|by accident))",
    r"\bpurg(?:e|ed|ing)\b[^.]{0,40}\b(?:faint\w*|blood|every meal|six times|passed out)\b|\bthrew up "
    r"blood\b|\bbroken my (?:finger|hand|knuckles?) punching\b|\bpick(?:ing)? my skin until\b|\bself "
    r"injur\w+|\bmutilat\w+",
    r"\b(?:ways?|how|methods?|tips?|advice)\b[^.!?]{0,30}\b(?:to|for|of|on) (?:hurt|hurting|harm|harming|"
    r"injure|injuring|cut|cutting|punish|punishing|burn|burning) (?:my ?self|oneself|your ?self|themselves|"
    r"my own body)\b",
    r"\b(?:hurt|hurting|harm|harming|injure|injuring|cut|cutting) (?:my ?self|"
    r"oneself)\b[^.!?]{0,40}\b(?:helps?|relief|release|feel|escape|cope|coping|calm|deserve|numb)\b|"
    r"\brelease (?:the|my) pain\b",
    r"\b(?:blood|bleeding|cuts?|scars?|blades?|razors?)\b[^.!?]{0,40}\b(?:on purpose|makes me feel|calms? "
    r"me|helps me|relief|hide it|hiding it|nobody knows|no one knows|ashamed)\b",
    r"\b(?:scrape|scraped|scraping|scratch\w*|rub|rubbed|pick\w*|dig|dug|peel\w*|"
    r"claw\w*)\b[^.!?]{0,60}\b(?:until|till|so that)\b[^.!?]{0,40}\b(?:skin|raw|blood|bleeds?|comes off|"
    r"sore)\b|\b(?:needle|nails?|pin|glass|compass|scissors) (?:in|into|across) my (?:leg|arms?|skin|thigh|"
    r"wrist|hand)\b",
    r"\b(?:slap|slapped|hit|punch|burn|cut|pour(?:ed)? (?:boiling|hot) water on|bite|pinch) my ?(?:self|"
    r"hands?|face|arms?|legs?|wrists?)\b[^.!?]{0,60}\b(?:when|because|mistake|guilt|cant stop|deserve|"
    r"until|every time|punish\w*)\b|\bpunish\w* me\b(?=.{0,40})(?<=nobody else punishes me)|\b(?:my|these|"
    r"the) cuts (?:opened|are|wont|got|keep|look|hurt|reopened)\b",
    r"\bstarv(?:e|ing|ed)\b[^.!?]{0,40}\b(?:days|control|dizzy|faint|punish\w*|weeks)\b|\b(?:lighter|razor|"
    r"blade|needle) for my (?:arms?|legs?|skin|wrists?)\b|\bmy wrists\b(?=.{0,40}\b(?:again|awful|bad|"
    r"bandage\w*|hide|bleed\w*|cut)\b)|\bpulled out (?:half of )?my hair\b|\bhit my (?:thighs|legs|arms|"
    r"stomach) with\b|\bself harm cuts\b",
)

HARM_TO_OTHERS: tuple[str, ...] = (
    r"\b(?:going to|gonna|will|ill|want to|wants to|wanna|plan\w* to|ready to|thinking (?:of|about)|think "
    r"about|urge to|could|id|about to|afraid i(?: a)?(?:ll|m going to| will| might)?|scared i(?:ll| will| "
    r"might)?|fantasi\w+ about|close to) (?:\w+ )?(?:kill|killing|shoot|shooting|stab|stabbing|(?:hurt|"
    r"hurting)(?= (?:someone|somebody|people|everyone|my (?:baby|kids?|children|son|daughter|wife|husband|"
    r"family|roommate)))|murder|strangle|strangling|strangled|smother|shake|drown|poison|attack) (?:my "
    r"(?:boss|wife|husband|ex|mother|mum|mom|dad|father|baby|son|daughter|kids?|children|roommate|teacher|"
    r"coworkers?|boyfriend|girlfriend|brother|sister|neighbou?r|family|stepdad|parents)|him|her|them(?: "
    r"both| all)?|everyone|people|someone|somebody|the (?:baby|kids|neighbou?r)|that (?:bitch|bastard|guy|"
    r"man|woman)|kids at)\b(?! (?:feelings|with kindness|for (?:eating|leaving|being late|spoil|spoiling|"
    r"forgetting|finishing)|when i see (?:the )?dent|chances|in (?:the )?(?:game|tennis|chess)|if (?:she|"
    r"he) (?:spoils|forgets|finishes)))",
    r"\b(?:shoot up|bomb|blow up|burn down) (?:the|my|a|this) (?:school|office|mosque|church|house|"
    r"building|mall|workplace)\b",
    r"\b(?:list of (?:kids|people)|they|all)\b.{0,40}\b(?:going to|gonna|will) pay\b.{0,60}\b(?:gun|rifle|"
    r"knife)|\b(?:rifle|gun|knife)\b.{0,40}\b(?:going to|gonna|will) pay\b|\bwho are going to "
    r"pay\b.{0,60}\b(?:gun|rifle|knife)",
    r"\b(?:using|use) (?:it|the knife|the gun|a knife|a gun) on (?:my|him|her|them)\b",
    r"\b(?:frightening|horrible|scary|intrusive|violent|bad) thoughts about (?:her|him|the baby|my (?:baby|"
    r"son|daughter|kids?|child|newborn))\b",
    r"\b(?:hurt|shake|smother|drop|drown|harm) (?:my|the) (?:baby|newborn|child|kids?|son|daughter)\b",
    r"\b(?:stab|shoot|kill) them (?:both|all)\b",
    r"\b(?:want to|going to|will|ill|could|might|thinking (?:of|about)|about|plan\w*|imagin\w+ (?:how "
    r")?id?|how id|think about|thoughts of) (?:kill|killing|stab|stabbing|shoot|shooting|smother|"
    r"smothering|strangl\w+|poison|poisoning|drown|drowning|(?:hurt|hurting)(?= (?:someone|somebody|people|"
    r"everyone))) (?:my|him|her|them|someone|somebody|people|everyone)\b(?! (?:feelings|with kindness|"
    r"chances|career|ankle|knee|back|shoulder|foot|arm|hand|head|leg|wrist|finger|for (?:eating|leaving|"
    r"being late|spoiling|forgetting)))(?<!hurt my)(?<!hurting my)",
    r"\bshook my baby\b|\b(?:got|have|bring|brought|taking) (?:the |a |my |his )?(?:weapons?|guns?|rifle|"
    r"knife)\b[^.]{0,40}\b(?:school|pay|house|work|them|him|her)\b|\bdriving to (?:his|her|their) house\b|"
    r"\btheyll all pay\b|\bill do more harm to others\b|\bforce them to see me\b|\bkill (?:him|her|them|my "
    r"coworker|my ex)\b(?=.{0,40}\b(?:good|real|tonight|tomorrow|soon|gun|knife|comes home)\b)",
    r"\b(?:i|im|ill|id|ive)\b[^.!?]{0,40}\b(?:kill|shoot|stab|strangle|murder|smother|drown|poison) (?:him|"
    r"her|them|my (?!self|time|vibe|mood|chances|career|plants?|weeds?|battery|phone|computer|"
    r"character)\w+|everyone|someone|somebody|people|the (?:baby|kids?|children|teacher|boss))\b(?! "
    r"(?:with kindness|if (?:she|he|they) (?:spoil|forget|eat|finish|steal)|for (?:eating|leaving|being "
    r"late|spoil|forgetting|finishing|that recipe)|in (?:the|my) (?:game|story|novel|book)|haha|lol))",
    r"\b(?:run (?:him|her|them) over|see (?:him|her|them|my \w+) bleed|nobody gets them|no one will laugh|"
    r"will be sorry\b(?=.{0,20}$)|with (?:him|her|them) in it|poisoned (?:his|her|their|the) (?:tea|food|"
    r"coffee|drink)|bought a gun because|rifle tomorrow|gun to school|see it on the news)\b|\bset (?:my|"
    r"his|her|the|their) [^.!?]{0,25}\bon fire\b",
    r"\b(?:pushing|drowning|shaking|smothering|dropping|throwing|hurting|stabbing|strangling|hitting) my "
    r"(?:toddler|baby|son|daughter|kids?|child|children|newborn|wife|husband|mother|mum|mom)\b|\bshake her "
    r"until\b|\bi hit my (?:son|daughter|kids?|child|wife|husband|girlfriend|boyfriend|baby)\b|\bwhat ill "
    r"do to (?:my|him|her|them)\b|\bi (?:have|got|ve got) a knife in my (?:bag|pocket|car|hand)\b|\bive a "
    r"knife\b|\bwhere my ex lives\b",
)
