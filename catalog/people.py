"""Who may sign in to the web page: users with argon2 hashes, sessions and tokens by the hash of their secret.

For whom a provider of OpenID Connect vouches, a hash of issuer and subject stands in the password's place.
"""

from __future__ import annotations

import functools
import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, get_args

from sqlalchemy import delete, select

from ..errors import ConfigError, MissingExtra
from .database import Database, now
from .models import SignInRow, UserRow

Role = Literal["viewer", "engineer", "reviewer", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)
MIN_PASSWORD = 12
SESSION_HOURS = 12.0
_VOUCHED = "oidc:"


@dataclass(frozen=True)
class User:
    """Somebody who may sign in, and as what."""

    name: str
    role: Role
    created: datetime


@dataclass(frozen=True)
class SignIn:
    """A session or a token as it was found valid; `key` is the hash of its secret."""

    user: str
    role: Role
    kind: Literal["session", "token"]
    key: str


class PeopleRecords(Database):
    """The part of the store that knows who may sign in."""

    def set_user(self, name: str, role: Role, password: str) -> User:
        """Add a user or give one another role and password; sessions and tokens of before end.

        Raises ConfigError for an unknown role or a password under 12 characters, MissingExtra without argon2.
        """
        if role not in ROLES:
            raise ConfigError(f"there is no role '{role}'", f"one of: {', '.join(ROLES)}")
        if len(password) < MIN_PASSWORD:
            raise ConfigError(f"the password is shorter than {MIN_PASSWORD} characters", "choose a longer one")
        hashed = _hasher().hash(password)
        with self.writing() as session:
            row = session.get(UserRow, name)
            if row is None:
                row = UserRow(name=name, role=role, password_hash=hashed, created=now())
                session.add(row)
            row.role, row.password_hash = role, hashed
            session.execute(delete(SignInRow).where(SignInRow.user == name))
            return User(name, role, row.created)

    def vouched(self, name: str, role: Role, issuer: str, subject: str) -> User:
        """Return the user whom a provider knows as `subject`, added or given another role where need be.

        With another role, sessions and tokens of before end. Raises ConfigError where the name is somebody else's here.
        """
        mark = _VOUCHED + hashlib.sha256(f"{issuer}\n{subject}".encode()).hexdigest()
        with self.writing() as session:
            row = session.get(UserRow, name)
            if row is None:
                row = UserRow(name=name, role=role, password_hash=mark, created=now())
                session.add(row)
            elif row.password_hash != mark:
                raise ConfigError(
                    f"'{name}' is somebody else's name here", "an admin removes the other: weir user remove NAME"
                )
            elif row.role != role:
                row.role = role
                session.execute(delete(SignInRow).where(SignInRow.user == name))
            return User(name, role, row.created)

    def remove_user(self, name: str) -> None:
        """Remove a user with all sessions and tokens. Raises ConfigError where there is none of that name."""
        with self.writing() as session:
            row = session.get(UserRow, name)
            if row is None:
                raise ConfigError(f"there is no user '{name}'", "list them with 'weir user list'")
            session.execute(delete(SignInRow).where(SignInRow.user == name))
            session.delete(row)

    def users(self) -> list[User]:
        """Return the users by name."""
        with self.reading() as session:
            rows = session.scalars(select(UserRow).order_by(UserRow.name))
            return [User(row.name, row.role, row.created) for row in rows]  # type: ignore[arg-type]

    def vouched_names(self) -> set[str]:
        """Return the names of the users for whom a provider vouches."""
        with self.reading() as session:
            return set(session.scalars(select(UserRow.name).where(UserRow.password_hash.startswith(_VOUCHED))))

    def check_password(self, name: str, password: str) -> User | None:
        """Return the user whose password this is; a name that is not known takes as long as a wrong password."""
        hasher = _hasher()
        with self.reading() as session:
            row = session.get(UserRow, name)
            own = row is not None and not row.password_hash.startswith(_VOUCHED)
            known = row.password_hash if row and own else _nobody()
            user = User(row.name, row.role, row.created) if row and own else None  # type: ignore[arg-type]
        from argon2.exceptions import VerificationError

        try:
            hasher.verify(known, password)
        except VerificationError:
            return None
        return user

    def open_session(self, user: User) -> str:
        """Begin a session of twelve hours and return its secret; what has expired is forgotten on the way."""
        with self.writing() as session:
            session.execute(delete(SignInRow).where(SignInRow.expires < now()))
        return self._sign_in(user.name, user.role, "session", "", timedelta(hours=SESSION_HOURS))

    def add_token(self, name: str, label: str, role: Role, days: float) -> str:
        """Make a token for a program and return its secret, which is shown this once.

        `role` is what the token may do, no more than its user may. Raises ConfigError.
        """
        user = next((u for u in self.users() if u.name == name), None)
        if user is None:
            raise ConfigError(f"there is no user '{name}'", "add one with 'weir user add'")
        if role != user.role and not (user.role == "admin" or role == "viewer"):
            raise ConfigError(f"{name} is {user.role} and cannot hand out a token as {role}", "ask an admin")
        return self._sign_in(name, role, "token", label, timedelta(days=days))

    def _sign_in(self, user: str, role: Role, kind: str, label: str, lasts: timedelta) -> str:
        secret = secrets.token_urlsafe(32)
        at = now()
        row = SignInRow(
            token_hash=_hash(secret), user=user, kind=kind, label=label, role=role, created=at, expires=at + lasts
        )
        with self.writing() as session:
            session.add(row)
        return secret

    def signed_in(self, secret: str) -> SignIn | None:
        """Return whose secret this is, None where it is unknown or has expired."""
        with self.reading() as session:
            row = session.get(SignInRow, _hash(secret))
            if row is None or row.expires < now():
                return None
            return SignIn(row.user, row.role, row.kind, row.token_hash)  # type: ignore[arg-type]

    def sign_out(self, secret: str) -> None:
        """End a session or a token; one that is not there is no error."""
        with self.writing() as session:
            session.execute(delete(SignInRow).where(SignInRow.token_hash == _hash(secret)))


def _hash(secret: str) -> str:
    # the secret has 256 random bits, so a plain hash is enough: nobody can try them
    return hashlib.sha256(secret.encode()).hexdigest()


@functools.cache
def _nobody() -> str:
    """Return a hash that no password has, made once."""
    return str(_hasher().hash(secrets.token_urlsafe(32)))


def _hasher() -> Any:
    try:
        from argon2 import PasswordHasher
    except ImportError:
        raise MissingExtra.of("ui", "signing in") from None
    return PasswordHasher()
