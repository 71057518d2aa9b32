"""The servers' own format strings, compiled: Apache's `LogFormat` and nginx's `log_format`.

Sources: https://httpd.apache.org/docs/2.4/mod/mod_log_config.html#formats and
https://nginx.org/en/docs/http/ngx_http_log_module.html. What a directive says that has no column of its own goes
to `extra` under the directive's name.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from ...errors import ConfigError
from ..times import CLF, ISO
from .fields import LIST, LOOSE, NAME, NUMBER, QUOTED, STATUS, TEXT, TIME, WORD
from .program import Field, LineFormat

_SECOND = 1_000_000


class Variable(NamedTuple):
    """What a directive means: the column it fills and how it is read."""

    name: str
    kind: int = WORD
    pattern: bytes = CLF
    scale: int = 1


_HEADERS = {
    "referer": Variable("referer"),
    "user-agent": Variable("user_agent"),
    "x-forwarded-for": Variable("forwarded_for", LIST),
    "host": Variable("host"),
    "x-forwarded-proto": Variable("scheme"),
}
_APACHE = {
    "h": Variable("remote_host"),
    "a": Variable("remote_host"),
    "l": Variable("ident"),
    "u": Variable("user", NAME),
    "r": Variable("request", TEXT),
    "s": Variable("status", STATUS),
    "b": Variable("bytes", NUMBER),
    "B": Variable("bytes", NUMBER),
    "O": Variable("bytes", NUMBER),
    "I": Variable("bytes_received", TEXT),
    "D": Variable("duration_us", NUMBER),
    "T": Variable("duration_us", NUMBER, scale=_SECOND),
    "v": Variable("host"),
    "V": Variable("host"),
    "p": Variable("port"),
    "m": Variable("method"),
    "U": Variable("path", TEXT),
    "q": Variable("query", TEXT),
    "H": Variable("protocol"),
    "t": Variable("ts", TIME),
}
_UNITS = {"s": _SECOND, "ms": 1000, "us": 1}
_TOKENS = {"sec": b"%s", "msec": b"%L", "usec": b"%U", "msec_frac": b"%f", "usec_frac": b"%f"}
_STRFTIME = {"F": "%Y-%m-%d", "T": "%H:%M:%S", "R": "%H:%M", "D": "%m/%d/%y", "h": "%b"}
_NGINX = {
    "remote_addr": Variable("remote_host"),
    "realip_remote_addr": Variable("peer"),
    "remote_user": Variable("user", NAME),
    "time_local": Variable("ts", TIME),
    "time_iso8601": Variable("ts", TIME, ISO),
    "msec": Variable("ts", TIME, b"%s%?"),
    "request": Variable("request", TEXT),
    "request_method": Variable("method"),
    "request_uri": Variable("target", TEXT),
    "uri": Variable("path", TEXT),
    "document_uri": Variable("path", TEXT),
    "args": Variable("query", TEXT),
    "query_string": Variable("query", TEXT),
    "server_protocol": Variable("protocol"),
    "status": Variable("status", STATUS),
    "body_bytes_sent": Variable("bytes", NUMBER),
    "bytes_sent": Variable("bytes", NUMBER),
    "request_time": Variable("duration_us", NUMBER, scale=_SECOND),
    "host": Variable("host"),
    "http_host": Variable("host"),
    "server_name": Variable("host"),
    "scheme": Variable("scheme"),
}
_DIRECTIVE = re.compile(r"%(?:[<>]|!?\d+(?:,\d+)*)*(?:\{([^}]*)\})?(\^?[a-zA-Z]{1}[ioe]?|%)")
_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")
_ONE_A_SERVER = re.compile(r"upstream_(addr|status|bytes_\w+|(connect|first_byte|header|queue|response)_\w+)")
"""Variables that hold a list where a request went to several servers."""
_DELIMITERS = tuple("|,;\t^~")


def unwrap(text: str) -> str:
    """Return the format string itself, out of a whole `LogFormat` or `log_format` directive."""
    text = text.strip()
    if re.match(r"LogFormat\s", text, re.IGNORECASE):
        found = re.search(r'"((?:[^"\\]|\\.)*)"', text, re.DOTALL)
        return found[1] if found else text.split(None, 1)[1]
    if re.match(r"log_format\s", text):
        parts = re.findall(r"'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"", text, re.DOTALL)
        return "".join(a or b for a, b in parts)
    return text


def compile_template(text: str) -> LineFormat:
    """Compile an Apache or nginx format string. Raises ConfigError, naming the directive, for what none is."""
    inner = unwrap(text).replace('\\"', '"').replace("\\t", "\t").replace("\\'", "'")
    pieces = _nginx(inner) if _VARIABLE.search(inner) else _apache(inner)
    return _program(text, pieces)


def nginx_variable(name: str) -> Variable:
    """Return what an nginx variable means."""
    if name in _NGINX:
        return _NGINX[name]
    if name.startswith("http_"):
        header = name.removeprefix("http_").replace("_", "-")
        return _HEADERS.get(header, Variable(header.replace("-", "_"), TEXT))
    return Variable(name, LIST if _ONE_A_SERVER.fullmatch(name) else TEXT)


def time_pattern(strftime: str) -> bytes:
    """Return the pattern of an Apache `%{...}t`. Raises ConfigError for a directive that no kernel reads."""
    inner = strftime.removeprefix("begin:").removeprefix("end:")
    if inner in _TOKENS:
        return _TOKENS[inner]
    made = re.sub(r"%([FTRDh])", lambda m: _STRFTIME[m[1]], inner)
    unknown = [d for d in re.findall(r"%(.)", made) if d not in "YymabdeHIMSpfzZs"]
    if unknown:
        raise ConfigError(f"a time in a log format cannot hold '%{unknown[0]}'", "use numbers: %Y-%m-%dT%H:%M:%S%z")
    return made.encode()


def _nginx(text: str) -> list[str | Variable]:
    pieces: list[str | Variable] = []
    at = 0
    for match in _VARIABLE.finditer(text):
        pieces += [text[at : match.start()], nginx_variable(match[1] or match[2])]
        at = match.end()
    return [*pieces, text[at:]]


def _apache(text: str) -> list[str | Variable]:
    pieces: list[str | Variable] = []
    at = 0
    while at < len(text):
        next_at = text.find("%", at)
        if next_at < 0:
            break
        match = _DIRECTIVE.match(text, next_at)
        if match is None:
            raise ConfigError(
                f"the log format has no directive at '{text[next_at : next_at + 8]}'", "write %% for a percent sign"
            )
        pieces.append(text[at:next_at])
        argument, letter = match[1], match[2]
        end = match.end()
        if letter != "%" and not letter.startswith("^") and len(letter) == 2:  # only %^ti and %^to have two letters
            letter, end = letter[0], end - 1
        if letter == "%":
            pieces.append("%")
        elif letter == "t" and argument is None:
            pieces += ["[", _APACHE["t"], "]"]
        else:
            pieces.append(_directive(letter, argument))
        at = end
    return [*pieces, text[at:]]


def _directive(letter: str, argument: str | None) -> Variable:
    if argument is None or (letter in "ahpP" and argument):
        if letter == "a" and argument == "c":
            return Variable("peer")
        return _APACHE.get(letter, Variable(f"directive_{letter.strip('^').lower()}", TEXT))
    if letter == "t":
        return Variable("ts", TIME, time_pattern(argument))
    if letter == "T" and argument in _UNITS:
        return Variable("duration_us", NUMBER, scale=_UNITS[argument])
    if letter == "i" and argument.lower() in _HEADERS:
        return _HEADERS[argument.lower()]
    return Variable(re.sub(r"\W+", "_", argument.lower()).strip("_") or letter, TEXT)


def _program(text: str, pieces: list[str | Variable]) -> LineFormat:
    """Join literals, and two variables that make one; then give every field what closes it."""
    joined: list[str | Variable] = [""]
    for piece in pieces:
        last = joined[-1]
        if isinstance(piece, str):
            if isinstance(last, str):
                joined[-1] = last + piece
            else:
                joined.append(piece)
        elif piece.kind == TIME and len(joined) > 1 and _timed(joined[-2]):
            between = str(joined.pop())  # Apache: %{%d/%b/%Y %T}t.%{msec_frac}t %{%z}t
            joined[-1] = piece._replace(pattern=_timed(joined[-1]) + between.encode() + piece.pattern)
        elif isinstance(last, Variable):
            joined[-1] = _together(last, piece, text)
        elif last == "" and len(joined) > 1:
            joined[-2:] = [_together(joined[-2], piece, text)]
        else:
            joined.append(piece)
    if isinstance(joined[-1], Variable):
        joined.append("")
    literals = [str(piece) for piece in joined[::2]]
    variables = [piece for piece in joined[1::2] if isinstance(piece, Variable)]
    times = sum(v.kind == TIME for v in variables)
    if times != 1:
        raise ConfigError(
            f"the log format holds {'two times' if times else 'no time'}", "keep one %t (Apache) or $time_local (nginx)"
        )
    names: list[str] = []
    fields = []
    for i, variable in enumerate(variables):
        name = variable.name
        while name in names:
            name = f"{name}_2"
        names.append(name)
        before, after = literals[i], literals[i + 1]
        wrapper = after[:1] if before[-1:] + after[:1] in ('""', "[]", "()", "{}", "''") else ""
        kind = variable.kind
        if kind in (WORD, NAME, TEXT, LIST) and wrapper:
            kind = QUOTED if wrapper == '"' else TEXT
        elif kind in (WORD, NAME, TEXT, LIST) and (after or before).startswith(_DELIMITERS):
            kind = TEXT
        elif kind == TEXT:
            kind = LOOSE if name not in ("path", "query", "target", "request") else WORD
        fields.append(
            Field(name, kind, wrapper.encode(), after[len(wrapper) :].encode(), variable.pattern, variable.scale)
        )
    end = fields[-1]
    kind = TEXT if not end.close + end.gap and end.name in ("user_agent", "referer") else end.kind
    fields[-1] = end._replace(kind=kind, close=end.close + end.gap, gap=b"")
    return LineFormat(text, tuple(fields), literals[0].encode())


def _timed(piece: str | Variable) -> bytes:
    """Return the pattern of a time, or nothing for anything else."""
    return piece.pattern if isinstance(piece, Variable) and piece.kind == TIME else b""


def _together(first: str | Variable, second: Variable, text: str) -> Variable:
    """Return what two directives with nothing between make. Raises ConfigError where that cannot be told apart."""
    names = (first.name if isinstance(first, Variable) else "", second.name)
    if names == ("path", "query"):
        return Variable("target", TEXT)
    raise ConfigError(
        f"the log format puts '{names[0]}' and '{names[1]}' side by side with nothing between",
        "put a blank or a quote between them",
    )
