"""Stands between a client and a bridge and spoils what passes."""

from __future__ import annotations

import asyncio
import contextlib
import random
import threading
from collections import Counter
from typing import Any

from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed


class FaultProxy:
    """Delays, drops, swaps, repeats, cuts and garbles messages to the client while `faults` is set.

    What the client sends is only delayed and dropped: a bridge that garbles is a bridge's matter.
    """

    def __init__(self, url: str, seed: int = 0) -> None:
        self.faults = threading.Event()
        self.counts: Counter[str] = Counter()
        self._upstream, self._rng = url, random.Random(seed)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server = self._run(self._listen())
        self.url = f"ws://127.0.0.1:{next(iter(self._server.sockets)).getsockname()[1]}"

    def close(self) -> None:
        self._run(self._shut())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _run(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10.0)

    async def _shut(self) -> None:
        self._server.close()
        await self._server.wait_closed()

    async def _listen(self) -> Any:
        return await serve(self._serve, "127.0.0.1", 0, max_size=None, compression=None)

    async def _serve(self, client: ServerConnection) -> None:
        with contextlib.suppress(ConnectionClosed, OSError):
            async with connect(self._upstream, max_size=None, compression=None) as bridge:
                down = asyncio.create_task(self._relay(bridge, client, spoil=True))
                up = asyncio.create_task(self._relay(client, bridge, spoil=False))
                _, waiting = await asyncio.wait((down, up), return_when="FIRST_COMPLETED")
                for task in waiting:
                    task.cancel()

    async def _relay(self, source: Any, target: Any, spoil: bool) -> None:
        held: Any = None
        with contextlib.suppress(ConnectionClosed):
            async for frame in source:
                frames = [frame]
                if self.faults.is_set():
                    frames, held = await self._spoiled(frame, held, spoil)
                for item in frames:
                    await target.send(item)

    async def _spoiled(self, frame: Any, held: Any, spoil: bool) -> tuple[list[Any], Any]:
        kinds = ["fine", "delay", "drop"] + ["swap", "repeat", "cut", "garble"] * spoil
        kind = self._rng.choices(kinds, [6, 1, 2] + [1, 1, 1, 1] * spoil)[0]
        self.counts[kind] += 1
        before = [] if held is None else [held]
        match kind:
            case "delay":
                await asyncio.sleep(self._rng.uniform(0.0, 0.6))
            case "drop":
                return before, None
            case "swap":
                return before, frame
            case "repeat":
                return [frame, *before, frame], None
            case "cut":
                return [frame[: self._rng.randrange(len(frame))], *before], None
            case "garble":
                return [self._garbled(frame), *before], None
        return [frame, *before], None

    def _garbled(self, frame: str) -> str:
        letters = list(frame)
        for _ in range(self._rng.randint(1, 8)):
            letters[self._rng.randrange(len(letters))] = self._rng.choice(
                '0918"{}[],:.e-nulltrue/+='
            )
        return "".join(letters)
