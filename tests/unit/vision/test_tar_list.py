"""Pictures in tars do what pictures in files do."""

import io
import tarfile

import numpy as np
import pytest
import torch
from PIL import Image as PILImage
from torch import nn

from onecycle.data.tar_shards import ShardOrder
from onecycle.learner import Learner
from onecycle.training.callback import Callback
from onecycle.vision.image_list import ImageList
from onecycle.vision.tar_list import TarImageList


@pytest.fixture
def folder(tmp_path):
    """Return four tars of twelve small pictures of two kinds, each with a text beside it."""
    draw = np.random.RandomState(0)
    for shard in range(4):
        with tarfile.open(tmp_path / f"{shard}.tar", "w") as tar:
            for number in range(12):
                file = io.BytesIO()
                PILImage.fromarray(draw.randint(0, 255, (8, 8, 3), dtype=np.uint8)).save(file, "png")
                for ending, content in ((".png", file.getvalue()), (".cls", b"%d\n" % (number % 2))):
                    entry = tarfile.TarInfo(f"{'ab'[number % 2]}/{number}{ending}")
                    entry.size = len(content)
                    tar.addfile(entry, io.BytesIO(content))
    return tmp_path


def make_learner(folder):
    split = ImageList.from_tar_shards(folder).split_by_valid_func(lambda name: name.startswith("3"))
    labelled = split.label_from_folder()
    order = ShardOrder(labelled.train.x, at_once=2)
    data = labelled.databunch(bs=4, num_workers=0, device="cpu", sampler=order)
    torch.manual_seed(0)
    net = nn.Sequential(nn.Flatten(), nn.Linear(192, 2))
    return Learner(data, net, loss_func=nn.CrossEntropyLoss(), silent=True)


def test_the_sentence_works_on_names_in_tars(folder):
    pictures = ImageList.from_tar_shards(folder, convert_mode="L")
    assert isinstance(pictures, TarImageList) and len(pictures) == 48 and pictures[0].shape == (1, 8, 8)
    assert pictures.items[0] == "0.tar/a/0.png"
    labelled = pictures.split_none().label_from_func(pictures.text_beside)
    assert labelled.train.y.classes == ["0", "1"]
    opened = TarImageList.from_tar_shards(folder, after_open=lambda picture: picture.rotate(90))
    assert opened[5].shape == (3, 8, 8)


def test_a_picture_in_a_file_still_opens(folder):
    pictures = ImageList.from_tar_shards(folder)
    PILImage.new("RGB", (5, 4)).save(folder / "plain.png")
    assert pictures.open(folder / "plain.png").shape == (3, 4, 5)


def test_a_run_is_taken_up_in_the_middle_of_a_shard(folder):
    class Killed(Exception):
        pass

    class KillAt(Callback):
        def on_batch_end(self, iteration, train, **kwargs):
            if train and iteration == self.step:
                raise Killed

        def run_state(self):
            return {}

    def train(learn, step, **run):
        torch.manual_seed(5)
        kill = KillAt()
        kill.step = step
        learn.fit(2, 1e-2, callbacks=[kill], **run)
        return [tensor.clone() for tensor in learn.model.state_dict().values()]

    whole = train(make_learner(folder), None)
    with pytest.raises(Killed):
        train(make_learner(folder), 13, checkpoint=folder / "run", every=1)
    resumed = train(make_learner(folder), None, checkpoint=folder / "run", resume=True)
    assert all(torch.equal(one, other) for one, other in zip(whole, resumed, strict=True))


def test_an_exported_learner_predicts(folder):
    data = ImageList.from_tar_shards(folder).split_by_rand_pct(0.2, seed=1).label_from_folder().databunch(bs=4)
    again = type(data).from_state(data.export_state(), folder)
    assert isinstance(again.single_ds.x, TarImageList)
