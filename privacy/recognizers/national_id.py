"""National identity and social security numbers of many countries."""

from __future__ import annotations

from typing import ClassVar

from ..contract import recognizer
from ._stdnum import Document, Documents


@recognizer("national_id")
class NationalId(Documents):
    """National identity and social security numbers of 30 countries, proven by their checksum; weak ones need a word."""

    entity = "NATIONAL_ID"
    documents: ClassVar[tuple[Document, ...]] = (
        Document("at.vnr", r"\d{4}[ -]?\d{6}", 0.1),
        Document("be.nn", r"\d{2}\.?\d{2}\.?\d{2}-?\d{3}[.-]?\d{2}", 0.5),
        Document("bg.egn", r"\d{10}", 0.05),
        Document("br.cpf", r"\d{3}\.\d{3}\.\d{3}-\d{2}", 0.9),
        Document("br.cpf", r"\d{11}", 0.3),
        Document("ca.sin", r"\d{3}[ -]\d{3}[ -]\d{3}", 0.3),
        Document("ch.ssn", r"756\.?\d{4}\.?\d{4}\.?\d{2}", 0.9),
        Document("cl.rut", r"\d{1,2}\.?\d{3}\.?\d{3}-[\dk]", 0.6),
        Document("cn.ric", r"[1-9]\d{5}(?:19|20)\d{9}[\dx]", 0.95),
        Document("cz.rc", r"\d{6}/?\d{3,4}", 0.2),
        Document("de.idnr", r"\d{2} ?\d{3} ?\d{3} ?\d{3}", 0.3),
        Document("dk.cpr", r"\d{6}-\d{4}", 0.4),
        Document("ee.ik", r"[1-6]\d{10}", 0.2),
        Document("es.dni", r"\d{8}[- ]?[A-HJ-NP-TV-Z]", 0.5),
        Document("es.nie", r"[XYZ]-?\d{7}[- ]?[A-Z]", 0.7),
        Document("fi.hetu", r"\d{6}[-+A-F]\d{3}[0-9A-Y]", 0.8),
        Document("fr.nir", r"[12] ?\d{2} ?\d{2} ?[\dAB]{2} ?\d{3} ?\d{3} ?\d{2}", 0.9),
        Document("fr.nif", r"[0-3]\d ?\d{2} ?\d{3} ?\d{3} ?\d{3}", 0.3),
        Document("hr.oib", r"\d{11}", 0.1),
        Document("ie.pps", r"\d{7}[A-W][A-IW]?", 0.5),
        Document("in_.aadhaar", r"[2-9]\d{3} \d{4} \d{4}", 0.5),
        Document("in_.pan", r"[A-Z]{3}[ABCFGHJLPT][A-Z]\d{4}[A-Z]", 0.6),
        Document("it.codicefiscale", r"[A-Z]{6}\d{2}[A-EHLMPRST]\d{2}[A-Z]\d{3}[A-Z]", 0.95),
        Document("jp.in_", r"\d{4}[ -]?\d{4}[ -]?\d{4}", 0.15),
        Document("kr.rrn", r"\d{6}-[1-8]\d{6}", 0.8),
        Document("mx.curp", r"[A-Z]{4}\d{6}[HMX][A-Z]{5}[A-Z\d]\d", 0.95),
        Document("nl.bsn", r"\d{9}|\d{4}\.\d{2}\.\d{3}", 0.1),
        Document("no.fodselsnummer", r"\d{6} ?\d{5}", 0.4),
        Document("pl.pesel", r"\d{11}", 0.3),
        Document("pt.cc", r"\d{8}[ -]?\d[ -]?[A-Z\d]{2}\d", 0.7),
        Document("ro.cnp", r"[1-9]\d{12}", 0.5),
        Document("se.personnummer", r"(?:19|20)?\d{6}[-+]\d{4}", 0.6),
        Document("tr.tckimlik", r"[1-9]\d{10}", 0.3),
        Document("za.idnr", r"\d{13}", 0.4),
    )
    context = (
        "identity", "national", "citizen", "ssn", "sin", "insurance", "social", "personal", "cpf", "rut", "dni", "nie",
        "bsn", "burgerservicenummer", "sofinummer", "sozialversicherungsnummer", "svnr", "steuer", "identifikationsnummer",
        "idnr", "ausweis", "personalausweis", "numéro", "nir", "sécurité", "sociale", "fiscal", "fiscale", "codice",
        "identidad", "documento", "cédula", "identiteit", "rijksregisternummer", "cidadão", "cartão", "pesel", "cpr",
        "personnummer", "oib", "aadhaar", "pan", "curp", "身份证", "身份证号",
    )  # fmt: skip
    positives = (
        "CPF «529.982.247-25» do cliente",
        "NIR «1 85 05 78 006 084 91» noté",
        "身份证 «11010519491231002X» 有效",
        "codice fiscale «RCCMNL83S18D969H» valido",
        "DNI «12345678Z» de Ana",
        "mijn bsn is «111222333», ok",
        "AHV «756.9217.0769.85» steht da",
        "rijksregisternummer «85.07.30-033.28» genoteerd",
    )
    negatives = ("order 111222334 shipped", "12345678A is no such thing", "call 000000000 now")


@recognizer("tax_id")
class TaxId(Documents):
    """Tax and VAT numbers of firms and people, proven by their checksum; plain digits need a word."""

    entity = "TAX_ID"
    documents: ClassVar[tuple[Document, ...]] = (
        Document(
            "eu.vat",
            r"(?:AT|BE|BG|CY|CZ|DE|DK|EE|EL|ES|FI|FR|HR|HU|IE|IT|LT|LU|LV|MT|NL|PL|PT|RO|SE|SI|SK)[ -]?[A-Z\d]{0,2}(?:[ .]?\d){7,11}(?:[A-Z]{1,2}(?!\pL)|B\d{2})?",
            0.6,
        ),
        Document("br.cnpj", r"\d{2}\.?\d{3}\.?\d{3}/\d{4}-\d{2}", 0.9),
        Document("ch.uid", r"CHE[- ]?\d{3}\.?\d{3}\.?\d{3}", 0.9),
        Document("gb.vat", r"GB ?\d{3} ?\d{4} ?\d{2}", 0.8),
        Document("gb.utr", r"\d{10}", 0.05),
        Document("pt.nif", r"[1-35689]\d{8}|[1-35689]\d{2} \d{3} \d{3}", 0.1),
        Document("es.cif", r"[A-HJ-NP-SUVW]\d{7}[\dA-J]", 0.5),
        Document("it.iva", r"\d{11}", 0.15),
        Document("de.stnr", r"\d{2,3}/\d{3}/\d{4,5}", 0.4),
        Document("fr.siret", r"\d{3} ?\d{3} ?\d{3} ?\d{5}", 0.25),
        Document("fr.siren", r"\d{3} ?\d{3} ?\d{3}", 0.05),
        Document("us.ein", r"\d{2}-\d{7}", 0.25),
        Document("us.itin", r"9\d{2}-[4-9]\d-\d{4}", 0.6),
        Document("mx.rfc", r"[A-Z&Ñ]{3,4}\d{6}[A-Z\d]{3}", 0.6),
        Document("ar.cuit", r"\d{2}-\d{8}-\d", 0.8),
        Document("co.nit", r"\d{3}\.\d{3}\.\d{3}-\d", 0.5),
    )
    context = (
        "tax", "vat", "tin", "ein", "utr", "taxpayer", "steuernummer", "steuer", "umsatzsteuer", "ust", "tva", "siren",
        "siret", "nif", "cif", "iva", "partita", "contribuinte", "contribuyente", "btw", "rfc", "cuit", "fiscal", "税号",
    )  # fmt: skip
    positives = (
        "VAT «DE136695976» on it",
        "CNPJ «11.222.333/0001-81» ok",
        "o meu NIF é «123456789», sim",
        "UID «CHE-116.281.710» gilt",
    )
    negatives = ("part 12-34567 is out", "DE123 is a road")
