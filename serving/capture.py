"""What a person asks of their desktops' capture: a pause, its end, other rules. What comes of it is said by these.

page ──► service ──► ASK_CAPTURE, ASK_RULES ──► desktop ──► DESKTOP_STATUS ──► page
"""

from __future__ import annotations

from hashlib import sha256

from neural_focus.errors import ConfigurationError
from neural_focus.messages import AskCapture, AskRules
from neural_focus.privacy_rules import PrivacyRules
from serving.hub import Hub
from serving.problems import ProblemError
from serving.responses import DesktopsAsked
from serving.streams import LiveStream, Streams


class CaptureService:
    """Asks the person's connected desktops. The rules are the desktop's: the service keeps none."""

    def __init__(self, hub: Hub, streams: Streams) -> None:
        self._hub, self._streams = hub, streams

    def ask(self, user_id: int, asked: AskCapture) -> DesktopsAsked:
        """Tell all of them.

        Raises:
            ProblemError: 409, none is connected.
        """
        return self._send(user_id, asked, self._connected(user_id))

    def ask_rules(self, user_id: int, asked: AskRules) -> DesktopsAsked:
        """Tell those whose rules are the ones that were edited.

        Raises:
            ProblemError: 422, they are none; 409, no desktop is connected, or its rules are others by now.
        """
        try:
            PrivacyRules.parse(asked.text)
        except ConfigurationError as error:
            raise ProblemError(422, error.what, why=error.why, hint=error.hint) from None
        connected = self._connected(user_id)
        mine = [one for one in connected if _digest(one) == asked.before]
        if connected and not mine:
            raise ProblemError(409, "The rules were changed meanwhile", hint="Look at them, and change them again")
        return self._send(user_id, asked, mine)

    def _connected(self, user_id: int) -> list[LiveStream]:
        return [one for one in self._streams.of(user_id) if self._hub.has_desktop(user_id, one.machine_id)]

    def _send(self, user_id: int, asked: AskCapture | AskRules, streams: list[LiveStream]) -> DesktopsAsked:
        if not streams:
            raise ProblemError(409, "No desktop of yours is connected", hint="Start the agent: neural-focus agent")
        for one in streams:
            self._hub.publish_to_desktop(user_id, one.machine_id, asked)
        return DesktopsAsked(len(streams))


def _digest(stream: LiveStream) -> str | None:
    privacy = stream.desktop.privacy if stream.desktop else None
    return None if privacy is None or privacy.text is None else sha256(privacy.text.encode()).hexdigest()
