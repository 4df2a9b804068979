"""The operator's page: shows what the robot does, and takes what a person wants of it."""

from __future__ import annotations

import logging
import threading
import time
from typing import Any

from goat.types import AgentFrame, Observation
from goat.view.operator import Operator
from goat.view.page.drawing import Drawing
from goat.view.page.feed import Feed
from goat.view.page.server import close_server, is_loopback, open_server
from goat.view.page.visitor import Visitor

_log = logging.getLogger(__name__)
_TICK = 0.05  # s between looks for something to draw


class OperatorPage:
    """Serves the page; implements `goat.protocols.Viewer`.

    `show` and `look` only hand over the newest; a thread of the page's own draws it a few times a
    second, and only while a browser is there. Everything a person does goes to the `Operator`
    on threads of the server.
    """

    def __init__(self, operator: Operator, host: str = "127.0.0.1", port: int = 8080) -> None:
        """Serve the page.

        Args:
            operator: Takes what people want, and knows what goes on.
            host: Address to listen on. Whoever reaches it drives the robot.
            port: 0 takes any that is free.

        Raises:
            ConfigError: The address cannot be listened on.
            MissingExtraError: viser is not installed.
        """
        self._operator, self._feed = operator, Feed()
        self._server = open_server(host, port)
        self._host = host
        if not is_loopback(host):
            _log.warning(
                "the operator's page listens on %s: whoever reaches port %d drives the robot",
                host,
                self.port,
            )
        self._visitors: dict[int, Visitor] = {}
        self._closing = threading.Event()
        self._drawing = Drawing(self._server, operator, self._feed, self._visitors)
        self._server.scene.on_click()(self._on_scene_click)
        self._server.on_client_connect(self._on_connect)
        self._server.on_client_disconnect(self._on_disconnect)
        self._thread = threading.Thread(target=self._run, name="operator-page", daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        """Port that the page is served on."""
        return self._server.get_port()

    @property
    def url(self) -> str:
        """Address of the page for a browser on this machine."""
        name = "localhost" if self._host in ("0.0.0.0", "::", "") else self._host
        return f"http://{f'[{name}]' if ':' in name else name}:{self.port}"

    def show(self, frame: AgentFrame) -> None:
        """Show one control step."""
        self._feed.show(frame)

    def look(self, observation: Observation) -> None:
        """Show what a robot sees that pursues nothing."""
        self._feed.look(observation)

    def close(self) -> None:
        """Stop serving and free the port."""
        if self._closing.is_set():
            return
        self._closing.set()
        self._thread.join(timeout=5.0)
        close_server(self._server)

    def _run(self) -> None:
        while not self._closing.wait(_TICK):
            try:
                self._drawing.draw(time.monotonic(), seen=bool(self._visitors))
            except Exception:  # noqa: BLE001 - a page that stands still would look alive
                _log.exception("the operator's page could not be drawn")
                self._closing.wait(1.0)

    # Both run on the server's loop: in order, and before anything that the browser sends.
    async def _on_connect(self, client: Any) -> None:
        drawing = self._drawing
        self._visitors[client.client_id] = Visitor(
            client, self._operator, self._feed, drawing.goals, drawing.view
        )

    async def _on_disconnect(self, client: Any) -> None:
        self._visitors.pop(client.client_id, None)

    def _on_scene_click(self, event: Any) -> None:
        visitor = self._visitors.get(event.client_id)
        if visitor is not None:
            visitor.click(event.ray_origin, event.ray_direction)
