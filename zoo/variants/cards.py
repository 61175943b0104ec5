"""Cards of the variants. This module imports nothing heavy, and no variant."""

import dataclasses
from collections.abc import Callable


@dataclasses.dataclass(frozen=True)
class Card:
    """Description of a variant.

    Attributes:
        name: as in `zoo.get(name)`.
        summary: one line.
        data: kind of data.
        input: shape of x.
        encoder: description of the encoder.
        parameters: number of weights with the default options, and the input shape for which it
            was counted.
        reference: the paper.
        builder: "module:function", or the function.
    """

    name: str
    summary: str
    data: str
    input: str
    encoder: str
    parameters: str
    reference: str
    builder: Callable | str

    def __str__(self):
        fields = dataclasses.asdict(self)
        return "\n".join(f"{key:>10}  {value}" for key, value in fields.items() if key != "builder")


CARDS = {
    card.name: card
    for card in (
        Card(
            name="dense_vae",
            summary="dense layers for tables and vectors; flattens events of other shapes",
            data="tables",
            input="[N, ...], any event shape",
            encoder="512 - 256, ReLU",
            parameters="1,079,600 at 28x28x1",
            reference="Kingma and Welling, Auto-encoding variational Bayes, 2014",
            builder="zoo.variants.dense:dense_vae",
        ),
        Card(
            name="conv_vae",
            summary="residual convolutions with skip connections for images",
            data="images",
            input="[N, H, W, C], 8x8 or larger",
            encoder="stem 32, two stages 64 of a residual block, dense 256, SiLU",
            parameters="790,273 at 28x28x1",
            reference="He et al., Deep residual learning for image recognition, 2016",
            builder="zoo.variants.conv:conv_vae",
        ),
        Card(
            name="ladder_vae",
            summary="a ladder of latents for images: a vector on top, maps below it",
            data="images",
            input="[N, H, W, C], 8x8 or larger",
            encoder="stem 32, stages 64 and 128 of residual blocks, each level's features kept",
            parameters="1,278,705 at 28x28x1",
            reference="Sonderby et al., Ladder variational autoencoders, 2016; Vahdat and Kautz, "
            "NVAE, 2020",
            builder="zoo.variants.ladder:ladder_vae",
        ),
        Card(
            name="dense_ladder_vae",
            summary="residual dense layers with a ladder of latents, for any event shape",
            data="tables",
            input="[N, ...], any event shape",
            encoder="256, a residual layer for each level",
            parameters="1,115,568 at 28x28x1",
            reference="Sonderby et al., Ladder variational autoencoders, 2016; Vahdat and Kautz, "
            "NVAE, 2020",
            builder="zoo.variants.ladder:dense_ladder_vae",
        ),
        Card(
            name="lstm_vae",
            summary="LSTM or GRU for time series of any length, with or without gaps",
            data="series",
            input="[N, T] or [N, T, C], NaN for missing values; or a list of arrays",
            encoder="LSTM 64, its state after the last step and moments of all steps",
            parameters="152,728 at 64x8",
            reference="Srivastava et al., Unsupervised learning of video representations using "
            "LSTMs, 2015; Kingma and Welling, 2014",
            builder="zoo.variants.series:lstm_vae",
        ),
        Card(
            name="transformer_vae",
            summary="transformers for texts: strings in, strings out",
            data="texts",
            input="[N] strings, or [N, L] token ids",
            encoder="two pre-norm blocks of width 128, mean over tokens",
            parameters="2,085,952 at 64",
            reference="Bowman et al., Generating sentences from a continuous space, 2016; Vaswani "
            "et al., Attention is all you need, 2017",
            builder="zoo.variants.text:transformer_vae",
        ),
        Card(
            name="multimodal_vae",
            summary="several modalities, any of which may be missing, fused into one Normal",
            data="modalities",
            input="{name: array}; 'present': {name: bool [N]} marks missing modalities",
            encoder="one for each modality, by its rank and type; product of experts",
            parameters="1,851,394 at image:28x28x1, audio:40x40x1",
            reference="Wu and Goodman, Multimodal generative models for scalable weakly-supervised "
            "learning, 2018; Sutter et al., Generalized multimodal ELBO, 2021",
            builder="zoo.variants.multimodal:multimodal_vae",
        ),
    )
}
