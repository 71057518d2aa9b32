"""The web page and who may sign in to it: ui, user."""

from __future__ import annotations

import os
import sys
from typing import Any

import click

from ..errors import ConfigError, MissingExtra
from ..output import Output, table
from .base import Group, command
from .render import moment, printed

_ROLES = click.Choice(["viewer", "engineer", "reviewer", "admin"])


def add(group: Group) -> None:
    """Register the commands of this module."""

    @command(group, "ui")
    @click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
    @click.option("--port", default=8650, show_default=True, help="Port to listen on; 0 takes a free one.")
    @click.option("--name", "names", multiple=True, help="A host name the page is reached by, behind a proxy.")
    @click.option("--https", is_flag=True, help="A proxy before it speaks https: cookies are sent over it only.")
    def ui(output: Output, project: str, host: str, port: int, names: tuple[str, ...], https: bool) -> None:
        """Serve the web page: tables, runs, scores, lineage, and the reviewer's queue."""
        from ..flow.project import Project

        opened = Project.open(project)
        store = opened.reading()
        try:
            import uvicorn

            from ..web.app import make_app
        except ImportError:
            raise MissingExtra.of("ui", "the web page") from None
        if not store.users() and opened.config.ui.oidc is None:
            raise ConfigError(
                "nobody can sign in yet", "weir user add NAME --role admin, or name a provider in ui.oidc"
            )
        hosts = ["127.0.0.1", "localhost", "[::1]", *([host] if host not in ("0.0.0.0", "::") else []), *names]  # noqa: S104
        app = make_app(opened, hosts, secure=https)
        config = uvicorn.Config(
            app, host=host, port=port, log_level="critical", access_log=False, server_header=False, lifespan="off"
        )
        server = uvicorn.Server(config)
        socket = config.bind_socket()
        socket.listen(config.backlog)  # whoever reads the address may come at once
        output.note(f"http://{host}:{socket.getsockname()[1]}/  (stop with Ctrl-C)")
        sys.stdout.flush()
        server.run(sockets=[socket])

    @group.group("user", cls=Group)
    def user() -> None:
        """Say who may sign in to the web page, and as what."""

    @command(user, "add")
    @click.argument("name")
    @click.option("--role", type=_ROLES, required=True, help="What the user may do.")
    def user_add(output: Output, project: str, name: str, role: Any) -> None:
        """Add a user, or give one another role and password (asked for, or $WEIR_PASSWORD)."""
        from ..flow.project import Project

        opened = Project.open(project)
        password = os.environ.get("WEIR_PASSWORD") or click.prompt(
            "password", hide_input=True, confirmation_prompt=True, err=True
        )
        store = opened.store()
        made = store.set_user(name, role, password)
        store.audit("user set", name, {"role": role})
        output.show(made, printed(f"{name} may sign in as {role}"))

    @command(user, "list")
    def user_list(output: Output, project: str) -> None:
        """List the users."""
        from ..flow.project import Project

        found = Project.open(project).reading().users()
        output.show(
            found, printed(table(("name", "role", "since"), [(u.name, u.role, moment(u.created)) for u in found]))
        )

    @command(user, "remove")
    @click.argument("name")
    def user_remove(output: Output, project: str, name: str) -> None:
        """Remove a user with all sessions and tokens."""
        from ..flow.project import Project

        store = Project.open(project).reading()
        store.remove_user(name)
        store.audit("user removed", name)
        output.show({"removed": name}, printed(f"{name} cannot sign in any more"))

    @command(user, "token")
    @click.argument("name")
    @click.option("--role", type=_ROLES, default="viewer", show_default=True, help="What the token may do.")
    @click.option("--label", default="", help="What it is for.")
    @click.option("--days", default=90.0, show_default=True, help="How long it is good for.")
    def user_token(output: Output, project: str, name: str, role: Any, label: str, days: float) -> None:
        """Make a token for a program; it is shown this once."""
        from ..flow.project import Project

        store = Project.open(project).reading()
        token = store.add_token(name, label, role, days)
        store.audit("token made", name, {"role": role, "label": label, "days": days})
        output.show({"token": token}, printed(token))
