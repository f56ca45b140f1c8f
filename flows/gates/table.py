"""Every data-quality gate, once: what it looks at, which fault it catches, what to do next.

    python -m flows.gates.table      this table as Markdown; docs/gates.md holds it, and a test compares the two

A gate is one Great Expectations expectation on one column of the frame of its kind of data (``flows.gates.frames``),
which has a row for each UTC day of a stream, for each session, or for a whole training set. A value that is missing
passes: a gate says nothing of what it cannot know.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from great_expectations.expectations.expectation import Expectation


class DataKind(StrEnum):
    """What is checked, in the order of the data's way."""

    EVENTS = "events"
    FEATURES = "features"
    LABELS = "labels"
    SESSIONS = "sessions"
    TRAINING = "training"
    SET = "set"


STOPS = {
    DataKind.EVENTS: "the day of that stream",
    DataKind.FEATURES: "the day of that stream",
    DataKind.LABELS: "the day of that stream",
    DataKind.SESSIONS: "the person's day on which the session began",
    DataKind.TRAINING: "the day of that stream",
    DataKind.SET: "the training on this set",
}


@dataclass(frozen=True, slots=True)
class DataGate:
    """One gate: ``column`` of its kind's frame has to be at least ``least`` and at most ``most``.

    ``catches``: the fault. ``found``: what was found, a format string over the failing row. ``advice``: what to do.
    """

    name: str
    column: str
    catches: str
    found: str
    advice: str
    most: float | None = None
    least: float | None = None

    @property
    def data(self) -> DataKind:
        """The kind of data, which its name begins with."""
        return DataKind(self.name.partition(".")[0])

    @property
    def bound(self) -> str:
        """What is good, for people."""
        low, high = (None if limit is None else f"{limit:,g}" for limit in (self.least, self.most))
        return f"{low} to {high}" if low and high else f"at most {high}" if high else f"at least {low}"

    def expectation(self) -> Expectation:
        """It, as Great Expectations knows it."""
        import great_expectations.expectations as gxe

        return gxe.ExpectColumnValuesToBeBetween(
            column=self.column,
            min_value=self.least,
            max_value=self.most,
            meta={"gate": self.name},
            description=f"{self.name}: {self.column} is {self.bound}; else {self.catches}",
        )

    def words(self, row: Mapping[str, Any]) -> str:
        """What was found, of a failing row of the frame."""
        return self.found.format_map(row)


_COMPUTE = "Delete the day's files under <home>/feast/{folder}/<stream>/ and run the flows `features` and `labels`"
_ANEW = {name: _COMPUTE.format(folder=name) for name in ("offline", "inputs", "labels")}
_PROGRAM = "Report it: the program that computed this is at fault, not the person"
_CLOCK = "Set the machine's clock (timedatectl set-ntp true); have the wrong time forgotten: neural-focus forget"

GATES: tuple[DataGate, ...] = (
    DataGate(
        "events.sequence",
        "missing_share",
        "records lost on their way or in the database: numbers of a boot are missing, and nobody had them forgotten",
        "{missing:,.0f} of {expected:,.0f} records are missing",
        "Read `neural-focus doctor`: capture and disk say what was lost; restore a backup if the database lost it",
        most=0.1,
    ),
    DataGate(
        "events.clock-back",
        "back_s",
        "the clock went back while one agent ran",
        "a record lies {back_s:,.0f} s before the one recorded before it",
        _CLOCK,
        most=1,
    ),
    DataGate(
        "events.clock-step",
        "step_s",
        "the clock jumped between two starts of the agent: what came before has wrong times",
        "the clock was moved by {step_s:,.0f} s",
        _CLOCK,
        most=600,
    ),
    DataGate(
        "events.future",
        "ahead_s",
        "the clock is ahead: records have times that had not come when they were stored",
        "records are {ahead_s:,.0f} s ahead of their arrival",
        _CLOCK,
        most=3_600,
    ),
    DataGate(
        "events.keys",
        "most_keys",
        "more keys in a minute than hands can press: delivered twice, or another unit of time",
        "{most_keys:,.0f} keys in one minute",
        "Look for a program that types; if there is none, see the `consistency` flow for what was stored twice",
        most=3_000,
    ),
    DataGate(
        "events.clicks",
        "most_clicks",
        "more clicks in a minute than hands can make",
        "{most_clicks:,.0f} clicks in one minute",
        "Look for a program that clicks, or a broken button",
        most=1_500,
    ),
    DataGate(
        "events.moves",
        "most_moves",
        "more mouse moves in a minute than an agent records (it thins them): another unit of time",
        "{most_moves:,.0f} moves in one minute",
        "Update the agent of that machine; a table that was imported may tell ms where µs are expected",
        most=60_000,
    ),
    DataGate(
        "events.switches",
        "most_switches",
        "windows that take the focus from one another without end",
        "{most_switches:,.0f} changes of focus in one minute",
        "Look for two programs that fight for the focus; neural-focus privacy can leave one out",
        most=600,
    ),
    DataGate(
        "events.frozen-minutes",
        "same_minutes",
        "a source that repeats itself: minute after minute the very same number of inputs",
        "{same_minutes:,.0f} minutes in a row have the very same number of inputs",
        "Look for a program that keeps the machine awake by fake input, and stop it",
        most=20,
    ),
    DataGate(
        "events.frozen-pointer",
        "same_place",
        "a frozen pointer: it is told to move, and stays where it is",
        "{same_place:,.0f} moves in a row end at one place",
        "Unplug the pointing device, or restart the agent",
        most=1_000,
    ),
    DataGate(
        "events.pointer-outside",
        "outside",
        "another scale of pixels: the pointer is where no desktop is",
        "{outside:,.0f} positions are outside of any desktop",
        "Update the agent of that machine, or give an imported table's x and y in pixels",
        most=0,
    ),
    DataGate(
        "events.idle-unit",
        "idle_wrong",
        "another unit of pauses (µs for ms): they are told to be longer than there was time for",
        "{idle_wrong:.0%} of the pauses are told to be longer than they can have been",
        "Update the agent of that machine, or give an imported table's idle_ms in milliseconds",
        most=0.5,
    ),
    DataGate(
        "events.silent",
        "silent_minutes",
        "capture or shipping is silently empty: the agent lives and sees input, and no events arrive",
        "in {silent_minutes:,.0f} minutes the agent saw input, and no event arrived",
        "Read `neural-focus doctor` on that machine, and restart its agent",
        most=30,
    ),
    DataGate(
        "events.input-gone",
        "blind_changes",
        "input is no longer seen: apps change, and keyboard and mouse, which were there on other days, are not",
        "{blind_changes:,.0f} changes of focus without any input, which other days have",
        "Read `neural-focus doctor` on that machine: display and capture say what it sees",
        most=20,
    ),
    DataGate(
        "events.category-gone",
        "kinds_gone",
        "categories are gone: apps that had a kind in the week before have none",
        "{kinds_gone:.0%} of the changes of focus to apps that had a kind came without one",
        "See neural_focus/categories.toml and your own rules on that machine, and restart its agent",
        most=0.5,
    ),
    DataGate(
        "features.missing",
        "uncomputed",
        "events have no snapshots: the flow `features` left minutes out",
        "{uncomputed:.0%} of the minutes with events have no snapshot",
        _ANEW["offline"],
        most=0.2,
    ),
    DataGate(
        "features.range",
        "outside",
        "values that the definition of a feature excludes, or that are no numbers",
        "{outside:,.0f} snapshots are out of range in {outside_what}",
        _ANEW["offline"],
        most=0,
    ),
    DataGate(
        "features.order",
        "disordered",
        "windows that contradict one another: more switches in 30 s than in 5 min",
        "{disordered:,.0f} snapshots have more switches in 30 s than in 5 min",
        _ANEW["offline"],
        most=0,
    ),
    DataGate(
        "features.duplicates",
        "duplicates",
        "one moment stored twice",
        "{duplicates:,.0f} moments are there twice",
        _ANEW["offline"],
        most=0,
    ),
    DataGate(
        "features.frozen",
        "same_rows",
        "frozen snapshots: all 32 features stay as they are, the clock's too",
        "{same_rows:,.0f} snapshots in a row are the same",
        _ANEW["offline"],
        most=30,
    ),
    DataGate(
        "features.frozen-sensor",
        "same_value",
        "a frozen sensor: what is measured of hands keeps one value",
        "{same_value_what} keeps one value for {same_value:,.0f} snapshots",
        "Restart the agent of that machine; " + _ANEW["offline"],
        most=60,
    ),
    DataGate(
        "features.clock",
        "hours_apart",
        "a clock that is frozen or jumps: the hour of the day does not go with time",
        "the hour of the day differs from the time in {hours_apart:,.0f} ways",
        "See the person's time zone on the page; " + _ANEW["offline"],
        most=4,
    ),
    DataGate(
        "features.unit",
        "scale",
        "another unit (ms for s, another scale of pixels): a usual size is many times that of the other days",
        "{scale_what} is {scale:,.0f} times what it is, or was, on other days",
        "Update the agent of that machine; " + _ANEW["offline"],
        most=20,
    ),
    DataGate(
        "features.inputs",
        "inputs_missing",
        "snapshots without all inputs of a model",
        "{inputs_missing:,.0f} snapshots lack inputs of a model",
        _ANEW["inputs"],
        most=0,
    ),
    DataGate(
        "labels.values",
        "strange",
        "labels that there are none of, or a last switch in the future",
        "{strange:,.0f} moments have impossible labels",
        _ANEW["labels"],
        most=0,
    ),
    DataGate(
        "labels.duplicates",
        "duplicates",
        "one moment labelled twice",
        "{duplicates:,.0f} moments are labelled twice",
        _ANEW["labels"],
        most=0,
    ),
    DataGate(
        "labels.next-switch",
        "mismatched",
        "labels that contradict what followed: a switch within 30 s or not",
        "{mismatched:,.0f} labels contradict the time of the next switch",
        _ANEW["labels"],
        most=0,
    ),
    DataGate(
        "labels.base-rate",
        "rate_high",
        "nearly every moment is before a switch: so nobody works",
        "{rate_high:.0%} of the moments are before a switch",
        "Look for programs that fight for the focus; " + _ANEW["labels"],
        most=0.95,
    ),
    DataGate(
        "labels.switches-unseen",
        "unseen",
        "the focus changed again and again, and no moment is labelled as before a switch",
        "{unseen:,.0f} switches, and no moment before one",
        _ANEW["labels"],
        most=20,
    ),
    DataGate(
        "labels.horizon",
        "uncovered",
        "moments labelled although nobody was watching until the label was known",
        "{uncovered:,.0f} labels reach beyond the time that was captured",
        _ANEW["labels"],
        most=0,
    ),
    DataGate(
        "labels.leakage",
        "best_alone",
        "label leakage: within quarters of an hour one input alone, that does not count switches, tells the label "
        "nearly perfectly",
        "{best_alone_what} alone tells the label with an AUC of {best_alone:.3f}",
        _PROGRAM + ": an input knows what comes after its moment",
        most=0.985,
    ),
    DataGate(
        "labels.snapshots",
        "without_snapshot",
        "labels without the snapshot that they are of",
        "{without_snapshot:,.0f} labels have no snapshot",
        _ANEW["labels"],
        most=0,
    ),
    DataGate(
        "sessions.end",
        "seconds",
        "a session that ends before it starts",
        "session {session:.0f} lasts {seconds:,.0f} s",
        "Correct start_time or end_time: neural-focus database psql",
        least=0,
    ),
    DataGate(
        "sessions.overlap",
        "overlap_s",
        "two sessions of one machine at once",
        "session {session:.0f} begins {overlap_s:,.0f} s before the one before it ends",
        "Correct start_time or end_time: neural-focus database psql",
        most=60,
    ),
    DataGate(
        "sessions.planned",
        "over_s",
        "a timer that did not end its session",
        "session {session:.0f} went on for {over_s:,.0f} s after its timer",
        "Restart the service; correct end_time: neural-focus database psql",
        most=900,
    ),
    DataGate(
        "sessions.early",
        "early_s",
        "a session that counts as ended by its timer, long before its time: its label would be wrong",
        "the timer of session {session:.0f} is said to have ended it {early_s:,.0f} s early",
        "Correct end_reason and planned_seconds: neural-focus database psql",
        most=60,
    ),
    DataGate(
        "sessions.figures",
        "figures_wrong",
        "figures of a session that contradict one another, or are out of range",
        "{figures_wrong:.0f} figures of session {session:.0f} cannot be",
        "Run the flow `session_metrics`",
        most=0,
    ),
    DataGate(
        "training.inputs",
        "lacking",
        "the feature store does not give what was stored: labelled moments lack inputs as of their time",
        "{lacking:,.0f} of {moments:,.0f} moments lack inputs in the feature store",
        _ANEW["inputs"],
        most=0,
    ),
    DataGate(
        "training.future",
        "in_future",
        "moments that have not come yet",
        "{in_future:,.0f} moments are later than now",
        _CLOCK,
        most=0,
    ),
    DataGate(
        "training.twice",
        "copies",
        "the same moments twice in one person's data: a machine that was copied, or imported beside its capture",
        "{copies:.0%} of the moments are those of another machine of the person",
        "Revoke the copy (neural-focus machines revoke), or have its times forgotten (neural-focus forget)",
        most=0.5,
    ),
    DataGate(
        "training.same-person",
        "copies_of_others",
        "one person under two names: held-out people would be known from training",
        "{copies_of_others:.0%} of the moments are those of another person",
        "Erase one of the two people: neural-focus erase",
        most=0.5,
    ),
    DataGate(
        "training.drift",
        "moved",
        "drift that no person makes: nearly all inputs of the last days are unlike those of the champion's training",
        "{moved:.0%} of the champion's inputs have moved",
        "See the flow `drift` for which; if this is how they work now, release the days: neural-focus quality release",
        most=0.85,
    ),
    DataGate(
        "set.left",
        "days",
        "nothing is left to learn from: gates hold back every day",
        "{held:,.0f} days are held back, {days:,.0f} are left",
        "neural-focus quality lists the days with what to do",
        least=1,
    ),
    DataGate(
        "set.balance-low",
        "rate_low",
        "a set of several people of whom nearly nobody ever switches: capture sees no apps",
        "{rate_low:.2%} of the moments are before a switch",
        "Read `neural-focus doctor` on the machines: display says whether apps are seen",
        least=0.005,
    ),
    DataGate(
        "set.balance-high",
        "rate",
        "a set in which nearly every moment is before a switch",
        "{rate:.0%} of the moments are before a switch",
        _PROGRAM,
        most=0.95,
    ),
)


def gates_of(data: DataKind) -> list[DataGate]:
    """Those of a kind of data, in order."""
    return [gate for gate in GATES if gate.data is data]


def markdown() -> str:
    """The table for people: a section for each kind of data."""
    lines = []
    for data in DataKind:
        lines += [f"## {data.capitalize()}", "", f"A failed gate stops {STOPS[data]}.", ""]
        lines += ["| gate | catches | good is | what to do |", "|---|---|---|---|"]
        lines += [f"| {g.name} | {g.catches} | {g.column} {g.bound} | {g.advice} |" for g in gates_of(data)]
        lines.append("")
    return "\n".join(lines)


if __name__ == "__main__":
    import sys

    sys.stdout.write(markdown())
