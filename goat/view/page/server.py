"""A viser server that prints nothing, shares nothing and talks to its own page only.

What is private to viser is touched here and nowhere else; hence viser is capped in pyproject.toml.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import rich

from goat.errors import ConfigError
from goat.registry import require
from goat.view import theme
from goat.view.page.sight import FOV

_log = logging.getLogger(__name__)
_FOREIGN = 1008  # WebSocket close code: policy violation


def open_server(host: str, port: int) -> Any:
    """Return a running `viser.ViserServer`; port 0 takes any that is free.

    Raises:
        ConfigError: The address cannot be listened on.
        MissingExtraError: viser is not installed.
    """
    viser = require("viser")
    _check_free(host, port)

    class Server(viser.ViserServer):
        """Any browser may ask viser to be shared through a public relay: never."""

        def request_share_url(self, verbose: bool = True) -> str | None:
            _log.warning("a browser asked to share the operator's page in public; refused")
            return None

    with _silence():
        server = Server(host=host, port=port, verbose=False)
    if port not in (0, server.get_port()):  # viser goes on to the next port by itself
        close_server(server)
        raise _taken(host, port)
    _refuse_foreign_pages(server, host)
    _set_up(server)
    return server


def close_server(server: Any) -> None:
    """Stop serving and free the port."""
    with _silence():
        server.stop()


def element_id(handle: Any) -> str:
    """Return the id that a viser control has in the page, for style sheets and labels."""
    return handle._impl.uuid


def is_loopback(host: str) -> bool:
    """Return whether only this machine reaches what listens on `host`."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def speaks_for_itself(headers: Mapping[str, str], host: str) -> bool:
    """Return whether a connection comes from our own page or from no page at all.

    A browser lets any page on the internet connect to loopback, but it names that page in
    `Origin`; and a name that somebody else's server resolves to this machine is in `Host`.
    """
    origin, asked = headers.get("Origin"), headers.get("Host", "")
    if origin is None:
        return True
    name = urlsplit(f"//{asked}").hostname or ""
    return urlsplit(origin).netloc == asked and _is_own_name(name, host)


def _is_own_name(name: str, host: str) -> bool:
    machine = socket.gethostname().lower()
    if name in ("localhost", host.lower(), machine) or name.startswith(f"{machine}."):
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _check_free(host: str, port: int) -> None:
    if not 0 <= port <= 65535:
        raise ConfigError(f"the viewer's port must be in 0..65535, got {port}")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except (OSError, UnicodeError) as error:
        raise _taken(host, port) from error


def _taken(host: str, port: int) -> ConfigError:
    return ConfigError(
        f"the operator's page cannot be served on {host}:{port}: the port is taken or the address "
        "is not this machine's; close what uses it or choose another with --viewer-port "
        "(0 takes any that is free)"
    )


@contextmanager
def _silence() -> Iterator[None]:
    """Keep viser's banners off the terminal; it prints through rich's global console."""
    console = rich.get_console()
    quiet, console.quiet = console.quiet, True
    try:
        yield
    finally:
        console.quiet = quiet


def _refuse_foreign_pages(server: Any, host: str) -> None:
    inside = server._websock_server

    async def check(number: int) -> None:
        link = inside._live_connections.get(number)
        if link is not None and not speaks_for_itself(link.request.headers, host):
            _log.warning("refused the page of %s", link.request.headers.get("Origin"))
            await link.close(_FOREIGN, "not the operator's page")

    async def check_new(connection: Any) -> None:
        await check(connection.client_id)

    async def check_all() -> None:  # whoever was faster than this function
        for number in list(inside._live_connections):
            await check(number)

    inside.on_client_connect(check_new)
    asyncio.run_coroutine_threadsafe(check_all(), server.get_event_loop()).result(timeout=10)


def _set_up(server: Any) -> None:
    server.gui.configure_theme(
        dark_mode=True, show_logo=False, show_share_button=False, brand_color=theme.ACCENT
    )
    server.gui.set_panel_label("Robot")
    server.scene.world_axes.visible = False
    server.initial_camera.fov = FOV
