"""Texts become word numbers and come back."""

import numpy as np
import pytest
import tensorflow as tf

from zoo.likelihoods.text.vocabulary import Vocabulary


def read(words, *texts):
    """The numbers of some texts, as lists."""
    return words.tokenize(tf.constant(texts)).numpy().tolist()


def write(words, numbers):
    """The texts of some numbers, as strings."""
    return [text.decode() for text in words.detokenize(tf.constant(numbers)).numpy()]


def back(words, text):
    """Texts tokenized and decoded again."""
    return write(words, read(words, text))[0]


def learned(*texts, size=100, max_length=12, standardize=True):
    """The vocabulary of a corpus of one part."""
    return Vocabulary.from_texts([np.array(texts, object)], size, max_length, standardize)


# Strings -> numbers


def test_words_are_numbered_from_two_in_the_order_of_the_vocabulary():
    assert read(Vocabulary(("the", "cat", "sat"), 3), "the cat sat") == [[2, 3, 4]]


def test_an_unknown_word_is_one():
    assert read(Vocabulary(("the", "cat"), 4), "the dog the cat") == [[2, 1, 2, 3]]


def test_a_short_text_is_ended_and_padded_with_zeros():
    assert read(Vocabulary(("the", "cat"), 4), "cat", "cat the") == [[3, 0, 0, 0], [3, 2, 0, 0]]


@pytest.mark.parametrize("text", ["", " ", " \t\n "])
def test_a_text_without_words_is_zeros(text):
    assert read(Vocabulary(("the",), 3), text) == [[0, 0, 0]]


def test_a_text_of_the_longest_length_has_no_end():
    assert read(Vocabulary(("the", "cat"), 2), "the cat") == [[2, 3]]


def test_a_longer_text_is_cut():
    assert read(Vocabulary(("the", "cat"), 2), "cat the the cat") == [[3, 2]]


def test_ids_are_int32_and_padded_to_the_longest_length():
    ids = Vocabulary(("the",), 5).tokenize(tf.constant(["the", ""]))

    assert ids.dtype == tf.int32
    assert ids.shape == (2, 5)


def test_any_white_space_separates_words():
    assert read(Vocabulary(("the", "cat"), 3), "  the\tcat \n the ") == [[2, 3, 2]]


@pytest.mark.parametrize(
    ("text", "word"),
    [("THE", "the"), ("Ünïcode", "ünïcode"), ("ÉLAN", "élan"), ("ПРИВЕТ", "привет")],
)
def test_upper_case_is_lowered(text, word):
    assert read(Vocabulary((word,), 1), text) == [[2]]


@pytest.mark.parametrize("mark", list('.,;:!?()[]{}%$"/&+*=#@|~^\\`…“”—€'))
def test_a_mark_is_a_word_by_itself(mark):
    words = Vocabulary(("cat", mark), 5)

    assert read(words, f"cat{mark}cat", f"cat {mark} cat") == [[2, 3, 2, 0, 0]] * 2


@pytest.mark.parametrize(
    "word",
    ["don't", "well-known", "snake_case", "<unk>", "2nd", "naïve", "e\u0301lan", "日本語", "हिन्दी"],
)
def test_apostrophes_hyphens_and_digits_stay_within_words(word):
    assert read(Vocabulary((word,), 3), word) == [[2, 0, 0]]


def test_marks_in_a_row_are_words_each():
    assert read(Vocabulary(("what", "?", "!"), 6), "what?!?") == [[2, 3, 4, 3, 0, 0]]


# Numbers -> strings


def test_words_are_written_with_one_space_between_them():
    assert write(Vocabulary(("the", "cat"), 3), [[2, 3, 2], [3, 0, 0]]) == ["the cat the", "cat"]


def test_ids_after_the_first_zero_are_ignored():
    assert write(Vocabulary(("the", "cat"), 4), [[2, 0, 3, 2], [0, 3, 3, 3]]) == ["the", ""]


def test_the_unknown_token_is_decoded_as_such():
    assert write(Vocabulary(("the",), 2), [[2, 1]]) == ["the [UNK]"]


def test_numbers_of_any_leading_shape_are_written():
    texts = Vocabulary(("the", "cat"), 2).detokenize(
        tf.constant([[[2, 3], [3, 0]], [[0, 0], [2, 2]]])
    )

    assert texts.numpy().tolist() == [[b"the cat", b"cat"], [b"", b"the the"]]


@pytest.mark.parametrize(
    "text",
    [
        "hello, world!",
        "wait... what?",
        "it was (so they said) fine.",
        "it cost $5, or 3%; perhaps.",
        "[a] and {b}: c",
        "don't be a well-known <unk>",
        "élan, 日本語!",
    ],
)
def test_punctuation_is_put_back_where_it_was(text):
    assert back(learned(text), text) == text


def test_decoded_texts_have_the_same_ids():
    texts = ('he said: "no (never)!"', "5% of $3, a/b & [c]", "")
    words = learned(*texts)
    numbers = read(words, *texts)

    assert read(words, *write(words, numbers)) == numbers


# As it is


def test_without_standardization_only_spaces_separate_words():
    words = learned("the u.s. said , <unk> no!", standardize=False)

    assert {*words.words} == {"the", "u.s.", "said", ",", "<unk>", "no!"}


def test_without_standardization_case_is_kept():
    words = Vocabulary(("The", "the"), 3, standardize=False)

    assert read(words, "The the THE") == [[2, 3, 1]]


@pytest.mark.parametrize("text", ["the u.s. said , <unk> ( no )", "Mr. <unk> 's N $ %"])
def test_without_standardization_a_text_comes_back_as_it_was(text):
    assert back(learned(text, standardize=False), text) == text


# The vocabulary


def test_a_vocabulary_is_sorted_by_frequency():
    assert learned("c b a", "b a", "a").words == ("a", "b", "c")


@pytest.mark.parametrize(
    ("size", "kept"), [(3, ("a",)), (4, ("a", "b")), (5, ("a", "b", "c")), (9, ("a", "b", "c"))]
)
def test_the_most_frequent_words_are_kept_and_two_numbers_are_reserved(size, kept):
    assert learned("c b a", "b a", "a", size=size).words == kept


def test_a_word_that_was_too_rare_is_unknown():
    assert read(learned("c b a", "b a", "a", size=4, max_length=3), "a b c") == [[2, 3, 1]]


def test_a_vocabulary_is_of_standardized_words():
    assert {*learned("The cat, the CAT").words} == {"the", "cat", ","}


def test_the_same_texts_give_the_same_vocabulary_twice():
    texts = [f"w{i} w{i + 1} w{(i * 7) % 20}" for i in range(20)]

    assert learned(*texts).words == learned(*texts).words


def test_neither_parts_nor_order_change_a_vocabulary():
    texts = np.array([f"w{i} w{i + 1} w{(i * 7) % 20}" for i in range(20)], object)
    parts = [texts[13:], texts[:1], texts[1:13]]

    assert Vocabulary.from_texts(parts, 15, 4).words == learned(*texts, size=15).words


def test_words_beyond_the_longest_length_count_too():
    assert learned("a b c c", max_length=1).words[0] == "c"


def test_bytes_are_strings_in_utf_8():
    assert learned("élan vital".encode()).words == learned("élan vital").words


def test_bytes_that_are_no_utf_8_are_read_all_the_same():
    words = learned(b"caf\xe9 au lait", max_length=3)

    assert read(words, "au lait")[0][2] == 0
    assert 1 not in read(words, "au lait")[0]


def test_a_list_of_words_and_a_tuple_are_the_same_vocabulary():
    assert (
        read(Vocabulary(["a", "b"], 2), "b a") == read(Vocabulary(("a", "b"), 2), "b a") == [[3, 2]]
    )


def test_a_graph_tokenizes_and_decodes_the_same():
    words = learned("the cat, the dog")
    both = tf.function(
        lambda texts: (words.tokenize(texts), words.detokenize(words.tokenize(texts)))
    )

    numbers, texts = both(tf.constant(["the dog, a cat", ""]))

    assert numbers.numpy().tolist() == read(words, "the dog, a cat", "")
    assert texts.numpy().tolist() == [b"the dog, [UNK] cat", b""]
