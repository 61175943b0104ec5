"""Installs the package `zoo` under the distribution name `zoo-vae`."""

import pathlib
import re

from setuptools import find_packages, setup

HERE = pathlib.Path(__file__).parent

# Read, not imported: a build environment has no TensorFlow.
VERSION = re.search(
    r'^__version__ = "(.+)"$', (HERE / "zoo" / "__init__.py").read_text("utf-8"), re.MULTILINE
)[1]

# What recipes/ need beside the package: data, tables, pictures, logs.
RECIPES = [
    "tensorflow-datasets>=4.9.7",
    # TFDS imports it when it prepares a data set, and declares it for Python below 3.9 alone.
    "importlib-resources>=6.4",
    "scikit-learn>=1.5",
    "scipy>=1.13",
    "matplotlib>=3.9",
    "pandas>=2.2",
    "pyarrow>=17",
    "pillow>=10.4",
    "tensorboard>=2.18",
    "constriction>=0.5",
]

# Formats of VAE.export beside SavedModels: converters, and runtimes to verify what they wrote.
EXPORT = [
    "tf2onnx>=1.17",
    "onnxruntime>=1.22",
    "openvino>=2025.1",
    "ai-edge-litert>=1.2",
]

setup(
    name="zoo-vae",
    version=VERSION,
    description="Prebuilt variational autoencoders for Keras and TensorFlow",
    long_description=(HERE / "README.md").read_text("utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    packages=find_packages(include=["zoo", "zoo.*"]),
    package_data={
        "zoo": ["py.typed"],
        "zoo.pretrained": ["files/*/*/*"],
        "zoo.reporting": ["*.html", "*.css", "*.js"],
    },
    python_requires=">=3.11",
    # The lowest versions are tested (docs/install.md); pip finds newer ones that go together.
    install_requires=[
        "tensorflow>=2.18",
        "keras>=3.8",
        "tensorflow-probability>=0.25",
        # tensorflow-probability imports tf_keras and does not depend on it. The zoo never uses it.
        # It needs `tensorflow` by that name, so `tensorflow-cpu` beside it would overwrite files.
        "tf-keras>=2.18",
        "numpy>=1.26",
        "h5py>=3.11",  # Keras' files of weights; Keras depends on it too
    ],
    extras_require={
        "recipes": RECIPES,
        "export": EXPORT,
        "tests": ["pytest>=8.2", "pytest-xdist>=3.6", *RECIPES, *EXPORT],
        "docs": ["sphinx>=8", "myst-parser>=4", "furo>=2024.8.6", "sphinx-design>=0.6"],
        "dev": ["mypy>=1.11", "ruff>=0.9"],
    },
    classifiers=[
        "Intended Audience :: Science/Research",
        "Programming Language :: Python :: 3.11",
        "Programming Language :: Python :: 3.12",
        "Programming Language :: Python :: 3.13",
        "Topic :: Scientific/Engineering :: Artificial Intelligence",
    ],
)
