"""Keys, tokens and passwords: by the issuer's prefix, or behind a word that names them."""

from __future__ import annotations

import re
from typing import ClassVar

from ..contract import Pattern, Recognizer, recognizer

_WORD = (
    r"(?:api|access|auth|secret|private|session|refresh|bearer|client|app|csrf|signing)[ _-]?"
    r"(?:key|token|secret|id)|token|secret|apikey|api key|bearer|credentials?|jwt|session|sessionid|jsessionid|phpsessid"
    r"|(?:api|zugangs|zugriffs)[ -]?(?:schlüssel|token|sleutel|clé)|cl(?:é|ave|ef)\s(?:d['’]|de\s)?(?:l['’])?(?:api|accès|acceso)"
    r"|chi?ave\s(?:d['’]|da\s|de\s|di\s|per\s)?(?:l['’])?(?:api|accesso|acesso)|jeton|密钥|令牌"
)
_PHRASE = (
    r"password|passwd|passwort|passphrase|kennwort|pass|pwd|pin(?:[ -]?code)?|geheimzahl|mot\sde\spasse|mdp|code\spin|contraseña"
    r"|clave(?:\ssecreta)?|parola\sd['’]ordine|codice\spin|senha|palavra-passe|wachtwoord|pincode"
)
_IS = r"[\"'`]?\s{0,3}(?:is|was|ist|est|es|è|é|lautet|=>|:=|[:=：]|是|为)\s{0,3}[\"'`]?"

_PREFIXED = (
    r"(?:sk|pk|rk)[-_](?:live|test|proj|ant|or|svcacct)[-_][\w-]{10,200}|sk-[a-z0-9]{20,200}|whsec_[\w+/=]{16,100}"
    r"|(?:AKIA|ASIA|AGPA|AIDA|AROA|ANPA)[A-Z0-9]{16}"
    r"|gh[pousr]_[a-z0-9]{20,255}|github_pat_\w{22,255}|glpat-[\w-]{20,64}|(?:gl|npm|pypi|hf|dckr_pat|dop_v1|doo_v1|shp(?:at|ca|pa|ss)|lin_api|figd|nvapi|r8|gsk|xai)[-_][\w-]{20,255}"
    r"|xox[abeoprs]-[\w-]{10,255}|xapp-[\w-]{10,255}"
    r"|AIza[\w-]{30,45}|ya29\.[\w-]{20,255}|GOCSPX-[\w-]{20,40}"
    r"|SG\.[\w-]{16,32}\.[\w-]{16,64}|key-[0-9a-f]{32}|(?:AC|SK)[0-9a-f]{32}"
    r"|\d{8,10}:AA[\w-]{30,40}"
    r"|eyJ[\w-]{8,2000}\.[\w-]{4,4000}(?:\.[\w-]{0,2000})?"
    r"|sq0(?:atp|csp)-[\w-]{20,60}|EAA[a-z]{1,2}[a-z0-9]{20,300}"
)
_KNOWN = re.compile(rf"-----|(?:{_PREFIXED})$", re.IGNORECASE)
"""What needs no further proof: a well-known prefix with enough behind it."""


@recognizer("api_key")
class ApiKey(Recognizer):
    """API keys, access tokens, private keys and passwords: known prefixes, or a key word and a token of high entropy."""

    entity = "API_KEY"
    patterns: ClassVar[tuple[Pattern, ...]] = (
        Pattern(
            rf"(?<![a-z0-9])(?:{_PREFIXED})(?![a-z0-9])",
            0.95,
        ),
        Pattern(
            r"-----BEGIN [A-Z ]*PRIVATE KEY-----(?:(?!-----END)[\s\S]){0,10000}(?:-----END [A-Z ]*KEY-----)?",
            0.99,
        ),
        Pattern(rf"(?:{_WORD}){_IS}(?P<value>[\w+/=.~-]{{12,512}})", 0.5),
        Pattern(r"\b(?:bearer|basic)\s+(?P<value>[\w+/=.~-]{16,2000})", 0.6),
        Pattern(
            rf"(?:\b(?:{_PHRASE})|密码|口令){_IS}(?P<value>[^\s\"'`<>,;，。；]{{4,128}})(?<![.!?)])",
            0.5,
        ),
    )
    positives = (
        "use «sk_live_4eC39HqLyjWDarjtT1zdp7dc» for billing",
        "aws «AKIAIOSFODNN7EXAMPLE» leaked",
        "ghp is «ghp_16C7e42F292c6912E7710c838347Ae178B4a».",
        "slack «xoxb-123456789012-abcdefABCDEF» bot",
        "the api key is «9f8b7c6d5e4f3a2b1c0d9e8f» ok",
        "Authorization: Bearer «mF_9.B5f-4.1JqM0aZ77q»",
        "session=«9f8b7c6d5e4f3A2B1C0D9E8F», ok",
        "jwt «eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJqYW5lIn0.dBjftJeZ4CVPmB92K27uhbUJU1p1r»",
        "password: «hunter2!x» works",
        "Mot de passe : «Chaton!2021»",
        "la clave de API: «9f8b7c6d5e4f3a2b1c0d9e8f»",
        "登录密码：«Mima2020x»，谢谢",
    )
    negatives = (
        "the secret is understandingeachother",
        "password is required for this",
        "a token of appreciation",
        "the key is under the mat",
        "bearer instrumentalization",
    )

    @classmethod
    def validate(cls, value: str) -> bool | None:
        """Drop ordinary words behind a key word: a token mixes letters with digits or signs."""
        if _KNOWN.match(value):
            return None
        kinds = (str.islower, str.isupper, str.isdigit, lambda c: not c.isalnum() and c not in "._-/")
        mixed = sum(any(kind(c) for c in value) for kind in kinds)
        digits = any(c.isdigit() for c in value)
        return None if (digits and mixed >= 2) or mixed >= 3 or (value.isdigit() and len(value) >= 4) else False
