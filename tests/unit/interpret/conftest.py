"""Learners to interpret."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from interpret_fakes import FakeLearner


@pytest.fixture
def learn():
    """A learner of three kinds of pictures."""
    return FakeLearner(["cat", "dog", "horse"])


@pytest.fixture
def multi_learn():
    """A learner of pictures with several labels."""
    return FakeLearner(["road", "water", "cloud"], multi=True)
