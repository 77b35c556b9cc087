"""Phrases of people whom somebody hurts or threatens."""

from __future__ import annotations

from dualign.models.crisis.patterns.parts import PARTNER

DANGER: tuple[str, ...] = (
    rf"\b{PARTNER} (?:\w+ ){{0,3}}?(?:hit|hits|hitting|beat|beats|beating|chok\w+|strangl\w+|punch\w*|"
    rf"kick\w*|slap\w*|burn(?:s|ed)|rap(?:e|ed|es|ing)|stab\w*|bit|shov\w+|slam\w*|threw|throws|drag\w*|"
    rf"grab\w*|attack\w*|molest\w*|abus\w*|assault\w*|touch(?:es|ed|ing)?|forc\w+|threaten\w*|drugged|"
    rf"stalk\w*) (?:me|my|us|the kids|our)\b(?! (?:up\b|out\b|off\b|laugh|with (?:a|an|the) (?:\w+ "
    rf")?(?:idea|pillow|question|snowball|news|surprise|bill|ball|joke)|playfully))(?! (?:laugh|at "
    rf"(?:chess|cards|tennis|darts|ping|pool|a game|it|every)|in (?:the )?(?:game|tennis|chess|race|cards)|"
    rf"hard with|heart|up for|with (?:questions|kindness)|to (?:it|the (?:finish|punch))|on the shoulder|"
    rf"deeply))",
    r"\b(?:hits|beats|chokes|punches|slaps|kicks|rapes|abuses|strangles|molests|hurts) (?:me|us)\b(?! "
    r"hard)(?<!life hits me)(?<!it hits me)(?<!what hurts me)",
    r"\b(?:hit|hits) me (?:hard|when|where|again|if|with (?:a |his |her |the )?(?:belt|stick|bat|fist|"
    r"hammer|bottle|chair|phone|cable|shoe))\b",
    r"\b(?:around|round|on) my (?:throat|neck)\b",
    r"\b(?:he|she|they|who|hell|shell|husband|boyfriend|ex|father|dad|man) (?:\w+ ){0,4}?(?:will|ll|would|"
    r"going to|threaten\w* to|said hed|wants to|tried to|trying to|says he will) (?:\w+ )?(?:kill|shoot|"
    r"stab|hurt|find and kill|burn|murder|beat|destroy) (?:me|us|my (?:kids|mother|mum|mom|family|dog|"
    r"sister|brother))\b",
    r"\b(?:ill|he said|says|said).{0,30}\b(?:kill|murder|shoot) (?:me|us) if\b|\bwont live to\b|\bend up "
    r"dead\b",
    r"\b(?:i|me|was|got|been|being|he|she|who|they|friend|daughter|sister) (?:\w+ )?(?:raped|molested|"
    r"sexually (?:assaulted|abused)|groped|trafficked)\b",
    r"\b(?:i|ive|am|was|been|being|get|getting|gets) (?:\w+ )?(?:raped|beaten|choked|stalked|abused|"
    r"assaulted|strangled|molested|blackmailed|trafficked|hit) (?:by|again|every|up|on|last|at|when|"
    r"tonight|yesterday)\b",
    r"\b(?:comes|came|come|crawls|gets) (?:into|in|to|in to) my (?:room|bed|bedroom)\b",
    r"\btouch(?:es|ed|ing)? (?:me|my) .{0,40}\b(?:night|like|want|where|there|secret|privates?|sleep|parts)",
    r"\b(?:our|a|the) (?:little )?secret\b.{0,60}\b(?:touch|dont like|uncle|coach|teacher|hurts|scared)|"
    r"\buncle .{0,40}\bsecret\b",
    r"\b(?:im|i am|i|were|we) (?:was )?hid(?:e|ing) (?:in|under|from|inside) .{0,50}\b(?:bathroom|closet|"
    r"him|her|bed|dad|father|husband|room|cupboard|wardrobe|garage)\b(?=.{0,80}\b(?:he|she|dad|drunk|belt|"
    r"knife|angry|scared|find|gun|yelling|screaming|hit)\b)",
    r"\b(?:hide|hiding|cover\w*|make ?up) (?:over )?(?:the |my |these )?bruises\b|\bbruises? (?:on|from|"
    r"where|he)\b(?=.{0,60}\b(?:he|she|husband|dad|boyfriend|hide|grab|him)\b)",
    r"\bscared to (?:go|come|be) home\b(?! for)|\bafraid (?:to|of) (?:go home(?! for)|going home(?! for)|"
    r"my (?:husband|father|dad|boyfriend|partner|wife|ex|stepdad))\b|\b(?:scared|terrified|frightened) of "
    r"(?:him|my (?:husband|boyfriend|father|dad|stepdad|ex|partner|wife))\b",
    r"\b(?:locks?|locked|locking) (?:me|us) (?:in|out|up|inside|outside)\b",
    r"\b(?:takes|took|checks|controls) my (?:phone|wages|money|passport|keys)\b.{0,60}\b(?:hits?|locks?|"
    r"hurts?|beats?|goes to work|leave|house)",
    r"\b(?:follow(?:ed|s|ing)|stalk(?:ed|s|ing)) me (?:home|to|everywhere|again|from|around|for)\b",
    r"\b(?:outside|at|breaking|banging|kicking) (?:down )?(?:my|the) (?:door|window)\b.{0,50}\b(?:knife|"
    r"gun|police|scared|ex|him|axe|dont know)",
    r"\bwith a (?:knife|gun|bat|belt|hammer)\b.{0,40}\b(?:he|door|me|dad|coming|drunk)|\b(?:he|she|dad|ex|"
    r"someone|they).{0,50}\bwith a (?:knife|gun|bat|hammer)\b(?=.{0,40}\b(?:door|me|us|outside|here|what "
    r"to do)\b)",
    r"\b(?:he|she|dad|father|husband|stepdad|mom|mum) (?:\w+ )?(?:is |s |gets )?(?:drunk|angry|violent) "
    r".{0,60}\b(?:belt|hit|hurt|hospital|beat|kill|afraid|scared)",
    r"\b(?:post|share|leak|send|publish)(?:s|ed|ing)? my (?:nudes|pictures|photos|naked|videos?)\b",
    r"\b(?:threw|throws|throwing|smashed) .{0,30}\b(?:at (?:me|my (?:head|face))|next to my head|at the "
    r"wall next)\b",
    r"\bended up in (?:the )?(?:hospital|er|a&e|emergency)\b(?=.{0,80}\b(?:he|she|angry|hit|husband|"
    r"dad)\b)|\b(?:he|she|angry|hit|husband)\b.{0,60}\bended up in (?:the )?hospital\b",
    r"\bbeat(?:s|ing|en)? (?:my|her|his|the) (?:little |baby |big |own )?(?:brother|sister|mum|mom|mother|"
    r"kids?|son|daughter|baby|dog)\b",
    r"\b(?:hit|hits|hitting|hurts|hurting|abus\w+|beats) (?:my|her|the|our) (?:little |baby |own "
    r")?(?:brother|sister|mum|mom|mother|kids?|son|daughter|baby|children)\b",
    r"\bmade (?:me|her) do (?:things|it)\b.{0,40}\b(?:hit|hurt|sex|touch|bed|cries)|\b(?:forced|made) me "
    r"(?:to )?(?:have sex|do sexual|touch)",
    r"\b(?:not|dont feel|isnt|never|no longer|feel un|un) ?safe (?:at|in my|in our|with|here|around|going) "
    r"(?:home|house|him|her|my|at home)?\b|\bunsafe at home\b",
    r"\b(?:gun|knife|weapon)\b[^.!?]{0,50}\b(?:use it on|on us|on me|at me|to my|point\w*|if i)\b|\b(?:he|"
    r"she|they|dad|ex|husband|boyfriend) (?:has|got|have) (?:a |his )?(?:gun|guns|knife)\b",
    r"\b(?:break|breaking|broke) (?:into my|in to my|my (?:arm|legs?|nose|rib|ribs|jaw|teeth|neck)|"
    r"everything)\b(?=.{0,80})(?! (?:heart|skiing|playing|at football))(?<!i broke my arm)(?<!i broke my "
    r"leg)",
    r"\b(?:has been|keeps?|been|is|was|started) (?:touching|groping|molesting|grooming|stalking|hitting|"
    r"beating|threatening|blackmailing|choking|hurting|following|abusing|raping|watching) me\b(?! (?:to "
    r"(?:do|be)|with (?:his|her) (?:cute|bad)))",
    r"\b(?:blackmail\w*|extort\w*|sextort\w*) (?:me|us)?\b(?=.{0,80}\b(?:me|pictures?|photos?|naked|nudes?|"
    r"money|send)\b)",
    r"\b(?:took|takes|taken|stole|hides?) my (?:keys|phone|passport|money|papers|wages)\b|\bwont let me "
    r"(?:leave|go out|out of|see (?:my|any)|call|work|have money)\b|\bnot allowed to (?:leave|go out|see "
    r"my (?:family|friends))\b",
    r"\b(?:man|guy|someone|stranger|he|ex) (?:is |s |keeps |has been )?(?:following|followed|watching|"
    r"stalking|waiting for) me\b|\bwaits? (?:outside|for me outside)\b|\bhe(?:s|ll| will)? (?:\w+ )?find "
    r"me\b|\b(?:scared|afraid|terrified) (?:that )?(?:he|she|they)(?:ll| will|d| would) (?:hurt|kill|find|"
    r"hit|beat)",
    r"\b(?:push(?:ed|es)|threw|dragged|slammed|pinned|held|shoved) (?:me|my head) (?:down|against|into|by|"
    r"on|to|off|out)\b|\bpushed me\b(?! (?:to|into (?:studying|a career)|deeper|further|out of my|hard))|"
    r"\bhit me\b(?! (?:up\b|out\b|off\b|laugh|with (?:a|an|the) (?:\w+ )?(?:idea|pillow|question|snowball|"
    r"news|surprise|bill|ball|joke)|playfully))(?! (?:up|with a (?:pillow|great|question|snowball)|that|"
    r"like|how|hard how|on the shoulder))",
    r"\b(?:left|leaves|leave) us alone\b[^.]{0,40}\b(?:days|food|nights)\b|\bno food\b[^.]{0,40}\b(?:mum|"
    r"mom|dad|parents|home|us|days)\b|\btheres no food\b|\blocked my ?self in\b|\bforce(?:d|s)? (?:me|us|"
    r"her) (?:to|into)\b(?=.{0,60}\b(?:sex|marry|things|touch|drink|eat|watch|pills?|do)\b)",
    r"\b(?:marry|marriage)\b[^.]{0,50}\b(?:never met|forced|dont want|against my will|abroad)\b|\bsend me "
    r"abroad to marry\b|\bforced marriage\b|\bblack eye\b|\b(?:need(?:ed)?|got) "
    r"stitches\b(?=.{0,40})(?<=no to him i needed stitches)|\bcover (?:up )?the bruises\b",
    r"\b(?:when|if|after|every time) (?:hes|he is|shes|he gets|she gets|dad is|he comes home) (?:drunk|"
    r"angry|mad|high)\b|\bwhat hell do (?:when|if|to)\b|\bsorry (?:each|every) time afterwards\b|\bsleep "
    r"in the car with\b|\bhes in the next room\b|\bhave to be quiet\b(?=.{0,30}\b(?:he|she|room)\b)",
    r"\b(?:all the girls|our little secret|special game|wont tell anyone|dont tell (?:your )?(?:mum|mom|"
    r"parents))\b[^.]{0,40}\b(?:him|coach|do this|uncle|touch|teacher)|\bcoach says\b[^.]{0,30}\b(?:girls|"
    r"boys|secret)\b|\btrying to break into\b|\bscreams? every night\b|\bhas bruises\b",
    r"\b(?:burns?|burned) me with\b|\bcaregiver (?:hits|hurts|beats)\b|\b(?:he|she|they) (?:hits?|beats?|"
    r"chokes?|kicks?|slaps?) (?:me|us|him|her|the (?:kids|dog|baby))\b(?! (?:at|in) (?:chess|cards|tennis|"
    r"\w+ games?))|\bthreatened to (?:kill|hurt|shoot|stab|take the kids|burn)\b|\bhit(?:s|ting)? me where\b",
    r"\b(?:im|i am|we are|were) (?:not safe|in danger|being (?:held|kept|followed|threatened|abused|hurt|"
    r"hit))\b|\b(?:help me|please help)\b[^.!?]{0,60}\b(?:he|she|they|dad|husband|"
    r"boyfriend)\b[^.!?]{0,40}\b(?:hurt|hit|kill|knife|gun|door|drunk|beat)",
    r"\b(?:my|the) (?:\w+ )?(?:husband|wife|boyfriend|girlfriend|partner|dad|father|mum|mom|mother|stepdad|"
    r"stepfather|brother|uncle|boss|coach|teacher|ex|cousin|grandpa|grandfather)\b[^.!?]{0,40}\b(?:abuses|"
    r"molests|rapes|beats|hits|chokes|kicks|burns|strangles|threatens|stalks|locks|touches) (?:me|us|my|"
    r"him|her|the)\b(?! (?:laugh|at|in (?:chess|cards|tennis)))",
    r"\b(?:slapp|punch|kick(?!ing)|chok|strangl|beat|bit|smack|whipp|burn|shov|stabb)(?:ed|en|s|es|ing)? "
    r"(?:me|us)\b(?! (?:at|in (?:chess|cards|the game)|out of|up|off))|\bhand(?:s)? (?:around|on|round) my "
    r"(?:throat|neck)\b|\bpulled (?:me by|my) (?:the )?hair\b",
    r"\b(?:burn the house|burn us|acid in|pulled a (?:gun|knife)|gun on (?:my|me|us|her|him)|sharpening a "
    r"knife|two funerals|wont live to|kill us all|set (?:me|us|her) on fire)\b|\bthreat\w* (?:to|me|that|"
    r"my)\b[^.!?]{0,60}\b(?:kill|leak|post|burn|hurt|say i|nudes|pics|pictures|take the (?:kids|children)|"
    r"visa|money|dollars)\b",
    r"\b(?:makes?|made|making|forces?|forced) me (?:to )?(?:take my clothes off|undress|touch|watch|sleep "
    r"with|have sex|strip|kiss)\b|\btake my clothes off for\b|\b(?:grabbed|groped|squeezed|drugged|"
    r"assaulted|abducted|kidnapped|held down|tied up|dragged|cornered) (?:me|my|by|in|at|her)\b(?! "
    r"(?:attention|coffee|a|lunch|drink))|\bwas (?:drugged|assaulted|kidnapped|spiked)\b",
    r"\b(?:gets?|got|climbs?|crawls?|comes?) (?:into|in) (?:my )?bed with me\b|\b(?:touched|touches|"
    r"touching|molested|abused) my (?:little |baby |younger )?(?:sister|brother|daughter|son|cousin|niece|"
    r"nephew)\b|\btold (?:her|him|me) to keep (?:quiet|it (?:a )?secret)\b|\bpillow over my face\b|"
    r"\b(?:pics|pictures|photos|videos?|nudes) of (?:me|my own front door)\b|\bmy pics\b|\bmy "
    r"pictures\b(?=.{0,80}\b(?:send|dollars|money|family|post|wants)\b)",
    r"\btracker (?:in|on|under) my car\b|\bparked outside\b(?=.{0,40}\b(?:my|house|now|work|sister\w*)\b)|"
    r"\bstood (?:at|outside) my (?:window|door)\b|\b(?:my|keeps?|took|takes?) (?:my )?(?:documents|"
    r"passport)\b(?=.{0,60}\b(?:work|pay|out|girls|beats?|leave|took|keeps?)\b)|\bwithout pay and\b|\bcant "
    r"go out\b|\bbeats the\b|\btake me abroad\b[^.!?]{0,40}\b(?:cut|marry|married)\b|\bscratched my face\b|"
    r"\bdoesnt give (?:her|him|me) (?:water|food)\b",
)
