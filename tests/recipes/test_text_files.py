"""Files of texts: encodings, tables, scripts without spaces, repeated and empty lines."""

import gzip

import numpy as np
import pytest

LINES = [f"Satz Nummer {i} über Bäume." for i in range(30)]


@pytest.fixture
def load(recipe, parse, tmp_path):
    """load(name, content, *flags) is what the recipe reads of a file."""

    def load(name, content, *flags):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return recipe("support.data.text").load(parse("text", "--data", path, *flags))

    return load


def texts(data):
    return {*data.train, *data.held_out}


@pytest.mark.parametrize(
    ("encoding", "note"),
    [
        ("utf-8", None),
        ("utf-8-sig", "encoding: utf-8-sig"),
        ("latin-1", "encoding: not UTF-8 (the byte 0xfc"),
        ("utf-16", "encoding: utf-16"),
        ("utf-32", "encoding: utf-32"),
    ],
)
def test_encodings_are_detected_and_said(load, encoding, note):
    data = load("a.txt", "\n".join(LINES).encode(encoding))

    assert texts(data) == {*LINES}
    assert any(n.startswith(note) for n in data.notes) if note else not data.notes


@pytest.mark.parametrize(
    ("before", "after", "note"),
    [
        ("\ufeff", "\n\ufeffEin Satz mehr.", "1 byte order marks within the text are left out"),
        ("", "\n\x1a", "the character Ctrl-Z at its end is left out"),
        ("", "\nein Wald\u00adweg", "1 soft hyphens are left out"),
        ("", "\nein \x07 Ton", "1 control or replacement characters, such as '\\x07', are kept"),
    ],
)
def test_characters_that_nobody_sees_are_said(load, before, after, note):
    data = load("a.txt", f"{before}{chr(10).join(LINES)}{after}")

    assert note in data.notes
    assert len(texts(data)) == (30 if "\x1a" in after else 31)
    assert not any("\ufeff" in text for text in texts(data))


def test_only_line_ends_end_a_line(load):
    data = load("a.txt", "\r\n".join(f"{line} \x0c\u2028 b" for line in LINES))

    assert len(texts(data)) == 30 and not data.notes


def test_compressed_file_is_unpacked(load):
    assert texts(load("a.txt.gz", gzip.compress("\n".join(LINES).encode()))) == {*LINES}


@pytest.mark.parametrize(
    ("name", "content", "flags", "message"),
    [
        ("a.txt", "\n".join(LINES).encode() + b"\0", (), "--data: .* a NUL byte .* at position"),
        ("a.jsonl", '{"text": ["a"]}\n', (), "--column: expected a column of texts, got none"),
        ("a.jsonl", '{"text": ["a"]}\n', ("--column", "text"), "--column: .* got lists in 'text'"),
    ],
)
def test_what_is_no_text_is_refused(load, input_error, name, content, flags, message):
    with pytest.raises(input_error, match=message):
        load(name, content, *flags)


def test_options_about_a_file_need_one(recipe, parse, input_error):
    for flags in (("--column", "text"), ("--sep", "tab")):
        with pytest.raises(input_error, match=rf"{flags[0]}: needs a file: --data FILE"):
            recipe("support.data.text").load(parse("text", *flags))
    with pytest.raises(input_error, match="--data: expected an existing file, got"):
        recipe("support.data.text").load(parse("text", "--data", "/dev/null"))


def test_repeated_and_empty_lines_are_counted(load):
    data = load("a.txt", "\n".join([*LINES, "", *LINES[:3]]), "--limit", 20)

    assert len(texts(data)) == 23
    assert data.notes == (
        "1 empty lines are left out",
        "3 lines that repeat an earlier one are left out",
        "7 lines are left out (--limit); the choice is random, by --seed",
    )


def test_characters_of_chinese_are_words(load):
    content = "\n".join(f"我喜欢第{i}本书, Python 3!" for i in range(30))

    data, whole = load("a.txt", content), load("a.txt", content, "--words", "spaces")

    assert "我 喜 欢 第 7 本 书 , Python 3!" in texts(data)
    assert "each character" in data.notes[0] and "我喜欢第7本书, Python 3!" in texts(whole)


def test_column_of_the_longest_texts_is_read_from_a_table(load):
    pytest.importorskip("pandas")
    content = "id,stars,review\n" + "\n".join(
        f'{i},good,"{t}, or not"' for i, t in enumerate(LINES)
    )

    data = load("reviews.csv", content)

    assert texts(data) == {f"{line}, or not" for line in LINES}
    assert "texts: column 'review'; the other columns are not used: id, stars" in data.notes
    lines = "\n".join(f'{{"a": "word {i}", "b": "longer text {i}"}}' for i in range(30))
    assert "word 3" in texts(load("reviews.jsonl", lines, "--column", "a"))


def test_table_without_a_column_of_texts_is_refused(load, input_error):
    pytest.importorskip("pandas")
    with pytest.raises(input_error, match="--column: expected a column of texts, got none among a"):
        load("numbers.csv", "a,b\n" + "1,2\n" * 30)
    with pytest.raises(input_error, match="--column: expected a column of the data, got 'q'"):
        load("numbers.csv", "a,b\n" + "1,2\n" * 30, "--column", "q")


def test_random_bytes_are_read_or_refused(load, input_error):
    rng = np.random.default_rng(0)
    for length in (1, 30, 300, 3000):
        try:
            load("a.txt", rng.bytes(length))
        except input_error as error:
            assert "\n" not in str(error)


@pytest.mark.parametrize(
    ("line", "note"),
    [
        ("{i}\tSatz {i}.\tpos", "3 values separated by tabs"),
        ('{i},"Satz {i}, lang."', "2 values separated by commas"),
        ('{{"text": "Satz {i}, kurz."}}', "look like JSON"),
        ("Satz {i}.", None),
    ],
)
def test_lines_like_rows_of_a_table_are_noted(load, line, note):
    notes = load("a.txt", "\n".join(line.format(i=i) for i in range(30))).notes

    assert (note is None and not notes) or note in notes[0]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"%PDF-1.4\n" + bytes(9), "a PDF file"),
        (b"{\\rtf1 a}", "an RTF file"),
        (b"\x89PNG\r\n" + bytes(9), "an image"),
        ("我喜欢猫\n".encode("utf-16-le") * 40, "--encoding, as of UTF-16"),
        (b"a\n\n" * 30, r"got 1; 30 empty lines are left out; 29 lines that repeat"),
    ],
)
def test_a_file_that_holds_no_lines_of_text_is_refused(load, input_error, content, message):
    with pytest.raises(input_error, match=message):
        load("a.txt", content)


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("<p>{}</p>", "HTML or XML"),
        ('  <sms body="{}" />', "HTML or XML"),
        ('  "text": "{}",', "JSON"),
        ("{} a < b", None),
        ('"{}": he said', None),
    ],
)
def test_markup_that_is_read_as_text_is_said(load, line, what):
    data = load("a.txt", "\n".join(line.format(text) for text in LINES))

    assert [what is not None and f"look like {what}" in note for note in data.notes] == (
        [True] if what else []
    )


SENTENCES = [f"the {word} goes to the {other}" for word in "abcdef" for other in "uvwxyz"]


@pytest.mark.parametrize(
    ("lines", "note"),
    [
        ([f"12.03.21, 10:{i:02d} {text}" for i, text in enumerate(SENTENCES)], "a date or time"),
        ([f"{i}. {text}" for i, text in enumerate(SENTENCES)], "consecutive numbers"),
        ([f"Ann: {text}" for text in SENTENCES], "one of 1 names and a colon, such as 'Ann:'"),
        (["*** START OF THE PROJECT GUTENBERG EBOOK ***", *SENTENCES], "Project Gutenberg"),
        ([f"00:00:0{i % 9},000 --> 00:00:09,000\n{t}" for i, t in enumerate(SENTENCES)], "subtit"),
        (SENTENCES, "most lines go on in the next one"),
    ],
)
def test_lines_that_are_more_or_less_than_a_text_are_noted(load, lines, note):
    assert any(note in n for n in load("a.txt", "\n".join(lines)).notes)


def test_lines_of_texts_have_no_further_note(load):
    lines = [f"{text}." if len(text) % 2 else text[3:] for text in SENTENCES]
    lines = [line * (1 + i % 3) for i, line in enumerate(lines)]

    assert not load("a.txt", "\n".join(lines)).notes
