"""Crisis phrases in other languages than English: a short list without a measured recall, better than "
"silence."""

from __future__ import annotations

from functools import cache

from dualign.models.crisis.normalize import plain

# The words as people write them; compared after the same normalisation as the message.
_SUICIDE = {
    "es": "quiero morir|quiero morirme|me quiero morir|no quiero vivir|matarme|quitarme la vida|suicidarme|"
    "suicidio|acabar con mi vida|"
    "no quiero seguir viviendo|ya no quiero estar aquí|mejor muerto|mejor muerta",
    "fr": "je veux mourir|envie de mourir|me suicider|me tuer|mettre fin à mes jours|en finir avec la vie|"
    "suicide|je ne veux plus vivre|"
    "plus envie de vivre|mieux sans moi",
    "de": "ich will sterben|ich möchte sterben|mich umbringen|bringe mich um|das leben nehmen|selbstmord|"
    "suizid|nicht mehr leben|will nicht mehr "
    "leben|möchte nicht mehr leben|besser ohne mich|will nicht mehr aufwachen",
    "pt": "quero morrer|me matar|tirar minha vida|tirar a minha vida|suicídio|não quero mais viver|não "
    "quero viver|acabar com a minha vida",
    "it": "voglio morire|uccidermi|ammazzarmi|togliermi la vita|suicidio|suicidarmi|non voglio più vivere|"
    "farla finita",
    "nl": "ik wil dood|wil doodgaan|mezelf van kant|zelfmoord|niet meer leven|een einde aan mijn leven|wil "
    "niet meer leven|zelfdoding",
    "pl": "chcę umrzeć|zabić się|zabiję się|odebrać sobie życie|samobójstwo|nie chcę żyć|nie chce mi się żyć",
    "sv": "vill dö|ta livet av mig|självmord|vill inte leva|orkar inte leva|ta mitt liv",
    "da": "vil gerne dø|vil dø|tage mit eget liv|selvmord|vil ikke leve|tage livet af mig",
    "tr": "ölmek istiyorum|kendimi öldür|intihar|yaşamak istemiyorum|canıma kıy",
    "ru": "хочу умереть|не хочу жить|покончить с собой|покончу с собой|убить себя|убью себя|самоубийств|"
    "суицид|свести счёты с жизнью",
    "uk": "хочу померти|не хочу жити|вбити себе|самогубств|накласти на себе руки",
    "ar": "أريد أن أموت|اريد ان اموت|أقتل نفسي|اقتل نفسي|الانتحار|انتحار|لا أريد أن أعيش|لا اريد ان اعيش|"
    "بدي موت",
    "fa": "میخواهم بمیرم|می‌خواهم بمیرم|میخوام بمیرم|خودکشی|خودم را بکشم",
    "hi": "मरना चाहता|मरना चाहती|आत्महत्या|जीना नहीं चाहता|जीना नहीं चाहती|खुदकुशी|marna chahta|marna "
    "chahti|jeena nahi chahta|jeena nahi chahti|"
    "khudkushi",
    "zh": "我想死|不想活|自杀|自殺|结束生命|結束生命|轻生|輕生|活不下去",
    "ja": "死にたい|自殺|消えたい|生きたくない|命を絶",
    "ko": "죽고 싶|죽고싶|자살|살고 싶지 않|살기 싫",
    "vi": "muốn chết|tự tử|tự sát|không muốn sống",
    "id": "ingin mati|mau mati|bunuh diri|tidak ingin hidup|gak mau hidup",
    "el": "θέλω να πεθάνω|αυτοκτονία|να αυτοκτονήσω|δεν θέλω να ζω",
    "he": "רוצה למות|להתאבד|התאבדות|לא רוצה לחיות",
    "ro": "vreau să mor|să mă sinucid|sinucidere|nu mai vreau să trăiesc",
    "cs": "chci umřít|chci zemřít|zabít se|sebevražd|nechci žít",
    "hu": "meg akarok halni|öngyilkos|nem akarok élni",
    "fi": "haluan kuolla|itsemurha|en halua elää|tappaa itseni",
    "no": "ønsker å dø|vil ikke leve lenger|ta livet mitt|selvmord",
}
_SELF_HARM = {
    "es": "me corto|cortarme|me hago daño|hacerme daño|autolesion",
    "fr": "je me coupe|me scarifie|me faire du mal|automutil",
    "de": "ich ritze|ritze mich|mich ritzen|schneide mich|selbst verletz|selbstverletz",
    "pt": "me corto|me cortar|me machucar de propósito|automutila",
    "it": "mi taglio|tagliarmi|farmi del male|autolesion",
    "nl": "snijd mezelf|mezelf snijden|zelfbeschadig",
    "ru": "режу себя|порезать себя|самоповрежд",
    "zh": "自残|自殘|割腕|伤害自己|傷害自己",
    "ja": "リストカット|自傷",
    "ko": "자해",
}
_DANGER = {
    "es": "me pega|me golpea|me violó|me violaron|me quiere matar|me va a matar|abusa de mí",
    "fr": "il me frappe|elle me frappe|me bat|m'a violée|m'a violé|va me tuer|veut me tuer",
    "de": "schlägt mich|vergewaltigt|will mich umbringen|bringt mich um|missbraucht mich",
    "pt": "me bate|me estuprou|quer me matar|vai me matar|abusa de mim",
    "it": "mi picchia|mi ha violentat|vuole uccidermi|mi uccide|abusa di me",
    "nl": "slaat mij|slaat me|verkracht|wil me vermoorden",
    "ru": "бьёт меня|бьет меня|изнасил|хочет меня убить|убьёт меня",
    "zh": "打我|家暴|强奸|強姦|要杀我|要殺我",
}


@cache
def _listed() -> tuple[tuple[str, str], ...]:
    found = []
    for kind, languages in (("suicide", _SUICIDE), ("self_harm", _SELF_HARM), ("danger", _DANGER)):
        for joined in languages.values():
            # "suicide" and the like are English words too, where the patterns judge them in their sentence.
            found += [(plain(p), kind) for p in joined.split("|") if plain(p) != "suicide"]
    return tuple(found)


def kinds(text: str) -> set[str]:
    """Kinds of crisis whose phrases stand in plain text (as `plain` leaves it), of any listed language."""
    padded = f" {text} "
    return {
        kind
        for phrase, kind in _listed()
        if (phrase in text if _unspaced(phrase) else f" {phrase}" in padded)
    }


def _unspaced(phrase: str) -> bool:
    """Whether the script writes words without spaces between them."""
    return any("\u3040" <= c <= "\u30ff" or "\u4e00" <= c <= "\u9fff" for c in phrase)
