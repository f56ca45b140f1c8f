"""Pairing by a short code: ten minutes, one use, and no guessing."""

from __future__ import annotations

from itertools import product

import pytest

from serving.problems import ProblemError
from serving.waiting_machines import (
    ALPHABET,
    GUESSES_AT_ONCE,
    MOST_WAITING,
    NEW_AT_ONCE,
    WAITING_SECONDS,
    WaitingMachines,
)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def machines(clock: Clock) -> WaitingMachines:
    return WaitingMachines(clock)


def test_a_code_is_approved_once_and_gives_one_token(machines: WaitingMachines) -> None:
    device_code, code = machines.add("laptop", "192.0.2.1")
    assert len(code) == 8 and set(code) <= set(ALPHABET) and not set(ALPHABET) & set("AEIOUY0185")
    assert machines.take(device_code) is None
    found = machines.find(7, f" {code[:4].lower()}-{code[4:]} ")
    assert (found.name, found.address, found.person) == ("laptop", "192.0.2.1", None)
    machines.approve(7, code)
    assert machines.approve(7, code) is found  # a retry: its first answer was lost
    with pytest.raises(ProblemError, match="No machine shows this code"):
        machines.approve(8, code)  # nobody takes over what somebody else approved
    taken = machines.take(device_code)
    assert taken is not None and taken.person == 7
    with pytest.raises(ProblemError, match="within ten minutes"):
        machines.take(device_code)


def test_a_code_runs_out(machines: WaitingMachines, clock: Clock) -> None:
    device_code, code = machines.add("laptop", "192.0.2.1")
    approved, of_it = machines.add("tower", "192.0.2.1")
    machines.approve(1, of_it)
    clock.now = WAITING_SECONDS + 1
    for ask in (lambda: machines.find(1, code), lambda: machines.take(device_code), lambda: machines.take(approved)):
        with pytest.raises(ProblemError):
            ask()


def test_guesses_are_slowed_and_only_those_of_whoever_guesses(machines: WaitingMachines, clock: Clock) -> None:
    _, code = machines.add("laptop", "192.0.2.1")
    wrong = next("".join(letters) for letters in product("BC", repeat=8) if "".join(letters) != code)
    statuses = []
    for _ in range(3 * GUESSES_AT_ONCE):
        with pytest.raises(ProblemError) as error:
            machines.find(1, wrong)
        statuses.append(error.value.status)
    assert statuses == sorted(statuses) and statuses.count(404) == GUESSES_AT_ONCE + 1
    with pytest.raises(ProblemError) as error:
        machines.find(1, code)  # the right one does not get through either
    assert error.value.status == 429 and int((error.value.headers or {})["Retry-After"]) <= 31
    assert machines.find(2, code).name == "laptop"
    clock.now += 31
    assert machines.find(1, code).name == "laptop"


def test_nobody_fills_the_room_for_those_that_wait(machines: WaitingMachines, clock: Clock) -> None:
    statuses = []
    for _ in range(NEW_AT_ONCE + 5):
        try:
            machines.add("many", "192.0.2.1")
        except ProblemError as error:
            statuses.append(error.status)
    assert statuses == [429] * 4
    for number in range(MOST_WAITING):
        try:
            machines.add("many", f"address {number}")
        except ProblemError as error:
            statuses.append(error.status)
    assert statuses[4:] == [503] * (NEW_AT_ONCE + 1)
    clock.now = WAITING_SECONDS + 1
    machines.add("laptop", "192.0.2.1")


@pytest.mark.parametrize("name", ["", "x" * 101, "a\nb", "a\u202eb"])
def test_a_name_that_could_deceive_is_refused(machines: WaitingMachines, name: str) -> None:
    with pytest.raises(ProblemError, match="The machine's name is"):
        machines.add(name, "192.0.2.1")
