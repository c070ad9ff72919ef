"""GitHub's line hash, against its definition: a rolling hash over the whole file."""

from __future__ import annotations

import time

from hypothesis import example, given
from hypothesis import strategies as st

from armlint.report.linehash import line_hashes


def rolling(text: str) -> dict[int, str]:
    """The hash of every line, unit by unit, the way the upload action computes it."""
    data = text.encode("utf-16-le", "surrogatepass")
    units = [int.from_bytes(data[i : i + 2], "little") for i in range(0, len(data), 2)]
    window = [0] * 100
    numbers = [0] * 100
    first = pow(37, 100, 1 << 64)
    found: dict[int, str] = {}
    counts: dict[int, int] = {}
    value = index = line = 0
    line_start, after_return = True, False

    def tell() -> None:
        if numbers[index]:
            counts[value] = counts.get(value, 0) + 1
            found[numbers[index]] = f"{value:x}:{counts[value]}"
            numbers[index] = 0

    def push(unit: int) -> None:
        nonlocal value, index
        value = (value * 37 + unit - first * window[index]) % (1 << 64)
        window[index] = unit
        index = (index + 1) % 100

    for unit in [*units, 0xFFFF]:
        if unit in (0x20, 0x09) or (after_return and unit == 0x0A):
            after_return = False
            continue
        after_return = unit == 0x0D
        plain = 0x0A if after_return else unit
        tell()
        if line_start:
            line += 1
            numbers[index] = line
        line_start = plain == 0x0A
        push(plain)
    for _ in range(100):
        tell()
        push(0)
    return found


def test_an_empty_file_has_the_hash_that_github_gives_it() -> None:
    assert line_hashes("", [1]) == {1: "c129715d7a2bc9a3:1"}


def test_vectors_of_the_upload_action() -> None:
    # From the action's own tests.
    assert line_hashes(" a\nb\n  \t\tc\n d", range(1, 5)) == {
        1: "271789c17abda88f:1",
        2: "54703d4cd895b18:1",
        3: "180aee12dab6264:1",
        4: "a23a3dc5e078b07b:1",
    }
    assert line_hashes(" hello; \t\nworld!!!\n\n\n  \t\tGreetings\n End", range(1, 7)) == {
        1: "8b7cf3e952e7aeb2:1",
        2: "b1ae1287ec4718d9:1",
        3: "bff680108adb0fcc:1",
        4: "c6805c5e1288b612:1",
        5: "b86d3392aea1be30:1",
        6: "e6ceba753e1a442:1",
    }
    block = "Lorem ipsum dolor sit amet.\n" * 10
    assert list(line_hashes(block, range(1, 12)).values())[:6] == [
        f"{rolling(block)[1].partition(':')[0]}:{n}" for n in range(1, 7)
    ]


def test_a_second_line_of_equal_value_counts_on() -> None:
    text = "x" * 100 + "\n" + "x" * 100 + "\n"
    first, second = line_hashes(text, [1, 2]).values()
    assert first.endswith(":1")
    assert second == first.replace(":1", ":2")


def test_different_windows_of_equal_value_count_together() -> None:
    tail = "x" * 98
    text = f"bA{tail}\naf{tail}\n"
    hashes = line_hashes(text, [1, 2])
    assert hashes[2].partition(":")[0] == hashes[1].partition(":")[0]
    assert hashes[2].endswith(":2")


def test_lines_that_the_text_does_not_have_are_left_out() -> None:
    assert set(line_hashes("a\nb", [-1, 0, 2, 3, 99])) == {2}
    assert line_hashes("a", []) == {}


chars = st.sampled_from([*"abAf \t\r\n{}", "\u00e9", "\ufeff", "\uffff", "\0", "\U0001f600", "\ud83d"])


@given(st.text(chars, max_size=250) | st.text(max_size=60))
@example("a\r \nb\r\n\rc")
@example("bA\naf\n")
@example("\ufeff{\n}\n")
def test_equals_the_rolling_hash(text: str) -> None:
    everything = rolling(text)
    assert line_hashes(text, range(1, len(everything) + 2)) == everything
    assert line_hashes(text, [2]) == {n: h for n, h in everything.items() if n == 2}


def test_time_is_linear() -> None:
    def cost(text: str) -> float:
        start = time.process_time()
        line_hashes(text, [text.count("\n")])
        return time.process_time() - start

    text = "".join(f'"name{i}": {{\n "type": "string",\n "n": {i}\n}},\n' for i in range(2000))
    cost(text)
    small = min(cost(text) for _ in range(3))
    assert min(cost(text * 4) for _ in range(3)) < 10 * small
    assert cost("x" * 2_000_000) < 2
