"""Snapshots that came together are answered together, each stream's newest, and nobody waits for another's database."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

import numpy as np
import pytest

from neural_focus.experiments.budget import OpportunityWatch, Policy
from neural_focus.features import FEATURE_NAMES, SEQUENCE_LENGTH
from neural_focus.messages import Problem, Snapshot, decode_server
from neural_focus.replay import INPUT_NAMES
from neural_focus.snapshot_inputs import SnapshotInputs
from serving.hub import Client
from serving.streams import LiveStream
from serving.ticks import MOST_TOGETHER, MOST_WAITING, Ticks, Waiting

INPUTS = SnapshotInputs(np.zeros(len(INPUT_NAMES), np.float32))
START_US = 1_760_000_000_000_000


class Desktop:
    """A stream, and what its client was sent."""

    def __init__(self, ticks: Ticks, user_id: int) -> None:
        self.stream = LiveStream(user_id, "0d9f5a3e-5b0c-4f0e-9a4e-000000000009", False, OpportunityWatch(Policy()))
        self.client = Client(None, user_id, self.stream.machine_id)  # type: ignore[arg-type] # no socket is used
        self._ticks = ticks

    def send(self, second: int) -> asyncio.Future[None]:
        at = START_US + second * 1_000_000
        snapshot = Snapshot(at, dict.fromkeys(FEATURE_NAMES, 0.0), (0,) * SEQUENCE_LENGTH)
        return self._ticks.put(self.client, self.stream, snapshot, INPUTS).done

    def told(self) -> list[object]:
        return [decode_server(self.client.queue.get_nowait() or "") for _ in range(self.client.queue.qsize())]


def play(answer: Callable[[Sequence[Waiting]], Awaitable[None]], script: Callable[[Ticks], Awaitable[None]]) -> Ticks:
    async def run() -> Ticks:
        ticks = Ticks(answer)
        loop = asyncio.create_task(ticks.run())
        await asyncio.wait_for(script(ticks), 10)
        loop.cancel()
        with suppress(asyncio.CancelledError):
            await loop
        return ticks

    return asyncio.run(run())


def seconds(tick: Sequence[Waiting]) -> list[tuple[int, int]]:
    return [(one.stream.user_id, (one.snapshot.t_us - START_US) // 1_000_000) for one in tick]


def test_what_comes_together_is_answered_together_and_no_more_than_a_tick_takes() -> None:
    ticks_seen: list[list[tuple[int, int]]] = []

    async def answer(tick: Sequence[Waiting]) -> None:
        ticks_seen.append(seconds(tick))

    async def script(ticks: Ticks) -> None:
        await asyncio.gather(*(Desktop(ticks, number).send(0) for number in range(MOST_TOGETHER + 3)))

    play(answer, script)
    assert [len(tick) for tick in ticks_seen] == [MOST_TOGETHER, 3]
    assert [who for tick in ticks_seen for who, _ in tick] == list(range(MOST_TOGETHER + 3)), "the oldest come first"


def test_what_came_quickly_is_answered_one_after_the_other() -> None:
    answered: list[list[tuple[int, int]]] = []

    async def answer(tick: Sequence[Waiting]) -> None:
        answered.append(seconds(tick))

    async def script(ticks: Ticks) -> None:
        quick, other = Desktop(ticks, 1), Desktop(ticks, 2)
        await asyncio.gather(*(quick.send(second) for second in range(3)), other.send(0))
        for second in range(MOST_WAITING + 2):
            quick.send(10 + second)
        assert [type(one) for one in quick.told()] == [Problem, Problem], "a flood has an end"

    ticks = play(answer, script)
    assert answered[:3] == [[(1, 0), (2, 0)], [(1, 1)], [(1, 2)]] and ticks.gave_way == 2


def test_a_late_snapshot_gives_way_to_the_next_and_the_desktop_is_told(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("serving.ticks.LATE_SECONDS", 0.0)
    answered: list[list[tuple[int, int]]] = []
    asked: list[asyncio.Future[None]] = []

    async def script(ticks: Ticks) -> None:
        slow, other = Desktop(ticks, 1), Desktop(ticks, 2)
        asked.append(slow.send(0))
        await begun.wait()
        asked.extend([slow.send(1), other.send(0), slow.send(2), slow.send(3)])
        release.set()
        await asyncio.gather(*asked)
        problems = slow.told()
        assert [type(one) for one in problems] == [Problem, Problem] and other.told() == []
        assert isinstance(problems[0], Problem) and problems[0].status == 503 and "gave way" in problems[0].detail

    begun, release = asyncio.Event(), asyncio.Event()

    async def answer(tick: Sequence[Waiting]) -> None:
        answered.append(seconds(tick))
        begun.set()
        await release.wait()

    with caplog.at_level(logging.WARNING):
        ticks = play(answer, script)
    assert answered == [[(1, 0)], [(1, 3), (2, 0)]], "it keeps its place"
    assert ticks.gave_way == 2 and "2 snapshots gave way" in caplog.text


def test_what_takes_longer_holds_up_its_own_stream_alone() -> None:
    answered: list[list[tuple[int, int]]] = []
    stored = asyncio.Event()

    async def store() -> None:
        await stored.wait()

    async def answer(tick: Sequence[Waiting]) -> None:
        answered.append(seconds(tick))
        for one in tick:
            if one.stream.user_id == 1 and not stored.is_set():
                one.rest = asyncio.create_task(store())

    async def script(ticks: Ticks) -> None:
        one, other = Desktop(ticks, 1), Desktop(ticks, 2)
        first = one.send(0)
        await other.send(0)
        second = one.send(1)
        await other.send(1)
        assert not first.done() and not second.done()
        stored.set()
        await asyncio.gather(first, second)

    play(answer, script)
    assert [who for tick in answered for who in tick] == [(1, 0), (2, 0), (2, 1), (1, 1)]


def test_a_mistake_in_one_tick_is_told_to_the_log_and_the_next_is_answered(caplog: pytest.LogCaptureFixture) -> None:
    answered: list[list[tuple[int, int]]] = []

    async def answer(tick: Sequence[Waiting]) -> None:
        answered.append(seconds(tick))
        if len(answered) == 1:
            raise ValueError("a mistake of ours")

    async def script(ticks: Ticks) -> None:
        desktop = Desktop(ticks, 1)
        await desktop.send(0)
        [told] = desktop.told()
        assert isinstance(told, Problem) and told.status == 500
        await desktop.send(1)

    play(answer, script)
    assert answered == [[(1, 0)], [(1, 1)]] and "a mistake of ours" in caplog.text


def test_what_is_to_be_answered_once_more_comes_before_what_came_later() -> None:
    answered: list[list[tuple[int, int]]] = []
    restored = asyncio.Event()

    async def restore(one: Waiting) -> None:
        await restored.wait()
        one.again = True

    async def answer(tick: Sequence[Waiting]) -> None:
        answered.append(seconds(tick))
        if len(answered) == 1:
            tick[0].rest = asyncio.create_task(restore(tick[0]))

    async def script(ticks: Ticks) -> None:
        desktop, other = Desktop(ticks, 1), Desktop(ticks, 2)
        first = desktop.send(0)
        await other.send(0)
        second = desktop.send(1)
        ended: list[str] = []
        first.add_done_callback(lambda _: ended.append("first"))
        second.add_done_callback(lambda _: ended.append("second"))
        restored.set()
        await asyncio.gather(first, second)
        assert ended == ["first", "second"]

    play(answer, script)
    assert answered == [[(1, 0)], [(2, 0)], [(1, 0)], [(1, 1)]] or answered == [[(1, 0), (2, 0)], [(1, 0)], [(1, 1)]]


def test_company_is_waited_for_by_nobody_who_is_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    answered: list[list[tuple[int, int]]] = []

    async def answer(tick: Sequence[Waiting]) -> None:
        answered.append(seconds(tick))

    async def script(ticks: Ticks) -> None:
        desktop, others = Desktop(ticks, 1), [Desktop(ticks, who) for who in (2, 3)]
        with monkeypatch.context() as patched:
            patched.setattr("serving.ticks.GATHER_SECONDS", 3_600.0)
            await desktop.send(0)
            await desktop.send(1)
        await asyncio.gather(*(other.send(0) for other in others))
        late = desktop.send(2)
        await asyncio.sleep(0)  # the loop waits for company now
        await asyncio.gather(late, others[0].send(1))

    play(answer, script)
    assert answered == [[(1, 0)], [(1, 1)], [(2, 0), (3, 0)], [(1, 2), (2, 1)]]
