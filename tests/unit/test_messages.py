"""Every message goes out and comes back the same; what does not fit is refused by the name of its field."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any

import pytest

from neural_focus.errors import InputError, UnknownMessageError
from neural_focus.features import FEATURE_NAMES
from neural_focus.messages import (
    CLIENT_MESSAGES,
    MAX_MESSAGE_BYTES,
    SERVER_MESSAGES,
    Ability,
    ActivityUpdate,
    ApplyAction,
    AskCapture,
    AskRounds,
    AskRules,
    BrowserHello,
    ClientMessage,
    DesktopStatus,
    EndSession,
    ForgetRecords,
    InterventionApplied,
    InterventionClosed,
    InterventionFeedback,
    InterventionOffered,
    InterventionUndone,
    JailLeaving,
    LeaveJail,
    Notice,
    PredictionMade,
    Problem,
    RecordsForgotten,
    ReportStored,
    Rounds,
    ServerMessage,
    SessionApplied,
    SessionEnded,
    SessionStarted,
    SiteBlock,
    SiteBlocks,
    SiteInFront,
    Snapshot,
    StartSession,
    UndoAction,
    UndoIntervention,
    decode_client,
    decode_server,
    encode,
    message_schema,
)
from neural_focus.sessions import SessionSummary
from neural_focus.time import iso, parse_iso

T = 1_790_000_000_123_456


def snapshot(**changes: Any) -> dict[str, Any]:
    data: dict[str, Any] = {"t_us": T, "features": dict.fromkeys(FEATURE_NAMES, 1.5), "sequence": [1] * 10}
    return {"type": "SNAPSHOT", "data": data | changes}


STATUS = DesktopStatus("paused", "the X server of :0", iso(T), (Notice("focus", "why", "what to do"),))
DONE = [
    InterventionApplied(3, T, "screen", T + 5, ""),
    InterventionApplied(3, T, "", refused_reason="Your browser is not paired."),
    InterventionUndone(3, T, "ended", rested_us=T),
    SiteInFront("reddit.com", T, "firefox"),
]
ABLE = DesktopStatus(
    "capturing", ":0", abilities=(Ability("KILL", False, "why", "what to do"),), rounds=Rounds("pomodoro", 2, iso(T))
)
CLIENT: list[ClientMessage] = [
    Snapshot(T, dict.fromkeys(FEATURE_NAMES, 0.1), (1, 2, 3, 4, 5, 6, 7, 8, 9, 15), "vim", "Building", "ä"),
    Snapshot(T, dict.fromkeys(FEATURE_NAMES, 0.1), (1,) * 10, input_us=T - 7),
    InterventionFeedback(3, "accept"),
    InterventionFeedback(3, "snooze", T),
    StartSession("pomodoro", duration_minutes=20),
    StartSession("natural", start_us=T),
    EndSession(9, T),
    SessionApplied(9, T),
    LeaveJail(9, "a reason"),
    UndoIntervention(3),
    BrowserHello("firefox", "0.1", True),
    RecordsForgotten(3, 40),
    STATUS,
    ABLE,
    *DONE,
]
SERVER: list[ServerMessage] = [
    ActivityUpdate(iso(T), "vim", "", "Building", False),
    PredictionMade(iso(T), T, 70.5, 0.2, "LOW", 0.9, ("a", "b"), 30, None, 50.0, "xgboost_v1", "demo"),
    InterventionOffered(1, iso(T), "BLOCK_REDDIT", "why", 0.5, 30, "PREDICTIVE_BLOCK", ("reddit.com",)),
    InterventionClosed(1, "TIMEOUT", None, False),
    STATUS,
    *DONE,
    ApplyAction(3, "MANUAL_JAIL", "KILL_STEAM", "steam", T, "why"),
    UndoAction(3, "undone"),
    ReportStored(3, "INTERVENTION_UNDONE"),
    SiteBlocks((SiteBlock(3, "reddit.com", T, "why", 5, False),), T),
    JailLeaving(9, T),
    AskRounds("skip", "deep_work"),
    ForgetRecords(3, T, T + 1, "salt:digest"),
    AskCapture("pause", 60),
    AskRules("[never]", "digest"),
    SessionStarted(1, 2, iso(T), "deep_work", False, 0, start_us=T),
    SessionEnded(1, "timer_expired", SessionSummary(1500, 66.6, 3, 1)),
    Problem("No", 400, "because"),
]


@pytest.mark.parametrize("message", CLIENT, ids=lambda message: message.TYPE)
def test_client_messages_come_back(message: ClientMessage) -> None:
    assert decode_client(encode(message)) == message


@pytest.mark.parametrize("message", SERVER, ids=lambda message: message.TYPE)
def test_server_messages_come_back(message: ServerMessage) -> None:
    assert decode_server(encode(message)) == message


@pytest.mark.parametrize("message", SERVER, ids=lambda message: message.TYPE)
def test_what_a_newer_service_adds_is_left_out(message: ServerMessage) -> None:
    envelope = json.loads(encode(message))
    envelope["data"]["added"] = {"later": [1.5]}
    assert decode_server(json.dumps(envelope | {"added": 1})) == message
    with pytest.raises(UnknownMessageError, match="ADDED_LATER"):
        decode_server(json.dumps(envelope | {"type": "ADDED_LATER"}))


def test_what_a_newer_desktop_adds_is_refused() -> None:
    """It would say something that this service does not do: the service is updated first."""
    with pytest.raises(InputError, match="unknown field: 'added'"):
        decode_client(json.dumps(snapshot(added=1)))


def test_every_message_is_covered_here() -> None:
    assert {message.TYPE for message in CLIENT} == set(CLIENT_MESSAGES)
    assert {message.TYPE for message in SERVER} == set(SERVER_MESSAGES)


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("PREDICTION", "timestamp focus_score distraction_risk risk_category confidence contributing_factors"),
        ("INTERVENTION", "id timestamp action reason predicted_risk timeout_seconds"),
        ("ACTIVITY_UPDATE", "timestamp app_name window_title category is_pseudo_productive"),
        ("SESSION_ENDED", "session_id reason summary"),
    ],
)
def test_the_names_that_clients_know_are_there(kind: str, names: str) -> None:
    assert set(names.split()) <= {field.name for field in fields(SERVER_MESSAGES[kind])}


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("{", "no JSON"),
        ("[1]", "no type"),
        ('{"type": 3}', "no type"),
        ('{"type": "PREDICTION", "data": {}}', "PREDICTION"),
        ('{"type": "END_SESSION"}', "session_id"),
        ('{"type": "END_SESSION", "data": []}', "Expected `object`"),
        ('{"type": "END_SESSION", "data": {"session_id": true}}', "session_id"),
        ('{"type": "END_SESSION", "data": {"session_id": 1, "user_id": 2}}', "user_id"),
        ('{"type": "INTERVENTION_FEEDBACK", "data": {"intervention_id": 1, "response": "maybe"}}', "response"),
        ('{"type": "START_SESSION", "data": {"type": "nap"}}', "nap"),
        ('{"type": "START_SESSION", "data": {"type": "natural", "start_us": 5}}', "start_us"),
        pytest.param('{"type": "SNAPSHOT", "data": ' + "[" * 40_000, "no JSON", id="too deep"),
    ],
)
def test_what_does_not_fit_is_named(text: str, named: str) -> None:
    with pytest.raises(InputError, match=named):
        decode_client(text)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"t_us": 0}, "t_us"),
        ({"features": {"keystroke_rate": 1.0}}, "seconds_since_session_start"),
        ({"features": dict.fromkeys(FEATURE_NAMES, 1.0) | {"other": 1.0}}, "other"),
        ({"features": dict.fromkeys(FEATURE_NAMES, float("nan"))}, "no JSON"),
        ({"features": dict.fromkeys(FEATURE_NAMES, 10**400)}, "features"),
        ({"sequence": [1] * 9}, "sequence"),
        ({"sequence": [16] * 10}, "sequence"),
        ({"window_title": "x" * MAX_MESSAGE_BYTES}, "bytes"),
    ],
)
def test_a_snapshot_that_does_not_fit_is_refused(changes: dict[str, Any], named: str) -> None:
    with pytest.raises(InputError, match=named):
        decode_client(json.dumps(snapshot(**changes)))


def test_times_are_exact_to_the_microsecond() -> None:
    assert iso(T).endswith(".123456Z")
    assert parse_iso(iso(T)) == T


def test_the_schema_names_every_message() -> None:
    definitions = message_schema()["$defs"]
    text = json.dumps(definitions)
    assert all(f'"const": "{name}"' in text for name in (*CLIENT_MESSAGES, *SERVER_MESSAGES))
    assert definitions["EndSession"]["required"] == ["session_id"]
