"""Mean average precision against cases counted by hand and against the definition word by word."""

import numpy as np
import pytest
import torch

from onecycle.metrics.detection import MeanAveragePrecision, mean_average_precision
from onecycle.utils.box_ops import box_overlaps

SQUARE = [0.0, 0.0, 1.0, 1.0]
FAR = [5.0, 5.0, 6.0, 6.0]


def found(*rows):
    rows = torch.tensor(rows).view(-1, 6)
    return rows[:, :4], rows[:, 4].long(), rows[:, 5]


def actual(*rows):
    rows = torch.tensor(rows).view(-1, 5)
    return rows[:, :4], rows[:, 4].long()


@pytest.mark.parametrize(
    ("predicted", "wanted"),
    [
        ([[*SQUARE, 1, 0.9]], 1.0),
        ([], 0.0),
        ([[*SQUARE, 2, 0.9]], 0.0),  # another class
        ([[*FAR, 1, 0.9]], 0.0),
        ([[*SQUARE, 1, 0.9], [*FAR, 1, 0.8]], 1.0),  # what comes after the last hit costs nothing
        ([[*FAR, 1, 0.9], [*SQUARE, 1, 0.8]], 0.5),  # half of what was said is right, at every recall
        ([[*SQUARE, 1, 0.9], [*SQUARE, 1, 0.8]], 1.0),  # found twice: the second is wrong, and after the last
    ],
)
def test_one_box(predicted, wanted):
    value = mean_average_precision([found(*predicted)], [actual([*SQUARE, 1])], iou=0.5)
    assert float(value) == pytest.approx(wanted)


def test_half_of_the_boxes():
    value = mean_average_precision([found([*SQUARE, 1, 0.9])], [actual([*SQUARE, 1], [*FAR, 1])], iou=0.5)
    assert float(value) == pytest.approx(51 / 101)  # recalls 0, 0.01 … 0.5


def test_a_curve_with_a_dip_is_read_at_its_best_beyond():
    preds = [found([*SQUARE, 1, 0.9], [9, 9, 10, 10, 1, 0.8], [*FAR, 1, 0.7])]
    value = mean_average_precision(preds, [actual([*SQUARE, 1], [*FAR, 1])], iou=0.5)
    assert float(value) == pytest.approx((51 + 50 * 2 / 3) / 101)


def test_overlaps_count_each():
    preds = [found([0, 0, 1, 0.72, 1, 0.9])]  # found at 0.5, 0.55, 0.6, 0.65, 0.7 of ten overlaps
    assert float(mean_average_precision(preds, [actual([*SQUARE, 1])])) == pytest.approx(0.5)
    assert float(mean_average_precision(preds, [actual([*SQUARE, 1])], iou=[0.7, 0.75])) == pytest.approx(0.5)


def test_classes_that_are_nowhere_do_not_count():
    preds, targets = [found([*SQUARE, 1, 0.9], [*FAR, 7, 0.9])], [actual([*SQUARE, 1])]
    assert float(mean_average_precision(preds, targets)) == 1
    assert mean_average_precision(preds, [actual()]).isnan()


def test_a_box_takes_the_one_it_overlaps_most():
    near = [0.0, 0.0, 1.0, 0.9]
    preds = [found([*near, 1, 0.9], [*SQUARE, 1, 0.8])]
    assert float(mean_average_precision(preds, [actual([*SQUARE, 1], [*near, 1])], iou=0.9)) == 1


def test_boxes_of_one_picture_are_not_found_in_another():
    value = mean_average_precision([found(), found([*SQUARE, 1, 0.9])], [actual([*SQUARE, 1]), actual()], iou=0.5)
    assert float(value) == 0


def crowd(seed, pictures=6):
    rng = np.random.default_rng(seed)
    preds, targets = [], []
    for _ in range(pictures):
        n = rng.integers(0, 7)
        start = rng.uniform(0, 4, (n, 2))
        boxes = np.concatenate([start, start + rng.uniform(0.5, 2, (n, 2))], 1)
        classes = rng.integers(1, 4, n)
        keep = rng.random(n) < 0.8
        moved = np.concatenate([boxes[keep] + rng.normal(0, 0.1, (keep.sum(), 4)), boxes[:2] + 0.3])
        said = np.concatenate([classes[keep], classes[:2]])
        rows = np.concatenate([moved, said[:, None], rng.random((len(said), 1)) * 0.9 + 0.1], 1)
        preds.append(found(*rows.astype(np.float32).tolist()))
        targets.append(actual(*np.concatenate([boxes, classes[:, None]], 1).astype(np.float32).tolist()))
    return preds, targets


def by_the_words(preds, targets, ious):
    """COCO's definition with loops."""
    figures = []
    for k in sorted({int(c) for _, classes in targets for c in classes}):
        for iou in ious:
            said, count = [], 0
            for (boxes, classes, scores), (truth, actual_classes) in zip(preds, targets, strict=True):
                mine, free = truth[actual_classes == k], list(range(int((actual_classes == k).sum())))
                count += len(mine)
                of_class = [i for i in scores.argsort(descending=True).tolist() if classes[i] == k]
                for i in of_class:
                    shares = box_overlaps(boxes[i : i + 1].double(), mine.double())[0]
                    overlaps = {j: float(shares[j]) for j in free}
                    best = max(overlaps, key=overlaps.get, default=None)
                    hit = best is not None and overlaps[best] >= iou
                    if hit:
                        free.remove(best)
                    said.append((float(scores[i]), hit))
            said.sort(key=lambda pair: -pair[0])
            right = np.cumsum([hit for _, hit in said])
            curve = [(r / count, r / n) for n, r in enumerate(right, 1)]
            at = [max((p for recall, p in curve if recall >= r), default=0) for r in np.linspace(0, 1, 101)]
            figures.append(np.mean(at))
    return np.mean(figures)


@pytest.mark.parametrize("seed", range(4))
def test_it_is_the_definition(seed):
    preds, targets = crowd(seed)
    ious = [0.5, 0.65, 0.8, 0.95]
    assert float(mean_average_precision(preds, targets, iou=ious)) == pytest.approx(by_the_words(preds, targets, ious))


def padded(parts, width):
    rows = [torch.cat([part[0], *[column[:, None].float() for column in part[1:]]], 1) for part in parts]
    most = max(len(r) for r in rows)
    return torch.stack([torch.cat([r, torch.zeros(most - len(r), width)]) for r in rows])


def test_the_metric_counts_batches_with_different_numbers_of_boxes():
    preds, targets = crowd(5, pictures=7)
    preds = [tuple(part[p[2].argsort(descending=True)] for part in p) for p in preds]
    metric = MeanAveragePrecision(iou=0.5, nms_thresh=1)
    for cut in (slice(0, 3), slice(3, 4), slice(4, 7)):
        rows = padded(targets[cut], 5)
        metric.update(padded(preds[cut], 6), rows[..., :4], rows[..., 4].long())
    assert float(metric.figure()) == pytest.approx(float(mean_average_precision(preds, targets, iou=0.5)))


# --- by the area of boxes, in pixels

SMALL, LARGE = [0.0, 0.0, 20.0, 20.0], [100.0, 100.0, 300.0, 300.0]
NO_SMALL, NO_LARGE = [50.0, 50.0, 60.0, 60.0], [400.0, 400.0, 600.0, 600.0]  # where nothing is


@pytest.mark.parametrize(
    ("area", "wanted"),
    [
        (None, 0.5),  # wrong, wrong, right, right: at every recall half is the best that comes
        ("small", 0.5),  # the small one where nothing is comes before the right one; large boxes do not count
        ("large", 0.5),
        ((0, 99), np.nan),
        ((400, 400), 1.0),  # what is made up has another area
    ],
)
def test_only_boxes_of_an_area_count(area, wanted):
    preds = [found([*NO_LARGE, 1, 0.99], [*NO_SMALL, 1, 0.95], [*SMALL, 1, 0.9], [*LARGE, 1, 0.8])]
    targets = [actual([*SMALL, 1], [*LARGE, 1])]
    value = float(mean_average_precision(preds, targets, iou=0.5, area=area))
    assert value == pytest.approx(wanted, nan_ok=True)


def test_a_class_without_a_box_of_the_area_does_not_count():
    preds, targets = [found([*SMALL, 1, 0.9])], [actual([*SMALL, 1], [*LARGE, 2])]
    assert float(mean_average_precision(preds, targets, area="small")) == 1
    assert float(mean_average_precision(preds, targets, area="large")) == 0


@pytest.mark.parametrize(("iou", "wanted"), [(0.5, 1.0), (0.95, 0.0)])
def test_a_box_takes_one_that_counts_before_one_that_does_not(iou, wanted):
    small, medium = [0.0, 0.0, 31.0, 32.0], [0.0, 0.0, 32.0, 33.0]  # 992 and 1056 square pixels, overlap 0.939
    preds, targets = [found([*medium, 1, 0.9])], [actual([*small, 1], [*medium, 1])]
    assert float(mean_average_precision(preds, targets, iou=iou, area="small")) == wanted


def test_a_box_that_does_not_count_is_taken_once():
    medium, small = [0.0, 0.0, 32.0, 33.0], [0.0, 0.0, 31.0, 32.0]
    far = [100.0, 100.0, 110.0, 110.0]
    preds = [found([*medium, 1, 0.9], [*small, 1, 0.8], [*far, 1, 0.7])]  # taken in vain, made up, right
    assert float(mean_average_precision(preds, [actual([*medium, 1], [*far, 1])], iou=0.5, area="small")) == 0.5
    assert float(mean_average_precision(preds[:1], [actual([*far, 1])], iou=0.5, area="small")) == 0.5


@pytest.mark.parametrize(
    ("side", "areas"), [(31.9, ["small"]), (32, ["medium"]), (96, ["medium"]), (96.1, ["large"])]
)
def test_each_area_is_of_one_range(side, areas):
    for start in (0.0, 1.7):
        box = [start, start, start + side, start + side]
        figures = {
            area: mean_average_precision([found([*box, 1, 0.9])], [actual([*box, 1])], area=area)
            for area in ("small", "medium", "large")
        }
        assert [area for area, figure in figures.items() if not figure.isnan()] == areas


def by_the_words_of_areas(preds, targets, iou, low, high):
    """COCO's definition with loops, for one class and areas from low to high."""
    area = lambda box: float((box[2] - box[0]) * (box[3] - box[1]))
    said, count = [], 0
    for (boxes, _, scores), (truth, _) in zip(preds, targets, strict=True):
        ignored = [not low <= area(box) <= high for box in truth]
        count += ignored.count(False)
        free = set(range(len(truth)))
        for i in scores.argsort(descending=True).tolist():
            shares = box_overlaps(boxes[i : i + 1].double(), truth.double())[0]
            enough = [j for j in free if shares[j] >= iou]
            best = max(enough, key=lambda j: (not ignored[j], float(shares[j])), default=None)
            free -= {best}
            if (best is None and low <= area(boxes[i]) <= high) or (best is not None and not ignored[best]):
                said.append((float(scores[i]), best is not None))
    said.sort(key=lambda pair: -pair[0])
    right = np.cumsum([hit for _, hit in said])
    curve = [(r / count, r / n) for n, r in enumerate(right, 1)]
    return np.mean([max((p for recall, p in curve if recall >= r), default=0) for r in np.linspace(0, 1, 101)])


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("area", [(0, 1200), (1200, 3200), (3200, 9999)])
def test_areas_are_the_definition(seed, area):
    preds, targets = crowd(seed, pictures=12)
    preds = [(40 * boxes, torch.ones_like(classes), scores) for boxes, classes, scores in preds]
    targets = [(40 * boxes, torch.ones_like(classes)) for boxes, classes in targets]
    figure = float(mean_average_precision(preds, targets, iou=0.5, area=area))
    assert figure == pytest.approx(by_the_words_of_areas(preds, targets, 0.5, *area), abs=1e-6)
