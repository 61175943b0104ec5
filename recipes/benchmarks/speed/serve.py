"""Throughput of encoding in several runtimes, compared with the same network in PyTorch.

The model is exported for TensorFlow (SavedModel), ONNX Runtime, OpenVINO and LiteRT. Measures
examples per second with batches of 1 and 256, from NumPy to NumPy; the contenders run in turns,
each in its own process with two threads. OpenVINO is measured in float32, as the others are.

Needs the extra `export` and PyTorch (in the interpreter --torch-python if it is another one), and
no data:

    python recipes/benchmarks/speed/serve.py --workload w1

`docs/results.md` has results.
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np

HERE = pathlib.Path(__file__).parent
BATCHES = (1, 256)
THREADS = 2
SHAPES = {"w1": (28, 28, 1), "w2": (28, 28, 1), "w3": (64, 8)}
TORCH_SHAPES = {"w1": (784,), "w2": (784,), "w3": (64, 8)}


def main():
    """Export the model, measure the contenders in turns, and print a table."""
    args = parser().parse_args()
    if args.contender:
        print(json.dumps(measure_rates(*CONTENDERS[args.contender](args))))
        return
    measured = {name: [] for name in CONTENDERS}
    with tempfile.TemporaryDirectory() as folder:
        export(args.workload, pathlib.Path(folder))
        for _ in range(args.rounds):
            for name, rounds in measured.items():
                rounds.append(run(name, args, folder))
                print(f"{name}: {json.dumps(rounds[-1])}", file=sys.stderr, flush=True)
    print(table(measured))


def run(name, args, folder):
    """Measure a contender in a process of its own."""
    python = args.torch_python if name == "PyTorch" else None
    command = [python or sys.executable, __file__, "--contender", name]
    command += ["--workload", args.workload, "--folder", folder]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return json.loads(out.strip().splitlines()[-1])


def table(measured):
    """Markdown table of median rates, and their ratios to PyTorch's."""
    lines = ["| batch | contender | examples/s | ratio |", "|---|---|---|---|"]
    for batch in BATCHES:
        rates = {
            name: statistics.median(one[str(batch)] for one in rounds)
            for name, rounds in measured.items()
        }
        for name, rate in rates.items():
            lines.append(f"| {batch} | {name} | {rate:,.0f} | {rate / rates['PyTorch']:.2f} |")
    return "\n".join(lines)


def export(workload, folder):
    """Export the untrained model: its speed does not depend on the weights."""
    from workload import LATENT, NETWORKS

    import zoo

    name = {"w1": "dense_vae", "w2": "conv_vae", "w3": "lstm_vae"}[workload]
    options = NETWORKS.get(workload, dict(latent_dim=LATENT, units=64, basis=0))
    vae = zoo.get(name, input_shape=SHAPES[workload], **options)
    vae.export(folder / "tensorflow")
    vae.export(folder / "onnx", "onnx", signatures=["encode"])
    vae.export(folder / "openvino", "openvino", signatures=["encode"])
    vae.export(folder / "litert.tflite", "litert", signatures=["encode"])


def tensorflow(args):
    """The `encode` signature of the SavedModel."""
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(THREADS)
    encode = tf.saved_model.load(f"{args.folder}/tensorflow").signatures["encode"]
    return lambda x: encode(x=tf.constant(x))["loc"].numpy(), SHAPES[args.workload]


def onnx(args):
    """The same signature in ONNX Runtime."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = THREADS
    session = onnxruntime.InferenceSession(
        f"{args.folder}/onnx/encode.onnx", options, providers=["CPUExecutionProvider"]
    )
    return lambda x: session.run(["loc"], {"x": x})[0], SHAPES[args.workload]


def openvino(args):
    """The same signature in OpenVINO, in float32."""
    import openvino as ov

    options = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": THREADS}
    model = ov.compile_model(f"{args.folder}/openvino/encode.xml", "CPU", options)
    return lambda x: model({"x": x})["loc"], SHAPES[args.workload]


def litert(args):
    """The same signature in LiteRT's interpreter."""
    from ai_edge_litert.interpreter import Interpreter

    runtime = Interpreter(model_path=f"{args.folder}/litert.tflite", num_threads=THREADS)
    encode = runtime.get_signature_runner("encode")
    return lambda x: encode(x=x)["loc"], SHAPES[args.workload]


def pytorch(args):
    """The same network in PyTorch, eager in inference mode."""
    import torch
    from torch_loop import VAE

    torch.set_num_threads(THREADS)
    model = VAE(args.workload).eval()

    def encode(x):
        with torch.inference_mode():
            return model.encoder(torch.from_numpy(x)).numpy()

    return encode, TORCH_SHAPES[args.workload]


CONTENDERS = {
    "SavedModel": tensorflow,
    "ONNX Runtime": onnx,
    "OpenVINO": openvino,
    "LiteRT": litert,
    "PyTorch": pytorch,
}


def measure_rates(encode, shape):
    """Batch size -> examples per second: the median of five half-seconds after a warm-up."""
    rates = {}
    for batch in BATCHES:
        x = np.random.default_rng(0).random((batch, *shape), dtype=np.float32)
        for _ in range(10):
            encode(x)
        rates[str(batch)] = statistics.median(_rate(encode, x) for _ in range(5))
    return rates


def _rate(encode, x):
    start, calls = time.perf_counter(), 0
    while time.perf_counter() - start < 0.5:
        encode(x)
        calls += 1
    return calls * len(x) / (time.perf_counter() - start)


def parser():
    """Command line."""
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    p.add_argument("--workload", choices=SHAPES, default="w1")
    p.add_argument("--rounds", type=int, default=3)
    p.add_argument("--torch-python", help="interpreter with PyTorch (default: this one)")
    p.add_argument("--contender", help=argparse.SUPPRESS)
    p.add_argument("--folder", help=argparse.SUPPRESS)
    return p


if __name__ == "__main__":
    main()
