"""Tests of what a kind of interpretation must bring along."""

import pytest
import torch

from onecycle.interpret.pictures import PictureInterpretation


def test_a_kind_of_interpretation_says_its_titles_and_its_mistakes(learn):
    bare = PictureInterpretation(learn, torch.ones(2, 3), torch.zeros(2), torch.ones(2))
    with pytest.raises(NotImplementedError, match="PictureInterpretation must define title_parts"):
        bare.title_parts(0)
    with pytest.raises(NotImplementedError, match="PictureInterpretation must define wrong_items"):
        bare.misclassified()
