"""What DATABASE_URL may look like, and which days get a partition."""

from __future__ import annotations

from datetime import date

import pytest

from neural_focus.errors import ConfigurationError
from neural_focus.store.database import plain_url
from neural_focus.store.partitions import days_of
from neural_focus.time import DAY_US


@pytest.mark.parametrize("driver", ["postgresql", "postgres", "postgresql+psycopg", "postgresql+asyncpg"])
def test_every_spelling_of_the_driver_is_the_same_database(driver: str) -> None:
    assert plain_url(f"{driver}://me:secret@host/db") == "postgresql://me:secret@host/db"


@pytest.mark.parametrize("url", ["mysql://me:secret@host/db", "secret", ""])
def test_another_database_is_refused_without_telling_the_password(url: str) -> None:
    with pytest.raises(ConfigurationError, match="no PostgreSQL database") as refusal:
        plain_url(url)
    assert "secret" not in str(refusal.value)


def test_partitions_are_of_days_that_occur_and_of_none_between() -> None:
    assert days_of([3 * DAY_US, 40 * DAY_US - 1, 3 * DAY_US + 5]) == [date(1970, 1, 4), date(1970, 2, 9)]
