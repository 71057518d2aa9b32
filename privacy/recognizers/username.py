"""Handles and account names."""

from __future__ import annotations

from typing import ClassVar

from ..contract import Pattern, Recognizer, recognizer


@recognizer("username")
class Username(Recognizer):
    """Account names: @handle, @user@instance, u/name, name#1234, and names behind the word."""

    entity = "USERNAME"
    patterns: ClassVar[tuple[Pattern, ...]] = (
        Pattern(r"(?<![\w@/+-]|\w\.)[@＠]/?\w[\w.-]{0,38}(?<![.-])(?:@[a-z0-9-]+(?:\.[a-z0-9-]+)+)?(?!@?\w)", 0.7),
        Pattern(r"(?<![\w/.])/?u/[\w-]{2,64}(?![\w-])", 0.8),
        Pattern(r"(?<![\w@#])[\w.]{2,32}#\d{4}(?!\w)", 0.6),
        Pattern(
            r"(?m:^)\[?\d{1,2}:\d{2}(?::\d{2})?(?:\s?[AP]M)?\]?\s(?:[-–]\s)?<?"
            r"(?!(?:info|warn|warning|error|debug|trace|fatal|critical|notice)\b)(?P<value>[a-z_][\w.-]{2,30})(?=:\s|>\s)",
            0.5,
        ),
        Pattern(
            r"\b(?:user[ _-]?(?:name|id)?|login|handle|nick(?:name)?|skype|discord|insta(?:gram)?|telegram|snap(?:chat)?"
            r"|twitter|tiktok|benutzer(?:name|kennung)?|nutzername|account name|gamertag|pseudo(?:nyme)?|identifiant|nom\sd['’]utilisateur"
            r"|(?:nombre\sde\s)?usuario|apodo|(?:nome\s)?utente|(?:nome\sde\s)?(?:usuário|utilizador)|gebruiker(?:snaam)?)(?:\s(?:is|ist|name|id))?\s{0,2}[:=]\s{0,2}[\"']?(?P<value>[\w][\w.-]{2,39}(?<![.-]))",
            0.6,
        ),
        Pattern(
            r"\b(?:user[ _-]?name|handle|nickname|benutzername|nutzername|gamertag|login|insta(?:gram)?|skype|pseudo|identifiant"
            r"|usuario|apodo|nome\sutente|usuário|utilizador|gebruikersnaam)\s(?:is|ist|est|c['’]est|es|è|é)\s[\"']?(?P<value>(?=[a-z_.-]*[\d_])[\w.-]{3,40}(?<![.-]))",
            0.6,
        ),
    )
    positives = (
        "thanks «@jane_doe»!",
        ".«@jane_doe» said, and «@/jane_doe» hid it",
        "ask «@jane@social.example» about it",
        "posted by «u/throwaway_991» today",
        "add me: «janed#4821»",
        "username: «jdoe1984»",
        "[14:02] «mike_dubs»: yo",
        "my handle is «the_real_jane», hi",
        "mon pseudo c'est «lulu_du_33», voilà",
    )
    negatives = (
        "10:22:31 ERROR: no such file",
        "meet @ 5 pm",
        "the user is happy",
        "mail jane@example.org",
        "I and/or you",
        "at 5@ten",
    )
