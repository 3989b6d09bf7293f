"""onnxruntime, which runs a model as ONNX. It is imported where a model is loaded, and nowhere else."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

from regen.systems.onnx_model import Manifest, OnnxModel, OnnxRefused

Run = Callable[[Sequence[float]], tuple[float, float]]
"""Gives points and spread of a row of features."""
_NOWHERE = "/nonexistent"


def session(model: OnnxModel) -> Run:
    """Load a model, to be run in the thread that asks and by no other.

    Raises:
        OnnxRefused: onnxruntime is not installed, cannot load it, or finds other inputs and outputs than the manifest names.
    """
    # The official builds report their use to their maker over the network, from a thread of their own, unless this says no.
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    # numpy would start a thread for each further processor.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        import numpy as np  # noqa: PLC0415 - with onnxruntime 0.3 s and 40 MB, which only this process pays
        import onnxruntime  # noqa: PLC0415
    except (ImportError, OSError) as error:
        raise OnnxRefused(f"onnxruntime is not installed here (requirements/worker.in): {error}") from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    # A model may name files with more of its weights: what is not in the object has no hash.
    options.add_session_config_entry("session.model_external_initializers_file_folder_path", _NOWHERE)
    told = model.manifest
    try:
        loaded = onnxruntime.InferenceSession(model.content, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its errors have no common root
        raise OnnxRefused(f"onnxruntime cannot load it: {_first_line(error)}") from error
    wanted = [told.points, *([told.sd] if isinstance(told.sd, str) else [])]
    if problems := [*_inputs(told, loaded.get_inputs()), *_outputs(wanted, loaded.get_outputs())]:
        raise OnnxRefused("; ".join(problems))
    name = loaded.get_inputs()[0].name

    def run(row: Sequence[float]) -> tuple[float, float]:
        numbers = [float(each.item()) for each in loaded.run(wanted, {name: np.asarray([row], dtype=np.float32)})]
        return numbers[0], numbers[1] if isinstance(told.sd, str) else float(told.sd)

    return run


def _inputs(told: Manifest, given: Sequence[Any]) -> list[str]:
    if len(given) != 1:
        return [f"it has the inputs {', '.join(one.name for one in given)}: expected one, for all features"]
    (only,) = given
    width = len(told.features)
    if only.type != "tensor(float)" or len(only.shape) != 2 or not _may_be(only.shape, (1, width)):
        return [f"its input {only.name} is {only.type} of {only.shape}: expected tensor(float) of [1, {width}]"]
    return []


def _outputs(wanted: Sequence[str], given: Sequence[Any]) -> list[str]:
    found = {output.name: output for output in given}
    problems = [f"it has no output {name} (but {', '.join(found)})" for name in wanted if name not in found]
    return problems + [
        f"its output {name} is {found[name].type} of {found[name].shape}: expected one number"
        for name in wanted
        if name in found
        and not (found[name].type in {"tensor(float)", "tensor(double)"} and _is_one(found[name].shape))
    ]


def _may_be(shape: Sequence[Any], expected: Sequence[int]) -> bool:
    """Whether a shape, of numbers or of names for what is not fixed, can be this one."""
    return all(not isinstance(size, int) or size == number for size, number in zip(shape, expected, strict=True))


def _is_one(shape: Sequence[Any]) -> bool:
    return _may_be(shape, [1] * len(shape))


def _first_line(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
