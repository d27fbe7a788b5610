"""Heredocs, put into words that older builders know."""

from undercurrent.hardening.proving.heredocs import FOLDER, lowered


def test_a_document_that_is_copied_is_a_file_as_buildkit_writes_it() -> None:
    source = b'# escape=`\nFROM x\nARG A=1\nCOPY <<EOF /e.sh\n#!/bin/sh\nexec "\\$@" $A\nEOF\n'

    made = lowered(source)

    assert made.files == {f"{FOLDER}/4/0/EOF": b'#!/bin/sh\nexec "$@" 1\n'}
    assert made.text.endswith(f"COPY {FOLDER}/4/0/EOF /e.sh\n".encode())
