"""OpenVINO's files: a folder with NAME.xml and NAME.bin for each signature."""

import numpy as np

PACKAGES = ("openvino",)
SUFFIX = ""  # of the path: a folder
FILES = (".xml", ".bin")  # of each signature


def convert(folder, name, function):
    """The `openvino.Model` of a signature, with inputs and outputs by their names."""
    import openvino  # noqa: PLC0415  (optional)

    del folder, name
    model = openvino.convert_model(function)
    for port, key in zip(model.outputs, sorted(function.structured_outputs), strict=True):
        port.get_tensor().set_names({key})
    return model


def run(name, model, inputs):
    """Outputs of the model by their names, from OpenVINO on the CPU in float32."""
    import openvino  # noqa: PLC0415  (optional)

    del name
    compiled = openvino.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    taken = {port.get_any_name(): np.asarray(inputs[port.get_any_name()]) for port in model.inputs}
    return {port.get_any_name(): value for port, value in compiled(taken).items()}


def write(folder, name, models):
    """Write each signature into files NAME.xml and NAME.bin of a folder."""
    import openvino  # noqa: PLC0415  (optional)

    del name
    for signature, model in models.items():
        openvino.save_model(model, folder / f"{signature}.xml", compress_to_fp16=False)
