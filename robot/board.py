"""Who publishes, subscribes and serves what: the rosbridge protocol without a network.

Protocol: rosbridge v2.0 (https://github.com/RobotWebTools/rosbridge_suite/blob/ros2/ROSBRIDGE_PROTOCOL.md):
advertise, publish, subscribe, services, actions, status. Left out: fragments, PNG and CBOR
compression, authentication, and types: any JSON is passed on, except where a real bridge of the
dialect would drop or change it and a client is likely to get that wrong (stamps, `seq`,
CameraInfo's letters).
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from robot.messages import Dialect, plain_type

Json = dict[str, Any]
_LEVELS = ("none", "error", "warning", "info")
_LATCHED = frozenset({"/tf_static", "/robot_description", "/map"})


@dataclass(eq=False)
class Subscription:
    """What one client receives of one topic."""

    throttle: float = 0.0
    """Least time between messages, s."""
    queue: deque[Json] = field(default_factory=lambda: deque(maxlen=1))
    """What waits to be sent."""
    sent: float = -float("inf")
    """When the last one was sent."""


@dataclass(eq=False)
class Client:
    """One connection."""

    name: str
    """For people."""
    wake: Callable[[], None]
    """Called when something waits to be sent."""
    replies: deque[Json] = field(default_factory=deque)
    """Everything but topics, in order."""
    subscriptions: dict[str, Subscription] = field(default_factory=dict)
    """By topic."""
    level: str = "error"
    """Of status messages."""

    def reply(self, message: Json) -> None:
        """Send something that must not be lost."""
        self.replies.append(message)
        self.wake()

    def status(self, level: str, text: str, number: object = None) -> None:
        """Send a status message if the client wants its level."""
        if _LEVELS.index(level) <= _LEVELS.index(self.level):
            about = {} if number is None else {"id": number}
            self.reply({"op": "status", "level": level, "msg": text, **about})

    def take(self, now: float) -> tuple[list[Json], float | None]:
        """Return what is to be sent now, and after how long to look again (None: when woken)."""
        out, again = list(self.replies), None
        self.replies.clear()
        for subscription in self.subscriptions.values():
            due = subscription.sent + subscription.throttle - now
            if not subscription.queue:
                continue
            if due > 0.0:
                again = due if again is None else min(again, due)
                continue
            count = 1 if subscription.throttle else len(subscription.queue)
            out += [subscription.queue.popleft() for _ in range(count)]
            subscription.sent = now
        return out, again


class Board:
    """Takes operations of clients and passes messages on; not thread-safe."""

    def __init__(self, dialect: Dialect = Dialect.ROS2) -> None:
        """Start with nobody.

        Args:
            dialect: Which bridge to be like.
        """
        self.dialect = dialect
        self.counts: Counter[str] = Counter()
        self._types: dict[str, str] = {}
        self._publishers: defaultdict[str, set[Client]] = defaultdict(set)
        self._clients: set[Client] = set()
        self._servers: dict[str, Client] = {}
        self._asked: dict[str, tuple[Client, Client]] = {}
        self._latched: dict[str, Json] = {}
        self._operations: dict[str, Callable[[Client, Json], None]] = {
            "advertise": self._advertise,
            "unadvertise": self._unadvertise,
            "publish": self._publish,
            "subscribe": self._subscribe,
            "unsubscribe": self._unsubscribe,
            "set_level": self._set_level,
            "call_service": self._call_service,
            "advertise_service": self._serve,
            "unadvertise_service": self._serve_no_more,
            "service_response": self._answer,
            "advertise_action": self._serve,
            "unadvertise_action": self._serve_no_more,
            "send_action_goal": self._send_goal,
            "cancel_action_goal": self._pass_to_server,
            "action_feedback": self._pass_to_asker,
            "action_result": self._answer,
        }

    def join(self, client: Client) -> None:
        """Add a client."""
        self._clients.add(client)

    def leave(self, client: Client) -> None:
        """Remove a client with all that it had announced. Nothing is published in its place."""
        self._clients.discard(client)
        for publishers in self._publishers.values():
            publishers.discard(client)
        self._servers = {k: server for k, server in self._servers.items() if server is not client}
        self._asked = {k: pair for k, pair in self._asked.items() if client not in pair}

    def handle(self, client: Client, message: object) -> None:
        """Carry out one operation; a damaged one is answered with a status message."""
        if not isinstance(message, dict):
            client.status("error", "a message must be a JSON object")
            return
        operation = self._operations.get(str(message.get("op")))
        if operation is None:
            client.status("error", f"unknown operation {message.get('op')!r}", message.get("id"))
            return
        try:
            operation(client, message)
        except (KeyError, TypeError, ValueError) as error:
            self.counts["refused"] += 1
            client.status("error", f"{message['op']}: {error!r}", message.get("id"))

    # Topics

    def _advertise(self, client: Client, message: Json) -> None:
        topic, kind = message["topic"], plain_type(message["type"])
        if self._types.setdefault(topic, kind) != kind:
            raise ValueError(f"{topic} is of type {self._types[topic]}, not {kind}")
        self._publishers[topic].add(client)

    def _unadvertise(self, client: Client, message: Json) -> None:
        self._publishers[message["topic"]].discard(client)

    def _publish(self, client: Client, message: Json) -> None:
        topic, body = message["topic"], message["msg"]
        if not isinstance(body, dict):
            raise ValueError("msg must be an object")
        if topic not in self._types:
            raise ValueError(f"{topic} was not advertised, so its type is not known")
        body = as_bridged(body, self._types[topic], self.dialect)
        out = {"op": "publish", "topic": topic, "msg": body}
        self.counts[topic] += 1
        if topic in _LATCHED:
            self._latched[topic] = out
        for other in self._clients:
            subscription = other.subscriptions.get(topic)
            if subscription is not None:
                subscription.queue.append(out)
                other.wake()

    def _subscribe(self, client: Client, message: Json) -> None:
        topic = message["topic"]
        kind = plain_type(message.get("type") or self._types.get(topic, ""))
        if self._types.get(topic, kind) != kind:
            raise ValueError(f"{topic} is of type {self._types[topic]}, not {kind}")
        if kind:
            self._types[topic] = kind
        length = int(message.get("queue_length", 0)) or None
        throttle = float(message.get("throttle_rate", 0)) / 1000.0
        client.subscriptions[topic] = Subscription(throttle, deque(maxlen=length))
        if topic in self._latched:
            client.subscriptions[topic].queue.append(self._latched[topic])
            client.wake()

    def _unsubscribe(self, client: Client, message: Json) -> None:
        client.subscriptions.pop(message["topic"], None)

    def _set_level(self, client: Client, message: Json) -> None:
        level = message["level"]
        client.level = level if level in _LEVELS else client.level

    # Services and actions

    def _serve(self, client: Client, message: Json) -> None:
        name = message["service"] if "service" in message else message["action"]
        self._servers[name] = client

    def _serve_no_more(self, client: Client, message: Json) -> None:
        name = message["service"] if "service" in message else message["action"]
        self._servers.pop(name, None)

    def _call_service(self, client: Client, message: Json) -> None:
        name, number = message["service"], message.get("id")
        own = self._rosapi(name, message.get("args") or {})
        if own is not None:
            client.reply(_response(number, name, own, result=True))
        elif name in self._servers:
            self._ask(client, self._servers[name], message)
        else:
            text = f"Service {name} does not exist"
            client.reply(_response(number, name, text, result=False))

    def _send_goal(self, client: Client, message: Json) -> None:
        action, number = message["action"], message.get("id")
        if action in self._servers:
            self._ask(client, self._servers[action], message)
            return
        result = {"op": "action_result", "id": number, "action": action, "status": 0}
        client.reply({**result, "values": f"Action {action} does not exist", "result": False})

    def _ask(self, client: Client, server: Client, message: Json) -> None:
        number = str(message["id"])
        self._asked[number] = client, server
        server.reply(message)

    def _answer(self, client: Client, message: Json) -> None:
        pair = self._asked.pop(str(message["id"]), None)
        if pair is not None:
            pair[0].reply(message)

    def _pass_to_server(self, client: Client, message: Json) -> None:
        pair = self._asked.get(str(message["id"]))
        if pair is not None:
            pair[1].reply(message)

    def _pass_to_asker(self, client: Client, message: Json) -> None:
        pair = self._asked.get(str(message["id"]))
        if pair is not None:
            pair[0].reply(message)

    def _rosapi(self, name: str, args: Mapping[str, Any]) -> Json | None:
        topics = sorted(self._types)
        typed = {topic: self.dialect.type_name(self._types[topic]) for topic in topics}
        match name:
            case "/rosapi/topics":
                return {"topics": topics, "types": [typed[topic] for topic in topics]}
            case "/rosapi/topic_type":
                return {"type": typed.get(str(args.get("topic")), "")}
            case "/rosapi/publishers":
                # All clients publish through the bridge's one node.
                some = self._publishers.get(str(args.get("topic")))
                return {"publishers": ["/rosbridge_websocket"] if some else []}
            case "/rosapi/get_time":
                return {"time": self.dialect.stamp(time.time())}
        return None


def as_bridged(body: Json, kind: str, dialect: Dialect) -> Json:
    """Return a message as a bridge of the dialect passes it on.

    Raises:
        ValueError: That bridge would drop it.
    """
    if kind == "sensor_msgs/CameraInfo":
        known, foreign = ("K", "k") if dialect is Dialect.ROS1 else ("k", "K")
        if foreign in body:
            raise ValueError(f"sensor_msgs/CameraInfo does not have a field {foreign}, but {known}")
    header = body.get("header")
    if not isinstance(header, dict):
        return body
    if dialect is Dialect.ROS2:
        if "seq" in header:
            raise ValueError(f"{kind} does not have a field header.seq")
        return body
    stamp = header.get("stamp")
    if not isinstance(stamp, dict) or "secs" not in stamp:
        # A ROS 1 bridge ignores the fields it does not know and stamps with the time of arrival.
        header = {**header, "stamp": dialect.stamp(time.time())}
    return {**body, "header": {"seq": 0, **header}}


def _response(number: object, service: str, values: object, *, result: bool) -> Json:
    about = {} if number is None else {"id": number}
    return {
        "op": "service_response",
        "service": service,
        "values": values,
        "result": result,
        **about,
    }
