"""Medical record, insurance and provider numbers beside the word that names them."""

from __future__ import annotations

from typing import ClassVar

from ..contract import Pattern, Recognizer, recognizer

_WORD = (
    r"(?:\bmrns?\b|medical\srecords?(?:\snumbers?|\sno\.?|\sid)?|patient(?:\s|-)?(?:id|number|no\.?|records?)|health\splan(?:\snumber|\sid)?"
    r"|member\sid|hospital\s(?:number|no\.?)|insurance\s(?:number|id|no\.?)|policy\snumber|npi(?:\snumber)?|medicare(?:\snumber|\sid)?|medicaid(?:\sid)?|chart\s(?:number|no\.?)"
    r"|versichertennummer|krankenversicherungsnummer|krankenversichertennummer|patientennummer|fallnummer|aufnahmenummer"
    r"|num[eé]ro\sde\sdossier|dossier\s(?:médical|patient)|dossier\sn[°ºo]|n°\s?(?:de\s)?(?:dossier|patient)|carte\svitale"
    r"|historia\scl[ií]nica|tarjeta\ssanitaria|número\sde\spaciente|tessera\ssanitaria|cartella\sclinica|numero\spaziente"
    r"|pati[eë]ntnummer|dossiernummer|polisnummer|cart[aã]o\s(?:do\s)?sus|\bcns\b|n[uú]mero\sd[eo]\s(?:utente|paciente|prontu[aá]rio)|prontu[aá]rio"
    r"|(?:病历|医保|住院|门诊|就诊|社保)卡?号?)"
)


@recognizer("medical_record")
class MedicalRecord(Recognizer):
    """Medical record, health insurance, patient and provider numbers: with their prefix, or up to 25 characters behind their word."""

    entity = "MEDICAL_RECORD"
    patterns: ClassVar[tuple[Pattern, ...]] = (
        Pattern(r"\bMRN[-:#\s]{0,3}\d{4,12}(?!\w)", 0.8),
        Pattern(r"\bMED\d{6,10}(?!\w)", 0.5),
        Pattern(
            rf"{_WORD}[^\n\d]{{0,25}}?(?P<value>(?<![\w-])(?:[A-Z]{{0,10}}[-/]?\d[\dA-Z/-]{{3,20}}|\d{{3,4}}(?:\s\d{{3,4}}){{2,4}})(?![\w-]))",
            0.7,
        ),
        Pattern(
            r"(?:病历|医保|住院|门诊|就诊|社保)卡?号?码?[是为:：\s]{0,3}(?P<value>[A-Z]{0,4}\d[\dA-Z-]{4,20})(?![\dA-Z])",
            0.7,
        ),
        Pattern(rf"{_WORD}[^\n]{{0,40}}?\b(?:and|or|und|et|,)\s(?P<value>[A-Z]{{1,3}}-?\d{{5,10}}(?![\w-]))", 0.6),
    )
    positives = (
        "the «MRN-857162» was lost",
        "Medical Record Number: «G4346166», thanks",
        "NPI «1234567893» is hers",
        "Versichertennummer «A123456780» steht da",
        "patient ID «88-41207» came in",
        "número de utente «482913047», obrigado",
        "住院号«0048213»，",
        "número de utente do SNS «123 456 789», obrigado",
        "hospital number «H0045871» on the chart",
    )
    negatives = ("medical records from 2019 on", "in 2023 the patient came", "the member is 1234")

    @classmethod
    def validate(cls, value: str) -> bool | None:
        """Drop years."""
        return False if value.isdigit() and len(value) == 4 else None
