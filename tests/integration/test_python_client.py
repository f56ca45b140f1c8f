"""The Python client against the real service: the documentation's example, retries, and what is refused."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import pytest
from serving_process import Service, query

from neural_focus.client.generated import CreateSessionRequest, LabelRequest, ServiceApi
from neural_focus.errors import RefusalError

PAGE = Path(__file__).parents[2] / "docs" / "api.md"


@pytest.fixture
def api(service: Service, real_person: int) -> Iterator[ServiceApi]:
    with closing(ServiceApi(service.url, service.token_of(real_person))) as opened:
        yield opened


def test_the_example_of_the_page(service: Service, real_person: int) -> None:
    [example] = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    surroundings = os.environ | {"ADDRESS": service.url, "TOKEN": service.token_of(real_person)}
    done = subprocess.run(
        [sys.executable, "-c", example], env=surroundings, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    [(user, session)] = query(
        service.settings.database_url or "",
        "SELECT username, s.id FROM users u JOIN sessions s ON s.user_id = u.id WHERE u.id = %s",
        real_person,
    )
    assert done.stdout.splitlines()[0] == f"{user}: pomodoro {session} began"
    assert f"Session {session} (pomodoro) is running" in done.stdout
    assert done.stdout.splitlines()[-1] == f"{session} pomodoro"


def test_a_key_of_ones_own_makes_a_retry_safe(api: ServiceApi) -> None:
    key = str(uuid4())
    asked = CreateSessionRequest(type="deep_work", duration_minutes=10)
    first = api.create_session(asked, key=key)
    assert api.create_session(asked, key=key) == first
    with pytest.raises(RefusalError, match=f"Session {first.id} .* is running") as refused:
        api.create_session(asked)
    assert refused.value.status == 422
    with pytest.raises(RefusalError, match="another request's"):
        api.add_label(LabelRequest(outcome="FOCUSED"), key=key)
    assert api.end_session(first.id).session_id == first.id
    assert [one.id for one in api.get_sessions().sessions] == [first.id]


def test_what_is_asked_for_comes_as_it_is_described(api: ServiceApi, real_person: int) -> None:
    me, now = api.get_me(), api.get_now()
    assert (me.id, me.zone, now.person) == (real_person, "Pacific/Auckland", me)
    assert now.session is None and now.model.version and not now.collecting
    assert api.get_recent(minutes=5).predictions == [] and api.get_labels(limit=3).labels == []
    allowed = api.get_help()
    assert api.put_help(allowed) == allowed
    with pytest.raises(RefusalError) as refused:
        api.get_session(2**31 - 1)
    assert refused.value.status == 404
    with pytest.raises(RefusalError) as refused:
        api.predict()
    assert refused.value.status == 409 and "neural-focus agent" in str(refused.value)
