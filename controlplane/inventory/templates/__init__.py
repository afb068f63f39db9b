"""Path-template learner: from observed calls to endpoint templates, per host. Pure: no clock, no I/O."""

from .declared import KnownRoute
from .learning import learn
from .model import LearnedEndpoint, ParameterGuess, TemplateModel

__all__ = ["KnownRoute", "LearnedEndpoint", "ParameterGuess", "TemplateModel", "learn"]
