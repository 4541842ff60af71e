"""What of a text is said, and where it is cut."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gpu_handlers.engines.speech import wording


def found(text):
    return [text[start:end] for start, end in wording.words(text)]


@given(st.text())
def test_what_is_said_is_as_long_as_what_was_written_and_can_be_encoded(text):
    said = wording.spoken(text)
    assert len(said) == len(text)
    said.encode()
    assert all(said[n] in (text[n], " ") for n in range(len(text)))


@given(st.text())
def test_words_lie_in_order_inside_the_text(text):
    last = 0
    for start, end in wording.words(text):
        assert last <= start < end <= len(text)
        last = end


@given(st.text(alphabet="ab .,!&。、\n", max_size=300), st.integers(1, 40))
def test_pieces_are_within_the_limit_and_together_the_text(text, limit):
    pieces = [text[start:end] for start, end in wording.cuts(text, limit)]
    assert "".join(pieces) == text
    assert all(0 < len(piece) <= limit for piece in pieces)


def test_a_cut_comes_behind_a_sentence_before_a_clause_before_a_word():
    assert [text[a:b] for text in ["One two. Three, four five."] for a, b in wording.cuts(text, 18)] == [
        "One two. ",
        "Three, four five.",
    ]
    assert [text[a:b] for text in ["One two, three four"] for a, b in wording.cuts(text, 12)] == [
        "One two, ",
        "three four",
    ]
    assert next(wording.cuts("It is 3.5 or 1,000 m", 9)) == (0, 6)


def test_comparisons_are_no_markup():
    assert wording.spoken("a < b and c > d") == "a < b and c > d"
    assert found("5 < 7") == ["5", "<", "7"]


def test_words_of_many_scripts():
    assert found("«Où est-il ?» — l'été…") == ["Où", "est-il", "l'été"]
    assert found("नमस्ते, दुनिया।") == ["नमस्ते", "दुनिया"]
    assert found("مرحبا، كيف حالك؟") == ["مرحبا", "كيف", "حالك"]
    assert found("海洋，很大。真的！") == ["海洋", "很大", "真的"]
