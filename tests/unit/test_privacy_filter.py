"""What leaves the filter of privacy, record by record."""

from __future__ import annotations

import numpy as np
import pytest

from collector.privacy_filter import Kept, PrivacyFilter
from neural_focus.events import EVENT_DTYPE, EventType
from neural_focus.privacy_rules import WITHHELD, PrivacyRules

RULES = {
    "never": {"apps": ["vault"], "titles": ["payslip"]},
    "only-focus": {"apps": ["diary"]},
    "without-title": {"apps": ["mail"]},
}
FOCUS, TITLE, KEY = EventType.WINDOW_FOCUS_CHANGE, EventType.WINDOW_TITLE_CHANGE, EventType.KEY_PRESS
WINDOWS = {"code": 1, "vault": 2, "diary": 3, "mail": 4, "editor": 5}


def filter_of(rules: dict[str, object] | None = None) -> PrivacyFilter:
    return PrivacyFilter(PrivacyRules(RULES if rules is None else rules, {}))


def stream(*rows: tuple[EventType, str, str] | tuple[EventType, str]) -> tuple[np.ndarray, dict[int, str]]:
    """Records a second apart, each with the app in front, and texts by position: (type, app[, title])."""
    records = np.zeros(len(rows), EVENT_DTYPE)
    texts = {}
    for place, (kind, app, *title) in enumerate(rows):
        window = WINDOWS[app]
        words = {FOCUS: (9, window, 0), TITLE: (0, len(title[0]) if title else 0, 0)}.get(kind, (0, 0, 7))
        records[place] = (10**15 + place * 10**6, kind, 100 + window, app.encode(), window, words)
        if kind in (FOCUS, TITLE):
            texts[place] = title[0] if title else ""
    return records, texts


def seen(kept: Kept) -> list[tuple[str, str]]:
    return [(EventType(int(row["event_type"])).name, row["app_name"].decode()) for row in kept.records]


def test_what_no_rule_names_passes_untouched() -> None:
    records, texts = stream((FOCUS, "code", "main"), (TITLE, "code", "main"), (KEY, "code"))
    kept = filter_of().apply(records, texts)
    assert kept.records is records and kept.texts is texts and (kept.begins, kept.removed) == ((), 0)


def test_nothing_of_a_never_app_is_kept_and_a_boot_begins_after_it() -> None:
    made = filter_of()
    records, texts = stream(
        (FOCUS, "code", "main"), (KEY, "code"), (FOCUS, "vault", "my secret"), (TITLE, "vault", "my secret"),
        (KEY, "vault"), (EventType.IDLE_START, "vault"), (FOCUS, "code", "main"), (KEY, "code"),
    )  # fmt: skip
    kept = made.apply(records, texts)
    assert [app for _, app in seen(kept)] == ["code"] * 4
    assert kept.begins == (2,) and kept.texts == {0: "main", 2: "main"}
    assert kept.records["data"][2, 0] == 0, "the window before it is not told"
    assert dict(made.counts) == made.last_hour() == {"never app": 4} and kept.removed == 4


def test_a_stretch_goes_on_from_batch_to_batch() -> None:
    made = filter_of()
    assert len(made.apply(*stream((FOCUS, "vault", ""))).records) == 0 and made.withholds
    assert len(made.apply(*stream((KEY, "vault"))).records) == 0
    kept = made.apply(*stream((FOCUS, "code", ""), (KEY, "code")))
    assert kept.begins == (0,) and len(kept.records) == 2 and not made.withholds


def test_a_title_begins_and_ends_a_stretch_within_a_window() -> None:
    rows = [(FOCUS, "editor", "notes"), (TITLE, "editor", "payslip 5"), (KEY, "editor"), (TITLE, "editor", "notes")]
    kept = filter_of().apply(*stream(*rows, (KEY, "editor")))  # type: ignore[arg-type]
    assert [kind for kind, _ in seen(kept)] == ["WINDOW_FOCUS_CHANGE"] * 2 + ["WINDOW_TITLE_CHANGE", "KEY_PRESS"]
    assert kept.begins == (1,) and "payslip 5" not in kept.texts.values()


def test_a_title_that_could_not_be_read_counts_as_one_that_is_kept_from_us() -> None:
    records, texts = stream((FOCUS, "code", "main"), (TITLE, "code", "long"), (KEY, "code"))
    kept = filter_of().apply(records, texts | {1: ""})
    assert len(kept.records) == 1


def test_of_an_only_focus_app_its_focus_and_presence_are_left() -> None:
    made = filter_of()
    rows = [(FOCUS, "diary", "dear diary"), (TITLE, "diary", "dear diary"), *[(KEY, "diary")] * 70]
    kept = made.apply(*stream(*rows, (EventType.IDLE_START, "diary"), (FOCUS, "code", "main")))  # type: ignore[arg-type]
    assert seen(kept) == [
        ("WINDOW_FOCUS_CHANGE", WITHHELD), ("IDLE_END", WITHHELD), ("IDLE_START", WITHHELD),
        ("WINDOW_FOCUS_CHANGE", "code"),
    ]  # fmt: skip
    neutral = kept.records[:3]
    assert not neutral["process_id"].any() and not neutral["window_handle"].any()
    assert kept.records["data"][3, 0] == 0 and kept.texts == {3: "main"} and kept.begins == ()
    assert made.counts["only-focus app"] == 70


def test_without_title_keeps_all_but_the_title() -> None:
    kept = filter_of().apply(*stream((FOCUS, "mail", "to Eve"), (TITLE, "mail", "to Eve"), (KEY, "mail")))
    assert [kind for kind, _ in seen(kept)] == ["WINDOW_FOCUS_CHANGE", "WINDOW_TITLE_CHANGE", "KEY_PRESS"]
    assert kept.texts == {} and kept.records["data"][1].tolist() == [0, 0, 0]


def test_another_window_of_a_never_app_is_not_told() -> None:
    kept = filter_of().apply(*stream((FOCUS, "code", ""), (EventType.WINDOW_MINIMIZE, "vault"), (KEY, "code")))
    assert [app for _, app in seen(kept)] == ["code", "code"]


def test_without_rules_nothing_is_kept_and_new_rules_hold_at_once() -> None:
    made = PrivacyFilter(None)
    assert len(made.apply(*stream((FOCUS, "code", ""), (KEY, "code"))).records) == 0
    made.follow(PrivacyRules(RULES, {}))
    kept = made.apply(*stream((KEY, "code")))
    assert seen(kept) == [("WINDOW_FOCUS_CHANGE", "code"), ("KEY_PRESS", "code")] and kept.begins == (0,)
    made.follow(PrivacyRules({"never": {"apps": ["code"]}}, {}))
    assert len(made.apply(*stream((KEY, "code"))).records) == 0


@pytest.mark.parametrize("keep", ["never", "only-focus"])
def test_a_site_that_is_kept_from_us_is_one_by_the_browsers_name(keep: str) -> None:
    from collector.site_context import _WITHHELD
    from neural_focus.privacy_rules import Keep

    kind = _WITHHELD[Keep.NOTHING if keep == "never" else Keep.ONLY_FOCUS]
    records, texts = stream((FOCUS, "code", ""), (KEY, "code"))
    records["app_name"] = f"firefox ({kind})".encode()
    apps = [app for _, app in seen(filter_of().apply(records, texts))]
    assert apps == ([] if keep == "never" else [WITHHELD])
