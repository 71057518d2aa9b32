"""What every command shares: --project, --json, and one way to end."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable
from typing import Any

import click

from ..errors import ConfigError, WeirError
from ..output import Output

INTERRUPTED = 130


class Group(click.Group):
    """The group of commands, in the order they were added, not of the alphabet."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order of the job."""
        return list(self.commands)


class Defaulting(Group):
    """A group with a command of its own that stands for the bare group: `weir runs` is `weir runs list`."""

    def __init__(self, *arguments: Any, default: str, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self.default = default

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the default command before arguments that name none."""
        known = {*self.commands, *ctx.help_option_names}
        return super().parse_args(ctx, args if args and args[0] in known else [self.default, *args])


def command(group: click.Group, name: str, **settings: Any) -> Callable[[Callable[..., Any]], click.Command]:
    """Register a command that gets `output` and `project` (a path) and ends with the design's exit codes."""

    def wrap(function: Callable[..., Any]) -> click.Command:
        @click.option(
            "--project",
            "-p",
            default=lambda: os.environ.get("WEIR_PROJECT", "."),
            help="Folder of weir.yaml, or the file itself.  [default: the current folder, or $WEIR_PROJECT]",
        )
        @click.option("--json", "as_json", is_flag=True, help="Print one JSON document on standard output.")
        @functools.wraps(function)
        def body(*, as_json: bool, **arguments: Any) -> None:
            output = Output(json=as_json)
            code = ended(output, functools.partial(function, output=output, **arguments))
            if code:
                sys.exit(code)

        return group.command(name, **settings)(body)

    return wrap


def ended(output: Output, action: Callable[[], Any]) -> int:
    """Run an action; print the error it ends with and return the exit code."""
    try:
        result = action()
    except WeirError as error:
        output.error(error)
        return error.exit_code
    except click.ClickException:
        raise
    except KeyboardInterrupt:
        output.error(WeirError("interrupted", "what was committed stays whole; run again to go on"))
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of our output went away (`weir sql ... | head`); that is no failure of ours.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        from ..engine import strip

        stripped = strip(error, "weir")
        output.error(stripped)
        return stripped.exit_code
    return result if isinstance(result, int) else 0


def usage(error: click.ClickException) -> int:
    """Print a wrong call as one line of cause and one of cure."""
    context = getattr(error, "ctx", None)
    path = context.command_path if context else "weir"
    Output().error(ConfigError(error.format_message(), f"see '{path} --help'"))
    return 2
