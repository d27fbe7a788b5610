"""Markdown as rich shows it, with lines that may end between Chinese characters too."""

from typing import ClassVar

from rich.markdown import Markdown, MarkdownContext, MarkdownElement
from rich.markdown import Paragraph as RichParagraph

from undercurrent.report.flowing import Flowing

__all__ = ["FlowingMarkdown", "Paragraph"]


class Paragraph(RichParagraph):
    """A paragraph, also one in a list."""

    def on_enter(self, context: MarkdownContext) -> None:  # noqa: D102 - rich's signature
        super().on_enter(context)
        self.text = Flowing(justify="left")


class FlowingMarkdown(Markdown):
    """Markdown with such paragraphs."""

    elements: ClassVar[dict[str, type[MarkdownElement]]] = {**Markdown.elements, "paragraph_open": Paragraph}
