"""Commands that have ``--debug``, in groups that know what a mistyped name might have meant."""

from typing import Any

import click

from bench.errors import UserError, did_you_mean, listed, one_line

__all__ = ["Command", "Group"]


class Command(click.Command):
    """A command that has ``--debug`` as all do."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params.append(
            click.Option(
                ["--debug"],
                is_flag=True,
                expose_value=False,
                help="Show where an error came from.",
            )
        )


class Group(click.Group):
    """A group that knows what a mistyped command might have meant."""

    command_class = Command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0] if args else ""
        if name and not name.startswith("-") and self.get_command(ctx, name) is None:
            known = self.list_commands(ctx)
            hint = did_you_mean(name, known)
            raise UserError(
                f'no command "{one_line(name, most=60)}"{hint or f"; there are {listed(known)}"}'
            )
        return super().resolve_command(ctx, args)


Group.group_class = Group
