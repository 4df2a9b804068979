"""From plain mappings to the bytes of ROS 2 messages (CDR), by the types that rosbags knows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from goat.registry import require

_DTYPES = {"bool": np.bool_, "octet": np.uint8, "byte": np.uint8, "char": np.uint8}


class Ros2Codec:
    """Packs messages of ROS 2 Humble, which later releases read as well."""

    def __init__(self) -> None:
        """Load the types.

        Raises:
            MissingExtraError: rosbags is not installed.
        """
        typesys = require("rosbags.typesys")
        self._node = require("rosbags.interfaces").Nodetype
        self._store = typesys.get_typestore(typesys.Stores.ROS2_HUMBLE)

    def definition(self, kind: str) -> str:
        """Return the text that defines a type, with all that it is made of."""
        return self._store.generate_msgdef(kind, ros_version=2)[0]

    def pack(self, kind: str, content: Mapping[str, Any]) -> bytes:
        """Return a message as CDR.

        Args:
            kind: Type of the message, "nav_msgs/msg/Path".
            content: Its fields; what is left out is 0 or empty.

        Raises:
            KeyError: A field that the type does not have.
        """
        return bytes(self._store.serialize_cdr(self._built(kind, content), kind))

    def _built(self, kind: str, content: Mapping[str, Any]) -> Any:
        fields = self._store.fielddefs[kind][1]
        if unknown := content.keys() - {name for name, _ in fields}:
            raise KeyError(f"{kind} has no fields {sorted(unknown)}")
        values = {name: self._value(form, content.get(name)) for name, form in fields}
        return self._store.types[kind](**values)

    def _value(self, form: Any, value: Any) -> Any:
        node, inner = form
        if node == self._node.NAME:
            return self._built(inner, value or {})
        if node == self._node.BASE:
            return _zero(inner[0]) if value is None else value
        (item, name), length = inner
        if item == self._node.NAME:
            return [self._built(name, part) for part in value or ()]
        dtype = _DTYPES.get(name[0], name[0])
        return np.zeros(length, dtype) if value is None else np.asarray(value, dtype).ravel()


def _zero(name: str) -> Any:
    if name in ("string", "wstring"):
        return ""
    if name == "bool":
        return False
    return 0.0 if name.startswith("float") else 0
