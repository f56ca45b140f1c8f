"""What other people's logs say about an app: how long its stays last and how often it is left at once.

A person's own stays never count for their own rows (they are in the history columns, causally): while training each
row sees the others only, and so it is when the model serves. With one person there is nothing to say, for anybody.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from neural_focus.models.inputs import Rows

_STRENGTH = 20.0
_QUICK_S, _LONG_S, _MAX_S = 30.0, 300.0, 3600.0
_FIGURES = ("usual_log_s", "quick_share", "long_share")
POPULATION_NAMES: tuple[str, ...] = tuple(
    f"others_{which}_{what}" for which in ("app", "previous_app") for what in _FIGURES
)
_UNKNOWN = np.array([np.log1p(60.0), 0.3, 0.15])


@dataclass(frozen=True, slots=True)
class AppStatistics:
    """Sums [stays, log seconds, quick, long] by app and person: ``sums[app][person]`` float64[4]."""

    sums: Mapping[str, Mapping[int, npt.NDArray[np.float64]]]
    _known: dict[tuple[str, int | None], tuple[float, ...]] = field(default_factory=dict, compare=False, repr=False)
    """Figures that were asked for, of the apps and people in ``sums``."""

    def rows(
        self,
        apps: npt.NDArray[np.str_],
        previous: npt.NDArray[np.str_],
        person: npt.NDArray[np.int64] | int | None,
    ) -> Rows:
        """Columns float32[n, len(POPULATION_NAMES)] as others' logs have them; ``person`` of each row or of all."""
        if isinstance(person, np.ndarray):
            whose = zip(apps.tolist(), previous.tolist(), person.tolist(), strict=True)
            figures = [self._figures(app, one) + self._figures(before, one) for app, before, one in whose]
            return np.array(figures, np.float32).reshape(len(apps), len(POPULATION_NAMES))
        blocks = []
        for names in (apps, previous):
            unique, place = np.unique(names, return_inverse=True)
            blocks.append(np.array([self._figures(str(name), person) for name in unique])[place])
        return np.concatenate(blocks, axis=1).astype(np.float32)

    def _figures(self, app: str, person: int | None) -> tuple[float, ...]:
        people = self.sums.get(app, {})
        who = app if people else "", person if person in people else None
        if who not in self._known:
            total = sum((sums for one, sums in people.items() if one != person), np.zeros(4))
            self._known[who] = tuple(((total[1:] + _STRENGTH * _UNKNOWN) / (total[0] + _STRENGTH)).tolist())
        return self._known[who]

    def to_json(self) -> dict[str, dict[str, list[float]]]:
        """A plain form for the bundle."""
        return {app: {str(one): sums.tolist() for one, sums in people.items()} for app, people in self.sums.items()}

    @staticmethod
    def from_json(data: Mapping[str, Mapping[str, list[float]]]) -> AppStatistics:
        """What ``to_json`` wrote."""
        return AppStatistics(
            {app: {int(one): np.array(sums) for one, sums in people.items()} for app, people in data.items()}
        )


def count_stays(stays: Iterable[tuple[int, npt.NDArray[np.str_], npt.NDArray[np.float64]]]) -> AppStatistics:
    """Statistics of finished stays: (person, app names str[k], seconds float64[k]) of each stream."""
    sums: dict[str, dict[int, npt.NDArray[np.float64]]] = {}
    for person, apps, seconds in stays:
        for app in np.unique(apps):
            lengths = seconds[apps == app]
            logs = np.log1p(np.minimum(lengths, _MAX_S))
            row = np.array([len(lengths), logs.sum(), (lengths < _QUICK_S).sum(), (lengths > _LONG_S).sum()])
            mine = sums.setdefault(str(app), {})
            mine[person] = mine.get(person, np.zeros(4)) + row
    return AppStatistics(sums)
