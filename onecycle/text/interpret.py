"""What a classifier of texts looked at: how far each word moves the answer, the texts it got most wrong."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from html import escape
from typing import Any

import torch
from torch import Tensor, nn

from onecycle.callbacks.rnn import memory_of, remember, rnn_reset
from onecycle.errors import ArgumentError, ArgumentTypeError, explain, known_keywords_only
from onecycle.interpret.classification import ClassificationInterpretation
from onecycle.interpret.plots import figure_if
from onecycle.nn.surgery import get_model
from onecycle.nn.turns import eval_mode
from onecycle.utils.checks import check_numbers
from onecycle.utils.epoch_table import in_notebook
from onecycle.utils.figure_text import make_readable
from onecycle.utils.shown_tables import show_columns

__all__ = ["TextClassificationInterpretation", "piece_attn_html", "show_piece_attn", "value2rgba"]

_COLOURS = "RdYlGn"  # red for nothing, green for the word that matters most
_FAINT = 0.5  # how strong a colour behind a word is, so that the word can be read


def value2rgba(x: float, cmap: Any = _COLOURS, alpha_mult: float = 1.0) -> tuple[int, int, int, float]:
    """Return the colour of a number: red, green and blue from 0 to 255, and how strong it is.

    Args:
        x: The number, from 0 to 1.
        cmap: A colour map of matplotlib, or its name.
        alpha_mult: Factor of the strength.

    Example:
        >>> value2rgba(0.0, "gray"), value2rgba(1.0, "gray", alpha_mult=0.5)
        ((0, 0, 0, 1.0), (255, 255, 255, 0.5))
    """
    import matplotlib

    red, green, blue, alpha = (matplotlib.colormaps[cmap] if isinstance(cmap, str) else cmap)(float(x))
    return int(red * 255), int(green * 255), int(blue * 255), float(alpha) * alpha_mult


def piece_attn_html(pieces: Sequence[str], attns: Sequence[float], sep: str = " ", **kwargs: Any) -> str:
    """Return pieces of a text as HTML, each on the colour of its number; what a text says is no markup.

    Args:
        pieces: Words, or other pieces.
        attns: A number for each, from 0 to 1.
        sep: What stands between them.
        **kwargs: For `value2rgba`: `cmap`, `alpha_mult`.

    Raises:
        ArgumentError: there are not as many numbers as pieces.
    """
    values = _checked(pieces, attns)
    colours = [value2rgba(value, **{"alpha_mult": _FAINT, **kwargs}) for value in values]
    spans = [
        f'<span title="{value:.3f}" style="background-color: rgba{colour};">{escape(piece)}</span>'
        for piece, value, colour in zip(pieces, values, colours, strict=True)
    ]
    return f'<span style="font-family: monospace;">{sep.join(spans)}</span>'


def show_piece_attn(*args: Any, **kwargs: Any) -> None:
    """Show pieces of a text with their numbers: coloured in a notebook, as lines elsewhere.

    Args:
        *args: As for `piece_attn_html`.
        **kwargs: As for `piece_attn_html`.

    Example:
        >>> show_piece_attn(["a", "good", "film"], [0.1, 1.0, 0.4])
        a     0.10  ##
        good  1.00  ####################
        film  0.40  ########
    """
    if in_notebook():
        from IPython.display import HTML, display

        display(HTML(piece_attn_html(*args, **kwargs)))  # type: ignore[no-untyped-call]
    else:
        print(_as_lines(*args, **kwargs))


def _as_lines(pieces: Sequence[str], attns: Sequence[float], sep: str = " ", **kwargs: Any) -> str:
    values = _checked(pieces, attns)
    width = max(map(len, pieces), default=0)
    bars = ("#" * round(20 * value) for value in values)
    rows = zip(pieces, values, bars, strict=True)
    return "\n".join(f"{piece:<{width}}  {value:.2f}  {bar}".rstrip() for piece, value, bar in rows)


def _checked(pieces: Sequence[str], attns: Any) -> list[float]:
    values = [float(value) for value in attns]
    if len(values) != len(pieces):
        rule = f"must have a number for each of the {len(pieces)} pieces"
        raise ArgumentError(explain("piece_attn_html", "attns", rule, attns))
    return values


class TextClassificationInterpretation(ClassificationInterpretation):
    """Read a text classifier's mistakes, and what it looked at.

    Args:
        learn: A trained learner of texts.
        preds: Probabilities, `(N, K)`.
        y_true: Class indices, `(N,)`.
        losses: Losses, `(N,)`.
        ds_type: Which set it is.

    Raises:
        DataError: predictions have no column for each class.

    Example:
        interp = TextClassificationInterpretation.from_learner(learn)
        interp.show_top_losses(5)
        interp.show_intrinsic_attention("I did not like the film, but the music was good")
    """

    def intrinsic_attention(self, text: str, class_id: int | None = None) -> tuple[Any, Tensor]:
        """Return how far each word of a text moves the probability of a class.

        It is the size of the probability's gradient at the word's embedding, relative to the largest. Gradients stay
        within a window of `bptt` words; words before the last `max_len` get 0.

        Args:
            text: The text.
            class_id: Index of the class; the one that is predicted when None.

        Returns:
            The text as the model read it, and a number for each of its tokens, from 0 to 1.

        Raises:
            ArgumentError: there is no such class.

        Reference: Simonyan et al. 2014, "Deep inside convolutional networks: Visualising image classification models
            and saliency maps", section 3 (there of pixels).
        """
        if not isinstance(text, str):
            raise ArgumentTypeError(explain("intrinsic_attention", "text", "must be a text", text))
        tokens, sizes = _saliency(self.learn, text, self._class_index(class_id))
        return self.data.single_ds.x.reconstruct(tokens), sizes

    def _class_index(self, class_id: int | None) -> int | None:
        count = len(self.classes)
        if class_id is not None and not 0 <= class_id < count:
            rule = f"must be an index of the {count} classes"
            raise ArgumentError(explain("intrinsic_attention", "class_id", rule, class_id))
        return class_id

    def _pieces(self, text: str, class_id: int | None) -> tuple[list[str], list[float]]:
        found, sizes = self.intrinsic_attention(text, class_id)
        return self.data.vocab.textify(found.data, sep=None), sizes.tolist()

    def html_intrinsic_attention(self, text: str, class_id: int | None = None, **kwargs: Any) -> str:
        """Return a text as HTML, each word on the colour of what `intrinsic_attention` says of it.

        Args:
            text: The text.
            class_id: Index of the class; the one that is predicted when None.
            **kwargs: For `piece_attn_html`: `sep`, `cmap`, `alpha_mult`.
        """
        return piece_attn_html(*self._pieces(text, class_id), **kwargs)

    def show_intrinsic_attention(self, text: str, class_id: int | None = None, **kwargs: Any) -> None:
        """Show what `intrinsic_attention` says of each word: coloured in a notebook, as lines elsewhere.

        Args:
            text: The text.
            class_id: Index of the class; the one that is predicted when None.
            **kwargs: For `piece_attn_html`.
        """
        show_piece_attn(*self._pieces(text, class_id), **kwargs)

    def plot_intrinsic_attention(
        self,
        text: str,
        class_id: int | None = None,
        cmap: Any = _COLOURS,
        figsize: tuple[float, float] = (8, 3),
        return_fig: bool | None = None,
    ) -> Any:
        """Draw a text with matplotlib, each word on the colour of what `intrinsic_attention` says of it.

        Args:
            text: The text.
            class_id: Index of the class; the one that is predicted when None.
            cmap: A colour map of matplotlib, or its name.
            figsize: Width and height in inches; the words are broken into lines of that width.
            return_fig: Return the figure; `defaults.return_fig` when None.
        """
        return figure_if(_drawn(*self._pieces(text, class_id), cmap, figsize), return_fig)

    @known_keywords_only
    def show_top_losses(self, k: int, max_len: int = 70) -> None:
        """Show the texts with the largest losses: what was predicted, what it is, loss and probability of that.

        Args:
            k: How many, at least 1.
            max_len: How many tokens of a text are shown, at least 1; all when 0 or less.
        """
        check_numbers("show_top_losses", "k", k, "must be at least 1", lambda count: count >= 1)
        rows = [self.title_parts(int(index)) for index in self.top_losses(k)[1]]
        texts = [self._begin_of(int(index), max_len) for index in self.top_losses(k)[1]]
        names = ("Prediction", "Actual", "Loss", "Probability")
        show_columns({"Text": texts, **{name: [row[i] for row in rows] for i, name in enumerate(names)}})

    def _begin_of(self, index: int, max_len: int) -> str:
        ids = self.ds.x.items[index]
        return self.data.vocab.textify(ids[:max_len] if max_len > 0 else ids)


def _saliency(learn: Any, text: str, class_id: int | None) -> tuple[Tensor, Tensor]:
    """Return the tokens of a text `(T,)` and the relative size of the gradients at their embeddings."""
    xb = learn.data.single_batch(text)[0]
    model = get_model(learn.model)
    with _in_evaluation(model), _embeddings_of(learn.encoder.encoder) as windows, torch.enable_grad():
        output = model(xb)
        scores = (output[0] if isinstance(output, (tuple, list)) else output)[0].softmax(-1)  # (K,)
        chosen = int(scores.argmax()) if class_id is None else class_id
        leaves = [window for window in windows if window.requires_grad]
        grads = iter(torch.autograd.grad(scores[chosen], leaves, allow_unused=True))
    found = [next(grads) if window.requires_grad else None for window in windows]
    pairs = zip(windows, found, strict=True)
    sizes = torch.cat([(window * 0 if grad is None else grad)[0].abs().sum(-1) for window, grad in pairs])  # (T,)
    return xb[0].cpu(), (sizes / sizes.max().clamp(min=torch.finfo(sizes.dtype).tiny)).detach().float().cpu()


@contextmanager
def _embeddings_of(embedding: nn.Module) -> Iterator[list[Tensor]]:
    """Collect what an embedding returns, as the beginning of the graph."""
    windows: list[Tensor] = []

    def begin_graph(module: nn.Module, args: Any, output: Tensor) -> Tensor:
        windows.append(output.detach().requires_grad_(torch.is_grad_enabled()))
        return windows[-1]

    hook = embedding.register_forward_hook(begin_graph)
    try:
        yield windows
    finally:
        hook.remove()


@contextmanager
def _in_evaluation(model: nn.Module) -> Iterator[None]:
    """Put a model into evaluation mode; modes and memory come back. cuDNN goes back through recurrent layers in
    training mode only, so it stands aside.
    """
    with eval_mode(model, "intrinsic_attention"):
        kept = memory_of(model)
        try:
            with torch.backends.cudnn.flags(enabled=False):
                yield
        finally:
            rnn_reset(model)
            remember(model, kept)


def _drawn(pieces: Sequence[str], values: Sequence[float], cmap: Any, figsize: tuple[float, float]) -> Any:
    """Draw words in lines, each in a box of its colour."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=figsize)
    axes.set_axis_off()
    renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]
    width, height = figure.get_size_inches() * figure.dpi
    x, y, gap = 0.02, 0.9, 8 / width
    for piece, value in zip(pieces, values, strict=True):
        red, green, blue, alpha = value2rgba(value, cmap, _FAINT)
        box = {"facecolor": (red / 255, green / 255, blue / 255, alpha), "edgecolor": "none", "pad": 2}
        word = figure.text(x, y, piece, family="monospace", bbox=box)
        make_readable(word)
        size = word.get_window_extent(renderer)
        if x + size.width / width > 0.98 and x > 0.02:
            x, y = 0.02, y - 1.8 * size.height / height
            word.set_position((x, y))
        x += size.width / width + gap
    return figure
