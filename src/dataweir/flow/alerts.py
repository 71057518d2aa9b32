"""Who is told, by webhook and e-mail, when a run fails, a gate holds something back, or a score crosses a line."""

from __future__ import annotations

import json
import smtplib
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any

from ..config import AlertConfig, MailConfig, resolve_env
from ..errors import ConfigError, PrivacyGateFailed, ProjectLocked, QualityGateFailed, WeirError
from ..output import Output
from .project import Project

TIMEOUT = 10.0  # seconds that a webhook or a mail server has to answer


@dataclass(frozen=True)
class Alert:
    """What went wrong with what, and what to do about it; like every error it holds no row value."""

    project: str
    kind: str
    message: str
    cure: str = ""
    facts: dict[str, Any] = field(default_factory=dict)
    at: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))


@contextmanager
def alerted(project: Project, output: Output) -> Iterator[None]:
    """Tell of the error that ends what is done inside, and let it go on.

    A wrong configuration is told to whoever typed it, and a held project is no trouble.
    """
    try:
        yield
    except (ConfigError, ProjectLocked):
        raise
    except WeirError as error:
        kinds = {QualityGateFailed: "quality gate", PrivacyGateFailed: "privacy gate"}
        kind = kinds.get(type(error), "failed")
        tell(project, output, [Alert(project.config.project, kind, error.message, error.cure, error.facts)])
        raise


def crossed(project: Project, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Alert]:
    """Return an alert for each score that was not above its line before and is now.

    `before` and `after` hold the newest scores by kind, as ScoreRecord or Score.as_dict() give them.
    """
    alerts = []
    for kind in ("barrier", "bottleneck"):
        line, now = getattr(project.config.alerts, kind), _value(after.get(kind))
        if line is None or now is None or now <= line:
            continue
        was = _value(before.get(kind))
        if was is None or was <= line:
            facts = {"score": kind, "value": now, "before": was, "line": line}
            message = f"the {kind} score rose above {line:g}: {now:.3f}" + (f", was {was:.3f}" if was else "")
            alerts.append(Alert(project.config.project, "score", message, "weir score --explain", facts))
    return alerts


def tell(project: Project, output: Output, alerts: list[Alert]) -> None:
    """Send alerts; one that cannot be delivered is said and recorded, and stops nothing."""
    for alert in alerts:
        for problem in send(project.config.alerts, alert):
            output.error(WeirError(f"an alert was not delivered: {problem}", "check 'alerts' in weir.yaml"))


def send(config: AlertConfig, alert: Alert) -> list[str]:
    """Send an alert wherever the configuration says; return what did not work, without addresses or secrets."""
    problems = []
    for channel, go in (("webhook", _by_webhook), ("mail", _by_mail)):
        if getattr(config, channel) is not None:
            try:
                go(config, alert)
            except WeirError as error:
                problems.append(error.message)
    return problems


def post(url: str, document: Any) -> None:
    """POST a JSON document to a webhook. Raises WeirError where it does not answer with success."""
    if not url.startswith(("http://", "https://")):
        raise ConfigError("the webhook is no http or https address", "write it as https://host/path")
    body = json.dumps(document, default=str).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})  # noqa: S310 (checked above)
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT):  # noqa: S310
            return
    except (urllib.error.URLError, TimeoutError, ConnectionError) as error:
        reason = getattr(error, "code", None) or type(error).__name__
        raise WeirError(
            f"the webhook did not take the alert ({reason})", "check the address and what listens there"
        ) from None


def _by_webhook(config: AlertConfig, alert: Alert) -> None:
    post(resolve_env(config.webhook or "", "alerts.webhook"), asdict(alert))


def _by_mail(config: AlertConfig, alert: Alert) -> None:
    assert config.mail is not None
    mail = config.mail
    try:
        with _connection(mail) as server:
            if mail.user is not None:
                server.login(mail.user, resolve_env(mail.password or "", "alerts.mail.password"))
            server.send_message(_message(mail, alert))
    except (smtplib.SMTPException, OSError) as error:  # an answer may hold addresses: its type and code are enough
        reason = getattr(error, "smtp_code", None) or type(error).__name__
        raise WeirError(f"the mail server did not take the alert ({reason})", "check 'alerts.mail'") from None


def _connection(mail: MailConfig) -> smtplib.SMTP:
    if mail.tls == "implicit":
        return smtplib.SMTP_SSL(mail.host, mail.port, timeout=TIMEOUT, context=ssl.create_default_context())
    server = smtplib.SMTP(mail.host, mail.port, timeout=TIMEOUT)
    if mail.tls == "starttls":
        server.starttls(context=ssl.create_default_context())
    return server


def _message(mail: MailConfig, alert: Alert) -> EmailMessage:
    message = EmailMessage()
    message["Subject"] = f"weir: {alert.project}: {alert.kind}"
    message["From"], message["To"] = mail.sender, ", ".join(mail.to)
    facts = [f"{name}: {value}" for name, value in alert.facts.items()]
    message.set_content("\n".join([alert.message, f"cure: {alert.cure}", "", *facts, f"at: {alert.at}"]))
    return message


def _value(score: Any) -> float | None:
    found = score.get("value") if isinstance(score, Mapping) else getattr(score, "value", None)
    return None if found is None else float(found)
