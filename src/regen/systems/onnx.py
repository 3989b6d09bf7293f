"""Models as ONNX that are systems here: named by `REGEN_ONNX_SYSTEMS` as NAME=HASH, read from the store of models by their hash.

Nothing imports onnxruntime before a model is prepared: a process without such a model neither has it nor pays for it.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Collection, Mapping, Sequence

from regen.domain.errors import InsufficientData, ModelUnavailable
from regen.domain.estimate import Estimate
from regen.domain.inputs import PlayerInputs
from regen.domain.models import is_challenger_name, is_hash
from regen.domain.recommendation import closeness
from regen.systems.external import External, SystemMisbehaved, SystemsUnusable
from regen.systems.onnx_model import Manifest, OnnxModel, OnnxRefused, object_name, verified
from regen.systems.onnx_session import Run, session

SETTING = "REGEN_ONNX_SYSTEMS"
SYSTEM_VERSION = "1"

Read = Callable[[str], bytes | None]
"""Gives the content of an object of the store; None if there is none of that name."""


class OnnxSystem:
    """The system of a model, which must be prepared before it is asked for an estimate."""

    version = SYSTEM_VERSION
    requires: tuple[str, ...] = ()

    def __init__(self, system_id: str, model_hash: str) -> None:
        self.system_id = system_id
        self.hash = model_hash
        self._lock = threading.Lock()
        self._seen = False
        self._loaded: tuple[Manifest, Run] | None = None

    def verify(self, read: Read | None) -> None:
        """See that the store has the model, once; nothing of it is run or kept.

        Raises:
            ModelUnavailable: it is not there, or is not what its name says.
            Unavailable: the store does not answer.
        """
        with self._lock:
            if not self._seen:
                self._read(read)
                self._seen = True

    def prepare(self, read: Read | None) -> None:
        """Load the model, once, so that it can be run.

        Raises:
            ModelUnavailable: it cannot be had, or this process cannot run it.
            Unavailable: the store does not answer.
        """
        with self._lock:
            if self._loaded is None:
                model = self._read(read)
                try:
                    self._loaded = model.manifest, session(model)
                except OnnxRefused as error:
                    raise self._unavailable(str(error)) from error
                self._seen = True

    def _read(self, read: Read | None) -> OnnxModel:
        if read is None:
            raise self._unavailable("no store of models is configured (REGEN_MODELS_STORE)")
        content = read(object_name(self.hash))
        if content is None:
            raise self._unavailable("it is not in the store")
        try:
            model = verified(content, self.hash)
        except OnnxRefused as error:
            raise self._unavailable(str(error)) from error
        if model.manifest.system_id != self.system_id:
            raise self._unavailable(f"it is the system {model.manifest.system_id}, not {self.system_id}")
        return model

    def _unavailable(self, why: str) -> ModelUnavailable:
        text = f"ONNX model {self.hash} of {self.system_id}: {why}"
        return ModelUnavailable(text, self.hash).of("the store of models")

    def estimate(self, inputs: PlayerInputs, others: Mapping[str, Estimate]) -> Estimate:
        """Estimate one player; see `regen.domain.estimate.System`."""
        if self._loaded is None:
            raise self._unavailable("it is not loaded")
        told, run = self._loaded
        if inputs.feature_version != told.feature_version:
            text = f"features are of version {inputs.feature_version}, the model expects {told.feature_version}"
            raise InsufficientData("feature_version", text)
        if not inputs.recent_games:
            raise InsufficientData("no_history", "no earlier game")
        known = {name: _known(inputs, name) for name in told.features}
        if missing := [name for name in told.required if known[name] is None]:
            raise InsufficientData("missing_features", f"{self.system_id} needs {', '.join(missing)}")
        unknown = math.nan if told.unknown is None else told.unknown
        try:
            points, sd = run([unknown if value is None else value for value in known.values()])
        except Exception as error:  # whatever onnxruntime raises: its errors have no common root
            raise SystemMisbehaved(f"{self.system_id}: {type(error).__name__}: {error}"[:300]) from error
        if not math.isfinite(points) or not math.isfinite(sd):
            raise InsufficientData("not_finite", f"{self.system_id} gave {points:g} points with a spread of {sd:g}")
        return _within(told, points, sd)


def _known(inputs: PlayerInputs, name: str) -> float | None:
    value = inputs.features.get(name)
    return None if value is None or not math.isfinite(value) else float(value)


def _within(told: Manifest, points: float, sd: float) -> Estimate:
    """The estimate, brought to the bounds of the manifest."""
    inside = round(min(told.most_points, max(told.least_points, points)), 3)
    width = max(told.least_sd, round(min(told.most_sd, sd), 3))
    warnings = [f"points {points:.4g} brought to {inside:g}"] if abs(inside - points) > 0.001 else []
    warnings += [f"spread {sd:.4g} brought to {width:g}"] if abs(width - sd) > 0.001 else []
    return Estimate(inside, width, closeness(inside, width), warnings=tuple(warnings))


def configured(words: Sequence[str], taken: Collection[str]) -> tuple[External, ...]:
    """The systems that these words name, NAME=HASH each; their models are not looked for yet.

    Args:
        taken: ids of other systems.

    Raises:
        SystemsUnusable: names each word that is no such pair, or takes the name of another system.
    """
    found: dict[str, External] = {}
    problems: list[str] = []
    for word in words:
        name, _, model_hash = word.partition("=")
        if not is_challenger_name(name) or is_hash(name) or not is_hash(model_hash):
            problems.append(f"{word!r} is no NAME=HASH as `regen models publish` prints it")
        elif name in taken or name in found:
            problems.append(f"{name}: another system has this name")
        else:
            inner = OnnxSystem(name, model_hash)
            found[name] = External(inner, name, f"{SYSTEM_VERSION}-onnx-{model_hash}", f"onnx {model_hash}")
    if problems:
        raise SystemsUnusable(f"ONNX models ({SETTING}) that cannot be used: {'; '.join(problems)}")
    return tuple(found.values())
