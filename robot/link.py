"""One connection to a rosbridge server that notices when it is dead and never sends what is old.

It is roslibpy's asyncio transport (https://roslibpy.readthedocs.io) with four things changed, each
for a hazard that was measured with roslibpy 2.1:

- `Topic.publish` queues while disconnected and replays everything after: here a message is sent now
  or not at all.
- A half-open link looks alive for ever: here pings go out, and a missing answer closes it.
- A binary or damaged frame raises out of the connection: here it is counted.
- The wait before reconnecting grows without a useful bound: here to two seconds.

Everything that touches roslibpy's insides is in this file.
"""

from __future__ import annotations

import json
import math
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from goat.errors import ConfigError, GoatError
from goat.registry import require

Receive = Callable[[Any, float], None]
"""Takes a message and when it came (`time.monotonic`, s); runs on the network's thread."""


_ANSWERS = ("service_response", "action_result", "action_feedback")
_GOALS = ("send_action_goal", "cancel_action_goal")


class LinkError(GoatError):
    """The bridge cannot be reached, or did not answer."""


@dataclass(frozen=True)
class LinkConfig:
    """How soon a dead link is noticed and mended."""

    ping: float = 0.2
    """Time between pings, s."""
    ping_timeout: float = 0.8
    """An answer that takes longer means that the link is dead, s."""
    first_delay: float = 0.2
    """Wait before the first attempt to reconnect, s; it grows ..."""
    most_delay: float = 1.0
    """... up to this, s."""
    handshake: float = 2.0
    """Longest time to open a connection, s."""
    largest: int = 8_000_000
    """Longer messages close the connection, bytes."""
    fresh: float = 0.1
    """A message that could not be written for so long is dropped, s."""
    backlog: int = 65_536
    """With more bytes than this waiting to be written, new ones are dropped."""
    silent: float = 2.0
    """A topic of which nothing came for so long is subscribed to again, s: a bridge may have lost
    the subscription, or made it before the publisher was there, with what does not fit it."""


@dataclass(frozen=True, slots=True)
class _Subscription:
    topic: str
    type: str
    throttle_ms: int
    receive: Receive
    streams: bool


class Link:
    """Subscribes and publishes over one websocket; all methods may be called from any thread."""

    def __init__(self, url: str, config: LinkConfig | None = None) -> None:
        """Prepare; nothing is sent before `open`.

        Args:
            url: "ws://host:port" or "wss://host:port"; certificates are verified.
            config: How soon a dead link is noticed.

        Raises:
            ConfigError: The address is none.
            MissingExtraError: roslibpy is not installed.
        """
        parts = urlsplit(url)
        if parts.scheme not in ("ws", "wss") or not parts.hostname:
            raise ConfigError(f"{url!r} is no address of a bridge; one is ws://localhost:9090")
        require("roslibpy")
        self.url, self.config = url, config or LinkConfig()
        self.counts: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._subscriptions: dict[str, _Subscription] = {}
        self._advertised: dict[str, str] = {}
        self._heard: dict[str, float] = {}
        self._waiting: dict[str, Callable[[dict[str, Any]], None]] = {}
        self._served: tuple[dict[str, Any], Callable[[dict[str, Any]], None]] | None = None
        self._up = threading.Event()
        self._on_down: list[Callable[[], None]] = []
        self._factory: Any = None

    # Life

    def open(self, timeout: float = 5.0) -> None:
        """Connect, and keep reconnecting until closed.

        Raises:
            LinkError: Nobody answers there; attempts have ended.
        """
        from robot.transport import Calls, start

        calls = Calls(self._received, self._ready, self._lost, self._tend)
        self._factory = start(self.url, self.config, calls)
        if not self._up.wait(timeout):
            self.close()
            raise LinkError(
                f"no bridge answers at {self.url} within {timeout:g} s. Start one: ros2 launch "
                "rosbridge_server rosbridge_websocket_launch.xml; without ROS: goat robot bridge"
            )

    def close(self) -> None:
        """Disconnect for good."""
        if self._factory is not None:
            self._factory.stop()
            self._factory = None
        self._up.clear()

    @property
    def connected(self) -> bool:
        """Whether the bridge answers, as far as pings tell."""
        return self._up.is_set()

    def on_down(self, call: Callable[[], None]) -> None:
        """Have `call` run when a connection is lost."""
        self._on_down.append(call)

    # Topics

    def subscribe(
        self,
        topic: str,
        kind: str,
        receive: Receive,
        throttle_ms: int = 0,
        *,
        streams: bool = True,
    ) -> None:
        """Receive a topic now and after each reconnection, the newest message only.

        Args:
            topic: Its name.
            kind: Its type as the bridge's dialect writes it.
            receive: Called on the network's thread; it must not wait for anything.
            throttle_ms: Least time between messages.
            streams: Messages come all the time, so that silence means that something is wrong.
        """
        subscription = _Subscription(topic, kind, throttle_ms, receive, streams)
        with self._lock:
            self._subscriptions[topic] = subscription
            self._heard[topic] = time.monotonic()
        self._send_now(_subscribe(subscription))

    def advertise(self, topic: str, kind: str) -> None:
        """Announce what will be published, now and after each reconnection."""
        with self._lock:
            self._advertised[topic] = kind
        self._send_now(_advertise(topic, kind))

    def publish(self, topic: str, message: dict[str, Any]) -> bool:
        """Send now or not at all; return whether it was handed to the network."""
        frame = {"op": "publish", "topic": topic, "msg": message}
        return self._send_now(frame, self.config.fresh)

    # Services and actions

    def call(self, service: str, args: dict[str, Any], timeout: float = 3.0) -> dict[str, Any]:
        """Call a service and wait; never from the network's thread.

        Raises:
            LinkError: Not connected, no answer in time, or the service failed.
        """
        done: threading.Event = threading.Event()
        answers: list[dict[str, Any]] = []

        def answered(message: dict[str, Any]) -> None:
            answers.append(message)
            done.set()

        number = self.ask({"op": "call_service", "service": service, "args": args}, answered)
        try:
            if not done.wait(timeout):
                raise LinkError(f"the service {service} did not answer within {timeout:g} s")
        finally:
            self.forget(number)
        if answers[0].get("result") is False:
            raise LinkError(f"the service {service} failed: {answers[0].get('values')}")
        values = answers[0].get("values")
        return values if isinstance(values, dict) else {}

    def ask(self, message: dict[str, Any], answered: Callable[[dict[str, Any]], None]) -> str:
        """Send an operation that will be answered, and return the id that it was given.

        Args:
            message: The operation, without an id.
            answered: Takes each answer, on the network's thread, until `forget`.

        Raises:
            LinkError: Not connected.
        """
        number = f"goat-{uuid4().hex[:12]}"
        self._waiting[number] = answered
        if not self._send_now({**message, "id": number}, self.config.fresh):
            self.forget(number)
            raise LinkError(f"cannot send {message['op']}: not connected to {self.url}")
        return number

    def serve(self, announcement: dict[str, Any], asked: Callable[[dict[str, Any]], None]) -> None:
        """Serve an action, now and after each reconnection.

        Args:
            announcement: The operation that advertises it.
            asked: Takes goals and cancellations, on the network's thread.
        """
        with self._lock:
            self._served = announcement, asked
        self._send_now(announcement)

    def forget(self, number: str) -> None:
        """Take no more answers to what was asked."""
        self._waiting.pop(number, None)

    def tell(self, message: dict[str, Any]) -> bool:
        """Send an operation that is not answered; return whether it was handed to the network."""
        return self._send_now(message)

    # The network's thread

    def _ready(self) -> None:
        with self._lock:
            subscriptions = list(self._subscriptions.values())
            advertised = list(self._advertised.items())
            served = self._served
        self._send_now({"op": "set_level", "level": "error", "id": "level"})
        for topic, kind in advertised:
            self._send_now(_advertise(topic, kind))
        if served is not None:
            self._send_now(served[0])
        for subscription in subscriptions:
            self._heard[subscription.topic] = time.monotonic()
            self._send_now(_subscribe(subscription))
        self.counts["connections"] += 1
        self._up.set()

    def _lost(self) -> None:
        self._up.clear()
        self._waiting.clear()
        for call in self._on_down:
            call()

    def _tend(self) -> None:
        """Subscribe again to what has fallen silent."""
        now = time.monotonic()
        with self._lock:
            silent = [
                subscription
                for subscription in self._subscriptions.values()
                if subscription.streams
                and now - self._heard[subscription.topic] > self.config.silent
            ]
        for subscription in silent:
            topic = subscription.topic
            self._heard[topic] = now
            self.counts["subscribed again"] += 1
            self._send_now({"op": "unsubscribe", "id": _id_of(topic), "topic": topic})
            self._send_now(_subscribe(subscription))

    def _received(self, payload: bytes, binary: bool) -> None:
        """Take one frame; nothing that a bridge sends raises out of here."""
        at = time.monotonic()
        if binary:
            self.counts["binary frames"] += 1
            return
        try:
            message = json.loads(payload)
        except (ValueError, RecursionError):
            self.counts["damaged frames"] += 1
            return
        operation = message.get("op") if isinstance(message, dict) else None
        if operation == "publish":
            self._published(message, at)
        elif operation in _ANSWERS:
            call = self._waiting.get(str(message.get("id")))
            if call is not None:
                call(message)
        elif operation in _GOALS and self._served is not None:
            self._served[1](message)
        elif operation == "status":
            self.counts["status messages"] += 1
            self.last_status = str(message.get("msg"))[:500]
        else:
            self.counts["unknown frames"] += 1

    def _published(self, message: dict[str, Any], at: float) -> None:
        topic = message.get("topic")
        subscription = self._subscriptions.get(topic) if isinstance(topic, str) else None
        if subscription is None:
            self.counts["unknown topics"] += 1
            return
        self._heard[subscription.topic] = at
        subscription.receive(message.get("msg"), at)

    def _send_now(self, message: dict[str, Any], fresh: float = math.inf) -> bool:
        """Hand a frame to the network; with `fresh` (s) it is dropped if it cannot go out soon."""
        factory = self._factory
        payload = json.dumps(message, allow_nan=False, separators=(",", ":")).encode()
        sent = factory is not None and factory.send(payload, time.monotonic() + fresh)
        if not sent:
            self.counts["not sent"] += 1
        return sent


def _id_of(topic: str) -> str:
    return f"subscribe:{topic}"


def _subscribe(subscription: _Subscription) -> dict[str, Any]:
    return {
        "op": "subscribe",
        "id": _id_of(subscription.topic),
        "topic": subscription.topic,
        "type": subscription.type,
        "throttle_rate": subscription.throttle_ms,
        "queue_length": 1,
    }


def _advertise(topic: str, kind: str) -> dict[str, Any]:
    return {"op": "advertise", "id": f"advertise:{topic}", "topic": topic, "type": kind}
