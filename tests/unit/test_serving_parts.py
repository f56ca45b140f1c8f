"""Momentum, tokens, sign-in codes, names of blocks, the hub's queues."""

from __future__ import annotations

import asyncio
import math
import time
from pathlib import Path

import pytest

from neural_focus.experiments.assignment import Arm
from neural_focus.experiments.budget import OpportunityWatch, Policy
from neural_focus.features import FEATURE_NAMES
from neural_focus.help_settings import HelpSettings
from neural_focus.messages import Ability, DesktopStatus, Problem, Snapshot
from neural_focus.secrets import Secrets
from neural_focus.settings import Settings
from serving.auth import (
    CODE_SECONDS,
    COOKIE_SECONDS,
    forget_old_codes,
    is_local,
    is_machine_token,
    make_cookie,
    make_machine_token,
    make_signin_link,
    read_cookie,
    redeem_code,
)
from serving.hub import QUEUED_MESSAGES, Client, Hub
from serving.launch import service_command, service_environment
from serving.queries import flat_figures
from serving.reach import Reach, block_action
from serving.streams import LiveStream, Momentum, Streams

SECRETS = Secrets("api-token", "database", "prefect", "signing-key")
T = 1_790_000_000_000_000


def test_momentum_follows_its_definition() -> None:
    momentum, m, scores = Momentum(), 50.0, [80.0, 20.0, 65.0]
    assert momentum.advance(T, 10.0) == 50.0
    t = T
    for score, gap in zip(scores, (1, 1, 240), strict=True):
        momentum.predicted(score)
        t += gap * 1_000_000
        m = score + (m - score) * math.exp(-gap / 60)
        assert momentum.advance(t, 10.0 + (t - T) / 1e6) == pytest.approx(m, abs=1e-12)


def test_momentum_is_50_at_a_sessions_start() -> None:
    momentum = Momentum()
    momentum.advance(T, 100.0)
    momentum.predicted(99.0)
    assert momentum.advance(T + 60_000_000, 160.0) > 70
    assert momentum.advance(T + 61_000_000, 0.0) == 50.0
    assert momentum.advance(T + 62_000_000, 1.0) == 50.0  # no prediction in this session yet


def test_a_token_is_the_installations_own_or_looks_like_one_of_a_machine() -> None:
    assert is_local(SECRETS, "api-token") and not is_local(SECRETS, "api-toke") and not is_local(SECRETS, "")
    made = {make_machine_token() for _ in range(100)}
    assert len(made) == 100 and all(is_machine_token(token) for token in made)
    one = made.pop()
    for other in ("", "api-token", "nf1.1.AAAA", one[:-1], f"{one}x", f"{one}\n", "nfm_" + "ü" * 43):
        assert not is_machine_token(other), other


def test_a_cookie_is_no_token_and_runs_out(monkeypatch: pytest.MonkeyPatch) -> None:
    before = int(time.time())
    value = make_cookie(SECRETS, 7)
    made = read_cookie(SECRETS, value)
    assert made is not None and before <= made[1] <= time.time()
    for age, person in ((COOKIE_SECONDS - 2, 7), (COOKIE_SECONDS + 2, None)):
        monkeypatch.setattr("itsdangerous.TimestampSigner.get_timestamp", lambda _, age=age: int(time.time()) + age)
        found = read_cookie(SECRETS, value)
        assert (None if found is None else found[0]) == person
    monkeypatch.undo()
    assert read_cookie(SECRETS, value.replace("7.", "8.", 1)) is None
    assert not is_local(SECRETS, value) and not is_machine_token(value)
    for nonsense in ("", "..", "7", "7.9", "-1.99999999999.x", "ü"):
        assert read_cookie(SECRETS, nonsense) is None


def test_a_signin_code_is_used_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(home=tmp_path)
    code = make_signin_link(settings, SECRETS, 9).split("code=")[1]
    assert all(code not in path.name for path in tmp_path.rglob("*"))  # only its hash is on disk
    assert redeem_code(settings, SECRETS, code) == 9
    assert redeem_code(settings, SECRETS, code) is None
    with monkeypatch.context() as made:
        made.setattr(
            "itsdangerous.TimestampSigner.get_timestamp", lambda _: int(time.time()) - CODE_SECONDS["signin"] - 2
        )
        late = make_signin_link(settings, SECRETS, 9).split("code=")[1]
    assert redeem_code(settings, SECRETS, late) is None
    another = Secrets("a", "b", "c", "another-key")
    foreign = make_signin_link(settings, another, 9).split("code=")[1]
    assert redeem_code(settings, SECRETS, foreign) is None
    assert list((tmp_path / "signin").iterdir()) == []


def test_codes_that_nobody_used_are_forgotten_after_a_day(tmp_path: Path) -> None:
    import os
    import time

    settings = Settings(home=tmp_path)
    make_signin_link(settings, SECRETS)
    assert forget_old_codes(settings) == 0
    [path] = (tmp_path / "signin").iterdir()
    os.utime(path, (time.time() - 90_000,) * 2)
    assert forget_old_codes(settings) == 1


@pytest.mark.parametrize(
    ("site", "action"),
    [
        ("reddit.com", "BLOCK_REDDIT"),
        ("www.YouTube.com", "BLOCK_YOUTUBE"),
        ("news.ycombinator.com", "BLOCK_YCOMBINATOR"),
        ("localhost", "BLOCK_LOCALHOST"),
        ("my-site.org", "BLOCK_MY_SITE"),
        ("www.bbc.co.uk", "BLOCK_BBC"),
    ],
)
def test_a_block_is_named_after_its_site(site: str, action: str) -> None:
    assert block_action(site) == action


def test_what_can_be_done_follows_from_lists_desktop_and_browser() -> None:
    lists = HelpSettings(block_sites=("reddit.com",), minimize_apps=("spotify",))
    abilities = (
        Ability("SUGGEST_BREAK", True),
        Ability("PLACEBO", True),
        Ability("MINIMIZE", False, "No window manager answers", "Start one"),
    )
    desktop = DesktopStatus("capturing", "", abilities=abilities)
    both = Reach.of(lists, desktop, no_block="")
    assert (both.eligible, both.sites, both.apps) == (frozenset(Arm), ("reddit.com",), ())
    assert both.why_not("MINIMIZE") == "No window manager answers. Start one"
    assert both.why_not("BLOCK") is None and "agent" in (both.why_not("KILL") or "")
    nothing = Reach.of(lists, None, no_block="No browser is paired")
    assert nothing.eligible == {Arm.NO_OP}
    assert nothing.why_not("BLOCK") == "No browser is paired" and "agent" in (nothing.why_not("SUGGEST_BREAK") or "")
    assert Reach.of(lists, desktop, no_block="", jailed=True).eligible == {Arm.NO_OP, Arm.SUGGEST_BREAK, Arm.PLACEBO}


def test_the_service_is_started_on_the_settings_host_and_without_telemetry() -> None:
    settings = Settings(home=Path("/nowhere"), database_url="postgresql://x", serving_port=3210)
    command = service_command(settings)
    assert command[command.index("--host") + 1] == "127.0.0.1"
    environment = service_environment(settings, {"PATH": "/bin"})
    assert (environment["DATABASE_URL"], environment["PATH"]) == ("postgresql://x", "/bin")
    assert environment["BENTOML_DO_NOT_TRACK"] == "True"


class _Socket:
    """Takes texts, or does not; remembers how it was closed."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.closed: int | None = None

    async def send_text(self, text: str) -> None:
        self.sent.append(text)

    async def close(self, code: int, reason: str) -> None:
        self.closed = code


def test_pages_hear_what_is_for_pages_and_others_hear_nothing() -> None:
    async def run() -> None:
        hub = Hub()
        desktop, page, stranger = (
            Client(_Socket(), user, machine) for user, machine in ((1, "m"), (1, None), (2, None))
        )  # type: ignore[arg-type]
        for client in (desktop, page, stranger):
            hub.join(client)
        hub.publish(1, Problem("x", 400), pages_only=True)
        hub.publish(1, Problem("y", 400))
        assert (desktop.queue.qsize(), page.queue.qsize(), stranger.queue.qsize()) == (1, 2, 0)
        assert hub.has_desktop(1) and not hub.has_desktop(2)
        assert hub.has_desktop(1, "m") and not hub.has_desktop(1, "n")
        hub.publish(1, Problem("z", 400), machine_id="n")
        assert (desktop.queue.qsize(), page.queue.qsize()) == (1, 3), "what is for another machine"
        hub.leave(desktop)
        assert not hub.has_desktop(1)

    asyncio.run(run())


def test_a_client_that_falls_behind_is_cut_off() -> None:
    async def run() -> None:
        socket = _Socket()
        client = Client(socket, 1, None)  # type: ignore[arg-type]
        for _ in range(QUEUED_MESSAGES + 1):
            client.send(Problem("x", 400))
        await client.pump()
        assert socket.closed == 1013

    asyncio.run(run())


def test_the_newest_stream_is_the_one_with_the_latest_snapshot() -> None:
    streams = Streams()
    for machine in ("a", "b"):
        streams.add(LiveStream(1, machine, False, OpportunityWatch(Policy())))
    assert streams.newest(1) is None
    assert streams.add(LiveStream(1, "a", True, OpportunityWatch(Policy()))).is_demo is False
    assert [stream.machine_id for stream in streams.of(1)] == ["a", "b"]


def test_the_machine_in_use_is_the_one_with_the_newest_input() -> None:
    streams = Streams()
    laptop, tower, foreign = (
        streams.add(LiveStream(user, machine, False, OpportunityWatch(Policy())))
        for user, machine in ((1, "laptop"), (1, "tower"), (2, "foreign"))
    )
    assert streams.in_use(1) is None
    laptop.snapshot, tower.snapshot = _seen(T, 60), _seen(T + 900_000, 61)
    assert streams.in_use(1) is laptop, "its input is newer, though its snapshot is older"
    tower.snapshot = _seen(T + 1_000_000, 2)
    foreign.snapshot = _seen(T + 2_000_000, 0)
    assert streams.in_use(1) is tower and streams.in_use(2) is foreign
    laptop.snapshot = _seen(T + 1_000_000, -5)  # it may have had the next second's first input already
    assert streams.in_use(1) is laptop and laptop.used_us == T + 1_000_000
    laptop.snapshot = Snapshot(T + 3_000_000, dict.fromkeys(FEATURE_NAMES, 0.0) | {"idle_time_30s": 20.5}, (1,) * 10)
    assert laptop.used_us == T - 17_500_000 and streams.in_use(1) is tower, "a desktop that does not say"


def _seen(t_us: int, idle_s: int) -> Snapshot:
    return Snapshot(t_us, dict.fromkeys(FEATURE_NAMES, 0.0), (1,) * 10, input_us=t_us - idle_s * 1_000_000)


def test_all_streams_of_a_person_share_one_watch() -> None:
    streams = Streams()
    first, second, other = (
        streams.add(LiveStream(user, machine, False, OpportunityWatch(Policy())))
        for user, machine in ((1, "a"), (1, "b"), (2, "a"))
    )
    assert first.watch is second.watch is streams.watch_of(1) is not other.watch
    assert streams.watch_of(3) is None


def test_a_figure_that_does_not_exist_is_left_out_of_the_models_card() -> None:
    """Held-out days whose outcomes are all of one class have no AUC; the page would read null as a number."""
    manifest = {"switch": {"auc": 0.8, "n": 10}, "outcome": {"auc": math.nan, "n": 3, "confident": True}}
    assert flat_figures(manifest) == {"switch.auc": 0.8, "switch.n": 10.0, "outcome.n": 3.0}
