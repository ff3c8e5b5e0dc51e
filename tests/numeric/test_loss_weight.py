"""The loss of a set does not depend on how it is cut into batches, whatever a loss divides by."""

from functools import partial

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import TensorDataset

from onecycle.callbacks.loss_metrics import LossMetrics
from onecycle.callbacks.mixup import MixUpLoss
from onecycle.data.bunch import DataBunch
from onecycle.errors import TrainingError
from onecycle.learner import Learner
from onecycle.nn.loss_weight import has_ignore_index, ignores_targets, mean_over, total_of, weighed
from onecycle.nn.losses import BCEWithLogitsFlat, CrossEntropyFlat, LabelSmoothingCrossEntropy, MSELossFlat
from onecycle.training.callback import Callback
from onecycle.training.losses import each_item

N, K = 11, 4
CUTS = [(0, 3), (3, 4), (4, N)]  # batches of three sizes, the first of one class that is ignored
draw = torch.Generator().manual_seed(0)
X = torch.randn(N, K, generator=draw)
NUMBERS = torch.randn(N, K, generator=draw)
SHARES = torch.rand(N, K, generator=draw)
SIGNS = 2.0 * torch.randint(2, (N, K), generator=draw) - 1
Y = torch.randint(K, (N,), generator=draw)
Y[:3] = 2
MASKS = torch.randint(K, (N, 3, 5), generator=draw)
MASKS[:3] = 2
MAPS = torch.randn(N, K, 3, 5, generator=draw)
WEIGHT = torch.tensor([1.0, 2.0, 5.0, 9.0])


class Wrapped(nn.Module):
    """A user's loss around one of torch."""

    def __init__(self):
        super().__init__()
        self.inner = nn.CrossEntropyLoss(weight=WEIGHT)

    def forward(self, output, target):
        return self.inner(output, target.flatten())


class Subclass(nn.CrossEntropyLoss):
    def forward(self, output, target):
        return 0.5 * super().forward(output, target)


def in_place(output, target):
    loss = F.cross_entropy(output, target, weight=WEIGHT)
    loss += F.cross_entropy(output, target, ignore_index=1)
    loss *= 2
    return loss


def masked(output, target):
    counts = (target != 2).float()
    return mean_over((F.cross_entropy(output, target, reduction="none") * counts).sum(), counts.sum())


def two_terms(output, target):
    return 1 - F.cross_entropy(output, target, weight=WEIGHT) / 3 + F.cross_entropy(output, target, ignore_index=1)


CLASSES = {
    "plain": nn.CrossEntropyLoss(),
    "weights": nn.CrossEntropyLoss(weight=WEIGHT),
    "a class of no weight": nn.CrossEntropyLoss(weight=WEIGHT * (WEIGHT != 5)),
    "ignored": nn.CrossEntropyLoss(ignore_index=2),
    "smoothed": nn.CrossEntropyLoss(label_smoothing=0.2, weight=WEIGHT),
    "all of it": nn.CrossEntropyLoss(weight=WEIGHT, ignore_index=2, label_smoothing=0.1),
    "all of it, summed": nn.CrossEntropyLoss(weight=WEIGHT, ignore_index=2, label_smoothing=0.1, reduction="sum"),
    "flat": CrossEntropyFlat(weight=WEIGHT, ignore_index=2),
    "smoothing": LabelSmoothingCrossEntropy(),
    "mixed": MixUpLoss(nn.CrossEntropyLoss(weight=WEIGHT)),
    "margin": nn.MultiMarginLoss(weight=WEIGHT),
    "function": partial(F.cross_entropy, weight=WEIGHT),
    "function that sums": partial(F.cross_entropy, weight=WEIGHT, reduction="sum"),
    "likelihood": lambda o, y: F.nll_loss(o.log_softmax(1), y, WEIGHT, ignore_index=1),
    "of a user": lambda o, y: F.cross_entropy(o, y, WEIGHT),
    "wrapped": Wrapped(),
    "subclass": Subclass(weight=WEIGHT),
    "with a penalty": lambda o, y: F.cross_entropy(o, y, weight=WEIGHT) + 0.1 * o.pow(2).mean(),
    "two terms": two_terms,
    "a sum of a list": lambda o, y: sum([F.cross_entropy(o, y, weight=WEIGHT), F.multi_margin_loss(o, y)]),
    "a stack": lambda o, y: torch.stack([F.cross_entropy(o, y, weight=WEIGHT), F.cross_entropy(o, y)]).mean(),
    "in place": in_place,
    "divided by hand": lambda o, y: F.cross_entropy(o, y, WEIGHT, reduction="sum") / WEIGHT[y].sum(),
    "divided by items": lambda o, y: F.cross_entropy(o, y, WEIGHT, reduction="sum") / len(y),
    "half a sum": lambda o, y: F.cross_entropy(o, y, WEIGHT, reduction="sum") / 2,
    "reduced by hand": lambda o, y: F.cross_entropy(o, y, WEIGHT, reduction="none").mean(),
    "summed by hand": lambda o, y: F.cross_entropy(o, y, WEIGHT, reduction="none").sum(),
    "focal": lambda o, y: (1 - torch.exp(-F.cross_entropy(o, y, reduction="none"))).square().mean(),
    "mean_over": masked,
    "compiled": torch.compile(nn.CrossEntropyLoss(weight=WEIGHT), backend="eager"),
}
CASES = [
    *[(name, loss, X, [Y]) for name, loss in CLASSES.items()],
    *[(type(loss).__name__, loss, X, [NUMBERS]) for loss in (nn.MSELoss(), nn.L1Loss(), nn.HuberLoss(), MSELossFlat())],
    ("smooth", nn.SmoothL1Loss(reduction="sum"), X, [NUMBERS]),
    ("squares with weights", lambda o, y, w: F.mse_loss(o, y, weight=w), X, [NUMBERS, SHARES]),
    ("probabilities", nn.CrossEntropyLoss(weight=WEIGHT, label_smoothing=0.1), X, [SHARES]),
    ("logits", nn.BCEWithLogitsLoss(weight=WEIGHT, pos_weight=WEIGHT), X, [SHARES]),
    ("flat logits", BCEWithLogitsFlat(), X, [SHARES]),
    ("binary", lambda o, y: F.binary_cross_entropy(o.sigmoid(), y, weight=WEIGHT), X, [SHARES]),
    ("divergence", nn.KLDivLoss(reduction="batchmean"), X.log_softmax(1), [SHARES]),
    ("Gauss", nn.GaussianNLLLoss(), X, [NUMBERS, SHARES + 0.1]),
    ("Poisson", nn.PoissonNLLLoss(), X, [SHARES]),
    ("hinge", nn.HingeEmbeddingLoss(), X, [SIGNS]),
    ("soft margin", nn.SoftMarginLoss(), X, [SIGNS]),
    ("soft margins", nn.MultiLabelSoftMarginLoss(weight=WEIGHT), X, [(SIGNS > 0).float()]),
    ("margins", nn.MultiLabelMarginLoss(), X, [torch.randint(-1, K, (N, K), generator=draw)]),
    ("cosine", nn.CosineEmbeddingLoss(), X, [NUMBERS, SIGNS[:, 0]]),
    ("ranking", nn.MarginRankingLoss(), X[:, 0], [NUMBERS[:, 0], SIGNS[:, 0]]),
    ("triplets", nn.TripletMarginLoss(), X, [NUMBERS, SHARES]),
    ("triplets of a distance", nn.TripletMarginWithDistanceLoss(), X, [NUMBERS, SHARES]),
    ("masks", nn.CrossEntropyLoss(weight=WEIGHT, ignore_index=2), MAPS, [MASKS]),
    ("flat masks", CrossEntropyFlat(axis=1, weight=WEIGHT, ignore_index=2), MAPS, [MASKS[:, None]]),
    ("masks, summed", CrossEntropyFlat(axis=1, weight=WEIGHT, reduction="sum"), MAPS, [MASKS[:, None]]),
]  # fmt: skip


class Echo(nn.Module):
    """Returns its input, in training plus a weight of 0."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))

    def forward(self, x):
        return x + self.weight


def learner(loss, x, y, size, train_size=None, **how):
    """Return a learner that predicts `x` itself, validated in batches of a size."""
    rows = TensorDataset(x, y)
    data = DataBunch.create(rows, rows, bs=train_size or size, val_bs=size, device="cpu", num_workers=0)
    return Learner(data, Echo(), loss_func=loss, silent=True, **how)


@pytest.mark.parametrize(("loss", "x", "targets"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_the_loss_of_a_set_is_that_of_one_batch(loss, x, targets):
    if len(targets) == 1:
        found = [learner(loss, x, targets[0], size).validate()[0] for size in (1, 3, N)]
    else:
        found = [of_parts(loss, x, targets)]
    assert found == pytest.approx([float(loss(x, *targets))] * len(found), rel=1e-6)


def of_parts(loss, x, targets):
    """Return the loss of a set of which the loss takes several targets."""
    sums = {}
    for a, b in CUTS:
        whole, parts = weighed(loss, x[a:b], [t[a:b] for t in targets], b - a)
        torch.testing.assert_close(total_of(parts), whole)
        for i, part in enumerate(parts):
            total, weight = sums.get(i, (0.0, 0.0))
            sums[i] = total + float(part.value) * float(part.weight), weight + float(part.weight)
    return sum(total / weight for total, weight in sums.values())


def test_sequences_are_counted_along_the_second_axis():
    scores = torch.randn(9, N, K, generator=draw).log_softmax(2)  # (T, N, K)
    texts, ends = torch.randint(1, K, (N, 3), generator=draw), torch.randint(1, 4, (N,), generator=draw)
    loss, parts = weighed(nn.CTCLoss(), scores, [texts, torch.full((N,), 9), ends], 9)
    assert parts[0].value is loss and parts[0].weight == N
    assert weighed(nn.CTCLoss(), scores, [texts, [9] * N, [3] * N], 9)[1][0].weight == N


def test_what_depends_on_the_batch_is_no_multiple():
    def squared(output, target):
        loss = F.cross_entropy(output, target, weight=WEIGHT)
        return loss * loss

    assert weighed(squared, X, [Y], N)[1][0].weight == N


@pytest.mark.parametrize("loss", [nn.CrossEntropyLoss(WEIGHT, reduction="none"), nn.CrossEntropyLoss(reduction="none")])
def test_losses_that_are_not_reduced_are_averaged(loss):
    found = [learner(loss, X, Y, size).validate()[0] for size in (1, 3, N)]
    assert found == pytest.approx([float(loss(X, Y).mean())] * 3, rel=1e-6)


def test_a_batch_without_a_target_that_counts_has_a_loss_of_0_and_no_gradient():
    x = X[:3].clone().requires_grad_()
    for loss in (nn.CrossEntropyLoss(weight=WEIGHT, ignore_index=2, label_smoothing=0.1), masked):
        value, parts = weighed(loss, x, [Y[:3]], 3)
        total = total_of(parts)
        (gradient,) = torch.autograd.grad(total, x)
        assert total == 0 and not gradient.any()
    assert mean_over(x.sum(), 0) == 0


@pytest.mark.parametrize("index", [2, -100])
def test_such_batches_are_trained_and_validated_over(index):
    y = torch.where(Y == 2, index, Y)
    x, y = torch.cat([X, X[:3]]), torch.cat([y, y[:3]])  # a last batch of three that counts nothing
    data = DataBunch.create(
        TensorDataset(x, y), TensorDataset(x, y), bs=1, val_bs=1, device="cpu", num_workers=0
    )
    torch.manual_seed(0)
    learn = Learner(data, nn.Linear(K, K), loss_func=nn.CrossEntropyLoss(ignore_index=index), silent=True)
    learn.fit(2, 1e-2)
    assert torch.isfinite(torch.tensor([*learn.recorder.losses, *learn.recorder.val_losses])).all()
    expected = F.cross_entropy(learn.model(x).detach(), y, ignore_index=index)
    assert learn.validate()[0] == pytest.approx(float(expected), rel=1e-6)


def test_a_set_in_which_nothing_counts_has_no_loss():
    assert torch.isnan(torch.tensor(learner(nn.CrossEntropyLoss(ignore_index=2), X[:3], Y[:3], 2).validate()[0]))


def test_a_numeric_error_in_validation_is_not_hidden():
    x = X.clone()
    x[4, 0] = float("nan")
    assert torch.isnan(torch.tensor(learner(nn.CrossEntropyLoss(ignore_index=2), x, Y, 2).validate()[0]))


def test_a_weight_below_0_is_refused():
    with pytest.raises(TrainingError, match="loss: what a mean divides by must be at least 0; got -2.0"):
        learner(lambda o, y: F.mse_loss(o, NUMBERS[: len(o)], reduction="sum") / torch.tensor(-2.0), X, Y, N).validate()


def test_the_epoch_that_is_chosen_does_not_depend_on_the_batches():
    curves = []
    for size in (1, 4, N):
        data = DataBunch.create(
            TensorDataset(X[:6], Y[:6]), TensorDataset(X[6:], Y[6:]), bs=3, val_bs=size, device="cpu", num_workers=0
        )
        torch.manual_seed(0)
        learn = Learner(data, nn.Linear(K, K), loss_func=CrossEntropyFlat(weight=WEIGHT), silent=True)
        learn.fit(4, 3e-2)
        curves.append(learn.recorder.val_losses)
    assert curves[1:] == [pytest.approx(curves[0], rel=1e-6)] * 2


def test_parts_of_a_loss_are_weighed_as_it_is():
    class TwoParts(nn.Module):
        metric_names = ("first", "second")

        def forward(self, output, target):
            loss = F.cross_entropy(output, target, weight=WEIGHT, ignore_index=2)
            self.metrics = {"first": loss, "second": 2 * loss}
            return loss

    rows = []
    for size in (1, N):
        learn = learner(TwoParts(), X, Y, size, train_size=N, callback_fns=LossMetrics)
        learn.fit(1, 1e-9)
        rows.append([learn.recorder.val_losses[0], *map(float, learn.recorder.metrics[0])])
    expected = float(F.cross_entropy(X, Y, weight=WEIGHT, ignore_index=2))
    assert rows == [pytest.approx([expected, expected, 2 * expected], abs=1e-6)] * 2


@pytest.mark.parametrize("how", [{"weight": WEIGHT}, {"ignore_index": 2}, {"weight": WEIGHT, "ignore_index": 2}])
def test_a_mixed_loss_divides_by_mixed_weights(how):
    first, second, share = Y, Y.flip(0), torch.rand(N, generator=draw)
    stacked = torch.stack([first.float(), second.float(), share], dim=1)
    each = lambda y: F.cross_entropy(X, y, reduction="none", **how)
    counts = lambda y: how.get("weight", torch.ones(K))[y] * (y != how.get("ignore_index", -100))
    total = (share * each(first) + (1 - share) * each(second)).sum()
    expected = total / (share * counts(first) + (1 - share) * counts(second)).sum()
    for crit in (nn.CrossEntropyLoss(**how), CrossEntropyFlat(**how), partial(F.cross_entropy, **how)):
        mixing = MixUpLoss(crit)
        torch.testing.assert_close(mixing(X, stacked), expected)
        torch.testing.assert_close(mixing(X, Y), F.cross_entropy(X, Y, **how))
        (part,) = weighed(mixing, X, [stacked], N)[1]
        torch.testing.assert_close(part.weight, (share * counts(first) + (1 - share) * counts(second)).sum())


def test_without_weights_a_mixed_loss_is_the_mean_it_was():
    stacked = torch.stack([Y.float(), Y.flip(0).float(), SHARES[:, 0]], dim=1)
    each = lambda y: F.cross_entropy(X, y, reduction="none")
    expected = (each(Y) * SHARES[:, 0] + each(Y.flip(0)) * (1 - SHARES[:, 0])).mean()
    assert torch.equal(MixUpLoss(nn.CrossEntropyLoss())(X, stacked), expected)


def test_an_item_s_loss_is_the_mean_over_what_counts_in_it():
    found = each_item(nn.CrossEntropyLoss(ignore_index=2), MAPS, MASKS)
    expected = [F.cross_entropy(MAPS[[i]], MASKS[[i]], ignore_index=2) for i in range(3, N)]
    assert found[:3].tolist() == [0, 0, 0]
    torch.testing.assert_close(found[3:], torch.stack(expected))
    summed = each_item(nn.MSELoss(reduction="sum"), X, NUMBERS)
    torch.testing.assert_close(summed.sum(), F.mse_loss(X, NUMBERS, reduction="sum"))


def test_which_losses_ignore_targets():
    told = [nn.CrossEntropyLoss(ignore_index=9), CrossEntropyFlat(ignore_index=2), partial(F.nll_loss, ignore_index=0)]
    silent = [nn.CrossEntropyLoss(), CrossEntropyFlat(), partial(F.cross_entropy, weight=WEIGHT), nn.MSELoss()]
    assert all(map(ignores_targets, told)) and not any(map(ignores_targets, silent))
    assert has_ignore_index(nn.CrossEntropyLoss()) and not has_ignore_index(nn.MSELoss())


def test_a_callback_sees_the_parts_where_it_asks():
    class Sees(Callback):
        needs_loss_parts = True

        def on_train_begin(self, **kwargs):
            self.weights = []

        def on_backward_begin(self, loss_parts, **kwargs):
            self.weights += [float(part.weight) for part in loss_parts]

    class Looks(Callback):
        def on_backward_begin(self, loss_parts, **kwargs):
            assert loss_parts is None

    sees = Sees()
    learner(CrossEntropyFlat(weight=WEIGHT), X, Y, N).fit(1, callbacks=[sees])
    assert sees.weights == [float(WEIGHT[Y].sum())]
    learner(CrossEntropyFlat(weight=WEIGHT), X, Y, N).fit(1, callbacks=[Looks()])
