"""Attacks on the host, by class: all that there are.

An attack may fail in any way it likes; it must do no harm. ``fakes_success`` marks those that
try to pass for valid although a wrong line follows.
"""

from __future__ import annotations

from tests.sandbox.attacks.attack import Attack
from tests.sandbox.attacks.exit_attacks import EXITS
from tests.sandbox.attacks.host_attacks import HOST
from tests.sandbox.attacks.language_attacks import LANGUAGE
from tests.sandbox.attacks.resource_attacks import RESOURCES

ATTACKS: tuple[Attack, ...] = (*HOST, *LANGUAGE, *RESOURCES, *EXITS)
