"""Whose page is meant when nobody is named: the person whose desktop ``up`` started last."""

from __future__ import annotations

from neural_focus.secrets import Secrets
from neural_focus.settings import Settings
from serving.auth import LOCAL_PERSON, token_user


def person_shown(settings: Settings, secrets: Secrets) -> int:
    """The person of the curl header that ``up`` wrote (a demo person where it runs with one), else the local one."""
    try:
        header = (settings.home / "curl-header").read_text("utf-8")
    except FileNotFoundError:
        return LOCAL_PERSON
    user_id = token_user(secrets, header.removeprefix("Authorization: Bearer ").strip())
    return LOCAL_PERSON if user_id is None else user_id
