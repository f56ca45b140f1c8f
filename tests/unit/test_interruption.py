"""A signal inside a whole block waits for its end; outside it interrupts at once, Ctrl-C muted by a shell too."""

from __future__ import annotations

import os
import signal

import pytest

from infra.interruption import SIGNALS, interruptible, whole


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_interrupts_at_once_but_a_whole_block_is_finished_first(number: int) -> None:
    done = []
    muted = signal.signal(number, signal.SIG_IGN)
    try:
        with interruptible():
            with pytest.raises(KeyboardInterrupt):
                os.kill(os.getpid(), number)
                done.append("after a signal outside")
            with pytest.raises(KeyboardInterrupt):
                with whole(), whole():
                    os.kill(os.getpid(), number)
                    done.append("inside")
                done.append("after the block")
        assert signal.getsignal(number) is signal.SIG_IGN
    finally:
        signal.signal(number, muted)
    assert done == ["inside"]
