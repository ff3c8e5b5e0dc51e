"""Small tables of ratings of which the truth is known."""

import numpy as np
import pandas as pd
import pytest


@pytest.fixture
def ratings():
    """Return 24 users x 15 films, 70 % rated: kind of the film · taste of the user, and how good the film is."""
    draw = np.random.default_rng(0)
    taste, kind, good = draw.choice([-1, 1], 24), draw.choice([-1, 1], 15), draw.normal(0, 0.5, 15)
    user, item = np.nonzero(draw.random((24, 15)) < 0.7)
    table = pd.DataFrame(
        {
            "user": [f"u{number:02}" for number in user],
            "title": [f"film {number:02}" for number in item],
            "rating": 3 + good[item] + taste[user] * kind[item] + draw.normal(0, 0.1, len(user)),
        }
    )
    table.attrs = {"kind": kind, "good": good}
    return table
