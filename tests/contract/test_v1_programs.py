"""Programs as people wrote them on fastai v1, run through `import onecycle.as_fastai`: what subclasses rely on."""

# ruff: noqa: F403, F405, I001 - the imports are those of such programs

import importlib
import unittest.mock
from functools import partial
from numbers import Integral

import pytest

import onecycle.as_fastai  # noqa: F401
import fastai.basic_train
import fastai.vision
from fastai.basic_data import *
from fastai.basic_train import *
from fastai.callback import *
from fastai.callbacks import *
from fastai.data_block import *
from fastai.vision import *

from onecycle.errors import ArgumentError, ArgumentTypeError, CallbackError, DataError, StepError


@pytest.fixture
def photos(tmp_path):
    "Two classes of twelve images, 20 pixels wide."
    draw = np.random.RandomState(0)
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        for i in range(12):
            pixels = draw.randint(0, 255, (20, 20, 3), np.uint8)
            PIL.Image.fromarray(pixels // (2 if name == "a" else 1)).save(tmp_path / name / f"{i}.png")
    return tmp_path


def split(photos, kind=ImageList):
    return kind.from_folder(photos).split_by_rand_pct(0.3, seed=1)


def bunch(photos, size=10, **how):
    lists = split(photos).label_from_folder().transform([[], []], size=size)
    return lists.databunch(bs=4, num_workers=0, **how)


def learner(data, **how):
    return Learner(data, nn.Sequential(nn.Flatten(), nn.Linear(300, 2)), silent=True, **how)


# Items and lists of one's own


class Pair(ItemBase):
    def __init__(self, left, right):
        self.left, self.right = left, right
        self.obj, self.data = (left, right), [left.data, right.data]

    def apply_tfms(self, tfms, **kwargs):
        self.left, self.right = self.left.apply_tfms(tfms, **kwargs), self.right.apply_tfms(tfms, **kwargs)
        self.data = [self.left.data, self.right.data]
        return self

    def __repr__(self):
        return f"{self.__class__.__name__} {self.left.shape}"


class PairList(ImageList):
    def __init__(self, items, others=None, **kwargs):
        self.others = others
        super().__init__(items, **kwargs)
        self.copy_new.append("others")

    def get(self, i):
        return Pair(super().get(i), self.open(self.others[i % len(self.others)]))

    def reconstruct(self, t):
        return Pair(Image(t[0]), Image(t[1]))

    @classmethod
    def from_two(cls, path, left, right, **kwargs):
        others = ImageList.from_folder(path / right).items
        made = super().from_folder(path / left, others=others, **kwargs)
        made.path = path
        return made

    def show_xys(self, xs, ys, figsize=(6, 6), **kwargs):
        for x, ax in zip(xs, subplots(1, len(xs), figsize=figsize)[0]):
            x.left.show(ax=ax)

    def show_xyzs(self, xs, ys, zs, **kwargs):
        self.show_xys(xs, ys)

    def label_parity(self, **kwargs):
        labels = [int(path.stem) % 2 for path in self.items]
        return self._label_from_list(labels, label_cls=CategoryList, **kwargs)


class TwoInputs(nn.Module):
    def __init__(self):
        super().__init__()
        self.head = nn.Linear(600, 2)

    def forward(self, left, right):
        return self.head(torch.cat([left.flatten(1), right.flatten(1)], 1))


def test_siamese_images_with_a_label_method_of_their_own(photos):
    src = PairList.from_two(photos, "a", "b").split_by_rand_pct(0.3, seed=0).label_parity()
    assert type(src).__name__ == "LabelLists" and src.train.y.classes == src.valid.y.classes == [0, 1]
    data = src.transform(get_transforms(), size=10).databunch(bs=3, num_workers=0)
    learn = Learner(data, TwoInputs(), silent=True)
    learn.fit(1)
    assert [x.shape for x in data.one_batch()[0]] == [(3, 3, 10, 10)] * 2
    data.show_batch()
    learn.show_results(rows=2)
    assert learn.get_preds()[0].shape == (3, 2)
    assert learn.predict(data.valid_ds.x[0])[0].obj in (0, 1)


class Numbers(ItemList):
    def get(self, i):
        return ItemBase(torch.tensor([float(self.items[i])]))

    def label_mod(self, n=3):  # takes no further keywords
        return self._label_from_list([int(item) % n for item in self.items])

    def label_from_func(self, func, **kwargs):
        return super().label_from_func(lambda item: func(item) % 2, **kwargs)

    def label_badly(self, **kwargs):
        return [0] * len(self.items)


def test_label_methods_of_a_list_are_called_on_each_part_and_processed_together():
    src = Numbers(range(20)).split_by_idx([4, 5, 7, 10]).label_mod(n=5)
    assert src.train.y.classes == src.valid.y.classes == [0, 1, 2, 3, 4]
    assert src.valid.y.items.tolist() == [4, 0, 2, 0]
    none = Numbers(range(20)).split_none().label_mod()
    assert type(none.valid.y) is type(none.train.y) and none.databunch(bs=4).c == 3
    assert Numbers(range(6)).label_mod(2).c == 2  # without a split


def test_an_overridden_label_method_comes_first():
    src = Numbers(range(20)).split_by_idx([3]).label_from_func(lambda item: item)
    assert src.train.y.classes == [0, 1] and src.valid.y.items.tolist() == [1]


def test_a_label_method_that_returns_no_list_is_named():
    with pytest.raises(DataError, match="label_badly: must return the items with labels; got 'list'.*_label_from_list"):
        Numbers(range(4)).split_none().label_badly()
    with pytest.raises(AttributeError, match="label_nothing"):
        Numbers(range(4)).split_none().label_nothing()
    with pytest.raises(StepError, match="label_from_nothing: comes too early"):
        Numbers(range(4)).label_from_nothing()


class Clip(ItemBase):
    def __init__(self, signal, rate):
        self.data, self.rate, self.obj = signal, rate, (signal, rate)

    def apply_tfms(self, tfms, **kwargs):
        for tfm in listify(tfms):
            self.data = tfm(self.data)
        return self


class ClipList(ItemList):
    def __init__(self, items, rate=8000, **kwargs):
        super().__init__(items, **kwargs)
        self.rate = rate
        self.copy_new += ["rate"]

    def get(self, i):
        return Clip(torch.ones(int(super().get(i)) + 3), self.rate)


def padded(samples):
    samples = to_data(samples)
    out = torch.zeros(len(samples), 20)
    for row, (signal, _) in zip(out, samples):
        row[: len(signal)] = signal
    return out, tensor([label for _, label in samples])


def test_sounds_of_different_length_with_a_collate_function():
    src = ClipList(range(16), rate=4000).split_by_idx([2, 3]).label_from_func(lambda n: "odd" if n % 2 else "even")
    data = src.transform(([lambda signal: signal * 2], [])).databunch(bs=4, collate_fn=padded, num_workers=0)
    assert data.train_ds.x.rate == 4000 and data.one_batch()[0].max() == 2
    learn = Learner(data, nn.Linear(20, 2), metrics=accuracy, silent=True)
    learn.fit(1)
    assert learn.get_preds()[0].shape == (2, 2)


class Volumes(ItemList):
    def get(self, i):
        return ItemBase(torch.full((1, 4, 4, 4), float(len(super().get(i)))))

    def reconstruct(self, t):
        return ItemBase(t)


def test_volumes_from_a_table_with_two_targets(tmp_path):
    frame = pd.DataFrame({"name": [f"v{i}" for i in range(20)], "y": np.linspace(0, 1, 20), "z": np.linspace(1, 0, 20)})
    frame.to_csv(tmp_path / "labels.csv", index=False)
    src = Volumes.from_csv(tmp_path, "labels.csv", cols="name").split_by_rand_pct(0.2, seed=0)
    data = src.label_from_df(cols=["y", "z"], label_cls=FloatList).databunch(bs=4, num_workers=0)
    learn = Learner(data, nn.Sequential(nn.Conv3d(1, 2, 3), nn.Flatten(), nn.Linear(16, 2)), silent=True)
    learn.fit(1)
    assert learn.predict(data.valid_ds.x[0])[2].shape == (2,)


class TwoViews(LabelList):
    def __getitem__(self, idxs):
        idxs = try_int(idxs)
        if not isinstance(idxs, Integral):
            return self.new(self.x[idxs], self.y[idxs])
        x, y = (self.x[idxs], self.y[idxs]) if self.item is None else (self.item, 0)
        x = x.apply_tfms(self.tfms, **self.tfmargs)
        return [x, Image(x.data.flip(-1))], y


class TwoViewsList(ImageList):
    _label_list = TwoViews


def stacked(samples):
    samples = to_data(samples)
    return torch.stack([torch.stack(list(views)) for views, _ in samples]), tensor([y for _, y in samples])


def test_a_label_list_of_ones_own(photos):
    src = split(photos, TwoViewsList).label_from_folder().transform(get_transforms(), size=10)
    assert src.databunch(bs=4, num_workers=0, collate_fn=stacked).one_batch()[0].shape == (4, 2, 3, 10, 10)


class Tenfold(PreProcessor):
    def __init__(self, ds=None):
        self.reference = ds

    def process_one(self, item):
        return item * 10

    def process(self, ds):
        ds.items = np.array([self.process_one(item) for item in ds.items])
        ds.is_tenfold = True


class TenfoldList(Numbers):
    _processor = Tenfold


def test_a_processor_of_ones_own_marks_its_list():
    data = TenfoldList(range(20)).split_by_idx([1, 2]).label_mod().databunch(bs=3, num_workers=0)
    assert data.train_ds.x.items.max() == 190 and data.train_ds.x.is_tenfold and data.valid_ds.x.is_tenfold


class Regression(ItemList):
    def __init__(self, items, classes=None, **kwargs):
        super().__init__(items, **kwargs)
        self.loss_func, self.c = MSELossFlat(), 1

    def get(self, i):
        return FloatItem(super().get(i))


class Vectors(ItemList):
    loss_func, c = staticmethod(F.mse_loss), 2

    def get(self, i):
        return ItemBase(torch.as_tensor(self.items[i]).float())


class RawCategories(CategoryList):
    _processor = None

    def get(self, i):
        return Category(self.items[i], self.items[i])


class Degrees(CategoryList):
    def __init__(self, items, **kwargs):
        super().__init__(items, **kwargs)
        self.loss_func = F.mse_loss

    def get(self, i):
        return FloatItem(float(self.items[i]))


@pytest.mark.parametrize(
    ("label", "kind"),
    [
        (lambda path: int(path.stem), Regression),
        (lambda path: torch.rand(2), Vectors),
        (lambda path: np.random.rand(2), Vectors),
        (lambda path: (1, 2), Vectors),
        (lambda path: -5, RawCategories),
        (lambda path: 1000 + int(path.stem), RawCategories),
        (lambda path: int(path.stem), Degrees),
    ],
)
def test_label_lists_of_ones_own_take_what_they_are_given(photos, label, kind):
    src = split(photos).label_from_func(label, label_cls=kind)
    data = src.transform(None, size=10).databunch(bs=4, num_workers=0)
    assert type(data.train_ds.y) is kind and len(data.one_batch()[1]) == 4


def test_the_first_name_of_image_lists():
    assert ImageItemList is ImageList


# Callbacks and metrics of one's own


class BestCount(TrackerCallback):
    def __init__(self, learn, monitor="valid_loss", mode="auto"):
        super().__init__(learn, monitor=monitor, mode=mode)
        self.times = 0

    def on_epoch_end(self, epoch, **kwargs):
        current = self.get_monitor_value()
        if current is not None and self.operator(current, self.best):
            self.best, self.times = current, self.times + 1


def test_a_tracker_knows_its_operator(photos):
    learn = learner(bunch(photos), metrics=accuracy)
    tracker = BestCount(learn)
    assert tracker.operator is np.less and BestCount(learn, "accuracy").operator is np.greater
    assert BestCount(learn, "accuracy", "min").operator is np.less
    learn.fit(2, 1e-4, callbacks=[tracker])
    assert tracker.times >= 1 and tracker.best == min(learn.recorder.val_losses)


class Patient(EarlyStoppingCallback):
    def on_epoch_end(self, epoch, **kwargs):
        current = self.get_monitor_value()
        if self.operator(current - self.min_delta, self.best):
            self.best, self.wait = current, 0
            return None
        self.wait += 1
        return {"stop_training": True} if self.wait > self.patience else None


@pytest.mark.parametrize(("monitor", "sign"), [("accuracy", 1), ("valid_loss", -1)])
def test_early_stopping_written_anew_counts_with_wait_and_min_delta(photos, monitor, sign):
    learn = learner(bunch(photos), metrics=accuracy)
    stop = Patient(learn, monitor, min_delta=10, patience=1)
    assert stop.min_delta == 10 * sign and stop.wait == 0
    learn.fit(9, 1e-4, callbacks=[stop])
    assert len(learn.recorder.val_losses) == 3 and stop.wait == 2


class Lowest(SaveModelCallback):
    def on_train_begin(self, **kwargs):
        self.operator = np.greater  # by hand
        super().on_train_begin(**kwargs)


def test_an_operator_that_is_set_is_used(photos):
    learn = learner(bunch(photos))
    callback = Lowest(learn, name=str(photos / "highest"))
    learn.fit(2, 1e-3, callbacks=[callback])
    assert callback.best == max(learn.recorder.val_losses)


def test_reducing_the_rate_has_the_optimizer(photos):
    learn = learner(bunch(photos))
    learn.fit(1)
    reduce = ReduceLROnPlateauCallback(learn, min_delta=0.5)
    assert reduce.opt is learn.opt and reduce.wait == 0 and reduce.min_delta == -0.5


class Notes(CSVLogger):
    def on_train_begin(self, **kwargs):
        super().on_train_begin(**kwargs)
        self.file.write("# begun\n")

    def on_epoch_end(self, epoch, smooth_loss, last_metrics, **kwargs):
        super().on_epoch_end(epoch, smooth_loss, last_metrics, **kwargs)
        self.file.write(f"# {epoch}\n")


def test_the_file_of_a_csv_logger_is_open_while_training(photos):
    learn = learner(bunch(photos))
    learn.path = photos
    notes = Notes(learn)
    learn.fit(2, callbacks=[notes])
    lines = (photos / "history.csv").read_text().splitlines()
    assert [line[:2] for line in lines] == ["ep", "# ", "0,", "# ", "1,", "# "]
    assert notes.file.closed


class Percent(AverageMetric):
    def on_epoch_end(self, last_metrics, **kwargs):
        return add_metrics(last_metrics, self.val / self.count * 100)


class ByHand(AverageMetric):
    def on_epoch_begin(self, **kwargs):
        self.val, self.count = 0.0, 0

    def on_batch_end(self, last_output, last_target, **kwargs):
        self.count += last_target.size(0)
        self.val += last_target.size(0) * self.func(last_output, last_target).detach().cpu()


class Restarted(AverageMetric):
    def on_epoch_begin(self, **kwargs):
        self.val, self.count = 0.0, 0


def right(output, target):
    return (output.argmax(1) == target).float().mean()


@pytest.mark.parametrize("func", [accuracy, right], ids=["counted", "averaged"])
def test_average_metrics_have_val_and_count(photos, func):
    learn = learner(bunch(photos), metrics=[func, Percent(func), ByHand(func), Restarted(func)])
    learn.fit(2, 1e-3)
    for figures in learn.recorder.metrics:
        plain, percent, by_hand, restarted = map(float, figures)
        assert percent == pytest.approx(100 * plain)
        assert by_hand == pytest.approx(plain) and restarted == pytest.approx(plain)


class More(LearnerCallback):
    _order = -20

    def on_train_begin(self, **kwargs):
        self.learn.recorder.add_metric_names(["x", "y"])

    def on_batch_begin(self, last_input, last_target, train, **kwargs):
        return {"last_input": last_input / 2, "last_target": last_target} if train else None

    def on_epoch_end(self, last_metrics, **kwargs):
        return add_metrics(last_metrics, [1.0, 2.0])


def test_callbacks_made_by_functions_add_columns(photos):
    stop = partial(EarlyStoppingCallback, monitor="accuracy", patience=5)
    learn = learner(bunch(photos), metrics=accuracy, callback_fns=[More, stop])
    learn.fit(2)
    assert learn.recorder.metrics[-1][1:] == [1.0, 2.0] and learn.recorder.names[-3:-1] == ["x", "y"]


@dataclass
class Counted(LearnerCallback):
    learn: Learner
    step: int = 1

    def __post_init__(self):
        super().__init__(self.learn)
        self.count = 0

    def on_batch_begin(self, train, **kwargs):
        self.count += self.step if train else 0


def test_a_callback_that_is_a_dataclass(photos):
    learn = learner(bunch(photos))
    counted = Counted(learn, step=2)
    learn.fit(1, callbacks=[counted])
    assert counted.count == 2 * len(learn.data.train_dl) and learn.counted is counted


class AtHand(LearnerCallback):
    def on_train_begin(self, **kwargs):
        self.found = self.data, self.model, self.opt, self.loss_func, self.recorder, self.path / self.model_dir
        self.metrics = {"mine": 1}


def test_a_callback_has_what_is_its_learners_at_hand(photos):
    learn = learner(bunch(photos))
    callback = AtHand(learn)
    learn.fit(1, callbacks=[callback])
    assert callback.found == (
        learn.data, learn.model, learn.opt, learn.loss_func, learn.recorder, learn.path / learn.model_dir
    )  # fmt: skip
    assert callback.metrics == {"mine": 1} and learn.metrics == [] and callback.layer_groups is learn.layer_groups
    with pytest.raises(CallbackError, match="AtHand: its learner is not known"):
        AtHand.__new__(AtHand).model
    with pytest.raises(ArgumentTypeError, match="AtHand: learn must be a learner"):
        callback.learn = 3


class Growing(LearnerCallback):
    def __init__(self, learn, bunches):
        super().__init__(learn)
        self.bunches, self.seen = bunches, []

    def on_epoch_begin(self, epoch, **kwargs):
        self.learn.data = self.bunches[epoch]

    def on_batch_begin(self, last_input, train, epoch, **kwargs):
        self.seen.append((epoch, train, last_input.shape[-1]))


def test_data_that_are_exchanged_as_an_epoch_begins_are_those_of_that_epoch(photos):
    bunches = [bunch(photos, size) for size in (10, 12, 14)]
    learn = Learner(bunches[0], nn.Sequential(nn.AdaptiveAvgPool2d(4), nn.Flatten(), nn.Linear(48, 2)), silent=True)
    growing = Growing(learn, bunches)
    learn.fit(3, callbacks=[growing])
    assert set(growing.seen) == {(e, train, size) for e, size in enumerate((10, 12, 14)) for train in (True, False)}


class Breaking(Growing):
    def on_batch_end(self, **kwargs):
        raise RuntimeError("broken")


def test_loaders_of_exchanged_data_end_their_workers_where_training_fails(photos):
    lists = split(photos).label_from_folder().transform(None, size=10)
    other = lists.databunch(bs=4, num_workers=1)
    learn = learner(bunch(photos))
    with pytest.raises(RuntimeError, match="broken"):
        learn.fit(1, callbacks=[Breaking(learn, [other])])
    assert other.train_dl.dl._engine is None


class Rebatched(LearnerCallback):
    def __init__(self, learn):
        super().__init__(learn)
        self.sizes = []

    def on_train_begin(self, **kwargs):
        order = torch.utils.data.SequentialSampler([0] * 3)
        self.learn.data.train_dl.dl.batch_sampler = torch.utils.data.BatchSampler(order, 2, False)

    def on_batch_begin(self, train, last_input, **kwargs):
        self.sizes += [len(last_input)] if train else []


def test_a_batch_sampler_that_is_set_takes_effect(photos):
    learn = learner(bunch(photos))
    sizes = Rebatched(learn)
    learn.fit(1, callbacks=[sizes])
    assert sizes.sizes == [2, 1]


def test_settings_of_a_loader_may_be_set(photos):
    data = bunch(photos)
    data.train_dl.batch_size = 3
    assert len(data.one_batch()[1]) == 3 == data.batch_size
    loader = data.train_dl.dl
    loader.batch_size = 2
    assert len(data.one_batch()[1]) == 2 and len(loader) == 8
    loader.sampler = [0, 1, 2]
    assert not loader.shuffle and [len(y) for _, y in data.train_dl] == [2]
    loader.drop_last = False
    assert [len(y) for _, y in data.train_dl] == [2, 1]
    loader.collate_fn = lambda samples: (torch.zeros(1), torch.zeros(1))
    assert data.one_batch()[0].shape == (1,)


# Loaders and bunches of one's own


def sevens(samples):
    return torch.full((len(samples), 3), 7.0), tensor([label for _, label in samples])


def test_loaders_of_torch_with_a_collate_function():
    rows = [(torch.rand(3), i % 2) for i in range(12)]
    data = DataBunch(DataLoader(rows, 4), DataLoader(rows, 4), collate_fn=sevens)
    assert (data.one_batch()[0] == 7).all() and (next(iter(data.valid_dl))[0] == 7).all()
    loader = DeviceDataLoader(DataLoader(rows, 4), torch.device("cpu"), [], sevens)
    assert (next(iter(loader))[0] == 7).all() and loader.new(shuffle=False).collate_fn is sevens
    Learner(data, nn.Linear(3, 2), loss_func=nn.CrossEntropyLoss(), silent=True).fit(1)


def test_loaders_of_torch_keep_their_own_collate_function():
    rows = [(torch.rand(3), i % 2) for i in range(12)]
    data = DataBunch(DataLoader(rows, 4, collate_fn=sevens), DataLoader(rows, 4, collate_fn=sevens))
    assert (data.one_batch()[0] == 7).all()


class Doubling(DeviceDataLoader):
    def proc_batch(self, b):
        x, y = super().proc_batch(b)
        return x * 2, y


class OwnBunch(DataBunch):
    @classmethod
    def create(
        cls, train_ds, valid_ds, test_ds=None, path=".", bs=64, val_bs=None, num_workers=0, dl_tfms=None, device=None,
        collate_fn=data_collate, no_check=False, **kwargs
    ):  # fmt: skip
        datasets = cls._init_ds(train_ds, valid_ds, test_ds)
        sizes = (bs, ifnone(val_bs, bs), ifnone(val_bs, bs), ifnone(val_bs, bs))
        dls = [
            DataLoader(dataset, size, shuffle=first, drop_last=first, num_workers=num_workers, collate_fn=collate_fn)
            for dataset, size, first in zip(datasets, sizes, (True, False, False, False))
        ]
        how = {"path": path, "device": device, "dl_tfms": dl_tfms, "collate_fn": collate_fn, "no_check": no_check}
        return cls(*dls, **how)


class OwnBunchList(ImageList):
    _bunch = OwnBunch


def test_a_bunch_that_makes_its_loaders(photos):
    src = split(photos, OwnBunchList).label_from_folder().transform(get_transforms(), size=10)
    data = src.databunch(bs=4)
    assert type(data) is OwnBunch and data.fix_ds.tfms == data.valid_ds.tfms
    learn = learner(data)
    learn.fit(1)
    assert len(learn.get_preds(DatasetType.Fix)[0]) == len(data.train_ds)
    assert learn.predict(data.valid_ds.x[0])[0].obj in "ab"
    data.single_dl = data.valid_dl.new(batch_size=1)
    assert data.single_dl.batch_size == 1 == len(data.single_dl.one_batch()[1])


class FewBunch(DataBunch):
    _loader = Doubling

    @staticmethod
    def _init_ds(train_ds, valid_ds, test_ds=None):
        return [train_ds[:8], valid_ds, train_ds[:2]]


class FewList(ItemList):
    _bunch = FewBunch

    def get(self, i):
        return ItemBase(torch.ones(3))


def test_a_bunch_that_chooses_its_sets_and_its_loader():
    data = FewList(range(20)).split_by_idx([0, 1, 2]).label_from_func(lambda n: n % 2).databunch(bs=4, num_workers=0)
    assert [len(data.dl(kind).dataset) for kind in (DatasetType.Train, DatasetType.Valid, DatasetType.Fix)] == [8, 3, 2]
    assert all(type(loader) is Doubling for loader in data.dls)
    assert (data.one_batch()[0] == 2).all() and (data.single_dl.one_batch()[0] == 2).all()


# Transforms and figures


def _speckle(x, amount: uniform = 0.1):
    return (x + amount * torch.randn_like(x)).clamp(0, 1)


speckle = TfmPixel(_speckle)


def test_a_pixel_transform_of_ones_own(photos):
    tfms = get_transforms(xtra_tfms=[speckle(amount=(0.1, 0.2), p=0.9)])
    data = ImageList.from_folder(photos).split_none().label_from_folder().transform(tfms, size=10).databunch(bs=4)
    assert data.one_batch()[0].shape == (4, 3, 10, 10)
    grey = Image(torch.full((3, 5, 5), 0.5))
    assert grey.apply_tfms([speckle(amount=0.1)]).data.std() > 0.01


def test_settings_of_subplots_that_are_no_figures_go_to_the_title():
    assert subplots(2, 3, title="Dogs", weight="bold", size=14, sharex=True).shape == (2, 3)
    assert plt.gcf()._suptitle.get_fontsize() == 14 and plt.gcf()._suptitle.get_weight() == "bold"
    assert subplots(1, 2, imgsize=2, weight="bold").shape == (1, 2)
    with pytest.raises(AttributeError, match="colour"):
        subplots(1, 1, colour="red")
    plt.close("all")


def test_a_probability_above_one_is_one_with_a_warning():
    with pytest.warns(UserWarning, match=r"zoom: p must be a probability.*got 2.0.*taken as 1.*\(1.0, 2.0\)"):
        assert rand_zoom(1.0, 2.0).p == 1
    for p in (-0.1, float("nan"), float("inf"), "often"):
        with pytest.raises(ArgumentError, match="zoom: p must be a probability"):
            rand_zoom(1.0, p)


# Functions of v1's modules that a program replaces


@pytest.fixture
def replace():
    "Set a name of a v1 module for one test."
    done = []

    def set_name(module, name, value):
        done.append((module, name, getattr(module, name)))
        setattr(module, name, value)

    yield set_name
    for module, name, value in reversed(done):
        setattr(module, name, value)


def quarter(fn, div=True, convert_mode="RGB", cls=Image, after_open=None):
    return cls(torch.full((3, 10, 10), 0.25))


@pytest.mark.parametrize("opens", [quarter, lambda fn: quarter(fn), lambda fn, **kwargs: quarter(fn, **kwargs)])
def test_an_open_image_of_ones_own_opens_the_images(photos, replace, opens):
    replace(fastai.vision.data, "open_image", opens)
    assert fastai.vision.data.open_image is opens
    data = bunch(photos)
    assert (data.one_batch()[0] - 0.25).abs().max() < 1e-5
    learn = learner(data)
    learn.fit(1)
    plain = learn.get_preds()[0]
    assert torch.allclose(plain, plain[:1].expand_as(plain))
    assert torch.allclose(learn.predict(photos / "a" / "0.png")[2], plain[0], atol=1e-6)
    assert torch.allclose(learn.predict((photos / "a" / "0.png").read_bytes())[2], plain[0], atol=1e-6)


def test_workers_open_with_it_too_and_setting_it_back_undoes_it(photos, replace):
    replace(fastai.vision.data, "open_image", quarter)
    data = split(photos).label_from_folder().transform(None, size=10).databunch(bs=4, num_workers=1)
    assert all((x - 0.25).abs().max() < 1e-5 for x, _ in data.valid_dl)
    fastai.vision.data.open_image = open_image
    assert fastai.vision.data.open_image is open_image and bunch(photos).one_batch()[0].std() > 0.01


def test_a_patch_that_ends_undoes_it(photos):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("fastai.vision.data.open_image", quarter)
        assert (bunch(photos).one_batch()[0] - 0.25).abs().max() < 1e-5
    with unittest.mock.patch("fastai.vision.data.open_image", quarter):
        assert (bunch(photos).one_batch()[0] - 0.25).abs().max() < 1e-5
    assert bunch(photos).one_batch()[0].std() > 0.01 and "open_image" not in vars(fastai.vision.data)


called = []


def own_loss_batch(model, xb, yb, loss_func=None, opt=None, cb_handler=None):
    called.append(opt is not None)
    handler = ifnone(cb_handler, CallbackHandler())
    xb, yb = xb if is_listy(xb) else [xb], yb if is_listy(yb) else [yb]
    out = handler.on_loss_begin(model(*xb))
    if not loss_func:
        return to_detach(out), to_detach(yb[0])
    loss = loss_func(out, *yb)
    if opt is not None:
        loss, skips = handler.on_backward_begin(loss)
        if not skips:
            loss.backward()
        if not handler.on_backward_end():
            opt.step()
        if not handler.on_step_end():
            opt.zero_grad()
    return loss.detach().cpu()


def curve(photos):
    torch.manual_seed(0)
    learn = learner(bunch(photos), metrics=accuracy)
    learn.fit(2)
    losses = [float(loss) for loss in learn.recorder.losses]
    return losses, learn.recorder.val_losses, [float(value) for value in learn.validate()], learn.get_preds()[0]


def test_a_loss_batch_of_ones_own_runs_in_every_pass(photos, replace):
    expected = curve(photos)
    called.clear()
    replace(fastai.basic_train, "loss_batch", own_loss_batch)
    losses, val_losses, validated, preds = curve(photos)
    assert set(called) == {True, False}
    assert losses == expected[0] and torch.equal(preds, expected[3])
    assert val_losses == pytest.approx(expected[1]) and validated == pytest.approx(expected[2])


def test_a_validate_of_ones_own_gives_the_loss(photos, replace):
    replace(fastai.basic_train, "validate", lambda model, dl, *args, **kwargs: 0.5)
    learn = learner(bunch(photos))
    learn.fit(1)
    assert learn.recorder.val_losses == [0.5]


@pytest.mark.parametrize(
    ("path", "name", "hint"),
    [
        ("vision", "open_image", "Set fastai.vision.data.open_image"),
        ("vision.image", "open_image", "Set fastai.vision.data.open_image"),
        ("basic_train", "fit", "Override `fit` in a subclass of Learner"),
        ("basic_train", "Recorder", "callback_fns="),
        ("data_block", "CategoryList", "Pass yours where it is used"),
        ("vision.transform", "_brightness", "Pass yours where it is used"),
        ("metrics", "accuracy", "Pass yours where it is used"),
    ],
)
def test_a_name_that_nothing_calls_is_refused(path, name, hint):
    module = importlib.import_module(f"fastai.{path}")
    with pytest.raises(StepError, match=f"fastai.{path}.{name}: cannot be replaced.*would be ignored. .*{hint}"):
        setattr(module, name, quarter)
    assert getattr(module, name, None) is not quarter


def test_what_is_set_must_be_a_function():
    with pytest.raises(ArgumentTypeError, match="fastai.basic_train.loss_batch: must be a function; got 3"):
        fastai.basic_train.loss_batch = 3


def test_a_name_that_a_module_does_not_have_is_the_users_own():
    fastai.vision.my_sizes = (64, 128)
    assert fastai.vision.my_sizes == (64, 128)
    del fastai.vision.my_sizes
    assert not hasattr(fastai.vision, "my_sizes")


# A learner without a loss


ROWS = [(torch.full((3,), i / 12), i % 2) for i in range(12)]


def rows():
    return DataBunch.create(ROWS, ROWS, bs=4, num_workers=0)


def test_a_program_of_v1_takes_nll_loss_where_none_is_known():
    model = nn.Sequential(nn.Linear(3, 2), nn.LogSoftmax(1))
    with pytest.warns(UserWarning, match="loss_func is not given and the data know none; F.nll_loss is taken") as found:
        learn = Learner(rows(), model, silent=True)
    assert len(found) == 1 and found[0].filename == __file__
    assert learn.loss_func is F.nll_loss
    learn.fit(1)
    assert torch.allclose(learn.get_preds()[0].sum(1), torch.ones(12))


def test_a_module_that_does_not_import_from_v1_has_no_loss_in_the_same_process():
    other = {"__name__": "another_program", "data": rows()}
    code = "import torch\nfrom onecycle.learner import Learner\nlearn = Learner(data, torch.nn.Linear(3, 2))"
    exec(code, other)
    assert other["learn"].loss_func is None
    exec("from fastai.basic_data import DataBunch", other)
    with pytest.warns(UserWarning, match="F.nll_loss is taken"):
        exec(code, other)


def test_a_known_loss_is_taken_without_a_warning(photos):
    assert type(learner(bunch(photos)).loss_func).__name__ == type(CrossEntropyFlat()).__name__
    assert learner(rows(), loss_func=F.mse_loss).loss_func is F.mse_loss
