"""Networks of one layer or two, in ONNX files: small enough to know what they must answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper, save

IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
HALF = ((0.5, 0.5, 0.5), (1.0, 1.0, 1.0))

Normalisation = tuple[tuple[float, float, float], tuple[float, float, float]]
Side = int | str
Numbers = npt.NDArray[np.number]


def redness(
    path: Path,
    normalisation: Normalisation,
    side: Side,
    *,
    above: float = 0.25,
    factor: float = 200.0,
    logits: bool = False,
    kind: int = TensorProto.FLOAT,
    family: str | None = None,
    decoy: str | None = None,
) -> Path:
    """Answers where red is more than `above`, if colours come normalised like this: factor * (red - above).

    With `decoy` it has a second output, `before` or `after` that, which is always zero.
    """
    mean, deviation = normalisation
    element = helper.tensor_dtype_to_np_dtype(kind)
    weights = np.array([factor * deviation[0], 0, 0], element).reshape(1, 3, 1, 1)
    bias = np.array([factor * (mean[0] - above)], element)
    constants = {"weights": weights, "bias": bias, "zero": np.zeros(1, element)}
    nodes = [helper.make_node("Conv", ["input", "weights", "bias"], ["logits"])]
    nodes.append(helper.make_node("Identity" if logits else "Sigmoid", ["logits"], ["mask"]))
    outputs = ["mask"]
    if decoy:
        nodes.append(helper.make_node("Mul", ["logits", "zero"], ["nothing"]))
        outputs.insert(0 if decoy == "before" else 1, "nothing")
    shapes = {name: [1, 1, side, side] for name in outputs}
    model = make(nodes, {"input": [1, 3, side, side]}, shapes, constants, kind)
    if family:
        helper.set_model_props(model, {"family": family})
    save(model, path)
    return path


def copying(path: Path, shape: Sequence[Side], kind: int = TensorProto.FLOAT) -> Path:
    """Answers what it was asked."""
    save(make([helper.make_node("Identity", ["input"], ["mask"])], {"input": shape}, {"mask": shape}, {}, kind), path)
    return path


def adding(path: Path) -> Path:
    """Wants two pictures."""
    shape = [1, 3, 8, 8]
    nodes = [helper.make_node("Add", ["input", "other"], ["mask"])]
    save(make(nodes, {"input": shape, "other": shape}, {"mask": shape}, {}), path)
    return path


def failing(path: Path) -> Path:
    """Answers what is not a number."""
    nodes = [
        helper.make_node("Conv", ["input", "weights"], ["one"]),
        helper.make_node("Sub", ["one", "one"], ["none"]),
        helper.make_node("Div", ["none", "none"], ["mask"]),
    ]
    weights = {"weights": np.ones((1, 3, 1, 1), np.float32)}
    save(make(nodes, {"input": [1, 3, 8, 8]}, {"mask": [1, 1, 8, 8]}, weights), path)
    return path


def yunet(path: Path) -> Path:
    """Finds a face of 32 x 32 pixels in each square of that size, in a grid, that is almost white."""
    constants: dict[str, Numbers] = {
        "sum": np.full((1, 3, 1, 1), 1 / (3 * 255), np.float32),
        "four": np.zeros((4, 3, 1, 1), np.float32),
        "ten": np.zeros((10, 3, 1, 1), np.float32),
        "centre": np.full((4, 1, 1), 0.5, np.float32) * np.array([1, 1, 0, 0], np.float32).reshape(4, 1, 1),
    }
    nodes, outputs = [], {}
    for stride in (8, 16, 32):
        area = [stride, stride]
        nodes.append(helper.make_node("AveragePool", ["input"], [f"pool{stride}"], kernel_shape=area, strides=area))
        if stride == 32:
            nodes.append(helper.make_node("Conv", [f"pool{stride}", "sum"], [f"score{stride}"]))
        else:
            constants[f"none{stride}"] = np.zeros((1, 3, 1, 1), np.float32)
            nodes.append(helper.make_node("Conv", [f"pool{stride}", f"none{stride}"], [f"score{stride}"]))
        nodes.append(helper.make_node("Conv", [f"pool{stride}", "four"], [f"zeros{stride}"]))
        nodes.append(helper.make_node("Add", [f"zeros{stride}", "centre"], [f"places{stride}"]))
        nodes.append(helper.make_node("Conv", [f"pool{stride}", "ten"], [f"points{stride}"]))
        count = (640 // stride) ** 2
        for name, source, width in (
            ("cls", "score", 1),
            ("obj", "score", 1),
            ("bbox", "places", 4),
            ("kps", "points", 10),
        ):
            output, rows = f"{name}_{stride}", f"{name}_rows_{stride}"
            constants[f"shape_{output}"] = np.array([1, -1, width], np.int64)
            nodes.append(helper.make_node("Transpose", [f"{source}{stride}"], [rows], perm=[0, 2, 3, 1]))
            nodes.append(helper.make_node("Reshape", [rows, f"shape_{output}"], [output]))
            outputs[output] = [1, count, width]
    save(make(nodes, {"input": [1, 3, 640, 640]}, outputs, constants), path)
    return path


def make(
    nodes: Sequence[NodeProto],
    inputs: Mapping[str, Sequence[Side]],
    outputs: Mapping[str, Sequence[Side]],
    constants: Mapping[str, Numbers],
    kind: int = TensorProto.FLOAT,
) -> ModelProto:
    graph = helper.make_graph(
        list(nodes),
        "tiny",
        [helper.make_tensor_value_info(name, kind, shape) for name, shape in inputs.items()],
        [helper.make_tensor_value_info(name, kind, shape) for name, shape in outputs.items()],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
