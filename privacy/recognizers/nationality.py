"""Nationality, religion and political group: what a person belongs to (NRP)."""

from __future__ import annotations

from typing import ClassVar

from ..contract import Pattern, Recognizer, recognizer

_ENGLISH = (
    "Afghan|Albanian|Algerian|American|Andorran|Angolan|Argentin(?:e|ian)|Armenian|Australian|Austrian|Azerbaijani"
    "|Bahraini|Bangladeshi|Belarusian|Belgian|Bolivian|Bosnian|Brazilian|British|Briton|Bulgarian|Burmese|Cambodian"
    "|Cameroonian|Canadian|Chadian|Chilean|Chinese|Colombian|Congolese|Costa Rican|Croat(?:ian)?|Cuban|Cypriot|Czech"
    "|Dane|Danish|Dominican|Dutch|Ecuadorian|Egyptian|Emirati|English|Eritrean|Estonian|Ethiopian|Filipin[oa]|Finn"
    "|Finnish|French|Gabonese|Gambian|Georgian|German|Ghanaian|Greek|Greenlander|Greenlandic|Guatemalan|Guinean|Guyanese"
    "|Haitian|Honduran|Hungarian|Icelandic|Icelander|Indian|Indonesian|Iranian|Iraqi|Irish|Israeli|Italian|Ivorian|Jamaican"
    "|Japanese|Jordanian|Kazakh|Kenyan|Korean|Kosovan|Kurd(?:ish)?|Kuwaiti|Kyrgyz|Lao|Latvian|Lebanese|Liberian|Libyan"
    "|Lithuanian|Luxembourgish|Macedonian|Malagasy|Malaysian|Malian|Maltese|Mauritanian|Mauritian|Mexican|Moldovan"
    "|Mongolian|Montenegrin|Moroccan|Mozambican|Namibian|Nepal(?:i|ese)|New Zealander|Nicaraguan|Nigerian|Norwegian"
    "|Omani|Pakistani|Palestinian|Panamanian|Paraguayan|Persian|Peruvian|Polish|Portuguese|Puerto Rican|Qatari|Romanian"
    "|Russian|Rwandan|Salvadoran|Saudi|Scot(?:tish)?|Senegalese|Serb(?:ian)?|Singaporean|Slovak(?:ian)?|Sloven(?:e|ian)"
    "|Somali|South African|Spaniard|Spanish|Sri Lankan|Sudanese|Swede|Swedish|Swiss|Syrian|Taiwanese|Tajik|Tanzanian"
    "|Thai|Tibetan|Tunisian|Turk(?:ish)?|Turkmen|Ugandan|Ukrainian|Uruguayan|Uzbek|Venezuelan|Vietnamese|Welsh|Yemeni"
    "|Zambian|Zimbabwean|African|Asian|European|Latin[oa]|Hispanic|Arab|Roma|Caucasian"
)
_BELIEF = (
    "Muslim|Islamic|Sunni|Shi(?:a|ite|is?)|Christian|Catholic|Protestant|Lutheran|Baptist|Methodist|Orthodox|Mormon|Jew"
    "|Jewish|Hindu|Sikh|Buddhist|Atheist|Agnostic|Jain|Taoist|Quaker|Anglican|Evangelical|Democrat|Republican|Communist"
    "|Socialist|Libertarian"
)
_GERMAN = (
    r"\p{L}\p{Ll}+ische[rsnm]?\sStaatsangehörige[rn]?|Deutsche[rn]?|Franzosen?|Französin|Türken?|Türkin(?:nen)?|Polen?|Polin"
    r"|Syrer(?:in)?|Italiener(?:in)?|Spanier(?:in)?|Russen?|Russin|Österreicher(?:in)?|Schweizer(?:in)?|Muslim(?:in|e)?"
    r"|Jud(?:e|en)|Jüdin|Christ(?:in|en)|Katholik(?:in|en)?|Protestant(?:in|en)?"
)
_ROMANCE = (
    r"français(?:es?)?|allemande?s?|espagnole?s?|italien(?:ne)?s?|marocaine?s?|algérien(?:ne)?s?|tunisien(?:ne)?s?"
    r"|musulmane?s?|catholiques?|juifs?|juives?|español(?:a|es|as)?|alemán|alemana|mexican[oa]s?|colombian[oa]s?"
    r"|venezolan[oa]s?|musulm[aá]n[ae]?s?|católic[oa]s?|judí[oa]s?|tedesc[oah]i?|spagnol[oaie]|francesi?|rumen[oaie]"
    r"|musulman[oaie]|cattolic[oa]|ebre[oaie]|brasileir[oa]s?|portugues(?:a|es|as)?|muçulman[oa]s?|judeus?"
    r"|nederlander|nederlandse|duitser|marokkaan(?:se)?|turkse?|katholiek|joods"
)


@recognizer("nationality")
class Nationality(Recognizer):
    """Nationalities, religions and political groups, in English whatever the text's language, and in the others."""

    entity = "NRP"
    patterns: ClassVar[tuple[Pattern, ...]] = (
        Pattern(rf"\b(?:(?:{_ENGLISH})(?:s|es|men|man|woman|women)?|(?:{_BELIEF})s?)\b", 0.5),
    )
    positives = ("a «Norwegian» friend", "she is «jewish»", "two «Republicans» came")
    negatives = ("the finish line", "a polished table", "we turn right")

    @classmethod
    def validate(cls, value: str) -> bool | None:
        """Drop lower-case forms that are ordinary words."""
        return (
            False if value in {"polish", "swede", "finn", "turkey", "roma", "lao", "scot", "orthodox", "jain"} else None
        )


@recognizer("nationality_local")
class NationalityLocal(Recognizer):
    """Nationalities and religions in German, French, Spanish, Italian, Dutch and Portuguese."""

    entity = "NRP"
    languages = ("de", "fr", "es", "it", "nl", "pt")
    patterns: ClassVar[tuple[Pattern, ...]] = (
        Pattern(rf"\b(?-i:{_GERMAN})\b", 0.5),
        Pattern(rf"\b(?:{_ROMANCE})\b", 0.5),
    )
    positives = ("er ist «Franzose» hier", "ein «Syrischer Staatsangehöriger»")
    negatives = ("das ist ein Haus",)
