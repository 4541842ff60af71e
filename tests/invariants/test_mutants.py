"""The suite notices seeded bugs: a proof that it can fail."""

from __future__ import annotations

import pytest

from tests.invariants.mutants import MUTANTS, planted
from tests.invariants.runs import TALLY

pytestmark = pytest.mark.timeout(3600)  # many runs each; the machine may be busy


@pytest.mark.parametrize("name", MUTANTS)
def test_the_audit_sees_when(stage, name):
    mutant = MUTANTS[name]
    with planted(mutant):
        found = next(filter(None, mutant.hunt(stage)), [])
    TALLY["seeded bugs found"] += bool(found)
    assert {violation.invariant for violation in found} & mutant.breaks, found
