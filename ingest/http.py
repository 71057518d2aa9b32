"""The one HTTP client of the API connectors: polite, patient within a budget, and careful with the token.

- Waits as the server asks: `Retry-After` (RFC 9110, 10.2.3), `X-RateLimit-Reset` and its relatives, told from the
  server's own clock; without a word, exponential back-off with full jitter.
- Spends at most `max_requests` and waits at most `max_wait_seconds` a split; then it raises BudgetSpent, and the
  source keeps what it has and remembers where to go on.
- A redirect is followed by hand: to another origin nothing that identifies us goes along, and from https never to http.
- A body that is larger than the limit, as received or inflated, is refused before it is held.
"""

from __future__ import annotations

import json
import random
import re
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from importlib.metadata import version
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

from pydantic import AfterValidator, Field

from ..config import Strict, resolve_env
from ..errors import ConfigError, MissingExtra, SourceError

if TYPE_CHECKING:
    import httpx

_TRANSIENT = frozenset({408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 524})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_ATTEMPTS = 5
_HOPS = 5
_LONGEST_BACKOFF = 60.0
_EPOCH = 10**9
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def _reference(value: str) -> str:
    if not re.fullmatch(r"\$\{[A-Za-z_][A-Za-z0-9_]*\}", value):
        raise ValueError("must name an environment variable, such as ${MY_TOKEN}; a secret does not belong here")
    return value


Secret = Annotated[str, AfterValidator(_reference)]
"""A secret by reference: `${ENV}`, resolved in the process that uses it and nowhere else."""


class HttpConfig(Strict):
    """How an API is asked."""

    contact: str | None = Field(None, description="who runs this, an address or URL; stands in the user agent")
    proxy: str | None = Field(None, description="URL of a proxy; else HTTPS_PROXY and NO_PROXY count")
    timeout_seconds: float = Field(30.0, gt=0, description="how long one answer may take to begin and to go on")
    max_requests: int = Field(200, gt=0, description="requests a run; what is left is fetched by the next run")
    max_wait_seconds: float = Field(900.0, ge=0, description="how long a run waits for rate limits and retries")
    requests_per_minute: float = Field(120.0, gt=0, description="never ask faster than this")
    max_body_mb: int = Field(32, gt=0, description="a larger answer is refused")


class BudgetSpent(Exception):
    """The requests or the waiting time of this run are used up."""


class Answer(NamedTuple):
    """A whole answer: status, headers (lower-case names), body, and the URL it came from in the end."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str

    def link(self, relation: str) -> str | None:
        """Return the target of a Link header of that relation (RFC 8288)."""
        for target, parameters in re.findall(r"<([^>]*)>([^<]*)", self.headers.get("link", "")):
            if re.search(rf';\s*rel="?{relation}"?', parameters):
                return str(target)
        return None


class HttpSession:
    """A session with one API. `headers` identify us and go to the origin of `base` only; `cost` counts."""

    def __init__(
        self,
        label: str,
        base: str,
        config: HttpConfig,
        headers: Mapping[str, str] | None = None,
        share: int = 1,
    ) -> None:
        """`share` is how many splits divide the budget. Raises MissingExtra, or ConfigError for a token over http."""
        try:
            import httpx
        except ImportError:
            raise MissingExtra.of("social", f"sources.{label}") from None
        self.label, self.config = label, config
        self.base = httpx.URL(base)
        self.headers = dict(headers or {})
        if self.headers and self.base.scheme not in ("https", "wss") and self.base.host not in _LOOPBACK:
            raise ConfigError(f"sources.{label}: a token would go over plain http", "use an https:// address")
        self._http = httpx.Client(
            timeout=config.timeout_seconds,
            proxy=config.proxy,
            follow_redirects=False,
            headers={"user-agent": user_agent(config), "accept": "application/json, */*;q=0.5"},
        )
        self._requests_left = max(1, config.max_requests // share)
        self._wait_left = config.max_wait_seconds / share
        self._pace = 60.0 * share / config.requests_per_minute
        self._next = 0.0
        self._turn, self._tally = threading.Lock(), threading.Lock()
        self.cost: dict[str, float] = {"requests": 0, "retries": 0, "wait_seconds": 0, "bytes": 0, "failures": 0}

    def __enter__(self) -> HttpSession:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def json(self, url: str, params: Mapping[str, Any] | None = None) -> tuple[Any, Answer]:
        """GET a JSON document; one that is cut short or malformed is asked for again. Raises as `get` does."""
        for attempt in range(_ATTEMPTS):
            answer = self.get(url, params)
            try:
                return json.loads(answer.body.decode("utf-8-sig")), answer
            except (ValueError, RecursionError):
                self.count(failures=1)
                self._wait(None, attempt)
        raise self._error("answers with malformed JSON", retryable=True)

    def each_json(self, urls: Sequence[str], at_once: int) -> Iterator[Any]:
        """Yield the JSON documents at `urls` in their order, several under way at once; raises as `get` does.

        Pace, waiting and budget are those of the session: what is under way only shares the time of the answers.
        """
        with ThreadPoolExecutor(at_once) as threads:
            answers = [threads.submit(self.json, url) for url in urls]
            try:
                for answer in answers:
                    yield answer.result()[0]
            finally:
                for answer in answers:
                    answer.cancel()

    def lines(self, url: str, params: Mapping[str, Any], seconds: float) -> Iterator[bytes]:
        """Yield the lines of an answer that does not end, for `seconds` or until the connection is cut.

        A redirect is not followed. Raises SourceError where the server refuses us or sends a line over the body's
        limit, BudgetSpent.
        """
        import httpx

        until, limit, rest = time.monotonic() + seconds, self.config.max_body_mb << 20, b""
        target = self.base.join(url).copy_merge_params(params)
        own = {**self.headers, "accept": "text/event-stream"} if _origin(target) == _origin(self.base) else {}
        self._take_turn()
        read = httpx.Timeout(self.config.timeout_seconds, read=min(self.config.timeout_seconds, seconds))
        try:
            with self._http.stream("GET", target, headers=own, timeout=read) as response:
                if response.status_code in _TRANSIENT:
                    return
                if response.status_code != 200:
                    raise self._refusal(Answer(response.status_code, dict(response.headers), b"", str(target)))
                for part in response.iter_bytes():
                    self.count(bytes=len(part))
                    *lines, rest = (rest + part).split(b"\n")
                    yield from lines
                    if len(rest) > limit:
                        raise self._error(f"sends a line of more than {self.config.max_body_mb} MiB", retryable=False)
                    if time.monotonic() >= until:
                        return
        except httpx.TransportError:
            return

    def cut(self, times: int) -> None:
        """Count a connection that was cut, so many times in a row now, and wait. Raises SourceError, BudgetSpent."""
        self.count(failures=1)
        if times >= _ATTEMPTS:
            raise self._error(f"cannot be reached, or cuts the connection ({times} times)", retryable=True)
        self.count(retries=1)
        self._wait(None, times)

    def expect(self, records: Any) -> None:
        """Note how many records the API says there are, for completeness; anything but a number says nothing."""
        if isinstance(records, int) and not isinstance(records, bool):
            self.count(expected_records=records)

    def get(self, url: str, params: Mapping[str, Any] | None = None, extra: Mapping[str, str] | None = None) -> Answer:
        """GET `url`, relative to the base or absolute. Raises SourceError, BudgetSpent."""
        return self._ask("GET", url, params, extra or {})

    def post(self, url: str, form: Mapping[str, str], auth: tuple[str, str]) -> Any:
        """POST a form with HTTP basic authentication; return the JSON answer. For tokens."""
        answer = self._ask("POST", url, None, {}, form, auth)
        try:
            return json.loads(answer.body)
        except ValueError:
            raise self._error("answers with malformed JSON", retryable=True) from None

    def _ask(
        self,
        method: str,
        url: str,
        params: Mapping[str, Any] | None,
        extra: Mapping[str, str],
        form: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
    ) -> Answer:
        import httpx

        target = self.base.join(url)
        if params:
            target = target.copy_merge_params({k: v for k, v in params.items() if v is not None})
        for attempt in range(_ATTEMPTS):
            if attempt:
                self.count(retries=1)
            try:
                answer = self._follow(method, target, extra, form, auth)
            except httpx.TransportError as error:
                self.count(failures=1)
                failure = type(error).__name__
                self._wait(None, attempt)
                continue
            if answer.status < 400:
                self._mind(answer)
                return answer
            self.count(failures=1)
            if answer.status not in _TRANSIENT:
                raise self._refusal(answer)
            failure = f"status {answer.status}"
            self._wait(asked_wait(answer.headers), attempt)
        raise self._error(f"does not answer ({failure}, {_ATTEMPTS} times)", retryable=True)

    def _follow(
        self,
        method: str,
        target: httpx.URL,
        extra: Mapping[str, str],
        form: Mapping[str, str] | None,
        auth: tuple[str, str] | None,
    ) -> Answer:
        for _ in range(_HOPS):
            ours = _origin(target) == _origin(self.base)
            own = {**self.headers, **extra} if ours else {}
            status, headers, body = self._once(method, target, own, form if ours else None, auth if ours else None)
            if status not in _REDIRECTS or "location" not in headers:
                return Answer(status, headers, body, str(target))
            following = target.join(headers["location"])
            if following.scheme not in ("http", "https") or (target.scheme, following.scheme) == ("https", "http"):
                raise self._error("redirects to an address that is not secure", retryable=False)
            if status == 303:
                method, form = "GET", None
            target = following
        raise self._error("redirects in a circle", retryable=False)

    def _once(
        self,
        method: str,
        target: httpx.URL,
        own: Mapping[str, str],
        form: Mapping[str, str] | None,
        auth: tuple[str, str] | None,
    ) -> tuple[int, dict[str, str], bytes]:
        self._take_turn()
        limit = self.config.max_body_mb << 20
        parts, size = [], 0
        with self._http.stream(method, target, headers=own, data=form, auth=auth) as response:
            for part in response.iter_bytes():
                size += len(part)
                if size > limit:
                    raise self._error(f"answers with more than {self.config.max_body_mb} MiB", retryable=False)
                parts.append(part)
            self.count(bytes=response.num_bytes_downloaded)
            return response.status_code, dict(response.headers), b"".join(parts)

    def _take_turn(self) -> None:
        """Wait until the next request may go out, and count it; requests that run at once wait for each other here."""
        with self._turn:
            if self._requests_left <= 0:
                raise BudgetSpent
            self._requests_left -= 1
            self._sleep(self._next - time.monotonic(), counted=False)
            self._next = max(self._next, time.monotonic() + self._pace)
            self.count(requests=1)

    def count(self, **amounts: float) -> None:
        """Add to what the session cost."""
        with self._tally:
            for name, amount in amounts.items():
                self.cost[name] = self.cost.get(name, 0) + amount

    def _mind(self, answer: Answer) -> None:
        """Wait before the next request where this answer used up the rate limit."""
        if _number(_first(answer.headers, "remaining")) == 0:
            wait = asked_wait(answer.headers)
            if wait is not None:
                self._next = max(self._next, time.monotonic() + wait)

    def _wait(self, asked: float | None, attempt: int) -> None:
        backoff = random.uniform(0, min(_LONGEST_BACKOFF, 0.5 * 2**attempt))  # noqa: S311 - jitter is no secret
        with self._turn:  # a server that asks us to wait asks all that is under way
            self._sleep(backoff if asked is None else asked + backoff / 10, counted=True)

    def _sleep(self, seconds: float, counted: bool) -> None:
        if seconds <= 0:
            return
        if counted or seconds > self._pace:  # the pace is ours; the rest the server asked for
            if seconds > self._wait_left:
                raise BudgetSpent
            self._wait_left -= seconds
        self.count(wait_seconds=seconds)
        time.sleep(seconds)

    def _refusal(self, answer: Answer) -> SourceError:
        if answer.status in (401, 403):
            return self._error(f"refuses us (status {answer.status})", False, "check the token and what it may read")
        return self._error(f"answers with status {answer.status}", False, "check the configuration of the source")

    def _error(self, what: str, retryable: bool, cure: str = "") -> SourceError:
        cure = cure or ("run again later" if retryable else "check the address in weir.yaml")
        return SourceError(f"source '{self.label}': {self.base.host} {what}", cure, retryable=retryable)


def user_agent(config: HttpConfig) -> str:
    """Return who we say we are."""
    return f"dataweir/{version('dataweir')}" + (f" (+{config.contact})" if config.contact else "")


def asked_wait(headers: Mapping[str, str]) -> float | None:
    """Return how many seconds the server asks us to wait, None where it does not say.

    Times of day are measured by the server's Date header, so that a wrong clock of ours does no harm.
    """
    date = _moment(headers.get("date"))
    now = date if date is not None else time.time()
    after = headers.get("retry-after")
    if after is not None:
        seconds = _number(after)
        moment = _moment(after)
        if seconds is not None:
            return max(0.0, seconds)
        if moment is not None:
            return max(0.0, moment - now)
    reset = _first(headers, "reset")
    seconds = _number(reset)
    if seconds is not None:
        return max(0.0, seconds - now if seconds > _EPOCH else seconds)
    moment = _moment(reset)
    return max(0.0, moment - now) if moment is not None else None


def bearer(token: str | None, where: str) -> dict[str, str]:
    """Return the Authorization header of a token given as `${ENV}`. Raises ConfigError where it is not set."""
    return {"authorization": f"Bearer {resolve_env(token, where)}"} if token else {}


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def _first(headers: Mapping[str, str], what: str) -> str | None:
    """Return the rate-limit header `what`, as it is spelt by Mastodon and Reddit, Twitter, and the IETF draft."""
    names = (f"x-ratelimit-{what}", f"x-rate-limit-{what}", f"ratelimit-{what}")
    return next((headers[name] for name in names if name in headers), None)


def _number(text: str | None) -> float | None:
    return float(text) if text and re.fullmatch(r"\s*\d{1,12}(\.\d{1,9})?\s*", text) else None


def _moment(text: str | None) -> float | None:
    """Return an HTTP date or an ISO 8601 time as seconds since 1970."""
    if not text:
        return None
    for parse in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            found = parse(text)
            return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
        except (ValueError, TypeError, OverflowError):
            continue
    return None
