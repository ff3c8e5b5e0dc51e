import numpy as np
import pytest
import torch

from onecycle.errors import ArgumentError
from onecycle.utils.components import pca


def test_as_scikit_learn():
    from sklearn.decomposition import PCA

    rows = torch.randn(40, 6, generator=torch.Generator().manual_seed(0)) * torch.arange(1, 7)
    wanted = PCA(3).fit_transform(rows.numpy())
    found = pca(rows, 3).numpy()
    signs = np.sign((wanted * found).sum(0))
    assert np.allclose(found * signs, wanted, atol=1e-4)


def test_sign_is_fixed():
    rows = torch.tensor([[0.0, 0.0], [1.0, -5.0], [2.0, -10.0]])
    assert pca(rows, 1).flatten().tolist() == sorted(pca(rows, 1).flatten().tolist(), reverse=True)
    assert torch.allclose(pca(rows, 1), pca(rows.clone(), 1))


def test_more_directions_than_rows():
    found = pca(torch.randn(2, 5), 4)
    assert found.shape == (2, 4) and found[:, 2:].abs().max() < 1e-5


@pytest.mark.parametrize("x", [torch.zeros(3), torch.zeros(1, 3), [[1, 2], [3, 4]]])
def test_no_matrix(x):
    with pytest.raises(ArgumentError, match="x must be a matrix of at least two rows"):
        pca(x)


@pytest.mark.parametrize("k", [0, 4, 1.5, True])
def test_bad_k(k):
    with pytest.raises(ArgumentError, match="k must be a whole number from 1 to 3"):
        pca(torch.zeros(4, 3), k)
