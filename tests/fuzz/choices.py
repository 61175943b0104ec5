"""Which callables, methods and parameters are called, and what they promise."""

# Results, which users read and do not construct, and bases, which they derive from.
RECORDS = {"Alphabet", "Card", "Diagnosis", "DisentanglementScores", "Loop", "Predictive"}
RECORDS |= {"ProbeScores", "RepresentationScores"}
BASES = {
    "Decoder",
    "Flow",
    "Fusion",
    "Latents",
    "Likelihood",
    "Objective",
    "Prior",
    "Series",
    "Term",
}
# Made of distributions or models, which other packages check.
OTHERS = {"FlowBijector", "FlowNormal", "VAE", "mutual_information", "forest"}
KERAS = {"FusedAdam", "BatchNormalization"}  # Keras checks what it documents

# Parameters that are passed to Keras, which names them in its errors.
OF_KERAS = {"activation", "callbacks", "filepath", "kernel_regularizer", "name", "optimizer"}
OF_KERAS |= {"normalization"}
ASKS = {"overwrite"}  # Keras asks on the terminal

METHODS = ("adapt", "classify", "compile", "compress", "decode", "decompress", "elbo", "encode")
METHODS += ("evaluate", "export", "fit", "generate", "interpolate", "log_likelihood", "manifold")
METHODS += ("posterior", "predict", "predict_on_batch", "reconstruct", "sample", "save", "score")
METHODS += ("test_on_batch", "train_on_batch", "translate", "traverse")
SLOW = {"export": 0.1}  # method -> the part of its cases that are run
CHANGING = {"adapt", "compile", "fit", "train_on_batch"}  # and random numbers with no seed
FINITE = {
    "elbo",
    "encode",
    "decode",
    "log_likelihood",
    "reconstruct",
    "score",
    "generate",
    "sample",
}
FINITE |= {"interpolate", "manifold", "traverse", "predict", "predict_on_batch", "translate"}
