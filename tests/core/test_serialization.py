"""Configs of all components."""

import inspect
import json

import keras
import numpy as np
import pytest

import zoo
from tests.helpers import registered_classes
from zoo.decoders import (
    ConvDecoder,
    DenseDecoder,
    LSTMDecoder,
    MultimodalDecoder,
    SkipDenseDecoder,
    TextDecoder,
)
from zoo.encoders import (
    ConvEncoder,
    ConvLadderEncoder,
    DenseEncoder,
    DenseLadderEncoder,
    LSTMEncoder,
    MultimodalEncoder,
    SkipDenseEncoder,
    TransformerEncoder,
)
from zoo.inference.functional import PosteriorLayer
from zoo.latents import ConvLevel, DenseLevel
from zoo.latents.fusion import Concatenation, MixtureOfExperts, MixtureOfProducts, ProductOfExperts
from zoo.layers.attention import TransformerBlock
from zoo.layers.autoregressive import CausalLSTM, CausalTransformer
from zoo.layers.convolution import ResidualBlock, UpsampleConv2D, UpsampleResidualBlock
from zoo.layers.dense import ResidualDense
from zoo.layers.normalization import BatchNormalization
from zoo.layers.packed import Dropout, LayerNormalization
from zoo.layers.pooling import AttentionPooling, MeanPooling
from zoo.layers.recurrent import GRU, LSTM
from zoo.layers.step_basis import BasisExpansion, BasisProjection
from zoo.likelihoods import (
    Bernoulli,
    BinarizedBernoulli,
    Categorical,
    DiscretizedLogisticLikelihood,
    DiscretizedLogisticMixture,
    NegativeBinomial,
    Normal,
    PerElementNormal,
    Poisson,
    SeriesAutoregressive,
    SeriesNormal,
    SeriesPerStepNormal,
    SeriesScaledVectorAutoregressive,
    SeriesStudentT,
    SeriesVectorAutoregressive,
    SharedScaleNormal,
    Tabular,
    Text,
)
from zoo.objectives import (
    ELBO,
    KL,
    MMD,
    RBF,
    Adversarial,
    AggregateCovariance,
    Alignment,
    Capacity,
    Classification,
    DoublyReparameterized,
    FreeBits,
    ImportanceWeighted,
    InverseMultiquadratic,
    LabelKL,
    LevelKL,
    MeanCovariance,
    Rescaling,
    SquaredError,
    TotalCorrelation,
)
from zoo.training.corruptions import (
    AffineCorruption,
    GaussianCorruption,
    MaskingCorruption,
    ModalityDropout,
    SaltAndPepperCorruption,
)
from zoo.variants.multimodal import Choice

L2 = keras.regularizers.L2(0.1)

# One of each, with arguments that are not the defaults.
COMPONENTS = (
    AffineCorruption(0.3, seed=1),
    zoo.training.MissingColumns((0, 2), 0.3, seed=1),
    zoo.training.NoiseLevelsCorruption(0.3, 0.2, seed=1),
    zoo.training.SeriesPCA(seed=1),
    GaussianCorruption(0.3, seed=1),
    MaskingCorruption(0.3, seed=1),
    SaltAndPepperCorruption(0.3, seed=1),
    ModalityDropout(0.3, seed=1),
    ProductOfExperts(),
    MixtureOfExperts(),
    MixtureOfProducts(),
    Concatenation(),
    Poisson(),
    NegativeBinomial(floor=0.5, ceiling=np.float32(8.0)),
    PosteriorLayer(zoo.get("dense_vae", input_shape=(3,), hidden=(4,))),
    MultimodalEncoder(3, encoders={"a": DenseEncoder(3, hidden=(4,))}, fusion="mixture"),
    MultimodalEncoder(3, choice=Choice(3, likelihoods={"a": "normal"}, kernel_regularizer=L2)),
    MultimodalDecoder({"a": (3,)}, decoders={"a": DenseDecoder((3,), likelihood=Normal(0.2))}),
    zoo.MultimodalLatent(MultimodalEncoder(3, choice=Choice(3)), prior=zoo.MixturePrior(3, 2)),
    ConvDecoder((9, 8, 1), widths=(4, 8), likelihood=Normal(0.2), kernel_regularizer=L2),
    DenseDecoder((3,), hidden=(4, 5), activation="tanh", likelihood=SharedScaleNormal(0.2)),
    ConvEncoder(3, widths=(4, 8), blocks=1, stem_strides=2, normalization="group"),
    DenseEncoder(3, hidden=(5, 4), activation="tanh", kernel_regularizer=L2),
    SkipDenseEncoder(3, hidden=(5, 4), activation="tanh", kernel_regularizer=L2),
    SkipDenseDecoder((3,), hidden=(4, 5), activation="tanh", kernel_regularizer=L2),
    BatchNormalization(0.8, epsilon=1e-2),
    ResidualBlock(4, strides=2, normalization=None, kernel_regularizer=L2),
    UpsampleConv2D(4, (5, 6), use_bias=False, kernel_initializer="he_normal"),
    UpsampleResidualBlock(4, (5, 6), normalization="group"),
    LSTMEncoder(3, units=(5, 4), bidirectional=True, cell="gru", basis=3, kernel_regularizer=L2),
    LSTMDecoder(
        (7, 2),
        units=(4, 5),
        positions=3,
        basis=5,
        likelihood=SeriesStudentT(0.1),
        kernel_regularizer=L2,
    ),
    BasisProjection(4),
    BasisExpansion(4, 2, kernel_regularizer=L2),
    TransformerEncoder(3, heads=2, dropout=0.2, pooling="attention", kernel_regularizer=L2),
    TextDecoder((7,), body="lstm", word_dropout=0.4, likelihood=Text(9, 7, 8)),
    TransformerBlock(2, 12, dropout=0.2, kernel_regularizer=L2),
    CausalTransformer(1, heads=2, hidden=12, dropout=0.2, kernel_regularizer=L2),
    CausalLSTM((5, 4), "gru", dropout=0.2, kernel_regularizer=L2),
    MeanPooling(),
    AttentionPooling(),
    Dropout(0.3),
    LayerNormalization(),
    LSTM(4, kernel_regularizer=L2),
    GRU(4, kernel_regularizer=L2),
    SeriesNormal(0.5, floor=0.1, scale_rate=3.0),
    SeriesAutoregressive(0.5, floor=0.1, scale_rate=3.0, initial_correlation=0.3),
    SeriesVectorAutoregressive(0.5, 0.1, 3.0, 0.3, order=3),
    SeriesScaledVectorAutoregressive(0.5, 0.1, 3.0, 0.3, order=3),
    SeriesPerStepNormal(0.2),
    SeriesStudentT(0.2, scale_rate=3.0),
    Text(20, 5, width=8, standardize=False, vocabulary=("a", "b")),
    Bernoulli(),
    BinarizedBernoulli(),
    Categorical(5),
    DiscretizedLogisticLikelihood(16),
    DiscretizedLogisticMixture(3, 16),
    Normal(0.3),
    PerElementNormal(0.1, 10.0),
    SharedScaleNormal(0.5, 0.1, 10.0),
    Tabular((0, 3), means=(1.0, 0.0), scales=(2.0, 1.0), floor=0.1),
    zoo.NormalPosterior(3, floor=0.01, ceiling=5.0, kernel_regularizer=L2),
    ConvLadderEncoder(
        3, lower_levels=2, widths=(4, 8), blocks=2, stem_strides=2, normalization="group"
    ),
    DenseLadderEncoder(
        3, lower_levels=2, hidden=5, depth=2, activation="tanh", kernel_regularizer=L2
    ),
    ConvLevel(2, blocks=2, normalization=None, activation="tanh", kernel_regularizer=L2),
    DenseLevel(2, depth=2, activation="tanh", kernel_regularizer=L2),
    ResidualDense(4, activation="tanh", kernel_regularizer=L2),
    zoo.LadderLatent(
        DenseLadderEncoder(3, hidden=5), [DenseLevel(2)], prior=zoo.MixturePrior(3, 2)
    ),
    LevelKL(2, 0.5),
    zoo.StandardNormal(3),
    zoo.MixturePrior(3, 5),
    zoo.FlowPrior(3, zoo.flows.CouplingFlow(3)),
    zoo.flows.CouplingFlow(3, hidden=(5, 4)),
    zoo.flows.InverseAutoregressiveFlow(3, hidden=(5, 4)),
    zoo.flows.SplineCouplingFlow(3, hidden=(5, 4), bins=5, bound=3.0),
    zoo.flows.SylvesterFlow(3, hidden=(5, 4)),
    zoo.NormalPrior(3, floor=0.1, ceiling=9.0),
    zoo.VampPrior(3, 5, seed=1),
    zoo.LabelPrior(
        3,
        5,
        learn_class_probabilities=True,
        init_std=2.0,
        initial_scale=0.5,
        floor=0.1,
        ceiling=9.0,
    ),
    zoo.SingleLatent(DenseEncoder(3, hidden=(4,)), prior=zoo.StandardNormal(3)),
    KL(0.5, name="beta"),
    SquaredError(0.5, name="fit"),
    LabelKL(0.5),
    Classification(5.0),
    FreeBits(0.3, 0.5, group_size=None),
    Capacity(3.0, 20.0),
    TotalCorrelation(5.0),
    MeanCovariance(2.0, diagonal=3.0),
    AggregateCovariance(2.0, diagonal=3.0),
    InverseMultiquadratic((0.5, 2.0)),
    RBF((0.5, 2.0)),
    MMD(10.0, RBF((0.5, 2.0))),
    Adversarial(0.5, hidden=(5, 4), activation="tanh"),
    Alignment(0.5),
    Rescaling({"a": 2.0}),
    Choice(3, likelihoods={"a": Normal(0.2)}, kernel_regularizer=L2),
    ELBO((KL(0.5),)),
    ImportanceWeighted(7, (KL(0.5),)),
    DoublyReparameterized(7, (MMD(0.5),)),
    zoo.VAE(
        zoo.SingleLatent(DenseEncoder(2, hidden=(3,))),
        DenseDecoder(hidden=(3,)),
        objective=ELBO((KL(2.0),)),
        input_noise="masking",
        auto_compile={"xla_on_cpu": False, "steps_per_execution": 3},
        seed=5,
    ),
)


def from_json(config):
    """A config after a round trip through JSON, without the numbers of shared objects."""
    text = json.dumps(config, default=lambda value: value.item())
    return without_shared_numbers(json.loads(text))


def without_shared_numbers(value):
    if isinstance(value, dict):
        items = value.items()
        return {k: without_shared_numbers(v) for k, v in items if k != "shared_object_id"}
    return [without_shared_numbers(v) for v in value] if isinstance(value, list) else value


@pytest.mark.parametrize("component", COMPONENTS, ids=lambda c: type(c).__name__)
def test_config_round_trip(component):
    config = component.get_config()

    direct = type(component).from_config(config)
    from_file = keras.saving.deserialize_keras_object(
        json.loads(json.dumps(keras.saving.serialize_keras_object(component)))
    )

    for again in (direct, from_file):
        assert type(again) is type(component)
        assert from_json(again.get_config()) == from_json(config)


@pytest.mark.parametrize("component", COMPONENTS, ids=lambda c: type(c).__name__)
def test_config_has_every_argument_of_the_constructor(component):
    constructor = type(component).__init__
    if constructor is keras.layers.Layer.__init__:
        constructor = object.__init__  # none of its own
    named = inspect.signature(constructor).parameters.values()
    expected = {p.name for p in named if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)} - {"self"}

    assert expected <= {*component.get_config()}


WITH_LATER_ARGUMENTS = [c for c in COMPONENTS if hasattr(c, "absent_arguments")]


@pytest.mark.parametrize("component", WITH_LATER_ARGUMENTS, ids=lambda c: type(c).__name__)
def test_a_config_of_an_earlier_version_keeps_its_meaning(component):
    config, earlier = component.get_config(), component.absent_arguments
    shortened = {name: value for name, value in config.items() if name not in earlier}

    old = type(component).from_config(shortened).get_config()

    assert {name: old[name] for name in earlier} == earlier
    assert from_json({name: old[name] for name in shortened}) == from_json(shortened)
    assert {name: config[name] for name in earlier} != earlier  # so the comparison can fail


def test_every_registered_class_is_in_components():
    missing = registered_classes() - {type(c) for c in COMPONENTS} - {zoo.FusedAdam}

    assert not missing
