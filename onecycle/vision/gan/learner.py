"""The learner of a GAN: two sides, trained in turns, saved as a pair; its predictions are pictures."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from torch import nn

from onecycle.data.loaders import DatasetType
from onecycle.errors import ArgumentTypeError, StepError, check_keywords, explain, known_keywords_only
from onecycle.learner import _KEYWORDS, Learner
from onecycle.nn.losses import NoopLoss, WassersteinLoss
from onecycle.nn.surgery import flatten_model, get_model, requires_grad
from onecycle.types import JsonDict
from onecycle.vision.gan.losses import GANLoss, gan_loss_from_func
from onecycle.vision.gan.module import GANModule
from onecycle.vision.gan.samples import show_judged
from onecycle.vision.gan.switchers import FixedGANSwitcher
from onecycle.vision.gan.trainer import GANTrainer

__all__ = ["GANLearner"]

_CRITIC_STEPS = 5  # of a Wasserstein critic for each of the generator, Arjovsky et al. 2017, algorithm 1


class GANLearner(Learner):
    """Train a generator against a critic.

    There is one optimiser with two layer groups, the generator and the critic: a rate or decay may be given for each,
    `learn.fit(5, slice(1e-4, 4e-4))`. Both sides learn whole, whatever was frozen before. `learn.gan_trainer` is the
    `GANTrainer`. `save` and `load` keep the pair with its optimiser, the turn and both losses; `export` writes the
    generator, which is what predicts.

    Args:
        data: Inputs of the generator, with real pictures as targets.
        generator: Makes pictures of the inputs.
        critic: Rates pictures.
        gen_loss_func: A function of (what the critic says of what was made, what was made, target).
        crit_loss_func: A function of (what the critic says of real pictures, of made ones).
        switcher: Makes the callback that ends turns, of the learner; one step each when None.
        gen_first: Begin with the generator.
        switch_eval: Put the side that is not on turn into evaluation mode.
        show_img: Keep a made picture of each epoch, in `learn.gan_trainer.imgs`, and show it in a notebook.
        clip: Keep each weight of the critic within ±clip.
        gp: Weight of the gradient penalty in the critic's loss; none when None.
        **learn_kwargs: What `Learner` takes: opt_func, wd, metrics …; metrics are about the generator's pictures.

    Raises:
        ArgumentTypeError: a keyword is unknown, or a side is no `nn.Module`.
        TrainingError: at the first batch, where the sides and the pictures do not fit; names the shapes.
    """

    gan_trainer: GANTrainer

    def __init__(
        self,
        data: Any,
        generator: nn.Module,
        critic: nn.Module,
        gen_loss_func: Callable[..., Any],
        crit_loss_func: Callable[..., Any],
        switcher: Callable[[Any], Any] | None = None,
        gen_first: bool = False,
        switch_eval: bool = True,
        show_img: bool = True,
        clip: float | None = None,
        gp: float | None = None,
        **learn_kwargs: Any,
    ) -> None:
        check_keywords("GANLearner", learn_kwargs, _keywords())
        for name, side in (("generator", generator), ("critic", critic)):
            if not isinstance(side, nn.Module):
                raise ArgumentTypeError(explain("GANLearner", name, "must be an nn.Module", side))
        model = GANModule(generator, critic, gen_mode=True)
        requires_grad(model, True)
        sides = [nn.Sequential(*flatten_model(side)) for side in (generator, critic)]
        settings = {"layer_groups": sides, **learn_kwargs}
        super().__init__(data, model, loss_func=GANLoss(gen_loss_func, crit_loss_func, model, gp), **settings)
        trainer = GANTrainer(self, switch_eval, clip, gen_first=gen_first, show_img=show_img)
        self.callbacks += [trainer, (switcher or FixedGANSwitcher)(self)]
        self.generator_loss: Any = NoopLoss()
        self.generator_spec: JsonDict | None = vars(generator).get("model_spec")

    @classmethod
    def from_learners(
        cls,
        learn_gen: Learner,
        learn_crit: Learner,
        switcher: Callable[[Any], Any] | None = None,
        weights_gen: tuple[float, float] | None = None,
        **learn_kwargs: Any,
    ) -> GANLearner:
        """Join a generator and a critic that were trained alone, so that neither begins blind.

        The critic's loss is that of `learn_crit`, of real pictures as 1 and made ones as 0, averaged. The generator's
        is the critic's loss of made pictures as 1, plus the loss of `learn_gen`, weighted.

        Args:
            learn_gen: Learner of the generator; its data are used.
            learn_crit: Learner of the critic, normalised as the generator's targets are.
            switcher: Makes the callback that ends turns; one step each when None.
            weights_gen: Weights of the critic's opinion and of the generator's own loss; (1, 1) when None.
            **learn_kwargs: What `GANLearner` takes.

        Raises:
            ArgumentTypeError: one of the two is no learner.

        Example:
            learn = GANLearner.from_learners(learn_gen, learn_crit, weights_gen=(1., 50.),
                                             switcher=partial(AdaptiveGANSwitcher, critic_thresh=0.65))
        """
        for name, learn in (("learn_gen", learn_gen), ("learn_crit", learn_crit)):
            if not isinstance(learn, Learner):
                raise ArgumentTypeError(explain("GANLearner.from_learners", name, "must be a Learner", learn))
        losses = gan_loss_from_func(learn_gen.loss_func, learn_crit.loss_func, weights_gen)
        sides = get_model(learn_gen.model), get_model(learn_crit.model)
        joined = cls(learn_gen.data, *sides, *losses, switcher=switcher, **learn_kwargs)
        joined.generator_loss, joined.generator_spec = learn_gen.loss_func, learn_gen.model_spec
        return joined

    @classmethod
    def wgan(
        cls,
        data: Any,
        generator: nn.Module,
        critic: nn.Module,
        switcher: Callable[[Any], Any] | None = None,
        clip: float | None = 0.01,
        gp: float | None = None,
        **learn_kwargs: Any,
    ) -> GANLearner:
        """Make a Wasserstein GAN: the critic's values tell how far made pictures are from real ones.

        The critic makes its values of real pictures lower than those of made ones; the generator lowers those of its
        own. Clipping the critic's weights, or the gradient penalty, bounds how fast its values may change.

        Args:
            data: Noise with real pictures as targets; see `GANItemList`.
            generator: Makes pictures of noise.
            critic: Gives a picture one value, any number.
            switcher: Makes the callback that ends turns; five steps of the critic and one of the generator when None.
            clip: Keep each weight of the critic within ±clip; not used with `gp`.
            gp: Weight of the gradient penalty, in place of clipping; 10 is usual.
            **learn_kwargs: What `GANLearner` takes.

        References:
            Arjovsky et al. 2017, "Wasserstein GAN", algorithm 1; Gulrajani et al. 2017, "Improved training of
            Wasserstein GANs", algorithm 1.
        """
        turns = switcher or partial(FixedGANSwitcher, n_crit=_CRITIC_STEPS, n_gen=1)
        bound = {"clip": clip} if gp is None else {"gp": gp}
        return cls(data, generator, critic, NoopLoss(), WassersteinLoss(), switcher=turns, **bound, **learn_kwargs)

    def predict(self, item: Any, *args: Any, **kwargs: Any) -> tuple[Any, ...]:
        """Make a picture of one input; see `Learner.predict`.

        Raises:
            StepError: the critic is on turn.
        """
        if not self.gan_trainer.gen_mode:
            raise StepError(
                "predict: makes pictures, and the critic is on turn. Call learn.gan_trainer.switch(gen_mode=True)."
            )
        return super().predict(item, *args, **kwargs)

    def show_results(self, ds_type: Any = DatasetType.Valid, rows: int = 5, **kwargs: Any) -> None:
        """Show what was made; in the critic's mode real and made pictures with the critic's values.

        Args:
            ds_type: Set of which the first batch is taken.
            rows: Rows of the grid.
            **kwargs: For showing, e.g. `figsize`.
        """
        if self.gan_trainer.gen_mode:
            super().show_results(ds_type, rows, **kwargs)
        else:
            show_judged(self, ds_type, rows, **kwargs)

    def generator_learner(self) -> Learner:
        """Return a plain learner of the generator, which shares its weights, e.g. to train or export it alone."""
        generator: Any = get_model(self.model).generator
        kept = {name: getattr(self, name) for name in ("path", "model_dir", "opt_func", "wd", "silent")}
        learn = Learner(self.data, generator, loss_func=self.generator_loss, metrics=self.metrics, **kept)
        learn.model_spec = self.generator_spec
        return learn

    @known_keywords_only
    def export(self, file: Any = "export.safetensors", destroy: bool = False) -> Any:
        """Write the generator and what is needed to predict with it; `load_learner` reads it.

        Args:
            file: A name below `learn.path`, an absolute path.
            destroy: Destroy the learner afterwards.

        Returns:
            Where it went.

        Raises:
            ArgumentError: something (a transform, a loss) has no registered name; names it and the cure.
        """
        target = self.generator_learner().export(file)
        if destroy:
            self.destroy()
        return target


def _keywords() -> list[str]:
    """Return what may be passed on to `Learner`; the rest is this learner's own."""
    own = ("data", "model", "loss_func")
    return [name for name in _KEYWORDS if name not in own]
