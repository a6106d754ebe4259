"""A drawing in SVG whose labels are measured: none leaves the view box, no two touch, and what finds no room is left out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from markupsafe import Markup, escape

from temanashi.reports.display import text_width

__all__ = ["LABEL_SIZE", "WIDTH", "Box", "Drawing", "Label"]

WIDTH = 480.0
LABEL_SIZE = 14.0  # on a phone, the largest; 12 elsewhere
ASCENT, DESCENT = 0.9, 0.3  # of a font with Japanese letters, in em

Anchor = Literal["start", "middle", "end"]


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle, in the units of the view box."""

    left: float
    top: float
    right: float
    bottom: float

    def touches(self, other: Box) -> bool:
        """Whether the two share more than an edge."""
        return self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom


@dataclass(frozen=True, slots=True)
class Label:
    """A text with its anchor."""

    text: str
    x: float
    y: float
    anchor: Anchor = "start"
    kind: str = ""

    @property
    def box(self) -> Box:
        """Where it is, by its estimated width."""
        width = text_width(self.text) * LABEL_SIZE
        left = self.x - {"start": 0.0, "middle": width / 2, "end": width}[self.anchor]
        return Box(left, self.y - ASCENT * LABEL_SIZE, left + width, self.y + DESCENT * LABEL_SIZE)


@dataclass(slots=True)
class Drawing:
    """Shapes and labels; `height` in the units of a 480-wide view box. CSS classes say what each of them is."""

    height: float
    width: float = WIDTH
    labels: list[Label] = field(default_factory=list)
    shapes: list[Markup] = field(default_factory=list)

    def bar(self, kind: str, x: float, y: float, width: float, height: float, *, hatched: bool = False) -> None:
        """A rectangle; `hatched` says that it is an estimate. Nothing is drawn of nothing."""
        if width < 0.05 or height < 0.05:  # noqa: PLR2004  (less than is written)
            return
        where = f'x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"'
        self.shapes.append(Markup(f'<rect class="{kind}" {where}/>'))  # noqa: S704  (numbers and our own names)
        if hatched:
            self.shapes.append(Markup(f'<rect fill="url(#hatch)" {where}/>'))  # noqa: S704

    def line(self, kind: str, points: Iterable[tuple[float, float]]) -> None:
        """A line through points."""
        path = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
        self.shapes.append(Markup(f'<path class="{kind}" d="M{path}"/>'))  # noqa: S704

    def dot(self, kind: str, x: float, y: float, radius: float) -> None:
        """A filled circle."""
        self.shapes.append(Markup(f'<circle class="{kind}" cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}"/>'))  # noqa: S704

    def label(self, text: str, places: Iterable[tuple[float, float, Anchor]], *, kind: str = "") -> bool:
        """Write a text at the first of the places where it has room; whether there was one. A text wider than all is cut."""
        shown = self._cut(text)
        for x, y, anchor in places:
            made = self._inside(Label(shown, round(x, 1), round(y, 1), anchor, kind))
            box = made.box
            if box.top >= 0 and box.bottom <= self.height and not any(box.touches(other.box) for other in self.labels):
                self.labels.append(made)
                return True
        return False

    def _cut(self, text: str) -> str:
        while text_width(text) * LABEL_SIZE > self.width:
            text = text.rstrip("…")[:-1] + "…"
        return text

    def _inside(self, label: Label) -> Label:
        """The same label, anchored at the margin that it would cross."""
        if label.box.left < 0:
            return Label(label.text, 0.0, label.y, "start", label.kind)
        return Label(label.text, self.width, label.y, "end", label.kind) if label.box.right > self.width else label

    @property
    def content(self) -> Markup:
        """Everything between `<svg>` and `</svg>`, labels last."""
        words = (
            Markup('<text{} x="{:g}" y="{:g}"{}>{}</text>').format(
                Markup(f' class="{label.kind}"') if label.kind else "",  # noqa: S704
                label.x,
                label.y,
                Markup(f' text-anchor="{label.anchor}"') if label.anchor != "start" else "",  # noqa: S704
                escape(label.text),
            )
            for label in self.labels
        )
        return Markup("\n").join([*self.shapes, *words])
