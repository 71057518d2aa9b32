"""Vehicle licence plates and driving licences."""

from __future__ import annotations

from typing import ClassVar

from ..contract import Pattern, Recognizer, recognizer

_WORD = (
    r"(?:licen[cs]e\s?plate|number\s?plate|registration(?:\snumber|\splate)?|plate(?:\snumber|\sno\.?)?|kennzeichen|immatriculation"
    r"|plaque|matr[ií]cula|targa|kenteken|placa|车牌号?)"
)
_DRIVER = (
    r"(?:driv(?:er|ing)['’]?s?\slicen[cs]e(?:\snumber|\sno\.?)?|driver\s(?:number|no\.?)|führerschein(?:nummer)?|permis\sde\sconduire|permiso\sde\sconducir"
    r"|carnet\sde\sconducir|patente(?:\sdi\sguida)?|rijbewijs(?:nummer)?|carta\sde\scondução|cnh|驾驶证号?)"
)
_BETWEEN = r"[\s:#]{1,3}(?:is|ist|est|es|è|é|no\.?|nr\.?|n°|number)?[\s:#]{0,3}"


@recognizer("license_plate")
class LicensePlate(Recognizer):
    """Licence plates: in the shape of France, Italy, Britain, the Netherlands, Brazil, China; others behind their word."""

    entity = "LICENSE_PLATE"
    case_sensitive = True
    patterns: ClassVar[tuple[Pattern, ...]] = (
        Pattern(r"(?<![\w-])[A-HJ-NP-TV-Z]{2}[- ]\d{3}[- ][A-HJ-NP-TV-Z]{2}(?![\w-])", 0.5),
        Pattern(r"(?<![\w-])[A-HJ-PR-Y]{2}\d{2} [A-HJ-PR-Z]{3}(?![\w-])", 0.45),
        Pattern(
            r"(?<![\w-])(?:\d{2}-[B-DF-HJ-NP-TV-XZ]{3}-\d|\d-[B-DF-HJ-NP-TV-XZ]{3}-\d{2}|[B-DF-HJ-NP-TV-XZ]{2}-\d{3}-[B-DF-HJ-NP-TV-XZ])(?![\w-])",
            0.45,
        ),
        Pattern(r"(?<![\w-])[A-Z]{3}\d[A-Z]\d{2}(?![\w-])", 0.3),
        Pattern(r"(?<![\w-])[A-ZÄÖÜ]{1,3}-[A-Z]{1,2} [1-9]\d{0,3}[EH]?(?![\w-])", 0.3),
        Pattern(r"(?<![\w-])[A-Z]{3}-\d{4}(?![\w-])", 0.2),
        Pattern(
            r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-Z][·\s]?[A-Z0-9]{5,6}(?![A-Za-z0-9])",
            0.8,
        ),
        Pattern(
            rf"(?i:{_WORD}){_BETWEEN}(?P<value>(?=[A-ZÄÖÜ0-9 -]{{0,9}}\d)[A-ZÄÖÜ0-9]{{1,8}}(?:[- ][A-ZÄÖÜ0-9]{{1,4}}){{0,2}})(?![\w-])",
            0.7,
        ),
        Pattern(
            rf"(?i:\b(?:vehicle|reg)\b){_BETWEEN}(?P<value>(?=[A-Z -]{{0,8}}\d)(?=[\d -]{{0,8}}[A-Z])[A-Z0-9]{{2,8}}(?:[- ][A-Z0-9]{{2,4}})?)(?![\w-])",
            0.45,
        ),
    )
    context = (
        "plate",
        "car",
        "vehicle",
        "registration",
        "kennzeichen",
        "auto",
        "plaque",
        "targa",
        "kenteken",
        "placa",
        "fahrzeug",
        "wagen",
        "pkw",
        "lkw",
        "motorrad",
        "carro",
        "veículo",
        "coche",
    )
    positives = (
        "la voiture «AB-123-CD» est là",
        "licence plate «7ABC123» seen",
        "Kennzeichen: «B-MW 1234», blau",
        "the car «BD51 SMR» left",
        "车牌 «京A·12345» 停在",
        "das Fahrzeug «M-AB 1234» stand dort",
    )
    negatives = ("plate of food", "room AB 12 is free", "registration is open in 2023")


@recognizer("vehicle_id")
class VehicleId(Recognizer):
    """Vehicle identification numbers (ISO 3779) behind the word that names them."""

    entity = "LICENSE_PLATE"
    patterns: ClassVar[tuple[Pattern, ...]] = (
        Pattern(
            rf"\b(?:vin|chassis(?:\snumber|\sno\.?)?|fahrgestellnummer|fin|num[eé]ro\sde\sch[aâ]ssis|bastidor|telaio|chassi){_BETWEEN}"
            r"(?P<value>[A-HJ-NPR-Z0-9]{17})(?!\w)",
            0.8,
        ),
    )
    positives = ("VIN «1HGCM82633A004352» checked", "Fahrgestellnummer: «WVWZZZ1JZ3W386752»")
    negatives = ("a fin of the fish", "vin rouge de 2019")


@recognizer("driver_license")
class DriverLicense(Recognizer):
    """Driving licence numbers behind the word that names them."""

    entity = "DRIVER_LICENSE"
    patterns: ClassVar[tuple[Pattern, ...]] = (
        Pattern(rf"\b{_DRIVER}{_BETWEEN}(?P<value>(?=[\w-]{{0,12}}\d)[A-Z0-9][A-Z0-9-]{{4,18}})(?![\w-])", 0.7),
        Pattern(r"(?<![\w-])[A-Z]{2,5}9{0,3}\s?\d{6}\s?[A-Z][A-Z9]\s?\d[A-Z]{2}(?![\w-])", 0.6),
    )
    positives = (
        "driver's license number «D1234567» is",
        "Führerschein Nr. «B072RRE2I55» weg",
        "rijbewijs «5123456789»",
        "driver number «MORGA 753116 SM9IJ» checked",
    )
    negatives = ("a driver's license is needed in 2024", "patente di guida")
